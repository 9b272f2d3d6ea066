"""The Markov-switching model: many starts climbed by EM, the best sound one, ordered calm to crisis."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ..core.errors import InputError
from ..core.units import Probability, Ratio
from .em import climb_all, uniform
from .forward import filtered, smoothed
from .information import Errors, standard_errors, unknown
from .ladder import Array, Observed
from .newton import polished
from .regimes import Regimes, covariance, log_density
from .starts import starts

SHOCKS = ("gaussian", "student")
LEAST_DAYS = 20.0
"""Expected days a regime must hold: fewer cannot carry its twenty means, variances and correlations."""
TOLERANCE = 1e-6
"""Gain in log-likelihood per step at which a start has arrived."""
MOST_STEPS = 2000
SAME = 0.01
"""Starts whose log-likelihoods differ by less have found the same maximum."""
NOTHING = 1e-9
"""A transition probability below this is written as zero."""


@dataclass(frozen=True, kw_only=True)
class Switching:
    """A fitted model; arrays are NumPy, float64, per day, regimes ordered calm to crisis.

    covariance is that of the factors, not the t scale; nu is None for Gaussian shocks.
    """

    states: int
    shocks: str
    nu: float | None
    transition: Array  # [regime, regime]
    mean: Array  # [regime, factor]
    covariance: Array  # [regime, factor, factor]
    filtered: Array  # [day, regime]
    smoothed: Array  # [day, regime]
    log_likelihood: float
    parameters: int
    bic: float
    occupancy: Array  # [regime]            share of days, smoothed
    error: Errors
    reached: Array  # [start]               log-likelihood each start ended at; NaN: failed

    @property
    def standard_deviation(self) -> Array:
        """[regime, factor] per day."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    @property
    def duration(self) -> Array:
        """1/(1 - P_kk), mean days of a stay. [regime]."""
        stay = np.diagonal(self.transition)
        return np.divide(1.0, 1.0 - stay, out=np.full(len(stay), np.inf), where=stay < 1)

    @property
    def at_best(self) -> int:
        """How many starts ended at the chosen maximum."""
        return int((np.abs(self.reached - self.log_likelihood) < SAME).sum())


def climb(
    observed: Observed, regimes: Regimes, progress: Callable[[int], None]
) -> tuple[Regimes, Array, Array]:
    """EM on all starts until every one gains less than TOLERANCE or has failed.

    Returns the regimes [start, ..], their log-likelihoods (NaN where a start broke down) and the expected
    days in each regime [start, regime].
    """
    before = np.full(len(regimes.nu), -np.inf)
    for step in range(MOST_STEPS):
        new, value, days = climb_all(observed, regimes)
        value = np.asarray(value)
        done = ~(value - before > TOLERANCE)
        if done.all():
            break
        regimes, before = new, value
        progress(step)
    return regimes, np.where(np.isfinite(value), value, np.nan), np.asarray(days)


def choose(reached: Array, days: Array, model: str) -> int:
    """The start of greatest likelihood among the sound ones, or InputError saying what broke in each."""
    empty = ~(days.min(axis=1) >= LEAST_DAYS)
    sound = np.isfinite(reached) & ~empty
    if sound.any():
        return int(np.argmax(np.where(sound, reached, -np.inf)))
    broken = int((~np.isfinite(reached)).sum())
    problem = f"none of {len(reached)} starts gave a usable fit: {broken} ended in non-finite numbers"
    if empty[np.isfinite(reached)].any():
        best = int(np.nanargmax(reached))
        least = int(np.argmin(days[best]))
        problem += (
            f", {len(reached) - broken} with an empty regime (in the best of them regime {least + 1} of "
            f"{days.shape[1]} holds {days[best, least]:.1f} expected days)"
        )
    raise InputError(
        model,
        problem,
        f"every regime holds at least {LEAST_DAYS:g} expected days",
        "fit fewer states, a longer window (--since, --until), or more starts",
    )


def ordered(regimes: Regimes) -> Regimes:
    """Regimes by trace of covariance, calm first; transition probabilities that vanish set to zero."""
    order = np.argsort(np.trace(np.asarray(regimes.scale), axis1=1, axis2=2), kind="stable")
    transition = np.asarray(regimes.transition)[np.ix_(order, order)]
    transition = np.where(transition < NOTHING, 0.0, transition)
    return Regimes(
        transition=jnp.asarray(transition / transition.sum(axis=1, keepdims=True)),
        mean=jnp.asarray(np.asarray(regimes.mean)[order]),
        scale=jnp.asarray(np.asarray(regimes.scale)[order]),
        nu=jnp.asarray(regimes.nu),
        student=regimes.student,
    )


def parameters(states: int, factors: int, student: bool) -> int:
    """Free numbers: K (D + D(D+1)/2) moments, K (K-1) moves, and nu."""
    return states * (factors + factors * (factors + 1) // 2) + states * (states - 1) + int(student)


def fit_switching(
    observed: Observed,
    *,
    states: int,
    shocks: str,
    number: int = 8,
    seed: int = 0,
    progress: Callable[[int], None] = lambda step: None,
) -> Switching:
    """Maximum likelihood by EM from `number` starts drawn from `seed`; `progress` is called with each step.

    BIC = -2 log p + parameters log(days). Raises InputError when no start is finite with every regime held
    for LEAST_DAYS. Source: Hamilton (1989); Liu & Rubin (1995) for the t; Schwarz (1978).
    """
    if states < 1 or shocks not in SHOCKS:
        raise InputError(
            "model", f"states = {states}, shocks = {shocks!r}", f"states >= 1, shocks in {SHOCKS}"
        )
    student = shocks == "student"
    begun = starts(observed, states, student, number, seed)
    climbed, reached, days = climb(observed, begun, progress)
    best = choose(reached, days, f"model with {states} states, {shocks} shocks")
    regimes = ordered(jax.tree.map(lambda leaf: np.asarray(leaf)[best], climbed))
    return described(observed, regimes, shocks, reached)


@jax.jit
def probabilities(observed: Observed, regimes: Regimes) -> tuple[Ratio, Probability, Probability]:
    """(log-likelihood, filtered [day, regime], smoothed [day, regime])."""
    states = regimes.transition.shape[0]
    where = uniform(states), jnp.log(regimes.transition), log_density(observed, regimes)
    value, _, chance = smoothed(*where)
    return value, filtered(*where), chance


def described(
    observed: Observed, regimes: Regimes, shocks: str, reached: Array, *, with_errors: bool = True
) -> Switching:
    """The fit with its probabilities, errors and BIC.

    Without errors, which are then NaN, it is left where EM stopped: the last steps need what errors need.
    """
    regimes = polished(observed, regimes) if with_errors else regimes
    states, factors = regimes.mean.shape
    value, so_far, chance = probabilities(observed, regimes)
    size = parameters(states, factors, regimes.student)
    return Switching(
        states=states,
        shocks=shocks,
        nu=float(regimes.nu) if regimes.student else None,
        transition=np.asarray(regimes.transition),
        mean=np.asarray(regimes.mean),
        covariance=np.asarray(covariance(regimes)),
        filtered=np.asarray(so_far),
        smoothed=np.asarray(chance),
        log_likelihood=float(value),
        parameters=size,
        bic=float(-2.0 * value + size * np.log(len(chance))),
        occupancy=np.asarray(chance.mean(axis=0)),
        error=standard_errors(observed, regimes) if with_errors else unknown(regimes),
        reached=reached,
    )
