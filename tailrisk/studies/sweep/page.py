"""A sweep, read from its folder: one table and one figure over all cells, and a page of the two."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tailrisk.core import disk, seal
from tailrisk.core.errors import InputError

from ...report import rows, translated
from ...report.cells import Cells, read
from ...report.document import Document, Note, Picture, Section, Shown, markdown
from ...report.estimate import MINUS
from ...report.files import files
from ...report.language import ENGLISH, LANGUAGES, Say
from ...report.rows import TailRow
from ...report.tables import Cell, Table
from ...report.words import LOSS_PLACES, level, plain, title
from .forced import NAME, pending

STOPPED = "a forced sweep in its place is not finished: the same `tailrisk sweep --force` goes on with it"


@dataclass(frozen=True)
class Grid:
    """A finished sweep: its keys, and the tail table of every cell."""

    folder: Path
    record: dict[str, Any]
    tail: tuple[tuple[str, TailRow], ...]  # (cell, row)

    @classmethod
    def read(cls, folder: str | Path, *, sealed: bool = True) -> "Grid":
        """Read a sweep's folder. Raises InputError where it is not complete, or not as it was sealed."""
        folder = Path(folder)
        if (folder / seal.SUMS).exists():
            seal.check(folder)
        try:
            record = json.loads((folder / NAME).read_text(encoding="utf-8"))
            cells = [(str(cell["name"]), [str(s) for s in cell["settings"]]) for cell in record["cells"]]
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise InputError(str(folder / NAME), f"cannot be read: {fault}", "`tailrisk sweep`") from None
        if not record.get("done"):
            raise InputError(str(folder), "is not finished", hint="run the same `tailrisk sweep` again")
        if sealed and record.get("sealed") and not (folder / seal.SUMS).exists():
            raise InputError(str(folder / seal.SUMS), "missing", hint="run the same `tailrisk sweep` again")
        found = read(folder / "sweep.csv", lambda c: (c.text("cell"), _tail(c)), "cell")
        whole = {name for name, _ in cells} - set(_errors(record))
        if {cell for cell, _ in found} != whole:
            raise InputError(str(folder / "sweep.csv"), "does not hold every cell", hint="sweep again")
        return cls(folder, record, found)

    @property
    def keys(self) -> list[str]:
        """Fields swept."""
        return [str(key) for key in self.record["keys"]]

    @cached_property
    def cells(self) -> dict[str, list[str]]:
        """Cell -> its settings, in the order of the keys."""
        return {str(cell["name"]): [_bare(s) for s in cell["settings"]] for cell in self.record["cells"]}

    @cached_property
    def errors(self) -> dict[str, str]:
        """What a cell failed with, of those that failed."""
        return _errors(self.record)

    @cached_property
    def products(self) -> list[str]:
        """Products that every cell has that did not fail, in order."""
        pairs = {(cell, row.product) for cell, row in self.tail}
        done = [name for name in self.cells if name not in self.errors]
        every = dict.fromkeys(row.product for _, row in self.tail)
        return [product for product in every if all((name, product) in pairs for name in done)]

    @cached_property
    def headline(self) -> tuple[str, str, float]:
        """(view, measure, level) compared: absolute loss over the horizon at the highest firm level."""
        levels = sorted({row.level for _, row in self.tail})
        soft = {row.level for _, row in self.tail if row.indicative}
        firm = [at for at in levels if at not in soft]
        measures = list(dict.fromkeys(row.measure for _, row in self.tail))
        measure = "terminal" if "terminal" in measures else measures[0]
        return "absolute", measure, max(firm, default=levels[0])

    def row(self, cell: str, product: str) -> TailRow | None:
        """The headline row of a product in a cell; None where the cell did not compute it."""
        return self._rows.get((cell, product))

    @cached_property
    def _rows(self) -> dict[tuple[str, str], TailRow]:
        """(cell, product) -> its headline row."""
        found: dict[tuple[str, str], TailRow] = {}
        wanted = self.headline
        for cell, row in self.tail:
            if (row.view, row.measure, row.level) == wanted:
                found.setdefault((cell, row.product), row)
        return found


