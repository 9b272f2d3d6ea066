"""What the exogenous ladder expects of the other buckets on a day, given CSI 300's return and the regime."""

import numpy as np

from ..core.names import FACTORS
from .ladder import Array


def expected(mean: Array, covariance: Array, regime: Array, large: Array) -> Array:
    """Simple returns [day, bucket] given log returns of CSI 300 [day] and the number of the regime [day].

    E[f_k | f_L, s] = mu_sk + C_skL / C_sLL (f_L - mu_sL),  r_b = exp(sum_{k <= b} f_k) - 1
    mean [regime, factor] and covariance [regime, factor, factor] of log returns, per day; the regression of a
    multivariate Gaussian on its first coordinate.
    """
    slope = covariance[:, :, 0] / covariance[:, :1, 0]  # [regime, factor]
    factors = mean[regime] + slope[regime] * (large[:, None] - mean[regime, :1])
    assert factors.shape[1] == len(FACTORS)
    return np.asarray(np.expm1(np.cumsum(factors, axis=1)))
