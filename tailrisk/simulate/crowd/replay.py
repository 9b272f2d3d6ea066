"""A replay: the crowd driven by a record of what it could not have caused, to see what it makes of it.

One path without noise, in which every crisis is a rout. What is pinned (CSI 300, and every bucket before the
crowd is let go), what the state bought and what was refused is the record's; the rest is the crowd's answer.
"""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import lax

from ...core import struct
from ...core.units import Flag, Probability, Ratio, Yuan
from ...market import limits
from . import day as crowd_day
from .world import Calendar, Crowd, Imposed

T = TypeVar("T")


@struct
class Record:
    """What drives a replay, day by day."""

    stress: Flag  # [day]  what fear looks at
    exogenous: Ratio  # [day, bucket]  simple returns had nobody traded
    imposed: Imposed  # [day, ...]


@struct
class Replayed:
    """What the crowd made of it."""

    returns: Ratio  # [day, bucket]  simple
    limit_down: Probability  # [day, bucket]  fraction of stocks at the lower limit at the close
    relative: Ratio  # [day, future, maturity]  F / S at the close, in the slots of the day
    equity: Yuan  # [day, cohort]  net worth, below zero owed to the broker
    residual: Ratio  # []  largest of the ledger


def replay(crowd: Crowd, record: Record) -> Replayed:
    """The record's days, from full books on the evening before; its length must be the calendar's or less."""

    def shown(
        eve: crowd_day.State, state: crowd_day.State, seen: limits.Seen
    ) -> tuple[Ratio, Probability, Ratio, Yuan]:
        return (
            seen.returns[:, 0],
            seen.limit_down[:, 0],
            state.basis.relative[..., 0],
            state.cohorts.worth[:, 0],
        )

    last, (returns, limit_down, relative, equity) = walked(crowd, record, shown)
    return Replayed(
        returns=returns,
        limit_down=limit_down,
        relative=relative,
        equity=equity,
        residual=last.watch.residual[0],
    )


def walked(
    crowd: Crowd, record: Record, look: Callable[[crowd_day.State, crowd_day.State, limits.Seen], T]
) -> tuple[crowd_day.State, T]:
    """The last state, and what `look` (eve, close, the day's sight) says of each day [day, ...]."""
    days = record.exogenous.shape[0]
    calendar: Calendar = jax.tree.map(lambda by_day: by_day[:days], crowd.calendar)
    still = jnp.zeros(1, record.exogenous.dtype)
    quiet = jnp.zeros((crowd.rounds, crowd.futures, 1), record.exogenous.dtype)

    def one_day(
        eve: crowd_day.State, day: tuple[Flag, Ratio, Imposed, Calendar]
    ) -> tuple[crowd_day.State, T]:
        stress, exogenous, imposed, calendar = day
        today = crowd_day.Today(calendar=calendar, noise=quiet, fear=still, imposed=imposed)
        state, seen = crowd_day.step(crowd, eve, stress[None], exogenous[:, None], today)
        return state, look(eve, state, seen)

    days_of = record.stress, record.exogenous, record.imposed, calendar
    return lax.scan(one_day, crowd_day.init(crowd, 1), days_of)
