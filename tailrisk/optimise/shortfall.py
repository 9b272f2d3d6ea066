"""Portfolios under expected shortfall: least ES, most alpha within a limit on ES, most alpha less ES.

ES_a(w) = min_c c + E[(L(w) - c)+] / (1 - a)      Rockafellar & Uryasev (2000), Theorem 1
        = max { E_q[L(w)] : 0 <= q_i <= p_i / (1 - a), sum q = 1 }, so that any q gives a bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import InputError
from ..tail.sample import Level
from .arguments import a, brief, confidence, number
from .conic import Array
from .constraints import Constraint
from .labels import vector
from .master import Aim
from .prices import binding
from .region import Part, Region, region
from .scenarios import Scenarios
from .search import LEAST, Answer, search

TOLERANCE = 1e-7
"""Relative gap asked for; where rounding keeps it open `gap` tells, and above 1e-6 `warning` does."""


OF_RETURNS = "of_returns(returns), or of_factors(exposures, factor_returns)"
TOLERANCES = "a relative gap such as 1e-7"


@dataclass(frozen=True)
class Sensitivity:
    """d objective / d bound of each row of a constraint, zero where the bound does not bind."""

    labels: tuple[str, ...]
    lower: Array  # [row]
    upper: Array  # [row]


@dataclass(frozen=True)
class Portfolio:
    """The answer and its certificate: over all scenarios, no portfolio has an objective beyond `bound`.

    weights: [asset] of NAV; alpha: before cost; losses are fractions of NAV, positive bad; gap: |objective -
    bound| over |alpha - cost| + aversion |ES|, or a thousandth of a typical asset's where that is more;
    sensitivity: by name of constraint; limit_price: d objective / d limit; steps: interior-point iterations;
    passes: over all scenarios; explicit: scenarios in the last master problem; names: [asset], None where
    they have none; violation: of the worst constraint, in units of the portfolio's size; warning: empty where
    gap and violation are as asked, else what they are.
    """

    weights: Array
    alpha: float
    cost: float
    expected_shortfall: float
    value_at_risk: float
    objective: float
    bound: float
    gap: float
    sensitivity: dict[str, Sensitivity]
    limit_price: float
    steps: int
    passes: int
    explicit: int
    names: pd.Index | None = None
    violation: float = 0.0
    warning: str = ""


def minimise_shortfall(
    scenarios: Scenarios, constraints: Sequence[Constraint], *, level: Level, tolerance: float = TOLERANCE
) -> Portfolio:
    """min ES_level(w), plus trading costs if charged, to a certified relative gap of `tolerance`.

    InputError: bad level or tolerance, a smallest set of constraints that conflict, no finite optimum.

    >>> from tailrisk.optimise import Budget, Positions, of_returns
    >>> hedged = of_returns([[0.04, -0.04, 0.02, -0.02], [-0.01, 0.01, -0.02, 0.02]])  # [asset, scenario]
    >>> best = minimise_shortfall(hedged, [Budget(), Positions()], level=0.75)
    >>> best.weights.round(3), round(best.expected_shortfall, 4)
    (array([0.333, 0.667]), 0.0067)
    """
    return _solve(scenarios, None, constraints, level, 1.0, None, tolerance, 1)


def maximise_alpha(
    scenarios: Scenarios,
    alpha: ArrayLike,
    constraints: Sequence[Constraint],
    *,
    level: Level,
    limit: float,
    tolerance: float = TOLERANCE,
) -> Portfolio:
    """max alpha' w subject to ES_level(w) <= limit and the constraints, less trading costs if charged.

    alpha [asset] over the horizon, limit a fraction of NAV.
    InputError: as `minimise_shortfall`, or a limit below the least ES, which is named.

    >>> from tailrisk.optimise import Budget, Positions, of_returns
    >>> risk = of_returns([[0.04, -0.04, 0.02, -0.02], [0.0, 0.0, 0.0, 0.0]])  # a stock and cash
    >>> best = maximise_alpha(risk, [0.01, 0.0], [Budget(), Positions()], level=0.75, limit=0.02)
    >>> best.weights.round(3), round(best.limit_price, 3)  # alpha for a unit more of ES
    (array([0.5, 0.5]), 0.25)
    """
    most = number("", "limit", limit, "a fraction of NAV such as 0.05")
    return _solve(scenarios, _given(alpha), constraints, level, 0.0, most, tolerance, -1)


def maximise_utility(
    scenarios: Scenarios,
    alpha: ArrayLike,
    constraints: Sequence[Constraint],
    *,
    level: Level,
    aversion: float,
    tolerance: float = TOLERANCE,
) -> Portfolio:
    """max alpha' w - aversion ES_level(w) over the constraints, less trading costs if charged.

    alpha [asset] over the horizon. InputError: as `minimise_shortfall`, or an aversion that is negative.

    >>> from tailrisk.optimise import Budget, Positions, of_returns
    >>> risk = of_returns([[0.04, -0.04, 0.02, -0.02], [0.0, 0.0, 0.0, 0.0]])
    >>> best = maximise_utility(risk, [0.01, 0.0], [Budget(), Positions()], level=0.75, aversion=0.3)
    >>> best.weights.round(3)  # a unit of ES costs more than it earns
    array([0., 1.])
    """
    price = number("", "aversion", aversion, "0 or more, per unit of ES", 0.0)
    return _solve(scenarios, _given(alpha), constraints, level, price, None, tolerance, -1)


def _given(alpha: ArrayLike) -> ArrayLike:
    if alpha is None:
        raise InputError("alpha", "None", "one for each asset")
    return alpha


def alpha_of(alpha: ArrayLike, assets: int) -> Array:
    """alpha [asset], matched by name. InputError: it is no finite number for each."""
    if np.ndim(alpha) == 0 and not isinstance(alpha, Mapping):
        raise InputError("alpha", brief(alpha), f"one for each of {int(assets)} assets")
    row = vector("", "alpha", alpha, assets, missing=True)
    if not np.isfinite(row).all():
        raise InputError("alpha", f"{int((~np.isfinite(row)).sum())} values are not finite", "finite numbers")
    return row


def _solve(
    scenarios: Scenarios,
    alpha: ArrayLike | None,
    constraints: Sequence[Constraint],
    level: Level,
    aversion: float,
    limit: float | None,
    tolerance: float,
    sign: int,
) -> Portfolio:
    """Minimise -alpha' w + aversion ES; the objective reported is `sign` times that."""
    assets = a(Scenarios, "scenarios", scenarios, OF_RETURNS).axis
    exact, wanted = confidence(level), number("", "tolerance", tolerance, TOLERANCES)
    if not 1e-10 <= wanted < 1:
        raise InputError("tolerance", f"{tolerance} is outside [1e-10, 1)", TOLERANCES)
    row = np.zeros(assets) if alpha is None else alpha_of(alpha, assets)
    space = region(constraints, assets)
    cost = space.charge.copy()
    cost[:assets] -= row
    found = search(scenarios, space, Aim(cost, aversion, limit, exact), wanted)
    return _portfolio(scenarios, space, found, row, aversion, wanted, sign)


