"""Tables of the page: captions, headings and cells, ready to be laid out."""

import math
from dataclasses import dataclass

from tailrisk.core import figures
from tailrisk.core.risks import risk

from .answer import chance, headline_measure
from .estimate import MINUS, Estimate, at_least, at_most, number
from .folder import Result
from .provenance import words
from .rows import EventRow, RiskRow, TailRow
from .words import LOSS_PLACES, confidence, count, label, level, spoken, title

ALL, EDGE = "all there is to lose", "an edge: many paths lose just this"
"""Of a saturated figure: it cannot be larger, or it stands at a limit, and an interval would not say so."""
WHOLE = 1 - 1e-6
"""Of starting NAV."""


@dataclass(frozen=True)
class Cell:
    """A figure or words, with a second line in small type; indicative figures are marked."""

    text: str
    small: str = ""
    indicative: bool = False


@dataclass(frozen=True)
class Table:
    """Rows in named groups; the first cell of a row names it. `numeric`: cells align right."""

    caption: str
    head: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[Cell, ...], ...]], ...]
    numeric: bool = True

    @property
    def short(self) -> bool:
        """Whether it fits on part of a printed page, and so is kept whole."""
        return self.numeric and sum(len(rows) for _, rows in self.groups) <= 12


def headline(result: Result) -> Table:
    """Products side by side: drift, VaR and ES at the headline level in every view."""
    measure, at = headline_measure(result), result.headline
    rows = []
    for product in result.products:
        found = [result.row(product, view, measure, at) for view in result.views]
        cells = [cell for row in found for cell in (_drift(row), *_pair(row))]
        rows.append(
            (_product(result, product, f"against {title(found[0].benchmark, result.labels)}"), *cells)
        )
    names = [figures.TAIL.column(name).label for name in ("drift", "var", "es")]
    heads = [f"{name}, {title(view)}" for view in result.views for name in names]
    caption = (
        f"{title(measure)} at {level(at)}, % of starting NAV, positive is a loss; drift is the mean loss "
        f"over the horizon and lies in VaR and ES; in small type the {_confidence(result)} interval."
        f"{_held(result)}"
    )
    return Table(caption, ("Product", *heads), (("", tuple(rows)),))


def tails(result: Result) -> list[Table]:
    """One table a measure: every product and view, mean and deviation, VaR and ES at every level."""
    return [_tail(result, measure) for measure in result.measures]


def _tail(result: Result, measure: str) -> Table:
    groups = []
    for view in result.views:
        rows = []
        for product in result.products:
            found = [result.row(product, view, measure, at) for at in result.levels]
            moments = (_loss(found[0].mean), Cell(number(100 * found[0].deviation, LOSS_PLACES)))
            cells = [cell for row in found for cell in _pair(row)]
            rows.append((_product(result, product), _drift(found[0]), *moments, *cells))
        groups.append((f"{title(view)} loss".capitalize(), tuple(rows)))
    heads = [f"{name} {level(at)}" for at in result.levels for name in ("VaR", "ES")]
    caption = f"{title(measure)}, % of starting NAV, with {_confidence(result)} intervals.{_held(result)}"
    first = [figures.TAIL.column(name).label for name in ("drift", "mean", "sd")]
    return Table(caption, ("Product", *first, *heads), tuple(groups))


def drift(result: Result) -> Table:
    """Each product's mean loss over the horizon, and its components."""
    parts = [part for part in dict.fromkeys(row.part for row in result.drift) if _moves(result, part)]
    found = {(row.product, row.part): row.estimate for row in result.drift}
    rows = []
    for product in dict.fromkeys(row.product for row in result.drift):
        known = (found.get((product, part)) for part in parts)
        cells = (Cell("none") if one is None else _loss(one) for one in known)
        rows.append((_product(result, product), *cells))
    caption = (
        "Drift: what a product loses over the horizon in the mean, % of starting NAV, and the parts that add "
        f"up to it, with {_confidence(result)} intervals; a negative figure is a gain."
    )
    return Table(caption, ("Product", *(title(part).capitalize() for part in parts)), (("", tuple(rows)),))


def _moves(result: Result, part: str) -> bool:
    return any(row.estimate.value for row in result.drift if row.part == part)


def risks(result: Result) -> list[Table]:
    """One table a view: every other measure of risk of every loss that it was asked for."""
    return [_risks(result, view) for view in dict.fromkeys(row.view for row in result.risks)]


