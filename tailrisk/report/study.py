"""The page of a study: its answer, its own text, tables and pictures, its files and where it came from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core import disk, seal
from ..core.errors import InputError
from . import findings, readme, translated
from .document import Document, Note, Section, Shown
from .files import files
from .html import html
from .language import ENGLISH, Say
from .provenance import flat, words
from .tables import Cell, Table

PAGE, README, RECORD = "report.html", "README.md", "record.json"
KINDS = {
    "demo": "Everything once",
    "tune": "Tuning of style bounds",
    "replay": "Replay of real days",
    "match": "The crowd matched to an episode",
    "backtest": "Backtest of forecasts",
    "validate": "Validation against data",
    "universe": "A universe measured",
    "calibrate": "A calibration",
    "monitor": "Forecasts watched day by day",
    "reverse": "The likeliest ways to a loss",
    "audit": "What rules change",
    "minute": "Whose a minute was",
    "liquidity": "Getting out of a book",
    "watch": "Surveillance of orders",
    "gauge": "A gauge of crowding",
    "adoption": "A policy that many follow",
    "sensitivities": "What moves the tail",
}
"""Command -> what its page is called; another is a study."""
CERTIFICATE = (
    "command", "created", "commit", "seed", "config_sha256", "data_sha256", "sha256", "market_sha256",
    "universe", "calibrated", "calibrated_sha256", "versions", "device", "platform", "rng_version",
    "wall_seconds", "faults",
)  # fmt: skip
"""Of the record, what a reader needs to run it again; the rest is in record.json."""


def is_study(folder: Path) -> bool:
    """Whether a folder is that of a study: it tells its findings in README.md, and is no run."""
    return (folder / README).is_file() and not (folder / "tail.csv").is_file()


def write(folder: str | Path, *, language: str | None = None) -> Path:
    """Write report.html into a study's folder, before it is sealed; README.md is its twin.

    language: by default the one the record says its config asked for. The same folder gives the same bytes.
    Raises InputError for a folder that has no text or record.
    """
    place = Path(folder)
    disk.write(place / PAGE, html(document(place, language)))
    return place / PAGE


def publish(folder: Path, question: str, *parts: str) -> None:
    """README.md of Markdown `parts`, the first of which answers the question, and the page."""
    disk.write(folder / README, "\n\n".join([f"# {question}", *parts]) + "\n")
    write(folder)


def show(folder: str | Path) -> str:
    """The study as plain text: its answer, then its own text with the tables."""
    place = Path(folder)
    if (place / seal.SUMS).exists():
        seal.check(place)
    page = document(place, ENGLISH)
    text = (place / README).read_text(encoding="utf-8")
    body = [line for line in text.splitlines() if not line.startswith(("![", "# "))]
    return "\n".join([page.question, "", *page.answer, "", *body]).rstrip() + "\n"


def document(folder: Path, language: str | None = None) -> Document:
    """What the page says, in a language or that of its record."""
    record, text = _read(folder)
    say = Say.of({"language": language} if language else record)
    scratch = disk.LEFT.fullmatch(folder.name)  # a folder that is still being written
    name = str(record.get("name") or (scratch["name"] if scratch else folder.name))
    command = str(record.get("command") or "").split()
    kind = say.name(KINDS.get(command[1] if len(command) > 1 else "", "A study"))
    question = str(record.get("question") or readme.title(text) or say("The record states no question."))
    warning = None
    if record.get("dirty"):
        warning = (
            say("Made from uncommitted code."),
            say(
                "The code that made these figures differs from commit {commit}; this result cannot be "
                "reproduced from the repository and is not fit for publication.",
                commit=str(record.get("commit") or say("not recorded")),
            ),
        )
    return Document(
        say=say,
        kind=kind,
        name=name,
        question=say.render(question),
        answer=tuple(one.replace(" %", "\u00a0%") for one in findings.answer(folder, record, text, say)),
        glance=tuple(_glance(record, say)),
        sections=tuple(_sections(folder, record, text, say)),
        warning=warning,
    )


def _read(folder: Path) -> tuple[dict[str, Any], str]:
    try:
        text = (folder / README).read_text(encoding="utf-8")
        path = folder / RECORD
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError) as fault:
        raise InputError(str(folder), f"cannot be read: {fault}", "a folder that a command wrote") from None
    if not isinstance(record, dict):
        raise InputError(str(folder / RECORD), "is no record", "one JSON object")
    return record, text


def _glance(record: Mapping[str, Any], say: Say) -> Iterator[tuple[str, str]]:
    """What it rests on, in a line: data, paths, level, seconds, as far as the record says them."""
    said: Mapping[str, Any] = next(
        (
            record[key]
            for key in ("tune", "replay", "episode", "demo")
            if isinstance(record.get(key), Mapping)
        ),
        {},
    )
    days = record.get("days")
    if isinstance(days, list) and len(days) >= 2:
        yield say("Data to"), str(days[1])
    elif said.get("last"):
        yield say("Data to"), str(said["last"])
    for key, name in (("paths", say("Paths")), ("histories", say("Histories")), ("funds", say("Funds"))):
        value = said.get(key, record.get(key))
        if isinstance(value, int):
            yield name, words(value)
    if isinstance(said.get("level"), float):
        yield say("Leading level"), f"{100 * said['level']:g}\u00a0%"
    if isinstance(record.get("wall_seconds"), (int, float)):
        yield say("Seconds"), f"{record['wall_seconds']:.3g}"
    if record.get("created"):
        yield say("Created"), str(record["created"])[:10]
    yield say("Commit"), str(record.get("commit") or say("not recorded"))[:8]


def _unasked(one: Section, question: str) -> Section:
    """A section without the question, where its text begins with it again."""
    first, *rest = one.parts
    again = isinstance(first, Note) and first.text == question
    return replace(one, parts=tuple(rest)) if again and rest else one


def _sections(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> Iterator[Section]:
    found = [translated.section(one, say) for one in readme.sections(text, folder, say("Findings"))]
    if "answers" in record and all(part.kind == "note" for part in found[0].parts):
        found = found[1:]  # they are the answer, said above
    found = [_unasked(one, say.render(str(record.get("question") or ""))) for one in found]
    drawn = {part.file for section in found for part in section.parts if part.kind == "picture"}  # type: ignore[union-attr]
    rest = [path for path in sorted(folder.glob("*.svg")) if path.name not in drawn]
    if rest:
        shown = Section("pictures", say("Pictures"), tuple(readme.picture(path) for path in rest))
        yield translated.section(shown, say)
    yield from found
    listed = Table(
        say("The files beside this page."), (), (("", tuple(files(folder, say, README))),), numeric=False
    )
    yield Section("files", say("Tables and figures as files"), (Shown("files", listed),))
    rows = tuple(
        (Cell(say.name(name.capitalize())), Cell(words(value)))
        for name, value in flat({key: record[key] for key in CERTIFICATE if key in record})
    )
    if rows:
        table = Table(say("The birth certificate of every figure above."), (), (("", rows),), numeric=False)
        yield Section("provenance", say("Provenance"), (Shown("provenance", table),))