def _portfolio(
    scenarios: Scenarios,
    space: Region,
    found: Answer,
    alpha: Array,
    aversion: float,
    tolerance: float,
    sign: int,
) -> Portfolio:
    x, shortfall = found.x, found.tail.expected_shortfall
    gain, cost = float(alpha @ x[: len(alpha)]), float(space.charge @ x) + space.curve.value(x)
    every = space.sensitivities(found.reduced, found.multiplier, found.duals)
    typical = LEAST * float(np.abs(scenarios.returns[:, :1000]).mean() * np.abs(x[: len(alpha)]).max())
    prices = binding(space, every, x, max(abs(gain) + abs(cost) + aversion * abs(shortfall), typical))
    return Portfolio(
        weights=x[: len(alpha)],
        alpha=gain,
        cost=cost,
        expected_shortfall=shortfall,
        value_at_risk=found.tail.value_at_risk,
        objective=sign * found.value,
        bound=sign * found.bound,
        gap=found.gap,
        sensitivity={
            part.name: Sensitivity(_labels(part), sign * low, sign * high)
            for part, (low, high) in zip(space.parts, prices.values(), strict=True)
        },
        limit_price=-sign * found.price,
        steps=found.steps,
        passes=found.passes,
        explicit=found.explicit,
        names=scenarios.names,
        violation=found.violation,
        warning="" if found.closed else _warning(found, tolerance),
    )


def _labels(part: Part) -> tuple[str, ...]:
    return part.rows.labels + (() if part.cone is None else (part.cone.label,))


def _warning(found: Answer, tolerance: float) -> str:
    """What a good portfolio that is not quite solved lacks."""
    return (
        f"not solved to the end: the gap is {found.gap:.2g} where {tolerance:.2g} was wanted, the worst"
        f" constraint is broken by {found.violation:.2g} of the portfolio's size"
    )
