"""The tuner: style bounds, hedge mix and leverage chosen so that a book keeps most alpha within an ES budget.

    max_theta  alpha(theta)  subject to  ES_k(theta) <= budget,  theta in a box

The manager decides within the bounds and does not see the scenarios (manager.py); the tuner sees what the
decision loses in them. Slopes are exact: duals for alpha, the implicit derivative for ES. The search is
sequential linear programming in a trust region: Fletcher & Sainz de la Maza (1989).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from ..core import InputError
from ..tail.sample import Level
from ..tail.shortfall import tail_of
from .arguments import a, brief, confidence, many, number, plain
from .conic import Array
from .constraints import Constraint
from .labels import vector
from .manager import Decision, Slope, decide
from .robust import RADIUS, spread, spread_measure, tail_measure
from .scenarios import Scenarios

STEPS = 40
"""Linear programs at most."""
SMALLEST = 1e-3
"""The trust region, as a part of the box, at which the search ends."""
DEAR = 20.0
"""What ES beyond the budget costs: so many times alpha at the start, or across the box, for the budget."""


@dataclass(frozen=True)
class Bound:
    """One row of a constraint that theta moves: its ends by lower and upper for each unit of theta."""

    constraint: str
    row: int = 0
    lower: float = -1.0
    upper: float = 1.0

    def slope(self, slopes: dict[str, Slope]) -> float:
        """d / d theta from the slopes in both ends."""
        part = slopes[self.constraint]
        return float(self.lower * part.lower[self.row] + self.upper * part.upper[self.row])


@dataclass(frozen=True)
class Book:
    """A product: what its manager may do, and what stands against it.

    theta: one for each bound, then one for each mix, then gross if levered.
    alpha: [stock] over the horizon; constraints: of the bounds' theta; bounds: the rows theta moves;
    hedge: [asset] the benchmark, or futures sold, for each unit of stocks, over stocks and then futures;
    gross: stocks over NAV; financing: over the horizon, for each unit of gross; mixes: [mix, asset] what each
    unit of a mix adds to the hedge; levered: whether theta has the gross.
    """

    alpha: Array
    constraints: Callable[[Array], Sequence[Constraint]]
    bounds: tuple[Bound, ...]
    hedge: Array
    gross: float = 1.0
    financing: float = 0.0
    mixes: Array | None = None
    levered: bool = False

    def __post_init__(self) -> None:
        for field in ("hedge", "mixes"):
            if isinstance(getattr(self, field), pd.Series | pd.DataFrame | Mapping):
                raise InputError(f"book: {field}", "has names", "a plain array, stocks and then futures")
        if not callable(self.constraints):
            raise InputError("book: constraints", brief(self.constraints), "a function of theta")
        many("book: bounds", self.bounds, ("constraint", "row"), "a list of Bound(...)")
        number("book", "gross", self.gross, "stocks over NAV, 0 or more", 0.0)
        number("book", "financing", self.financing, "over the horizon, for each unit of gross")
        vector("book", "hedge", self.hedge, np.size(self.hedge))

    def check(self, scenarios: Scenarios) -> None:
        """Refuses scenarios of other assets, or of the stocks in another order.

        InputError: the first that differs.
        """
        if a(Scenarios, "scenarios", scenarios, "of_factors(...)").assets != len(self.hedge):
            raise InputError("scenarios", f"{scenarios.assets} assets", f"{len(self.hedge)}, as the hedge")
        names, stocks = scenarios.names, len(self.alpha)
        if names is not None and isinstance(self.alpha, pd.Series):
            apart = np.flatnonzero(np.asarray(names[:stocks] != self.alpha.index))
            if len(apart):
                found = f"{names[apart[0]]!r} where alpha has {self.alpha.index[apart[0]]!r}"
                raise InputError("scenarios", found, "the stocks in the order of alpha")

    def theta(self, theta: ArrayLike) -> Array:
        """theta [lever] as numbers. InputError: it is not one for each lever."""
        levers = len(self.bounds) + (0 if self.mixes is None else len(self.mixes)) + int(self.levered)
        if np.size(theta) != levers:
            raise InputError("theta", brief(theta), f"{levers} numbers: the bounds, the mixes, the gross")
        return np.array(vector("", "theta", np.atleast_1d(theta), levers))

    def decide(self, theta: ArrayLike) -> Decision:
        """The manager's decision within the bounds theta [lever]; errors as in `manager.decide`."""
        point = np.atleast_1d(np.asarray(theta, dtype=np.float64))
        return decide(self.alpha, self.constraints(point[: len(self.bounds)]))

    def sold(self, theta: Array) -> Array:
        """The hedge at theta [asset]."""
        if self.mixes is None:
            return self.hedge
        first = len(self.bounds)
        return self.hedge + theta[first : first + len(self.mixes)] @ self.mixes


