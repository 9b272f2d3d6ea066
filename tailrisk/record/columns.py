"""Four columns for every product: an episode replayed, a shock alone, what goes with it, and the crowd.

The shock is a spread over the run's horizon, X = r_small - r_large. Alone, the small bucket and those beyond
it move by x and nothing else does: loss = -(w'm - h'm). What goes with it (transitive) is E[L | X = x] over
the run's own paths without a crowd, by a line through the nearest paths (Fan and Gijbels 1996, 3.1). With the
crowd (endogenous) it is the same of the same shocks, X still that of the paths without one: what the crowd
adds is paired.
"""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..assemble.world import assemble
from ..config import Config
from ..config.scenarios import Shock
from ..core import figures
from ..core.errors import InputError
from ..simulate.blocks import BLOCK, courses
from ..simulate.world import World
from ..tail.sample import normal_quantile
from .estimates import LARGEST_LOSS

Array = NDArray[np.float64]
NEAR, FEWEST = 0.05, 256
"""Share of the paths that are the nearest to a shock, and at least so many."""
BEYOND = 25
"""Paths at least as far as the shock without which nothing is said of it."""
WIDE = 0.25
"""Half width of the nearest paths over the shock above which a figure is indicative."""


def table(config: Config, world: World, history: Array | None) -> pd.DataFrame | None:
    """A row per product, scenario, column and statistic, as `figures.SCENARIOS`; None where none is asked.

    history: spreads before the first day [day, detector], where the warm-up is history. InputError: as
    `replayed`.
    """
    said = config.scenarios
    if said is None:
        return None
    rows = [
        row for name, folder in config.attached.episodes.items() for row in replayed(config, name, folder)
    ]
    if said.shock:
        rows += _shocked(config, world, history)
    return pd.DataFrame(figures.SCENARIOS.rows(rows), columns=figures.SCENARIOS.names)


def replayed(config: Config, name: str, folder: Path) -> list[dict[str, Any]]:
    """What each product lost over a replay and at its deepest, between its funds' 10 and 90 % quantiles.

    Raises InputError for a folder that is no replay.
    """
    try:
        label = str(json.loads((folder / "record.json").read_text(encoding="utf-8")).get("name") or name)
        with (folder / "daily.csv").open(encoding="utf-8", newline="") as source:
            days = list(csv.DictReader(source))
        span = f"{days[0]['date']} to {days[-1]['date']}"
        ends = {row["product"]: _lost(row) for row in days}
        least: dict[str, list[float]] = {}
        for row in days:
            least[row["product"]] = max(least.get(row["product"], [-np.inf]), _lost(row))
    except (OSError, ValueError, KeyError, IndexError) as fault:
        raise InputError(str(folder), f"is no replay: {fault}", "a folder of `tailrisk replay`") from None
    about = {"scenario": f"{label} ({span})", "column": "replay", "paths": 0}
    return [
        _row({**about, "statistic": statistic}, product, *found[product])
        for product in config.products
        if product in ends
        for statistic, found in (("mean", ends), ("deepest", least))
    ]


def _lost(day: dict[str, str]) -> list[float]:
    """Loss since the eve, and those of the funds' 90 and 10 % quantiles."""
    return [1 - float(day[key]) for key in ("nav", "nav_90", "nav_10")]


def _shocked(config: Config, world: World, history: Array | None) -> list[dict[str, Any]]:
    assert config.scenarios is not None
    calm = world if world.crowd is None else assemble(alone(config), history)
    wanted, paths = config.scenarios.paths, config.run.paths
    growth, without = simulated(calm, wanted, paths)
    with_crowd = None if world.crowd is None else simulated(world, wanted, paths)[1]
    rows = []
    for shock in config.scenarios.shock:
        small, large = (config.names.bucket(bucket) for bucket in shock.pair)
        spread = growth[small] - growth[large]
        exact = unmoved(world, config, shock)
        for p, product in enumerate(config.products):
            about = {"scenario": shock.name, "statistic": "mean", "paths": 0}
            rows.append(_row({**about, "column": "shock"}, product, exact[p], exact[p], exact[p]))
            given = {"transitive": without[p]}
            if with_crowd is not None:
                given |= {"endogenous": with_crowd[p], "crowd": with_crowd[p] - without[p]}
            for column, loss in given.items():
                rows += _given(
                    config, {"scenario": shock.name, "column": column}, product, spread, loss, shock
                )
    return rows


