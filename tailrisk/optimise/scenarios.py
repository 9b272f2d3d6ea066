"""Scenarios: what n assets may return, dense or as exposures times factors, assets first.

A solver needs only three things of them: the losses of a portfolio, the mean return under a distribution
over scenarios, and the columns of chosen scenarios. None forms assets x scenarios in factor form.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

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
    specific: [asset]  sd of each asset's own return, normal and independent: with it the last coordinate is
    |specific w| / unit, its returns normal numbers times `unit`, in the second half of the scenarios those of
    the first with the other sign
    """

    returns: Array
    exposures: Array | None = None
    weight: Array | None = None
    specific: Array | None = None
    unit: float = 1.0

    @property
    def assets(self) -> int:
        return len(self.returns) if self.exposures is None else len(self.exposures)

    @property
    def count(self) -> int:
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
        """The chosen scenarios alone, their weights made to sum to one."""
        weight = None if self.weight is None else self.weight[chosen] / self.weight[chosen].sum()
        return replace(self, returns=self.columns(chosen), weight=weight)


def of_returns(returns: ArrayLike, weight: ArrayLike | None = None) -> Scenarios:
    """Scenarios of asset returns [asset, scenario] under weight [scenario].

    InputError: not two axes, empty, a value that is not finite, weights that are negative or do not sum to 1.
    """
    table = _table("returns", returns, "[asset, scenario]")
    return Scenarios(table, None, _weight(weight, table.shape[1]))


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
    InputError: as `of_returns`, or exposures, factor returns and specific risk of different sizes.
    """
    loading = _table("exposures", exposures, "[asset, factor]")
    table = _table("factor_returns", factor_returns, "[factor, scenario]")
    if loading.shape[1] != len(table):
        raise InputError(
            "exposures",
            f"{loading.shape[1]} factors where factor_returns has {len(table)}",
            "exposures [asset, factor] and factor_returns [factor, scenario]",
        )
    kept = _weight(weight, table.shape[1])
    if specific is None:
        return Scenarios(table, loading, kept)
    own = np.ascontiguousarray(specific, dtype=np.float64)
    if own.shape != (len(loading),) or not np.isfinite(own).all() or (own < 0).any():
        raise InputError("specific", f"shape {own.shape} or its values", f"({len(loading)},), finite, >= 0")
    return _with_specific(table, loading, kept, own, seed)


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
