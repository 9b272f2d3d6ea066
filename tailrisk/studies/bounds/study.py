"""What the study of style bounds measures on: products, scenario sets, the frontier, the tuned bounds."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike

from ...assemble.world import assemble
from ...config import Config, load
from ...core.calendar import YEAR
from ...core.names import home
from ...optimise import Scenarios
from ...optimise.manager import Decision
from ...optimise.mandate import LOOSE, TIGHT, Desk, Product, costly, costs, mandate, swap
from ...optimise.paths import Horizon, of_universe, simulate
from ...optimise.tuner import Book, Outcome, evaluate, frontier, resampled, tune
from ...simulate.world import World
from ...tail import expected_shortfall
from ...universe import Universe, default
from ..crowd.runs import edited

LEVEL = "0.99"
SIZE_GRID = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5)
MODELS: tuple[tuple[str, ...], ...] = (
    ("market.process=memory",),
    *(
        ("market.process=regimes", f"market.states={states}", f"market.shocks={shocks}")
        for states, shocks in ((4, "gaussian"), (3, "gaussian"), (4, "student"))
    ),
)
"""Laws of returns that the same fit has; without a crowd an answer is tuned on all of them too."""
MEMBERS = (1, 17, 33, 49)
NEAR = 0.15
"""First trust region of the tuner, as a part of the box: the frontier says where to begin."""
CROWDS = (0.5, 1.5)
"""Crowds of other sizes: all books of the cohorts times this."""
DESK = Desk()
MIDDLE, SPREAD = (home().played(role) for role in ("middle", "spread"))
"""What the products are measured against: at home CSI 500 and CSI 1000."""
PRODUCTS = {
    "ie500": Product({MIDDLE: 1.0}, 1.0, 0.06, False),
    "ie1000": Product({SPREAD: 1.0}, 1.0, 0.06, False),
    "neutral": Product({MIDDLE: 0.5, SPREAD: 0.5}, 0.8, 0.05, True),
    "dma": Product({MIDDLE: 0.5, SPREAD: 0.5}, 4.0, 0.25, True, 0.035),
}
LEVERS = {"neutral": ((-0.5, 0.2), (0.5, 0.8)), "dma": ((-0.5, 0.5), (0.5, 4.0))}
"""Least and most of what the tuner may move besides bounds: IC sold in place of IM beyond half, and gross."""


@dataclass(frozen=True)
class Remembered(Book):
    """A book that decides once at each theta, for itself and for books of the same mandate."""

    memory: dict = field(default_factory=dict)

    def decide(self, theta: ArrayLike) -> Decision:
        key = tuple(np.round(np.asarray(theta, float)[: len(self.bounds)], 9))
        if key not in self.memory:
            self.memory[key] = super().decide(np.array(key))
        return self.memory[key]


@dataclass(frozen=True)
class Study:
    """What every product is measured on: scenario sets by name, the universe, and the paths themselves."""

    universe: Universe
    config: Config
    world: World
    horizon: Horizon
    whole: Scenarios
    halves: tuple[Scenarios, Scenarios]
    ensembles: Mapping[str, tuple[Scenarios, ...]]
    crowds: Mapping[float, Scenarios]
    daily: np.ndarray

    @property
    def days(self) -> int:
        return self.horizon.days

    @property
    def year(self) -> float:
        """Horizons in a year."""
        return YEAR / self.horizon.days

    @cached_property
    def previous(self) -> dict[str, np.ndarray]:
        """The book each product held before: that of the loosest bounds, trades free [stock]."""
        return {name: snapped(self.free(product).decide(LOOSE)) for name, product in PRODUCTS.items()}

    @cached_property
    def memories(self) -> dict[tuple, dict]:
        """What was decided under each mandate."""
        return {}

    @cached_property
    def prices(self) -> tuple[float, np.ndarray]:
        """Rate and impact [stock] of a trade."""
        return costs(self.universe, DESK, self.daily)

    def free(self, product: Product, desk: Desk = DESK) -> Book:
        """The product's book, trades free."""
        return mandate(self.universe, product, desk, self.days, self.daily)

    def book(self, name: str, product: Product | None = None) -> Book:
        """The product's book, or that of a variant of it, trades paid for."""
        mine = product or PRODUCTS[name]
        memory = self.memories.setdefault((tuple(mine.mix.items()), mine.hedged), {})
        made = costly(self.free(mine), self.previous[name], *self.prices)
        return Remembered(**{f.name: getattr(made, f.name) for f in fields(made)}, memory=memory)

    def levered(self, name: str) -> Book:
        """The book with hedge mix and gross among what is tuned."""
        names = self.universe.names
        mix = swap(self.universe, names.future_on(MIDDLE), names.played("discount"))
        return replace(self.book(name), mixes=mix[None], levered=True)


