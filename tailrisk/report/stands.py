"""Four columns a product: an episode as it was, a shock alone, what goes with it, and with the crowd."""

from .folder import Result
from .rows import ScenarioRow
from .tables import Cell, Table
from .words import LOSS_PLACES, confidence, label, level

COLUMNS = ("replay", "shock", "transitive", "endogenous")


def scenarios(result: Result) -> list[str]:
    """Names of the scenarios that are shocks; where there is none, of the episodes."""
    shocks = [row.scenario for row in result.scenarios if row.column != "replay"]
    return list(dict.fromkeys(shocks or [row.scenario for row in result.scenarios]))


def episodes(result: Result) -> list[str]:
    """Names of the episodes replayed."""
    return list(dict.fromkeys(row.scenario for row in result.scenarios if row.column == "replay"))


def tables(result: Result) -> list[Table]:
    """One table a scenario: a row a product, a column for each way of looking."""
    return [_table(result, scenario) for scenario in scenarios(result)]


def _table(result: Result, scenario: str) -> Table:
    say, met = result.say, episodes(result)
    rows = []
    for product in result.products:
        name = label(result.section("products"), product)
        old = [_cell(result, episode, "replay", product) for episode in met] or [_absent(result, "replay")]
        given = [_cell(result, scenario, column, product) for column in COLUMNS[1:]]
        rows.append((Cell(name, product if name != product else ""), *old, *given))
    heads = [say("Historical: {episode}", episode=episode) for episode in met] or [say("Historical")]
    heads += [say("Shock alone"), say("Transitive"), say("Endogenous")]
    caption = say(
        "{scenario}: loss over {days} trading days, % of starting NAV, four ways; {sure} intervals in "
        "small type, of a replay the 10 to 90 % range of the funds around the book. Positive is a loss.",
        scenario=scenario,
        days=len(result.curves["regime_share"]),
        sure=confidence(result.section("tail")),
    )
    return Table(caption, (say("Product"), *heads), (("", tuple(rows)),))


def explained(result: Result) -> tuple[tuple[str, str], ...]:
    """What each column is, in a sentence, and why one is empty."""
    say = result.say
    replay = say(
        "the product on the prices that were, its book held but for what brokers and investors force; at its "
        "deepest in small type."
    )
    if not episodes(result):
        replay = say(
            "none named: an episode needs your own prices; `tailrisk replay` makes a folder of them, and "
            "`scenarios.episodes` names it."
        )
    crowd = say(
        "the same shock from outside, with forced sellers, desks and the state trading on the same paths; "
        "what they add, paired path by path, in small type."
    )
    if not result.crowd:
        crowd = say("none: this run has no crowd in its paths; a [crowd] block adds it.")
    return (
        (say("Historical"), replay),
        (
            say("Shock alone"),
            say(
                "the small bucket and those beyond it move by the shock in one step, everything else stands "
                "still: exact, so without an interval."
            ),
        ),
        (
            say("Transitive"),
            say(
                "mean loss given that the spread moves by the shock over the horizon, everything else as on "
                "the run's own paths without a crowd, by a line through the paths nearest to the shock; † "
                "where they are far from it."
            ),
        ),
        (say("Endogenous"), crowd),
    )


def sentence(result: Result, scenario: str, product: str) -> str:
    """The four columns of one product and scenario in a sentence."""
    say, name = result.say, label(result.section("products"), product)
    told = []
    for episode in episodes(result):
        row = row_named(result, episode, "replay", product)
        if row is not None and row.loss is not None:
            told.append(say("{loss} % in {episode}", loss=_text(row), episode=episode))
    words = {
        "shock": say("where nothing else moves"),
        "transitive": say("with what goes with it"),
        "endogenous": say("with the crowd as well"),
    }
    for column, where in words.items():
        row = row_named(result, scenario, column, product)
        if row is not None and row.loss is not None:
            sure = say.aside(row.loss.scaled(100).interval(LOSS_PLACES)) if column != "shock" else ""
            told.append(say("{loss} %{range} {where}", loss=_text(row), range=sure, where=where))
    if not told:
        return ""
    return say("{scenario}: {name} loses {told}.", scenario=scenario, name=name, told=say.listed(told))


def row_named(
    result: Result, scenario: str, column: str, product: str, statistic: str = "mean"
) -> ScenarioRow | None:
    """The row so named; None where the run has none."""
    wanted = (scenario, column, product, statistic)
    rows = (r for r in result.scenarios if (r.scenario, r.column, r.product, r.statistic) == wanted)
    return next(rows, None)


def _cell(result: Result, scenario: str, column: str, product: str) -> Cell:
    say, row = result.say, row_named(result, scenario, column, product)
    if row is None:
        return _absent(result, column)
    if row.loss is None:
        return Cell(say("out of reach"), say("{paths} paths as far", paths=row.paths))
    loss = row.loss.scaled(100)
    small = [loss.interval(LOSS_PLACES)] if loss.low < loss.high else []
    deepest = row_named(result, scenario, column, product, "deepest")
    if deepest is not None:
        small.append(say("deepest {loss}", loss=_text(deepest)))
    beyond = row_named(result, scenario, column, product, "quantile")
    if beyond is not None and beyond.level is not None:
        mark = "†" if beyond.indicative else ""
        small.append(say("{level} worst {loss}", level=level(beyond.level), loss=_text(beyond) + mark))
    added = row_named(result, scenario, "crowd", product) if column == "endogenous" else None
    if added is not None and added.loss is not None:
        part = added.loss.scaled(100)
        small.append(
            say("crowd {part} ({range})", part=part.text(LOSS_PLACES), range=part.interval(LOSS_PLACES))
        )
    return Cell(loss.text(LOSS_PLACES), "\n".join(small), row.indicative)


def _absent(result: Result, column: str) -> Cell:
    say = result.say
    return Cell("–", say("no replay named") if column == "replay" else say("no crowd in this run"))


def _text(row: ScenarioRow) -> str:
    return "" if row.loss is None else row.loss.scaled(100).text(LOSS_PLACES)
