"""The config of a result that is there, loaded again: from its resolved config, else from its command."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

from ...config import Config, load
from ...core import InputError
from .catalogue import Entry, dotted


def config_of(entry: Entry) -> Config:
    """The very config of a run, by its digest.

    InputError: it is no run, or the files it named are not here as they were.
    """
    if entry.kind != "run" or not (entry.folder / "config.json").is_file():
        command = entry.record.get("command")
        hint = f"run its command: {command}" if command else ""
        raise InputError(str(entry.folder), f"is a {entry.kind} and not a run", "a run or a cell", hint)
    tried: list[Config] = []
    refused: list[str] = []
    for source, overrides in _ways(entry):
        try:
            config = load(source, overrides)
        except InputError as error:
            refused.append(str(error).split("\n")[0])
            continue
        if config.digest() == entry.record.get("config_sha256"):
            return config
        tried.append(config)
    raise InputError(str(entry.folder), _why(entry, tried, refused), "the files of the time of the run")


def _ways(entry: Entry) -> Iterator[tuple[Any, list[str]]]:
    stored = json.loads((entry.folder / "config.json").read_text(encoding="utf-8"))
    yield _undigested(stored), []
    words = shlex.split(str(entry.record.get("command", "")))
    if words[:2] == ["tailrisk", "run"] and len(words) > 2:
        overrides = [words[k + 1] for k, word in enumerate(words[:-1]) if word == "--set"]
        yield words[2], overrides


def _undigested(table: Any) -> Any:
    """A resolved config without the digests of files, which are no fields, and without empty ones."""
    if isinstance(table, dict):
        left = {k: _undigested(v) for k, v in table.items() if v is not None and not k.endswith("_sha256")}
        return left
    return [_undigested(one) for one in table] if isinstance(table, list) else table


def _why(entry: Entry, tried: list[Config], refused: list[str]) -> str:
    if not tried:
        return f"its config cannot be loaded here: {refused[0] if refused else 'it has no command'}"
    here = dict(dotted(tried[0].resolved()))
    names = sorted({*here, *entry.config})
    other = [name for name in names if here.get(name) != entry.config.get(name)]
    return f"what it was made from is not here: {', '.join(other[:5]) or 'its name'} differ"


def differing(one: Entry, other: Entry) -> list[str]:
    """Fields in which two configs differ, as `field: a | b`; names and questions aside."""
    names = [key for key in {**one.config, **other.config} if key not in ("name", "question")]
    pairs = [(name, one.config.get(name), other.config.get(name)) for name in names]
    return [f"{name}: {_text(a)} | {_text(b)}" for name, a, b in pairs if a != b]


def _text(value: Any) -> str:
    words = "not set" if value is None else str(value)
    return words if len(words) <= 40 else words[:37] + "..."
