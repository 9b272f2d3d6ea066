"""Fire sales of banks that hold the same bonds, and the share of them that fails.

Each round, every bank: below `least` equity over assets it fails and, the round after, sells all; below
`buffer` it wants to shed d = A - E / target of its assets A: it repays loans with min(d, cash) = r, and where
the cash left is less than r puts tradables worth the difference up for sale, in proportion. Sales of all are
then cleared at once,

    p' = p exp(-beta sold / outstanding),     beta = -10 log(1 - impact),

so that a tenth sold moves the price by `impact`; the seller gets the mean of both prices. After Cont &
Schaanning (2017), Cifuentes, Ferrucci & Shin (2005), as the model of Farmer, Kleinnijenhuis, Nahai-Williamson
& Wetzer (2020) has it (its public code, simplified version). Money is in one unit; prices begin at one.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core.errors import InputError

Array = np.ndarray[Any, np.dtype[np.float64]]
LEAST = 1e-9
"""Money, and bonds, below which nothing is done."""


@dataclass(frozen=True)
class Banks:
    """Balance sheets [bank], tradables [bank, bond] in units; the rest of the assets never moves."""

    cash: Array
    tradable: Array
    other: Array  # assets
    loan: Array  # liabilities that may be repaid
    owed: Array  # other liabilities


@dataclass(frozen=True)
class Rules:
    """Equity over assets at which banks fail, act and stop; the shock, its bond, impact and rounds."""

    least: float = 0.03
    buffer: float = 0.04
    target: float = 0.05
    shock: float = 0.2
    bond: int = 1
    impact: float = 0.05
    rounds: int = 6


@dataclass(frozen=True)
class Outcome:
    """Part of the banks that failed, and of the tradables that were sold."""

    failed: float
    sold: float


def banks(equity: Array, leverage: Array, securities: Array, government: Array) -> Banks:
    """Balance sheets [bank] of equity, equity over assets, debt securities, and those of states among them.

    Cash is 5 % of assets; half of the liabilities are loans. InputError: figures that make no balance sheet.
    """
    assets = equity / leverage
    other = assets - securities - 0.05 * assets
    if not ((equity > 0).all() and (other >= 0).all() and (government <= securities).all()):
        raise InputError("banks", "securities and cash above assets, or no equity", "a balance sheet each")
    debt = assets - equity
    return Banks(
        cash=0.05 * assets,
        tradable=np.stack([securities - government, government], axis=1),
        other=other,
        loan=debt / 2,
        owed=debt / 2,
    )


def synthetic(count: int = 48, seed: int = 2018) -> Banks:
    """Banks in the shape of the EBA's exercise of 2018, none of them real: sizes and ratios drawn, [bank]."""
    rng = np.random.default_rng(seed)
    leverage = np.clip(rng.normal(0.054, 0.012, count), 0.035, 0.1)
    assets = np.exp(rng.normal(12.5, 1.1, count))
    securities = assets * rng.uniform(0.05, 0.25, count)
    return banks(leverage * assets, leverage, securities, securities * rng.uniform(0.3, 0.9, count))


def run(of: Banks, rules: Rules) -> Outcome:
    """The rounds of one shock. Order of banks is of no matter: all act on the same prices."""
    cash, loan, held = of.cash.copy(), of.loan.copy(), of.tradable.copy()
    price = np.ones(held.shape[1])
    price[rules.bond] *= 1 - rules.shock
    outstanding = np.maximum(held.sum(axis=0), LEAST)
    beta = -10 * np.log1p(-rules.impact)
    alive, defaulting = np.ones(len(cash), bool), np.zeros(len(cash), bool)
    offered, sold = np.zeros_like(held), np.zeros(held.shape[1])
    for _ in range(rules.rounds):
        offered[defaulting] = held[defaulting]
        defaulting[:] = False
        before, price = price, price * np.exp(-beta * offered.sum(axis=0) / outstanding)
        sold += offered.sum(axis=0)
        cash, held = cash + offered @ (price + before) / 2, held - offered
        worth = held * price
        assets = cash + worth.sum(axis=1) + of.other
        equity = assets - loan - of.owed
        defaulting = alive & (equity < rules.least * assets)
        alive &= ~defaulting
        acts = alive & (equity < rules.buffer * assets)
        repaid = np.where(acts, np.minimum(np.maximum(assets - equity / rules.target, 0), cash), 0)
        repaid = np.minimum(repaid, loan)
        left = cash - repaid
        raised = np.clip(repaid - left, 0, worth.sum(axis=1))
        cash, loan = left, loan - repaid
        share = raised / np.maximum(worth.sum(axis=1), LEAST)
        offered = share[:, None] * held
    return Outcome(failed=float(1 - alive.mean()), sold=float(sold.sum() / outstanding.sum()))


def curve(of: Banks, rules: Rules, field: str, values: Array) -> list[Outcome]:
    """The outcome at each value of one field of the rules. TypeError: a field that is none."""
    return [run(of, replace(rules, **{field: float(value)})) for value in values]  # type: ignore[arg-type]
