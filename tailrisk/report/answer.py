"""The answer: a paragraph of numbers, each of them taken from the tables."""

from .estimate import Estimate, at_least, at_most, number
from .folder import Result
from .rows import AccountRow, EventRow, TailRow
from .words import LOSS_PLACES, confidence, count, label, level, listed, spoken, title


def answer(result: Result) -> list[str]:
    """Short paragraphs: worst and mildest product in each view, events, accounts and what is indicative."""
    said = [_worst(result, view) for view in result.views]
    said.append(" ".join(_event(result, event) for event in result.events))
    last = [_account(result, account) for account in result.accounts] + _indicative(result)
    return [words.replace(" %", "\u00a0%") for words in (*said, " ".join(last)) if words]


def headline_measure(result: Result) -> str:
    """The loss over the horizon, or the first measure where that was not asked for."""
    return "terminal" if "terminal" in result.measures else result.measures[0]


def happened(event: EventRow) -> str:
    """Probability, rate and return period in words; bounds where the event was never seen."""
    found = event.probability.scaled(100)
    if event.count == 0:
        return (
            f"not seen on any of {count(event.paths)} paths, so its probability over the horizon is at most "
            f"{at_most(100 * event.probability.high)} % and its return period at least "
            f"{at_least(event.return_period.low)} years"
        )
    return (
        f"seen on {count(event.count)} of {count(event.paths)} paths, "
        f"a probability of {found.text()} % over the horizon ({found.interval()}), "
        f"{event.rate.text()} such days in ten years ({event.rate.interval()}), "
        f"a return period of {event.return_period.text()} years ({event.return_period.interval()})"
    )


def _worst(result: Result, view: str) -> str:
    measure, at = headline_measure(result), result.headline
    found = [result.row(product, view, measure, at) for product in result.products]
    worst = max(found, key=lambda row: row.expected_shortfall.value)
    least = min(found, key=lambda row: row.expected_shortfall.value)
    where = {
        "absolute": f"In absolute terms, over {_horizon(result)}",
        "excess": "Against its own benchmark (excess)",
    }.get(view, view)
    said = (
        f"{where}, {_name(result, worst)} carries the largest expected shortfall at {level(at)}: "
        f"{_loss(worst.expected_shortfall)} % of starting NAV "
        f"({confidence(result.section('tail'))} interval {_range(worst.expected_shortfall)}), "
        f"with VaR {_loss(worst.value_at_risk)} % ({_range(worst.value_at_risk)})."
    )
    if len(found) > 1:
        said += (
            f" The smallest is that of {_name(result, least)}: {_loss(least.expected_shortfall)} % "
            f"({_range(least.expected_shortfall)})."
        )
    return said


def _horizon(result: Result) -> str:
    days = len(result.curves["regime_share"])
    return f"{days} trading days" if days != 1 else "one trading day"


def _name(result: Result, row: TailRow) -> str:
    return label(result.section("products"), row.product)


def _loss(loss: Estimate) -> str:
    return loss.scaled(100).text(LOSS_PLACES)


def _range(loss: Estimate) -> str:
    return loss.scaled(100).interval(LOSS_PLACES)


def _event(result: Result, event: EventRow) -> str:
    described = spoken(event.description, result.labels).rstrip(".")
    return f"{title(event.event).capitalize()} ({described}): {happened(event)}."


def _account(result: Result, account: AccountRow) -> str:
    name = label(result.section("products"), account.product)
    return (
        f"{name} falls below its margin on {chance(account.margin_breach)} of paths "
        f"and is wiped out on {chance(account.wipe_out)}."
    )


def chance(found: Estimate) -> str:
    """A probability in per cent, as an upper bound where nothing was seen."""
    if found.value == 0:
        return f"at most {at_most(100 * found.high)} %"
    return f"{found.scaled(100).text()} %"


def _indicative(result: Result) -> list[str]:
    soft = [at for at in result.levels if any(row.indicative for row in result.tail if row.level == at)]
    if not soft:
        return []
    fewest = min(row.tail_points for row in result.tail if row.level in soft)
    return [
        f"Figures at {listed([level(at) for at in soft])} are indicative only: "
        f"they rest on as few as {number(fewest, 0)} tail points."
    ]
