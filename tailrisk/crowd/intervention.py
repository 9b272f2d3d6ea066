"""The state in the market: what it buys, and when.

Either a schedule of purchases by day and bucket, or a ladder of three stages, each fired at a close by what
a state can see:

    1  the large bucket is more than `drawdown` below its peak, older peaks being forgotten at `forget` a day,
       and the watched bucket has slid by more than `slide` over `fall_days`
    2  stage 1 has bought for `wait` days, and the watched future's annualised basis is below `discount`; or
       it has for `rout_wait`, the watched bucket has slid by more than `fall` and the small one less the
       large one over `spread_days` is below `rout`: an index fall alone is no rout of a style
    3  the small bucket less the large one over `spread_days` is below `spread`, or `limit_down` of the small
       one closed at the limit; where `ordered`, only while stage 2 is under way

In February 2024 these are CSI 300, 1000, 2000 and IM; a market's file names them (`roles`).

A stage buys `pace` a day in its `target` mix from `lag` days after it fires, for `lasting` days, while the
bucket's budget lasts, `first` times as much on the first of them, and can fire again `rest` days after its
programme has ended. Stage 1 buys the more,
the further the slide goes beyond its trigger: all of its pace at `severe` beyond, nothing once it is over.
The day's plan is bought faster once the bucket has dipped below its open: on 5 February 2024 the purchases
came after the low (mechanism 2b, 5.6). Who follows is in followers.py.
"""

from collections.abc import Sequence
from dataclasses import replace

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.units import Count, Flag, Probability, Ratio, Yuan


@struct
class Params:
    """Triggers of the three stages, what each buys, and how a day's plan is spent."""

    drawdown: Ratio  # []  stage 1: below this (negative)
    forget: Ratio  # []  of the depth below an old peak, a day; zero measures from the peak since the start
    slide: Ratio  # []  stage 1: below this; one always is
    severe: Ratio  # []  slide beyond its trigger at which stage 1 buys its whole pace; zero always does
    wait: Count  # []  stage 2: trading days since stage 1 first bought, that day included; zero does not wait
    rout_wait: Count  # []  the same, where it is a rout of a style that fires stage 2
    discount: Ratio  # []  stage 2: below this (negative)
    fall: Ratio  # []  stage 2: below this (negative)
    rout: Ratio  # []  stage 2, beside the fall: below this; one always is
    spread: Ratio  # []  stage 3: below this (negative)
    limit_down: Probability  # []  stage 3: above this
    lag: Count  # [stage]  trading days from the close that fires a stage to its first purchase; at least one
    lasting: Count  # [stage]  trading days a stage buys
    rest: Count  # []  trading days from the end of its programme until a stage can fire again
    pace: Yuan  # [stage]  a day's purchases; zero turns the stage off
    first: Ratio  # [stage]  of them, on a programme's first day; one is no more than on any other
    target: Ratio  # [stage, bucket]  a stage's mix; sums to one over buckets
    budget: Yuan  # [bucket]  never exceeded, by schedule or ladder
    dip: Ratio  # []  return from the open that brings the day's purchases forward (negative)
    patient: Ratio  # [round]  fraction of what is left of the plan bought in a round, before a dip
    eager: Ratio  # [round]  and after one
    fall_days: int = static()
    spread_days: int = static()
    ordered: bool = static()  # stage 3 waits for stage 2
    large: int = static()  # bucket whose fall from its peak fires stage 1
    watched: int = static()  # bucket whose slide over `fall_days` fires stages 1 and 2
    small: int = static()  # bucket whose lag behind the large one fires stages 2 and 3


@struct
class State:
    """The ladder's memory and the money left, both as of the last close."""

    age: Count  # [stage, path]  closes since the stage fired, that one included; zero: not yet
    left: Yuan  # [bucket, path]  of the budget, neither spent nor planned today
    drawdown: Ratio  # [path]  of the large bucket from its peak, zero or negative
    falls: Ratio  # [fall_day, path]  latest returns of the watched bucket, oldest first
    spreads: Ratio  # [spread_day, path]  latest returns of the small less the large, oldest first


@struct
class Today:
    """The day's purchases still to make, and where the price has dipped."""

    plan: Yuan  # [bucket, path]
    dipped: Flag  # [bucket, path]


def init(params: Params, paths: int) -> State:
    """Nothing fired, nothing spent; the days before the start count as flat."""
    dtype = params.pace.dtype
    stages, buckets = params.target.shape
    return State(
        age=jnp.zeros((stages, paths), jnp.int32),
        left=jnp.broadcast_to(params.budget[:, None], (buckets, paths)),
        drawdown=jnp.zeros(paths, dtype),
        falls=jnp.zeros((params.fall_days, paths), dtype),
        spreads=jnp.zeros((params.spread_days, paths), dtype),
    )


