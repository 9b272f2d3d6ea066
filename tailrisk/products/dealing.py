"""Dealing with investors: notices of redemption, payment when there is cash, fees over a high-water mark.

A fund that lags its benchmark's pace by more than d* is left at the rate of mechanism 5.2, on dealing days,

    h = 1 - exp(-(h0 + h1 (lag - d*)+)),     paid `wait` closes after the notice, at that close's NAV,

and what cannot be paid for want of free equity waits for the next close. The performance fee accrues each
day,

    accrued = rate (gross NAV - high-water mark)+ per unit,

is part of no one's NAV, and is paid with redeemed units and on the days it is crystallised, when the mark
rises to the NAV. NAV per unit is therefore net of it at all times.
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import static, struct
from ..core.units import Count, Flag, Probability, Ratio


@struct
class Params:
    """How investors leave and what they pay; zeros are closed-end and free of charge."""

    base: Ratio  # [fund]  h0
    slope: Ratio  # [fund]  h1
    threshold: Ratio  # [fund]  d*
    open: Ratio  # [fund]  dealing days per trading day
    wait: Count  # [fund]  closes from the notice to the payment; 1 to `longest`
    management_annual: Ratio  # [fund]  fee per year of net assets
    performance: Ratio  # [fund]  of the gain over the high-water mark
    high_water: Ratio  # [fund]  the mark at the start, over the NAV
    longest: int = static()


@struct
class State:
    """Units, what they owe the manager, and who wants to leave; per unit of starting NAV."""

    units: Ratio  # [fund, path]
    accrued: Ratio  # [fund, path]  performance fee not yet paid, of all units
    high_water: Ratio  # [fund, path]  NAV per unit above which it accrues
    pace: Ratio  # [fund, path]  highest NAV per unit, carried on at the benchmark's return
    due: Ratio  # [fund, path]  fraction of units whose notice has run out
    notices: Ratio  # [wait, fund, path]


def init(params: Params, paths: int) -> State:
    """One unit, nobody leaving."""
    one = jnp.ones((params.base.shape[0], paths), params.base.dtype)
    return State(
        units=one,
        accrued=jnp.zeros_like(one),
        high_water=params.high_water[:, None] * one,
        pace=one,
        due=jnp.zeros_like(one),
        notices=jnp.zeros((params.longest, *one.shape), one.dtype),
    )


def owed(params: Params, state: State, worth: Ratio) -> Ratio:
    """The performance fee accrued on net assets `worth` [fund, path]."""
    gain = jnp.maximum(worth - state.high_water * state.units, 0.0)
    return params.performance[:, None] * gain


def due(state: State) -> Ratio:
    """Fraction of units to be paid tonight [fund, path]: those left waiting, and those whose day it is."""
    return state.due + (1.0 - state.due) * state.notices[0]


def pay(state: State, worth: Ratio, free: Ratio) -> tuple[State, Ratio, Probability]:
    """Pay what `free` equity allows; also net assets after it, and the fraction of units paid [fund, path].

    worth, free [fund, path]: net assets and free equity, per unit of starting NAV.
    """
    wanted = due(state)
    share = jnp.clip(free / jnp.where(worth > 0.0, worth, 1.0), 0.0, 1.0)
    paid = jnp.where(worth > 0.0, jnp.minimum(wanted, share), 0.0)
    left = jnp.where(paid < 1.0, (wanted - paid) / jnp.where(paid < 1.0, 1.0 - paid, 1.0), 0.0)
    after = replace(
        state,
        units=state.units * (1.0 - paid),
        accrued=state.accrued * (1.0 - paid),
        due=left,
        notices=jnp.concatenate([state.notices[1:], jnp.zeros_like(state.notices[:1])]),
    )
    return after, worth * (1.0 - paid), paid


def close(
    params: Params, state: State, worth: Ratio, nav: Ratio, benchmark: Ratio, crystallised: Flag
) -> tuple[State, Ratio]:
    """Tonight's notices and, if it is the day, the fee; also net assets after it [fund, path].

    nav per unit and the benchmark's return of the day, both [fund, path].
    """
    pace = jnp.maximum(state.pace * (1.0 + benchmark), nav)
    lag = jnp.maximum(1.0 - nav / pace - params.threshold[:, None], 0.0)
    hazard = params.base[:, None] + params.slope[:, None] * lag
    given = -params.open[:, None] * jnp.expm1(-hazard)
    turn = jnp.arange(1, params.longest + 1, dtype=params.wait.dtype)[:, None] == params.wait[None]
    after = replace(
        state,
        accrued=jnp.where(crystallised, 0.0, state.accrued),
        high_water=jnp.where(crystallised, jnp.maximum(state.high_water, nav), state.high_water),
        pace=pace,
        notices=state.notices + turn[:, :, None].astype(given.dtype) * given[None],
    )
    return after, worth - jnp.where(crystallised, state.accrued, 0.0)
