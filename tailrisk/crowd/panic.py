"""Panic: investors outside the cohorts sell small-cap stocks once prices have fallen.

    Q_b = mood psi_b V_b / M min((-mom_b - theta)+, full) (1 - relief eye_b) (1 - R) in a round (5.2)

The sellers are the rest of the market, so there is no book to run dry: an order that is not filled is
cancelled and decided anew in the next round. Some wait where the state is seen to buy, `eye` being the
followers' attention: selling of CSI 2000 ended on the day its ETF was bought, 8 February 2024. Levered
retail accounts are a cohort, not this. A day has no more sellers than there are: beyond `full` a deeper fall
brings no more of them, or selling into every further fall would end on the price limits.

    fear   <- 1 under stress, once it has taken hold: with probability `hold` a day; else 0
    worn   <- worn + 1 in fear, else (worn - recover)+             days of fear not yet slept off
    vigour =  min(1, (1 - tire (worn - stamina)+)+)
    mood   <- mood + build (max(fear vigour, calm) - mood)         once a day

Who wants to sell at any price has sold after some days, eight of them in 2024: vigour is what is left of
them, so that a rout ends before the price limits do.

Not every crisis becomes a rout: one in which all were afraid at once was seen once in twenty years. At a
mood of one always, a fall of three percent would run away in any quiet month, and none did in 2023.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Flag, Probability, Ratio, Uniform, Yuan


@struct
class Params:
    """Who panics and when."""

    strength: Ratio  # [bucket]  psi: days' volume sold in a day per unit of fall; zero turns panic off
    threshold: Ratio  # []  theta, positive
    full: Ratio  # []  fall beyond theta at which all who would sell do
    hold: Probability  # []  that fear takes hold on a day of the crisis regime
    calm: Ratio  # []  mood without fear
    build: Ratio  # []  of the way there gone in a day
    relief: Probability  # []  fraction that waits where all eyes are on the state's purchases
    stamina: Ratio  # []  days of fear in a row before sellers begin to be done
    tire: Probability  # []  of them, done on every day beyond; zero never tires
    recover: Ratio  # []  days of fear forgotten on a day without


@struct
class State:
    """Whether fear has taken hold, and how far it has come."""

    fear: Flag  # [path]
    mood: Ratio  # [path]  fraction of the strength there is
    worn: Ratio  # [path]  days of fear behind it, in part forgotten


def init(params: Params, paths: int) -> State:
    """Calm."""
    calm = jnp.broadcast_to(params.calm, (paths,))
    return State(fear=jnp.zeros(paths, bool), mood=calm, worn=jnp.zeros_like(calm))


def open(params: Params, state: State, stress: Flag, shock: Uniform) -> State:
    """A new day, under stress or not [path]; `shock` [path] decides whether fear takes hold."""
    fear = stress & (state.fear | (shock < params.hold))
    worn = jnp.where(fear, state.worn + 1.0, jnp.maximum(state.worn - params.recover, 0.0))
    vigour = jnp.maximum(1.0 - params.tire * jnp.maximum(worn - params.stamina, 0.0), 0.0)
    tends = jnp.where(fear, jnp.maximum(vigour, params.calm), params.calm)
    mood = state.mood + params.build * (tends - state.mood)
    return State(fear=fear, mood=mood, worn=worn)


def step(
    params: Params, momentum: Ratio, volume: Yuan, attention: Probability, willing: Ratio, rounds: int
) -> Yuan:
    """Stock submitted for sale [bucket, path]; attention likewise, `willing` is mood (1 - R) [path]."""
    fall = jnp.minimum(jnp.maximum(-momentum - params.threshold, 0.0), params.full)
    waiting = params.relief * attention
    return params.strength[:, None] / rounds * volume * fall * (1.0 - waiting) * willing[None]