def reordered(params: Params, order: Sequence[int]) -> Params:
    """The same triggers, firing other purchases: stage i buys what stage `order[i]` bought."""
    rows = jnp.asarray(order)
    return replace(params, target=params.target[rows], pace=params.pace[rows], first=params.first[rows])


def open(params: Params, state: State, scheduled: Yuan) -> tuple[State, Today]:
    """The day's plan: `scheduled` [bucket] plus the stages that buy today, as far as the budget goes."""
    buying = (state.age >= params.lag[:, None]) & (state.age < (params.lag + params.lasting)[:, None])
    begun = jnp.where(state.age == params.lag[:, None], params.first[:, None], 1.0)
    spending = jnp.where(buying, params.pace[:, None] * begun, 0.0)
    spending = jnp.concatenate([(spending[0] * _severity(params, state))[None], spending[1:]])
    wanted = scheduled[:, None] + accumulate(params.target[:, :, None] * spending[:, None, :])
    plan = jnp.minimum(wanted, state.left)
    today = Today(plan=plan, dipped=jnp.zeros(plan.shape, bool))
    return replace(state, left=state.left - plan), today


def step(params: Params, today: Today, j: Count, returns: Ratio, opening: Ratio) -> tuple[Today, Yuan]:
    """Purchases submitted in round `j` [bucket, path], given today's return now and at the open."""
    dipped = today.dipped | (returns - opening < params.dip)
    share = jnp.where(dipped, params.eager[j], params.patient[j])
    return Today(plan=today.plan, dipped=dipped), today.plan * share


def fill(today: Today, filled: Yuan) -> Today:
    """Take what traded [bucket, path], yuan, off the plan; the rest is tried again in later rounds."""
    return replace(today, plan=today.plan - filled)


def close(
    params: Params, state: State, today: Today, returns: Ratio, discount: Ratio, limit_down: Probability
) -> State:
    """Return what was not spent to the budget, remember the day, and fire the stages that are due.

    `returns` [bucket, path] are the day's; `discount` [path] the watched future's annualised basis
    (negative) and `limit_down` [path] the fraction of the small bucket's stocks at the limit, at the close.
    """
    depth = (1.0 - params.forget) * state.drawdown
    drawdown = jnp.minimum((1.0 + depth) * (1.0 + returns[params.large]) - 1.0, 0.0)
    falls = _push(state.falls, returns[params.watched])
    spreads = _push(state.spreads, returns[params.small] - returns[params.large])
    bought_days = jnp.maximum(state.age[0] - params.lag[0] + 1, 0)
    slid, behind = _compound(falls), accumulate(spreads)
    routed = (slid < params.fall) & (behind < params.rout)
    third = (behind < params.spread) | (limit_down > params.limit_down)
    fired = jnp.stack(
        [
            (drawdown < params.drawdown) & (slid < params.slide),
            ((bought_days >= params.wait) & (discount < params.discount))
            | ((bought_days >= params.rout_wait) & routed),
            third & (state.age[1] > 0) if params.ordered else third,
        ]
    )
    age = jnp.where((state.age > 0) | fired, state.age + 1, 0)
    over = (params.lag + params.lasting + params.rest)[:, None]
    return State(
        age=jnp.where(age > over, 0, age),
        left=state.left + today.plan,
        drawdown=drawdown,
        falls=falls,
        spreads=spreads,
    )


def spent(params: Params, state: State) -> Yuan:
    """Money spent so far [bucket, path], after a close."""
    return params.budget[:, None] - state.left


def lag(state: State) -> Ratio:
    """The small bucket's return less the large one's over the last `spread_days` [path], at a close."""
    return accumulate(state.spreads)


def _severity(params: Params, state: State) -> Probability:
    """Part of its pace that stage 1 buys today [path], given the slide at the last close."""
    beyond = params.slide - _compound(state.falls)
    whole = params.severe <= 0
    return jnp.where(whole, 1.0, jnp.clip(beyond / jnp.where(whole, 1.0, params.severe), 0.0, 1.0))


def _push(window: Ratio, latest: Ratio) -> Ratio:
    return jnp.concatenate([window[1:], latest[None]])


def _compound(returns: Ratio) -> Ratio:
    wealth = 1.0 + returns[0]
    for k in range(1, returns.shape[0]):
        wealth = wealth * (1.0 + returns[k])
    return wealth - 1.0
