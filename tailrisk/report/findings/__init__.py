"""The answer of a study's folder, from its own tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .. import readme
from ..language import Say
from . import crowd, orders, studies

Told = Callable[[Path, Mapping[str, Any], str, Say], list[str]]
KINDS: dict[str, Told] = {
    "frontier.csv": studies.bounds,
    "windows.csv": studies.replayed,
    "parameters.csv": studies.matched,
    "ranking.csv": studies.judged,
    "ways.csv": crowd.ways,
    "sets.csv": orders.minute,
    "schedules.csv": orders.liquidity,
    "alarms.csv": orders.watch,
}
"""A table that one kind of study alone has -> its answer."""
COMMANDS: dict[str, Told] = {"monitor": studies.rejected, "audit": crowd.audited}
"""Command -> its answer, where its table has a name that others have too."""

__all__ = ["answer"]


def answer(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """Short paragraphs; of a study that is not known, the first of its own text, or as many as it says."""
    command = str(record.get("command") or "").split()
    told = [kind for name, kind in KINDS.items() if (folder / name).is_file()]
    told += [COMMANDS[word] for word in command[1:2] if word in COMMANDS]
    for kind in told:
        found = [part for part in kind(folder, record, text, say) if part]
        if found:
            return found
    answers = record.get("answers", 1)
    return [
        say.paragraph(part) for part in readme.paragraphs(text)[: answers if isinstance(answers, int) else 1]
    ]
