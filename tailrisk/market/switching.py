"""Regimes on the ladder: the day's regime from a chain, the buckets' returns from its law, days independent.

The first process behind `process`; its state is the regime [path] itself.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Count, Flag, LogReturn, Normal, Probability, Uniform
from . import ladder, regimes
from .kind import Kind


@struct
class Params:
    """The chain, the law of the ladder in each regime, and the chain's long run."""

    regimes: regimes.Params
    ladder: ladder.Params
    long_run: Probability  # [regime]  cumulative stationary law, from which the warm-up starts


def step(
    params: Params, regime: Count, uniform: Uniform, shock: tuple[Normal, ...]
) -> tuple[Count, LogReturn, Flag]:
    """Today's regime [path], log returns [bucket, path], and whether that is the last one, the crisis [path].

    uniform [path]; shock [shock][path].
    """
    regime = regimes.step(params.regimes, regime, uniform)
    return regime, ladder.step(params.ladder, regime, shock), crisis(params, regime)


def crisis(params: Params, regime: Count) -> Flag:
    """Whether the regime [path] is the last."""
    return regime == jnp.int32(params.ladder.affine.shape[0] - 1)


def _itself(regime: Count) -> Count:
    return regime


KIND = Kind(
    params=Params,
    init=lambda params, uniform: regimes.init(params.regimes.start, uniform),
    long_run=lambda params, uniform: regimes.init(params.long_run, uniform),
    step=step,
    regime=_itself,
    stress_is_the_last_regime=True,
    with_regime=lambda params, state, regime: regime,
    pictured=_itself,
)
