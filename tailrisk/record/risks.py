"""Measures of risk besides VaR and ES at every level, of every path of a run and in bounded memory.

Entropic measures, partial moments and the mean are exact sums over all paths; expectiles, VaR and ES at a
level of their own come from the worst losses and exact moments, where the reserve reaches. Distortions need
all losses in order, and a conditional drawdown every day: both are of the run's first paths, and say of how
many.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from ..config import Config
from ..core import InputError
from ..core.figures import RISKS, estimate
from ..core.names import VIEWS
from ..core.risks import PARETO, Risk, risk
from ..simulate.blocks import BLOCK
from ..tail import (
    Measure,
    Moments,
    MomentStream,
    Worst,
    block_sums,
    conditional_drawdown,
    expectile,
    exponential_spectral,
    partial_moment,
    proportional_hazard,
    wang,
)
from ..tail.extreme import Whole, pareto_interval
from ..tail.heavy import FEWEST, HEAVY, mean_excess_interval, tail_shape
from ..tail.interval import INDICATIVE, Interval, spread_bounds
from . import estimates
from .estimates import Figure

Array = NDArray[np.float64]
FIRST, CELLS = 65_536, 2**24
"""Paths whose losses are stored whole, and losses stored at most over all columns (64 MB)."""
TAIL = 2.0
"""Times the root of the paths: how many are taken for the upper tail, as `tail.influence` does."""
SUMS = ("entropic", "partial_moment")
ORDERED = ("expectile", "exponential_spectral", "wang", "proportional_hazard")


@dataclass
class RiskSample:
    """What a run retains for its risks; columns are [view, loss asked for, product], the last fastest."""

    asked: tuple[Risk, ...]
    columns: int
    sums: MomentStream  # [risk of SUMS, column]
    first: NDArray[np.float32]  # [column, path]  losses of the first paths; no columns where none is needed

    def sums_of(self, losses: NDArray[np.float32], weight: Array | None) -> dict[str, Array]:
        """Sums of what is summed of losses [column, path], `risks` [block, row, power]; weight [path]."""
        summed = [one for one in self.asked if one.kind in SUMS]
        blocks = [slice(k, k + BLOCK) for k in range(0, losses.shape[1] if summed else 0, BLOCK)]
        found = [
            block_sums(np.concatenate([pay(one, losses[:, at].astype(np.float64)) for one in summed]), weight)
            for at in blocks
        ]
        return {"risks": np.stack(found)} if found else {}

    def whole(self, first: int, losses: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Those of the losses [column, path] from path `first` on that `first` has room for."""
        room = self.first.shape[1] - first
        return losses[:, :room] if len(self.first) and room > 0 else None

    def add(self, first: int, losses: NDArray[np.float32]) -> None:
        """Store what is `whole` of losses [column, path] from path `first` on."""
        self.first[:, first : first + losses.shape[1]] = losses


