"""Scenarios: what n assets may return, dense or as exposures times factors, assets first.

A solver needs only three things of them: the losses of a portfolio, the mean return under a distribution
over scenarios, and the columns of chosen scenarios. None forms assets x scenarios in factor form.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import InputError

Array = NDArray[np.float64]

WEIGHT_SUM = 1e-9
"""How far from one the weights of scenarios may sum."""


@dataclass(frozen=True)
class Scenarios:
    """Returns of the coordinates a loss depends on, and how assets load on them.

    returns: [coordinate, scenario]  simple returns over the horizon, of assets or of factors
    exposures: [asset, factor]  None where the coordinates are the assets themselves
    weight: [scenario]  sums to one; None where all weigh the same
    """

    returns: Array
    exposures: Array | None = None
    weight: Array | None = None

    @property
    def assets(self) -> int:
        return len(self.returns) if self.exposures is None else len(self.exposures)

    @property
    def count(self) -> int:
        return self.returns.shape[1]

    def coordinates(self, holding: Array) -> Array:
        """X' w: what the portfolio w [asset] holds of each coordinate [coordinate]."""
        return holding if self.exposures is None else holding @ self.exposures

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

    def subset(self, chosen: NDArray[np.intp]) -> "Scenarios":
        """The chosen scenarios alone, their weights made to sum to one."""
        weight = None if self.weight is None else self.weight[chosen] / self.weight[chosen].sum()
        return replace(self, returns=self.columns(chosen), weight=weight)


def of_returns(returns: ArrayLike, weight: ArrayLike | None = None) -> Scenarios:
    """Scenarios of asset returns [asset, scenario] under weight [scenario].

    InputError: not two axes, empty, a value that is not finite, weights that are negative or do not sum to 1.
    """
    table = _table("returns", returns, "[asset, scenario]")
    return Scenarios(table, None, _weight(weight, table.shape[1]))


def of_factors(exposures: ArrayLike, factor_returns: ArrayLike, weight: ArrayLike | None = None) -> Scenarios:
    """Scenarios r = X f of exposures X [asset, factor] and factor returns f [factor, scenario].

    InputError: as `of_returns`, or exposures and factor returns that count factors differently.
    """
    loading = _table("exposures", exposures, "[asset, factor]")
    table = _table("factor_returns", factor_returns, "[factor, scenario]")
    if loading.shape[1] != len(table):
        raise InputError(
            "exposures",
            f"{loading.shape[1]} factors where factor_returns has {len(table)}",
            "exposures [asset, factor] and factor_returns [factor, scenario]",
        )
    return Scenarios(table, loading, _weight(weight, table.shape[1]))


def _table(name: str, values: ArrayLike, axes: str) -> Array:
    table = np.ascontiguousarray(values, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise InputError(name, f"has shape {table.shape}", f"{axes}, neither of them empty")
    bad = int(table.size - np.count_nonzero(np.isfinite(table)))
    if bad:
        raise InputError(name, f"{bad} of {table.size} values are not finite", "finite numbers")
    return table


def _weight(weight: ArrayLike | None, count: int) -> Array | None:
    if weight is None:
        return None
    row = np.ascontiguousarray(weight, dtype=np.float64)
    if row.shape != (count,):
        raise InputError("weight", f"has shape {row.shape}", f"one weight for each of {count} scenarios")
    if not np.isfinite(row).all() or (row < 0).any():
        raise InputError("weight", "some weights are negative or not finite", "weights >= 0")
    if abs(row.sum() - 1) > WEIGHT_SUM:
        raise InputError("weight", f"the weights sum to {row.sum()!r}", "a sum of one", "divide by the sum")
    return None if (row == row[0]).all() else row
