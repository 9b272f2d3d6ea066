"""The answer: a paragraph for each kind of question, of numbers that are in the tables.

What was asked comes first: how likely, how much, what if, who; as the config says, or as the question reads.
"""

from collections.abc import Callable, Mapping

from . import stands
from .estimate import Estimate, at_least, at_most, number
from .folder import Result
from .rows import AccountRow, EventRow, TailRow
from .tables import chance, headline_measure
from .words import LOSS_PLACES, confidence, count, in_words, label, level

ASKS: Mapping[str, tuple[str, ...]] = {
    "how_likely": ("how likely", "how often", "probab", "chance", "odds", "概率", "可能", "多久", "几率"),
    "how_much": ("how much", "lose", "loss", "cost", "多少", "亏", "损失", "跌"),
    "what_if": ("what if", "shock", "stress", "scenario", "如果", "假如", "情景", "压力", "冲击"),
    "who": ("who", "crowd", "made by", "come from", "came from", "谁", "踩踏", "拥挤", "来自"),
}
"""Words of a question that give its kind away."""
MOST = 3
"""Products of the user's own that the answer names one by one."""
WHOLE = 1 - 1e-6
"""Of starting NAV."""
FEW_POINTS = 0.0005
"""A part of drift smaller than this is left out of the answer."""


def answer(result: Result) -> list[str]:
    """Short paragraphs, what was asked first; what is indicative last."""
    told: dict[str, Callable[[Result], list[str]]] = {
        "how_likely": _how_likely,
        "how_much": _how_much,
        "what_if": _what_if,
        "who": _who,
    }
    found = [paragraph for kind in asked(result) for paragraph in told[kind](result)]
    return [words.replace(" %", "\u00a0%") for words in (*found, *_indicative(result)) if words]


def asked(result: Result) -> tuple[str, ...]:
    """Every kind of question, those asked first, in the order they are asked in."""
    return tuple(dict.fromkeys([*read(result), "how_much", "what_if", "how_likely", "who"]))


def read(result: Result) -> list[str]:
    """The kinds of question that the config names, or that the question reads as."""
    said = result.section("report").get("asks")
    first = [kind for kind in said if kind in ASKS] if isinstance(said, list) else []
    question = str(result.record.get("question") or "").lower()
    places = {
        kind: [question.find(word) for word in words if word in question] for kind, words in ASKS.items()
    }
    return first or sorted(
        (kind for kind, found in places.items() if found),
        key=lambda kind: (kind == "how_much", min(places[kind])),  # how much is asked of most things
    )


def happened(event: EventRow, result: Result) -> str:
    """Probability, rate and return period in words; bounds where the event was never seen."""
    say, found = result.say, event.probability.scaled(100)
    if event.count == 0:
        return say(
            "not seen on any of {paths} paths, so its probability over the horizon is at most {most} % and "
            "its return period at least {years} years",
            paths=count(event.paths),
            most=at_most(100 * event.probability.high),
            years=at_least(event.return_period.low),
        )
    return say(
        "seen on {seen} of {paths} paths, a probability of {chance} % over the horizon ({chance_range}), "
        "{rate} such days in ten years ({rate_range}), a return period of {years} years ({years_range})",
        seen=count(event.count),
        paths=count(event.paths),
        chance=found.text(),
        chance_range=say.cell(found.interval()),
        rate=event.rate.text(),
        rate_range=say.cell(event.rate.interval()),
        years=event.return_period.text(),
        years_range=say.cell(event.return_period.interval()),
    )


def horizon(result: Result) -> str:
    """`60 trading days`."""
    days = len(result.curves["regime_share"])
    return result.say("one trading day") if days == 1 else result.say("{days} trading days", days=days)


def _how_likely(result: Result) -> list[str]:
    """Every event where that was asked, else the first."""
    say = result.say
    most = len(result.events) if "how_likely" in read(result) else 1
    told = [
        say(
            "{event} ({described}): {happened}.",
            event=_capital(result.title(event.event)),
            described=in_words(event.description, result.labels, say).rstrip("."),
            happened=happened(event, result),
        )
        for event in result.events[:most]
    ]
    return [say.sentences(told)]


def _how_much(result: Result) -> list[str]:
    if result.own:
        return [*(_product(result, product) for product in result.own[:MOST]), _others(result)]
    told = [_worst(result, view) for view in result.views]
    last = [_account(result, account) for account in result.accounts]
    return [*told, result.say.sentences(last)]