def empty(config: Config, columns: int) -> RiskSample:
    """Nothing met yet; `columns` of losses."""
    asked = wanted(config)
    summed = sum(one.kind in SUMS for one in asked)
    paths = min(config.run.paths, FIRST, CELLS // columns)
    whole = any(risk(text).kind in (*ORDERED, "contribution") for text in config.tail.risks)
    needed = columns if whole else 0
    return RiskSample(asked, columns, MomentStream(summed * columns), np.zeros((needed, paths), np.float32))


def wanted(config: Config) -> tuple[Risk, ...]:
    """The risks a config asks for, but for the VaR and ES that every table has, and for contributions."""
    found = [one for one in map(risk, config.tail.risks) if one.kind != "contribution"]
    return tuple(one for one in found if one.numbers or one.kind not in ("var", "es"))


def pay(one: Risk, loss: Array) -> Array:
    """What is summed over paths: e^(k L), or ((L - threshold)+)^order; loss [path]."""
    if one.kind == "entropic":
        return np.exp(one.numbers[0] * loss)
    threshold, order = (*one.numbers, 1.0)[:2]
    return np.where(loss > threshold, np.maximum(loss - threshold, 0.0) ** order, 0.0)


def table(
    config: Config, worst: list[Worst], sampled: RiskSample, nav: Array | None, weight: Array | None
) -> Any:
    """risks.csv, a row a product, view, loss and risk; None where no other risk was asked for.

    worst [column]; nav [day, product, path] of the first paths, for drawdowns; weight [path] of all.
    """
    if not sampled.asked:
        return None
    names = [(v, m, p) for v in VIEWS for m in config.tail.losses for p in config.products]
    rows = []
    for c, (view, loss, product) in enumerate(names):
        about = {"product": product, "view": view, "loss": loss}
        for one in sampled.asked:
            if one.kind == "conditional_drawdown":
                continue
            found, paths = _figure(config, sampled, one, c, worst[c], weight)
            threshold = worst[c].value_at_risk(one.start) if one.kind in PARETO else np.nan
            rows.append(about | _row(one, found, paths, threshold))
    for one in sampled.asked:
        if one.kind == "conditional_drawdown" and nav is not None:
            for p, product in enumerate(config.products):
                found = _drawdown(nav[:, p], one, config.tail.confidence)
                about = {"product": product, "view": VIEWS[0], "loss": "max_drawdown"}
                rows.append(about | _row(one, found, nav.shape[-1]))
    return pd.DataFrame(RISKS.rows(rows))


def _row(one: Risk, found: Figure, paths: int, threshold: float = np.nan) -> dict[str, Any]:
    cells = {"risk": one.name, "paths": paths, "indicative": found.indicative, "saturated": found.saturated}
    return cells | {"threshold": threshold} | estimate("value", found)


def _figure(
    config: Config, sampled: RiskSample, one: Risk, column: int, worst: Worst, weight: Array | None
) -> tuple[Figure, int]:
    """The figure of one risk in one column, and how many paths it is of."""
    sure = config.tail.confidence
    if one.kind == "mean":
        return estimates.mean(worst.moments, confidence=sure, most=1.0), worst.paths
    if one.kind in SUMS:
        place = [it for it in sampled.asked if it.kind in SUMS].index(one)
        return summed(one, sampled.sums.row(place * sampled.columns + column), worst, sure), worst.paths
    if one.kind == "var":
        return estimates.value_at_risk(worst, level=one.numbers[0], confidence=sure), worst.paths
    if one.kind == "es":
        return estimates.shortfall(worst, level=one.numbers[0], confidence=sure), worst.paths
    if one.kind in PARETO:
        return pareto(one, worst, sure), worst.paths
    if one.kind == "expectile" and (found := of_worst(worst, one.numbers[0], sure)):
        return found, worst.paths
    return _ordered(one, sampled.first[column], weight, sure), sampled.first.shape[1]


def pareto(one: Risk, worst: Worst, confidence: float) -> Figure:
    """VaR or ES of a generalised Pareto law of the losses beyond VaR at `one.start`, of every path.

    Nothing, and indicative, where no such law describes them: an edge that many paths reach, or too few.
    """
    most = max(estimates.LARGEST_LOSS, float(worst.loss[0]))
    try:
        found = pareto_interval(
            worst.loss,
            worst.weight,
            threshold=worst.value_at_risk(one.start),
            level=one.texts[0],
            measure={"pareto_var": "value_at_risk", "pareto_es": "expected_shortfall"}[one.kind],
            confidence=confidence,
            ceiling=most,
            whole=Whole(worst.paths, worst.moments.at(2, 0)),
        )
    except InputError:
        return Figure(np.nan, np.nan, np.nan, indicative=True)
    return estimates.bounded(found, most)


def summed(one: Risk, moments: Moments, worst: Worst, confidence: float) -> Figure:
    """A partial moment E[X], or log E[X] / k with the influence (X / E[X] - 1) / k, from the sums of X."""
    x = pay(one, worst.loss)
    if one.kind == "partial_moment":
        linear, value, slope = one.numbers[-1] <= 1 or len(one.numbers) == 1, moments.mean, 1.0
    else:
        linear, value = False, math.log(moments.mean) / one.numbers[0]
        slope = one.numbers[0] * moments.mean
    sums = [powers(moments, k, moments.mean) / slope**k for k in (2, 3)]
    first = (moments.at(2, 1) - moments.mean * moments.at(2, 0)) / slope
    pulls = Pulls(worst.paths, (x - moments.mean) / slope, _mass(worst), moments.at(2, 0), first, *sums)
    low, high = pulls.bounds(value, worst.loss if linear else None, confidence)
    most = np.inf if one.kind == "partial_moment" else estimates.LARGEST_LOSS
    points = 1 / moments.at(2, 0)
    return estimates.bounded(Interval(value, low, high, confidence, points, points < INDICATIVE), most)


def powers(moments: Moments, power: int, centre: float) -> float:
    """sum (w (x - centre))^power over all paths, power 2 or 3, weights over their sum."""
    terms = (math.comb(power, b) * moments.at(power, b) * (-centre) ** (power - b) for b in range(power + 1))
    return math.fsum(terms)


def of_worst(worst: Worst, level: float, confidence: float) -> Figure | None:
    """The expectile of all paths from the worst of them and the moments of all; None where it lies below.

    (2 a - 1) E[(L - e)+] = (1 - a) (e - E[L]), and the influence a (L - e)+ - (1 - a) (e - L)+ over
    a P(L > e) + (1 - a) P(L <= e), whose powers over all paths are those over the worst and of the rest.
    """
    it, loss, a, mass = worst.moments, worst.loss, level, _mass(worst)
    reached, total = np.cumsum(mass), np.cumsum(mass * loss)
    roots = ((2 * a - 1) * total + (1 - a) * it.mean) / ((2 * a - 1) * reached + (1 - a))
    fits = np.flatnonzero(roots[:-1] >= loss[1:])
    if not len(fits):
        return None
    count = int(fits[0]) + 1
    e, above, beyond = float(roots[count - 1]), mass[:count], loss[:count] - roots[count - 1]
    scale = a * float(reached[count - 1]) + (1 - a) * (1 - float(reached[count - 1]))
    sums = []
    for power in (2, 3):
        tail = float(np.sum((above * beyond) ** power))
        sums.append(((1 - a) ** power * (powers(it, power, e) - tail) + a**power * tail) / scale**power)
    first = (1 - a) * (it.at(2, 1) - e * it.at(2, 0)) + (2 * a - 1) * float(np.sum(above**2 * beyond))
    pull = np.where(loss > e, a, 1 - a) * (loss - e) / scale
    low, high = Pulls(worst.paths, pull, mass, it.at(2, 0), first / scale, *sums).bounds(e, loss, confidence)
    points = 1 / it.at(2, 0)
    return estimates.bounded(Interval(e, low, high, confidence, points, points < INDICATIVE))


def _mass(worst: Worst) -> Array:
    """Weights of the stored losses, of all paths' one."""
    return np.full(len(worst.loss), 1 / worst.paths) if worst.weight is None else worst.weight


@dataclass(frozen=True)
class Pulls:
    """The influence psi of every path, mean zero: the worst one by one, the rest by their sums.

    largest [stored], worst first, with mass [stored]; squares, first, second, third: sums over paths of w^2,
    w^2 psi, (w psi)^2 and (w psi)^3.
    """

    paths: int
    largest: Array
    mass: Array
    squares: float
    first: float
    second: float
    third: float

    def bounds(self, value: float, loss: Array | None, confidence: float) -> tuple[float, float]:
        """(low, high) as `tail.influence.influence_interval` has them of a sample in memory.

        Straightened for skewness, and widened by a generalised Pareto law of the worst 2 sqrt(n) where their
        tail is heavy, and that of loss [stored] is too where it is given.
        """
        low, high = spread_bounds(value, self.second, self.third, confidence)
        count = max(int(np.searchsorted(np.cumsum(self.mass), TAIL / math.sqrt(self.paths))), FEWEST + 1)
        if count > len(self.largest) or 4 * count > self.paths:
            return low, high
        cut, beyond = self.largest[count - 1], self.largest > self.largest[count - 1]
        excess, mass = self.largest[beyond] - cut, self.mass[beyond]
        tails = [excess] if loss is None else [excess, loss[beyond] - loss[count - 1]]
        if len(excess) < FEWEST or any(tail_shape(tail, mass) <= HEAVY for tail in tails):
            return low, high
        middle, least, most = mean_excess_interval(excess, mass, confidence)
        share, centre = float(mass.sum()), -float(np.sum(mass * excess))
        spread = self.second - 2 * centre * self.first + centre**2 * self.squares
        spread += float(np.sum(mass**2 * ((cut - centre) ** 2 - (cut + excess - centre) ** 2)))
        rest = float(ndtri((1 + confidence) / 2)) * math.sqrt(max(spread, 0.0))
        at = value + centre + share * middle
        wide_low = at - math.hypot(share * (middle - least), rest)
        return min(low, wide_low), max(high, at + math.hypot(share * (most - middle), rest))


def _ordered(one: Risk, loss: NDArray[np.float32], weight: Array | None, confidence: float) -> Figure:
    """Of losses [path] in memory; without an interval where the measure rests on a path or two."""
    share = None if weight is None else weight[: len(loss)] / weight[: len(loss)].sum()
    values = loss.astype(np.float64)
    measure = _measure(one)
    try:
        return estimates.bounded(measure.interval(values, share, confidence=confidence))
    except InputError:
        value = float(measure(values, share))
        return Figure(value, -np.inf, estimates.LARGEST_LOSS, indicative=True)


def _measure(one: Risk) -> Measure:
    made = {
        "expectile": expectile,
        "exponential_spectral": exponential_spectral,
        "wang": wang,
        "proportional_hazard": proportional_hazard,
        "partial_moment": partial_moment,
    }
    return made[one.kind](*one.numbers)


def _drawdown(nav: Array, one: Risk, confidence: float) -> Figure:
    """CDaR of NAV [day, path], one on the eve."""
    peak = np.maximum(np.maximum.accumulate(nav, axis=0), 1.0)
    fall = 1 - nav / peak
    try:
        return estimates.bounded(conditional_drawdown(fall, level=one.numbers[0], confidence=confidence))
    except InputError:
        return Figure(np.nan, np.nan, np.nan, indicative=True)
