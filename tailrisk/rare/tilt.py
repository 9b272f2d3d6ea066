"""Another law for regimes, fear and shocks: rare paths are common under it, and weights make up for that.

A path drawn from the law Q instead of P counts with the weight dP/dQ. Q is a mixture of components, and a
component is a chain of phases (before, burst, after): the phase of a path may move on by one each morning and
decides the law of that day's state and shocks,

    j_t = j_{t-1} + 1 with chance leave_{t, j},   P_j(s_t = l | s_{t-1} = k) = transition_{jkl},
    z_t ~ N(shift_{j s_t}, diag(scale_{j s_t}^2)).

The state is the regime; with a crowd whose fear looks at the last regime, a crisis in which fear has taken
hold is one state more, the last. Where fear looks at something else (memory: the common variance of the day
before) it is no state of the chain: the phase has a chance of its own that it takes hold where it has cause.

The weight is against the whole mixture, phases summed out by the forward recursion of Baum et al. (1970):
with f_j the nominal law's density of the day over that of phase j, inverted,

    a_{t,j} = f_j (a_{t-1,j} (1 - leave_j) + a_{t-1,j-1} leave_{j-1}),    dP/dQ = 1 / sum_j a_{T,j}.

The first phase is the nominal law itself, so no weight exceeds one over its probability (a defensive mixture,
Hesterberg, 1995). Student shocks are moved and widened likewise, z_t ~ t_nu(shift, diag(scale^2)): the
ratio of two such densities is bounded, so their tails carry no weight beyond it.
"""

from dataclasses import replace
from functools import reduce

import jax.numpy as jnp
from jax import lax

from ..core import random, struct
from ..core.arrays import accumulate
from ..core.random import Stream
from ..core.units import Count, Flag, Normal, Probability, Ratio, Uniform
from ..market import process, regimes
from ..simulate.day import Shocks
from ..simulate.world import World

CALM, SPARED, TAKEN, AFRAID = range(4)
"""Of fear on a day: no cause; cause, and it did not take hold; took hold that day; had hold before."""


def nominal_fear(world: World) -> Probability | None:
    """The chance [] that fear takes hold on a day on which it has cause; None without a crowd."""
    return None if world.crowd is None else world.crowd.panic.hold


def fear_is_a_state(world: World) -> bool:
    """Whether a tilt has a state of fear: with a crowd whose stress is the last regime."""
    return world.crowd is not None and process.stress_is_the_last_regime(world.process)


@struct
class Fear:
    """What is known of fear the evening before."""

    chance: Probability  # []  nominally, that it takes hold where it has cause
    afraid: Flag  # [path]  it has hold
    cause: Flag | None  # [path]  it will have cause; None: it will where the day's regime is the last


@struct
class Shift:
    """Mean and deviation of each shock, by phase and state; nominally zero and one."""

    mean: Normal  # [phase, state, shock]
    deviation: Ratio  # [phase, state, shock]
    inverse_nu: Ratio | None = None  # []  1 / degrees of freedom of the shocks; None is Gaussian


@struct
class Tilt:
    """The law paths are drawn from; cumulative over the last axis where marked."""

    share: Probability  # [phase]  cumulative: of paths that begin in it
    warmup_start: Probability  # [phase, regime]  cumulative
    warmup: Probability  # [phase, from, to]  cumulative: of the days before the first, phases at rest
    start: Probability  # [phase, regime]  cumulative
    transition: Probability  # [phase, state, to]  cumulative: of regimes
    leave: Probability  # [day, phase]  chance to move on to the next phase that morning
    shift: Shift | None  # None: shocks as they are
    stream: Stream
    hold: Probability | None = None  # [phase, state]  that fear takes hold if it has cause


@struct
class State:
    """Where the path is in the mixture."""

    phase: Count  # [path]
    log_odds: Ratio  # [phase, path]  log a_j: density of the path so far in that phase over the nominal one


def init(tilt: Tilt, path: Count) -> State:
    """The component each path [path] is drawn from, by its number."""
    zero = jnp.zeros_like(path)
    uniform = random.uniforms(tilt.stream, path, zero, tilt.share.dtype)
    share = _pieces(tilt.share)
    log_odds = jnp.log(share)[:, None] + jnp.zeros(path.shape, share.dtype)[None, :]
    return State(phase=_reached(tilt.share[:, None], uniform), log_odds=log_odds)


def untilted(tilt: Tilt, path: Count) -> Flag:
    """Whether each path [path] is drawn from the world's own law, the component that never moves on."""
    return init(tilt, path).phase == 0


def moves(tilt: Tilt, path: Count, days: Count) -> Uniform:
    """The uniforms [day, path] that decide on each day whether a path's phase moves on."""
    grid = (days.shape[0], path.shape[0])
    number, day = jnp.broadcast_to(path[None, :], grid), jnp.broadcast_to(days[:, None], grid)
    return random.uniforms(tilt.stream, number, day, tilt.share.dtype)


