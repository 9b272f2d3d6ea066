"""What is wrong with a config, in words: the file, the field, the value, and what is allowed."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from tailrisk.core.errors import InputError, shown, suggestion

Schema = dict[str, Any]
Path = tuple[str | int, ...]
SHOWN = 10
"""Problems listed before the rest are only counted: the answer fits one screen."""


def combined(problems: Sequence[InputError], more: int = 0) -> InputError:
    """One error that lists the first of them and counts the rest, and `more` that are not among them."""
    if len(problems) == 1 and not more:
        return problems[0]
    text = [str(problem) for problem in problems[:SHOWN]]
    more += max(len(problems) - SHOWN, 0)
    return InputError("", "\n".join([*text, f"and {more:,} more"] if more else text))


def explain(
    error: ValidationError, schema: Schema, where: Callable[[Path], str]
) -> tuple[list[InputError], int]:
    """The first problems of a validation error, in words, and how many more there are.

    `schema` says what is allowed, `where` which file set a field.
    """
    details = error.errors(include_url=False)
    inside = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    found: list[InputError] = []
    more = 0
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"] in inside:
            continue  # its entries are already complained of
        if len(found) >= SHOWN:
            more += len(detail["ctx"]["problems"]) if detail["type"] == "problems" else 1
            continue
        for path, problem, allowed in _problems(detail, schema):
            found.append(InputError(f"{where(path)}: {dotted(path)}", problem, allowed))
    return found, more


def _problems(detail: Any, schema: Schema) -> Iterable[tuple[Path, str, str]]:
    """Path, problem and what is allowed, for one of pydantic's details."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    bad_key = detail["loc"][-1:] == ("[key]",)
    loc = detail["loc"][:-1] if bad_key else detail["loc"]
    path, node = locate(schema, loc)
    if kind == "problems":
        for field, problem, allowed in context["problems"]:
            yield (*path, *_steps(field)), problem, allowed
    elif kind == "unknown_name":
        yield path, *_unnamed(value if not bad_key else None, str(path[-1]), context)
    elif kind == "extra_forbidden" or bad_key:
        yield path, *_unknown(str(path[-1]), locate(schema, loc[:-1])[1])
    elif kind == "union_tag_invalid":
        tags = list(node["discriminator"]["mapping"])
        yield (*path, "family"), f"{shown(context['tag'])}{suggestion(context['tag'], tags)}", ", ".join(tags)
    elif kind == "union_tag_not_found":
        yield (*path, "family"), "missing", ", ".join(node["discriminator"]["mapping"])
    elif kind == "too_long" and _fixed(node) is None and isinstance(value, dict | list):
        yield path, f"{len(value):,} entries", f"at most {context['max_length']:,}"
    elif kind == "missing":
        yield path, "missing", described(schema, node)
    else:
        yield path, shown(value), described(schema, node)


def _unnamed(value: Any, key: str, context: dict[str, Any]) -> tuple[str, str]:
    """A bucket or future the market does not have, as a value or (value None) as a key of a table."""
    kind, known = context["kind"], context["known"]
    allowed = ", ".join(known if value is None else map(shown, known)) or f"the market has no {kind}s"
    if value is None:
        return f"unknown key{suggestion(key, known)}", allowed
    return f"{shown(value)}{suggestion(value, known)}", f"a {kind}: {allowed}"


def _fixed(node: Schema) -> int | None:
    """How many entries a list must have, where that is one number."""
    return node.get("minItems") if node.get("minItems") == node.get("maxItems") else None


def _unknown(name: str, node: Schema) -> tuple[str, str]:
    """An unknown key: the nearest known one, and all that are known."""
    known = list(node.get("properties", {})) or node.get("propertyNames", {}).get("enum", [])
    if known:
        return f"unknown key{suggestion(name, known)}", ", ".join(map(str, known))
    return "not a name", "a letter, then letters in lower case, digits and _, 40 characters at most"


def locate(schema: Schema, loc: Path) -> tuple[Path, Schema]:
    """The path a user would write for pydantic's location, and the JSON schema that rules there."""
    path: list[str | int] = []
    node = _followed(schema, schema)
    for step in loc:
        if "discriminator" in node:  # this step is the family's tag, not a key
            node = _followed(schema, {"$ref": node["discriminator"]["mapping"][step]})
        else:
            path.append(step)
            node = _followed(schema, _child(node, step))
    return tuple(path), node


def _child(node: Schema, step: str | int) -> Schema:
    if step in node.get("properties", {}):
        return node["properties"][step]
    if isinstance(step, int):
        prefix = node.get("prefixItems", [])
        return prefix[step] if step < len(prefix) else node.get("items", {})
    patterns = list(node.get("patternProperties", {}).values())
    extra = node.get("additionalProperties")
    return patterns[0] if patterns else extra if isinstance(extra, dict) else {}


def _followed(schema: Schema, node: Schema) -> Schema:
    """The node with its reference replaced by what it points to, and an optional by its value."""
    if "anyOf" in node:
        return {**_followed(schema, node["anyOf"][0]), **node}
    if "$ref" in node:
        return {**schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], **node}
    return node


def described(schema: Schema, node: Schema) -> str:
    """What a field may hold, with its range and its meaning."""
    about = node.get("description", "")
    kind = _kind(schema, _followed(schema, node))
    return f"{kind} ({about})" if about and "properties" not in node else kind


def _kind(schema: Schema, node: Schema) -> str:
    if "enum" in node or "const" in node:
        return "one of " + ", ".join(json.dumps(v) for v in node.get("enum", [node.get("const")]))
    if node.get("type") in ("integer", "number"):
        return ("a whole number" if node["type"] == "integer" else "a number") + _range(node)
    if node.get("type") == "array":
        item = (node.get("prefixItems") or [node.get("items", {})])[0]
        return f"a list{_count(node)} of: {_kind(schema, _followed(schema, item))}"
    longest = f" of at most {node['maxLength']} characters" if "maxLength" in node else ""
    return {"string": "text in quotes" + longest, "boolean": "true or false"}.get(
        node.get("type", ""), "a table"
    )


def _range(node: Schema) -> str:
    words = {
        "exclusiveMinimum": "above",
        "minimum": "at least",
        "exclusiveMaximum": "below",
        "maximum": "at most",
    }
    limits = [f"{word} {node[key]:,}" for key, word in words.items() if key in node]
    return ", " + " and ".join(limits) if limits else ""


def _count(node: Schema) -> str:
    low, high = node.get("minItems"), node.get("maxItems")
    return f" of {low}" if low == high and low else f" of {low} or more" if low else ""


def dotted(path: Iterable[str | int]) -> str:
    """`products.dma.weights`, with odd keys quoted and long ones cut."""
    return (
        ".".join(str(s) if re.fullmatch(r"[\w-]{1,60}", str(s)) else shown(str(s)) for s in path) or "(all)"
    )


def _steps(field: str) -> Path:
    return tuple(int(step) if step.isdigit() else step for step in field.split(".") if step)
