"""Bounds by state: each week a rule picks a book by what is seen, against one bound for all days, and against
what the managers of February 2024 did. Chosen on half of the paths, judged on the other.

    states  filtered probability of the crisis regime above one half or not, and a gauge in three bands
    books   the frontier's, one for each bound; the loosest without the small and smaller (Lingjun), with 15
            points of them in the middle bucket (Zhuoshi), or half of it; Longqi's is the frontier's at 0.1

Every change of book is paid for, the first from the loosest. A manager's policy is taken when the regime
first shows and is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...optimise.tuner import Outcome, resampled
from ...record.estimates import half_width
from ...tail import expected_shortfall
from .study import LEVEL, PRODUCTS, SIZE_GRID, Study
from .watch import WEEK, Weeks

CRISIS, BANDS, LOOSEST, LONGQI = 0.5, (0.5, 0.9), len(SIZE_GRID) - 1, SIZE_GRID.index(0.1)
POINTS = 0.15
PRICE = 50.0
"""What ES beyond the budget costs, in alpha over the horizon."""
Array = np.ndarray


@dataclass(frozen=True)
class Books:
    """What a product may hold: losses [week, book, path] over NAV, alpha [book] a week, cost [book, book] of
    going from one to another; names.
    """

    loss: Array
    alpha: Array
    cost: Array
    names: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A rule on some paths: losses [path], alpha after costs [path], cost [path], over the horizon."""

    loss: Array
    alpha: Array
    cost: Array

    @property
    def shortfall(self) -> float:
        return float(expected_shortfall(self.loss, level=LEVEL))


def library(it: Study, weeks: Weeks, name: str, points: Sequence[Outcome]) -> Books:
    """Every book on every path of every week; specific risk by one normal a week."""
    product, universe = PRODUCTS[name], it.universe
    loose = points[LOOSEST].weights
    names = universe.names
    left = [names.bucket(names.played(role)) for role in ("small", "micro")]
    small = np.isin(universe.bucket, left) | (universe.bucket < 0)
    restricted = np.where(small, 0.0, loose)
    moved = min(POINTS, float(loose[small].sum()))
    shifted = np.where(small, loose * (1 - moved / loose[small].sum()), loose)
    shifted += moved * universe.benchmark[:, names.bucket(names.played("middle"))]
    weights = [point.weights for point in points]
    weights += [restricted / restricted.sum(), shifted, 0.5 * loose]
    scale = np.array([1.0] * (len(points) + 2) + [0.5])
    book = it.free(product)
    stocks, normal = (
        len(loose),
        np.random.default_rng(7).normal(size=(len(weeks.factors), it.horizon.bucket.shape[1])),
    )
    loss = []
    for held, part in zip(weights, scale, strict=True):
        net = np.append(held, np.zeros(len(names.futures))) - part * book.hedge
        exposure = np.append(net[:stocks] @ universe.loading, net[stocks:])
        own = np.linalg.norm(net[:stocks] * universe.specific_sd) * np.sqrt(WEEK)
        loss.append(-np.einsum("f,wfp->wp", exposure, weeks.factors) - own * normal)
    alpha = np.array([held @ book.alpha for held in weights]) - scale * book.financing
    rate, impact = it.prices
    trade = np.abs(np.array(weights)[:, None] - np.array(weights)[None])
    cost = rate * trade.sum(axis=2) + trade**1.5 @ impact
    called = (*(f"{b:g}" for b in SIZE_GRID), "restrict", "shift", "half")
    gross = product.gross
    return Books(gross * np.stack(loss, axis=1), gross * alpha / len(weeks.factors), gross * cost, called)


def live(books: Books, choice: Array, chosen: slice) -> Judged:
    """A book a week and path [week, path] on the chosen paths."""
    pick = choice[:, chosen]
    loss = np.take_along_axis(books.loss[:, :, chosen], pick[:, None], axis=1)[:, 0].sum(axis=0)
    before = np.concatenate([np.full((1, pick.shape[1]), LOOSEST), pick[:-1]])
    cost = books.cost[before, pick].sum(axis=0)
    return Judged(loss, books.alpha[pick].sum(axis=0) - cost, cost)