def eve(law: Probability, nominal: Probability, state: State, uniform: Uniform) -> tuple[State, Count]:
    """The first regime [path], drawn from law [phase, regime] in place of nominal [regime]."""
    regime = _reached(law[state.phase].T, uniform)
    return replace(state, log_odds=state.log_odds + _log_ratio(law, nominal)[:, regime]), regime


def warm(
    tilt: Tilt, nominal: regimes.Params, state: State, before: Count, uniform: Uniform
) -> tuple[State, Uniform]:
    """One day before the first: a uniform [path] with which `regimes.step` draws the tilted regime.

    before [path]: yesterday's regime; uniform [path].
    """
    regime, edge = _regime(tilt.warmup, nominal, state.phase, before, uniform)
    ratio = _log_ratio(tilt.warmup, nominal.cumulative)[:, before, regime]
    return replace(state, log_odds=state.log_odds + ratio), edge


def step(
    tilt: Tilt,
    nominal: regimes.Params,
    state: State,
    before: Count,
    move: Uniform,
    today: Ratio,
    shocks: Shocks,
    fear: Fear | None = None,
) -> tuple[State, Shocks, Count, Count]:
    """One day: the shocks with which `day.step` simulates the tilted day, its state and its fear [path].

    before [path]: yesterday's state; move [path]: from `moves`; today [phase]: that day's row of `leave`;
    fear: None where there is no crowd, and the day's is CALM.
    """
    phase = state.phase + (move < today[state.phase]).astype(jnp.int32)
    nominal = _by_state(nominal, tilt.transition.shape[1])
    regime, edge = _regime(tilt.transition, nominal, phase, before, shocks.regime)
    log_odds = _moved(state.log_odds, today)
    log_odds = log_odds + _log_ratio(tilt.transition, nominal.cumulative)[:, before, regime]
    shocks, seen = replace(shocks, regime=edge), jnp.full_like(regime, CALM)
    if tilt.hold is not None and shocks.crowd is not None and fear is not None:
        shocks, seen, ratio = _feared(tilt, phase, before, regime, shocks, fear)
        log_odds = log_odds + ratio
    state_of_fear = fear is not None and tilt.transition.shape[1] > tilt.transition.shape[2]
    drawn = regime + (seen >= TAKEN).astype(jnp.int32) if state_of_fear else regime
    if tilt.shift is not None:
        shocks, ratio = _shifted(tilt.shift, phase, drawn, shocks)
        log_odds = log_odds + ratio
    return State(phase=phase, log_odds=log_odds), shocks, drawn, seen


def _feared(
    tilt: Tilt, phase: Count, before: Count, regime: Count, shocks: Shocks, fear: Fear
) -> tuple[Shocks, Count, Ratio]:
    """Shocks whose fear is drawn from the tilt, the day's fear [path], and the log ratio [phase, path]."""
    assert tilt.hold is not None
    assert shocks.crowd is not None
    cause = regime == tilt.transition.shape[2] - 1 if fear.cause is None else fear.cause
    taken = fear.afraid | (shocks.crowd.fear < tilt.hold[phase, before])
    die = 1.0 - taken.astype(shocks.crowd.fear.dtype)
    open_still = cause & ~fear.afraid
    ratio = jnp.where(open_still[None], _fear_ratio(tilt.hold, fear.chance, before, taken), 0.0)
    new = SPARED + taken.astype(jnp.int32)
    seen = jnp.where(cause, jnp.where(fear.afraid, jnp.full_like(new, AFRAID), new), jnp.full_like(new, CALM))
    return replace(shocks, crowd=replace(shocks.crowd, fear=die)), seen, ratio


def _shifted(shift: Shift, phase: Count, state: Count, shocks: Shocks) -> tuple[Shocks, Ratio]:
    """The shocks moved and widened as phase and state [path] say, and the log ratio [phase, path]."""
    mean, deviation = shift.mean[phase, state].T, shift.deviation[phase, state].T
    plain = random.student(shocks.ladder, shift.inverse_nu)
    drawn = [x * s + m for x, s, m in zip(plain, deviation, mean, strict=False)]
    moved = replace(shocks, ladder=_paired(_units(drawn, shift.inverse_nu), shocks.ladder))
    return moved, _shift_ratio(shift, state, drawn)


def log_weight(state: State) -> Ratio:
    """log dP/dQ [path] of the path so far."""
    top = reduce(jnp.maximum, state.log_odds)
    return -(top + jnp.log(accumulate(jnp.exp(state.log_odds - top[None, :]))))


def _moved(log_odds: Ratio, leave: Probability) -> Ratio:
    """Log odds [phase, path] after phases may have moved on by one."""
    top = reduce(jnp.maximum, log_odds)
    odds = jnp.exp(log_odds - top[None, :])
    gone = odds * leave[:, None]
    arrived = jnp.concatenate([jnp.zeros_like(gone[:1]), gone[:-1]])
    return jnp.log(odds - gone + arrived) + top[None, :]


