"""The page of a run: report.html, its twin page.md, and the figures it shows as files of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..core import disk
from .answer import answer
from .document import Document, markdown
from .folder import Result
from .html import html
from .sections import glance, sections
from .words import short

PAGE, TWIN = "report.html", "page.md"


def write(folder: str | Path, *, language: str | None = None, pictures: Sequence[str] | None = None) -> Path:
    """Write report.html, page.md and figures/*.svg into a result that is being written, before it is sealed.

    language, pictures (png, pdf): in place of the config's. The same folder gives the same bytes. Raises
    InputError where the folder is incomplete, corrupt, or of a run with non-finite paths.
    """
    from .figures.prints import printing

    result = Result.read(folder, sealed=False)
    result = result if language is None else replace(result, language=language)
    asked = result.section("report").get("pictures") or () if pictures is None else pictures
    (result.folder / "figures").mkdir(exist_ok=True)
    with printing(result.folder / "figures", [str(kind) for kind in asked]):
        drawn = figures(result)
    for name, words in drawn.items():
        disk.write(result.folder / "figures" / f"{name}.svg", words)
    page = document(result, drawn)
    disk.write(result.folder / TWIN, markdown(page))
    disk.write(result.folder / PAGE, html(page))
    return result.folder / PAGE


def figures(result: Result) -> dict[str, str]:
    """The figures this result has something to draw for, as SVG."""
    from . import figures as draw  # imports matplotlib

    drawn = {"bars": draw.bars(result), "losses": draw.losses(result)}
    if result.events:
        drawn["spread"] = draw.spread(result)
    if result.crowd:
        drawn["crowd"] = draw.crowd(result)
    if result.components:
        drawn |= {"tail": draw.tail(result), "components": draw.components(result)}
    return drawn | {"fan": draw.fan(result), "regimes": draw.regimes(result)}


def render(result: Result, drawn: Mapping[str, str]) -> str:
    """The page as HTML."""
    return html(document(result, drawn))


def document(result: Result, drawn: Mapping[str, str]) -> Document:
    """What the page says, in the language of the result."""
    record, say = result.record, result.say
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
        kind=say("Tail risk report"),
        name=short(str(record.get("name") or result.folder.name), 200),
        question=str(record.get("question") or say("The record states no question.")),
        answer=tuple(answer(result)),
        glance=tuple(glance(result)),
        sections=tuple(sections(result, drawn)),
        warning=warning,
    )
