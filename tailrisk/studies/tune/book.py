"""The book that is tuned: the manager's alpha, every limit of his, and the bounds that theta moves.

    theta = (a bound on each tuned style, most in micro-caps and names in no index)

He maximises alpha less costs, trading out of the book held today.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ...core.calendar import YEAR
from ...core.errors import InputError
from ...data.by_code import ByCode, read_scores, read_weights
from ...optimise import ActiveExposure, ActiveWeights, Budget, Group, Positions, Turnover, industries
from ...optimise.conic import Array
from ...optimise.constraints import Constraint
from ...optimise.desk import Liquidity
from ...optimise.mandate import Desk, Product, alphas, benchmark_of, costly, costs, hedge_of, swap
from ...optimise.tuner import Book, Bound
from ...optimise.variance import TrackingError, of_factor_model
from ...universe import Universe
from .config import SIZE, Loaded, Tune

OUTSIDE_MOST = 0.2
"""Weight of a benchmark or a book that may be in stocks the universe does not know."""


@dataclass(frozen=True)
class Inputs:
    """What the user's files say, [stock] of the universe; None where a file is not named."""

    alpha: Array | None = None  # expected return over a year beyond the factors
    score: Array | None = None  # of any scale
    benchmark: Array | None = None
    previous: Array | None = None
    notes: tuple[str, ...] = ()


def read_inputs(loaded: Loaded, universe: Universe) -> Inputs:
    """The user's alpha, benchmark and book, by code. Raises InputError for a file that cannot be used."""
    settings, known = loaded.tune, set(universe.ids)
    found: dict[str, Array] = {}
    notes: list[str] = []
    if settings.desk.alpha is not None:
        kind, told = read_scores(loaded.file("desk.alpha", settings.desk.alpha), known)
        found[kind] = _placed(universe, told)
        notes.append(f"{kind} of {len(told.values):,} of {len(known):,} stocks, nothing for the others")
    for field, name in (("benchmark", settings.product.benchmark), ("previous", settings.product.book)):
        if name is None:
            continue
        place = f"product.{'book' if field == 'previous' else field}"
        told = read_weights(loaded.file(place, name), known, universe.names)
        notes += _outside(place, name, told)
        row = _placed(universe, told)
        found[field] = row / row.sum()
    if settings.limits.industry is not None and universe.industry is None:
        allowed = "a universe of a panel with a column industry"
        raise InputError("limits.industry", "of stocks without industries", allowed)
    return Inputs(**found, notes=tuple(notes))


def _placed(universe: Universe, told: ByCode) -> Array:
    return np.array([told.values.get(code, 0.0) for code in universe.ids])


def _outside(place: str, name: str, told: ByCode) -> list[str]:
    """A note of what is in no stock of the universe. Raises InputError where that is too much."""
    weight = sum(told.other.values())
    parts = ", ".join(f"{kind} {part:.2%}" for kind, part in told.other.items())
    if weight > OUTSIDE_MOST:
        raise InputError(
            place, f"{weight:.1%} of {name} is in no stock of the universe: {parts}", "at most 20%"
        )
    return (
        [f"{weight:.2%} of {name} is in no stock of the universe ({parts}), taken as the rest"]
        if parts
        else []
    )


def product_of(settings: Tune) -> Product:
    """The product's terms."""
    it = settings.product
    return Product(it.mix, it.long, settings.budget, it.hedged, it.financing)


def desk_of(settings: Tune) -> Desk:
    """The desk's terms."""
    return Desk(**settings.desk.model_dump(exclude={"alpha"}))


def book_of(settings: Tune, universe: Universe, inputs: Inputs, days: int, daily: Array) -> Book:
    """The product's book, its trades paid for; daily: [factor, factor] covariance of a calm day."""
    free = _free(settings, universe, inputs, days, daily)
    previous = inputs.previous
    if previous is None:
        previous = free.decide(loosest(settings)).weights
    book = costly(free, previous, *costs(universe, desk_of(settings), daily))
    mixes = None if settings.bounds.swap is None else swap(universe, *swapped(settings, universe))[None]
    return replace(book, mixes=mixes, levered=settings.bounds.long is not None)


def loosest(settings: Tune) -> list[float]:
    """The bounds of `theta` at their loosest."""
    return [*(settings.grid(style)[-1] for style in settings.tuned), settings.bounds.micro[1]]


