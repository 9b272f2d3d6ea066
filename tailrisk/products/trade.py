"""Orders and fills at a close: what was wanted, what the market, the broker and the cash allowed.

With A the stock book, E the equity, C the largest book that calls, stop lines and redemptions leave, and T
the target, in units of starting NAV,

    forced_b    = d A_b,   d = (1 - C / A)+
    wanted_b    = A_b - forced_b + act (T_b - A_b + forced_b),     T_b = w_b min(gross E (1 - s), C, R)
    sold_b      = fill_b (1 - refused) min((A_b - wanted_b)+, most_b)
    bought_b    = fill_b min((wanted_b - A_b)+, most_b), all cut alike to the equity there is

s is the fraction of units being redeemed, and R = max(A, E / initial): a book may be kept where it could not
be opened. A halted fund trades no stock. Futures follow the fills: they shrink with what was sold by force
and then go to `short` times the book, without a limit of their own. Costs are commission and half spread,
square-root impact of the order (mechanism 3.2) and stamp duty on sales.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.fence import fence
from ..core.units import Flag, Probability, Ratio
from .market_day import MarketDay


@struct
class Target:
    """What a manager wants at a close; `act` zero leaves the book alone."""

    weights: Ratio  # [fund, bucket, path]  of the stock book; sums to one over buckets
    gross: Ratio  # [fund, path]  stock book over equity
    short: Ratio  # [fund, future, path]  futures sold over stock book; negative is bought
    act: Probability  # [fund, path]  fraction of the way gone tonight


@struct
class Params:
    """What trading costs and what bounds it, per fund."""

    cost: Ratio  # [fund]  commission and half spread, per yuan of stock
    stamp: Ratio  # [fund]  stamp duty on sales
    impact: Ratio  # [fund, bucket]  Y sigma sqrt(size / volume): cost per yuan of an order of one NAV
    futures_cost: Ratio  # [fund]  per yuan of futures
    most: Ratio  # [fund, bucket]  largest order in a day, in starting NAVs
    initial: Ratio  # [fund]  equity a new stock book needs, over the book; one is a book paid in full
    futures_margin: Ratio  # [fund]  equity that futures tie up, over their notional


@struct
class Order:
    """What is wanted tonight, before the market has its say."""

    target: Target | None  # None: nothing is chosen
    ceiling: Ratio  # [fund, path]  C
    redeemed: Ratio  # [fund, path]  s
    barred: Flag  # [fund, path]  called: the broker lends to no new position
    halted: Flag  # [fund, path]


@struct
class Fill:
    """What was done."""

    sold: Ratio  # [fund, bucket, path]
    bought: Ratio  # [fund, bucket, path]
    futures: Ratio  # [fund, future, path]  change of the signed position
    forced: Ratio  # [fund, bucket, path]  of `sold`, by force
    forced_futures: Ratio  # [fund, future, path]  of `futures`, by force
    cost: Ratio  # [fund, path]  of what was chosen, rolls included
    forced_cost: Ratio  # [fund, path]


def fill(params: Params, day: MarketDay, stock: Ratio, futures: Ratio, worth: Ratio, order: Order) -> Fill:
    """Trade from `stock` [fund, bucket, path] and `futures` [fund, future, path] with equity `worth`.

    worth [fund, path]; all per unit of starting NAV, buys positive. What limits, halts and participation
    leave undone is not traded.
    """
    target = order.target
    if target is None:
        return _forced(params, day, stock, futures, order)
    by_force = _by_force(stock, order)
    held, kept = accumulate(stock, axis=1), stock - by_force
    goal = target.weights * _book(params, order, target, held, worth)[:, None]
    wanted = kept + target.act[:, None] * (goal - kept)
    open_market = jnp.where(order.halted, 0.0, 1.0)[:, None]
    most = params.most[:, :, None]
    sells, buys = jnp.maximum(stock - wanted, 0.0), jnp.maximum(wanted - stock, 0.0)
    sells, buys = fence((jnp.minimum(sells, most), jnp.minimum(buys, most)))
    sold = open_market * (day.sells * (1.0 - day.refused)[None])[None] * sells
    sell_rate, buy_rate = _rate(params, sold) + params.stamp[:, None, None], _rate(params, buys)
    bought = open_market * day.buys[None] * buys
    bought = bought * _affordable(params, order, (stock, futures, worth), (sold, sell_rate), bought, buy_rate)
    sold, bought = fence((sold, bought))
    forced = jnp.minimum(sold, by_force)
    moved, moved_by_force = _futures(target, stock, futures, sold, bought, forced)
    forced_cost = accumulate(forced * sell_rate, axis=1)
    rolls = 2.0 * day.rolled * accumulate(jnp.abs(futures), axis=1)
    turnover = accumulate(jnp.abs(moved), axis=1)
    by_force_turnover = accumulate(jnp.abs(moved_by_force), axis=1)
    rate = params.futures_cost[:, None]
    return Fill(
        sold=sold,
        bought=bought,
        futures=moved + moved_by_force,
        forced=forced,
        forced_futures=moved_by_force,
        cost=accumulate((sold - forced) * sell_rate + bought * buy_rate, axis=1) + rate * (turnover + rolls),
        forced_cost=forced_cost + rate * by_force_turnover,
    )


def _forced(params: Params, day: MarketDay, stock: Ratio, futures: Ratio, order: Order) -> Fill:
    """`fill` where nothing is chosen: forced sales, the futures that go with them, and rolls."""
    by_force = jnp.minimum(_by_force(stock, order), params.most[:, :, None])
    open_market = jnp.where(order.halted, 0.0, 1.0)[:, None]
    sold = fence(open_market * (day.sells * (1.0 - day.refused)[None])[None] * by_force)
    sell_rate = _rate(params, sold) + params.stamp[:, None, None]
    held, gone = accumulate(stock, axis=1), accumulate(sold, axis=1)
    moved = -(gone / jnp.where(held > 0.0, held, 1.0))[:, None] * futures
    rate = params.futures_cost[:, None]
    rolls = 2.0 * day.rolled * accumulate(jnp.abs(futures), axis=1)
    return Fill(
        sold=sold,
        bought=jnp.zeros_like(sold),
        futures=moved,
        forced=sold,
        forced_futures=moved,
        cost=rate * rolls,
        forced_cost=accumulate(sold * sell_rate, axis=1) + rate * accumulate(jnp.abs(moved), axis=1),
    )


def _by_force(stock: Ratio, order: Order) -> Ratio:
    """Stock above the ceiling [fund, bucket, path]: the same fraction of every bucket."""
    held = accumulate(stock, axis=1)
    return jnp.maximum(1.0 - order.ceiling / jnp.where(held > 0.0, held, 1.0), 0.0)[:, None] * stock


def free(params: Params, stock: Ratio, futures: Ratio, worth: Ratio) -> Ratio:
    """Equity that neither stocks nor futures tie up [fund, path]; negative when there is too little."""
    tied = params.initial[:, None] * accumulate(stock, axis=1)
    return worth - tied - params.futures_margin[:, None] * accumulate(jnp.abs(futures), axis=1)


def _book(params: Params, order: Order, target: Target, held: Ratio, worth: Ratio) -> Ratio:
    """The stock book aimed at [fund, path]."""
    equity = jnp.maximum(worth, 0.0)
    room = jnp.where(order.barred, held, jnp.maximum(held, equity / params.initial[:, None]))
    return jnp.minimum(target.gross * equity * (1.0 - order.redeemed), jnp.minimum(order.ceiling, room))


def _rate(params: Params, quantity: Ratio) -> Ratio:
    """Cost per yuan of orders [fund, bucket, path], duty apart; floored so that the slope is finite."""
    return params.cost[:, None, None] + params.impact[:, :, None] * jnp.sqrt(jnp.maximum(quantity, 1e-12))


def _affordable(
    params: Params,
    order: Order,
    before: tuple[Ratio, Ratio, Ratio],
    sale: tuple[Ratio, Ratio],
    bought: Ratio,
    buy_rate: Ratio,
) -> Ratio:
    """Fraction of the purchases there is equity for [fund, 1, path].

    A financed book may always be turned over within itself, unless the account is called.
    """
    (stock, futures, worth), (sold, sell_rate) = before, sale
    initial = params.initial[:, None]
    equity = worth - accumulate(sold * sell_rate, axis=1)
    room = jnp.maximum(free(params, stock - sold, futures, equity), 0.0)
    turned = jnp.where(order.barred, 0.0, jnp.where(initial < 1.0, initial * accumulate(sold, axis=1), 0.0))
    needed = accumulate(bought * (initial[:, None] + buy_rate), axis=1)
    room = jnp.maximum(room, turned)
    share = jnp.where(needed > room, room / jnp.where(needed > 0.0, needed, 1.0), 1.0)
    return share[:, None]


def _futures(
    target: Target, stock: Ratio, futures: Ratio, sold: Ratio, bought: Ratio, forced: Ratio
) -> tuple[Ratio, Ratio]:
    """Changes of the futures [fund, future, path]: chosen, and with what was sold by force."""
    held, gone = accumulate(stock, axis=1), accumulate(forced, axis=1)
    share = gone / jnp.where(held > 0.0, held, 1.0)
    by_force = -share[:, None] * futures
    after = accumulate(stock - sold + bought, axis=1)
    goal = -target.short * after[:, None]
    return target.act[:, None] * (goal - futures - by_force), by_force
