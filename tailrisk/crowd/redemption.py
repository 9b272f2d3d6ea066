"""Redemptions: investors of a fund that lags its benchmark give notice, and are paid some days later.

    pace   <- max(pace (1 + benchmark), worth),        lag behind it  d = 1 - worth / pace
    notice  = open (1 - exp(-(h0 + h1 (d - d*)+)))     fraction of the units                mechanism 5.2

`pace` is what net worth would be had the fund earned its benchmark's return since its best day: the excess
high-water mark in yuan. The hazard is per dealing day and the many funds of a cohort deal on different days,
so a share `open` of them takes notices on any one. Notices wait in a queue and are paid at the open.
"""

import jax.numpy as jnp

from ..core import static, struct
from ..core.units import Count, Probability, Ratio, Yuan
from .margin import over


@struct
class Params:
    """How investors answer to a loss against the benchmark; `base` and `slope` zero turn redemptions off."""

    base: Probability  # [cohort]  h0, per dealing day
    slope: Ratio  # [cohort]  h1, per unit of lag beyond the threshold
    threshold: Ratio  # [cohort]  d*
    open: Ratio  # [cohort]  dealing days per trading day
    lag: Count  # [cohort]  mornings from the notice to the payment, that one included; 1 to `longest`
    longest: int = static()


def init(params: Params, paths: int) -> Ratio:
    """An empty queue of notices [wait, cohort, path]; entry 0 is paid at the next open."""
    return jnp.zeros((params.longest, params.base.shape[0], paths), params.base.dtype)


def pay(queue: Ratio) -> tuple[Ratio, Ratio]:
    """The queue moved up by a day, and the fraction of units paid now [cohort, path]."""
    return jnp.concatenate([queue[1:], jnp.zeros_like(queue[:1])]), queue[0]


def notice(params: Params, queue: Ratio, worth: Yuan, pace: Yuan) -> Ratio:
    """The queue [wait, cohort, path] after tonight's notices, as above (mechanism 5.2).

    worth, pace [cohort, path]: net worth, and what it would be had it stayed with its benchmark, yuan.
    """
    behind = jnp.maximum(1.0 - over(jnp.maximum(worth, 0.0), pace) - params.threshold[:, None], 0.0)
    hazard = params.base[:, None] + params.slope[:, None] * behind
    given = params.open[:, None] * (1.0 - jnp.exp(-hazard))  # expm1 is no vector instruction on a CPU
    wait = jnp.arange(1, params.longest + 1, dtype=params.lag.dtype)
    slot = (wait[:, None] == params.lag[None]).astype(queue.dtype)
    return queue + slot[:, :, None] * given[None]
