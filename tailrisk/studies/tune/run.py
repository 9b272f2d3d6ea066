"""A tuning: one product's style bounds within an ES budget, and the frontier, in a folder of its own."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...core.calendar import YEAR
from ...optimise.paths import Horizon, of_universe, simulate
from ...optimise.robust import robust_shortfall
from ...optimise.scenarios import Scenarios
from ...optimise.tuner import Book, Outcome, evaluate, frontier, resampled, tune
from ...record import provenance
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...tail import expected_shortfall
from ...universe import Universe
from . import page
from .book import Inputs, book_of, read_inputs, swapped
from .config import Loaded, Robust, Tune
from .robust import ROBUST, regrets

Tell = Callable[[float, str], None]
CALM = 16384
"""Paths of one calm day from which the manager's risk model is taken."""
SIMULATED, DRAWN = 0.3, 0.65
"""Shares of the work that are behind once the paths are there, and the frontier."""
DRAWS = 100
LEAST = 1e-6
"""A weight below counts as none."""


def publish(
    loaded: Loaded, universe: Universe, output: Path, *, force: bool, command: str, tell: Tell
) -> Path:
    """Simulate, draw the frontier, tune; write output/<name> and give its path.

    Half of the paths tune, the other half judges.
    Raises InputError where the folder may not be replaced, a file of the user's cannot be used, or the
    mandate holds no portfolio.
    """
    folder = output / loaded.tune.name
    inputs = read_inputs(loaded, universe)
    with replacing(folder, force=force) as scratch:
        _study(loaded, universe, inputs, scratch, command, tell)
        page.write(scratch)
    tell(1.0, "done")
    return folder


def _study(
    loaded: Loaded, universe: Universe, inputs: Inputs, folder: Path, command: str, tell: Tell
) -> None:
    said, started = loaded.tune, time.perf_counter()
    world, styles = assemble(loaded.market), tuple(loaded.market.styles_in_use)
    tell(0.01, "paths")
    horizon = simulate(world, said.paths, styles, chunk=loaded.market.run.chunk)
    calm = replace(assemble(loaded.calm), crowd=None)
    daily = _daily(simulate(calm, CALM, styles), universe)
    tell(SIMULATED, "frontier")
    half = said.paths // 2
    whole, first, last = (
        of_universe(universe, part, futures=True)
        for part in (horizon, horizon.part(slice(0, half)), horizon.part(slice(half, None)))
    )
    book = book_of(said, universe, inputs, horizon.days, daily)
    points = _frontier(said, book, whole, tell)
    tight = evaluate(book, [whole], _tightest(said), level=said.level)
    year = YEAR / horizon.days
    others = [simulate(assemble(one), said.paths, styles, chunk=one.run.chunk) for one in loaded.others]
    halves = [of_universe(universe, one.part(slice(0, half)), futures=True) for one in others]
    found, feasible = _tuned(said, book, [first, *halves], [*points, tight], tell)
    if said.robust != Robust():
        laws = [of_universe(universe, one, futures=True) for one in others]
        write_csv(regrets(said, points, whole, laws, year), folder / ROBUST, digits="%.8g", missing="")
    rows = [_row(said, found, first, last, year) | {"feasible": feasible}]
    rows[0] |= _ends_of(said, whole, points[-1], tight)
    held = pd.DataFrame({"code": universe.ids, "weight": found.weights})
    held = held[held.weight > LEAST]
    held["weight"] /= held.weight.sum()  # so that it is a book that `run` reads
    write_csv(_table(said, points, whole, year), folder / "frontier.csv", digits="%.8g", missing="")
    write_csv(pd.DataFrame(rows), folder / "answer.csv", digits="%.8g", missing="")
    write_csv(held, folder / "weights.csv", digits="%.10f", missing="")
    told = _record(loaded, universe, horizon, command) | {"notes": list(inputs.notes)}
    write_record(folder, told | {"seconds": round(time.perf_counter() - started, 1)})


def _daily(calm: Horizon, universe: Universe) -> np.ndarray:
    """Covariance of a calm day [factor, factor]; a style of the universe that no path simulates has none."""
    known = [*universe.names.factors, *calm.styles]
    covariance = np.zeros((len(universe.factors), len(universe.factors)))
    places = [universe.factors.index(name) for name in known]
    covariance[np.ix_(places, places)] = np.cov(calm.factors)
    return covariance


def _theta(said: Tune, bound: float, *, tight: bool = False) -> list[float]:
    """A point of the frontier: the other bounds loosest, the hedge and the gross as the product has them.

    tight: the other bounds tightest.
    """
    at = 0 if tight else -1
    others = [said.grid(style)[at] for style in said.tuned[1:]]
    rest = [0.0] if said.bounds.swap is not None else []
    gross = [said.product.long] if said.bounds.long else []
    return [bound, *others, said.bounds.micro[at], *rest, *gross]


def _tightest(said: Tune) -> list[float]:
    """Every bound at its tightest."""
    return _theta(said, said.grid(said.tuned[0])[0], tight=True)


def _ends_of(said: Tune, whole: Scenarios, loose: Outcome, tight: Outcome) -> dict[str, float]:
    """ES of the loosest bounds and of the tightest, on all paths, and the interval of what lies between."""
    losses = [loose.losses(whole), tight.losses(whole)]
    draws = resampled(losses, level=said.level, draws=DRAWS, pairs=True)
    low, high = np.quantile(draws[:, 0] - draws[:, 1], [0.025, 0.975])
    return {
        "es_loosest": loose.worst(),
        "es_tightest": tight.worst(),
        "tightest_saves_low": float(low),
        "tightest_saves_high": float(high),
    }