def cells(weeks: Weeks, gauge: str | None, train: slice) -> tuple[Array, int]:
    """The state of each week [week, path], numbered, and how many there are; bands by training."""
    state = (weeks.crisis >= CRISIS).astype(int)
    if gauge is None:
        return state, 2
    series = weeks.gauges[gauge]
    edges = np.quantile(series[1:, train], BANDS)
    return state * 3 + np.digitize(series, edges), 6


def fitted(books: Books, state: Array, count: int, budget: float, train: slice) -> Array:
    """A bound for each state [state] that keeps most alpha within the budget: from the best constant, one
    state at a time until none gets better.
    """

    def worth(rule: Array) -> float:
        judged = live(books, rule[state], train)
        return float(judged.alpha.mean()) - PRICE * max(judged.shortfall - budget, 0.0)

    rule = max((np.full(count, b) for b in range(LOOSEST + 1)), key=worth)
    best, better = worth(rule), True
    while better:
        better = False
        for cell in range(count):
            for bound in range(LOOSEST + 1):
                other = rule.copy()
                other[cell] = bound
                value = worth(other)
                if value > best + 1e-9:
                    rule, best, better = other, value, True
    return rule


def compared(it: Study, weeks: Weeks, points: Mapping[str, list[Outcome]]) -> list[dict]:
    """Every rule of every product, on the half it was not chosen on."""
    paths = weeks.crisis.shape[1]
    train, test = slice(0, paths // 2), slice(paths // 2, paths)
    latched = np.maximum.accumulate(weeks.crisis >= CRISIS, axis=0)
    rows = []
    for name, product in PRODUCTS.items():
        books = library(it, weeks, name, points[name])
        rules: dict[str, tuple[Array, str]] = {}
        for gauge in ("constant", None, *weeks.gauges):
            if gauge == "constant":
                state, count = np.zeros_like(latched, int), 1
            else:
                state, count = cells(weeks, gauge, train)
            rule = fitted(books, state, count, product.budget, train)
            label = gauge if gauge == "constant" else "regime" + ("" if gauge is None else f" and {gauge}")
            rules[label] = rule[state], " ".join(books.names[b] for b in rule)
        rules["hold"] = np.full(latched.shape, LOOSEST), books.names[LOOSEST]
        away = {"Longqi tightens": LONGQI} | {
            label: books.names.index(book)
            for label, book in (
                ("Lingjun restricts", "restrict"),
                ("Zhuoshi shifts", "shift"),
                ("deleverage", "half"),
            )
        }
        for label, book in away.items():
            rules[label] = np.where(latched, book, LOOSEST), f"{books.names[LOOSEST]} {books.names[book]}"
        rows += judged(it, name, {label: (live(books, c, test), said) for label, (c, said) in rules.items()})
    return rows


def judged(it: Study, name: str, judgements: Mapping[str, tuple[Judged, str]]) -> list[dict]:
    """A row a rule: alpha and ES with intervals, and both against the constant bound path by path."""
    labels = list(judgements)
    draws = resampled([judgements[label][0].loss for label in labels], level=LEVEL, draws=200)
    base, at = judgements["constant"][0], labels.index("constant")
    rows = []
    for k, label in enumerate(labels):
        one, said = judgements[label]
        more = (one.alpha - base.alpha) * it.year
        saved = np.quantile(draws[:, at] - draws[:, k], [0.025, 0.975])
        low, high = np.quantile(draws[:, k], [0.025, 0.975])
        rows.append(
            {
                "product": name,
                "rule": label,
                "bounds": said,
                "budget": PRODUCTS[name].budget,
                "es": one.shortfall,
                "es_low": low,
                "es_high": high,
                "es_below_constant": base.shortfall - one.shortfall,
                "below_low": saved[0],
                "below_high": saved[1],
                "alpha_year": float(one.alpha.mean()) * it.year,
                "alpha_above_constant": float(more.mean()),
                "above_half": half_width(more),
                "cost_year": float(one.cost.mean()) * it.year,
            }
        )
    return rows
