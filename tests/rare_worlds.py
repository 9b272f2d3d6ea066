"""A world whose odds are known in closed form, for what estimates them."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from scipy import stats

from tests.worlds import world


def numbers(n, start=0):
    return jnp.arange(start, start + n, dtype=jnp.uint32)


def bare(dtype="float64", nu=None, days=6, regimes=3, **kwargs):
    """A world whose product 0 is the first bucket, so that its NAV is exp(sum of log returns)."""
    it = world(dtype, nu=nu, days=days, with_styles=False, detectors=kwargs.pop("detectors", ()), **kwargs)
    one = jnp.zeros_like(it.products.long).at[:, 0].set(1.0)
    zero = jnp.zeros_like(it.products.alpha)
    products = replace(it.products, long=one, short=jnp.zeros_like(it.products.short), alpha=zero, own=zero)
    products = replace(products, interest=zero, fee=zero)
    it = replace(it, products=products, own_risk=False)
    if regimes == 1:
        chain = replace(it.process.regimes, cumulative=jnp.ones((1, 1)), start=jnp.ones(1))
        ladder = replace(it.process.ladder, affine=it.process.ladder.affine[:1])
        return replace(it, process=replace(it.process, regimes=chain, ladder=ladder, long_run=jnp.ones(1)))
    return it


def no_day_beyond(it, loss, nu):
    """P(no day's loss of bucket 0 reaches `loss`): the chain's matrices times the chance of a quiet day."""
    law = stats.norm() if nu is None else stats.t(nu)
    affine = np.asarray(it.process.ladder.affine)[:, 0]
    quiet = 1 - law.cdf((np.log1p(-loss) - affine[:, 0]) / affine[:, 1])
    chain = np.diff(np.asarray(it.process.regimes.cumulative), axis=1, prepend=0.0)
    at = np.diff(np.asarray(it.process.regimes.start), prepend=0.0)
    for _ in range(it.days):
        at = (at @ chain) * quiet
    return at.sum()
