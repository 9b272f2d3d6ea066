"""The size ladder: log returns of the buckets in today's regime.

f_t = mu_s + C_s z_t,  z_t a Student-t with nu degrees of freedom and C_s C_s' (nu / (nu-2)) = Sigma_s,
log r_b = sum_{k <= b} f_k.                                    mechanism 5.1; Guidolin and Timmermann (2008)

The sum over factors is folded into `affine`, so a bucket is one row of it.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Count, LogReturn, Normal, Ratio


@struct
class Params:
    """Mean and loadings of each bucket's log return on the day's shocks, by regime."""

    affine: LogReturn  # [regime, bucket, term]  the mean, then a loading for each shock; lower triangular
    inverse_nu: Ratio | None  # []  1 / degrees of freedom; None is Gaussian


def step(params: Params, regime: Count, shock: tuple[Normal, ...]) -> LogReturn:
    """Today's log returns [bucket, path] given the regime [path] and shocks [shock][path].

    Each regime's return is formed and one is chosen: four times the arithmetic, yet twice as fast as
    choosing twenty loadings, because a choice costs more than a product. Mean and loadings are one array
    because XLA does not vectorise a loop that reads from many (results/LOG.md).
    """
    states, buckets, _ = params.affine.shape
    rows = []
    for b in range(buckets):
        row = _return(params.affine[0, b], shock, b + 1)
        for k in range(1, states):
            row = jnp.where(regime == k, _return(params.affine[k, b], shock, b + 1), row)
        rows.append(row)
    return jnp.stack(rows)


def _return(affine: LogReturn, shock: tuple[Normal, ...], terms: int) -> LogReturn:
    total = affine[0] + affine[1] * shock[0]
    for j in range(1, terms):
        total = total + affine[j + 1] * shock[j]
    return total
