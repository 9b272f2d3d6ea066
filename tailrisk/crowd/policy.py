"""A policy that some cohorts follow: on a date, or once small stocks lag, they trade to another book.

    fires    on the morning of `date`, or of the day after a close with mom_small - mom_large <= -trigger
    wanted   W_b = keep w_b (U + cash),   U = sum_b (A - G)_b, stock not ordered sold; cash got and not spent
    sell     pace / M (A - G - W)+ / left,  within T+1, the pace of a cohort and the restriction
    buy      cash (W - A + G)+ / sum_b (W - A + G)+, of what sales of earlier rounds brought
    futures  to -short A, for those whose hedge the policy changes or whose book it cuts

(mechanism 5.8). left is what is left of the day's rounds, so that `pace` of the gap is ordered in a day. An
order that is not filled is cancelled and decided anew, on `lasting` days from the first. Stock bought for the
policy may be sold for another reason on the same day, which T+1 forbids: hardly anybody does both.
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.fence import clause
from ..core.units import Count, Probability, Ratio, Yuan
from .cohorts import Params as Cohorts
from .cohorts import State as Books
from .margin import over
from .trading import Orders as Sent
from .trading import Trades


@struct
class Params:
    """Who follows, when, and where to."""

    follow: Probability  # [cohort]  one for those who do
    weights: Ratio  # [cohort, bucket]  of the stock book that is wanted
    keep: Ratio  # [cohort]  of the book; what is above it stays in cash
    short: Ratio  # [cohort, future]  futures sold over stock book that are wanted
    rehedge: Probability  # [cohort]  one where futures follow
    trigger: Ratio  # []  of momentum, positive; infinite is never
    date: Count  # []  the day on which all trade, from one; zero is none
    lasting: Count  # []  days on which orders are renewed
    pace: Probability  # []  of the gap in a day
    small: int = static()  # the bucket that lags
    large: int = static()  # the bucket it lags behind


@struct
class State:
    """How far the policy has come."""

    day: Count  # [path]  days begun
    fired: Count  # [path]  the day on which it fired; zero is not yet
    cash: Yuan  # [cohort, path]  brought by sales and not spent


@struct
class Orders:
    """Of a round, yuan at the price before it."""

    sell: Yuan  # [cohort, bucket, path]
    buy: Yuan  # [cohort, bucket, path]


def init(params: Params, paths: int) -> State:
    """Nobody has moved."""
    none = jnp.zeros(paths, jnp.int32)
    cash = jnp.zeros((params.follow.shape[0], paths), params.weights.dtype)
    return State(day=none, fired=none, cash=cash)


def open(params: Params, state: State, momentum: Ratio) -> State:
    """Morning: whether it fires, on the momentum [bucket, path] of the last close."""
    day = state.day + 1
    lags = momentum[params.small] - momentum[params.large] <= -params.trigger
    fires = (state.fired == 0) & (lags | (day == params.date))
    return replace(state, day=day, fired=jnp.where(fires, day, state.fired))


def acting(params: Params, state: State) -> Probability:
    """One for a follower on the days his orders are renewed [cohort, path]."""
    now = (state.fired > 0) & (state.day - state.fired < params.lasting)
    return params.follow[:, None] * now[None].astype(params.follow.dtype)


def submit(
    params: Params, state: State, cohorts: Cohorts, books: Books, sent: Sent, seen: tuple[Yuan, Ratio, Count]
) -> tuple[Orders, Sent]:
    """Orders of a round, and all that the cohorts send with them.

    seen: a day's volume [bucket, path], the restriction [cohort, path] and the round's number [].
    """
    volume, restriction, number = seen
    room = cohorts.participation[:, None, None] * (volume / cohorts.rounds)[None]
    room = jnp.maximum(room - sent.standing, 0.0)
    left = (cohorts.rounds - number).astype(room.dtype)
    act = acting(params, state)
    mine = _decided(params, books, state.cash, room, (act, params.pace * act / left, restriction))
    sells, buys = accumulate(mine.sell), accumulate(mine.buy)
    return mine, replace(sent, sells=sent.sells + sells, buys=sent.buys + buys)


@clause
def _decided(params: Params, books: Books, cash: Yuan, room: Yuan, how: tuple[Ratio, Ratio, Ratio]) -> Orders:
    """Within the room [cohort, bucket, path]; how: acting, pace and restriction [cohort, path]."""
    act, pace, restriction = how
    unordered = books.holdings - books.backlog
    wanted = (
        params.weights[:, :, None] * (params.keep[:, None] * (accumulate(unordered, axis=1) + cash))[:, None]
    )
    free = jnp.maximum(unordered - books.locked, 0.0)
    sell = pace[:, None] * jnp.maximum(unordered - wanted, 0.0)
    lacking = jnp.maximum(wanted - unordered, 0.0)
    spend = jnp.minimum(over(jnp.maximum(cash, 0.0), accumulate(lacking, axis=1)), 1.0)
    return Orders(
        sell=(1.0 - restriction[:, None]) * jnp.minimum(jnp.minimum(sell, free), room),
        buy=jnp.minimum((act * spend)[:, None] * lacking, room),
    )


def fill(
    params: Params, state: State, cohorts: Cohorts, books: tuple[Books, Trades], mine: Orders,
    market: tuple[Ratio, Ratio, Ratio],
) -> tuple[State, Books, Trades]:  # fmt: skip
    """What was filled, at the new price; market: fills of sells and of buys, returns [bucket, path]."""
    selling, buying, returns = (x[None] for x in market)
    after, done = books
    sold, bought = selling * mine.sell * (1.0 + returns), buying * mine.buy * (1.0 + returns)
    proceeds, paid = accumulate(sold, axis=1), accumulate(bought, axis=1)
    cost = cohorts.cost * proceeds
    holdings = after.holdings - sold + bought
    follow = (acting(params, state) * params.rehedge[:, None])[:, None]
    target = -params.short[:, :, None] * accumulate(holdings, axis=1)[:, None]
    futures = follow * (target - after.futures - done.futures)
    after = replace(after, holdings=holdings, locked=after.locked + bought, worth=after.worth - cost)
    done = replace(
        done,
        cost=done.cost + accumulate(cost),
        futures=done.futures + futures,
        flow=done.flow + accumulate(futures),
    )
    return replace(state, cash=state.cash + proceeds - paid), after, done
