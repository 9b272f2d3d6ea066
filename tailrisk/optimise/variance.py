"""Variance: a covariance in factor form, tracking error as a cone, variance as a cost."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..core import InputError
from .conic import Array, Cone, straight
from .constraints import Rows, bounded, not_negative, vector

NEGATIVE = 1e-8
"""Eigenvalues may be negative by this part of the largest, which is rounding; more is no covariance."""
NONE = 1e-14
"""Eigenvalues below this part of the largest are none."""


@dataclass(frozen=True)
class Covariance:
    """loading loading' + diag(specific^2): variances over the horizon of the problem.

    loading: [asset, coordinate]  exposures times a root of the factor covariance; specific: [asset] sd
    """

    loading: Array
    specific: Array

    def variance(self, holding: ArrayLike) -> float:
        """w' Q w."""
        w = np.asarray(holding, dtype=np.float64)
        return float(((w @ self.loading) ** 2).sum() + ((self.specific * w) ** 2).sum())


def of_matrix(matrix: ArrayLike) -> Covariance:
    """A covariance [asset, asset], singular or not.

    InputError: not square, not symmetric, not finite, or with a negative eigenvalue.
    """
    table = np.asarray(matrix, dtype=np.float64)
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
    return Covariance(vectors[:, kept] * np.sqrt(values[kept]), np.zeros(len(table)))


def of_factor_model(exposures: ArrayLike, factors: ArrayLike, specific: ArrayLike) -> Covariance:
    """X F X' + diag(specific^2) of exposures X [asset, factor], F [factor, factor], specific sd [asset]."""
    loading = np.asarray(exposures, dtype=np.float64)
    if loading.ndim != 2 or not np.isfinite(loading).all():
        raise InputError("exposures", f"shape {loading.shape}", "finite numbers [asset, factor]")
    root = of_matrix(factors).loading
    if len(root) != loading.shape[1]:
        raise InputError("factors", f"{len(root)} where exposures has {loading.shape[1]}", "the same factors")
    return Covariance(loading @ root, not_negative("covariance", "specific", specific, len(loading)))


@dataclass(frozen=True)
class TrackingError:
    """sqrt((w - b)' Q (w - b)) <= limit, over the horizon of Q; b [asset], zero for a cap on volatility.

    Rows: t = loading' (w - b) / unit; cone: |(unit t, specific (w - b))| <= limit.
    """

    covariance: Covariance
    benchmark: ArrayLike
    limit: float
    name: str = "tracking error"

    def rows(self, assets: int) -> Rows:
        if not (np.isfinite(self.limit) and self.limit > 0):
            raise InputError(self.name, f"limit {self.limit}", "a finite number above zero")
        held = vector(self.name, "benchmark", self.benchmark, assets)
        rows, own, unit = _coordinates(self.name, self.covariance, assets, held)
        width, still = rows.extra, np.flatnonzero(self.covariance.specific)
        cone = Cone(
            place=np.concatenate([own, still]),
            scale=np.concatenate([np.full(width, unit), self.covariance.specific[still]]),
            centre=np.concatenate([np.zeros(width), held[still]]),
            radius=float(self.limit),
            label="limit",
        )
        return replace(rows, cone=cone)


@dataclass(frozen=True)
class VarianceCost:
    """aversion w' Q w / 2 taken off alpha, or added to a risk that is minimised."""

    covariance: Covariance
    aversion: float = 1.0
    name: str = "variance"

    def rows(self, assets: int) -> Rows:
        if not (np.isfinite(self.aversion) and self.aversion >= 0):
            raise InputError(self.name, f"aversion {self.aversion}", "a number >= 0")
        rows, own, unit = _coordinates(self.name, self.covariance, assets, np.zeros(assets))
        square = np.append(self.covariance.specific**2, np.full(len(own), unit**2))
        return replace(rows, curve=replace(straight(len(square)), square=self.aversion * square))


def _coordinates(
    name: str, covariance: Covariance, assets: int, held: Array
) -> tuple[Rows, NDArray[np.intp], float]:
    """Rows that make t = loading' (w - held) / unit, where t is, and the unit: a typical loading."""
    if len(covariance.loading) != assets:
        raise InputError(name, f"covariance of {len(covariance.loading)} assets", f"one of {assets}")
    width = covariance.loading.shape[1]
    unit = float(np.sqrt((covariance.loading**2).sum(axis=1).mean())) or 1.0
    matrix = sparse.hstack([sparse.csr_array(covariance.loading.T / unit), -sparse.eye_array(width)])
    target = held @ covariance.loading / unit
    labels = tuple(f"coordinate {k}" for k in range(width))
    rows = bounded(name, labels, matrix, target, target, extra=width)
    return replace(rows, free=True), assets + np.arange(width), unit
