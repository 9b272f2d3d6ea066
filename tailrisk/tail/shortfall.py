"""Value at risk and expected shortfall of a weighted sample of losses, exact at the tail."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .sample import RESOLUTION, Array, Level, by_row, exact_level, total


@dataclass(frozen=True)
class Tail:
    """The worst `mass` of a sample: the boundary, and what lies beyond it.

    mass: 1 - level, in paths (t = (1 - level) n) or, for a weighted sample, in weight.
    """

    mass: float
    value_at_risk: float
    above: Array  # [tail]  losses beyond the boundary (a tie with it may be among them)
    weight: Array | None  # [tail]  their weights; None: one path each

    @property
    def expected_shortfall(self) -> float:
        """VaR + sum_tail w (L - VaR) / mass: the k-1 largest and the rest of the mass at VaR."""
        beyond = self.above - self.value_at_risk
        return self.value_at_risk + total(beyond if self.weight is None else beyond * self.weight) / self.mass


def counted_tail(loss: Array, level: Fraction, paths: int | None = None) -> Tail:
    """Tail of equally weighted losses [path]: t = (1 - level) n exactly, k = ceil(t), VaR the k-th largest.

    paths: n, where `loss` holds only the worst of so many. InputError: t < 1.
    """
    paths = len(loss) if paths is None else paths
    share = (1 - level) * paths
    if share < 1:
        raise too_few(level, f"{paths} paths hold {float(share):.3g} of one path")
    worst = len(loss) - math.ceil(share)
    ordered = np.partition(loss, worst)
    return Tail(float(share), float(ordered[worst]), ordered[worst + 1 :], None)


def weighted_tail(loss: Array, weight: Array, level: Fraction) -> Tail:
    """Tail of losses [path] with weights [path] of sum one: VaR is the largest v with P(L >= v) >= 1 - level.

    InputError: one path alone carries more than 1 - level.
    """
    share = float(1 - level)
    reach = share * (1 - RESOLUTION)
    order = np.argsort(loss)[::-1]
    first = min(int(np.searchsorted(np.cumsum(weight[order]), reach)), len(loss) - 1)
    boundary = loss[order[first]]
    while total(weight[loss > boundary]) >= reach:  # the running sum was a rounding too low
        boundary = loss[loss > boundary].min()
    while total(weight[loss >= boundary]) < reach:  # or too high
        boundary = loss[loss < boundary].max()
    above = (loss > boundary) & (weight > 0)
    tied = weight[(loss == boundary) & (weight > 0)]
    if not above.any() and tied.min() * (1 - RESOLUTION) > share:
        raise too_few(level, f"the worst path alone carries weight {tied.min():.3g}")
    return Tail(share, float(boundary), loss[above], weight[above])


def too_few(level: Fraction, problem: str) -> InputError:
    """The refusal of a level the sample cannot support, with the number of paths that would."""
    return InputError(
        "level",
        f"{float(level)} cannot be estimated: {problem} beyond it",
        f"at least {math.ceil(1 / (1 - level)):,} equally weighted paths",
        "run more paths, ask for a lower level, or sample the tail with importance weights",
    )


def tail_of(loss: Array, weight: Array | None, level: Fraction) -> Tail:
    """The tail of one sample, loss [path] and weight [path] or None, beyond an exact level.

    InputError: the sample has too few paths for the level, or one of them too much weight.
    """
    return counted_tail(loss, level) if weight is None else weighted_tail(loss, weight, level)


def value_at_risk(losses: ArrayLike, weight: ArrayLike | None = None, *, level: Level) -> Any:
    """VaR_a = sup { v : P(L >= v) >= 1 - a }; the k-th largest of n losses, k = ceil((1 - a) n).

    losses [..., path], positive is bad: returns [...] in the same unit, a float for one sample. A Series is
    one sample; a frame [scenario, strategy] gives a Series, a value a column. weight [path] or [..., path],
    each row summing to one; as a Series it is matched to the losses by name. level: a confidence above 0.5.
    InputError: losses, weight or level that cannot be used, or (1 - a) n < 1.

    >>> value_at_risk(np.arange(1, 101) / 100, level=0.95)
    0.96
    """
    exact = exact_level(level)
    return by_row(lambda row, w: tail_of(row, w, exact).value_at_risk, losses, weight)


def expected_shortfall(losses: ArrayLike, weight: ArrayLike | None = None, *, level: Level) -> Any:
    """ES_a = VaR_a + E[(L - VaR_a)+] / (1 - a)         Rockafellar & Uryasev (2002), Theorem 10.

    With n equal weights and t = (1 - a) n, k = ceil(t): (sum of k-1 largest + (t - k + 1) VaR) / t, which
    splits an atom at VaR. losses [..., path], weight, level, units and errors as in `value_at_risk`; the sum
    is exact in any order.

    >>> round(expected_shortfall(np.arange(1, 101) / 100, level=0.95), 12)
    0.98
    """
    exact = exact_level(level)
    return by_row(lambda row, w: tail_of(row, w, exact).expected_shortfall, losses, weight)