def _risks(result: Result, view: str) -> Table:
    met = [row for row in result.risks if row.view == view]
    kinds = list(dict.fromkeys(row.risk for row in met))
    found = {(row.loss, row.product, row.risk): row for row in met}
    groups = []
    for loss in dict.fromkeys(row.loss for row in met):
        rows = []
        for product in dict.fromkeys(row.product for row in met):
            known = (found.get((loss, product, kind)) for kind in kinds)
            cells = (Cell("") if one is None else _risk(one) for one in known)
            lost = next(row for row in result.tail if (row.product, row.view) == (product, view))
            rows.append((_product(result, product), _drift(lost), *cells))
        groups.append((title(loss), tuple(rows)))
    of = {kind: max(row.paths for row in met if row.risk == kind) for kind in kinds}
    heads = [f"{risk(kind).label}, {count(paths)} paths" for kind, paths in of.items()]
    caption = (
        f"Other measures of the {title(view)} losses, % of starting NAV, with {_confidence(result)} "
        "intervals, and of how many paths each is; drift is the mean loss over the horizon."
    )
    drift = figures.TAIL.column("drift").label
    return Table(caption, ("Product", drift, *heads), tuple(groups))


def _risk(row: RiskRow) -> Cell:
    """A measure with its interval; of a Pareto tail with the loss it starts from, or that there is none."""
    if math.isnan(row.estimate.value):
        return Cell("none", "no Pareto tail" if row.threshold is not None else "", row.indicative)
    found = _loss(row.estimate, row.indicative)
    if row.threshold is None:
        return found
    beyond = f"beyond {number(100 * row.threshold, LOSS_PLACES)}"
    return Cell(found.text, "; ".join(filter(None, (found.small, beyond))), found.indicative)


def contributions(result: Result) -> list[Table]:
    """One table a level: what each part adds to the ES of its product, and each product to that of all."""
    return [_contributions(result, at) for at in dict.fromkeys(row.level for row in result.contributions)]


def _contributions(result: Result, at: float) -> Table:
    met = [row for row in result.contributions if row.level == at]
    groups = []
    for product in dict.fromkeys(row.product for row in met):
        own = [row for row in met if row.product == product]
        rows = [(Cell(_part(result, row.part)), _loss(row.estimate, row.indicative)) for row in own]
        known = product in result.products
        name = label(result.section("products"), product) if known else "Book of all products, equal parts"
        groups.append((f"{name}, {count(own[0].paths)} paths", tuple(rows)))
    caption = (
        f"Contributions to ES {level(at)} over the horizon, % of starting NAV, with {_confidence(result)} "
        "intervals; those of a product sum to its ES, those of the book to the book's."
    )
    return Table(caption, ("Part", "Contribution"), tuple(groups))


def _part(result: Result, part: str) -> str:
    """A part by the names of buckets and mechanisms, or a product by its label."""
    if part in result.products:
        return label(result.section("products"), part)
    return " ".join(title(word, result.labels) for word in part.split())


def events(result: Result) -> Table:
    """Each event: its definition, how often it was seen, its probability, rate and return period."""
    rows = []
    for event in result.events:
        seen = Cell(count(event.count), f"of {count(event.paths)}")
        rows.append((Cell(event.event, spoken(event.description, result.labels)), seen, *_odds(event)))
    heads = ("Event", "Paths with it", "Probability, %", "Days in ten years", "Return period, years")
    caption = (
        "Spread events: the probability that a path has such a day, how many such days ten years have and "
        f"the mean time between them, with exact {_confidence(result)} intervals."
        f"{_held(result)}"
    )
    return Table(caption, heads, (("", tuple(rows)),))


def _odds(event: EventRow) -> tuple[Cell, Cell, Cell]:
    if event.count == 0:
        return (
            Cell(f"at most {at_most(100 * event.probability.high)}", "upper bound: no event seen"),
            Cell(f"at most {at_most(event.rate.high)}", "upper bound"),
            Cell(f"at least {at_least(event.return_period.low)}", "lower bound"),
        )
    found = (event.probability.scaled(100), event.rate, event.return_period)
    first, second, third = (Cell(e.text(), e.interval()) for e in found)
    return first, second, third


def accounts(result: Result) -> Table:
    """Leveraged products: margin calls, wipe-outs and what the broker loses."""
    rows = []
    for account in result.accounts:
        terms = [
            Cell("not recorded" if x is None else f"{x:.6g}")
            for x in (account.long, None if account.margin_rate is None else 100 * account.margin_rate)
        ]
        owed = "not recorded" if account.shortfall is None else number(100 * account.shortfall, LOSS_PLACES)
        short = Cell("none seen" if account.wipe_out.value == 0 else owed)
        odds = [
            Cell(chance(e), "" if e.value == 0 else e.scaled(100).interval())
            for e in (account.margin_breach, account.wipe_out)
        ]
        rows.append((_product(result, account.product), *terms, *odds, short))
    heads = ("Product", *(column.label for column in figures.ACCOUNTS.columns))
    caption = (
        f"Share of paths below margin and wiped out, with {_confidence(result)} intervals; what is owed "
        "to the broker is the mean over the paths wiped out, in % of starting NAV."
    )
    return Table(caption, heads, (("", tuple(rows)),))


def worst_paths(result: Result) -> str:
    """Whose worst paths the figure shows, how many, and which of them is typical."""
    from .figures.tail import worst

    p, at = worst(result), float(result.curves["scenario_level"])
    product = result.products[p]
    points = result.row(product, "absolute", "terminal", at).tail_points
    middle = int(result.curves["scenario_medoid_path"][p])
    name = label(result.section("products"), product)
    return (
        f"The fans show the paths on which {name}, the product with the largest expected shortfall, loses "
        f"more than its VaR at {level(at)}: {count(points)} paths, "
        f"of which number {count(middle)} is the typical one."
    )


