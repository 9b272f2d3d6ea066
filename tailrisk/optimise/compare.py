"""Other portfolios over the same constraints: least variance, mean and variance, budgets of ES."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from ..tail.sample import Level
from .arguments import a, confidence
from .conic import Array, straight
from .constraints import Constraint, Positions, Rows, bounded
from .labels import not_negative
from .region import checked
from .scenarios import Scenarios, of_returns
from .shortfall import OF_RETURNS, TOLERANCE, Portfolio, maximise_utility, minimise_shortfall
from .variance import Covariance, VarianceCost

NEVER_USED = 0.9
"""The level of an ES that has no weight in the objective."""
MOST = 5.0
"""Largest weight before scaling, where the even portfolio's mean absolute loss makes the scale."""


def minimise_variance(
    covariance: Covariance, constraints: Sequence[Constraint], *, tolerance: float = TOLERANCE
) -> Portfolio:
    """min w' Q w / 2 over the constraints; `objective` is minus that. Markowitz (1952).

    Q in squared returns over the horizon, weights [asset] of NAV. InputError: as `maximise_utility`.

    >>> from tailrisk.optimise import Budget, Positions, of_matrix
    >>> best = minimise_variance(of_matrix(np.diag([0.04, 0.01])), [Budget(), Positions()])
    >>> best.weights.round(3)
    array([0.2, 0.8])
    """
    return mean_variance(
        covariance, np.zeros(_assets(covariance)), constraints, aversion=1.0, tolerance=tolerance
    )


def mean_variance(
    covariance: Covariance,
    alpha: ArrayLike,
    constraints: Sequence[Constraint],
    *,
    aversion: float,
    tolerance: float = TOLERANCE,
) -> Portfolio:
    """max alpha' w - aversion w' Q w / 2, less trading costs if charged; alpha [asset]. Markowitz (1952).

    alpha and the root of Q are returns over one horizon. InputError: as `maximise_utility`.

    >>> from tailrisk.optimise import Budget, Positions, of_matrix
    >>> risk = of_matrix(np.diag([0.04, 0.01]))
    >>> best = mean_variance(risk, [0.02, 0.01], [Budget(), Positions()], aversion=1.0)
    >>> best.weights.round(3)
    array([0.4, 0.6])
    """
    none = replace(of_returns(np.zeros((_assets(covariance), 10))), names=covariance.names)
    charged = [*checked(constraints), VarianceCost(covariance, aversion)]
    return maximise_utility(none, alpha, charged, level=NEVER_USED, aversion=0.0, tolerance=tolerance)


def _assets(covariance: Covariance) -> int:
    return len(a(Covariance, "covariance", covariance, "of_matrix(matrix), or of_factor_model(...)").loading)


@dataclass(frozen=True)
class _Budgets:
    """- sum_i scale_i log w_i taken off the objective."""

    scale: Array
    name: str = "risk budgets"

    def rows(self, assets: int) -> Rows:
        rows = bounded(self.name, (), np.zeros((0, assets)), np.zeros(0), np.zeros(0))
        return replace(rows, curve=replace(straight(assets), log=self.scale))


def shortfall_budgets(
    scenarios: Scenarios, budgets: ArrayLike | None = None, *, level: Level, tolerance: float = 1e-5
) -> Array:
    """Fully invested weights [asset] > 0 whose contributions to ES are `budgets` of it, by default equal.

    w = y / sum y,  y = argmin ES(y) - sum_i budgets_i log y_i: there y_i dES/dy_i = budgets_i.
    Maillard, Roncalli & Teiletche (2010), section 2; ES is homogeneous of degree one. budgets: [asset].
    InputError: budgets not positive, or an ES that some long portfolio makes negative.

    >>> from tailrisk.optimise import of_returns
    >>> calm = np.random.default_rng(1).normal(0, 0.01, (1, 1000))
    >>> weights = shortfall_budgets(of_returns(np.vstack([calm, -2 * calm[:, ::-1]])), level=0.95)
    >>> bool(weights[0] > weights[1])  # the calmer asset has more
    True
    """
    count = a(Scenarios, "scenarios", scenarios, OF_RETURNS).assets
    confidence(level)
    wanted = not_negative("budgets", "budget", 1 / count if budgets is None else budgets, scenarios.axis)
    if not ((wanted > 0) & np.isfinite(wanted)).all():
        raise InputError("budgets", "some are zero", "budgets > 0, or a universe without those assets")
    even = np.full(count, 1 / count)
    scale = float(np.abs(scenarios.losses(even)).mean()) or 1.0
    charge = _Budgets(scale * wanted / wanted.sum())
    found = minimise_shortfall(scenarios, [Positions(0.0, MOST), charge], level=level, tolerance=tolerance)
    if found.weights.max() > 0.99 * MOST:
        raise InputError("scenarios", "a long portfolio has no expected shortfall", "losses in the tail")
    return found.weights / found.weights.sum()
