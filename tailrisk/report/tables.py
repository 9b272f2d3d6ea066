"""Tables of the page: captions, headings and cells, ready to be laid out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tailrisk.core import figures

from .estimate import MINUS, Estimate, at_least, at_most, number
from .folder import Result
from .rows import EventRow, TailRow
from .words import LOSS_PLACES, confidence, count, in_words, label, level, title

ALL, EDGE = "all there is to lose", "an edge: many paths lose just this"
"""Of a saturated figure: it cannot be larger, or it stands at a limit, and an interval would not say so."""
WHOLE = 1 - 1e-6
"""Of starting NAV."""


@dataclass(frozen=True)
class Cell:
    """A figure or words, with further lines in small type; indicative figures are marked."""

    text: str
    small: str = ""
    indicative: bool = False
    link: str = ""


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


def chance(estimate: Estimate, result: Result) -> str:
    """A probability in per cent, as an upper bound where nothing was seen."""
    if estimate.value == 0:
        return result.say("at most {bound} %", bound=at_most(100 * estimate.high))
    return f"{estimate.scaled(100).text()} %"


def headline_measure(result: Result) -> str:
    """The loss over the horizon, or the first measure where that was not asked for."""
    return "terminal" if "terminal" in result.measures else result.measures[0]


def headline(result: Result) -> Table:
    """Products side by side: drift, VaR and ES at the headline level in every view."""
    measure, at, say = headline_measure(result), result.headline, result.say
    rows = []
    for product in (*result.own, *(p for p in result.products if p not in result.own)):
        found = [result.row(product, view, measure, at) for view in result.views]
        cells = [cell for row in found for cell in (drift_cell(row), *_pair(row))]
        against = say("against {benchmark}", benchmark=result.title(found[0].benchmark))
        rows.append((product_cell(result, product, against), *cells))
    names = [say.name(figures.TAIL.column(name).label) for name in ("drift", "var", "es")]
    heads = [f"{name}, {result.title(view)}" for view in result.views for name in names]
    caption = say(
        "{measure} at {level}, % of starting NAV, positive is a loss; drift is the mean loss over the "
        "horizon and lies in VaR and ES; in small type the {sure} interval.",
        measure=result.title(measure),
        level=level(at),
        sure=confident(result),
    )
    caption = say.sentences([caption, intervals(result)])
    return Table(caption, (say("Product"), *heads), (("", tuple(rows)),))


def tails(result: Result) -> list[Table]:
    """One table a measure: every product and view, mean and deviation, VaR and ES at every level."""
    return [_tail(result, measure) for measure in result.measures]


def _tail(result: Result, measure: str) -> Table:
    groups, say = [], result.say
    for view in result.views:
        rows = []
        for product in result.products:
            found = [result.row(product, view, measure, at) for at in result.levels]
            moments = (loss_cell(found[0].mean), Cell(number(100 * found[0].deviation, LOSS_PLACES)))
            cells = [cell for row in found for cell in _pair(row)]
            rows.append((product_cell(result, product), drift_cell(found[0]), *moments, *cells))
        groups.append((say.name(f"{title(view)} loss".capitalize()), tuple(rows)))
    heads = [f"{name} {level(at)}" for at in result.levels for name in ("VaR", "ES")]
    caption = say(
        "{measure}, % of starting NAV, with {sure} intervals.",
        measure=result.title(measure),
        sure=confident(result),
    )
    caption = say.sentences([caption, intervals(result)])
    first = [say.name(figures.TAIL.column(name).label) for name in ("drift", "mean", "sd")]
    return Table(caption, (say("Product"), *first, *heads), tuple(groups))


def drift(result: Result) -> Table:
    """Each product's mean loss over the horizon, and its components."""
    parts = [part for part in dict.fromkeys(row.part for row in result.drift) if _moves(result, part)]
    found = {(row.product, row.part): row.estimate for row in result.drift}
    rows = []
    for product in dict.fromkeys(row.product for row in result.drift):
        known = (found.get((product, part)) for part in parts)
        cells = (Cell("none") if one is None else loss_cell(one) for one in known)
        rows.append((product_cell(result, product), *cells))
    caption = result.say(
        "Drift: what a product loses over the horizon in the mean, % of starting NAV, and the parts that "
        "add up to it, with {sure} intervals; a negative figure is a gain.",
        sure=confident(result),
    )
    heads = [result.say.name(title(part).capitalize()) for part in parts]
    return Table(caption, (result.say("Product"), *heads), (("", tuple(rows)),))


def _moves(result: Result, part: str) -> bool:
    return any(row.estimate.value for row in result.drift if row.part == part)


def events(result: Result) -> Table:
    """Each event: its definition, how often it was seen, its probability, rate and return period."""
    rows, say = [], result.say
    for event in result.events:
        seen = Cell(count(event.count), say("of {paths}", paths=count(event.paths)))
        described = Cell(event.event, in_words(event.description, result.labels, say))
        rows.append((described, seen, *_odds(event, result)))
    heads = (
        say("Event"),
        say("Paths with it"),
        say("Probability, %"),
        say("Days in ten years"),
        say("Return period, years"),
    )
    caption = say(
        "Spread events: the probability that a path has such a day, how many such days ten years have and "
        "the mean time between them, with exact {sure} intervals.",
        sure=confident(result),
    )
    caption = say.sentences([caption, intervals(result)])
    return Table(caption, heads, (("", tuple(rows)),))