def _frontier(said: Tune, book: Book, whole: Scenarios, tell: Tell) -> list[Outcome]:
    grid = said.grid(said.tuned[0])
    count = len(grid)

    def measure(theta: np.ndarray) -> Outcome:
        point = evaluate(book, [whole], theta, level=said.level)
        done = grid.index(float(theta[0])) + 1
        tell(SIMULATED + (DRAWN - SIMULATED) * done / count, "frontier")
        return point

    return frontier(measure, [_theta(said, bound) for bound in grid])


def _tuned(
    said: Tune, book: Book, sets: list[Scenarios], points: list[Outcome], tell: Tell
) -> tuple[Outcome, bool]:
    """The tuned outcome on the first half of the paths of every law, and whether the budget is kept.

    The search starts where the known points stand on that half: bounds that do not bind have no slope.
    """
    ends = [(said.grid(style)[0], said.grid(style)[-1]) for style in said.tuned]
    ends.append(said.bounds.micro)
    ends += [pair for pair in (said.bounds.swap, said.bounds.long) if pair is not None]
    radius = said.robust.radius
    risk = [
        max(robust_shortfall(p.losses(one), level=said.level, radius=radius) for one in sets) for p in points
    ]
    known = list(zip(risk, points, strict=True))
    within = [p for es, p in known if es <= said.budget]
    start = max(within, key=lambda p: p.alpha) if within else min(known, key=lambda pair: pair[0])[1]
    steps = 0

    def measure(theta: np.ndarray) -> Outcome:
        nonlocal steps
        steps += 1
        tell(DRAWN + (1 - DRAWN) * (1 - 0.9**steps), "tuning")
        return evaluate(book, sets, theta, level=said.level, radius=radius)

    low, high = np.array(ends).T
    found = tune(measure, low, high, said.budget, worst=True, start=start.theta, radius=0.15)
    return found.outcome, found.feasible


def _row(said: Tune, found: Outcome, first: Scenarios, last: Scenarios, year: float) -> dict[str, object]:
    """The answer: what was tuned, what it keeps, and its ES on both halves."""
    draws = resampled([found.losses(last)], level=said.level, draws=DRAWS, pairs=True)[:, 0]
    levers = (*said.tuned, "micro")
    named = dict(zip(levers, found.theta, strict=False))
    if said.bounds.swap is not None:
        named["swap"] = found.theta[len(levers)]
    scale = abs(found.alpha) / 1e4 + 1e-12  # a bound whose unit gives less than this does nothing
    binds = {f"binds_{k}": bool(slope > scale) for k, slope in zip(levers, found.alpha_slope, strict=False)}
    return {
        **{name: float(value) for name, value in named.items()},
        "long": found.gross,
        "budget": said.budget,
        "es": found.worst() if said.robust == Robust() else _plain(said, found, first),
        **({} if said.robust == Robust() else {"es_robust": found.worst()}),
        "es_other_half": float(expected_shortfall(found.losses(last), level=said.level)),
        "es_other_low": float(np.quantile(draws, 0.025)),
        "es_other_high": float(np.quantile(draws, 0.975)),
        "alpha_year": (found.alpha + found.cost) * year,
        "cost_once": found.cost,
        "paths": first.count // 2,
        **binds,
    }


def _plain(said: Tune, found: Outcome, first: Scenarios) -> float:
    return float(expected_shortfall(found.losses(first), level=said.level))


def _table(said: Tune, points: list[Outcome], whole: Scenarios, year: float) -> pd.DataFrame:
    """The frontier, a row a bound, with paired intervals."""
    draws = resampled([p.losses(whole) for p in points], level=said.level, draws=DRAWS, pairs=True)
    saved = draws[:, [-1]] - draws
    rows = [
        {
            f"{said.tuned[0]}_bound": float(p.theta[0]),
            "alpha_year": (p.alpha + p.cost) * year,
            "cost_once": p.cost,
            "es": p.worst(),
            "es_low": np.quantile(draws[:, k], 0.025),
            "es_high": np.quantile(draws[:, k], 0.975),
            "es_saved": points[-1].worst() - p.worst(),
            "es_saved_low": np.quantile(saved[:, k], 0.025),
            "es_saved_high": np.quantile(saved[:, k], 0.975),
            "d_alpha_d_bound_year": p.alpha_slope[0] * year,
            "d_es_d_bound": p.shortfall_slope[0, 0],
        }
        for k, p in enumerate(points)
    ]
    return pd.DataFrame(rows)


def _record(loaded: Loaded, universe: Universe, horizon: Horizon, command: str) -> dict[str, object]:
    names = universe.names
    smallest = names.label(names.role("micro") or names.buckets[-1])
    moved = None if loaded.tune.bounds.swap is None else list(swapped(loaded.tune, universe))
    return {
        "name": loaded.tune.name,
        "swapped": moved,
        "tuned": list(loaded.tune.tuned),
        "smallest": smallest,
        "question": loaded.tune.question,
        "command": command,
        "tune": loaded.tune.model_dump(mode="json"),
        "market_sha256": loaded.market.digest(),
        "universe": universe.label,
        "days": horizon.days,
        **(loaded.tune.report or loaded.market.report).recorded,
        **provenance.stamp(),
    }
