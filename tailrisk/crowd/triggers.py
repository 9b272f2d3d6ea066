"""What makes a cohort want to sell: margin, stop line, discount, falling prices, redemptions, a leverage cap.

    signal = max( basis (discount - threshold)+, momentum (-mom - threshold)+, due )     fraction of the book
    stop   = share 1{worth < line high_water}                                            fraction of the book
    amount = max( (signal - asked)+ A, (stop - stopped)+ A, (demand - waiting)+ )        yuan to order now

discount = -sum_q mix_q annualised basis_q; due is what redemption and the leverage cap ask for today. It is
the maximum of mechanism 5.2, one sale serving every reason, but each reason is asked for once: 5.2 adds u A
to the backlog in every round, which would order the same sale M times. A signal is a fraction of the book per
day and `asked` remembers the day's highest; a stop is latched; a broker's demand counts what already waits.
"""

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.fence import clause
from ..core.units import Probability, Ratio, Yuan
from .margin import below


@struct
class Params:
    """How strongly a cohort answers; a zero intensity turns its edge off."""

    basis: Ratio  # [cohort]  fraction of the book a day per unit of annualised discount beyond the threshold
    basis_threshold: Ratio  # [cohort]  b*, a positive discount
    momentum: Ratio  # [cohort]  fraction of the book a day per unit of fall beyond the threshold
    momentum_threshold: Ratio  # [cohort]  theta_c, positive
    stop: Ratio  # [cohort]  fraction of the cohort that has a stop line
    stop_line: Ratio  # [cohort]  net worth over its high-water mark
    bucket: int = static()  # whose momentum is watched


@clause
def discount(mix: Ratio, annual_basis: Ratio) -> Ratio:
    """Annualised discount of each cohort's own futures [cohort, path], positive when futures are cheap."""
    return -accumulate(mix[:, :, None] * annual_basis[None], axis=1)


@clause
def signal(params: Params, discount: Ratio, momentum: Ratio, due: Ratio) -> Ratio:
    """Fraction of the book a cohort wants out today [cohort, path], from momentum [bucket, path]."""
    cheap = jnp.maximum(discount - params.basis_threshold[:, None], 0.0)
    fall = jnp.maximum(-momentum[params.bucket][None] - params.momentum_threshold[:, None], 0.0)
    asked = jnp.maximum(params.basis[:, None] * cheap, params.momentum[:, None] * fall)
    return jnp.minimum(jnp.maximum(asked, due), 1.0)


@clause
def stop(params: Params, worth: Yuan, high_water: Yuan, width: Ratio | None) -> Probability:
    """Fraction of the cohort beyond its stop line [cohort, path]."""
    return params.stop[:, None] * below(worth, params.stop_line[:, None] * high_water, high_water, width)
