"""What the crowd did inside the paths: two tables and a line or two of text."""

from .estimate import Estimate
from .folder import Result
from .rows import CrowdRow
from .tables import Cell, Table, chance
from .words import LOSS_PLACES, confidence, level, short

NAMES = {
    "worst_3_days": "Worst three days of the micro-caps, % lost",
    "peak_discount": "Largest discount at a month at a close, % a year",
    "knocked_in": "Snowballs knocked in, % of notional",
    "state_spent": "Bought by the state, billion yuan",
}
STATISTICS = {"value_at_risk": "VaR", "expected_shortfall": "ES", "quantile": "quantile"}


def market(result: Result) -> Table:
    """What prices, basis, notes and the state went through: mean, and a statistic at every level."""
    rows, say = [], result.say
    for quantity, english in NAMES.items():
        name = say.name(english)
        means = [r for r in result.crowd if (r.quantity, r.statistic) == (quantity, "mean")]
        for mean in means:
            for statistic, said in STATISTICS.items():
                found = [result.of_crowd(quantity, statistic, mean.subject, at) for at in result.levels]
                if any(found):
                    about = say.name(said) + (f", {result.title(mean.subject)}" if mean.subject else "")
                    rows.append((Cell(name, about), _cell(mean), *(_cell(row) for row in found)))
    stages = [r for r in result.crowd if r.quantity == "stage"]
    rows += [
        (Cell(say("The state's stage {stage}", stage=r.subject), say("% of paths")), _share(r, result))
        for r in stages
    ]
    blank = [(*row, *[Cell("")] * (len(result.levels) + 2 - len(row))) for row in rows]
    heads = ("", say("Mean or % of paths"), *(level(at) for at in result.levels))
    caption = say(
        "The market with the crowd in it, with {sure} intervals in small type; those of a percentage of "
        "paths are exact. The ledger of every yuan, share and order closes to {residual} of the initial "
        "holdings on the worst path: rounding error.",
        sure=_sure(result),
        residual=residual(result),
    )
    return Table(caption, heads, (("", tuple(blank)),))


def cohorts(result: Result) -> Table:
    """Each cohort: drawdown at the end of the horizon, margin calls, and what it owes its brokers."""
    rows = []
    for name in result.cohorts:
        mean = result.of_crowd("drawdown", "mean", name)
        deep = [result.of_crowd("drawdown", "expected_shortfall", name, at) for at in result.levels]
        odds = [_share(result.of_crowd(what, "probability", name), result) for what in ("called", "short")]
        owed = result.of_crowd("shortfall", "mean", name)
        label = mean.label if mean and mean.label else name
        rows.append((Cell(label, name), _cell(mean), *map(_cell, deep), *odds, _cell(owed)))
    say = result.say
    heads = (
        say("Cohort"),
        say("Mean drawdown"),
        *(f"ES {level(at)}" for at in result.levels),
        say("Margin call, % of paths"),
        say("Loss to its broker, % of paths"),
        say("Mean loss to its broker, billion yuan"),
    )
    caption = say(
        "The cohorts: drawdown of net asset value from its high-water mark at the end of the horizon, in "
        "%, how often there was a margin call, and a loss to the broker, with {sure} intervals.",
        sure=_sure(result),
    )
    return Table(caption, heads, (("", tuple(rows)),))


def lines(result: Result) -> list[str]:
    """The crowd in a few lines of text, for the terminal and the figure's description."""
    at = result.headline
    said = []
    loss, es = (
        result.of_crowd("worst_3_days", s, result.role("micro") or "", at)
        for s in ("value_at_risk", "expected_shortfall")
    )
    if loss and es:
        said.append(
            f"crowd: micro-caps over their worst three days lose VaR {_text(loss)}, ES {_text(es)} % "
            f"at {level(at)}"
        )
    watched = result.role("discount") or ""
    deep = result.of_crowd("peak_discount", "quantile", watched, at)
    if deep:
        said.append(f"crowd: largest discount of {watched} {_text(deep)} % a year at {level(at)}")
    stages = [f"{r.subject}: {chance(r.estimate, result)}" for r in result.crowd if r.quantity == "stage"]
    if stages:
        said.append(f"crowd: paths on which the state reaches stage {', '.join(stages)}")
    for name in result.cohorts:
        es, called, owes = (
            result.of_crowd("drawdown", "expected_shortfall", name, at),
            result.of_crowd("called", "probability", name),
            result.of_crowd("short", "probability", name),
        )
        if es and called and owes and (called.estimate.value > 0 or owes.estimate.value > 0):
            calls, owed = (chance(row.estimate, result) for row in (called, owes))
            said.append(
                f"{short(es.label or name, 30)}: ES of drawdown {_text(es)} % at {level(at)}, margin call on "
                f"{calls} of paths, loss to its broker on {owed}"
            )
    return [*said, f"crowd: largest residual of the ledger {residual(result)}"] if said else []


def residual(result: Result) -> str:
    """The ledger's largest residual, over initial holdings."""
    found = result.of_crowd("residual", "largest")
    return "not recorded" if found is None else f"{found.estimate.value:.1e}"


def _cell(row: CrowdRow | None) -> Cell:
    if row is None:
        return Cell("not recorded")
    found = _shown(row)
    return Cell(found.text(LOSS_PLACES), found.interval(LOSS_PLACES), row.indicative)


def _share(row: CrowdRow | None, result: Result) -> Cell:
    if row is None:
        return Cell("not recorded")
    found = row.estimate
    return Cell(chance(found, result), "" if found.value == 0 else found.scaled(100).interval(LOSS_PLACES))


def _shown(row: CrowdRow) -> Estimate:
    """In per cent, but money as it is."""
    return row.estimate if row.unit == "billion yuan" else row.estimate.scaled(100)


def _text(row: CrowdRow) -> str:
    found = _shown(row)
    return f"{found.text(LOSS_PLACES)} ({found.interval(LOSS_PLACES)})"


def _sure(result: Result) -> str:
    return confidence(result.section("tail"))
