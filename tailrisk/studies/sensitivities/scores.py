"""Derivatives of the log density of a path in parameters of its law: what a likelihood ratio multiplies by.

The chain s_t has P(s' = s | s) = p_s, the others pro rata; a day's shocks are z, of d coordinates, a t with
nu degrees of freedom, u = m_s + C_s z. With q = |z|^2 and g = (nu + d) / (nu + q), one for a Gaussian,

    p_s -> p_s (1 + e):        sum over days after s   1{stayed} - 1{left} p_s / (1 - p_s)
    C_s -> C_s (1 + e):        sum over days in s      g q - d
    row f of C -> (1 + e):     sum over days           g (z' C^-1)_f (C z)_f - 1

The prices that a crowd makes of it, and whatever else follows, do not change with them: of a path with jumps
this is a derivative where moving the path is none (Glasserman, 2004, section 7.3).
"""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ...core import random
from ...core.units import Count, Ratio
from ...market import memory, process
from ...simulate import path
from ...simulate.day import Shocks, market
from ...simulate.world import World

Array = NDArray[np.float64]
AT_ONCE = 4096
"""Paths side by side."""


def scores(world: World, paths: int) -> dict[tuple[str, int], Array]:
    """Scores [path] of the run's first paths, by what is moved and its place."""
    law = world.process if world.crowd is None else world.crowd.process
    found: dict[tuple[str, int], list[Array]] = {}
    for first in range(0, paths, AT_ONCE):
        number = np.arange(first, first + AT_ONCE, dtype=np.uint32)
        made = jax.device_get(_scores(world, law, number))
        for name, rows in made.items():
            for k, row in enumerate(np.asarray(rows, np.float64)):
                found.setdefault((name, k), []).append(row)
    return {key: np.concatenate(rows)[:paths] for key, rows in found.items()}


@jax.jit
def _scores(world: World, law: Any, number: Count) -> dict[str, Ratio]:
    outside = replace(world, process=law, crowd=None, funds=None)
    chain, affine = _law(law)
    states, factors = affine.shape[:2]

    def one_day(carried: tuple[Any, dict[str, Ratio]], shocks: Shocks) -> tuple[Any, None]:
        state, sums = carried
        before = process.regime(law, state)
        after, _, _ = market(outside, state, shocks)
        now = process.regime(law, after)
        z = jnp.stack(random.student(shocks.ladder, process.inverse_nu(law))[:factors])
        return (after, jax.tree.map(jnp.add, sums, _day(chain, affine, law, before, now, z))), None

    start = path.begin(outside, number).process
    zero = jnp.zeros(number.shape, affine.dtype)
    empty = {"stay": states, "regime": states, "factor": factors}
    sums = {name: jnp.stack([zero] * count) for name, count in empty.items()}
    draws = partial(path.market_shocks, outside, number)
    return path.over_days(one_day, (start, sums), outside.days, draws)[0][1]


def _day(chain: Ratio, affine: Ratio, law: Any, before: Count, now: Count, z: Ratio) -> dict[str, Ratio]:
    """The scores of one day, each [place, path]; z [factor, path]."""
    states, factors = affine.shape[:2]
    q = (z * z).sum(axis=0)
    nu = process.inverse_nu(law)
    g = jnp.ones_like(q) if nu is None else (1 + nu * factors) / (1 + nu * q)
    stay, scale, shape = [], [], jnp.zeros_like(z)
    for k in range(states):
        p, here = chain[k], (now == k).astype(q.dtype)
        left = -p / jnp.maximum(1 - p, 1e-6)
        stay.append((before == k) * jnp.where(now == k, jnp.ones_like(q), left * jnp.ones_like(q)))
        scale.append(here * (g * q - factors))
        c = affine[k, :, 1:]
        back = jnp.linalg.solve(c.T, jnp.eye(factors, dtype=c.dtype))  # C^-T
        shape = shape + here[None] * (g[None] * (back @ z) * (c @ z) - 1)
    return {"stay": jnp.stack(stay), "regime": jnp.stack(scale), "factor": shape}


def _law(law: Any) -> tuple[Ratio, Ratio]:
    """Chances to stay [regime], and mean and loadings of the factors [regime, factor, term]."""
    rows = jnp.diff(law.regimes.cumulative, axis=1, prepend=jnp.zeros_like(law.regimes.cumulative[:, :1]))
    affine = law.ladder.affine
    if not isinstance(law, memory.Params):  # rows are buckets: a bucket is the sum of factors
        affine = jnp.concatenate([affine[:, :1], affine[:, 1:] - affine[:, :-1]], axis=1)
    return jnp.diagonal(rows), affine
