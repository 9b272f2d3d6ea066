"""The size ladder: log returns of the five buckets in today's regime.

f_t = mu_s + C_s z_t,  z_t a Student-t with nu degrees of freedom and C_s C_s' (nu / (nu-2)) = Sigma_s,
log r_b = sum_{k <= b} f_k.                                    mechanism 5.1; Guidolin and Timmermann (2008)

The sum over factors is folded into mean and loading, so a bucket is one row of `loading`.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Count, LogReturn, Normal, Ratio


@struct
class Params:
    """Mean and loading of each bucket's log return on the day's shocks, by regime."""

    mean: LogReturn  # [regime, bucket]
    loading: LogReturn  # [regime, bucket, shock]  lower triangular
    inverse_nu: Ratio | None  # []  1 / degrees of freedom; None is Gaussian


def step(params: Params, regime: Count, shock: list[Normal]) -> LogReturn:
    """Today's log returns [bucket, path] given the regime [path] and shocks [shock][path].

    Each regime's return is formed and one is chosen: four times the arithmetic, yet twice as fast as
    choosing twenty loadings, because a choice costs more than a product (experiments/speed.py).
    """
    states, buckets = params.mean.shape
    rows = []
    for b in range(buckets):
        row = _affine(params.mean[0, b], params.loading[0, b], shock, b + 1)
        for k in range(1, states):
            row = jnp.where(regime == k, _affine(params.mean[k, b], params.loading[k, b], shock, b + 1), row)
        rows.append(row)
    return jnp.stack(rows)


def _affine(mean: LogReturn, loading: LogReturn, shock: list[Normal], terms: int) -> LogReturn:
    total = mean + loading[0] * shock[0]
    for j in range(1, terms):
        total = total + loading[j] * shock[j]
    return total
