"""The Markdown our own studies write, read back into the parts of a page: headings, tables, pictures."""

import re
from collections.abc import Iterator
from pathlib import Path

from .document import Fixed, Heading, Listing, Note, Part, Picture, Section, Shown
from .tables import Cell, Table

IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+\.svg)\)")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
INSIDE = re.compile(r"\[[^\]]*\]\(([\w/-]+\.html)\)")
"""A cell that is a link to a page inside the folder."""
BLOCKS = re.compile(r"(```.*?```)|\n\s*\n", re.DOTALL)
SPLIT = re.compile(r"(?<!\\)\|")


def title(text: str) -> str:
    """The heading of the whole, empty where there is none."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return plain(found[1]) if found else ""


def sections(text: str, folder: Path, first: str) -> list[Section]:
    """Sections by their second-level headings; what stands before the first is under `first`."""
    body = re.sub(r"^# .+$", "", text, count=1, flags=re.MULTILINE)
    pieces = re.split(r"^## (.+)$", body, flags=re.MULTILINE)
    found = [(first, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    made = []
    for number, (heading, content) in enumerate(found, start=1):
        parts = tuple(_parts(content, folder, f"part-{number}"))
        if parts:
            made.append(Section(f"part-{number}", plain(heading), parts))
    return made


def paragraphs(text: str) -> list[str]:
    """The paragraphs of running text, in order, without markup."""
    return [part.text for part in _parts(re.sub(r"^#+ .+$", "", text, flags=re.MULTILINE), None, "p")
            if isinstance(part, Note)]  # fmt: skip


def rows(text: str) -> list[list[str]]:
    """The rows of every table below their headings, cells as text."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [_cells(line) for line in lines if not set(line) <= set("|-: ")]


def plain(text: str) -> str:
    """Running text without Markdown's marks."""
    text = LINK.sub(r"\1", IMAGE.sub("", text))
    return re.sub(r"\*\*|`", "", text).replace("\\|", "|").strip()


def picture(path: Path, caption: str = "") -> Picture:
    """A figure of a folder; what it says of itself is its caption, with its title."""
    drawn = re.sub(r"^.*?(?=<svg)", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    said = [re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", drawn, re.DOTALL) for tag in ("title", "desc")]
    words = ". ".join(_unescaped(found[1]).rstrip(".") for found in said if found and found[1].strip())
    return Picture(path.stem, drawn, f"{words}." if words else caption or path.stem, path.name)


def _unescaped(text: str) -> str:
    from html import unescape

    return " ".join(unescape(text).split())


def _parts(content: str, folder: Path | None, key: str) -> Iterator[Part]:
    blocks = [block for block in BLOCKS.split(content) if block and block.strip()]
    tables = 0
    for block in blocks:
        lines = block.strip().splitlines()
        if lines[0].startswith("```"):
            yield Fixed("\n".join(lines[1:]).rstrip("`\n"))
        elif lines[0].startswith("|"):
            tables += 1
            yield Shown(f"{key}-{tables}", _table(lines))
        elif all(line.startswith(("- ", "* ")) for line in lines):
            yield Listing(tuple(plain(line[2:]) for line in lines))
        elif lines[0].startswith("### "):
            yield Heading(plain(lines[0][4:]))
        else:
            yield from _running(lines, folder)


def _running(lines: list[str], folder: Path | None) -> Iterator[Part]:
    words = plain(" ".join(line.strip() for line in lines))
    if words:
        yield Note(words)
    for caption, name in IMAGE.findall(" ".join(lines)):
        if folder is not None and (folder / name).is_file():
            yield picture(folder / name, plain(caption))


def _table(lines: list[str]) -> Table:
    head, *rest = (_cells(line) for line in lines if not set(line) <= set("|-: "))
    links = [_links(line) for line in lines if not set(line) <= set("|-: ")][1:]
    body = tuple(
        tuple(Cell(cell, link=link) for cell, link in zip(row, to, strict=True))
        for row, to in zip(rest, links, strict=True)
    )
    numbers = sum(_number(cell) for row in rest for cell in row[1:])
    return Table("", tuple(head), (("", body),), numeric=2 * numbers >= sum(len(row) - 1 for row in rest))


def _number(cell: str) -> bool:
    return bool(re.match(r"[-−+]?\d", cell)) or not cell


def _links(line: str) -> list[str]:
    """Where each cell leads, empty where it is no link to a page inside."""
    found = (INSIDE.fullmatch(cell.strip()) for cell in SPLIT.split(line.strip().strip("|")))
    return ["" if cell is None else cell[1] for cell in found]


def _cells(line: str) -> list[str]:
    return [plain(cell) for cell in SPLIT.split(line.strip().strip("|"))]
