"""Memory: volatility at several horizons, a common one, leverage and trends; a law of days on what is left.

Per factor of the ladder, daily, E_h a mean square with decay h of .80, .94 and .99, C one common to all:

    f = m + a + s u,   a = d + phi (f' - m - d),   d = kappa D,   D <- .99 D + .01 (f - m)
    s^2 = min(w_0 v + sum_h w_h E_h + w_4 v C, cap^2 v)
    E_h <- h E_h + (1 - h) e^2 (1 - g sign e),   e = f - m - a
    C <- .94 C + .06 mean_i (f_i - m_i)^2 / v_i

f' is yesterday's. The vector u is drawn from regimes of the ladder (`regimes`, `ladder`) or from rows of
residuals, whole days of history (`Days`). A bucket's return stays within its daily price limit, and the state
follows what was shown, so that it is a function of returns alone and can be filtered from data. Volatility at
several horizons: Corsi (2009); filtered historical simulation: Barone-Adesi, Giannopoulos and Vosper (1999).
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.fence import fenced
from ..core.units import Count, Flag, LogReturn, Normal, Probability, Ratio, Uniform
from . import ladder, regimes
from .kind import Kind

DECAYS = (0.80, 0.94, 0.99)
COMMON = 0.94
TREND = 0.99
BANDS = (1.0, 2.0)
"""Common variance over its mean from which a picture calls a market uneasy, and in stress."""
CELLS = 4096.0
"""Cells of a uniform whose insides choose among states, so that one uniform gives a regime and a state."""


@struct
class State:
    """Where volatility and trends are at a close."""

    row: Count  # [path]  the regime of the residuals, or the row of their table
    square: Ratio  # [horizon, factor, path]  E
    common: Ratio  # [path]  C
    trend: LogReturn  # [factor, path]  D
    last: LogReturn  # [factor, path]  f - m


@struct
class Filter:
    """What turns residuals into returns; all per day."""

    mean: LogReturn  # [factor]  m
    phi: Ratio  # [factor]
    kappa: Ratio  # [factor]
    weight: Ratio  # [source, factor]  w_0 v, w_1, w_2, w_3, w_4 v
    leverage: Ratio  # [factor]  g
    inverse: Ratio  # [factor]  1 / (v factors)
    cap: Ratio  # [factor]  cap^2 v
    low: LogReturn  # [bucket]  of a day
    high: LogReturn  # [bucket]
    decays: tuple[float, ...] = static(default=DECAYS)  # of E
    common: float = static(default=COMMON)  # decay of C
    trend: float = static(default=TREND)  # decay of D


@struct
class Days:
    """Whole days of residuals, in blocks of geometric length (Politis and Romano, 1994)."""

    rows: Ratio  # [row, factor]
    leave: Probability  # []  chance that a block ends: one draws every day anew


@struct
class Params:
    """The filter, the law of the residuals, and where paths start."""

    filter: Filter
    regimes: regimes.Params
    ladder: ladder.Params  # of residuals: its rows are factors, not buckets
    long_run: Probability  # [regime]  cumulative stationary law
    start: State  # [.., state]  one of these on the eve of the first day
    past: State  # [.., state]  one of these on the eve of the warm-up
    stress: Ratio  # []  C from which the market is in stress
    days: Days | None = None  # the law of residuals in place of regimes
    continues: bool = static(default=False)  # a path begins where its warm-up ended


def draw(states: State, uniform: Uniform) -> State:
    """One of the states [.., state] for each uniform [path]; the regime is drawn apart."""
    count = states.common.shape[0]
    cell = uniform * CELLS
    inside = cell - jnp.floor(cell)
    index = jnp.minimum((inside * count).astype(jnp.int32), count - 1)
    return State(
        row=states.row[index],
        square=states.square[:, :, index],
        common=states.common[index],
        trend=states.trend[:, index],
        last=states.last[:, index],
    )


def step(
    params: Params, state: State, uniform: Uniform, shock: tuple[Normal, ...]
) -> tuple[State, LogReturn, Flag]:
    """Tomorrow's state, log returns [bucket, path], and whether C was in stress before the day [path].

    uniform [path] moves the chain, or chooses the row; shock [shock][path].
    """
    if params.days is None:
        row = regimes.step(params.regimes, state.row, uniform)
        residual = ladder.step(params.ladder, row, shock)
    else:
        row = drawn(params.days, state.row, uniform)
        residual = params.days.rows.T[:, row]
    after, log_return = move(params.filter, state, residual)
    return replace(after, row=row), log_return, state.common >= params.stress


def drawn(days: Days, row: Count, uniform: Uniform) -> Count:
    """Today's row [path]: the one after yesterday's, or with chance `leave` any."""
    count = days.rows.shape[0]
    fresh = jnp.minimum((uniform / days.leave * count).astype(jnp.int32), count - 1)
    following = jnp.where(row + 1 < count, row + 1, 0)
    return jnp.where(uniform < days.leave, fresh, following)


def expected(filter: Filter, state: State) -> tuple[LogReturn, Ratio]:
    """(a, s) [factor, path] of the day after a state: what is known of it the evening before."""
    trend = filter.kappa[:, None] * state.trend
    centre = trend + filter.phi[:, None] * (state.last - trend)
    weight = filter.weight[:, :, None]
    variance = weight[0] + weight[4] * state.common[None]
    for h in range(len(filter.decays)):
        variance = variance + weight[h + 1] * state.square[h]
    cap = jnp.broadcast_to(filter.cap[:, None], variance.shape)
    return centre, jnp.sqrt(jnp.where(variance > cap, cap, variance))


def move(filter: Filter, state: State, residual: Ratio) -> tuple[State, LogReturn]:
    """The state after a day, and its log returns [bucket, path], from residuals u [factor, path]."""
    centre, deviation = expected(filter, state)
    log_return = _shown(filter, filter.mean[:, None] + centre + deviation * residual)
    moved = jnp.concatenate([log_return[:1], log_return[1:] - log_return[:-1]]) - filter.mean[:, None]
    return follow(filter, state, centre, moved), log_return


@fenced
def _shown(filter: Filter, factor: LogReturn) -> LogReturn:
    """Buckets' log returns within their bounds [bucket, path], from the factors'."""
    shown, total = [], factor[0]
    for b in range(factor.shape[0]):
        total = factor[0] if b == 0 else total + factor[b]
        shown.append(_within(total, filter.low[b], filter.high[b]))
    return jnp.stack(shown)


def _within(x: LogReturn, low: LogReturn, high: LogReturn) -> LogReturn:
    """x between its bounds; a choice costs less than a minimum, which must look for NaN."""
    return jnp.where(x < low, low, jnp.where(x > high, high, x))


def follow(filter: Filter, state: State, centre: LogReturn, moved: LogReturn) -> State:
    """The state after factors moved by f - m [factor, path] where a was expected."""
    gap = moved - centre
    news = gap * gap * jnp.where(gap < 0, 1.0 + filter.leverage[:, None], 1.0 - filter.leverage[:, None])
    square = jnp.stack([h * state.square[k] + (1 - h) * news for k, h in enumerate(filter.decays)])
    size = accumulate(moved * moved * filter.inverse[:, None])
    return State(
        row=state.row,
        square=square,
        common=filter.common * state.common + (1 - filter.common) * size,
        trend=filter.trend * state.trend + (1 - filter.trend) * moved,
        last=moved,
    )


def _placed(params: Params, state: State, start: Probability, uniform: Uniform) -> State:
    """The state in a regime of the law `start`, or at a row of history; a uniform [path] chooses."""
    regime = regimes.init(start, uniform)
    if params.days is None:
        return replace(state, row=regime)
    fresh = replace(params.days, leave=jnp.ones_like(params.days.leave))
    return replace(state, row=drawn(fresh, state.row, uniform))


def _with_regime(params: Params, state: State, regime: Count) -> State:
    return state if params.days is not None else replace(state, row=regime)


def _pictured(state: State) -> Count:
    """The band of the common variance [path]."""
    return sum((state.common >= edge).astype(jnp.int32) for edge in BANDS)  # type: ignore[return-value]


KIND = Kind(
    params=Params,
    init=lambda p, uniform: _placed(p, draw(p.start, uniform), p.regimes.start, uniform),
    long_run=lambda p, uniform: _placed(p, draw(p.past, uniform), p.long_run, uniform),
    step=step,
    regime=lambda state: state.row,
    with_regime=_with_regime,
    pictured=_pictured,
    continues=lambda params: params.continues,
    tiltable=lambda params: params.days is None,
    pairs=lambda params: 0 if params.days is not None else (params.ladder.affine.shape[1] + 1) // 2,
)
