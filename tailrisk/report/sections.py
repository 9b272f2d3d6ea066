"""The sections of a run's page, those that bear on the question first."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import crowd, funds, risks, stands, tables
from .answer import asked
from .document import Heading, Listing, Note, Part, Picture, Section, Shown
from .files import files
from .folder import Result
from .provenance import provenance
from .tables import Cell, Table, headline_measure
from .words import LOSS_PLACES, confidence, count, level

FIRST = {
    "how_likely": ("events",),
    "how_much": ("products",),
    "what_if": ("columns",),
    "who": ("worst", "crowd"),
}
"""Kind of question -> keys of the sections that answer it."""
START = {
    "filtered": "with the regime probabilities of the last day of the calibration window",
    "stationary": "with the stationary regime probabilities",
    "calm": "in the calm regime",
    "crisis": "in the crisis regime",
}
EXCESS = {
    "geometric": "(1 + r) / (1 + b) − 1, where r is the product's return and b its benchmark's",
    "arithmetic": "r − b, where r is the product's return and b its benchmark's",
}
AS_STATED = "as the config states"
NO_LIMITS = ("This record does not list what is left out of the model.",)

Drawn = Mapping[str, str]


def sections(result: Result, drawn: Drawn) -> list[Section]:
    """Every section that the result has something to say in."""
    made: dict[str, Callable[[Result, Drawn], Section | None]] = {
        "columns": _columns,
        "products": _products,
        "tail": _tail,
        "events": _events,
        "accounts": _accounts,
        "funds": _funds,
        "crowd": _crowd,
        "worst": _worst,
        "paths": _paths,
        "firm": _firm,
        "method": _method,
        "files": _files,
        "provenance": _provenance,
    }
    first = [key for kind in asked(result)[:2] for key in FIRST[kind]]
    found = [made[key](result, drawn) for key in dict.fromkeys([*first, *made])]
    return [section for section in found if section is not None]


def glance(result: Result) -> Iterator[tuple[str, str]]:
    """What the answer rests on, in a line: what, data to, paths, level, seconds."""
    say, record = result.say, result.record
    calibration = record.get("calibration")
    window = calibration.get("window") if isinstance(calibration, Mapping) else None
    paths = result.section("run").get("paths")
    names = [tables.product_name(result, product) for product in result.own]
    products = say("{count} products", count=len(result.products))
    yield say("What"), say.listed(names) if names else products
    if isinstance(window, list) and len(window) == 2:
        yield say("Data to"), str(window[1])
    drawn = say("{paths} paths of {days} days", paths=_number(paths), days=len(result.curves["regime_share"]))
    yield say("Paths"), drawn
    yield say("Crowd"), say("inside the paths") if result.crowd else say("none")
    yield say("Leading level"), level(result.headline)
    yield say("Intervals"), confidence(result.section("tail"))
    if isinstance(record.get("wall_seconds"), (int, float)):
        yield say("Seconds"), f"{record['wall_seconds']:.3g}"


def _columns(result: Result, drawn: Drawn) -> Section | None:
    if not result.scenarios:
        return None
    shown = [Shown(f"columns-{k}", one) for k, one in enumerate(stands.tables(result), start=1)]
    notes = [Note(words, f"{name}:") for name, words in stands.explained(result)]
    return Section("columns", result.say("Scenarios: four ways to look"), (*shown, *notes))


def _products(result: Result, drawn: Drawn) -> Section:
    say = result.say
    excess = str(result.section("tail").get("excess"))
    two = say(
        "Absolute loss is what the holder's own money lost. Excess loss is measured against the product's "
        "own benchmark, as {excess}; a product can lose little in excess and much in absolute terms, so "
        "the two may put the products in a different order. Where the benchmark is cash, they nearly agree.",
        excess=say.name(EXCESS.get(excess, AS_STATED)),
    )
    caption = say(
        "VaR (hatched) and ES (solid) at {level}, {measure}, with {sure} intervals. Each column has its "
        "own scale.",
        level=level(result.headline),
        measure=_lower(result.title(headline_measure(result))),
        sure=confidence(result.section("tail")),
    )
    parts = (
        Shown("headline", tables.headline(result)),
        Note(two, say("Absolute and excess are two questions.")),
        _picture("bars", drawn, caption),
    )
    return Section("products", say("Products side by side"), parts)


def _tail(result: Result, drawn: Drawn) -> Section:
    say = result.say
    lead = say(
        "VaR is the loss exceeded with probability one less the level; ES is the mean of the losses beyond "
        "it. Positive is a loss."
    )
    if any(row.indicative for row in result.tail):
        lead = say.sentences(
            [lead, say("Figures marked † are indicative: they rest on fewer than 1,000 tail points.")]
        )
    caption = say(
        "Distribution of the {measure} by product; the height of a ridge is the logarithm of the number of "
        "paths, and gains beyond the left edge are cut off. Below each ridge: VaR (open marks) and ES "
        "(filled marks) at every level, with their intervals where these are wider than the mark.",
        measure=_lower(result.title(headline_measure(result))),
    )
    parts: list[Part] = [Note(lead), _picture("losses", drawn, caption)]
    parts += [Shown(f"tail-{k}", one) for k, one in enumerate(tables.tails(result), start=1)]
    further = [*risks.risks(result), *risks.contributions(result)]
    parts += [Shown(f"risks-{k}", one) for k, one in enumerate(further, start=1)]
    if result.drift:
        why = say(
            "A product that pays more than it earns loses without any bad path. That loss is in every VaR "
            "and ES over the horizon; here it stands alone."
        )
        parts += [Heading(say("Drift and tail apart")), Note(why), Shown("drift", tables.drift(result))]
    return Section("tail", say("The tail, by measure and level"), tuple(parts))


def _events(result: Result, drawn: Drawn) -> Section | None:
    say = result.say
    if not result.events:
        return None
    caption = say(
        "Density of the standardised spread z over all simulated days (solid), beside the standard Gaussian "
        "(dashed), on a log scale. Above: the number of days beyond each mark, simulated, and expected of "
        "as many Gaussian days. Where the deviation is itself estimated over 250 days, Gaussian returns "
        "would pass seven sigma about ten times as often as the standard Gaussian drawn here: still never."
    )
    parts = (Shown("events", tables.events(result)), _picture("spread", drawn, caption))
    return Section("events", say("Spread events"), parts)


def _accounts(result: Result, drawn: Drawn) -> Section | None:
    say = result.say
    if not result.accounts:
        return None
    parts: list[Part] = [Shown("accounts", tables.accounts(result))]
    if result.funds or result.crowd:
        parts.append(
            Note(
                say(
                    "Margin calls are counted of different books and are different rates: below margin, "
                    "here, is of the product's own book on the terms of this run; called by its broker, "
                    "among the funds, is of the fund that is drawn around that book; the margin call of a "
                    "cohort is of everybody in the crowd who holds such books, at leverages and margins of "
                    "their own."
                )
            )
        )
    return Section("accounts", say("Leveraged accounts"), tuple(parts))


def _funds(result: Result, drawn: Drawn) -> Section | None:
    say = result.say
    if not result.funds:
        return None
    where = (
        say("on every path of the run, so they are in all figures of this page")
        if funds.every_path(result)
        else say("on the first paths of the run")
    )
    lead = say(
        "Funds with their costs, margins, lines, fees and redemptions, {where}: books are held but for what "
        "brokers, lines and investors force. What a fund trades does not move prices.",
        where=where,
    )
    shown = [Shown(f"funds-{k}", one) for k, one in enumerate(funds.tables(result), start=1)]
    return Section("funds", say("The products as funds"), (Note(lead), *shown))


def _crowd(result: Result, drawn: Drawn) -> Section | None:
    say = result.say
    if not result.crowd:
        return None
    lead = say(
        "Prices in this run answer to forced sellers, hedgers, snowball dealers and the state. The figure "
        "shows every path: how far the micro-caps fell in their worst three days, how deep the discount of "
        "the watched future went, and how far the state had to go."
    )
    caption = say(
        "Above: paths by the worst three days of the micro-caps and the largest annualised discount of the "
        "held contract; a mark's size is the logarithm of the number of paths, its kind the commonest stage "
        "of the state's purchases. Below: drawdown of each cohort at the end of the horizon, and how often "
        "its broker called."
    )
    parts = (
        Note(lead),
        _picture("crowd", drawn, caption),
        Shown("crowd-market", crowd.market(result)),
        Shown("crowd-cohorts", crowd.cohorts(result)),
    )
    return Section("crowd", say("The crowd inside the paths"), parts)


def _worst(result: Result, drawn: Drawn) -> Section | None:
    say = result.say
    if not result.components:
        return None
    bands = say(
        "Bands of the worst paths: cumulative return of each bucket, and the product's own value, given a "
        "loss beyond VaR. The typical bad path is the one nearest their mean, each day and bucket over its "
        "own deviation."
    )
    made = say(
        "Expected shortfall by part (Euler): what the stocks of each bucket lose on the worst paths, what "
        "the hedge gives back, what the crowd's and the state's own trades moved, what the basis takes, "
        "styles, the lines of its account where it lives as one (interest, financing, costs, forced "
        "trading, fees), and the rest. The bar's mark is their sum."
    )
    parts = (
        Note(tables.worst_paths(result)),
        _picture("tail", drawn, bands),
        _picture("components", drawn, made),
        Shown("components", tables.components(result)),
    )
    return Section("worst", say("The worst paths, and the components of their losses"), parts)


def _paths(result: Result, drawn: Drawn) -> Section:
    say, first = result.say, ""
    if "fan_paths" in result.curves:
        first = say(", from the first {paths} paths", paths=count(result.curves["fan_paths"].item()))
    fan = say("Quantile bands of the cumulative return of each bucket, on one scale{first}.", first=first)
    regimes = say(
        "Share of paths in each regime on each day, regimes ordered by volatility{first}.", first=first
    )
    parts = (_picture("fan", drawn, fan), _picture("regimes", drawn, regimes))
    return Section("paths", say("The paths behind the figures"), parts)


def _firm(result: Result, drawn: Drawn) -> Section:
    say, soft = result.say, tuple(indicative(result))
    parts: list[Part] = [Shown("firmness", tables.firmness(result))]
    if soft:
        parts += [
            Note(say("A conclusion that needs one of these figures is itself only indicative:")),
            Listing(soft),
        ]
    else:
        parts.append(Note(say("No figure in this report is indicative.")))
    return Section("firm", say("How firm the figures are"), tuple(parts))


def _method(result: Result, drawn: Drawn) -> Section:
    say, market = result.say, result.section("market")
    simulated = market.get("warmup") == "simulated"
    regimes = result.curves["regime_share"].shape[1]
    how = say(
        "{paths} paths of {days} trading days are drawn from a market with {market}, started {start}; the "
        "trailing windows of z are filled by {warmup}. Every product meets the same paths, so differences "
        "between products carry less error than the products themselves. Intervals are at {sure}.",
        paths=_number(result.section("run").get("paths")),
        days=len(result.curves["regime_share"]),
        market=market_words(market, regimes, result),
        start=say.name(START.get(str(market.get("start")), AS_STATED)),
        warmup=say("simulated days") if simulated else say("the history before the first day"),
        sure=confidence(result.section("tail")),
    )
    covered = tables.intervals(result) or say(
        "They cover sampling error only, not error in the parameters or in the model."
    )
    parts = (
        Note(say.sentences([how, covered])),
        Heading(say("What is not modelled")),
        Listing(tuple(_limits(result))),
        Shown("composition", tables.composition(result)),
    )
    return Section("method", say("Method and limitations"), parts)


def _limits(result: Result) -> Iterator[str]:
    """What the record says is left out; of the errors in intervals, what the page says of them elsewhere."""
    for item in result.record.get("limitations") or NO_LIMITS:
        wide = str(item).startswith("Intervals hold ") and tables.intervals(result)
        yield wide or result.say.name(str(item))


def _files(result: Result, drawn: Drawn) -> Section | None:
    rows = tuple(files(result.folder, result.say))
    if not rows:
        return None
    table = Table(result.say("The files beside this page."), (), (("", rows),), numeric=False)
    return Section("files", result.say("Tables and figures as files"), (Shown("files", table),))


def _provenance(result: Result, drawn: Drawn) -> Section:
    say = result.say
    rows = tuple((Cell(say.name(name)), Cell(value)) for name, value in provenance(result))
    table = Table(say("The birth certificate of every figure above."), (), (("", rows),), numeric=False)
    return Section("provenance", say("Provenance"), (Shown("provenance", table),))


def market_words(market: Mapping[str, Any], regimes: int, result: Result | None = None) -> str:
    """The process of returns in words, from the record's [market] and the regimes of its picture."""
    from .language import Say

    say = Say() if result is None else result.say
    if market.get("process", "regimes") != "regimes":
        if market["process"] == "days":
            return say("memory of volatility and of trends, and whole days of history on what is left")
        return say("memory of volatility and of trends, and regimes of shocks on what is left")
    states = int(market.get("states", regimes))
    shocks = say.name(
        {"student": "Student\u2011t", "gaussian": "Gaussian"}.get(str(market.get("shocks")), "random")
    )
    if states == 1:
        return say("1 regime and {shocks} shocks", shocks=shocks)
    return say("{states} regimes and {shocks} shocks", states=states, shocks=shocks)


def indicative(result: Result) -> list[str]:
    """One line a level: which measures have indicative figures, and how wide their intervals are."""
    lines, say = [], result.say
    for at in result.levels:
        soft = [row for row in result.tail if row.level == at and row.indicative]
        if soft:
            widest = max(soft, key=lambda row: row.expected_shortfall.half_width)
            es = widest.expected_shortfall.scaled(100)
            lines.append(
                say(
                    "{level}: {count} figures ({measures}). The widest interval is that of {product}, "
                    "{measure}, {view}: ES {es} % ({es_range}).",
                    level=level(at),
                    count=count(len(soft)),
                    measures=", ".join(
                        _lower(result.title(m)) for m in dict.fromkeys(row.measure for row in soft)
                    ),
                    product=widest.product,
                    measure=_lower(result.title(widest.measure)),
                    view=result.title(widest.view),
                    es=es.text(LOSS_PLACES),
                    es_range=say.cell(es.interval(LOSS_PLACES)),
                )
            )
    return lines


def _picture(key: str, drawn: Drawn, caption: str) -> Picture:
    return Picture(key, drawn[key], caption, f"figures/{key}.svg")


def _number(paths: object) -> str:
    return count(paths) if isinstance(paths, (int, float)) else "an unrecorded number of"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
