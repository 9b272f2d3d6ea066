"""The component of a tilt that is nearest, in cross-entropy, to the law of the paths that matter.

Among laws q of a family, E[1{score >= c} log q(path)] under the nominal law is largest where the
Kullback-Leibler distance from the zero-variance law is least (Rubinstein & Kroese, 2004). With a sample drawn
under any law it is a weighted log likelihood of its elite, and for a chain of phases the EM algorithm of
Baum et al. (1970) climbs it. Counts are topped up with a few nominal ones, so no chance becomes zero.
"""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..core.random import Stream
from ..simulate.world import World
from .tilt import SPARED, TAKEN, Shift, Tilt, fear_is_a_state, nominal_fear

Array = NDArray[np.float64]
Regimes = NDArray[np.int32]

BEFORE, AFTER = 0, -1
"""Phases: states are tilted before the burst, states and shocks in it, nothing after it."""
BURST, LONG_BURST = 1, 3
"""Phases of a burst: one, and with a crowd two of a run-up and the peak, for a cascade takes days. Of memory
alone a run-up makes intervals a quarter wider (8 days, a fall of 6 deviations)."""
RUN_UP = 5
"""Days of each phase of a run-up that a fit starts from."""
NOMINAL = 2.0
"""Nominal observations added to every count."""
NARROWEST, WIDEST = 0.8, 4.0
"""Bounds of a shock's deviation: narrower than nominal is worth little and can be dangerous."""
PASSES = 4
"""Iterations of EM a round."""


@dataclass(frozen=True)
class Law:
    """One component: everything as probabilities, not cumulative."""

    warmup_start: Array  # [regime]
    warmup: Array  # [from, to]
    start: Array  # [regime]
    transition: Array  # [phase, from, to]  of states: regimes, and a crisis with fear where that is tilted
    leave: Array  # [day, phase]
    mean: Array  # [phase, state, shock]
    deviation: Array  # [phase, state, shock]
    hold: Array | None = None  # [phase]  that fear takes hold where it has cause; None where it is a state


@dataclass(frozen=True)
class Elite:
    """Paths that came near enough, and their weights."""

    weight: Array  # [path]  sums to the effective number of paths
    state: Regimes  # [day, path]  the eve first
    warmup: Regimes | None  # [day, path]
    shock: Array  # [day, shock, path]
    shifted: bool  # whether shocks may be tilted
    inverse_nu: float = 0.0  # 1 / degrees of freedom of the shocks; zero is Gaussian
    fear: Regimes | None = None  # [day, path]  as in a trace; None where nobody fears


def nominal(world: World, phases: int = 1) -> Law:
    """The law of the world itself, in phases that never move on."""
    chain, shocks = _pieces(world.process.regimes.cumulative), world.process.ladder.affine.shape[1]
    fear = nominal_fear(world)
    a_state = fear is not None and fear_is_a_state(world)
    transition = _with_fear(chain, float(fear)) if fear is not None and a_state else chain
    shape = (phases, len(transition), shocks)
    return Law(
        warmup_start=_pieces(world.process.long_run),
        warmup=chain,
        start=_pieces(world.process.regimes.start),
        transition=np.broadcast_to(transition, (phases, *transition.shape)),
        leave=np.zeros((world.days, phases)),
        mean=np.zeros(shape),
        deviation=np.ones(shape),
        hold=None if fear is None or a_state else np.full(phases, float(fear)),
    )