def _regime(
    law: Probability, nominal: regimes.Params, phase: Count, before: Count, uniform: Uniform
) -> tuple[Count, Uniform]:
    """Today's regime under law [phase, from, to], and the lowest uniform that nominally gives it."""
    regime = _reached(law[phase, before].T, uniform)
    edges = jnp.concatenate([jnp.zeros_like(nominal.cumulative[:, :1]), nominal.cumulative[:, :-1]], axis=1)
    return regime, edges[before, regime]


def _by_state(nominal: regimes.Params, states: int) -> regimes.Params:
    """The nominal chain from every state: fear does not move it."""
    extra = states - nominal.cumulative.shape[0]
    rows = [nominal.cumulative, *[nominal.cumulative[-1:]] * extra]
    return replace(nominal, cumulative=jnp.concatenate(rows))


def _fear_ratio(hold: Probability, nominal: Probability, before: Count, taken: Flag) -> Ratio:
    """log [phase, path] of the chance of what fear did under hold [phase, state] over the nominal one []."""
    certain = (nominal <= 0) | (nominal >= 1)
    safe = jnp.where(certain, 0.5, nominal)
    yes = jnp.where(certain, 0.0, jnp.log(hold / safe))
    no = jnp.where(certain, 0.0, jnp.log((1 - hold) / (1 - safe)))
    return jnp.where(taken[None], yes[:, before], no[:, before])


def _reached(cumulative: Probability, uniform: Uniform) -> Count:
    """How many of cumulative [.., path], the last apart, the uniform [path] reaches."""
    count = jnp.zeros(uniform.shape, jnp.int32)
    for k in range(cumulative.shape[0] - 1):
        count = count + (uniform >= cumulative[k]).astype(jnp.int32)
    return count


def _pieces(cumulative: Probability) -> Probability:
    """Probabilities of a cumulative law [..., regime], as a uniform meets them: the last takes the rest."""
    ends = jnp.concatenate([cumulative[..., :-1], jnp.ones_like(cumulative[..., :1])], axis=-1)
    return jnp.diff(ends, axis=-1, prepend=jnp.zeros_like(ends[..., :1]))


def _log_ratio(law: Probability, nominal: Probability) -> Ratio:
    """log of law [phase, ...] over nominal [...], both cumulative; zero where the nominal law forbids."""
    allowed = _pieces(nominal)[None] > 0
    ratio = _pieces(law) / jnp.where(allowed, _pieces(nominal)[None], 1.0)
    return jnp.log(jnp.where(allowed, ratio, 1.0))


def _shift_ratio(shift: Shift, state: Count, shock: list[Normal]) -> Ratio:
    """log of the density of z [shock][path] moved and widened over the nominal one [phase, path]."""
    if shift.inverse_nu is not None:
        return _student_ratio(shift, state, shock)
    narrow = 1 / (shift.deviation * shift.deviation)
    constant = -0.5 * accumulate(jnp.moveaxis(shift.mean * shift.mean * narrow, 2, 0))
    constant = constant - accumulate(jnp.moveaxis(jnp.log(shift.deviation), 2, 0))
    total = constant[:, state]
    for d, x in enumerate(shock):
        linear, square = (shift.mean * narrow)[:, :, d], (0.5 - 0.5 * narrow)[:, :, d]
        total = total + x[None, :] * (linear[:, state] + square[:, state] * x[None, :])
    return total


def _student_ratio(shift: Shift, state: Count, shock: list[Normal]) -> Ratio:
    """log t_nu(z; mean, diag(deviation^2)) - log t_nu(z; 0, 1) of the whole vector [phase, path]."""
    assert shift.inverse_nu is not None
    power = 0.5 * (1 / shift.inverse_nu + len(shock))
    far = jnp.zeros((shift.mean.shape[0], *state.shape), shift.mean.dtype)
    near = jnp.zeros(state.shape, shift.mean.dtype)
    for d, x in enumerate(shock):
        gap = (x[None, :] - shift.mean[:, :, d][:, state]) / shift.deviation[:, :, d][:, state]
        far, near = far + gap * gap, near + x * x
    wide = accumulate(jnp.moveaxis(jnp.log(shift.deviation), 2, 0))[:, state]
    reach = jnp.log1p(shift.inverse_nu * near)[None, :] - jnp.log1p(shift.inverse_nu * far)
    return power * reach - wide


def _units(shock: list[Normal], inverse_nu: Ratio | None) -> list[Normal]:
    """The coordinates [shock][path] of the unit pairs from which `random.student` makes these."""
    if inverse_nu is None:
        return shock
    units: list[Normal] = []
    growth = jnp.ones_like(shock[0])
    for j in range(0, len(shock), 2):
        pair = [x / jnp.sqrt(growth) for x in shock[j : j + 2]]
        units += pair
        square = pair[0] * pair[0] + (pair[1] * pair[1] if len(pair) > 1 else 0.0)
        growth = growth * (1 + inverse_nu * square)
    return units


def _paired(shock: list[Normal], unit: Normal) -> Normal:
    """Shocks [shock][path] as unit pairs [pair, path]; a last coordinate nobody reads is left as it was."""
    full = [*shock, unit[-1].imag] if len(shock) % 2 else shock
    return lax.complex(jnp.stack(full[::2]), jnp.stack(full[1::2]))
