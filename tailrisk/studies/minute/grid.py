"""Every point of the ranges as one index of the intraday market: laws, parameters and flows side by side.

A point is a venue, a law with its exponent, where its coefficient is from, and what is not known of the flow:

    published   the coefficient is the literature's, strength (sigma); the fall it does not explain is others'
    fitted      the coefficient makes all net sales of the minute give the fall, less the gap given back
"""

from itertools import product
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...intraday import market
from .config import Law, Minute, Venue

Array = np.ndarray[Any, np.dtype[np.float64]]
MINUTE = 60
COEFFICIENTS = ("published", "fitted")


class Grid(NamedTuple):
    """Points and their market; `params` has one bucket a point."""

    points: pd.DataFrame  # [point, ...]
    params: market.Params
    profile: Array  # [second, seller, point]  fraction of a seller's sales in each second of the minute
    amount: Array  # [seller, point]  sold in the minute, billions; the order in question first
    fall: Array  # [point]  of the index, positive
    given: Array  # [point]  of it, gap given back

    @property
    def sellers(self) -> int:
        """The order in question, and the others."""
        return len(self.amount)


def grid(config: Minute) -> Grid:
    """Every combination of a config's ranges."""
    rows = [
        row
        for venue in config.venues
        for law in config.laws
        for row in _points(config, venue, config.venues[venue], law, config.laws[law])
    ]
    points = pd.DataFrame(rows)
    venues = [config.venues[name] for name in points["venue"]]
    flat = jnp.asarray(points["scale"].to_numpy(float))
    speed = 1.0 - 0.5 ** (1.0 / points["half_life"].to_numpy(float))
    give = points["give_back"].to_numpy(float)
    sold = np.array([v.sold for v in venues])
    others = points["imbalance"].to_numpy(float) * np.array([v.turnover for v in venues]) - sold
    fractions = np.array(list(config.sellers.values()))
    params = market.Params(
        scale=flat,
        exponent=jnp.asarray(points["exponent"].to_numpy(float)),
        volume=jnp.asarray([v.day_turnover for v in venues]),
        share=jnp.full((1, len(points)), config.flow.passing),
        decay=jnp.asarray(speed[None]),
        gap=jnp.asarray([v.gap for v in venues]),
        give_back=jnp.asarray(give),
        give_speed=jnp.full_like(flat, 1.0 - 1e-4 ** (1.0 / MINUTE)),
    )
    profile = np.full((MINUTE, 1 + len(fractions), len(points)), 1.0 / MINUTE)
    length = np.array([v.seconds for v in venues])
    profile[:, 0] = (np.arange(MINUTE)[:, None] < length) / length
    whole = Grid(
        points=points,
        params=params,
        profile=profile,
        amount=np.concatenate([sold[None], fractions[:, None] * others[None]]),
        fall=np.array([v.fall for v in venues]),
        given=give * np.array([v.gap for v in venues]) * (1.0 - 1e-4),
    )
    return _fitted(whole)


def flows(grid: Grid, members: Array) -> jnp.ndarray:
    """Net flow [second, point, path] where `members` [path, seller] of each path's sellers are there."""
    selling = grid.profile * grid.amount[None]
    flow = np.zeros((MINUTE, len(grid.points), len(members)))
    for seller in range(grid.sellers):
        flow -= selling[:, seller, :, None] * members[:, seller]
    return jnp.asarray(flow)


def _points(config: Minute, name: str, venue: Venue, key: str, law: Law) -> list[dict[str, Any]]:
    unknown = list(product(config.flow.imbalance, config.flow.give_back, config.flow.half_life))
    rows = []
    for exponent in law.exponents:
        base = {"venue": name, "law": key, "exponent": exponent}
        scales = product(law.strength, venue.volatility if law.of_volatility else (1.0,))
        for strength, volatility in scales:
            row = {"strength": strength, "volatility": volatility, "scale": strength * volatility}
            rows += [
                base | {"coefficient": "published"} | row | _flow(point) for point in unknown if not point[1]
            ]
        row = {"strength": np.nan, "volatility": np.nan, "scale": np.nan}
        rows += [base | {"coefficient": "fitted"} | row | _flow(point) for point in unknown]
    return rows


def _flow(point: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("imbalance", "give_back", "half_life"), point, strict=True))


def _fitted(grid: Grid) -> Grid:
    """The grid with the scales of fitted points: all sellers give the fall less what the gap gives back."""
    free = (grid.points["coefficient"] == "fitted").to_numpy()
    every = flows(grid, np.ones((1, grid.sellers)))
    fall = jnp.asarray(-np.maximum(grid.fall - grid.given, 0.0))
    scale = np.asarray(market.fitted(grid.params, every, fall).scale)
    scale = np.where(free, scale, np.asarray(grid.params.scale))
    grid.points["scale"] = scale
    params = market.Params(**{**vars(grid.params), "scale": jnp.asarray(scale)})
    return grid._replace(params=params)
