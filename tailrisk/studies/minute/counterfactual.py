"""What the day would have been: the order removed, spread over time, and with others who react.

Others sell what they sold in the minute, or, with reaction rho, a part rho of it moves with the price:

    others(t) = base(t) (1 + rho (fall(t - 1) / fall as it was(t - 1) - 1))

so that a smaller fall brings fewer of their sales for rho above zero (they follow prices) and more below it
(they were waiting to sell). For a linear law without decay the fall left after removal of a part s is, in the
limit of a steady flow, (1 - s) (1 - rho) / (1 - rho (1 - s)).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...intraday import market
from ...intraday.clock import SECONDS
from .config import Minute
from .grid import MINUTE, Array, Grid

AS_IT_WAS, REMOVED = "as it was", "removed"


class Schedule(NamedTuple):
    """When the order was sold, and what was bought back of it."""

    own: bool  # as it was, within the first minute
    minutes: int = 0  # spread evenly over so many from the open; zero: not
    bought: float = 0.0  # over what was sold, evenly over the day after the first minute


def schedules(config: Minute) -> dict[str, Schedule]:
    """Every scenario by name."""
    ratio = config.bought / sum(v.sold for v in config.venues.values())
    return {
        AS_IT_WAS: Schedule(True),
        REMOVED: Schedule(False),
        **{f"over {minutes} minutes": Schedule(False, minutes) for minutes in config.smoothing},
        "sold and bought back": Schedule(True, 0, ratio),
        "only the day's net": Schedule(False, 0, max(ratio - 1.0, 0.0)),
    }


def counterfactuals(config: Minute, grid: Grid, possible: Array) -> pd.DataFrame:
    """A row a venue, law, coefficient, scenario and reaction: ranges over the possible points.

    first_minute: the minute's impact over the impact as it was; avoided: what is missing of
    it, of the fall; worst, close: what the order adds at its worst minute and at the close, percent of the
    index; negative is down.
    """
    rows = []
    every = schedules(config)
    was = _walk(config, grid, every[AS_IT_WAS], 0.0, np.zeros((MINUTE, len(grid.points))))
    for rho in config.reaction:
        without = _walk(config, grid, every[REMOVED], rho, was[0])
        for key, plan in every.items():
            now = was if key == AS_IT_WAS else _walk(config, grid, plan, rho, was[0])
            rows += _rows(grid, possible, (key, rho), now[1], was[1], without[1])
    return pd.DataFrame(rows)


def _rows(
    grid: Grid, possible: Array, key: tuple[str, float], now: Array, was: Array, without: Array
) -> list[dict[str, object]]:
    adds = now - without
    figures = {
        "first_minute": now[0] / was[0],
        "avoided": (now[0] - was[0]) / grid.fall,
        "worst": 100 * adds.min(axis=0),
        "close": 100 * adds[-1],
    }
    rows = []
    points = grid.points[possible]
    for group, part in points.groupby(["venue", "law", "coefficient"], sort=False):
        row: dict[str, object] = dict(zip(("venue", "law", "coefficient"), group, strict=True))
        row |= {"scenario": key[0], "reaction": key[1]}
        for name, values in figures.items():
            some = values[part.index.to_numpy()]
            row |= {f"{name}_low": some.min(), f"{name}_high": some.max()}
        rows.append(row)
    return rows


def _walk(config: Minute, grid: Grid, plan: Schedule, reaction: float, was: Array) -> tuple[Array, Array]:
    """Impact in the seconds of the first minute [second, point] and at each minute's end [minute, point].

    Negative while sales outweigh purchases; `was` is that of the first minute as it was.
    """
    venues = [config.venues[name] for name in grid.points["venue"]]
    even = np.zeros(SECONDS)
    even[: plan.minutes * MINUTE] = 1.0 / max(plan.minutes * MINUTE, 1)
    even[MINUTE:] -= plan.bought / (SECONDS - MINUTE)
    others = np.zeros(SECONDS)
    others[:MINUTE] = 1.0 / MINUTE
    reference = np.concatenate([was, np.zeros((SECONDS - MINUTE, was.shape[1]))])
    amounts = grid.amount[0], grid.amount[1:].sum(axis=0)
    length = np.array([float(v.seconds) if plan.own else 0.0 for v in venues])
    given = (*amounts, length, even, others, reference, reaction)
    impact = _impacts(grid.params, *(jnp.asarray(x) for x in given))
    return np.asarray(impact[0]), np.asarray(impact[1])


@jax.jit
def _impacts(
    params: market.Params,
    sold: jnp.ndarray,
    rest: jnp.ndarray,
    length: jnp.ndarray,
    even: jnp.ndarray,
    others: jnp.ndarray,
    was: jnp.ndarray,
    reaction: jnp.ndarray,
) -> tuple[jnp.ndarray, jnp.ndarray]:
    def one(
        carry: tuple[market.State, jnp.ndarray], now: tuple[jnp.ndarray, ...]
    ) -> tuple[tuple[market.State, jnp.ndarray], jnp.ndarray]:
        state, relative = carry
        second, spread, base, before = now
        mine = spread + jnp.where(second < length, 1.0 / jnp.maximum(length, 1.0), 0.0)
        selling = base * rest * jnp.maximum(1.0 + reaction * (relative - 1.0), 0.0)
        flow = -(mine * sold + selling)[:, None]
        state = market.step(params, state, flow, jnp.zeros_like(flow), jnp.ones_like(flow))
        impact = market.impact(params, state)[:, 0]
        after = jnp.where(before == 0.0, 1.0, impact / jnp.where(before == 0.0, 1.0, before))
        return (state, after), impact

    start = (market.init(params, 1), jnp.ones_like(params.scale))
    seen = jax.lax.scan(one, start, (jnp.arange(SECONDS, dtype=sold.dtype), even, others, was))[1]
    return seen[:MINUTE], seen[MINUTE - 1 :: MINUTE]
