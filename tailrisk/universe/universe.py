"""A universe of stocks on one day: who is in which index, what each loads on, and what is its own."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.names import Names, home

Array = NDArray[np.float64]

OUTSIDE = -1
"""The bucket of a stock that is in none: in China between CSI 2000 and the smallest 400."""


@dataclass(frozen=True, kw_only=True)
class Universe:
    """Stocks such that r_i = sum_k loading_ik f_k + e_i, f = the ladder in simple returns, then the styles.

    A stock earns its bucket's return, its styles less its bucket's (benchmark-weighted) times the style
    returns, and its own: a benchmark portfolio earns its bucket's return. Simple returns, per day.
    Raises InputError when a field's shape does not agree with the others.
    """

    label: str  # "synthetic", or the name of the panel
    date: str  # of the data behind it
    ids: tuple[str, ...]  # [stock]
    styles: tuple[str, ...]  # [style]
    cap: Array  # [stock]  yuan, all shares
    bucket: NDArray[np.int8]  # [stock]  place among the market's buckets; OUTSIDE is in none
    benchmark: Array  # [stock, bucket]  weights of the buckets' indices; columns sum to one
    style: Array  # [stock, style]  z-score: mean zero under cap weights, standard deviation one
    loading: Array  # [stock, factor]  on the ladder, then on styles
    specific_sd: Array  # [stock]  of e, per day
    adv: Array  # [stock]  average daily turnover, yuan
    alpha: Array  # [stock]  expected return beyond the factors, per day; zero until a model fills it
    names: Names = field(default_factory=home)  # of the market it belongs to
    industry: tuple[str, ...] | None = None  # [stock]  None where nobody said

    def __post_init__(self) -> None:
        stocks, styles = len(self.ids), len(self.styles)
        for name, shape in (
            ("cap", (stocks,)),
            ("bucket", (stocks,)),
            ("benchmark", (stocks, len(self.names.buckets))),
            ("style", (stocks, styles)),
            ("loading", (stocks, len(self.names.buckets) + styles)),
            ("specific_sd", (stocks,)),
            ("adv", (stocks,)),
            ("alpha", (stocks,)),
        ):
            found = np.shape(getattr(self, name))
            if found != shape:
                raise InputError(f"universe.{name}", f"has shape {found}", f"shape {shape}")

    @property
    def factors(self) -> tuple[str, ...]:
        """[factor] names of the columns of `loading`."""
        return (*self.names.factors, *self.styles)

    def members(self, bucket: str) -> NDArray[np.bool_]:
        """[stock] whether it is in the bucket of this name."""
        return self.bucket == self.names.bucket(bucket)


def factor_returns(buckets: Array, styles: Array) -> Array:
    """f [factor, ...] of simple bucket returns [bucket, ...] and style returns [style, ...]: r = loading f.

    f_1 = R_1, f_k = R_k - R_{k-1}: the ladder in simple returns, so that its sums are the buckets' returns.
    """
    return np.concatenate([buckets[:1], np.diff(buckets, axis=0), styles])


def loadings(bucket: NDArray[np.int8], style: Array, benchmark: Array, outside: float, gain: Array) -> Array:
    """[stock, factor]: ones up to the stock's bucket, then gain times (style less the bucket's).

    A stock in no bucket earns the last but one and `outside` of the step from it to the last; its bucket's
    style is the mean of its like. `gain` [style] is what a style return pays within a bucket, a unit.
    """
    steps = np.arange(benchmark.shape[1])
    ladder = (steps <= bucket[:, None]).astype(float)
    lone = bucket == OUTSIDE
    ladder[lone] = [1.0] * (len(steps) - 1) + [outside]
    held = benchmark * (steps == bucket[:, None])
    centre = (held / np.maximum(held.sum(axis=0), 1e-300)).T @ style
    within = style - centre[bucket]
    if lone.any():
        within[lone] = style[lone] - style[lone].mean(axis=0)
    return np.hstack([ladder, gain * within])
