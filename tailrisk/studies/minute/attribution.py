"""What of the fall is an order's: four notions of a share, at every point of the grid.

    alone     I(order) / fall                       the first to sell
    removed   (I(all) - I(all but the order)) / fall   what would not have been, the others as they were
    shapley   the mean over every order of arrival, among the groups of sellers
    yuan      every yuan a seller of its own: I(all) order / all              Aumann and Shapley (1974)

For a linear law without decay they are one number; concave laws put `removed` below it and `alone` above.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...intraday import market, shapley
from .config import Minute
from .grid import Array, Grid, flows

NOTIONS = ("alone", "removed", "shapley", "yuan")


def worth(grid: Grid) -> Array:
    """Fall that each coalition of sellers gives within the minute [coalition, point]."""
    members = shapley.coalitions(grid.sellers)
    last, _ = _last(grid.params, flows(grid, members))
    return -np.asarray(market.impact(grid.params, last)).T


def shares(grid: Grid) -> pd.DataFrame:
    """The points with a column a notion: fraction of the fall that is the order's, and `explained` of all.

    A point is not `possible` where net sales would have made prices fall further than they fell.
    """
    value = worth(grid)
    everyone, but = value[-1], value[-2]
    split = shapley.values(value)
    part = grid.amount[0] / grid.amount.sum(axis=0)
    found = {"alone": value[1], "removed": everyone - but, "shapley": split[0], "yuan": everyone * part}
    columns = {name: found[name] / grid.fall for name in NOTIONS}
    explained, back = everyone / grid.fall, grid.given / grid.fall
    return grid.points.assign(
        **columns, explained=explained, given_back=back, possible=explained + back <= 1.0 + 1e-9
    )


def sellers(config: Minute, grid: Grid, name: str) -> pd.DataFrame:
    """A row a venue, law, coefficient and group: range of Shapley's share of the fall over the points.

    `name` is what the order in question is called. With `given back` and `unexplained` a point's shares sum
    to one.
    """
    split = shapley.values(worth(grid)) / grid.fall
    rest = 1.0 - split.sum(axis=0) - grid.given / grid.fall
    labels = [name, *config.sellers, "gap given back", "unexplained"]
    table = np.concatenate([split, (grid.given / grid.fall)[None], rest[None]])
    points = grid.points[rest >= -1e-9]
    rows = []
    for key, part in points.groupby(["venue", "law", "coefficient"], sort=False):
        places = part.index.to_numpy()
        for label, row in zip(labels, table[:, places], strict=True):
            low, high = float(row.min()), float(row.max())
            rows.append([*key, label, low, high])
    return pd.DataFrame(rows, columns=["venue", "law", "coefficient", "seller", "low", "high"])


def sets(table: pd.DataFrame) -> pd.DataFrame:
    """A row a venue, law, coefficient and notion: least and most of the share over the possible points."""
    rows = []
    for key, part in table[table["possible"]].groupby(["venue", "law", "coefficient"], sort=False):
        for notion in NOTIONS:
            rows.append([*key, notion, part[notion].min(), part[notion].max(), len(part)])
    columns = ["venue", "law", "coefficient", "notion", "low", "high", "points"]
    return pd.DataFrame(rows, columns=columns)


@partial(jax.jit)
def _last(params: market.Params, flow: jnp.ndarray) -> tuple[market.State, None]:
    def one(state: market.State, now: jnp.ndarray) -> tuple[market.State, None]:
        return market.step(params, state, now, jnp.zeros_like(now), jnp.ones_like(now)), None

    return jax.lax.scan(one, market.init(params, flow.shape[2]), flow)
