"""Bad input, refused at the border with its place, the problem and what is allowed."""

import difflib
import json
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """A config, a data file or an argument that cannot be used.

    place: where it is (`configs/a.toml: tail.levels.0`); problem: what is wrong, with the value;
    allowed: what would be accepted; hint: the next thing to try.
    """

    def __init__(self, place: str, problem: str, allowed: str = "", hint: str = "") -> None:
        self.place, self.problem, self.allowed, self.hint = place, problem, allowed, hint
        lines = [f"{place}: {problem}" if place else problem]
        lines += [f"  allowed: {allowed}"] if allowed else []
        lines += [f"  hint: {hint}"] if hint else []
        super().__init__("\n".join(lines))


class Fault(RuntimeError):
    """A run that went wrong inside and must not be published: a path that is not a number, an open ledger."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """`, did you mean 'paths'?`, or nothing when no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def shown(value: Any) -> str:
    """A value as it would be written, cut at 60 characters."""
    if isinstance(value, dict):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
