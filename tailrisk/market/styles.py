"""Style factor returns as an overlay on the ladder.

phi_k = sum_j B_kj r_j + residual_k,  r_j the buckets' log returns, residuals Gaussian and correlated.
The regression is on the ladder factors (mechanism 3.8, 5.1); it is the same regression on the buckets.
"""

import jax.numpy as jnp

from ..core import static, struct
from ..core.units import LogReturn, Normal, Ratio


@struct
class Params:
    """Loadings of the styles in use on the buckets, the residuals' Cholesky factor, and the styles' names."""

    loading: Ratio  # [style, bucket]
    residual: LogReturn  # [style, shock]  lower triangular, per day
    names: tuple[str, ...] = static(default=())  # [style]  none where nobody named them


def step(params: Params, log_return: LogReturn, shock: list[Normal]) -> Ratio:
    """Today's style returns [style, path] for a unit exposure."""
    styles, buckets = params.loading.shape
    rows = []
    for k in range(styles):
        total = params.loading[k, 0] * log_return[0]
        for b in range(1, buckets):
            total = total + params.loading[k, b] * log_return[b]
        for j in range(k + 1):
            total = total + params.residual[k, j] * shock[j]
        rows.append(total)
    return jnp.stack(rows)