def mixture(
    world: World, laws: list[Law], defensive: float, stream: Stream, fractions: list[float] | None = None
) -> Tilt:
    """The tilt that draws a fraction `defensive` of paths from the nominal law, the rest from `laws`.

    fractions: of that rest, for each law, summing to one; None is evenly. With no laws Student shocks are
    left as they are, to the bit.
    """
    dtype, inverse_nu = world.dtype, world.process.ladder.inverse_nu
    every = [nominal(world), *laws]
    counts = [len(law.transition) for law in every]
    rest = fractions or [1 / len(laws)] * len(laws) if laws else []
    each = [defensive if laws else 1.0, *[(1 - defensive) * fraction for fraction in rest]]
    begins = np.concatenate([share * np.eye(count)[0] for share, count in zip(each, counts, strict=True)])

    def array(x: Any) -> Any:
        return jnp.asarray(np.asarray(x, np.float64), dtype)

    def rows(name: str) -> Array:
        """What does not depend on the phase, repeated for every phase."""
        return np.concatenate(
            [np.repeat(getattr(law, name)[None], n, axis=0) for law, n in zip(every, counts, strict=True)]
        )

    def phases(name: str, axis: int = 0) -> Array:
        return np.concatenate([getattr(law, name) for law in every], axis=axis)

    shift = Shift(mean=array(phases("mean")), deviation=array(phases("deviation")), inverse_nu=inverse_nu)
    nominal_chain, chain = world.process.regimes.cumulative, phases("transition")
    by_state, hold = nominal_chain, None
    fear = nominal_fear(world)
    if fear is not None and fear_is_a_state(world):
        chain, chance = _without_fear(chain, float(fear))
        by_state, hold = jnp.concatenate([nominal_chain, nominal_chain[-1:]]), array(chance)
    elif fear is not None:
        hold = array(np.repeat(phases("hold")[:, None], chain.shape[1], axis=1))
    return Tilt(
        share=array(np.cumsum(begins)),
        warmup_start=_cumulative(rows("warmup_start"), world.process.long_run),
        warmup=_cumulative(rows("warmup"), nominal_chain),
        start=_cumulative(rows("start"), world.process.regimes.start),
        transition=_cumulative(chain, by_state),
        leave=array(phases("leave", axis=1)),
        shift=shift if inverse_nu is None or laws else None,
        stream=stream,
        hold=hold,
    )


def refit(world: World, law: Law | None, elite: Elite) -> Law:
    """The law nearest to an elite; `law` is the one to start from, None the first time.

    The first time guesses are tried, a burst on the day of the largest move, one all along, and with fear a
    rout, and the likeliest is taken: events of one day, slow losses and routs need different ones.
    """
    burst = BURST if world.crowd is None else LONG_BURST
    base, size = nominal(world, burst + 2), _size(world, elite)
    if law is not None:
        return _climb(base, law, elite)[0]
    peak = size.argmax(axis=0)
    never, always = np.full_like(peak, len(size)), np.zeros_like(peak)
    sudden = [peak - RUN_UP * (burst - j) for j in range(1, burst)] + [peak, peak + 1]
    guesses = [sudden, [always] * burst + [never]]
    if elite.fear is not None and (elite.fear >= TAKEN).any() and burst == LONG_BURST:
        afraid = elite.fear >= TAKEN
        onset = np.where(afraid.any(axis=0), afraid.argmax(axis=0), peak)
        guesses.append([always, onset - 2 * RUN_UP, onset + 1, never])
    held = [_phases(len(size), begins) for begins in guesses]
    begun = [_maximise(base, elite, guess.astype(np.float64), _jumps(guess)) for guess in held]
    return max((_climb(base, one, elite) for one in begun), key=lambda climbed: climbed[1])[0]


def _phases(days: int, begins: list[NDArray[np.intp]]) -> NDArray[np.bool_]:
    """Which phase it is [day, phase, path], given the day each but the first begins, one a day at most."""
    number, day = np.zeros((days, len(begins[0])), np.int64), np.arange(days)[:, None]
    for j, first in enumerate(begins):
        number += day >= np.maximum(first, j)
    return np.moveaxis(np.arange(len(begins) + 1)[:, None, None] == number, 0, 1)


def _climb(base: Law, law: Law, elite: Elite) -> tuple[Law, float]:
    for _ in range(PASSES):
        held, moved, height = _expect(law, elite)
        law = _maximise(base, elite, held, moved)
    return law, height


def _expect(law: Law, elite: Elite) -> tuple[Array, Array, float]:
    """(chance of each phase, of leaving it that morning [day, phase, path], log likelihood) of paths."""
    density = _log_density(law, elite)
    top = density.max(axis=1, keepdims=True)
    odds, days = np.exp(density - top), len(density)
    ahead, scale = np.empty_like(odds), np.empty((days, odds.shape[2]))
    at = np.zeros(odds.shape[1:])
    at[0] = 1.0
    for t in range(days):
        at = _moved(at, law.leave[t]) * odds[t]
        scale[t] = at.sum(axis=0)
        at = at / scale[t]
        ahead[t] = at
    held, moved = np.empty_like(odds), np.zeros_like(odds)
    behind = np.ones(odds.shape[1:])
    for t in range(days - 1, -1, -1):
        held[t] = ahead[t] * behind
        before = ahead[t - 1] if t else np.eye(len(at))[:1].T * np.ones_like(at)
        future = behind * odds[t] / scale[t]
        gone = law.leave[t][:, None]
        moved[t, :-1] = (before * gone)[:-1] * future[1:]
        behind = future * (1 - gone)
        behind[:-1] += future[1:] * gone[:-1]
    height = float(((np.log(scale) + top[:, 0]).sum(axis=0) * elite.weight).sum())
    return held, moved, height