def components(result: Result) -> Table:
    """Each product's ES by part, with intervals."""
    parts = list(dict.fromkeys(row.part for row in result.components))
    found = {(row.product, row.part): row for row in result.components}
    rows = []
    for product in result.products:
        cells = [found.get((product, part)) for part in parts]
        shown = [Cell("none") if row is None else _loss(row.estimate, row.indicative) for row in cells]
        rows.append((_product(result, product), *shown))
    caption = (
        f"Components of ES {level(result.components[0].level)} over the horizon, % of starting NAV, with "
        f"{_confidence(result)} intervals; a row sums to its product's ES."
    )
    names = [" ".join(title(word, result.labels) for word in part.split()) for part in parts]
    return Table(caption, ("Product", *names), (("", tuple(rows)),))


def firmness(result: Result) -> Table:
    """How firm each level is: tail points, and the widest interval relative to its figure."""
    rows = []
    for at in result.levels:
        found = [row for row in result.tail if row.level == at]
        soft = any(row.indicative for row in found)
        fewest = min(row.tail_points for row in found)
        cells = [
            Cell(number(100 * max(_relative(e) for e in figures), 1))
            for figures in (
                [row.sampled[0] for row in found],
                [row.sampled[1] for row in found],
            )
        ]
        verdict = Cell("indicative" if soft else "firm", indicative=soft)
        rows.append((Cell(level(at)), Cell(number(fewest, 0)), *cells, verdict))
    heads = ("Level", "Tail points", "Widest VaR error, %", "Widest ES error, %", "Standing")
    caption = (
        "Sampling error by level: the fewest tail points, and the widest half-interval as a share of its "
        "own figure, over all products, views and measures. Below 1,000 tail points a figure is indicative."
    )
    return Table(caption, heads, (("", tuple(rows)),))


def _relative(found: Estimate) -> float:
    return found.half_width / abs(found.value) if found.value else math.inf


def composition(result: Result) -> Table:
    """Each product as the config describes it."""
    products = result.section("products")
    rows = []
    for product in result.products:
        settings = products.get(product)
        settings = settings if isinstance(settings, dict) else {}
        book = ", ".join(
            f"{title(k, result.labels)} {level(w)}" for k, w in settings.get("weights", {}).items()
        )
        rest = {k: v for k, v in settings.items() if k not in {"family", "label", "benchmark", "weights"}}
        words = "; ".join(_setting(k, v) for k, v in rest.items() if v not in (None, {}))
        rows.append(
            (_product(result, product), Cell(_family(result, product)), Cell(book or "none"), Cell(words))
        )
    heads = ("Product", "Family", "Long book", "Settings")
    return Table("Products as modelled.", heads, (("", tuple(rows)),), numeric=False)


def _family(result: Result, product: str) -> str:
    return title(next(row.family for row in result.tail if row.product == product))


def _setting(name: str, value: object) -> str:
    """A setting in words: `gross leverage 4`, `hedge IC 0.5, IM 0.5`, `alpha 5 % a year`."""
    spaced = name.replace("_", " ")
    if isinstance(value, dict):
        return f"{spaced} " + ", ".join(_setting(k, v) for k, v in value.items())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"{spaced} {value}"
    if name.endswith("_annual"):
        return f"{spaced.removesuffix(' annual')} {level(value).replace('-', MINUS)} a year"
    return f"{spaced} {value:.6g}".replace("-", MINUS)


def _product(result: Result, product: str, more: str = "") -> Cell:
    shown = label(result.section("products"), product)
    return Cell(shown, ", ".join(word for word in (product if shown != product else "", more) if word))


def _loss(found: Estimate, indicative: bool = False) -> Cell:
    found = found.scaled(100)
    known = found.low < found.high
    return Cell(found.text(LOSS_PLACES), found.interval(LOSS_PLACES) if known else "", indicative)


def _pair(row: TailRow) -> tuple[Cell, Cell]:
    """VaR and ES; an ES that is saturated says so in place of its interval."""
    var, es = (_loss(found, row.indicative) for found in (row.value_at_risk, row.expected_shortfall))
    if not row.saturated:
        return var, es
    return var, Cell(es.text, ALL if row.expected_shortfall.value >= WHOLE else EDGE, es.indicative)


def _drift(row: TailRow) -> Cell:
    return Cell("not recorded") if row.drift is None else _loss(row.drift)


def _held(result: Result) -> str:
    """A sentence on what the intervals hold, where a run was repeated to widen them."""
    about = result.record.get("uncertainty")
    if not isinstance(about, dict) or "laws" not in about:
        return ""
    return f" Intervals hold {words(about.get('said'))}; sampling error alone is in the files."


def _confidence(result: Result) -> str:
    return confidence(result.section("tail"))
