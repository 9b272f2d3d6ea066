"""Regimes refitted as history goes on: what the model would have said each morning, with that day unseen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from ..core.units import Probability
from .em import uniform
from .forward import filtered
from .ladder import Array, Observed, observe
from .regimes import Regimes, log_density
from .starts import starts
from .switching import choose, climb, ordered

BLOCK = 2500
"""Days are padded to a multiple of this with days that show nothing, so that EM is compiled once for many."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The days from one refit to the next, under the model fitted on the days before `first`."""

    first: int  # row of the first day it speaks for
    regimes: Regimes
    chance: Array  # [day, regime]  P(regime on the day | every day before it)


def rolling(
    returns: Array,
    refits: Sequence[int],
    *,
    states: int,
    shocks: str,
    number: int = 8,
    seed: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> Iterator[Stretch]:
    """One stretch for each row in `refits`, the last up to the end of log returns [day, bucket].

    A fit sees rows before its own only: P(s_t | y_<t) = sum_i P(s_{t-1} = i | y_<t) P_ik (Hamilton 1989).
    Each refit climbs from `number` starts, the model before it among them. Raises as `fit_switching`.
    """
    student, before = shocks == "student", None
    for first, end in pairwise([*refits, len(returns)]):
        observed = padded(observe(returns[:first]))
        begun = starts(observed, states, student, number if before is None else number - 1, seed)
        if before is not None:
            begun = jax.tree.map(lambda new, old: jnp.concatenate([new, old[None]]), begun, before)
        climbed, reached, days = climb(observed, begun, lambda step: None)
        best = choose(reached, days, f"model with {states} states, {shocks} shocks on {first} days")
        before = ordered(jax.tree.map(lambda leaf, best=best: np.asarray(leaf)[best], climbed))
        chance = np.asarray(predicted(padded(observe(returns[:end])), before))[first:end]
        progress()
        yield Stretch(first=first, regimes=before, chance=chance)


def padded(observed: Observed) -> Observed:
    """The same days followed by days that show nothing, up to a multiple of BLOCK."""
    blank = -len(observed.moment) % BLOCK
    return Observed(
        moment=jnp.pad(observed.moment, ((0, blank), (0, 0))),
        pattern=jnp.pad(observed.pattern, ((0, blank), (0, 0))),
        view=observed.view,
        count=observed.count,
    )


@jax.jit
def predicted(observed: Observed, regimes: Regimes) -> Probability:
    """P(regime k on day t | days before t) [day, regime]; the first day's law is uniform."""
    first = uniform(regimes.transition.shape[0])
    so_far = filtered(first, jnp.log(regimes.transition), log_density(observed, regimes))
    return jnp.concatenate([jnp.exp(first)[None], so_far[:-1] @ regimes.transition])