def _maximise(base: Law, elite: Elite, held: Array, moved: Array) -> Law:
    """The law that makes paths whose phases are `held` and `moved` [day, phase, path] likeliest."""
    phases, states, weight = *base.transition.shape[:2], elite.weight
    held, moved = held * weight, moved * weight
    yesterday, today = elite.state[:-1], elite.state[1:]
    transition, mean, deviation = base.transition.copy(), base.mean.copy(), base.deviation.copy()
    for j in range(phases - 1):
        counts = _pairs(yesterday, today, held[:, j], states) + NOMINAL * base.transition[j]
        transition[j] = counts / counts.sum(axis=1, keepdims=True)
    for j, k in np.ndindex(phases - 2, states) if elite.shifted else ():
        mean[j + 1, k], deviation[j + 1, k] = _moments(elite, held[:, j + 1] * (today == k))
    start = np.bincount(elite.state[0], weight, len(base.start)) + NOMINAL * base.start
    law = Law(
        warmup_start=base.warmup_start,
        warmup=base.warmup,
        start=start / start.sum(),
        transition=transition,
        leave=_hazard(held.sum(axis=2), moved.sum(axis=2)),
        mean=mean,
        deviation=np.clip(deviation, NARROWEST, WIDEST),
        hold=None if base.hold is None else _hold(base.hold, elite, held),
    )
    return law if elite.warmup is None else _warmed(base, law, elite)


def _hold(nominal: Array, elite: Elite, held: Array) -> Array:
    """Chance [phase] that fear takes hold where it has cause; held [day, phase, path] are odds of phases."""
    found = nominal.copy()
    for j in range(len(nominal) - 1) if elite.fear is not None else ():
        taken, spared = (float(held[:, j][elite.fear == seen].sum()) for seen in (TAKEN, SPARED))
        found[j] = (taken + NOMINAL * nominal[j]) / (taken + spared + NOMINAL)
    return found


def _moments(elite: Elite, mass: Array) -> tuple[Array, Array]:
    """Mean and deviation [shock] that make shocks of weight `mass` [day, path] likeliest, a few nominal in.

    Student shocks far out count for less, (nu + d) / (nu + q) each (Liu and Rubin, 1995): two passes.
    """
    total, size = mass.sum(), mass
    for _ in range(1 if elite.inverse_nu == 0 else 3):
        mean = np.einsum("tn,tdn->d", size, elite.shock) / (size.sum() + NOMINAL)
        gap = elite.shock - mean[:, None]
        deviation = np.sqrt((np.einsum("tn,tdn->d", size, gap**2) + 2 * NOMINAL) / (total + 2 * NOMINAL))
        if elite.inverse_nu > 0:
            distance = ((gap / deviation[:, None]) ** 2).sum(axis=1)
            size = mass * (1 + elite.inverse_nu * gap.shape[1]) / (1 + elite.inverse_nu * distance)
    return mean, deviation


def _warmed(base: Law, law: Law, elite: Elite) -> Law:
    """The law with the regimes of the days before the first, which are seen and need no phases."""
    assert elite.warmup is not None
    first, regimes = elite.warmup[0], len(base.start)
    start = np.bincount(first, elite.weight, regimes) + NOMINAL * base.warmup_start
    mass = np.broadcast_to(elite.weight, elite.warmup[1:].shape)
    counts = _pairs(elite.warmup[:-1], elite.warmup[1:], mass, regimes) + NOMINAL * base.warmup
    chain = counts / counts.sum(axis=1, keepdims=True)
    return Law(**{**vars(law), "warmup_start": start / start.sum(), "warmup": chain})


def _hazard(held: Array, moved: Array) -> Array:
    """Chance of leaving a phase by day [day, phase], smoothed over a week and never certain."""
    before = held - np.concatenate([np.zeros_like(moved[:, :1]), moved[:, :-1]], axis=1) + moved
    week = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
    smooth = [np.apply_along_axis(np.convolve, 0, x, week)[2:-2] for x in (moved, before)]
    whole = moved.sum(axis=0) + 0.5
    usual = whole / (before.sum(axis=0) + 1.0)
    leave = (smooth[0] + NOMINAL * usual) / (smooth[1] + NOMINAL)
    leave[:, -1] = 0.0
    return np.clip(leave, 0.0, 0.95)