def swapped(settings: Tune, universe: Universe) -> tuple[str, str]:
    """The future sold in place of another, and that other. Raises InputError where they are not two."""
    if settings.bounds.swapped is not None:
        return settings.bounds.swapped
    mixed = [future for future, bucket in universe.names.futures if settings.product.mix.get(bucket)]
    if len(mixed) != 2:
        allowed = "two futures, as bounds.swapped names them"
        raise InputError("bounds.swap", f"between {', '.join(mixed) or 'no futures'} of the mix", allowed)
    return mixed[0], mixed[1]


def _free(settings: Tune, universe: Universe, inputs: Inputs, days: int, daily: Array) -> Book:
    """The book at no cost of trading."""
    product = product_of(settings)
    against = benchmark_of(universe, product) if inputs.benchmark is None else inputs.benchmark
    fixed = _limits(settings, universe, inputs, against, days, daily)
    tuned = list(settings.tuned)
    places = [universe.styles.index(name) for name in tuned]
    smallest = universe.names.role("micro") or universe.names.buckets[-1]
    small = universe.members(smallest) | (universe.bucket < 0)

    def constraints(theta: Array) -> list[Constraint]:
        boxes = [
            ActiveExposure(universe.style[:, [place]], (name,), -bound, bound, against, name)
            for name, place, bound in zip(tuned, places, theta, strict=False)
        ]
        return [*fixed, *boxes, Group(small, -1.0, float(theta[len(tuned)]), name="micro")]

    alpha = expected(settings, universe, inputs, days)
    hedge = hedge_of(universe, product)
    if inputs.benchmark is not None and not product.hedged:
        hedge[: len(against)] = against
    return Book(
        alpha - alpha @ against,  # active, since weights sum to one
        constraints,
        (*(Bound(name) for name in tuned), Bound("micro", lower=0.0)),
        hedge,
        product.gross,
        product.financing * days / YEAR,
    )


def expected(settings: Tune, universe: Universe, inputs: Inputs, days: int) -> Array:
    """Expected return over the horizon beyond the factors [stock]: the user's alpha, or of a score."""
    desk = desk_of(settings)
    if inputs.alpha is not None:
        return inputs.alpha * days / YEAR
    if inputs.score is None:
        return alphas(universe, desk, days)
    there = inputs.score != 0
    scale = float(inputs.score[there].std()) or 1.0
    score = np.where(there, (inputs.score - inputs.score[there].mean()) / scale, 0.0)
    size = universe.style[:, universe.styles.index(SIZE)]
    return desk.ic * universe.specific_sd * np.sqrt(days) * score + desk.premium * days / YEAR * size


def _limits(
    settings: Tune, universe: Universe, inputs: Inputs, against: Array, days: int, daily: Array
) -> list[Constraint]:
    """What theta does not move."""
    desk, limits = desk_of(settings), settings.limits
    risk = of_factor_model(universe.loading, days * daily, universe.specific_sd * np.sqrt(days))
    most = np.inf if limits.position is None else limits.position
    found: list[Constraint] = [
        Budget(),
        Positions(0.0, most),
        ActiveWeights(against, desk.weight),
        Liquidity(universe.adv, desk.nav, desk.exit, desk.participation),
        TrackingError(risk, against, desk.tracking * np.sqrt(days / YEAR)),
    ]
    others = [k for k, name in enumerate(universe.styles) if name not in settings.tuned]
    if others:
        names = [universe.styles[k] for k in others]
        ends = np.array([_ends(limits.styles.get(name, desk.others)) for name in names])
        box = universe.style[:, others]
        found.append(ActiveExposure(box, names, ends[:, 0], ends[:, 1], against, "other styles"))
    if limits.industry is not None:
        found.append(_industries(limits.industry, universe, against))
    if limits.turnover is not None and inputs.previous is not None:
        found.append(Turnover(inputs.previous, limits.turnover))
    return found


def _ends(limit: float | tuple[float, float]) -> tuple[float, float]:
    return limit if isinstance(limit, tuple) else (-limit, limit)


def _industries(limit: float | dict[str, float], universe: Universe, against: Array) -> Constraint:
    """The box on industries; those a table does not name are free. Raises InputError for one there is not."""
    labels = universe.industry or ()
    if not isinstance(limit, dict):
        return industries(labels, against, limit)
    known = sorted(set(labels))
    for name in limit:
        if name not in known:
            raise InputError(f"limits.industry.{name}", "no stock is in it", ", ".join(known))
    return industries(labels, against, pd.Series({name: limit.get(name, 1.0) for name in known}))
