"""A fund's account: positions, what moved them, what it owes and to whom, day after day.

One set of equations for every family. With A_b stocks, F_q futures at their own value (short is negative), a
fund's net assets W are its equity, everything per unit of starting NAV:

    W <- W + sum_b A_b (r_b + a) + sum_q F_q rF_q + o W + interest - financing - fees - costs - redemptions

a is alpha, style and stock picking, the same for all its stocks, and o what it earns elsewhere (CTA).
Interest is earned on the equity that neither stocks nor futures tie up; financing is paid on the stock book
by who borrows for it (mechanism 5.7). What a day brought is split into LINES that add up to the change of
NAV per unit. `basis` is the futures less the same yuan in their indices since they were sold; `forced` is
the costs of forced sales and what the stocks and hedges so lost have made since; `size` is the rest of what
stocks and hedged indices made beyond the benchmark; `broker` is what of a loss beyond all equity the broker
bears.
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.fence import fence
from ..core.units import Count, Flag, Ratio
from . import dealing, lines, trade
from .market_day import MarketDay

LINES = (
    "benchmark",
    "size",
    "style",
    "alpha",
    "specific",
    "other",
    "basis",
    "interest",
    "financing",
    "cost",
    "forced",
    "fees",
    "broker",
)


@struct
class Params:
    """What every fund is; rates ending in annual are per calendar year."""

    long: Ratio  # [fund, bucket]  at the start, over NAV
    short: Ratio  # [fund, future]  index futures sold at the start, over NAV
    benchmark: Ratio  # [fund, bucket]  one for the index it is judged by; all zero is cash
    style: Ratio  # [fund, style]  z-score of the stock book within its buckets
    alpha: Ratio  # [fund]  per trading day of the stock book
    specific: Ratio  # [fund]  daily volatility of stock picking, of the stock book
    other: Ratio  # [fund]  fraction of equity in what is neither stock nor index future
    cash_annual: Ratio  # [fund]  earned on free equity
    benchmark_cash_annual: Ratio  # [fund]  of a cash benchmark
    financing_annual: Ratio  # [fund]  paid on the stock book
    halt_from: Count  # [fund]  first day it may not trade stocks, from 1; 0 is never
    halt_days: Count  # [fund]
    trade: trade.Params
    lines: lines.Params
    dealing: dealing.Params


@struct
class State:
    """Where each fund is after a close, per unit of starting NAV."""

    long: Ratio  # [fund, bucket, path]
    futures: Ratio  # [fund, future, path]  signed, at the contracts' value
    index: Ratio  # [fund, future, path]  the same yuan in the index since they were traded
    displaced: Ratio  # [fund, bucket, path]  stock sold by force, as if still held
    unhedged: Ratio  # [fund, future, path]  futures that went with it, as if still held
    worth: Ratio  # [fund, path]  net assets, performance fee included; below zero is the broker's loss
    benchmark: Ratio  # [fund, path]  NAV of the benchmark
    lines: lines.State
    dealing: dealing.State
    pnl: Ratio  # [line, fund, path]  per unit, since the start
    day: Count  # [path]  days so far


def init(params: Params, paths: int) -> State:
    """Books as the parameters give them, bought at the last close before the first day."""
    stock = jnp.broadcast_to(params.long[:, :, None], (*params.long.shape, paths))
    futures = jnp.broadcast_to(-params.short[:, :, None], (*params.short.shape, paths))
    funds = params.long.shape[0]
    one = jnp.ones((funds, paths), params.long.dtype)
    return State(
        long=stock,
        futures=futures,
        index=futures,
        displaced=jnp.zeros_like(stock),
        unhedged=jnp.zeros_like(futures),
        worth=one,
        benchmark=one,
        lines=lines.init((funds, paths)),
        dealing=dealing.init(params.dealing, paths),
        pnl=jnp.zeros((len(LINES), funds, paths), one.dtype),
        day=jnp.zeros(paths, jnp.int32),
    )


def nav(state: State) -> Ratio:
    """NAV per unit [fund, path], net of the fee accrued; zero for a fund that owes its broker."""
    return jnp.maximum(state.worth - state.dealing.accrued, 0.0) / state.dealing.units


def shortfall(state: State) -> Ratio:
    """What the broker has lost on each fund [fund, path]."""
    return jnp.maximum(-state.worth, 0.0)


def halted(params: Params, day: Count) -> Flag:
    """Whether a fund may not trade stocks on a day [path], for each fund and path [fund, path]."""
    first, last = params.halt_from[:, None], (params.halt_from + params.halt_days)[:, None]
    return (first > 0) & (day[None] >= first) & (day[None] < last)


def step(params: Params, state: State, day: MarketDay, target: trade.Target | None) -> State:
    """One day: earn, trade at the close toward `target`, pay investors, see what lines are crossed.

    target None: nobody decides, and nothing is traded but by force.
    """
    number = state.day + 1
    earned, gains, benchmark = _earn(params, state, day)
    stock, futures, index, worth = earned
    redeemed = dealing.due(state.dealing)
    order = trade.Order(
        target=target,
        ceiling=lines.ceiling(params.lines, state.lines, accumulate(stock, axis=1), worth, redeemed),
        redeemed=redeemed,
        barred=state.lines.called,
        halted=halted(params, number),
    )
    done = trade.fill(params.trade, day, stock, futures, worth, order)
    worth = worth - done.cost - done.forced_cost
    gains |= {"cost": -done.cost, "forced": gains["forced"] - done.forced_cost}
    before = stock, futures
    stock, index = stock - done.sold + done.bought, _reindex(futures, index, done.futures)
    futures = futures + done.futures
    pnl, accrued, value = _value(params, state, worth, gains)
    investors = replace(state.dealing, accrued=accrued)
    investors, worth, paid = dealing.pay(investors, worth, trade.free(params.trade, stock, futures, worth))
    crystallised = day.crystallised
    investors, worth = dealing.close(params.dealing, investors, worth, value, benchmark, crystallised)
    displaced, unhedged = _displace(state, day, before, done, paid)
    held = accumulate(stock, axis=1)
    return State(
        long=stock,
        futures=futures,
        index=index,
        displaced=displaced,
        unhedged=unhedged,
        worth=worth,
        benchmark=state.benchmark * (1.0 + benchmark),
        lines=lines.close(params.lines, state.lines, held, worth, value),
        dealing=investors,
        pnl=state.pnl + pnl,
        day=number,
    )


def _earn(
    params: Params, state: State, day: MarketDay
) -> tuple[tuple[Ratio, Ratio, Ratio, Ratio], dict[str, Ratio], Ratio]:
    """Positions and net assets after the day's returns, its gains by line, and the benchmark's return."""
    held = accumulate(state.long, axis=1)
    future, spot = day.futures[None], day.returns[: day.futures.shape[0]][None]
    own = _own(params, day, held)
    picked = own["style"] + own["alpha"] + own["specific"]
    index, benchmark = _benchmark(params, day)
    by_bucket = accumulate((state.long + state.displaced) * day.returns[None], axis=1)
    legs = accumulate(state.index * spot + state.unhedged * future, axis=1)
    lost = accumulate(state.displaced * day.returns[None], axis=1)
    lost = lost + accumulate(state.unhedged * future, axis=1)
    owned = jnp.maximum(state.worth, 0.0)
    idle = jnp.maximum(trade.free(params.trade, state.long, state.futures, state.worth), 0.0)
    gains = {
        "benchmark": index * owned,
        "size": by_bucket + legs - index * owned,
        **{name: held * gain for name, gain in own.items()},
        "other": jnp.zeros_like(held) if day.other is None else params.other[:, None] * day.other * owned,
        "basis": accumulate(state.futures * future - state.index * spot, axis=1),
        "interest": params.cash_annual[:, None] * day.years * idle,
        "financing": -params.financing_annual[:, None] * day.years * held,
        "forced": -lost,
        "fees": -params.dealing.management_annual[:, None] * day.years * owned,
    }
    gains = fence(gains)
    worth = state.worth + accumulate(jnp.stack(list(gains.values())))
    stock = state.long * (1.0 + day.returns[None] + picked[:, None])
    return fence((stock, state.futures * (1.0 + future), state.index * (1.0 + spot), worth)), gains, benchmark


def _own(params: Params, day: MarketDay, like: Ratio) -> dict[str, Ratio]:
    """Return of the stock book beyond its buckets [fund, path], by line."""
    style, specific = jnp.zeros_like(like), jnp.zeros_like(like)
    if day.styles is not None:
        style = accumulate(params.style[:, :, None] * day.styles[None], axis=1)
    if day.specific is not None:
        specific = params.specific[:, None] * day.specific
    return {"style": style, "alpha": params.alpha[:, None] + jnp.zeros_like(like), "specific": specific}


def _benchmark(params: Params, day: MarketDay) -> tuple[Ratio, Ratio]:
    """Return of the benchmark's index, zero where it is cash, and of the benchmark itself [fund, path]."""
    index = accumulate(params.benchmark[:, :, None] * day.returns[None], axis=1)
    tracked = accumulate(params.benchmark, axis=1) > 0.0
    cash = jnp.where(tracked, 0.0, params.benchmark_cash_annual * day.years)
    return index, index + cash[:, None]