def _odds(event: EventRow, result: Result) -> tuple[Cell, Cell, Cell]:
    if event.count == 0:
        say = result.say
        bounds = at_most(100 * event.probability.high), at_most(event.rate.high)
        return (
            Cell(say("at most {bound}", bound=bounds[0]), say("upper bound: no event seen")),
            Cell(say("at most {bound}", bound=bounds[1]), say("upper bound")),
            Cell(say("at least {bound}", bound=at_least(event.return_period.low)), say("lower bound")),
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
            Cell(chance(e, result), "" if e.value == 0 else e.scaled(100).interval())
            for e in (account.margin_breach, account.wipe_out)
        ]
        rows.append((product_cell(result, account.product), *terms, *odds, short))
    say = result.say
    heads = (say("Product"), *(say.name(column.label) for column in figures.ACCOUNTS.columns))
    caption = say(
        "Share of paths below margin and wiped out, with {sure} intervals; what is owed to the broker is "
        "the mean over the paths wiped out, in % of starting NAV.",
        sure=confident(result),
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
    return result.say(
        "The fans show the paths on which {name}, the product with the largest expected shortfall, loses "
        "more than its VaR at {level}: {points} paths, of which number {middle} is the typical one.",
        name=name,
        level=level(at),
        points=number(points, 0),
        middle=count(middle),
    )


def components(result: Result) -> Table:
    """Each product's ES by part, with intervals."""
    parts = list(dict.fromkeys(row.part for row in result.components))
    found = {(row.product, row.part): row for row in result.components}
    rows = []
    for product in result.products:
        cells = [found.get((product, part)) for part in parts]
        shown = [Cell("none") if row is None else loss_cell(row.estimate, row.indicative) for row in cells]
        rows.append((product_cell(result, product), *shown))
    caption = result.say(
        "Components of ES {level} over the horizon, % of starting NAV, with {sure} intervals; a row sums "
        "to its product's ES.",
        level=level(result.components[0].level),
        sure=confident(result),
    )
    names = [" ".join(result.title(word) for word in part.split()) for part in parts]
    return Table(caption, (result.say("Product"), *names), (("", tuple(rows)),))


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
    say = result.say
    heads = (
        say("Level"),
        say("Tail points"),
        say("Widest VaR error, %"),
        say("Widest ES error, %"),
        say("Standing"),
    )
    caption = say(
        "Sampling error by level: the fewest tail points, and the widest half-interval as a share of its own "
        "figure, over all products, views and measures. Below 1,000 tail points a figure is indicative."
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
        book = ", ".join(f"{result.title(k)} {level(w)}" for k, w in settings.get("weights", {}).items())
        rest = {k: v for k, v in settings.items() if k not in {"family", "label", "benchmark", "weights"}}
        words = "; ".join(_setting(k, v) for k, v in rest.items() if v not in (None, {}))
        rows.append(
            (product_cell(result, product), Cell(_family(result, product)), Cell(book or "none"), Cell(words))
        )
    say = result.say
    heads = (say("Product"), say("Family"), say("Long book"), say("Settings"))
    return Table(say("Products as modelled."), heads, (("", tuple(rows)),), numeric=False)


def _family(result: Result, product: str) -> str:
    return result.title(next(row.family for row in result.tail if row.product == product))


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


def product_name(result: Result, product: str) -> str:
    """The product's label, or its name."""
    return label(result.section("products"), product)


def product_cell(result: Result, product: str, more: str = "") -> Cell:
    """The product's label, and its name and `more` in small type."""
    shown = label(result.section("products"), product)
    return Cell(shown, ", ".join(word for word in (product if shown != product else "", more) if word))


def loss_cell(estimate: Estimate, indicative: bool = False) -> Cell:
    """A loss in per cent with its interval, where that has any width."""
    estimate = estimate.scaled(100)
    known = estimate.low < estimate.high
    return Cell(estimate.text(LOSS_PLACES), estimate.interval(LOSS_PLACES) if known else "", indicative)


def _pair(row: TailRow) -> tuple[Cell, Cell]:
    """VaR and ES; an ES that is saturated says so in place of its interval."""
    var, es = (loss_cell(found, row.indicative) for found in (row.value_at_risk, row.expected_shortfall))
    if not row.saturated:
        return var, es
    return var, Cell(es.text, ALL if row.expected_shortfall.value >= WHOLE else EDGE, es.indicative)


def drift_cell(row: TailRow) -> Cell:
    """The mean loss over the horizon, with its interval."""
    return Cell("not recorded") if row.drift is None else loss_cell(row.drift)


def confident(result: Result) -> str:
    """Confidence of the intervals: `95 %`."""
    return confidence(result.section("tail"))


def intervals(result: Result) -> str:
    """A sentence on the errors that the intervals cover, where a run was repeated to widen them."""
    about, say = result.record.get("uncertainty"), result.say
    if not isinstance(about, Mapping) or "laws" not in about:
        return ""
    drawn = say("parameters fixed (the fit has no draws)")
    if about.get("parameters"):
        what = say.listed([say.name(str(word)) for word in about.get("drawn") or ()])
        drawn = say("the error of {what} ({draws} draws)", what=what, draws=about["parameters"])
    first, *others = [say.name(str(law)) for law in about["laws"]] or [""]
    laws = say("one law ({law})", law=first)
    if others:
        laws = say("the laws {laws}", laws=say.listed([first, *others]))
    return say(
        "Intervals cover sampling error, {drawn}, and {laws}; sampling error alone is in the files.",
        drawn=drawn,
        laws=laws,
    )
