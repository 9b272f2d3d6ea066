"""The book of a product whose style bounds are tuned: the manager's alpha, mandate, costs and hedge.

    alpha_i = ic sd_i score_i sqrt(days) + premium days / YEAR z_i,   z the size exposure
    theta   = (bound on active size, most in micro-caps and names in no index)

The manager trades out of the book held before, that of the loosest bounds, at linear and square-root cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..core.calendar import YEAR
from ..universe import Universe
from .conic import Array
from .constraints import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Constraint,
    Group,
    Positions,
    TradingCost,
    impact_rate,
)
from .desk import Liquidity
from .tuner import Book, Bound
from .variance import TrackingError, of_factor_model

LOOSE, TIGHT = (1.5, 0.6), (0.05, 0.02)
"""Bounds taken as none, and the tightest tried: on active size, and on the weight in micro and no index."""


@dataclass(frozen=True)
class Product:
    """mix: of indices, benchmark or hedge; gross: stocks over NAV; budget: of ES; hedged: whether the mix is
    futures sold; financing: a year, on the stocks.
    """

    mix: Mapping[str, float]
    gross: float
    budget: float
    hedged: bool
    financing: float = 0.0


@dataclass(frozen=True)
class Desk:
    """What all products of a desk have in common; fractions, a year where it says so.

    ic: correlation of the score with the specific return over the horizon; premium: of a unit of size, a
    year; others: bound on every other active style; weight: on active weights; tracking: on the tracking
    error, a year; nav: yuan of stocks; exit, participation: days to sell out, and the fraction of a day's
    trading one may be; fee: commission and half spread of a trade; stamp: of a sale; impact: strength of the
    square-root law; seed: of the score.
    """

    ic: float = 0.05
    premium: float = -0.0946
    others: float = 0.3
    weight: float = 0.002
    tracking: float = 0.06
    nav: float = 5e9
    exit: float = 5.0
    participation: float = 0.2
    fee: float = 0.0003
    stamp: float = 0.0005
    impact: float = 1.0
    seed: int = 1


def alphas(universe: Universe, desk: Desk, days: int) -> Array:
    """Expected return over the horizon [stock]: ic sd score, and the premium of the size exposure."""
    score = np.random.default_rng(desk.seed).normal(size=len(universe.ids))
    size = universe.style[:, universe.styles.index("size")]
    return desk.ic * universe.specific_sd * np.sqrt(days) * score + desk.premium * days / YEAR * size


def benchmark_of(universe: Universe, product: Product) -> Array:
    """Weights of the mix of indices [stock]."""
    shares = [share * universe.benchmark[:, universe.names.bucket(b)] for b, share in product.mix.items()]
    return np.asarray(np.sum(shares, axis=0))


def costs(universe: Universe, desk: Desk, daily: Array) -> tuple[float, Array]:
    """Rate of a trade, buys being as much as sells, and impact [stock] of the square-root law on a calm day.

    daily: [factor, factor] covariance of a calm day. InputError: as `of_factor_model` and `impact_rate`.
    """
    covariance = of_factor_model(universe.loading, daily, universe.specific_sd)
    volatility = np.sqrt((covariance.loading**2).sum(axis=1) + covariance.specific**2)
    return desk.fee + desk.stamp / 2, impact_rate(volatility, universe.adv, desk.nav, desk.impact)


def hedge_of(universe: Universe, product: Product) -> Array:
    """What stands against a unit of stocks [stock, then futures]: the benchmark, or futures sold."""
    written = [bucket for _, bucket in universe.names.futures]
    sold = np.zeros(len(written))
    if product.hedged:
        for b, share in product.mix.items():
            sold[written.index(b)] = share
    benchmark = benchmark_of(universe, product)
    return np.append(np.zeros_like(benchmark) if product.hedged else benchmark, sold)


def swap(universe: Universe, sell: str, buy: str) -> Array:
    """A unit more of one future sold and less of another [asset]: a mix of the hedge for the tuner."""
    stocks, names = len(universe.ids), universe.names
    moved = np.zeros(stocks + len(names.futures))
    moved[stocks + names.future(sell)], moved[stocks + names.future(buy)] = 1.0, -1.0
    return moved


def mandate(universe: Universe, product: Product, desk: Desk, days: int, daily: Array) -> Book:
    """The product's book at no cost of trading; theta as above. Weights of stocks sum to one.

    daily: [factor, factor] covariance of a calm day, the manager's risk model for the tracking error.
    InputError: as `of_factor_model`, or a product and a desk that make no Book.
    """
    against, size = benchmark_of(universe, product), universe.styles.index("size")
    others = [k for k in range(len(universe.styles)) if k != size]
    smallest = universe.names.role("micro") or universe.names.buckets[-1]
    small = universe.members(smallest) | (universe.bucket < 0)
    risk = of_factor_model(universe.loading, days * daily, universe.specific_sd * np.sqrt(days))
    names = [universe.styles[k] for k in others]
    fixed: list[Constraint] = [
        Budget(),
        Positions(),
        ActiveWeights(against, desk.weight),
        Liquidity(universe.adv, desk.nav, desk.exit, desk.participation),
        TrackingError(risk, against, desk.tracking * np.sqrt(days / YEAR)),
        ActiveExposure(universe.style[:, others], names, -desk.others, desk.others, against, "other styles"),
    ]

    def constraints(theta: Array) -> list[Constraint]:
        tilt = universe.style[:, [size]]
        return [
            *fixed,
            ActiveExposure(tilt, ("size",), -theta[0], theta[0], against, "size"),
            Group(small, -1.0, float(theta[1]), name="micro"),
        ]

    alpha = alphas(universe, desk, days)
    return Book(
        alpha - alpha @ against,  # active, since weights sum to one
        constraints,
        (Bound("size"), Bound("micro", lower=0.0)),
        hedge_of(universe, product),
        product.gross,
        product.financing * days / YEAR,
    )


def costly(free: Book, previous: Array, rate: float, impact: Array) -> Book:
    """The same book, its trades out of `previous` [stock] paid for."""
    cost = TradingCost(previous, rate, impact)
    return replace(free, constraints=lambda theta: [*free.constraints(theta), cost])