def alone(config: Config) -> Config:
    """The config without its crowd; products that live as accounts go on doing so."""
    terms = config.accounts
    if terms is not None:
        terms = terms.model_copy(update={"every_path": config.as_accounts})
    bare = config.model_copy(update={"crowd": None, "accounts": terms})
    return bare.attach(config.attached._replace(crowd=None))


def simulated(world: World, wanted: int, paths: int) -> tuple[Array, Array]:
    """(return of every bucket [bucket, path], loss of every product [product, path]) of the first paths."""
    growth, loss = [], []
    wanted = min(wanted, paths)
    for first in range(0, wanted, BLOCK):
        numbers = np.arange(first, min(first + BLOCK, wanted), dtype=np.uint32)
        course = courses(world, paths, numbers)
        growth.append(np.expm1(np.asarray(course.price[-1], np.float64)))
        loss.append(1 - np.asarray(course.nav[-1], np.float64))
    return np.concatenate(growth, axis=-1), np.concatenate(loss, axis=-1)


def unmoved(world: World, config: Config, shock: Shock) -> Array:
    """Loss of every product [product] where the small bucket and those beyond it move, and nothing else."""
    small, large = (config.names.bucket(bucket) for bucket in shock.pair)
    order = np.arange(len(config.names.buckets))
    moved = np.where(order >= small if small > large else order <= small, shock.move, 0.0)
    long, short = (np.asarray(x, np.float64) for x in (world.products.long, world.products.short))
    return np.minimum(short @ moved[list(config.names.underlying)] - long @ moved, LARGEST_LOSS)


def conditional(spread: Array, loss: Array, at: float, *, confidence: float) -> tuple[float, float, Array]:
    """(E[loss | spread = at], its half width, the nearest paths' losses moved along the line to `at`).

    spread, loss [path]. A line through the nearest paths by least squares, its error robust to unequal
    spread (HC1).
    """
    nearest = _nearest(spread, at)
    x, y = spread[nearest] - at, loss[nearest]
    design = np.column_stack([np.ones_like(x), x])
    inverse = np.linalg.pinv(design.T @ design)
    line = inverse @ design.T @ y
    scores = design * (y - design @ line)[:, None]
    cover = inverse @ (scores.T @ scores) @ inverse * len(x) / max(len(x) - 2, 1)
    half = float(normal_quantile(confidence) * np.sqrt(max(cover[0, 0], 0.0)))
    return float(line[0]), half, y - line[1] * x


def _nearest(spread: Array, at: float) -> NDArray[np.int64]:
    count = min(max(FEWEST, round(NEAR * len(spread))), len(spread))
    return np.argpartition(np.abs(spread - at), count - 1)[:count]


def _given(
    config: Config, about: dict[str, Any], product: str, spread: Array, loss: Array, shock: Shock
) -> list[dict[str, Any]]:
    """Mean and quantile at the lowest level, given the shock; no number where paths do not reach it."""
    at, level, sure = shock.move, config.tail.levels[0], config.tail.confidence
    beyond = int((spread <= at).sum() if at < 0 else (spread >= at).sum())
    if beyond < BEYOND:
        nothing = {**about, "statistic": "mean", "paths": beyond}
        return [_row(nothing, product, np.nan, np.nan, np.nan, indicative=True)]
    nearest = _nearest(spread, at)
    mean, half, moved = conditional(spread, loss, at, confidence=sure)
    wide = float(np.abs(spread[nearest] - at).max()) > WIDE * abs(at)
    known = {**about, "paths": len(moved)}
    rows = [_row({**known, "statistic": "mean"}, product, mean, mean - half, mean + half, indicative=wide)]
    if about["column"] != "crowd":
        rank = normal_quantile(sure) * np.sqrt(level * (1 - level) / len(moved))
        ends = np.quantile(moved, np.clip([level, level - rank, level + rank], 0, 1))
        few = wide or len(moved) * (1 - level) < BEYOND
        rows.append(_row({**known, "statistic": "quantile"}, product, *ends, level=level, indicative=few))
    return rows


def _row(
    about: dict[str, Any],
    product: str,
    loss: float,
    low: float,
    high: float,
    *,
    level: float = np.nan,
    indicative: bool = False,
) -> dict[str, Any]:
    value, low, high = (float(min(x, LARGEST_LOSS)) if x == x else np.nan for x in (loss, low, high))
    return {
        "product": product,
        **about,
        "level": level,
        "loss": value,
        "loss_low": low,
        "loss_high": high,
        "indicative": indicative,
    }