def _reindex(futures: Ratio, index: Ratio, change: Ratio) -> Ratio:
    """The index leg after a trade: what is closed leaves it in proportion, what is added joins at par."""
    closes = (futures * change < 0.0) & (jnp.abs(change) <= jnp.abs(futures))
    in_proportion = index * (1.0 + change / jnp.where(closes, futures, 1.0))
    opened = jnp.where(futures * change < 0.0, futures + change, index + change)
    return jnp.where(closes, in_proportion, opened)


def _displace(
    state: State, day: MarketDay, before: tuple[Ratio, Ratio], done: trade.Fill, paid: Ratio
) -> tuple[Ratio, Ratio]:
    """What was sold by force, tonight and before, marked to market; buying back ends it.

    Stock sold to pay the fraction `paid` of the units [fund, path] is not missed by the units that stay.
    """
    (stock, futures), share = before, paid[:, None]
    displaced = (1.0 - share) * state.displaced * (1.0 + day.returns[None]) + done.forced - share * stock
    displaced = jnp.maximum(displaced, 0.0)
    left = jnp.maximum(displaced - done.bought, 0.0)
    unhedged = (1.0 - share) * state.unhedged * (1.0 + day.futures[None])
    unhedged = unhedged - done.forced_futures - share * futures
    unhedged = jnp.where(unhedged * futures > 0.0, unhedged, jnp.where(futures == 0.0, unhedged, 0.0))
    total = accumulate(displaced, axis=1)
    kept = jnp.where(total > 0.0, accumulate(left, axis=1) / jnp.where(total > 0.0, total, 1.0), 0.0)
    return left, unhedged * kept[:, None]


def _value(params: Params, state: State, worth: Ratio, gains: dict[str, Ratio]) -> tuple[Ratio, Ratio, Ratio]:
    """The day's lines per unit [line, fund, path], the performance fee accrued, and NAV per unit."""
    before = state.dealing
    accrued = dealing.owed(params.dealing, before, worth)
    fees = gains["fees"] - (accrued - before.accrued)
    borne = jnp.maximum(-worth, 0.0) - shortfall(state)
    day_lines = jnp.stack([{**gains, "fees": fees, "broker": borne}[name] for name in LINES])
    return day_lines / before.units[None], accrued, jnp.maximum(worth - accrued, 0.0) / before.units
