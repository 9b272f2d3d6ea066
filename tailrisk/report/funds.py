"""The products of a run as funds: what became of them, their P&L by line, and how far funds differ."""

from tailrisk.core.figures import FUND_FIGURES

from .estimate import Estimate
from .folder import Result
from .tables import Cell, Table
from .words import LOSS_PLACES, confidence, label, level, title

Head = tuple[str, str, float | None]
"""(figure, part, level): what one column shows."""
FATES = ("loss", "es", "excess_loss", "called", "wiped_out", "stopped", "shortfall", "redeemed")
SPREAD = ("quantile", "deviation", "es_least", "es_largest", "called", "wiped_out")


def tables(result: Result) -> list[Table]:
    """Fates of the products' own funds, their lines over all paths and on the worst, and all their funds.

    A table that would have no figure is left out.
    """
    sure, say = confidence(result.section("tail")), result.say
    said = result.section("accounts")
    some = said.get("paths", "some")
    paths = _run_paths(result) if every_path(result) else say("the first {paths} paths", paths=some)
    fates = say(
        "The products' own funds over {paths}, % of starting NAV or of paths; {sure} intervals.",
        paths=paths,
        sure=sure,
    )
    lines = say(
        "P&L by line of the products' own funds, mean, % of starting NAV; a row sums to the change of NAV."
    )
    worst = say(
        "P&L by line of the products' own funds, mean beyond VaR at the lowest level, % of starting NAV; a "
        "row sums to the change of NAV."
    )
    many = say(
        "{funds} funds of every product around its own book, over the first {paths} paths: quantiles over "
        "funds and paths.",
        funds=said.get("funds", "several"),
        paths=some,
    )
    asked = (
        ("own", FATES, fates),
        ("own", ("line",), lines),
        ("own", ("line_worst",), worst),
        ("all", SPREAD, many),
    )
    found = [(funds, _heads(result, funds, names), caption) for funds, names, caption in asked]
    return [_table(result, funds, heads, caption) for funds, heads, caption in found if heads]


def every_path(result: Result) -> bool:
    """Whether the own funds lived on every path of the run: their worst lines are then in the components."""
    return not any(row.figure == "line_worst" for row in result.funds)


def _run_paths(result: Result) -> str:
    return result.say("all {paths} paths of the run", paths=result.section("run").get("paths", ""))


def _heads(result: Result, funds: str, names: tuple[str, ...]) -> list[Head]:
    """Columns in the order of `names`; lines of the P&L that are zero for every product are left out."""
    met: dict[str, list[Head]] = {name: [] for name in names}
    for row in result.funds:
        head = (row.figure, row.part, row.level)
        if row.funds == funds and row.figure in met and head not in met[row.figure]:
            met[row.figure].append(head)
    used = {(row.figure, row.part) for row in result.funds if row.estimate.value}
    return [head for name in names for head in met[name] if not head[1] or head[:2] in used]


def _table(result: Result, funds: str, heads: list[Head], caption: str) -> Table:
    found = {
        (row.product, row.figure, row.part, row.level): row for row in result.funds if row.funds == funds
    }
    rows = []
    for product in dict.fromkeys(row.product for row in result.funds):
        name = Cell(label(result.section("products"), product), product)
        known = (found.get((product, *head)) for head in heads)
        cells = (
            Cell("none") if row is None else _cell(row.estimate, FUND_FIGURES[row.figure].scale)
            for row in known
        )
        rows.append((name, *cells))
    names = (_label(head, result) for head in heads)
    return Table(caption, (result.say("Product"), *names), (("", tuple(rows)),))


def _label(head: Head, result: Result) -> str:
    figure, part, at = head
    if part:
        return result.say.name(title(part).capitalize())
    return result.say.name(FUND_FIGURES[figure].label) + ("" if at is None else f" {level(at)}")


def _cell(found: Estimate, scale: float) -> Cell:
    scaled = found.scaled(scale)
    return Cell(scaled.text(LOSS_PLACES), scaled.interval(LOSS_PLACES) if scaled.low < scaled.high else "")
