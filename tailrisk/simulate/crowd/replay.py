"""A replay: the crowd driven by a record of what it could not have caused, to see what it makes of it.

One path without noise, in which every crisis is a rout. What is pinned (CSI 300, and every bucket before the
crowd is let go), what the state bought and what was refused is the record's; the rest is the crowd's answer.
"""

import jax
import jax.numpy as jnp
from jax import lax

from ...core import struct
from ...core.units import Flag, Probability, Ratio, Yuan
from . import day as crowd_day
from .world import Calendar, Crowd, Imposed


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
    days = record.exogenous.shape[0]
    calendar: Calendar = jax.tree.map(lambda by_day: by_day[:days], crowd.calendar)
    still = jnp.zeros(1, record.exogenous.dtype)
    quiet = jnp.zeros((crowd.rounds, crowd.futures, 1), record.exogenous.dtype)

    def one_day(
        state: crowd_day.State, day: tuple[Flag, Ratio, Imposed, Calendar]
    ) -> tuple[crowd_day.State, tuple[Ratio, Probability, Ratio, Yuan]]:
        stress, exogenous, imposed, calendar = day
        today = crowd_day.Today(calendar=calendar, noise=quiet, fear=still, imposed=imposed)
        state, seen = crowd_day.step(crowd, state, stress[None], exogenous[:, None], today)
        shown = seen.returns, seen.limit_down, state.basis.relative, state.cohorts.worth
        return state, (shown[0][:, 0], shown[1][:, 0], shown[2][..., 0], shown[3][:, 0])

    days_of = record.stress, record.exogenous, record.imposed, calendar
    last, shown = lax.scan(one_day, crowd_day.init(crowd, 1), days_of)
    returns, limit_down, relative, equity = shown
    return Replayed(
        returns=returns,
        limit_down=limit_down,
        relative=relative,
        equity=equity,
        residual=last.watch.residual[0],
    )
