"""The process of returns from a config: regimes on the ladder, or memory and a law of what is left."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..config import Config
from ..config.calibrated import Fitted
from ..config.memory import Memory, Residuals, Stand
from ..core import random
from ..core.arrays import placed
from ..market import ladder, memory, process, regimes, switching
from ..simulate.settle import settle

Array = np.ndarray[Any, np.dtype[np.float64]]

STATES, SETTLING = 1024, 2000
"""States of the long run, and the days that lead to them."""


def build(config: Config, array: Any) -> process.Params:
    """The process a config describes, at the precision of `array`."""
    if config.market.process == "regimes":
        return _switching(config, array)
    block = config.calibrated.memory
    assert block is not None, "the loader refuses a file without it"
    law, start = _memory(config, block, array), config.market.start
    if start == "filtered":
        return law
    settled = settle(law, random.stream(config.run.seed, "long_run"), STATES, SETTLING)
    return _from_long_run(law, settled, start)


def stationary(transition: Array) -> Array:
    """The long-run law of a chain [regime]: the left eigenvector of one, pi P = pi."""
    states = len(transition)
    system = np.vstack([transition.T - np.eye(states), np.ones(states)])
    law = np.linalg.lstsq(system, np.append(np.zeros(states), 1.0), rcond=None)[0]
    return np.maximum(law, 0) / np.maximum(law, 0).sum()


def _switching(config: Config, array: Any) -> switching.Params:
    fitted = config.fitted
    chain = np.array(fitted.transition)
    return switching.Params(
        regimes=regimes.Params(
            cumulative=array(np.cumsum(fitted.transition, axis=1)),
            start=array(np.cumsum(_start(fitted, config.market.start))),
        ),
        ladder=_ladder(fitted, config.market.spread_drift == "fitted", array),
        long_run=array(np.cumsum(stationary(chain))),
    )


def _start(fitted: Fitted | Residuals, start: str) -> Array:
    states = fitted.states
    if start == "filtered":
        return np.array(fitted.filtered)
    if start == "stationary":
        return stationary(np.array(fitted.transition))
    return np.eye(states)[0 if start == "calm" else states - 1]


def _ladder(fitted: Fitted, drifting: bool, array: Any) -> ladder.Params:
    affine, inverse_nu = _affine(fitted, drifting)
    return ladder.Params(
        affine=array(np.cumsum(affine, axis=1)), inverse_nu=array(inverse_nu) if inverse_nu else None
    )


def _affine(fitted: Fitted | Residuals, drifting: bool) -> tuple[Array, float]:
    """Mean and loadings of factors [regime, factor, term], and 1 / nu; spreads centred unless drifting."""
    inverse_nu = 0.0 if fitted.nu is None else 1 / fitted.nu
    scale = np.sqrt(1 - 2 * inverse_nu)  # covariance to t scale: (nu - 2) / nu
    mean = np.array(fitted.mean)
    if not drifting:
        mean[:, 1:] -= stationary(np.array(fitted.transition)) @ mean[:, 1:]
    factor = np.linalg.cholesky(np.array(fitted.covariance)) * scale
    return np.concatenate([mean[:, :, None], factor], axis=2), inverse_nu


def _memory(config: Config, block: Memory, array: Any) -> memory.Params:
    """The process that starts from the filtered state of the last day."""
    law, drifting = block.residuals, config.market.spread_drift == "fitted"
    affine, inverse_nu = _affine(law, drifting)
    table, days = config.attached.residuals, None
    if config.market.process == "days" and table is not None:
        rows = np.array(table)
        if not drifting:
            rows[:, 1:] -= rows[:, 1:].mean(axis=0)
        days = memory.Days(rows=array(rows), leave=array(1 / config.market.block))
        affine, inverse_nu = np.zeros((1, len(config.names.buckets), len(config.names.buckets) + 1)), 0.0
    chain = np.array(law.transition) if days is None else np.ones((1, 1))
    begin = np.array(law.filtered) if days is None else np.ones(1)
    return memory.Params(
        filter=_filter(block, drifting, array),
        regimes=regimes.Params(cumulative=array(np.cumsum(chain, axis=1)), start=array(np.cumsum(begin))),
        ladder=ladder.Params(affine=array(affine), inverse_nu=array(inverse_nu) if inverse_nu else None),
        long_run=array(np.cumsum(stationary(chain))),
        start=_stand(block.eve, array),
        past=_stand(block.year_before, array),
        stress=array(block.stress),
        days=days,
    )


def _filter(block: Memory, drifting: bool, array: Any) -> memory.Filter:
    mean, variance = np.array(block.mean), np.array(block.variance)
    weight = np.array(block.weight).T.copy()  # [source, factor]
    weight[0] *= np.array(block.long_run)
    weight[4] *= variance
    if not drifting:
        mean[1:] = 0.0
    limit = np.full(len(mean), np.nan) if block.limit is None else np.array(block.limit)
    open_ = np.isnan(limit)
    return memory.Filter(
        mean=array(mean),
        phi=array(block.phi),
        kappa=array(block.kappa),
        weight=array(weight),
        leverage=array(block.leverage),
        inverse=array(1 / (variance * len(variance))),
        cap=array(block.cap**2 * variance),
        low=array(np.where(open_, -1e3, np.log1p(-np.where(open_, 0.5, limit)))),
        high=array(np.where(open_, 1e3, np.log1p(np.where(open_, 0.5, limit)))),
    )


def _stand(stand: Stand, array: Any) -> memory.State:
    return memory.State(
        row=placed(np.zeros(1), np.int32),
        square=array(np.array(stand.square)[:, :, None]),
        common=array([stand.common]),
        trend=array(np.array(stand.trend)[:, None]),
        last=array(np.array(stand.last)[:, None]),
    )


def _from_long_run(law: memory.Params, settled: memory.State, start: str) -> memory.Params:
    """Paths from states of the long run: of all, or of the calm half, or of those in stress."""
    chain = law.long_run
    if start == "stationary":
        return _placed(law, settled, settled, chain, continues=True)
    common = np.asarray(settled.common)
    if start == "calm":
        chosen = np.flatnonzero(common <= np.median(common))
    else:
        level = min(float(law.stress), float(np.sort(common)[-STATES // 64]))
        chosen = np.flatnonzero(common >= level)
    begun: memory.State = jax.tree.map(lambda x: x[..., chosen], settled)
    regime = jnp.zeros_like(chain).at[-1].set(1.0) if start == "crisis" else jnp.ones_like(chain)
    return _placed(law, begun, settled, regime, continues=False)


def _placed(
    law: memory.Params, start: memory.State, past: memory.State, chain: jax.Array, *, continues: bool
) -> memory.Params:
    return replace(
        law, start=start, past=past, regimes=replace(law.regimes, start=chain), continues=continues
    )