@dataclass(frozen=True)
class Outcome:
    """One theta: what it keeps and loses over the horizon, as fractions of NAV, and the slopes in theta.

    weights: [stock]; held: [asset] stocks less the hedge, for each unit of gross; alpha: after cost, that of
    trading once; shortfall: [set]; alpha_slope: [theta]; shortfall_slope: [set, theta]; alpha_by_gross,
    shortfall_by_gross [set]: for each unit of gross; shortfall_by_hedge: [set, asset].
    """

    theta: Array
    weights: Array
    held: Array
    gross: float
    alpha: float
    cost: float
    shortfall: Array
    alpha_slope: Array
    shortfall_slope: Array
    alpha_by_gross: float
    shortfall_by_gross: Array
    shortfall_by_hedge: Array

    def worst(self) -> float:
        """The largest ES of all scenario sets."""
        return float(self.shortfall.max())

    def losses(self, scenarios: Scenarios) -> Array:
        """Over the horizon [scenario], as fractions of NAV."""
        return self.gross * scenarios.losses(self.held)


def evaluate(
    book: Book, sets: Sequence[Scenarios], theta: ArrayLike, *, level: Level, radius: float = 0.0
) -> Outcome:
    """Decide at theta [lever], and measure the decision in every scenario set.

    radius: of the ball of laws around each set whose largest ES counts, see `robust`; zero is the set's own.

    InputError: constraints that conflict, or scenario sets of other assets than the hedge.

    >>> from tailrisk.optimise import Budget, Positions, of_returns
    >>> stocks = of_returns([[0.04, -0.04, 0.02, -0.02], [0.01, -0.01, 0.0, 0.0]])
    >>> most = lambda theta: [Budget(0.0, 1.0), Positions(0.0, [theta[0], 1.0])]
    >>> book = Book(np.array([0.02, 0.01]), most, (Bound("budget", lower=0.0, upper=0.0),), np.zeros(2))
    >>> at = evaluate(book, [stocks], [0.4], level=0.75)
    >>> at.weights.round(3), round(at.worst(), 4)
    (array([0.4, 0.6]), 0.022)
    """
    point = a(Book, "book", book, "Book(alpha, constraints, bounds, hedge)").theta(theta)
    confidence(level)
    number("", "radius", radius, RADIUS, 0.0)
    for scenarios in many("sets", sets, (), "a list of scenarios, even of one"):
        book.check(scenarios)
    chosen = book.decide(point)
    stocks = len(book.alpha)
    held = -book.sold(point)
    held[:stocks] += chosen.weights
    gross = float(point[-1]) if book.levered else book.gross
    gain = chosen.alpha - chosen.cost - book.financing
    slopes = chosen.duals()
    mixes = np.zeros((0, len(held))) if book.mixes is None else book.mixes
    by_gross = [gain] if book.levered else []
    alpha_slope = [gross * bound.slope(slopes) for bound in book.bounds] + [0.0] * len(mixes) + by_gross
    shortfall, by_theta, by_hedge = [], [], []
    for scenarios in sets:
        value, gradient = shortfall_of(scenarios, held, level, radius)
        moved = chosen.slopes(gradient[:stocks])
        shortfall.append(value)
        by_bound = [gross * bound.slope(moved) for bound in book.bounds]
        by_theta.append([*by_bound, *(-gross * mixes @ gradient), *([value] if book.levered else [])])
        by_hedge.append(-gross * gradient)
    return Outcome(
        theta=point,
        weights=chosen.weights,
        held=held,
        gross=gross,
        alpha=gross * gain,
        cost=gross * chosen.cost,
        shortfall=gross * np.array(shortfall),
        alpha_slope=np.array(alpha_slope),
        shortfall_slope=np.array(by_theta),
        alpha_by_gross=gain,
        shortfall_by_gross=np.array(shortfall),
        shortfall_by_hedge=np.array(by_hedge),
    )


