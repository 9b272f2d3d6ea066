"""Funds and market days for the tests of accounts, and the day of one fund as a loop over plain numbers."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np

from tailrisk.products import account, dealing, lines, trade
from tailrisk.products.market_day import MarketDay

B, Q = range(5), range(3)
step = jax.jit(account.step)
FUND = {
    "long": [0.1, 0.25, 0.25, 0.3, 0.1],
    "short": [0.0, 0.0, 0.0],
    "benchmark": None,  # bucket, or None for cash
    "style": [0.0, 0.0],
    "alpha": 0.0,
    "specific": 0.0,
    "other": 0.0,
    "cash_annual": 0.0,
    "benchmark_cash_annual": 0.0,
    "financing_annual": 0.0,
    "halt_from": 0,
    "halt_days": 0,
    "cost": 0.0,
    "stamp": 0.0,
    "impact": [0.0] * 5,
    "futures_cost": 0.0,
    "most": [1e9] * 5,
    "initial": 1.0,
    "futures_margin": 0.0,
    "call": 0.0,
    "reset": 1.0,
    "warning": 0.0,
    "warned_long": 0.5,
    "stop": 0.0,
    "base": 0.0,
    "slope": 0.0,
    "threshold": 0.0,
    "open": 0.0,
    "wait": 1,
    "management_annual": 0.0,
    "performance": 0.0,
    "high_water": 1.0,
}


def fund(**said):
    return {**FUND, **said}


def params(*funds, longest=3):
    """Params of some funds."""

    def column(name):
        kind = np.int32 if name in ("halt_from", "halt_days", "wait") else np.float64
        return jnp.asarray(np.array([it[name] for it in funds], kind))

    def part(record, skip=()):
        return {name: column(name) for name in record.__dataclass_fields__ if name not in skip}

    index = np.zeros((len(funds), 5))
    for row, it in zip(index, funds, strict=True):
        if it["benchmark"] is not None:
            row[it["benchmark"]] = 1
    nested = ("trade", "lines", "dealing", "benchmark")
    return account.Params(
        **part(account.Params, nested),
        benchmark=jnp.asarray(index),
        trade=trade.Params(**part(trade.Params)),
        lines=lines.Params(**part(lines.Params)),
        dealing=dealing.Params(**part(dealing.Params, ("longest",)), longest=longest),
    )


def day(returns, futures=None, *, paths=1, **said):
    """A day on which every path sees the same, but for what is given with a path axis of its own."""

    def wide(values):
        values = np.asarray(values, float)
        return jnp.asarray(
            np.broadcast_to(values[:, None] if values.ndim == 1 else values, (len(values), paths))
        )

    zero = [0.0] * 3
    names = {"basis": zero, "annual_basis": zero, "sells": [1.0] * 5, "buys": [1.0] * 5}
    rows = {name: wide(said.pop(name, value)) for name, value in names.items()}
    scalars = {"years": 0.0, "rolled": 0.0}
    said = {name: jnp.asarray(value) for name, value in said.items()}
    refused = said.pop("refused", jnp.zeros(()))
    return MarketDay(
        returns=wide(returns),
        futures=wide(np.asarray(returns)[:3] if futures is None else futures),
        **rows,
        refused=jnp.broadcast_to(refused, (paths,)).astype(float),
        **{name: said.pop(name, jnp.asarray(value)) for name, value in scalars.items()},
        crystallised=said.pop("crystallised", jnp.asarray(False)),
        **said,
    )


def hold(p, paths=1):
    """The target of a manager who does nothing."""
    funds = p.long.shape[0]
    return trade.Target(
        weights=jnp.zeros((funds, 5, paths)) + 0.2,
        gross=jnp.ones((funds, paths)),
        short=jnp.zeros((funds, 3, paths)),
        act=jnp.zeros((funds, paths)),
    )


def live(p, days, targets=None, paths=1):
    """All states, the first being that before the first day."""
    states = [account.init(p, paths)]
    for t, today in enumerate(days):
        target = hold(p, paths) if targets is None or targets[t] is None else targets[t]
        states.append(step(p, states[-1], today, target))
    return states


class Plain:
    """One fund on one path, as an accountant would keep it."""

    def __init__(self, it, longest=3):
        self.it = SimpleNamespace(**it)
        self.stock, self.futures = list(it["long"]), [-x for x in it["short"]]
        self.index, self.displaced, self.unhedged = list(self.futures), [0.0] * 5, [0.0] * 3
        self.worth = self.units = self.pace = self.benchmark = self.value = 1.0
        self.accrued = self.due = 0.0
        self.mark, self.queue, self.number = it["high_water"], [0.0] * longest, 0
        self.called = self.dead = self.warned = self.stopped = False
        self.pnl = dict.fromkeys(account.LINES, 0.0)

    def free(self):
        it = self.it
        return (
            self.worth - it.initial * sum(self.stock) - it.futures_margin * sum(abs(x) for x in self.futures)
        )

    def day(self, d, target):
        """d: the day's plain numbers; target: weights, gross, short, act."""
        it, self.number, line = self.it, self.number + 1, dict.fromkeys(account.LINES, 0.0)
        held, owned, shortfall = sum(self.stock), max(self.worth, 0.0), max(-self.worth, 0.0)
        index = 0.0 if it.benchmark is None else d.returns[it.benchmark]
        line["benchmark"] = owned * index
        line["size"] = -owned * index
        for b in B:
            line["size"] += (self.stock[b] + self.displaced[b]) * d.returns[b]
            line["forced"] -= self.displaced[b] * d.returns[b]
        for q in Q:
            line["size"] += self.index[q] * d.returns[q] + self.unhedged[q] * d.futures[q]
            line["forced"] -= self.unhedged[q] * d.futures[q]
            line["basis"] += self.futures[q] * d.futures[q] - self.index[q] * d.returns[q]
        tilt = sum(x * f for x, f in zip(it.style, d.styles, strict=True))
        line["style"], line["alpha"] = held * tilt, held * it.alpha
        line["specific"], line["other"] = held * it.specific * d.specific, owned * it.other * d.other
        line["interest"] = it.cash_annual * d.years * max(self.free(), 0.0)
        line["financing"] = -it.financing_annual * d.years * held
        line["fees"] = -it.management_annual * d.years * owned
        self.worth += sum(line.values())
        own = tilt + it.alpha + it.specific * d.specific
        self.stock = [self.stock[b] * (1 + d.returns[b] + own) for b in B]
        self.futures = [self.futures[q] * (1 + d.futures[q]) for q in Q]
        self.index = [self.index[q] * (1 + d.returns[q]) for q in Q]
        self.displaced = [self.displaced[b] * (1 + d.returns[b]) for b in B]
        self.unhedged = [self.unhedged[q] * (1 + d.futures[q]) for q in Q]

        out = self.due + (1 - self.due) * self.queue[0]
        before = list(self.stock), list(self.futures)
        forced, hedge, bought = self.trade(d, target, out, line)

        accrued = it.performance * max(self.worth - self.mark * self.units, 0.0)
        line["fees"] -= accrued - self.accrued
        line["broker"] = max(-self.worth, 0.0) - shortfall
        self.accrued, self.value = accrued, max(self.worth - accrued, 0.0) / self.units
        for name in line:
            self.pnl[name] += line[name] / self.units
        paid = min(out, min(max(self.free() / self.worth, 0.0), 1.0)) if self.worth > 0 else 0.0
        self.units, self.worth, self.accrued = (
            x * (1 - paid) for x in (self.units, self.worth, self.accrued)
        )
        self.due, self.queue = (out - paid) / (1 - paid) if paid < 1 else 0.0, [*self.queue[1:], 0.0]
        self.displace(before, forced, hedge, bought, paid)

        cash = it.benchmark_cash_annual * d.years if it.benchmark is None else 0.0
        self.benchmark *= 1 + index + cash
        self.pace = max(self.pace * (1 + index + cash), self.value)
        lag = max(1 - self.value / self.pace - it.threshold, 0.0)
        self.queue[it.wait - 1] += it.open * (1 - np.exp(-(it.base + it.slope * lag)))
        if d.crystallised:
            self.worth -= self.accrued
            self.mark, self.accrued = max(self.mark, self.value), 0.0
        held = sum(self.stock)
        self.called = self.worth < it.call * held or (self.called and self.worth < it.reset * held)
        self.dead = self.dead or self.worth < 0
        self.warned, self.stopped = self.value < it.warning, self.stopped or self.value < it.stop

    def trade(self, d, target, out, line):
        it, held, equity = self.it, sum(self.stock), max(self.worth, 0.0)
        ceiling = (1 - out) * held if out > 0 else np.inf
        if self.called:
            ceiling = min(ceiling, equity / it.reset)
        if self.warned:
            ceiling = min(ceiling, it.warned_long * equity)
        if self.dead or self.stopped:
            ceiling = 0.0
        share = max(1 - ceiling / held, 0.0) if held > 0 else 0.0
        room = held if self.called else max(held, equity / it.initial)
        book = min(target.gross * equity * (1 - out), ceiling, room)
        halted = it.halt_from > 0 and it.halt_from <= self.number < it.halt_from + it.halt_days
        sold, bought, sell_cost, buy_cost, forced = ([0.0] * 5 for _ in range(5))
        for b in B:
            kept = self.stock[b] * (1 - share)
            change = kept + target.act * (target.weights[b] * book - kept) - self.stock[b]
            order = 0.0 if halted else min(abs(change), it.most[b])
            if change < 0:
                sold[b] = order * d.sells[b] * (1 - d.refused)
                sell_cost[b] = it.cost + it.stamp + it.impact[b] * np.sqrt(sold[b])
            else:
                bought[b] = order * d.buys[b]
                buy_cost[b] = it.cost + it.impact[b] * np.sqrt(min(abs(change), it.most[b]))
            forced[b] = min(sold[b], self.stock[b] * share)
        stock = [self.stock[b] - sold[b] for b in B]
        room = self.worth - sum(sold[b] * sell_cost[b] for b in B) - it.initial * sum(stock)
        room = max(room - it.futures_margin * sum(abs(x) for x in self.futures), 0.0)
        if it.initial < 1 and not self.called:
            room = max(room, it.initial * sum(sold))
        needed = sum(bought[b] * (it.initial + buy_cost[b]) for b in B)
        if needed > room:
            bought = [x * room / needed for x in bought]
        self.stock = [stock[b] + bought[b] for b in B]
        after, gone = sum(self.stock), sum(forced) / held if held > 0 else 0.0
        hedge = []
        turnover = turnover_forced = 0.0
        for q in Q:
            by_force = -gone * self.futures[q]
            chosen = target.act * (-target.short[q] * after - self.futures[q] - by_force)
            turnover += abs(chosen) + 2 * d.rolled * abs(self.futures[q])
            turnover_forced += abs(by_force)
            change, was = chosen + by_force, self.futures[q]
            if was * change < 0:
                shut = abs(change) <= abs(was)
                self.index[q] = self.index[q] * (1 + change / was) if shut else was + change
            else:
                self.index[q] += change
            self.futures[q] += change
            hedge.append(by_force)
        cost = sum((sold[b] - forced[b]) * sell_cost[b] + bought[b] * buy_cost[b] for b in B)
        line["cost"] = -cost - it.futures_cost * turnover
        by_force = sum(forced[b] * sell_cost[b] for b in B) + it.futures_cost * turnover_forced
        line["forced"] -= by_force
        self.worth += line["cost"] - by_force
        return forced, hedge, bought

    def displace(self, before, forced, hedge, bought, paid):
        stock, futures = before
        missed = [max((1 - paid) * self.displaced[b] + forced[b] - paid * stock[b], 0.0) for b in B]
        left = [max(missed[b] - bought[b], 0.0) for b in B]
        kept = sum(left) / sum(missed) if sum(missed) > 0 else 0.0
        for q in Q:
            gone = (1 - paid) * self.unhedged[q] - hedge[q] - paid * futures[q]
            self.unhedged[q] = kept * gone if gone * futures[q] > 0 or futures[q] == 0 else 0.0
        self.displaced = left
