"""Risk measures besides VaR and ES: expectile, distortions of probability, entropic, partial moments.

A `Measure` is called on weighted losses and knows its influence function, which gives its interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from ..core import InputError
from .border import number, numbers
from .influence import influence_interval
from .interval import Interval
from .sample import Array, Level, by_row, even_weight, exact_level

FARTHEST = 700.0
"""Exponent beyond which e^x is no number."""


@dataclass(frozen=True)
class Measure:
    """A functional of the law of the loss.

    value(loss [path], weight [path]) -> float; influence(loss, weight, value) -> [path], mean zero under the
    weights: what one more path at that loss would do to the value, per unit of weight.
    """

    name: str
    value: Callable[[Array, Array], float]
    influence: Callable[[Array, Array, float], Array]
    linear: bool = False

    def __call__(self, losses: ArrayLike, weight: ArrayLike | None = None) -> Any:
        """The value of losses [..., path] under weight [path] or [..., path]; shape [...], a float for one.

        A Series, a frame, their weights and their errors as in `value_at_risk`.

        >>> round(expectile(0.9)(np.arange(1, 101) / 100), 3)
        0.755
        """
        return by_row(lambda row, w: self.value(row, even_weight(row, w)), losses, weight)

    def interval(
        self,
        losses: ArrayLike,
        weight: ArrayLike | None = None,
        *,
        confidence: float = 0.95,
        ceiling: float | None = None,
    ) -> Interval:
        """The value with the interval of its influence, straightened for skewness as that of ES is.

        losses [..., path], weight and errors as in `influence_interval`, which also says what tail_points
        are. ceiling: what can be lost at most, where it is known; no bound exceeds the value of losing that.

        >>> result = expectile(0.9).interval(np.arange(1, 1001) / 1000)
        >>> round(result.estimate, 3), round(result.low, 3), round(result.high, 3)
        (0.75, 0.736, 0.767)
        """

        def pulls(row: Array, w: Array) -> tuple[float, Array]:
            value = self.value(row, w)
            return value, self.influence(row, w, value)

        def most(top: float) -> float:
            value = self.value(np.array([top]), np.ones(1))
            return top if math.isclose(value, top, rel_tol=1e-9) else value

        return influence_interval(
            pulls,
            losses,
            weight,
            confidence=confidence,
            linear=self.linear,
            ceiling=ceiling,
            most=most,
        )


def expectile(level: Level) -> Measure:
    """e solving  a E[(L - e)+] = (1 - a) E[(e - L)+]      Newey & Powell (1987); coherent for a >= 1/2.

    Influence (a (L - e)+ - (1 - a) (e - L)+) / (a P(L > e) + (1 - a) P(L <= e)).
    InputError: a level that is no confidence above 0.5.

    >>> round(expectile(0.9)([0.0, 0.1, 0.2]), 4)
    0.1727
    """
    a = float(exact_level(level))

    def value(loss: Array, weight: Array) -> float:
        order = np.argsort(loss)
        ordered, mass = loss[order], np.cumsum(weight[order])
        partial = np.cumsum(weight[order] * ordered)
        slope = (1 - a) * mass + a * (mass[-1] - mass)
        roots = ((1 - a) * partial + a * (partial[-1] - partial)) / slope  # were e just above ordered[i]
        return float(roots[max(np.count_nonzero(ordered <= roots) - 1, 0)])

    def influence(loss: Array, weight: Array, e: float) -> Array:
        pull = np.where(loss > e, a, 1 - a) * (loss - e)
        return pull / (a * np.sum(weight[loss > e]) + (1 - a) * np.sum(weight[loss <= e]))

    return Measure(f"expectile {level}", value, influence, linear=True)


def distortion(name: str, distort: Callable[[Array], Array], *, linear: bool = False) -> Measure:
    """sum_i L_(i) (g(S_i) - g(S_(i-1))), losses from the worst, S their running weight; g(0) = 0, g(1) = 1.

    Wang (1996); spectral with spectrum g' (Acerbi 2002); coherent where g is concave. distort maps an
    array of probabilities to one of its shape. InputError: it falls anywhere, or misses an end.
    Influence psi(y) = integral of g'(P(L > x)) (1{y > x} - P(L > x)) dx, by differences of g; linear
    where g' is finite at 0.

    >>> shortfall = distortion("ES 95 %", lambda s: np.minimum(s / 0.05, 1.0), linear=True)
    >>> round(shortfall(np.arange(1, 101) / 100), 4)
    0.98
    """

    grid = numbers("distort", distort(np.linspace(0.0, 1.0, 101)))
    if grid.shape != (101,) or not (np.allclose(grid[[0, -1]], [0, 1]) and (np.diff(grid) >= -1e-12).all()):
        raise InputError("distort", f"{name!r} does not distort probabilities", "rising from 0 to 1")

    def value(loss: Array, weight: Array) -> float:
        order = np.argsort(loss)[::-1]
        reached = np.append(np.minimum(np.cumsum(weight[order[:-1]]), 1.0), 1.0)
        worst = loss[order[0]]
        return float(worst + np.sum(np.diff(distort(reached), prepend=0.0) * (loss[order] - worst)))

    def influence(loss: Array, weight: Array, _: float) -> Array:
        order = np.argsort(loss)[::-1]
        reached = np.minimum(np.cumsum(weight[order]), 1.0)[:-1]
        gap = loss[order[:-1]] - loss[order[1:]]
        wide = np.minimum(np.minimum(reached, 1 - reached), 1e-6)
        slope = (distort(reached + wide) - distort(reached - wide)) / np.where(wide > 0, 2 * wide, 1.0)
        above = np.cumsum((slope * gap)[::-1])[::-1]  # integral of g' from the lowest loss up to this one
        pull = np.empty_like(loss)
        pull[order] = np.append(above, 0.0)
        return pull - np.sum(weight * pull)

    return Measure(name, value, influence, linear)


def exponential_spectral(aversion: float) -> Measure:
    """Spectrum k e^(-k s) / (1 - e^-k) over the fraction s of worse losses      Cotter & Dowd (2006).

    InputError: k, the aversion, is not above zero.

    >>> round(exponential_spectral(20.0)(np.arange(1, 1001) / 1000), 3)
    0.95
    """
    number("aversion", aversion, "a number > 0", lambda x: x > 0)
    whole = np.expm1(-aversion)
    name = f"exponential spectral {aversion:g}"
    return distortion(name, lambda s: np.expm1(-aversion * s) / whole, linear=True)


def wang(price: float) -> Measure:
    """g(s) = Phi(Phi^-1(s) + price)      Wang (2000); a normal loss is mean + price standard deviations.

    InputError: a price that is no finite number.

    >>> round(wang(0.5)(np.arange(1, 1001) / 1000), 3)
    0.639
    """
    number("price", price)
    return distortion(f"Wang {price:g}", lambda s: ndtr(ndtri(s) + price))


def proportional_hazard(power: float) -> Measure:
    """g(s) = s^power, 0 < power <= 1      Wang (1995); an exponential loss is mean / power.

    InputError: a power outside (0, 1].

    >>> round(proportional_hazard(0.5)(np.arange(1, 1001) / 1000), 3)
    0.667
    """
    number("power", power, "0 < power <= 1", lambda x: 0 < x <= 1)
    return distortion(f"proportional hazard {power:g}", lambda s: s**power)


def entropic(aversion: float) -> Measure:
    """log E[e^(k L)] / k      Foellmer & Schied (2002); k > 0 per unit of loss.

    Influence (e^(k (L - v)) - 1) / k. InputError: k, the aversion, is not above zero.

    >>> round(entropic(2.0)([0.0, 0.1]), 4)
    0.0525
    """
    number("aversion", aversion, "a number > 0", lambda x: x > 0)

    def value(loss: Array, weight: Array) -> float:
        worst = float(loss.max())
        return worst + float(np.log(np.sum(weight * np.exp(aversion * (loss - worst))))) / aversion

    def influence(loss: Array, _: Array, v: float) -> Array:
        return np.expm1(np.minimum(aversion * (loss - v), FARTHEST)) / aversion

    return Measure(f"entropic {aversion:g}", value, influence)


def partial_moment(threshold: float, order: float = 1.0) -> Measure:
    """E[((L - threshold)+)^order], order >= 0: the lower partial moment of -L      Fishburn (1977).

    Order 0 is the probability of a loss beyond the threshold, 1 the expected excess, 2 the semivariance.
    InputError: a threshold or an order that is no finite number, or an order below zero.

    >>> round(partial_moment(0.9)(np.arange(1, 101) / 100), 4)
    0.0055
    """
    number("threshold", threshold)
    number("order", order, "a number >= 0", lambda x: x >= 0)

    def pay(loss: Array) -> Array:
        return np.where(loss > threshold, np.maximum(loss - threshold, 0.0) ** order, 0.0)

    return Measure(
        f"partial moment {order:g} beyond {threshold:g}",
        lambda loss, weight: float(np.sum(weight * pay(loss))),
        lambda loss, _, v: pay(loss) - v,
        linear=order <= 1,
    )
