"""Variance: a covariance in factor form, tracking error as a cone, variance as a cost."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..core import InputError
from .arguments import a, brief, number, plain
from .conic import Array, Cone, straight
from .constraints import Rows, bounded
from .labels import Axis, axis, not_negative, once, places, vector

NEGATIVE = 1e-8
"""Eigenvalues may be negative by this part of the largest, which is rounding; more is no covariance."""
NONE = 1e-14
"""Eigenvalues below this part of the largest are none."""


@dataclass(frozen=True)
class Covariance:
    """loading loading' + diag(specific^2): variances over the horizon of the problem.

    loading: [asset, coordinate]  exposures times a root of the factor covariance; specific: [asset] sd
    names: [asset]  None where they have none
    """

    loading: Array
    specific: Array
    names: pd.Index | None = None

    def __post_init__(self) -> None:
        for field, axes in (("loading", 2), ("specific", 1)):
            array = getattr(self, field)
            if not (isinstance(array, np.ndarray) and array.ndim == axes):
                raise InputError(
                    f"covariance: {field}", brief(array), "of_matrix(...) or of_factor_model(...)"
                )

    def variance(self, holding: ArrayLike) -> float:
        """w' Q w of a holding [asset]. InputError: a holding of other assets."""
        along = Axis(len(self.loading), self.names)
        w = vector("", "holding", holding, along, holding=True)
        return float(((w @ self.loading) ** 2).sum() + ((self.specific * w) ** 2).sum())

    def along(self, place: str, assets: int) -> "Covariance":
        """That of the assets [asset] of a problem, by name where both have names.

        InputError: other assets.
        """
        wanted = axis(assets)
        if self.names is not None and wanted.names is not None:
            at = places(f"{place}: covariance", self.names, wanted)
            return Covariance(self.loading[at], self.specific[at], wanted.names)
        if len(self.loading) != wanted:
            raise InputError(place, f"covariance of {len(self.loading)} assets", f"one of {int(wanted)}")
        return self


def of_matrix(matrix: ArrayLike) -> Covariance:
    """A covariance [asset, asset], singular or not; of a DataFrame with its names, in any order of columns.

    InputError: not square, not symmetric, not finite, or with a negative eigenvalue; names that differ.

    >>> round(of_matrix([[0.04, 0.01], [0.01, 0.09]]).variance([0.5, 0.5]), 6)
    0.0375
    """
    names = None
    if isinstance(matrix, pd.DataFrame):
        once("covariance", matrix.index)
        names, columns = matrix.index, matrix.columns
        matrix = matrix.iloc[:, places("covariance", columns, Axis(len(names), names))]
        if len(columns) > len(names):
            raise InputError("covariance", f"has no row {columns.difference(names)[0]!r}", "rows as columns")
    table = plain("covariance", matrix)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise InputError("covariance", f"has shape {table.shape}", "[asset, asset]")
    if not np.isfinite(table).all():
        raise InputError("covariance", "some values are not finite", "finite numbers")
    if np.abs(table - table.T).max() > NEGATIVE * np.abs(table).max():
        raise InputError("covariance", "is not symmetric", "a symmetric matrix")
    values, vectors = np.linalg.eigh(0.5 * (table + table.T))
    if values[0] < -NEGATIVE * max(values[-1], 0.0):
        raise InputError("covariance", f"has the eigenvalue {values[0]:.3g}", "none below zero")
    kept = values > NONE * values[-1]
    return Covariance(vectors[:, kept] * np.sqrt(values[kept]), np.zeros(len(table)), names)


