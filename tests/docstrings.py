"""What the source says of its public names: docstrings, array arguments, whether a call can be refused."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "tailrisk"

ARRAYS = (
    "ArrayLike", "Array", "NDArray", "ndarray", "DataFrame", "Series",
    "Ratio", "Yuan", "LogReturn", "ZScore", "Flag", "Count", "Probability", "Normal", "Uniform",
)  # fmt: skip
AXES = re.compile(r"\[[A-Za-z_., 0-9'+-]*\]")
"""Axes as they are written: `[path]`, `[..., path]`, `[day, 2]`, `[]` for one number."""
AS_IN = re.compile(r"(?i)\bas\s+(?:in|of|for|from)\s+`([\w.]+)`")

GUARDED = {
    "tail.heavy.worst_tail",  # asks for a shape only where there are excesses enough
    "tail.interval.is_heavy",  # likewise
    "tail.interval.widened",  # looks at a tail only where the sample reaches it
    "optimise.conflict.of_parts",  # of a region that is one already
    "optimise.conflict._nearest",  # scenarios of zeros
}
"""Functions that call what may raise, and see to it before that it does not."""

Node = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Public:
    """A public function, method or class, by its dotted name below the package."""

    name: str
    node: Node

    @property
    def doc(self) -> str:
        """Its docstring, empty where there is none."""
        return ast.get_docstring(self.node) or ""

    @property
    def arrays(self) -> list[str]:
        """Arguments that are annotated as arrays, Series or frames."""
        if isinstance(self.node, ast.ClassDef):
            return []
        arguments = [*self.node.args.posonlyargs, *self.node.args.args, *self.node.args.kwonlyargs]
        return [a.arg for a in arguments if a.annotation and _is_array(a.annotation)]

    def says(self, pattern: re.Pattern[str], seen: frozenset[str] = frozenset()) -> bool:
        """Whether the docstring matches, or that of the function it says it is like."""
        if pattern.search(self.doc):
            return True
        likes = [named(self.name, like) for like in AS_IN.findall(self.doc)]
        return any(like.says(pattern, seen | {self.name}) for like in likes if like and like.name not in seen)


def _is_array(annotation: ast.expr) -> bool:
    """Whether a function is handed an array: not a callable of arrays, nor a dictionary of them."""
    if isinstance(annotation, ast.Subscript):
        return ast.unparse(annotation.value).split(".")[-1] in ARRAYS
    if isinstance(annotation, ast.BinOp):
        return _is_array(annotation.left) or _is_array(annotation.right)
    return ast.unparse(annotation).split(".")[-1] in ARRAYS


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts)] = ast.parse(file.read_text(encoding="utf-8"))
    return found


def public(room: str) -> Iterator[Public]:
    """Public functions, classes and methods of a room; overloads and nested functions are not counted."""
    for module, tree in trees().items():
        if module.split(".")[0] == room:
            yield from (Public(f"{module}.{name}", node) for name, node in defined(tree) if shown(name))


def shown(name: str) -> bool:
    """Whether no part of a dotted name begins with an underscore, but for a call."""
    return not any(part.startswith("_") and part != "__call__" for part in name.split("."))


def defined(tree: ast.Module) -> Iterator[tuple[str, Node]]:
    """Functions, classes and methods of a module with their names."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{m.name}", m) for m in node.body if isinstance(m, ast.FunctionDef))


@cache
def everything() -> dict[str, Node]:
    """Functions, classes and methods of the whole package by dotted name."""
    return {f"{module}.{name}": node for module, tree in trees().items() for name, node in defined(tree)}


@cache
def imports(module: str) -> dict[str, str]:
    """What the names a module imports from the package stand for, as dotted names below it."""
    found = {}
    base = module.split(".")[:-1]
    for node in ast.walk(trees()[module]):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = base[: len(base) - node.level + 1]
            for alias in node.names:
                target = ".".join([*start, *(node.module.split(".") if node.module else []), alias.name])
                found[alias.asname or alias.name] = target
    return found


@cache
def resolved(name: str) -> str:
    """A dotted name through the doors it was imported by, down to where it is defined."""
    if name in everything() or name in trees():
        return name
    room, _, last = name.rpartition(".")
    door = f"{room}.__init__" if room else "__init__"
    if door in trees() and last in imports(door):
        return resolved(imports(door)[last])
    return name


def named(of: str, name: str) -> Public | None:
    """The thing a docstring of `of` names: in its class, its module, its room, or anywhere."""
    room = of.split(".")[0]
    for start in (of.rsplit(".", 1)[0], of.rsplit(".", 2)[0]):
        node = everything().get(f"{start}.{name}")
        if node:
            return Public(f"{start}.{name}", node)
    near = [key for key in everything() if key.startswith(f"{room}.") and key.endswith(f".{name}")]
    far = near or [key for key in everything() if key.endswith(f".{name}")]
    return Public(far[0], everything()[far[0]]) if far else None


def calls(module: str, owner: str, node: Node) -> set[str]:
    """Functions of the package that a function calls, as far as its text says which."""
    found, known = set(), imports(module)
    for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
        text = ast.unparse(call.func)
        first, _, rest = text.partition(".")
        if first == "self" and owner:
            found.add(f"{module}.{owner}.{rest}")
        elif first in known:
            found.add(resolved(known[first]) + (f".{rest}" if rest else ""))
        else:
            found.add(f"{module}.{text}")
    return {resolved(one) for one in found}


def raises(node: Node) -> bool:
    """Whether a function itself raises InputError."""
    thrown = (n.exc for n in ast.walk(node) if isinstance(n, ast.Raise) and n.exc)
    return any("InputError" in ast.unparse(one) for one in thrown)


@cache
def refusing() -> frozenset[str]:
    """Functions that may raise InputError, themselves or through what they call, GUARDED ones aside."""
    graph, refuse = {}, set()
    for module, tree in trees().items():
        for name, node in defined(tree):
            if isinstance(node, ast.FunctionDef) and f"{module}.{name}" not in GUARDED:
                owner = name.rpartition(".")[0]
                graph[f"{module}.{name}"] = calls(module, owner, node)
                made = {one for one in graph[f"{module}.{name}"] if _gives_error(everything().get(one))}
                if raises(node) or (made and any(isinstance(n, ast.Raise) for n in ast.walk(node))):
                    refuse.add(f"{module}.{name}")
    while more := {name for name, called in graph.items() if name not in refuse and called & refuse}:
        refuse |= more
    return frozenset(refuse)


def _gives_error(node: Node | None) -> bool:
    """Whether a function is one that makes an InputError to be raised."""
    given = node.returns if isinstance(node, ast.FunctionDef) else None
    return given is not None and "InputError" in ast.unparse(given)
