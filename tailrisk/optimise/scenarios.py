"""Scenarios: what n assets may return, dense or as exposures times factors, assets first.

A solver needs only three things of them: the losses of a portfolio, the mean return under a distribution
over scenarios, and the columns of chosen scenarios. None forms assets x scenarios in factor form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ..core import InputError
from .arguments import brief, number, plain
from .labels import Axis, once, places, vector

Array = NDArray[np.float64]

WEIGHT_SUM = 1e-9
"""How far from one the weights of scenarios may sum."""
NO_WEIGHT = 1e-15
"""A weight below this part of the largest is none."""
SINGLE = 1e-5
"""How far, where they come in single precision and are then divided by their sum."""


@dataclass(frozen=True)
class Scenarios:
    """Returns of the coordinates a loss depends on, and how assets load on them.

    returns: [coordinate, scenario]  simple returns over the horizon, of assets or of factors
    exposures: [asset, factor]  None where the coordinates are the assets themselves
    weight: [scenario]  sums to one; None where all weigh the same
    specific: [asset]  sd of each asset's own return, normal and independent: with it the last coordinate is
    |specific w| / unit, its returns normal numbers times `unit`, in the second half of the scenarios those of
    the first with the other sign
    names: [asset]  None where they have none
    """

    returns: Array
    exposures: Array | None = None
    weight: Array | None = None
    specific: Array | None = None
    unit: float = 1.0
    names: pd.Index | None = None

    def __post_init__(self) -> None:
        for field, axes in (("returns", 2), ("exposures", 2), ("weight", 1), ("specific", 1)):
            array = getattr(self, field)
            if array is not None and not (isinstance(array, np.ndarray) and array.ndim == axes):
                raise InputError(f"scenarios: {field}", brief(array), "of_returns(...) or of_factors(...)")

    @property
    def assets(self) -> int:
        """How many assets there are."""
        return len(self.returns) if self.exposures is None else len(self.exposures)

    @property
    def axis(self) -> Axis:
        """The assets, with their names where they have some."""
        return Axis(self.assets, self.names)

    @property
    def possible(self) -> "Scenarios":
        """Without the scenarios of weight zero, or of so little that rounding loses it."""
        if self.weight is None:
            return self
        some = self.weight > NO_WEIGHT * self.weight.max()
        return self if some.all() else self.subset(np.flatnonzero(some))

    @property
    def count(self) -> int:
        """How many scenarios there are."""
        return self.returns.shape[1]

    def coordinates(self, holding: Array) -> Array:
        """X' w: what the portfolio w [asset] holds of each coordinate [coordinate]."""
        if self.exposures is None:
            return holding
        held = holding @ self.exposures
        if self.specific is None:
            return held
        return np.append(held, np.linalg.norm(self.specific * holding) / self.unit)

    def gradient(self, slope: Array, holding: Array, along: Array | None = None) -> Array:
        """A slope over assets [asset] whose product with any w is at most slope' y + `loose`, y the
        coordinates of w: the norm of the specific risk is above its product with any vector no longer than
        one, `along` [asset] if given, else that of `holding`, which makes it the gradient there.
        """
        if self.exposures is None:
            return slope
        if self.specific is None:
            return self.exposures @ slope
        if along is None:
            along = self.specific * holding / max(float(np.linalg.norm(self.specific * holding)), 1e-300)
        own = self.specific * along / self.unit
        return self.exposures @ slope[:-1] + max(float(slope[-1]), 0.0) * own

    def losses(self, holding: Array) -> Array:
        """L_i = -r_i' w for every scenario [scenario]; one pass over the returns."""
        return -(self.coordinates(holding) @ self.returns)

    def mean(self, measure: Array) -> Array:
        """sum_i q_i r_i over the coordinates [coordinate] for a measure q [scenario]; one pass."""
        return self.returns @ measure

    def columns(self, chosen: NDArray[np.intp]) -> Array:
        """Returns of the coordinates in the chosen scenarios [coordinate, chosen]."""
        return np.take(self.returns, chosen, axis=1)

    def probability(self) -> Array:
        """The weights [scenario], 1/N each where there are none."""
        return np.full(self.count, 1 / self.count) if self.weight is None else self.weight

    def loose(self, slope: Array, low: Array, high: Array) -> float:
        """What a norm of negative slope may still take off, over a box [variable] whose first are weights."""
        if self.specific is None or slope[-1] >= 0:
            return 0.0
        far = np.maximum(np.abs(low), np.abs(high))[: self.assets]
        return float(-slope[-1] * np.linalg.norm(self.specific * far) / self.unit)

    def some(self, count: int, seed: int) -> NDArray[np.intp]:
        """About `count` scenarios drawn without replacement, pairs of opposite sign together."""
        rng, half = np.random.default_rng(seed), self.count // 2
        if self.specific is None:
            return np.sort(rng.permutation(self.count)[:count])
        first = np.sort(rng.permutation(half)[: max(count // 2, 1)])
        return np.concatenate([first, half + first])

    def subset(self, chosen: NDArray[np.intp]) -> "Scenarios":
        """The chosen scenarios [chosen] alone, their weights made to sum to one."""
        weight = None if self.weight is None else self.weight[chosen] / self.weight[chosen].sum()
        weight = None if weight is None or (weight == weight[0]).all() else weight
        return replace(self, returns=self.columns(chosen), weight=weight)


def of_returns(returns: ArrayLike, weight: ArrayLike | None = None) -> Scenarios:
    """Scenarios of asset returns [asset, scenario] under weight [scenario].

    A DataFrame gives the assets its index for names, and a Series of weights is matched to its columns.
    InputError: not two axes, empty, a value that is not finite, names that are there twice, weights that are
    negative or do not sum to 1.

    >>> of_returns([[0.01, -0.02, 0.0], [0.02, 0.01, -0.01]]).losses(np.array([0.5, 0.5]))
    array([-0.015,  0.005,  0.005])
    """
    names, scenarios = _names("returns", returns)
    if isinstance(names, pd.DatetimeIndex | pd.PeriodIndex):
        raise InputError("returns", "have dates for assets", "[asset, scenario]", "returns.T")
    table = _table("returns", returns, "[asset, scenario]", names)
    return Scenarios(table, None, weights(weight, table.shape[1], scenarios), names=names)


def of_factors(
    exposures: ArrayLike,
    factor_returns: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    specific: ArrayLike | None = None,
    seed: int = 0,
) -> Scenarios:
    """Scenarios r = X f + e of exposures X [asset, factor] and factor returns f [factor, scenario].

    specific: [asset] sd of e over the horizon, normal and independent; None is no specific risk. What a
    portfolio w makes of it is |specific w| z with z standard normal, whatever w: one z for each scenario,
    spread evenly over the law by `seed`, and every scenario twice, with z and with -z, so that more specific
    risk is never less ES. No stocks x scenarios array is formed.
    A DataFrame of exposures names the assets; factors, if both name them, are matched.
    InputError: as `of_returns`, or exposures, factor returns and specific risk of different sizes or names.

    >>> risk = of_factors([[1.0], [1.5]], [[0.01, -0.02]])
    >>> risk.losses(np.array([0.5, 0.5])), of_factors([[1.0]], [[0.01, -0.02]], specific=[0.1]).count
    (array([-0.0125,  0.025 ]), 4)
    """
    names, columns = _names("exposures", exposures)
    own, scenarios = _names("factor_returns", factor_returns)
    loading = _table("exposures", exposures, "[asset, factor]", names)
    table = _table("factor_returns", factor_returns, "[factor, scenario]")
    if loading.shape[1] != len(table):
        raise InputError(
            "exposures",
            f"{loading.shape[1]} factors where factor_returns has {len(table)}",
            "exposures [asset, factor] and factor_returns [factor, scenario]",
        )
    if own is not None and columns is not None:
        table = np.ascontiguousarray(
            table[places("factor_returns", own, Axis(len(table), columns, "factor"))]
        )
    said = weights(weight, table.shape[1], scenarios)
    if specific is None:
        return Scenarios(table, loading, said, names=names)
    sd = np.ascontiguousarray(vector("", "specific", specific, Axis(len(loading), names), missing=True))
    if not np.isfinite(sd).all() or (sd < 0).any():
        raise InputError("specific", "has values below zero or not finite", f"({len(sd)},), finite, >= 0")
    start = number("", "seed", seed, "a whole number >= 0", 0.0)
    return replace(_with_specific(table, loading, said, sd, int(start)), names=names)


def _with_specific(table: Array, loading: Array, weight: Array | None, own: Array, seed: int) -> Scenarios:
    """Every scenario twice, the last coordinate the norm of the specific risk."""
    count = table.shape[1]
    unit = float(np.sqrt((own**2).mean())) or 1.0
    size = ndtri(0.5 + (np.arange(count) + 0.5) / (2 * count))  # |z|, evenly spread over its law
    size *= unit / float(np.sqrt((size**2).mean()))
    size = np.random.default_rng(seed).permutation(size)
    returns = np.block([[table, table], [size, -size]])
    twice = None if weight is None else np.concatenate([weight, weight]) / 2
    return Scenarios(returns, loading, twice, own, unit)


def _names(place: str, values: object) -> tuple[pd.Index | None, pd.Index | None]:
    """The names of the rows and of the columns of a DataFrame; those of rows once each."""
    if not isinstance(values, pd.DataFrame):
        return None, None
    once(place, values.index)
    return values.index, values.columns


def _table(name: str, values: ArrayLike, axes: str, names: pd.Index | None = None) -> Array:
    table = np.ascontiguousarray(plain(name, values))
    if table.ndim != 2 or 0 in table.shape:
        raise InputError(name, f"has shape {table.shape}", f"{axes}, neither of them empty")
    bad = int(table.size - np.count_nonzero(np.isfinite(table)))
    if bad:
        first = Axis(len(table), names).label(int((~np.isfinite(table)).any(axis=1).argmax()))
        where = f", the first of {first}" if axes.startswith("[asset") else ""
        raise InputError(name, f"{bad} of {table.size} values are not finite{where}", "finite numbers")
    return table


def weights(weight: ArrayLike | None, count: int, names: pd.Index | None = None) -> Array | None:
    """Weights of scenarios [scenario], a Series by name; None where all weigh the same.

    In single precision they may miss a sum of one by rounding, and are then divided by it.
    InputError: another length or other names, one below zero or not finite, another sum.
    """
    if weight is None:
        return None
    named = isinstance(weight, pd.Series | Mapping)
    row = np.array(
        vector("", "weight", weight, Axis(count, names if named else None, "scenario"), missing=True)
    )
    if np.ndim(weight) == 0 and not named:
        raise InputError("weight", "has shape ()", f"one weight for each of {count} scenarios")
    if not np.isfinite(row).all() or (row < 0).any():
        raise InputError("weight", "some weights are negative or not finite", "weights >= 0")
    kind = getattr(weight, "dtype", None)
    single = isinstance(kind, np.dtype) and kind.kind == "f" and kind.itemsize < 8
    if abs(row.sum() - 1) > (SINGLE if single else WEIGHT_SUM):
        raise InputError("weight", f"the weights sum to {row.sum()!r}", "a sum of one", "divide by the sum")
    if single:
        row /= row.sum()
    return None if (row == row[0]).all() else row
