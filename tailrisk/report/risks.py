"""Tables of what is asked for besides VaR and ES: other measures of risk, and contributions to ES."""

import math

from tailrisk.core import figures
from tailrisk.core.risks import risk

from .estimate import number
from .folder import Result
from .language import Say
from .rows import RiskRow
from .tables import Cell, Table, confident, drift_cell, loss_cell, product_cell, product_name
from .words import LOSS_PLACES, count, level


def risks(result: Result) -> list[Table]:
    """One table a view: every other measure of risk of every loss that it was asked for."""
    return [_risks(result, view) for view in dict.fromkeys(row.view for row in result.risks)]


def _risks(result: Result, view: str) -> Table:
    met, say = [row for row in result.risks if row.view == view], result.say
    kinds = list(dict.fromkeys(row.risk for row in met))
    found = {(row.loss, row.product, row.risk): row for row in met}
    groups = []
    for loss in dict.fromkeys(row.loss for row in met):
        rows = []
        for product in dict.fromkeys(row.product for row in met):
            known = (found.get((loss, product, kind)) for kind in kinds)
            cells = (Cell("") if one is None else _risk(one, say) for one in known)
            lost = next(row for row in result.tail if (row.product, row.view) == (product, view))
            rows.append((product_cell(result, product), drift_cell(lost), *cells))
        groups.append((result.title(loss), tuple(rows)))
    of = {kind: max(row.paths for row in met if row.risk == kind) for kind in kinds}
    heads = [
        say("{risk}, {paths} paths", risk=risk(kind).label, paths=count(paths)) for kind, paths in of.items()
    ]
    caption = say(
        "Other measures of the {view} losses, % of starting NAV, with {sure} intervals, and of how many "
        "paths each is; drift is the mean loss over the horizon.",
        view=result.title(view),
        sure=confident(result),
    )
    drift = say.name(figures.TAIL.column("drift").label)
    return Table(caption, (say("Product"), drift, *heads), tuple(groups))


def _risk(row: RiskRow, say: Say) -> Cell:
    """A measure with its interval; of a Pareto tail with the loss it starts from, or that there is none."""
    if math.isnan(row.estimate.value):
        return Cell("none", say("no Pareto tail") if row.threshold is not None else "", row.indicative)
    found = loss_cell(row.estimate, row.indicative)
    if row.threshold is None:
        return found
    beyond = say("beyond {threshold}", threshold=number(100 * row.threshold, LOSS_PLACES))
    return Cell(found.text, "; ".join(filter(None, (found.small, beyond))), found.indicative)


def contributions(result: Result) -> list[Table]:
    """One table a level: what each part adds to the ES of its product, and each product to that of all."""
    return [_contributions(result, at) for at in dict.fromkeys(row.level for row in result.contributions)]


def _contributions(result: Result, at: float) -> Table:
    met, say = [row for row in result.contributions if row.level == at], result.say
    groups = []
    for product in dict.fromkeys(row.product for row in met):
        own = [row for row in met if row.product == product]
        rows = [(Cell(_part(result, row.part)), loss_cell(row.estimate, row.indicative)) for row in own]
        name = say("Book of all products, equal parts")
        name = product_name(result, product) if product in result.products else name
        groups.append((say("{risk}, {paths} paths", risk=name, paths=count(own[0].paths)), tuple(rows)))
    caption = say(
        "Contributions to ES {level} over the horizon, % of starting NAV, with {sure} intervals; those of a "
        "product sum to its ES, those of the book to the book's.",
        level=level(at),
        sure=confident(result),
    )
    return Table(caption, (say("Part"), say("Contribution")), tuple(groups))


def _part(result: Result, part: str) -> str:
    """A part by the names of buckets and mechanisms, or a product by its label."""
    if part in result.products:
        return product_name(result, part)
    return " ".join(result.title(word) for word in part.split())
