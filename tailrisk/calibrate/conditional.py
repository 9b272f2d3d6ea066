"""What the exogenous ladder expects of the other buckets on a day, given the large one and the regime."""

import numpy as np

from .ladder import Array


def expected(mean: Array, covariance: Array, regime: Array, large: Array) -> Array:
    """Simple returns [day, bucket] given log returns of the first bucket [day] and the regime's number [day].

    E[f_k | f_L, s] = mu_sk + C_skL / C_sLL (f_L - mu_sL),  r_b = exp(sum_{k <= b} f_k) - 1
    mean [regime, factor] and covariance [regime, factor, factor] of log returns, per day; the regression of a
    multivariate Gaussian on its first coordinate.
    """
    slope = covariance[:, :, 0] / covariance[:, :1, 0]  # [regime, factor]
    factors = mean[regime] + slope[regime] * (large[:, None] - mean[regime, :1])
    return np.asarray(np.expm1(np.cumsum(factors, axis=1)))