def _product(result: Result, product: str) -> str:
    """One product: ES and VaR in every view, what of it is drift, and what happens to its account."""
    say, told = result.say, []
    for view in result.views:
        row = result.row(product, view, headline_measure(result), result.headline)
        told.append(
            say(
                "{where}, {name} has an expected shortfall at {level} of {es} % of starting NAV ({sure} "
                "interval {es_range}), with VaR {var} % ({var_range}).",
                **_figures(result, row, view),
            )
        )
        told += _beside(result, row)
    told += [_account(result, account) for account in result.accounts if account.product == product]
    return say.sentences(told)


def _others(result: Result) -> str:
    """The worst and the mildest of the products that are not the user's own."""
    measure, at, say = headline_measure(result), result.headline, result.say
    others = [p for p in result.products if p not in result.own[:MOST]]
    if len(others) < 2:
        return ""
    found = [result.row(p, result.views[0], measure, at) for p in others]
    worst = max(found, key=lambda row: row.expected_shortfall.value)
    least = min(found, key=lambda row: row.expected_shortfall.value)
    return say(
        "Of the other products {worst} carries the largest expected shortfall, {most} % ({most_range}), and "
        "{least} the smallest, {fewest} % ({fewest_range}).",
        worst=_name(result, worst.product),
        most=_loss(worst.expected_shortfall),
        most_range=_range(result, worst.expected_shortfall),
        least=_name(result, least.product),
        fewest=_loss(least.expected_shortfall),
        fewest_range=_range(result, least.expected_shortfall),
    )


def _worst(result: Result, view: str) -> str:
    measure, at, say = headline_measure(result), result.headline, result.say
    found = [result.row(product, view, measure, at) for product in result.products]
    worst = max(found, key=lambda row: row.expected_shortfall.value)
    least = min(found, key=lambda row: row.expected_shortfall.value)
    told = [
        say(
            "{where}, {name} carries the largest expected shortfall at {level}: {es} % of starting NAV "
            "({sure} interval {es_range}), with VaR {var} % ({var_range}).",
            **_figures(result, worst, view),
        ),
        *_beside(result, worst),
    ]
    if len(found) > 1:
        told.append(
            say(
                "The smallest is that of {name}: {es} % ({es_range}).",
                name=_name(result, least.product),
                es=_loss(least.expected_shortfall),
                es_range=_range(result, least.expected_shortfall),
            )
        )
    return say.sentences(told)


def _figures(result: Result, row: TailRow, view: str) -> dict[str, str]:
    say = result.say
    where = {
        "absolute": say("In absolute terms, over {horizon}", horizon=horizon(result)),
        "excess": say("Against its own benchmark (excess)"),
    }.get(view, view)
    return {
        "where": where,
        "name": _name(result, row.product),
        "level": level(result.headline),
        "es": _loss(row.expected_shortfall),
        "sure": confidence(result.section("tail")),
        "es_range": _range(result, row.expected_shortfall),
        "var": _loss(row.value_at_risk),
        "var_range": _range(result, row.value_at_risk),
    }


def _beside(result: Result, row: TailRow) -> list[str]:
    """What has to stand beside an ES: that it is saturated, that it is indicative, and the drift in it."""
    say, told = result.say, []
    if row.saturated and row.expected_shortfall.value >= WHOLE:
        told.append(say("That is all there is to lose."))
    elif row.saturated:
        told.append(say("It stands at an edge: many of its worst paths lose just this."))
    if row.indicative:
        told.append(say("It is indicative only."))
    if row.drift is not None and row.view == "absolute" and row.measure == "terminal":
        told.append(_drift(result, row))
    return [part for part in told if part]


def _drift(result: Result, row: TailRow) -> str:
    """The mean loss in an ES, where there is one, and its largest parts."""
    say, drift = result.say, row.drift
    if drift is None or drift.low <= 0:
        return ""
    parts = [part for part in result.drift if part.product == row.product and part.part != "drift"]
    parts = [part for part in parts if abs(part.estimate.value) > FEW_POINTS]
    largest = sorted(parts, key=lambda part: -abs(part.estimate.value))[:4]
    made = say.listed([f"{result.title(part.part)} {_loss(part.estimate)}" for part in largest])
    return say(
        "Of it {drift} points are drift, a mean loss that needs no bad path ({made}).",
        drift=_loss(drift),
        made=made or say("its parts are each small"),
    )


