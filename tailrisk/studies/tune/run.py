"""A tuning: one product's style bounds within an ES budget, and the frontier, in a folder of its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...core.calendar import YEAR
from ...core.errors import InputError
from ...optimise.mandate import Desk, Product, costly, costs, mandate, swap
from ...optimise.paths import Horizon, of_universe, simulate
from ...optimise.scenarios import Scenarios
from ...optimise.tuner import Book, Outcome, evaluate, frontier, resampled, tune
from ...record import provenance
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...tail import expected_shortfall
from ...universe import Universe
from . import page
from .config import Loaded, Tune

Tell = Callable[[float, str], None]
CALM = 16384
"""Paths of one calm day from which the manager's risk model is taken."""
SIMULATED, DRAWN = 0.3, 0.65
"""Shares of the work that are behind once the paths are there, and the frontier."""
DRAWS = 100


def publish(
    loaded: Loaded, universe: Universe, output: Path, *, force: bool, command: str, tell: Tell
) -> Path:
    """Simulate, draw the frontier, tune; write output/<name> and give its path.

    Half of the paths tune, the other half judges.
    Raises InputError where the folder may not be replaced, or the mandate holds no portfolio.
    """
    folder = output / loaded.tune.name
    with replacing(folder, force=force) as scratch:
        _study(loaded, universe, scratch, command, tell)
        page.write(scratch)
    tell(1.0, "done")
    return folder


def _study(loaded: Loaded, universe: Universe, folder: Path, command: str, tell: Tell) -> None:
    said = loaded.tune
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
    book = _book(said, universe, horizon.days, daily)
    points = _frontier(said, book, whole, tell)
    found, feasible = _tuned(said, book, first, points, tell)
    year = YEAR / horizon.days
    rows = [_row(said, found, first, last, year) | {"feasible": feasible}]
    held = pd.DataFrame({"id": universe.ids, "weight": found.weights})
    write_csv(_table(said, points, whole, year), folder / "frontier.csv", digits="%.8g", missing="")
    write_csv(pd.DataFrame(rows), folder / "answer.csv", digits="%.8g", missing="")
    write_csv(held[held.weight > 1e-6], folder / "weights.csv", digits="%.6g", missing="")
    write_record(folder, _record(loaded, universe, horizon, command))


def _daily(calm: Horizon, universe: Universe) -> np.ndarray:
    """Covariance of a calm day [factor, factor]; a style of the universe that no path simulates has none."""
    known = [*universe.names.factors, *calm.styles]
    covariance = np.zeros((len(universe.factors), len(universe.factors)))
    places = [universe.factors.index(name) for name in known]
    covariance[np.ix_(places, places)] = np.cov(calm.factors)
    return covariance


def _swapped(said: Tune, universe: Universe) -> tuple[str, str]:
    """The future sold in place of another, and that other. Raises InputError where they are not two."""
    if said.bounds.swapped is not None:
        return said.bounds.swapped
    mixed = [future for future, bucket in universe.names.futures if said.product.mix.get(bucket)]
    if len(mixed) != 2:
        allowed = "two futures, as bounds.swapped names them"
        raise InputError("bounds.swap", f"between {', '.join(mixed) or 'no futures'} of the mix", allowed)
    return mixed[0], mixed[1]


def _book(said: Tune, universe: Universe, days: int, daily: np.ndarray) -> Book:
    """The product's book, its trades out of the book of the loosest bounds paid for."""
    desk, product = Desk(**said.desk.model_dump()), Product(**said.product.model_dump(), budget=said.budget)
    plain = mandate(universe, product, desk, days, daily)
    previous = plain.decide((said.bounds.size[-1], said.bounds.micro[1])).weights
    book = costly(plain, previous, *costs(universe, desk, daily))
    mixes = None if said.bounds.swap is None else swap(universe, *_swapped(said, universe))[None]
    return replace(book, mixes=mixes, levered=said.bounds.gross is not None)


def _theta(said: Tune, size: float) -> list[float]:
    """A point of the frontier: the loosest micro bound, the hedge and the gross as the product has them."""
    rest = [0.0] if said.bounds.swap is not None else []
    return [size, said.bounds.micro[1], *rest, *([said.product.gross] if said.bounds.gross else [])]


def _frontier(said: Tune, book: Book, whole: Scenarios, tell: Tell) -> list[Outcome]:
    count = len(said.bounds.size)

    def measure(theta: np.ndarray) -> Outcome:
        point = evaluate(book, [whole], theta, level=said.level)
        done = said.bounds.size.index(float(theta[0])) + 1
        tell(SIMULATED + (DRAWN - SIMULATED) * done / count, "frontier")
        return point

    return frontier(measure, [_theta(said, size) for size in said.bounds.size])


def _tuned(
    said: Tune, book: Book, first: Scenarios, points: list[Outcome], tell: Tell
) -> tuple[Outcome, bool]:
    """The tuned outcome on the first half of the paths, and whether the budget is kept."""
    ends = [(said.bounds.size[0], said.bounds.size[-1]), said.bounds.micro]
    ends += [pair for pair in (said.bounds.swap, said.bounds.gross) if pair is not None]
    within = [p for p in points if p.worst() <= said.budget]
    start = max(within, key=lambda p: p.alpha) if within else min(points, key=Outcome.worst)
    steps = 0

    def measure(theta: np.ndarray) -> Outcome:
        nonlocal steps
        steps += 1
        tell(DRAWN + (1 - DRAWN) * (1 - 0.9**steps), "tuning")
        return evaluate(book, [first], theta, level=said.level)

    low, high = np.array(ends).T
    found = tune(measure, low, high, said.budget, start=start.theta, radius=0.15)
    return found.outcome, found.feasible


def _row(said: Tune, found: Outcome, first: Scenarios, last: Scenarios, year: float) -> dict[str, object]:
    """The answer: what was tuned, what it keeps, and its ES on both halves."""
    draws = resampled([found.losses(last)], level=said.level, draws=DRAWS, pairs=True)[:, 0]
    named = dict(zip(("size", "micro"), found.theta, strict=False))
    if said.bounds.swap is not None:
        named["swap"] = found.theta[2]
    return {
        **{name: float(value) for name, value in named.items()},
        "gross": found.gross,
        "budget": said.budget,
        "es": found.worst(),
        "es_other_half": float(expected_shortfall(found.losses(last), level=said.level)),
        "es_other_low": float(np.quantile(draws, 0.025)),
        "es_other_high": float(np.quantile(draws, 0.975)),
        "alpha_year": (found.alpha + found.cost) * year,
        "cost_once": found.cost,
        "paths": first.count // 2,
    }


def _table(said: Tune, points: list[Outcome], whole: Scenarios, year: float) -> pd.DataFrame:
    """The frontier, a row a bound, with paired intervals."""
    draws = resampled([p.losses(whole) for p in points], level=said.level, draws=DRAWS, pairs=True)
    saved = draws[:, [-1]] - draws
    rows = [
        {
            "size_bound": float(p.theta[0]),
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
    swapped = None if loaded.tune.bounds.swap is None else list(_swapped(loaded.tune, universe))
    return {
        "name": loaded.tune.name,
        "swapped": swapped,
        "smallest": smallest,
        "question": loaded.tune.question,
        "command": command,
        "tune": loaded.tune.model_dump(mode="json"),
        "market_sha256": loaded.market.digest(),
        "universe": universe.label,
        "days": horizon.days,
        **provenance.stamp(),
    }