def is_sweep(folder: Path) -> bool:
    """Whether a folder is that of a sweep."""
    return (folder / NAME).is_file()


def write(folder: str | Path) -> Path:
    """Write index.html, page.md and figures/sweep.svg into a sweep's folder, before it is sealed.

    The same folder gives the same bytes.
    """
    from ...report.figures.prints import BOTH, printing
    from ...report.html import html
    from .figure import sweep

    grid = Grid.read(folder, sealed=False)
    (grid.folder / "figures").mkdir(exist_ok=True)
    say = Say(language(grid))
    with printing(grid.folder / "figures", BOTH):
        drawn = sweep(grid, say)
    disk.replace(grid.folder / "figures" / "sweep.svg", drawn)
    made = translated.document(document(grid, drawn), say)
    disk.replace(grid.folder / "page.md", markdown(made))
    disk.replace(grid.folder / "index.html", html(made))
    return grid.folder / "index.html"


def document(grid: Grid, drawn: str) -> Document:
    """What the page says: the spread of every product's ES over the cells, the figure, the table."""
    say, record = Say(), grid.record
    commit = str(record.get("commit") or "not recorded")
    warning = None
    if record.get("dirty"):
        text = f"The code that made these figures differs from commit {commit}."
        warning = ("Made from uncommitted code.", text)
    seeds = record.get("seeds", [])
    same = "The seed is swept: cells meet different shocks."
    if len(seeds) == 1:
        same = (
            f"Every cell has seed {seeds[0]} and so meets the same shocks: differences between cells are "
            "firmer than the intervals suggest."
        )
    words = f"Expected shortfall: {heading(grid)}, with intervals, one panel a product on a scale of its own."
    picture = Picture("sweep", drawn, f"{words} {same}", "figures/sweep.svg")
    note = Note("Figures marked † are indicative: fewer than 1,000 tail points.")
    own = Note("Each cell's own page is in its folder.")
    listed = Table("The files beside this page.", (), (("", tuple(files(grid.folder, say))),), numeric=False)
    return Document(
        say=say,
        kind=f"Sweep over {', '.join(grid.keys)}",
        name=str(record.get("name")),
        question=str(record.get("question")),
        answer=tuple(answer(grid)),
        glance=tuple(_glance(grid, commit)),
        sections=(
            Section("cells", "The cells side by side", (*_failed(grid), picture)),
            Section("table", "Every cell", (Shown("cells", table(grid)), note, own)),
            Section("files", "Tables and figures as files", (Shown("files", listed),)),
        ),
        warning=warning,
    )


def language(grid: Grid) -> str:
    """The one that the cells' config asks for."""
    for cell in grid.cells:
        path = grid.folder / cell / "config.json"
        if path.is_file():
            said = json.loads(path.read_text(encoding="utf-8")).get("report", {}).get("language")
            return said if said in LANGUAGES else ENGLISH
    return ENGLISH


def answer(grid: Grid) -> list[str]:
    """The largest and the smallest ES of every product over the cells, the widest spread first."""
    told = []
    for product in grid.products:
        found = [(row, cell) for cell in grid.cells if (row := grid.row(cell, product)) is not None]
        if len(found) < 2:
            continue
        (least, low), (most, high) = (
            pick(found, key=lambda pair: pair[0].expected_shortfall.value) for pick in (min, max)
        )
        spread = most.expected_shortfall.value - least.expected_shortfall.value
        apart = most.expected_shortfall.low > least.expected_shortfall.high
        firm = "" if apart else "; their intervals overlap"
        text = f"{product}: ES from {_figure(least)} in {low} to {_figure(most)} in {high}{firm}"
        told.append((spread, text))
    if not told:
        return [f"{heading(grid)}: one cell, nothing to compare."]
    lines = [text for _, text in sorted(told, key=lambda pair: -pair[0])]
    return [
        f"{heading(grid)}.".replace(" %", "\u00a0%"),
        *(f"{text}.".replace(" %", "\u00a0%") for text in lines),
    ]


