"""The products of a run as funds: what became of them, what it was made of, and how far funds differ."""

from .estimate import Estimate
from .folder import Result
from .tables import Cell, Table
from .words import LOSS_PLACES, confidence, label, title

FATES = {
    "loss": "Mean loss",
    "es_95": "ES 95 %",
    "excess_loss": "Mean excess loss",
    "called": "Called by its broker",
    "wiped_out": "Wiped out",
    "stopped": "Stopped out",
    "shortfall": "Broker's loss",
    "redeemed": "Redeemed",
}
SPREAD = {
    "loss, quantile 5 %": "Loss, 5 %",
    "loss, quantile 50 %": "50 %",
    "loss, quantile 95 %": "95 %",
    "loss, deviation among funds": "Deviation among funds",
    "es_95, least among funds": "ES 95 %, best fund",
    "es_95, largest among funds": "worst fund",
    "called": "Called",
    "wiped_out": "Wiped out",
}
LINE, WORST = "line: ", "line on the worst paths: "


def tables(result: Result) -> list[Table]:
    """Fates of the products' own funds, their lines over all paths and on the worst, and all their funds."""
    sure = confidence(result.section("tail"))
    found = {(row.product, row.funds, row.figure): row.estimate for row in result.funds}
    said = result.section("accounts")
    paths, funds = said.get("paths", "some"), said.get("funds", "several")
    fates = f"The products' own funds over {paths} paths, % of starting NAV or of paths; {sure} intervals."
    lines = "What {} of the own funds is made of, % of starting NAV; a row sums to the change of its NAV."
    many = f"{funds} funds of every product around its own book: quantiles over funds and paths."
    heads = _lines(result)
    return [
        _table(result, found, "own", FATES, fates),
        _table(result, found, "own", {LINE + name: title(name) for name in heads}, lines.format("the mean")),
        _table(
            result,
            found,
            "own",
            {WORST + name: title(name) for name in heads},
            lines.format("the worst twentieth of paths"),
        ),
        _table(result, found, "all", SPREAD, many),
    ]


def _lines(result: Result) -> list[str]:
    """Lines that are not zero for every product."""
    met = [row for row in result.funds if row.figure.startswith(LINE) and row.estimate.value]
    known = list(dict.fromkeys(row.figure for row in result.funds if row.figure.startswith(LINE)))
    used = {row.figure for row in met}
    return [name.removeprefix(LINE) for name in known if name in used]


def _table(
    result: Result,
    found: dict[tuple[str, str, str], Estimate],
    funds: str,
    heads: dict[str, str],
    caption: str,
) -> Table:
    rows = []
    for product in dict.fromkeys(row.product for row in result.funds):
        name = Cell(label(result.section("products"), product), product)
        rows.append((name, *(_cell(found.get((product, funds, figure))) for figure in heads)))
    return Table(caption, ("Product", *heads.values()), (("", tuple(rows)),))


def _cell(found: Estimate | None) -> Cell:
    if found is None:
        return Cell("none")
    scaled = found.scaled(100)
    known = scaled.low < scaled.high
    return Cell(scaled.text(LOSS_PLACES), scaled.interval(LOSS_PLACES) if known else "")
