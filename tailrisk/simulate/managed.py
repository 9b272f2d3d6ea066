"""Funds on a tape under a policy: decide at a close, trade at the next with what the market fills."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import Flag, Ratio, ZScore
from ..policies.observation import Decision, Observation
from ..products import account, funds, trade
from ..products.market_day import MarketDay
from .tape import Tape

Act = Callable[[Any, Observation], tuple[Any, Decision]]
"""(state of the policy, observation) -> (state, decision for the next close)."""


@struct
class Days:
    """The record of each day, [day, ...]."""

    nav: Ratio  # [fund, path]
    excess: Ratio  # [fund, path]  NAV over the benchmark's
    called: Flag  # [fund, path]


@struct
class Managed:
    """Funds after the last day, and their days."""

    state: account.State
    days: Days


def live(params: account.Params, tape: Tape, act: Act, policy: Any, first: Decision) -> Managed:
    """Every fund through the tape; `first` is decided on the eve."""
    paths = tape.z.shape[-1]

    def one_day(
        carried: tuple[account.State, Any, Decision], today: tuple[MarketDay, ZScore]
    ) -> tuple[tuple[account.State, Any, Decision], Days]:
        state, mind, decision = carried
        state = account.step(params, state, today[0], _target(decision))
        seen = observe(state, today[0], today[1])
        mind, decision = act(mind, seen)
        kept = Days(nav=account.nav(state), excess=seen.excess, called=state.lines.called)
        return (state, mind, decision), kept

    start = account.init(params, paths), policy, first
    (state, _, _), days = jax.lax.scan(one_day, start, (tape.days, tape.z))
    return Managed(state=state, days=days)


def undecided(params: account.Params, tape: Tape) -> funds.State:
    """Every fund through the tape with nobody deciding: held but for what is forced."""

    def one_day(state: funds.State, today: MarketDay) -> tuple[funds.State, None]:
        return funds.step(params, state, today), None

    return jax.lax.scan(one_day, funds.init(params, tape.z.shape[-1]), tape.days)[0]


def still(params: account.Params, paths: int) -> Decision:
    """To do nothing."""
    start = account.init(params, paths)
    return Decision(
        weights=jnp.zeros_like(start.long),
        gross=jnp.zeros_like(start.worth),
        short=jnp.zeros_like(start.futures),
        act=jnp.zeros_like(start.worth),
    )


def observe(state: account.State, day: MarketDay, z: ZScore) -> Observation:
    """What a manager sees of his fund and the market tonight; z [detector, path]."""
    held, equity = accumulate(state.long, axis=1), jnp.maximum(state.worth, 0.0)
    return Observation(
        day=state.day[0],
        weights=state.long / jnp.where(held > 0.0, held, 1.0)[:, None],
        gross=jnp.where(equity > 0.0, held / jnp.where(equity > 0.0, equity, 1.0), 0.0),
        excess=account.nav(state) / state.benchmark,
        called=state.lines.called,
        returns=day.returns,
        annual_basis=day.annual_basis,
        z=z,
    )


def _target(decision: Decision) -> trade.Target:
    return trade.Target(
        weights=decision.weights, gross=decision.gross, short=decision.short, act=decision.act
    )