def shortfall_of(
    scenarios: Scenarios, holding: Array, level: Level, radius: float = 0.0
) -> tuple[float, Array]:
    """ES of a portfolio [asset] and its gradient [asset]: the mean loss of each asset beyond VaR.

    radius: as in `evaluate`. InputError: a level the scenarios cannot support.
    """
    exact = confidence(level)
    loss, probability = scenarios.losses(holding), scenarios.probability()
    measure = tail_measure(loss, probability, level)
    value = tail_of(loss, scenarios.weight, exact).expected_shortfall
    if radius:
        far = radius / float(1 - exact)
        measure = measure + far * spread_measure(loss, probability)
        value += far * spread(loss, scenarios.weight)
    return value, scenarios.gradient(-scenarios.mean(measure), holding)


@dataclass(frozen=True)
class Tuned:
    """The tuned bounds; `steps` linear programs; feasible: whether the budget is met."""

    outcome: Outcome
    steps: int
    feasible: bool


def tune(
    measure: Callable[[Array], Outcome],
    lower: ArrayLike,
    upper: ArrayLike,
    budget: float,
    *,
    worst: bool = False,
    start: ArrayLike | None = None,
    radius: float = 0.5,
) -> Tuned:
    """Most alpha with ES within the budget, theta between lower and upper [theta].

    measure: theta to its outcome. worst: the budget holds in every scenario set, otherwise for their mean.
    start: where to begin, the middle by default; radius: of the first trust region, as a part of the box.
    InputError: ends that are no finite numbers or cross, another length of start.

    >>> from tailrisk.optimise import Budget, Group, Positions, of_returns
    >>> stocks = of_returns([[0.04, -0.04, 0.02, -0.02], [0.0, 0.0, 0.0, 0.0]])  # a stock and cash
    >>> most = lambda theta: [Budget(), Positions(), Group([True, False], 0.0, theta[0])]
    >>> book = Book(np.array([0.02, 0.0]), most, (Bound("group", lower=0.0),), np.zeros(2))
    >>> best = tune(lambda theta: evaluate(book, [stocks], theta, level=0.75), [0.1], [0.9], budget=0.02)
    >>> best.outcome.theta.round(3), bool(best.feasible)  # half of it in stocks
    (array([0.5]), True)
    """
    low, high = (
        np.atleast_1d(plain(f"theta: {n}", ends)) for n, ends in (("lower", lower), ("upper", upper))
    )
    number("", "budget", budget, "of ES, a fraction of NAV")
    number("", "radius", radius, "a part of the box, above 0", 0.0, strict=True)
    if not callable(measure):
        raise InputError("measure", brief(measure), "a function of theta, as evaluate is")
    if start is not None:
        start = np.array(vector("", "start", start, len(low)))
    if low.shape != high.shape or not (np.isfinite(high - low) & (low < high)).all():
        raise InputError("theta", f"lower {low}, upper {high}", "lower < upper, of one length")
    at = measure(0.5 * (low + high) if start is None else np.clip(start, low, high))
    steps = 0
    across = float(np.abs(at.alpha_slope) @ (high - low))
    price = DEAR * max(abs(at.alpha), across) / max(abs(budget), 1e-12)
    while radius > SMALLEST and steps < STEPS:
        steps += 1
        there = measure(_linear(at, low, high, radius, budget, price, worst))
        better = _merit(there, budget, price, worst) - _merit(at, budget, price, worst)
        at, radius = (there, min(2 * radius, 1.0)) if better > 1e-9 * abs(at.alpha) else (at, radius / 4)
    return Tuned(at, steps, _risks(at, worst).max() <= budget * (1 + 1e-4))


