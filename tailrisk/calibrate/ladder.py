"""The ladder of returns as observed: each bucket's log return less that of the next larger one present."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..core.struct import struct
from ..core.units import Count, LogReturn, Ratio

Array = NDArray[Any]


@struct
class Observed:
    """What each day shows of the factors: `y_t = view[p(t)] f_t`, padded with zero rows.

    A day on which CSI 2000 is missing still shows micro - csi1000, the sum of two factors; it is used, not
    dropped. `moment` holds the products of y that every likelihood and every update is linear in.
    """

    moment: LogReturn  # [day, 1 + factor + factor*factor]  (1, y, vec(y y'))
    pattern: Ratio  # [day, pattern]                        one at the day's pattern, zero elsewhere
    view: Ratio  # [pattern, factor, factor]                rows of zeros pad what is missing
    count: Count  # [pattern]                               how many combinations are seen


def log_returns(prices: Array) -> Array:
    """r_t = log(p_t / p_{t-1}), NaN where either close is missing. [day, bucket] -> [day - 1, bucket]."""
    return np.diff(np.log(prices), axis=0)


def ladder(returns: Array) -> Array:
    """f_1 = r_1, f_i = r_i - r_{i-1}; NaN where a bucket is missing. [day, bucket] -> [day, factor]."""
    return np.column_stack([returns[:, 0], np.diff(returns, axis=1)])


def view(seen: Array) -> Array:
    """The combinations of factors that the buckets `seen` [bucket, bool] show: [factor, factor], padded.

    With L the unit lower triangle (r = L f), the k-th bucket seen shows (L_k - L_{previous seen}) f: a run
    of ones. The map from returns to these rows has determinant one, so densities need no Jacobian.
    """
    size = len(seen)
    lower = np.tril(np.ones((size, size)))
    rows = np.zeros((size, size))
    shown = lower[seen]
    rows[: len(shown)] = np.diff(shown, axis=0, prepend=0.0)
    return rows


def observe(returns: Array) -> Observed:
    """The ladder of log returns [day, bucket], NaN where missing, with one view per pattern of gaps."""
    patterns, index = np.unique(np.isfinite(returns), axis=0, return_inverse=True)
    days, size = returns.shape
    seen = np.zeros((days, size))
    for p, present in enumerate(patterns):
        shown = returns[index == p][:, present]
        seen[index == p, : present.sum()] = np.diff(shown, axis=1, prepend=0.0)
    products = (seen[:, :, None] * seen[:, None, :]).reshape(days, size * size)
    return Observed(
        moment=jnp.asarray(np.column_stack([np.ones(days), seen, products])),
        pattern=jnp.asarray(np.eye(len(patterns))[index]),
        view=jnp.asarray(np.stack([view(present) for present in patterns])),
        count=jnp.asarray(patterns.sum(axis=1).astype(float)),
    )
