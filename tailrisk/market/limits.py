"""Daily price limits: what a bucket shows of its latent return, and which orders can trade.

Stocks of a bucket have latent returns r_i ~ N(M, s^2) since the previous close; board l stops them at
+-l. With L(x) = E(Z - x)+ = phi(x) - x Phi(-x), d = (l + M)/s and u = (l - M)/s,

    R = sum_l w_l (M + s L(d) - s L(u)),   LD = sum_l w_l Phi(-d),   LU = sum_l w_l Phi(-u)

which is E[clip(r, -l, l)] of mechanism 5.5 written without differences of nearly equal probabilities.
Chen, Gao, He, Jiang and Xiong (2019), "Daily price limits and destructive market behavior", is the setting.
"""

from math import pi, sqrt

import jax.numpy as jnp
from jax.scipy.special import erf, erfc

from ..core import struct
from ..core.fence import clause
from ..core.units import Normal, Probability, Ratio, Yuan


@struct
class Params:
    """Boards, how far stocks of one bucket scatter, and what a stock at its limit still does."""

    limit: Ratio  # [board]  0.1 is ten percent of the previous close
    share: Ratio  # [board, bucket]  of the bucket's stocks; sums to one over boards
    calm: Ratio  # [bucket]  dispersion s of a day's returns in a quiet market; positive
    stressed: Ratio  # [bucket]  its ceiling
    widening: Ratio  # []  dispersion added per unit of absolute momentum
    carried: Ratio  # []  xi: fraction of the latent excess that opens the next day
    locked: Probability  # []  fraction of an order in a stock at its limit that still trades


@struct
class Seen:
    """What the market shows of a bucket."""

    returns: Ratio  # [bucket, path]  simple, since the previous close
    limit_down: Probability  # [bucket, path]  fraction of stocks at the lower limit
    limit_up: Probability  # [bucket, path]


def dispersion(params: Params, momentum: Ratio) -> Ratio:
    """s = min(stressed, calm + widening |momentum|) [bucket, path].

    Mechanism 6 gives 2.2 % and 3.5 % but no rule between them. Ranked by cap, a bucket's scatter was
    2.0 % on 22 January (first day of the fall) and 3.7 % on 5 to 7 February, also in buckets that rose.
    """
    wide = params.calm[:, None] + params.widening * jnp.abs(momentum)
    return jnp.minimum(wide, params.stressed[:, None])


@clause
def observe(params: Params, latent: Ratio, dispersion: Ratio) -> Seen:
    """Returns and fractions at the limits, R, LD and LU as above; latent, dispersion [bucket, path]."""
    returns, down, up = latent, jnp.zeros_like(latent), jnp.zeros_like(latent)
    inverse = 1.0 / dispersion
    for board in range(params.limit.shape[0]):
        share = params.share[board][:, None]
        saved, below = _excess((params.limit[board] + latent) * inverse)
        given, above = _excess((params.limit[board] - latent) * inverse)
        returns = returns + share * dispersion * (saved - given)
        down = down + share * below
        up = up + share * above
    return Seen(returns=returns, limit_down=down, limit_up=up)


def fills(params: Params, seen: Seen, capacity: Yuan, sells: Yuan, buys: Yuan) -> tuple[Ratio, Ratio]:
    """Fraction of sells, and of buys, that trades this round [bucket, path].

    phi = (1 - LD (1 - locked)) min(1, capacity / sells); buys with LU             mechanism 5.5

    `capacity` is what the round can absorb, D V / M; sells and buys are submitted, all yuan and positive. The
    floor phi_min of the mechanism never binds above `locked`, so there is one parameter, not two.
    """
    open_down = 1.0 - seen.limit_down * (1.0 - params.locked)
    open_up = 1.0 - seen.limit_up * (1.0 - params.locked)
    return open_down * _absorbed(capacity, sells), open_up * _absorbed(capacity, buys)


def carry(params: Params, latent: Ratio, seen: Seen) -> tuple[Ratio, Ratio]:
    """At the close: the gap g = xi (M - R) that opens tomorrow, and the rest of M - R, which is dropped.

    latent: M [bucket, path], simple return since the previous close; both results too.
    """
    excess = latent - seen.returns
    gap = params.carried * excess
    return gap, excess - gap


def _absorbed(capacity: Yuan, submitted: Yuan) -> Ratio:
    floor = jnp.finfo(submitted.dtype).tiny
    return capacity / jnp.maximum(jnp.maximum(capacity, submitted), floor)


def _excess(x: Normal) -> tuple[Normal, Probability]:
    """E(Z - x)+ and P(Z > x).

    erfc keeps its relative accuracy in the tail. In float32 it costs 2.5 times erf, whose error there,
    6e-8 of probability, is below the rounding of a return; in float64 erfc is also the cheaper.
    """
    z = x * sqrt(0.5)
    beyond = 0.5 * erfc(z) if x.dtype == jnp.float64 else 0.5 - 0.5 * erf(z)
    density = jnp.exp(-z * z) * sqrt(0.5 / pi)
    return density - x * beyond, beyond