def _what_if(result: Result) -> list[str]:
    """Every scenario for the product that leads: four columns as a sentence."""
    leads = (*result.own[:MOST], worst_product(result))[:1]
    return [stands.sentence(result, scenario, leads[0]) for scenario in stands.scenarios(result)]


def worst_product(result: Result) -> str:
    """The product with the largest ES in the first view."""
    measure, at = headline_measure(result), result.headline
    return max(
        result.products,
        key=lambda p: result.row(p, result.views[0], measure, at).expected_shortfall.value,
    )


def _who(result: Result) -> list[str]:
    """What of the ES is the crowd's own trades, and which cohorts bleed."""
    return [_crowds_part(result), _bleeds(result)] if result.crowd else []


def _crowds_part(result: Result) -> str:
    say = result.say
    made = {row.product: row for row in result.components if row.part == "crowd"}
    if not made:
        return ""
    at = next(iter(made.values())).level
    first = [p for p in result.own if p in made]
    first += sorted((p for p in made if p not in first), key=lambda p: -made[p].estimate.value)
    whole = {p: result.row(p, "absolute", "terminal", at) for p in first}
    told = [
        say(
            "{part} of {es} points for {name}",
            part=_loss(made[p].estimate) + say.aside(_range(result, made[p].estimate)),
            es=_loss(whole[p].expected_shortfall),
            name=_name(result, p),
        )
        for p in first[:MOST]
    ]
    soft = say("indicative only") if any(made[p].indicative for p in first[:MOST]) else ""
    return say(
        "Of the expected shortfall at {level}, the trades of the crowd and the state made {told}; the rest "
        "came from outside{soft}.",
        level=level(at),
        told=say.listed(told),
        soft=say.aside(soft) if soft else "",
    )


def _bleeds(result: Result) -> str:
    say, at = result.say, result.headline
    deep = {name: result.of_crowd("drawdown", "expected_shortfall", name, at) for name in result.cohorts}
    known = {name: row for name, row in deep.items() if row is not None}
    if not known:
        return ""
    name = max(known, key=lambda cohort: known[cohort].estimate.value)
    called = {c: result.of_crowd("called", "probability", c) for c in result.cohorts}
    often = max((row.estimate.value, c) for c, row in called.items() if row is not None)[1]
    row = called[often]
    assert row is not None
    if often == name:
        return say(
            "{deepest} bleed most: an expected drawdown of {es} % ({es_range}) on the worst paths at "
            "{level}, and a margin call on {called} of all paths.",
            deepest=known[name].label or name,
            es=_loss(known[name].estimate),
            es_range=_range(result, known[name].estimate),
            level=level(at),
            called=chance(row.estimate, result),
        )
    return say(
        "{deepest} bleed most: an expected drawdown of {es} % ({es_range}) on the worst paths at {level}. "
        "{often} are called for margin on most paths: {called} of them.",
        deepest=known[name].label or name,
        es=_loss(known[name].estimate),
        es_range=_range(result, known[name].estimate),
        level=level(at),
        often=row.label or often,
        called=chance(row.estimate, result),
    )


def _account(result: Result, account: AccountRow) -> str:
    return result.say(
        "{name} falls below its margin on {below} of paths and is wiped out on {gone}.",
        name=_name(result, account.product),
        below=chance(account.margin_breach, result),
        gone=chance(account.wipe_out, result),
    )


def _indicative(result: Result) -> list[str]:
    soft = [at for at in result.levels if any(row.indicative for row in result.tail if row.level == at)]
    if not soft:
        return []
    fewest = min(row.tail_points for row in result.tail if row.level in soft)
    return [
        result.say(
            "Figures at {levels} are indicative only: they rest on as few as {points} tail points.",
            levels=result.say.listed([level(at) for at in soft]),
            points=number(fewest, 0),
        )
    ]


def _name(result: Result, product: str) -> str:
    return label(result.section("products"), product)


def _loss(loss: Estimate) -> str:
    return loss.scaled(100).text(LOSS_PLACES)


def _range(result: Result, loss: Estimate) -> str:
    return result.say.cell(loss.scaled(100).interval(LOSS_PLACES))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
