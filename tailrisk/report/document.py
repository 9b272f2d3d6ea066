"""A page before it is laid out: an answer, a line at a glance, sections; and the same in Markdown."""

from dataclasses import dataclass

from .language import Say
from .tables import Cell, Table


@dataclass(frozen=True)
class Note:
    """A paragraph; `strong` opens it."""

    text: str
    strong: str = ""
    kind = "note"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str
    kind = "heading"


@dataclass(frozen=True)
class Listing:
    """A list of lines."""

    items: tuple[str, ...]
    kind = "listing"


@dataclass(frozen=True)
class Picture:
    """A figure, as SVG text; `file` is where it stands beside the page."""

    key: str
    drawn: str
    caption: str
    file: str = ""
    kind = "picture"


@dataclass(frozen=True)
class Shown:
    """A table under its key, which is unique on a page."""

    key: str
    table: Table
    kind = "table"


@dataclass(frozen=True)
class Fixed:
    """Text in columns, as a terminal shows it."""

    text: str
    kind = "fixed"


Part = Note | Heading | Listing | Picture | Shown | Fixed


@dataclass(frozen=True)
class Section:
    """What stands under one heading; `key` is its anchor."""

    key: str
    heading: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Document:
    """A page: what it is of, the answer, what it rests on at a glance, and its sections."""

    say: Say
    kind: str
    name: str
    question: str
    answer: tuple[str, ...]
    glance: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    warning: tuple[str, str] | None = None


def markdown(page: Document) -> str:
    """The page in Markdown: the same words, tables and figures in the same order."""
    say = page.say
    lines = [f"# {page.name}", "", f"**{say('What was asked')}** {page.question}", ""]
    if page.warning:
        lines += [f"> **{page.warning[0]}** {page.warning[1]}", ""]
    lines += [f"## {say('The answer')}", ""]
    for paragraph in page.answer:
        lines += [paragraph, ""]
    lines += [" · ".join(f"{name}: {value}" for name, value in page.glance), ""]
    for section in page.sections:
        lines += [f"## {section.heading}", ""]
        for part in section.parts:
            lines += [*_part(part, say), ""]
    return "\n".join(lines)


def _part(part: Part, say: Say) -> list[str]:
    if isinstance(part, Note):
        return [f"**{part.strong}** {part.text}" if part.strong else part.text]
    if isinstance(part, Heading):
        return [f"### {part.text}"]
    if isinstance(part, Fixed):
        return ["```", part.text, "```"]
    if isinstance(part, Listing):
        return [f"- {item}" for item in part.items]
    if isinstance(part, Picture):
        return [f"![{_flat(part.caption)}]({part.file})", "", part.caption]
    return _table(part.table, say)


def _table(table: Table, say: Say) -> list[str]:
    width = len(table.head) or max(len(row) for _, rows in table.groups for row in rows)
    lines = [table.caption, ""] if table.caption else []
    lines.append(_row([*map(_flat, table.head)] or [""] * width))
    lines.append("|" + "---|" * width)
    for group, rows in table.groups:
        lines += [_row([f"**{_flat(group)}**", *[""] * (width - 1)])] if group else []
        lines += [_row([_cell(cell, say) for cell in row]) for row in rows]
    return lines


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, say: Say) -> str:
    text = _flat(say.cell(cell.text)) + ("†" if cell.indicative else "")
    text = f"[{text}]({cell.link})" if cell.link else text
    small = "; ".join(_flat(say.cell(line)) for line in cell.small.split("\n"))
    return f"{text} ({small})" if cell.small else text


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
