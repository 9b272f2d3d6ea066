"""A study's own text in another language: headings, captions, heads of tables, and what else is known."""

from dataclasses import replace

from .document import Document, Heading, Listing, Note, Part, Picture, Section, Shown
from .language import ENGLISH, Say
from .tables import Cell, Table


def document(page: Document, say: Say) -> Document:
    """A page that was written in English, in another language."""
    return replace(
        page,
        say=say,
        kind=say.render(page.kind),
        question=say.render(page.question),
        answer=tuple(say.paragraph(part) for part in page.answer),
        glance=tuple((say.render(name), say.render(value)) for name, value in page.glance),
        sections=tuple(section(one, say) for one in page.sections),
        warning=None if page.warning is None else (say.render(page.warning[0]), say.render(page.warning[1])),
    )


def section(one: Section, say: Say) -> Section:
    """A section of a study's README in the page's language; what has no translation stays as it is."""
    if say.language == ENGLISH:
        return one
    return replace(one, heading=say.render(one.heading), parts=tuple(_part(part, say) for part in one.parts))


def _part(part: Part, say: Say) -> Part:
    if isinstance(part, Note):
        return replace(part, text=say.paragraph(part.text))
    if isinstance(part, Heading):
        return replace(part, text=say.render(part.text))
    if isinstance(part, Listing):
        return replace(part, items=tuple(say.paragraph(item) for item in part.items))
    if isinstance(part, Picture):
        return replace(part, caption=caption(part.caption, say))
    if isinstance(part, Shown):
        return replace(part, table=_table(part.table, say))
    return part


def _table(table: Table, say: Say) -> Table:
    """Caption, heads and the first cells of rows as they are told; other cells where the word is known."""
    groups = tuple((group, tuple(_row(row, say) for row in rows)) for group, rows in table.groups)
    head = tuple(map(say.render, table.head))
    return replace(table, caption=say.render(table.caption), head=head, groups=groups)


def _row(row: tuple[Cell, ...], say: Say) -> tuple[Cell, ...]:
    return tuple(
        replace(cell, text=say.word(cell.text) if place else say.render(cell.text))
        for place, cell in enumerate(row)
    )


def caption(text: str, say: Say) -> str:
    """A picture's title and what is known of its description, which the picture itself holds in full."""
    if say.language == ENGLISH:
        return text
    whole = say.render(text)
    if whole != text:
        return whole
    parts = [part if part.endswith(".") else f"{part}." for part in text.split(". ") if part]
    told = [(part, say.render(part), say.render(part.rstrip("."))) for part in parts]
    known = [
        full if full != part else f"{bare}。"
        for part, full, bare in told
        if (full, bare) != (part, part[:-1])
    ]
    return say.sentences(known) or text
