"""Getting out, measured: the optimum and four plain schedules on paths, with and without the restriction."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ...config import load
from ...core import disk
from ...core.errors import InputError
from ...core.names import Names
from ...data.book_rows import Market, read_rows
from ...data.holdings import read_holdings
from ...optimise import Portfolio
from ...record.publishing import publish
from ...record.store import free
from ...report import study as report
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from ...tail import expected_shortfall
from .config import Terms
from .execution import Sale, carried_out, schedules
from .optimum import optimal
from .page import QUESTION, page, picture
from .paths import Days, days
from .problem import Array, Prices, Problem, prices, problem

Tell = Callable[[float, str], None]
RESAMPLES = 200
HORIZONS = {"large": 10, "small": 20}
"""Days that Basel MAR33.12 takes for equity of large and of small capitalisation."""


class Outcome(NamedTuple):
    """One book's ways out."""

    table: pd.DataFrame  # a row a schedule
    schedule: pd.DataFrame  # a row a slice and bucket: the optimum
    exits: Array  # [path]  days to exit at the cap, as fast as the rules allow
    answer: Portfolio


def liquidity(terms: Terms, amounts: Mapping[str, float], days: Days, names: Names, seed: int = 0) -> Outcome:
    """The ways out of a book of so many billions by bucket.

    The optimum is made on the first `scenarios` paths and judged on the others, as all schedules are.
    InputError: amounts that are none, or too few paths.
    """
    sale = problem(terms, dict(amounts), names)
    seen = prices(terms, days, names, sale.buckets, seed)
    known = min(terms.paths.scenarios, days.paths // 2)
    learn, judge = _some(seen, slice(0, known)), _some(seen, slice(known, None))
    fills = learn.filled[: sale.last].mean(axis=2)
    best, answer = optimal(sale, learn, fills)
    sent = best / (fills * (1.0 - sale.refused))  # ordered, so that the plan is what is expected to trade
    rows, exits = [], np.zeros(0)
    for name, schedule in {"optimal": sent, **schedules(sale)}.items():
        done = carried_out(sale, judge, schedule, capped=name != "immediate")
        rows.append({"schedule": name, **figures(done, sale, terms.paths.window)})
        exits = done.days if name == "POV" else exits
    return Outcome(pd.DataFrame(rows), _schedule(sale, best, sum(amounts.values())), exits, answer)


def figures(done: Sale, sale: Problem, window: int) -> dict[str, float]:
    """Percent of the book with half widths of 95 % intervals, objective, days to exit."""
    level = sale.level
    rng = np.random.default_rng(1)
    picks = rng.integers(0, len(done.loss), size=(RESAMPLES, len(done.loss)))
    tails = [float(expected_shortfall(done.loss[pick], level=level)) for pick in picks]
    objectives = [
        float(done.cost[pick].mean())
        + sale.aversion * float(expected_shortfall(done.shortfall[pick], level=level))
        for pick in picks
    ]
    risk = float(expected_shortfall(done.shortfall, level=level))
    exits = np.quantile(done.days, [0.1, 0.5, 0.9], method="higher")
    half = 196.0 / np.sqrt(len(done.loss))
    return {
        "cost": 100 * float(done.cost.mean()),
        "cost_half": half * float(done.cost.std()),
        "mean_loss": 100 * float(done.loss.mean()),
        "mean_half": half * float(done.loss.std()),
        "es": 100 * float(expected_shortfall(done.loss, level=level)),
        "es_half": 196 * float(np.std(tails)),
        "es_90": 100 * float(expected_shortfall(done.loss, level=0.9)),
        "objective": 100 * (float(done.cost.mean()) + sale.aversion * risk),
        "objective_half": 196 * float(np.std(objectives)),
        "unsold": 100 * float(done.unsold.mean()),
        "days_10": float(exits[0]),
        "days_50": float(exits[1]),
        "days_90": float(exits[2]),
        "beyond_10": 100 * float((done.days > HORIZONS["large"]).mean()),
        "beyond_20": 100 * float((done.days > HORIZONS["small"]).mean()),
        "beyond_window": 100 * float((done.days > window).mean()),
    }


def read_book(
    path: Path, names: Names, value: float | None, universe: Path | None = None
) -> dict[str, float]:
    """Billions of each bucket in a file of holdings.

    value: billions of the whole book, needed where the file has weights only. InputError: a file that is no
    book, or no value.
    """
    book = read_holdings(path, names, (), universe)
    if value is None:
        rows, _ = read_rows(path, Market(names, ()), need_size=universe is None)
        cells = rows[0].cell
        if "value" not in cells and not {"quantity", "price"} <= set(cells):
            raise InputError("--value", "the file has weights, no yuan", "billions of yuan of the whole book")
        each = [
            float(r.cell["value"]) if "value" in cells else float(r.cell["quantity"]) * float(r.cell["price"])
            for r in rows
        ]
        value = sum(each) / 1e9
    if not (np.isfinite(value) and value > 0):
        raise InputError("--value", f"{value:g}", "billions of yuan, above zero")
    return {bucket: weight * value for bucket, weight in book.weights.items() if weight > 0}


def cohorts(terms: Terms, bucket: str = "micro") -> dict[str, dict[str, float]]:
    """Billions of a bucket that each cohort of the paths' crowd holds, by cohort.

    InputError: a config without a crowd.
    """
    crowd = load(terms.paths.config, terms.paths.overrides).attached.crowd
    if crowd is None:
        raise InputError("paths.config", repr(terms.paths.config), "a config with a crowd")
    books = {
        name: {bucket: cohort.assets * cohort.weights.get(bucket, 0.0)}
        for name, cohort in crowd.participants.cohorts.items()
    }
    return {name: book for name, book in books.items() if book[bucket] > 0}


def study(
    terms: Terms,
    books: Mapping[str, Mapping[str, float]],
    output: Path,
    *,
    force: bool = False,
    command: str = "",
    tell: Tell = lambda done, what: None,
) -> tuple[Path, pd.DataFrame]:
    """Every book's ways out under the terms, without the first and last half hours, and with a full hedge.

    Writes output/<name> and gives it with the table. InputError: as `liquidity`.
    """
    folder = output / terms.name
    free(folder, force=force)
    tell(0.0, "paths")
    market, names = days(terms.paths)
    rows, plans, exits = [], [], {}
    rules = variants(terms)
    jobs = [(book, rule) for book in books for rule in rules]
    for k, (book, rule) in enumerate(jobs):
        tell(0.2 + 0.8 * k / len(jobs), book)
        found = liquidity(rules[rule], books[book], market, names)
        whole = sum(books[book].values())
        rows.append(_labelled(found.table, book, rule, whole, found.answer.warning))
        plans.append(found.schedule.assign(book=book, rules=rule))
        exits[book, rule] = found.exits
    table, plan = pd.concat(rows, ignore_index=True), pd.concat(plans, ignore_index=True)
    days_table = _exits(exits, terms.paths.window)
    facts = {
        "kind": "liquidity",
        "question": QUESTION,
        "command": command,
        "terms": terms.model_dump(mode="json"),
        "books": {name: dict(book) for name, book in books.items()},
        "paths": market.paths,
        **terms.report.recorded,
    }
    tables = {"schedules": table, "optimum": plan, "exits": days_table}
    text = page(terms, table, market.paths, _halved(terms, books, market, names), command)

    def finish(place: Path) -> None:
        with printing(place, BOTH):
            disk.write(place / "exits.svg", picture(days_table, Say.of(facts)))
        report.write(place)

    publish(folder, terms.name, tables, text, facts, finish=finish)
    return folder, table


def _halved(
    terms: Terms, books: Mapping[str, Mapping[str, float]], market: Days, names: Names
) -> dict[str, float]:
    """Percent of the paths on which a bucket that is sold falls by more than half before the deadline."""
    sold = dict.fromkeys(bucket for book in books.values() for bucket in book)
    level = np.cumprod(1.0 + market.returns[: terms.deadline], axis=0).min(axis=0)
    return {bucket: 100 * float((level[names.bucket(bucket)] < 0.5).mean()) for bucket in sold}


def variants(terms: Terms) -> dict[str, Terms]:
    """The terms themselves, called free, and what they are beside: restricted, and hedged one for one."""
    found = {"free": terms}
    if not terms.rules.restricted:
        rules = terms.rules.model_copy(update={"restricted": True})
        found["restricted"] = terms.model_copy(update={"rules": rules})
    if terms.hedge.ratio == 0.0:
        hedge = terms.hedge.model_copy(update={"ratio": 1.0})
        found["hedged"] = terms.model_copy(update={"hedge": hedge})
    return found


def _some(seen: Prices, chosen: slice) -> Prices:
    return Prices(
        seen.sale[..., chosen], seen.close[..., chosen], seen.hedge[..., chosen], seen.filled[..., chosen]
    )


def _schedule(sale: Problem, best: Array, whole: float) -> pd.DataFrame:
    """The optimum a row a slice and bucket, in billions."""
    rows = [
        {
            "day": t // sale.slices + 1,
            "slice": t % sale.slices + 1,
            "bucket": bucket,
            "sell": whole * best[t, k],
        }
        for t in range(len(best))
        for k, bucket in enumerate(sale.buckets)
    ]
    return pd.DataFrame(rows)


def _labelled(table: pd.DataFrame, book: str, rule: str, whole: float, warning: str) -> pd.DataFrame:
    front = pd.DataFrame({"book": book, "rules": rule, "billions": whole}, index=table.index)
    return pd.concat([front, table.assign(warning=warning)], axis=1)


def _exits(exits: Mapping[tuple[str, str], Array], window: int) -> pd.DataFrame:
    """Days to exit at the cap: a row a book, rule and day, the fraction out by then."""
    rows = [
        {"book": book, "rules": rule, "day": day, "out": float((value <= day).mean())}
        for (book, rule), value in exits.items()
        for day in range(1, window + 1)
    ]
    return pd.DataFrame(rows)
