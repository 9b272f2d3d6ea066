"""Style factor returns as an overlay on the ladder.

phi_k = sum_j B_kj r_j + e_k,  r_j the buckets' log returns. The regression is on the ladder factors
(mechanism 3.8, 5.1); it is the same regression on the buckets. Without memory e is Gaussian, correlated,
independent over days. With it e has the filter of `memory`, its common variance that of the ladder, and its
residuals are Student-t with correlations of their own in each regime of the ladder's residuals:

    e = a + s u,   u | regime k ~ t_nu(0, S_k),   a and s as in memory.py.

Loadings may be adaptive: they follow each day's errors and come back, with f the ladder's factors (f_1 = r_1,
f_j = r_j - r_{j-1}) and v their variances of the evening before,

    phi_k = sum_j B_kj r_j + sum_j b_kj f_j + e_k,
    b_kj <- p b_kj + g e_k (f_j / v_j) / (1 + g sum_i f_i^2 / v_i).

So moves a Kalman filter whose prior variance of b_kj is g v_e / v_j on every evening, v_e that of e_k;
loadings driven by what is observed: Creal, Koopman and Lucas (2013), Engle (2016). v is the ladder's slowest
mean square, E of memory.py at decay .99.
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.units import Count, LogReturn, Normal, Ratio
from . import ladder, memory

SLOW = 2
"""Of the ladder's mean squares (memory.DECAYS), the one that says how much a day's factors tell."""


@struct
class Adaptive:
    """How loadings follow what was seen, and where they start."""

    gain: Ratio  # []  g
    persistence: Ratio  # []  p
    start: Ratio  # [style, factor]  b on the eve


@struct
class Memory:
    """The filter of the residuals, their law by regime, and where paths start; by style, not factor."""

    filter: memory.Filter
    ladder: ladder.Params  # [regime, style, term]
    start: memory.State  # [.., 1]
    adaptive: Adaptive | None = None  # None: loadings are what they are on every day


@struct
class Params:
    """Loadings of the styles in use on the buckets, the residuals' Cholesky factor, and the styles' names."""

    loading: Ratio  # [style, bucket]
    residual: LogReturn  # [style, shock]  lower triangular, per day
    memory: Memory | None = None  # None: Gaussian residuals, independent over days
    names: tuple[str, ...] = static(default=())  # [style]  none where nobody named them


@struct
class State:
    """Today's returns, what the residuals remember, and by how much loadings are off their long run."""

    today: Ratio  # [style, path]  of a unit exposure
    remembered: memory.State | None
    shift: Ratio | None = None  # [style, factor, path]  b; None where loadings do not move


def init(params: Params, paths: int) -> State:
    """The eve of the first day."""
    still = jnp.zeros((params.loading.shape[0], paths), params.loading.dtype)
    if params.memory is None:
        return State(today=still, remembered=None)
    one = memory.draw(params.memory.start, still[0])
    law = params.memory.adaptive
    if law is None:
        return State(today=still, remembered=one)
    shift = jnp.broadcast_to(law.start[:, :, None], (*law.start.shape, paths))
    return State(today=still, remembered=one, shift=shift)


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

    market: the ladder's state on the evening before, for its variances; regime [path]: of today.
    """
    assert params.memory is not None
    assert state.remembered is not None
    law = params.memory
    eve = replace(state.remembered, common=market.common)
    residual = ladder.step(law.ladder, regime, tuple(shock))
    centre, deviation = memory.expected(law.filter, eve)
    moved = centre + deviation * residual
    after = memory.follow(law.filter, eve, centre, moved)
    rows = _on_ladder(params, log_return)
    if law.adaptive is None or state.shift is None:
        return State(today=jnp.stack(rows) + moved, remembered=after)
    factor = factors(log_return)
    today = jnp.stack(_shifted(rows, state.shift, factor)) + moved
    shift = adapt(law.adaptive, state.shift, factor, market.square[SLOW], moved)
    return State(today=today, remembered=after, shift=shift)


def factors(log_return: LogReturn) -> LogReturn:
    """The ladder's factors [factor, path] of the buckets' log returns [bucket, path]."""
    return jnp.concatenate([log_return[:1], log_return[1:] - log_return[:-1]])


def adapt(law: Adaptive, shift: Ratio, factor: LogReturn, variance: Ratio, error: Ratio) -> Ratio:
    """Tomorrow's b [style, factor, path]; today's factors and their v [factor, path], and e [style, path]."""
    unit = factor / variance
    step = law.gain / (1.0 + law.gain * accumulate(factor * unit))
    return law.persistence * shift + (error * step[None])[:, None] * unit[None]


def _shifted(rows: list[Ratio], shift: Ratio, factor: LogReturn) -> list[Ratio]:
    """The rows [style][path] with what the loadings' shifts add to them."""
    out = []
    for k, row in enumerate(rows):
        total = row
        for j in range(factor.shape[0]):
            total = total + shift[k, j] * factor[j]
        out.append(total)
    return out


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