def _risks(at: Outcome, worst: bool) -> Array:
    return at.shortfall if worst else np.atleast_1d(at.shortfall.mean())


def _merit(at: Outcome, budget: float, price: float, worst: bool) -> float:
    return at.alpha - price * max(float(_risks(at, worst).max()) - budget, 0.0)


def _linear(
    at: Outcome, low: Array, high: Array, radius: float, budget: float, price: float, worst: bool
) -> Array:
    """The next theta: max alpha + alpha' d - price v, ES + ES' d <= budget + v in the trust region."""
    slope = at.shortfall_slope if worst else at.shortfall_slope.mean(axis=0, keepdims=True)
    width = radius * (high - low)
    box = np.column_stack([np.maximum(low - at.theta, -width), np.minimum(high - at.theta, width)])
    done = linprog(
        np.append(-at.alpha_slope, price),
        A_ub=np.hstack([slope, -np.ones((len(slope), 1))]),
        b_ub=budget - _risks(at, worst),
        bounds=[*map(tuple, box), (0.0, None)],
        method="highs",
    )
    return np.clip(at.theta + done.x[:-1], low, high)


def frontier(measure: Callable[[Array], Outcome], grid: Sequence[ArrayLike]) -> list[Outcome]:
    """The outcome at every theta of a grid, as bounds tighten.

    grid: each [theta]. InputError: a theta that is no numbers, and as `evaluate`.

    >>> from tailrisk.optimise import Budget, Group, Positions, of_returns
    >>> stocks = of_returns([[0.04, -0.04, 0.02, -0.02], [0.0, 0.0, 0.0, 0.0]])
    >>> most = lambda theta: [Budget(), Positions(), Group([True, False], 0.0, theta[0])]
    >>> book = Book(np.array([0.02, 0.0]), most, (Bound("group", lower=0.0),), np.zeros(2))
    >>> along = frontier(lambda theta: evaluate(book, [stocks], theta, level=0.75), [[0.8], [0.4]])
    >>> [round(at.worst(), 3) for at in along], [round(at.alpha, 3) for at in along]
    ([0.032, 0.016], [0.016, 0.008])
    """
    if not callable(measure):
        raise InputError("measure", brief(measure), "a function of theta, as evaluate is")
    thetas = many("grid", grid, (), "a list of theta")
    return [measure(np.atleast_1d(plain("grid", theta))) for theta in thetas]


def resampled(
    losses: Sequence[Array], *, level: Level, draws: int = 200, seed: int = 0, pairs: bool = False
) -> Array:
    """ES [draw, book] of losses [book][scenario] in the same scenarios: a paired bootstrap, Efron (1979).

    pairs: the second half of the scenarios are those of the first with specific risk of the other sign, and
    are drawn with them. InputError: a level the scenarios cannot support.
    """
    count = len(losses[0])
    block = count // 2 if pairs else count
    rng, exact = np.random.default_rng(seed), confidence(level)
    found = np.empty((draws, len(losses)))
    for i in range(draws):
        times = rng.multinomial(block, np.full(block, 1 / block)) / count
        weight = np.tile(times, count // block)
        for j, loss in enumerate(losses):
            drawn = weight > 0
            found[i, j] = tail_of(loss[drawn], weight[drawn] / weight.sum(), exact).expected_shortfall
    return found