def of_factor_model(exposures: ArrayLike, factors: ArrayLike, specific: ArrayLike) -> Covariance:
    """X F X' + diag(specific^2) of exposures X [asset, factor], F [factor, factor], specific sd [asset].

    DataFrames of exposures name the assets, and factors, where both name them, are matched.
    InputError: other sizes or names, values that are not finite, F no covariance.

    >>> round(of_factor_model([[1.0], [2.0]], [[0.01]], [0.1, 0.0]).variance([1.0, 0.0]), 6)
    0.02
    """
    loading, names = plain("exposures", exposures), None
    if loading.ndim != 2 or not np.isfinite(loading).all():
        raise InputError("exposures", f"shape {loading.shape}", "finite numbers [asset, factor]")
    if isinstance(exposures, pd.DataFrame):
        once("exposures", exposures.index)
        names = exposures.index
    inner = of_matrix(factors)
    if len(inner.loading) != loading.shape[1]:
        raise InputError(
            "factors", f"{len(inner.loading)} where exposures has {loading.shape[1]}", "the same factors"
        )
    if isinstance(exposures, pd.DataFrame):
        inner = inner.along("factors", Axis(loading.shape[1], exposures.columns, "factor"))
    sd = not_negative("covariance", "specific", specific, Axis(len(loading), names))
    if np.isinf(sd).any():
        raise InputError("covariance: specific", "has infinite values", "finite numbers")
    return Covariance(loading @ inner.loading, sd, names)


@dataclass(frozen=True)
class TrackingError:
    """sqrt((w - b)' Q (w - b)) <= limit, over the horizon of Q; b [asset], zero for a cap on volatility.

    Rows: t = loading' (w - b) / unit; cone: |(unit t, specific (w - b))| <= limit.

    >>> TrackingError(of_matrix(np.diag([0.04, 0.01])), [0.5, 0.5], 0.06).rows(2).cone.radius
    0.06
    """

    covariance: Covariance
    benchmark: ArrayLike
    limit: float
    name: str = "tracking error"

    def rows(self, assets: int) -> Rows:
        """A row a coordinate [coordinate, asset + coordinate], and the cone.

        InputError: a limit not above zero, a benchmark or a covariance of other assets.
        """
        limit = number(self.name, "limit", self.limit, "a finite number above zero", 0.0, strict=True)
        held = vector(self.name, "benchmark", self.benchmark, assets, holding=True)
        covariance = _covariance(self.name, self.covariance).along(self.name, assets)
        rows, own, unit = _coordinates(self.name, covariance, held)
        width, still = rows.extra, np.flatnonzero(covariance.specific)
        cone = Cone(
            place=np.concatenate([own, still]),
            scale=np.concatenate([np.full(width, unit), covariance.specific[still]]),
            centre=np.concatenate([np.zeros(width), held[still]]),
            radius=limit,
            label="limit",
        )
        return replace(rows, cone=cone)


@dataclass(frozen=True)
class VarianceCost:
    """aversion w' Q w / 2 taken off alpha, or added to a risk that is minimised.

    >>> float(VarianceCost(of_matrix(np.diag([0.04, 0.01])), 2.0).rows(2).curve.square.max().round(3))
    0.05
    """

    covariance: Covariance
    aversion: float = 1.0
    name: str = "variance"

    def rows(self, assets: int) -> Rows:
        """A row a coordinate [coordinate, asset + coordinate], and the curve.

        InputError: an aversion below zero, a covariance of other assets.
        """
        aversion = number(self.name, "aversion", self.aversion, "a number >= 0", 0.0)
        covariance = _covariance(self.name, self.covariance).along(self.name, assets)
        rows, own, unit = _coordinates(self.name, covariance, np.zeros(assets))
        square = np.append(covariance.specific**2, np.full(len(own), unit**2))
        return replace(rows, curve=replace(straight(len(square)), square=aversion * square))


def _covariance(place: str, value: Covariance) -> Covariance:
    return a(Covariance, f"{place}: covariance", value, "of_matrix(matrix), or of_factor_model(...)")


def _coordinates(name: str, covariance: Covariance, held: Array) -> tuple[Rows, NDArray[np.intp], float]:
    """Rows that make t = loading' (w - held) / unit, where t is, and the unit: a typical loading."""
    width = covariance.loading.shape[1]
    unit = float(np.sqrt((covariance.loading**2).sum(axis=1).mean())) or 1.0
    matrix = sparse.hstack([sparse.csr_array(covariance.loading.T / unit), -sparse.eye_array(width)])
    target = held @ covariance.loading / unit
    labels = tuple(f"coordinate {k}" for k in range(width))
    rows = bounded(name, labels, matrix, target, target, extra=width)
    return replace(rows, free=True), len(held) + np.arange(width), unit