def _figure(row: TailRow) -> str:
    found = row.expected_shortfall.scaled(100)
    soft = ", indicative" if row.indicative else ""
    return f"{found.text(LOSS_PLACES)} % ({found.interval(LOSS_PLACES)}{soft})"


def _glance(grid: Grid, commit: str) -> Iterator[tuple[str, str]]:
    yield "What", f"{len(grid.cells)} cells, {len(grid.products)} products"
    yield "Leading level", level(grid.headline[2])
    if grid.record.get("created"):
        yield "Created", str(grid.record["created"])[:10]
    yield "Commit", commit[:8]


def heading(grid: Grid) -> str:
    """What is compared."""
    view, measure, at = grid.headline
    return f"{title(measure)}, {view}, at {level(at)}, % of starting NAV"


def table(grid: Grid) -> Table:
    """A row a cell: its settings, then ES of every product with its interval."""
    lines = []
    for cell, settings in grid.cells.items():
        found = [grid.row(cell, product) for product in grid.products]
        missing = Cell("failed" if cell in grid.errors else "not run")
        shown = [missing if row is None else _loss(row) for row in found]
        own = f"{cell}/report.html"
        link = own if (grid.folder / own).is_file() else ""
        lines.append((Cell(cell, link=link), *(Cell(s) for s in settings), *shown))
    caption = f"ES, {heading(grid)}; drift is the mean loss over the horizon, and lies in it."
    return Table(caption, ("Cell", *grid.keys, *grid.products), (("", tuple(lines)),))


def show(folder: str | Path) -> str:
    """The comparison as plain text."""
    grid = Grid.read(folder)
    lines = [f"{grid.record['name']}: {grid.record['question']}", "", *answer(grid)[1:], ""]
    lines += [f"ES, {heading(grid)}", ""]
    wide = max(len(plain(cell)) for cell in grid.cells) + 2
    for first in range(0, len(grid.products), 5):
        some = grid.products[first : first + 5]
        lines.append(" " * wide + "".join(f"{product[:14]:>16}" for product in some))
        for cell in grid.cells:
            found = [grid.row(cell, product) for product in some]
            missing = "failed" if cell in grid.errors else "not run"
            shown = "".join(f"{missing if row is None else _plain(row):>16}" for row in found)
            lines.append(f"{plain(cell):<{wide}}{shown}")
        lines.append("")
    lines += failures(grid)
    lines += [f"This is the sweep before: {STOPPED}.", ""] if pending(grid.folder) else []
    return "\n".join(lines).replace(MINUS, "-").replace("\u00a0", " ")


def failures(grid: Grid) -> list[str]:
    """What failed, a line a cell, and what to do."""
    if not grid.errors:
        return []
    lines = [f"{plain(cell)} failed: {plain(error)}" for cell, error in grid.errors.items()]
    head = f"{len(lines)} of {len(grid.cells)} cells failed; the same command tries them again:"
    return [head, *lines, ""]


def _failed(grid: Grid) -> tuple[Note, ...]:
    """What failed, as the page says it."""
    head, *lines = failures(grid) or [""]
    return (Note(" ".join(filter(None, lines)), head),) if head else ()


def _errors(record: dict[str, Any]) -> dict[str, str]:
    return {str(cell["name"]): str(cell["error"]) for cell in record["cells"] if cell.get("error")}


def _tail(cells: Cells) -> TailRow:
    return rows.tail(cells)


def _loss(row: TailRow) -> Cell:
    found = row.expected_shortfall.scaled(100)
    drift = "" if row.drift is None else f"; drift {row.drift.scaled(100).text(LOSS_PLACES)}"
    return Cell(found.text(LOSS_PLACES), found.interval(LOSS_PLACES) + drift, row.indicative)


def _plain(row: TailRow) -> str:
    found = row.expected_shortfall.scaled(100)
    return f"{found.text(LOSS_PLACES)} ±{found.margin(LOSS_PLACES)}" + ("*" if row.indicative else " ")


def _bare(setting: Any) -> str:
    """A setting without the quotes of TOML."""
    text = str(setting)
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
