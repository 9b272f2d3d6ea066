"""A panel of funds around one product: the managers of a family do not hold one book.

Weights are Dirichlet around the product's own, any fraction (exposure, part of a hedge) is a Beta around
its own, and exposures to styles within buckets are normal,

    w ~ Dirichlet(c m),   c = (1 - m_k) / (m_k s^2) - 1,       sd(w_k) = s m_k

with k the smallest bucket the product holds: mechanism 6 has s of about 0.35 for the micro-caps. Runs on
the host.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.special import betaincinv, gammaincinv, ndtri

from ..core import random
from ..core.random import Stream

Array = np.ndarray[Any, np.dtype[np.float64]]


def weights(mean: Array, spread: float, funds: int, stream: Stream) -> Array:
    """Weights of `funds` funds [fund, bucket]; `spread` zero, or a mean in one bucket, is the mean itself."""
    mean = np.asarray(mean, np.float64)
    smallest = mean[np.flatnonzero(mean)[-1]]
    if spread == 0 or smallest >= 1:
        return np.tile(mean, (funds, 1))
    concentration = (1 - smallest) / (smallest * spread**2) - 1
    drawn = np.zeros((funds, len(mean)))
    for k in np.flatnonzero(mean):
        drawn[:, k] = gammaincinv(concentration * mean[k], _uniforms(stream, funds, int(k)))
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def fractions(
    mean: float, sd: float, funds: int, stream: Stream, low: float = 0.0, high: float = 1.0
) -> Array:
    """A number between low and high for each of `funds` funds [fund], with this mean and deviation."""
    if sd == 0:
        return np.full(funds, float(mean))
    centre, width = (mean - low) / (high - low), sd / (high - low)
    concentration = centre * (1 - centre) / width**2 - 1
    u = _uniforms(stream, funds, 0)
    return np.asarray(
        low + (high - low) * betaincinv(concentration * centre, concentration * (1 - centre), u)
    )


def deviations(sd: float, funds: int, streams: Sequence[Stream]) -> Array:
    """How each fund's exposures [fund, style] differ from its product's; a stream a style."""
    drawn = [sd * ndtri(_uniforms(stream, funds, 0)) for stream in streams]
    return np.stack(drawn, axis=1) if drawn else np.zeros((funds, 0))


def _uniforms(stream: Stream, funds: int, index: int) -> Array:
    if not funds:
        return np.zeros(0)
    fund = jnp.arange(funds, dtype=jnp.uint32)
    word, *_ = random.words(stream, fund, jnp.full_like(fund, index), jnp.zeros_like(fund))
    return np.asarray((np.asarray(word, np.float64) + 0.5) / 2**32)
