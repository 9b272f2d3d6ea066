"""Products as funds: each an account on its own terms, its book held but for what it is forced to sell.

What a path's day needs of a product (NAV, benchmark, what it owes, whether it was called) goes by the names
that a book held without terms (book.py) gives them.
"""

from ..core import struct
from ..core.units import Flag, Ratio
from . import account
from .market_day import MarketDay


@struct
class State:
    """Where each product's fund is after a close."""

    account: account.State
    breached: Flag  # [product, path]  its broker called at some close

    @property
    def nav(self) -> Ratio:
        """NAV per unit [product, path], net of fees accrued."""
        return account.nav(self.account)

    @property
    def benchmark(self) -> Ratio:
        """NAV of the benchmark [product, path]."""
        return self.account.benchmark

    @property
    def shortfall(self) -> Ratio:
        """Owed to the broker [product, path], over starting NAV."""
        return account.shortfall(self.account)


@struct
class Outcome:
    """What became of each product's fund by the last day."""

    wiped_out: Flag  # [product, path]
    stopped: Flag  # [product, path]
    redeemed: Ratio  # [product, path]  fraction of the units paid out
    pnl: Ratio  # [line, product, path]  per unit, in the order of account.LINES


def init(params: account.Params, paths: int) -> State:
    """Books as the terms give them, on the eve of the first day."""
    start = account.init(params, paths)
    return State(account=start, breached=start.lines.called)


def step(params: account.Params, state: State, day: MarketDay) -> State:
    """One day in which no manager decides; MarketDay says what could be traded."""
    after = account.step(params, state.account, day, None)
    return State(account=after, breached=state.breached | after.lines.called)


def outcome(state: State) -> Outcome:
    """What became of the funds by the last day: lines crossed, units redeemed, P&L by line."""
    it = state.account
    return Outcome(
        wiped_out=it.lines.dead, stopped=it.lines.stopped, redeemed=1.0 - it.dealing.units, pnl=it.pnl
    )
