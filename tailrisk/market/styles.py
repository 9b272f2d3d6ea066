"""Style factor returns as an overlay on the ladder.

phi_k = sum_j B_kj r_j + e_k,  r_j the buckets' log returns. The regression is on the ladder factors
(mechanism 3.8, 5.1); it is the same regression on the buckets. Without memory e is Gaussian, correlated,
independent over days. With it e has the filter of `memory`, its common variance that of the ladder, and its
residuals are Student-t with correlations of their own in each regime of the ladder's residuals:

    e = a + s u,   u | regime k ~ t_nu(0, S_k),   a and s as in memory.py.
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import static, struct
from ..core.units import Count, LogReturn, Normal, Ratio
from . import ladder, memory


@struct
class Memory:
    """The filter of the residuals, their law by regime, and where paths start; by style, not factor."""

    filter: memory.Filter
    ladder: ladder.Params  # [regime, style, term]
    start: memory.State  # [.., 1]


@struct
class Params:
    """Loadings of the styles in use on the buckets, the residuals' Cholesky factor, and the styles' names."""

    loading: Ratio  # [style, bucket]
    residual: LogReturn  # [style, shock]  lower triangular, per day
    memory: Memory | None = None  # None: Gaussian residuals, independent over days
    names: tuple[str, ...] = static(default=())  # [style]  none where nobody named them


@struct
class State:
    """Today's returns, and what the residuals remember."""

    today: Ratio  # [style, path]  of a unit exposure
    remembered: memory.State | None


def init(params: Params, paths: int) -> State:
    """The eve of the first day."""
    still = jnp.zeros((params.loading.shape[0], paths), params.loading.dtype)
    if params.memory is None:
        return State(today=still, remembered=None)
    one = memory.draw(params.memory.start, still[0])
    return State(today=still, remembered=one)


def step(params: Params, log_return: LogReturn, shock: list[Normal]) -> Ratio:
    """Today's style returns [style, path] for a unit exposure, of residuals without memory."""
    styles = params.loading.shape[0]
    rows = []
    for k, total in enumerate(_on_ladder(params, log_return)):
        for j in range(k + 1):
            total = total + params.residual[k, j] * shock[j]
        rows.append(total)
    assert len(rows) == styles
    return jnp.stack(rows)


def live(
    params: Params,
    state: State,
    market: memory.State,
    regime: Count,
    log_return: LogReturn,
    shock: list[Normal],
) -> State:
    """The state after a day of residuals with memory.

    market: the ladder's state on the evening before, for its common variance; regime [path]: of today.
    """
    assert params.memory is not None
    assert state.remembered is not None
    law = params.memory
    eve = replace(state.remembered, common=market.common)
    residual = ladder.step(law.ladder, regime, tuple(shock))
    centre, deviation = memory.expected(law.filter, eve)
    moved = centre + deviation * residual
    today = jnp.stack(_on_ladder(params, log_return)) + moved
    return State(today=today, remembered=memory.follow(law.filter, eve, centre, moved))


def _on_ladder(params: Params, log_return: LogReturn) -> list[Ratio]:
    """What the buckets' log returns make of each style [style][path]."""
    styles, buckets = params.loading.shape
    rows = []
    for k in range(styles):
        total = params.loading[k, 0] * log_return[0]
        for b in range(1, buckets):
            total = total + params.loading[k, b] * log_return[b]
        rows.append(total)
    return rows