def _log_density(law: Law, elite: Elite) -> Array:
    """Log density of every day [day, phase, path] given the phase, shocks relative to standard normals."""
    with np.errstate(divide="ignore"):
        chain = np.log(law.transition)
    today = elite.state[1:]
    density = np.moveaxis(chain[:, elite.state[:-1], today], 0, 1)
    if law.hold is not None and elite.fear is not None:
        density = density + _log_fear(law.hold, elite.fear)
    count, square = elite.shock.shape[1], np.zeros((law.mean.shape[0], *today.shape))
    for d in range(count if elite.shifted else 0):
        mean, deviation = law.mean[:, :, d][:, today], law.deviation[:, :, d][:, today]
        square = square + ((elite.shock[None, :, d] - mean) / deviation) ** 2
        density = density - np.moveaxis(np.log(deviation), 0, 1)
    if not elite.shifted:
        return density
    inverse = elite.inverse_nu
    reach = 0.5 * square if inverse == 0 else 0.5 * (1 / inverse + count) * np.log1p(inverse * square)
    return density - np.moveaxis(reach, 0, 1)


def _log_fear(hold: Array, fear: Regimes) -> Array:
    """Log chance [day, phase, path] of what fear [day, path] did where it had cause."""
    with np.errstate(divide="ignore"):
        yes, no = np.log(hold)[None, :, None], np.log1p(-hold)[None, :, None]
    return np.where(fear[:, None] == TAKEN, yes, np.where(fear[:, None] == SPARED, no, 0.0))


def _moved(at: Array, leave: Array) -> Array:
    gone = at * leave[:, None]
    return at - gone + np.concatenate([np.zeros_like(gone[:1]), gone[:-1]])


def _jumps(held: NDArray[np.bool_]) -> Array:
    """Mornings on which known phases [day, phase, path] are left."""
    number = held.argmax(axis=1)
    before = np.concatenate([np.zeros_like(number[:1]), number[:-1]])
    return np.stack([(before == j) & (number > j) for j in range(held.shape[1])], axis=1).astype(np.float64)


def _size(world: World, elite: Elite) -> Array:
    """Size of the ladder's move on each day [day, path], to guess the day of an event."""
    affine = np.asarray(world.process.ladder.affine, np.float64)
    loading = affine[:, :, 1:][np.minimum(elite.state[1:], len(affine) - 1)]  # [day, path, bucket, shock]
    spread = loading - loading[:, :, :1]
    found = np.einsum("tnbd,tdn->tnb", np.concatenate([loading, spread], axis=2), elite.shock)
    return np.abs(found).sum(axis=2)


def _pairs(before: Regimes, after: Regimes, mass: Array, regimes: int) -> Array:
    """Weighted counts of moves [from, to]."""
    flat = np.bincount((before * regimes + after).ravel(), mass.ravel(), regimes * regimes)
    return np.asarray(flat.reshape(regimes, regimes), np.float64)


def _with_fear(chain: Array, hold: float) -> Array:
    """The chain [state, state] of regimes and, last, a crisis in which fear has taken hold."""
    crisis = chain[:, -1:]
    calm = np.concatenate([chain[:, :-1], crisis * (1 - hold), crisis * hold], axis=1)
    afraid = np.concatenate([chain[-1:, :-1], np.zeros((1, 1)), crisis[-1:]], axis=1)
    return np.concatenate([calm, afraid])


def _without_fear(chain: Array, hold: float) -> tuple[Array, Array]:
    """(chance of each regime [.., state, to], of fear in a crisis [.., state]) of such a chain."""
    crisis = chain[..., -2] + chain[..., -1]
    held = np.where(crisis > 0, chain[..., -1] / np.where(crisis > 0, crisis, 1.0), hold)
    return np.concatenate([chain[..., :-2], crisis[..., None]], axis=-1), held


def _pieces(cumulative: Any) -> Array:
    ends = np.asarray(cumulative, np.float64).copy()
    ends[..., -1] = 1.0
    return np.diff(ends, axis=-1, prepend=0.0)


def _cumulative(law: Array, nominal: Any) -> Any:
    """Cumulative law [.., regime] in the world's precision; where it is the nominal one, its very bits."""
    found = jnp.asarray(np.cumsum(law, axis=-1), nominal.dtype)
    same = np.isclose(law, _pieces(nominal), rtol=1e-12, atol=0).all(axis=-1, keepdims=True)
    return jnp.where(jnp.asarray(same), nominal, found)