def snapped(chosen: Decision) -> np.ndarray:
    """Weights with those that stop next to their bounds on them [stock]."""
    held = chosen.weights
    for ends in (chosen.region.lower, chosen.region.upper):
        held = np.where(np.abs(held - ends[: len(held)]) < 1e-7, ends[: len(held)], held)
    return held


def world_of(config: str, overrides: tuple[str, ...] = ()) -> tuple[Config, World]:
    """A config's world, all of the universe's styles switched on."""
    some = ", ".join(f"{style} = 1e-9" for style in default().styles)
    it = load(config, [f"products.stock_selection.style_exposure={{ {some} }}", *overrides])
    return it, assemble(it)


def paths(config: str, count: int, overrides: tuple[str, ...] = ()) -> Horizon:
    """Simulated horizon returns of a config."""
    it, world = world_of(config, overrides)
    return simulate(world, count, default().styles, chunk=it.run.chunk)


def calm_day() -> np.ndarray:
    """[factor, factor] covariance of a day that began calm, without a crowd: what a risk model sees."""
    one = ('market.start="calm"', "run.days=1", "event=[]")
    return np.cov(paths("feb2024.toml", 16384, one).factors)


def study(config: str, count: int) -> Study:
    """Simulate every set: the filtered start, its halves, other models, members and sizes of the crowd."""
    universe = default()

    def scenarios(horizon: Horizon) -> Scenarios:
        return of_universe(universe, horizon, futures=True)

    it, world = world_of(config)
    main, few = simulate(world, count, universe.styles, chunk=it.run.chunk), max(count // 4, 1000)
    ensembles: dict[str, list[tuple[str, ...]]] = {"models": list(MODELS)}
    crowds: dict[float, Scenarios] = {}
    if world.crowd is not None:
        ensembles = {"members": [(f"crowd.member={member}",) for member in MEMBERS]}
        for scale in CROWDS:
            other = edited(world, "cohorts.assets", partial(operator.mul, scale))
            crowds[scale] = scenarios(simulate(other, few, universe.styles))
    return Study(
        universe,
        it,
        world,
        main,
        scenarios(main),
        (scenarios(main.part(slice(0, count // 2))), scenarios(main.part(slice(count // 2, count)))),
        {name: tuple(scenarios(paths(config, few, one)) for one in all_) for name, all_ in ensembles.items()},
        crowds,
        calm_day(),
    )


def curve(it: Study, name: str) -> tuple[list[dict], list[Outcome]]:
    """The frontier of one product: alpha a year and ES with intervals as the size bound tightens."""
    book = it.book(name)
    plain = it.free(PRODUCTS[name], replace(DESK, premium=0.0))
    points = frontier(
        lambda theta: evaluate(book, [it.whole], theta, level=LEVEL), [(b, LOOSE[1]) for b in SIZE_GRID]
    )
    draws = resampled([point.losses(it.whole) for point in points], level=LEVEL, draws=100, pairs=True)
    saved = draws[:, [-1]] - draws
    rows = [
        {
            "product": name,
            "size_bound": float(point.theta[0]),
            "alpha_year": (point.alpha + point.cost) * it.year,
            "alpha_without_premium": point.gross * (plain.alpha @ point.weights - plain.financing) * it.year,
            "cost_once": point.cost,
            "es": point.worst(),
            "es_low": np.quantile(draws[:, k], 0.025),
            "es_high": np.quantile(draws[:, k], 0.975),
            "es_saved": points[-1].worst() - point.worst(),
            "es_saved_low": np.quantile(saved[:, k], 0.025),
            "es_saved_high": np.quantile(saved[:, k], 0.975),
            "d_alpha_d_bound_year": point.alpha_slope[0] * it.year,
            "d_es_d_bound": point.shortfall_slope[0, 0],
            "names": int((point.weights > 1e-5).sum()),
        }
        for k, point in enumerate(points)
    ]
    return rows, points


@dataclass(frozen=True)
class Tuned:
    """Tuned bounds: the outcome, and whether the budget is kept."""

    outcome: Outcome
    feasible: bool


def tuned(
    book: Book, product: Product, sets: tuple[Scenarios, ...], points: list[Outcome], worst: bool = False
) -> Tuned:
    """The bounds that keep most alpha within the product's budget, begun from the best of the frontier."""

    def measure(theta: np.ndarray) -> Outcome:
        return evaluate(book, sets, theta, level=LEVEL)

    within = [p for p in points if p.worst() / p.gross * product.gross <= product.budget]
    start = max(within, key=lambda p: p.alpha).theta if within else min(points, key=Outcome.worst).theta
    found = tune(measure, TIGHT, LOOSE, product.budget, start=start, worst=worst, radius=NEAR)
    return Tuned(found.outcome, found.feasible)


def answer(it: Study, name: str, points: list[Outcome]) -> list[dict]:
    """Tuned on half the paths and judged on the other; on ensembles, by mean and by the worst; by crowd."""
    product, book = PRODUCTS[name], it.book(name)
    ways: list[tuple[str, tuple[Scenarios, ...], bool]] = [("half of the paths", (it.halves[0],), False)]
    for ensemble, sets in it.ensembles.items():
        ways += [(f"{ensemble}, mean", sets, False), (f"{ensemble}, worst", sets, True)]
    ways += [(f"a crowd of {scale:g}", (set_,), False) for scale, set_ in it.crowds.items()]
    rows = []
    for way, sets, worst in ways:
        found = tuned(book, product, sets, points, worst)
        other = expected_shortfall(found.outcome.losses(it.halves[1]), it.halves[1].weight, level=LEVEL)
        rows.append(row(it, name, way, product, found, worst) | {"es_other_half": float(other)})
    return rows


def row(it: Study, name: str, way: str, product: Product, found: Tuned, worst: bool = False) -> dict:
    """One tuned book in words and numbers."""
    at = found.outcome
    return {
        "product": name,
        "tuned_on": way,
        "budget": product.budget,
        "feasible": found.feasible,
        "size_bound": at.theta[0],
        "micro_bound": at.theta[1],
        "alpha_year": (at.alpha + at.cost) * it.year,
        "cost_once": at.cost,
        "es": float(at.worst() if worst else at.shortfall.mean()),
        "d_es_d_gross": float(at.shortfall_by_gross.max()),
        "gross": at.gross,
    }


def leverages(it: Study, points: dict[str, list[Outcome]]) -> list[dict]:
    """The bounds of the DMA book at one budget and several leverages."""
    rows = []
    for gross in (1.0, 2.0, 4.0):
        product = replace(PRODUCTS["dma"], gross=gross)
        found = tuned(it.book("dma", product), product, (it.whole,), points["dma"])
        rows.append(row(it, "dma", f"leverage {gross:g}", product, found))
    return rows


def levers(it: Study, name: str, best: Tuned) -> list[dict]:
    """Bounds alone, with the hedge mix, with mix and gross: tuned on half, judged on the other."""
    product, whole = PRODUCTS[name], it.levered(name)
    (least_mix, least_gross), (most_mix, most_gross) = LEVERS[name]
    rows, edge = [], 1e-6
    for way in ("bounds", "bounds and mix", "bounds, mix and gross"):
        low = np.array([*TIGHT, least_mix if "mix" in way else -edge, least_gross])
        high = np.array([*LOOSE, most_mix if "mix" in way else edge, most_gross])
        if "gross" not in way:
            low[3], high[3] = product.gross - edge, product.gross
        found = tune(
            lambda theta: evaluate(whole, (it.halves[0],), theta, level=LEVEL),
            low,
            high,
            product.budget,
            start=np.append(best.outcome.theta[:2], [0.0, start_of(product, best)]),
            radius=NEAR,
        )
        at = found.outcome
        other = expected_shortfall(at.losses(it.halves[1]), it.halves[1].weight, level=LEVEL)
        rows.append(
            row(it, name, way, product, Tuned(at, found.feasible))
            | {"ic_share": 0.5 + float(at.theta[2]), "es_other_half": float(other)}
        )
    return rows


def start_of(product: Product, best: Tuned) -> float:
    """The gross at which the tuned bounds alone would keep the budget."""
    return product.gross * min(1.0, product.budget / best.outcome.worst())
