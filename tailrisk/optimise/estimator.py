"""Portfolios in the style of an estimator: returns in, `fit`, weights out, pandas or plain arrays.

from tailrisk.optimise import ShortfallPortfolio
model = ShortfallPortfolio(level=0.99).fit(returns)   # a DataFrame, a row for each scenario
model.weights_, model.summary()
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..core import InputError
from ..tail.sample import Level
from .conic import Array
from .constraints import Budget, Constraint, Positions
from .scenarios import Scenarios, of_returns
from .shortfall import TOLERANCE, Portfolio, maximise_alpha, maximise_utility, minimise_shortfall

BINDS = 1e-9
"""A price below this part of the largest is rounding."""


class ShortfallPortfolio:
    """Least ES, or most alpha with ES within `limit`, or most alpha less `aversion` times ES.

    level: of ES; limit, aversion: at most one of them, and with one `fit` needs alpha; constraints: long only
    and fully invested by default; tolerance: the relative gap asked for.
    After `fit`: weights_ (Series by asset where the returns have names, else [asset]) and portfolio_.
    """

    weights_: Any
    portfolio_: Portfolio

    def __init__(
        self,
        *,
        level: Level = "0.99",
        limit: float | None = None,
        aversion: float | None = None,
        constraints: Sequence[Constraint] | None = None,
        tolerance: float = TOLERANCE,
    ) -> None:
        if limit is not None and aversion is not None:
            raise InputError("limit", "given with aversion", "one of them, or neither for least ES")
        self.level, self.limit, self.aversion, self.tolerance = level, limit, aversion, tolerance
        usual: list[Constraint] = [Budget(), Positions()]
        self.constraints = usual if constraints is None else list(constraints)

    def fit(self, returns: Any, alpha: Any = None, weight: Any = None) -> "ShortfallPortfolio":
        """Solve for returns [scenario, asset], a DataFrame or an array, or for `Scenarios`.

        alpha: [asset], matched by name where both have names; weight: [scenario] summing to one.
        InputError: returns that are not finite numbers, an alpha of other assets or without an objective to
        use it, constraints that conflict, a limit below the least ES.
        """
        scenarios, names = _scenarios(returns, weight)
        row = None if alpha is None else _matched(alpha, names, scenarios.assets)
        if (row is None) != (self.limit is None and self.aversion is None):
            found = "missing" if row is None else "given, and least ES has no use for it"
            raise InputError("alpha", found, "alpha with a limit or an aversion, and only with one")
        how: dict[str, Any] = {"level": self.level, "tolerance": self.tolerance}
        if row is None:
            found_ = minimise_shortfall(scenarios, self.constraints, **how)
        elif self.limit is not None:
            found_ = maximise_alpha(scenarios, row, self.constraints, limit=self.limit, **how)
        else:
            found_ = maximise_utility(scenarios, row, self.constraints, aversion=self.aversion or 0.0, **how)
        self.portfolio_ = found_
        self.weights_ = found_.weights if names is None else pd.Series(found_.weights, names, name="weight")
        return self

    def predict(self, returns: Any) -> Any:
        """The portfolio's return in each scenario of other returns [scenario, asset]."""
        self._fitted()
        table, names = _table(returns)
        if table.shape[1] != len(self.portfolio_.weights):
            raise InputError(
                "returns", f"{table.shape[1]} assets", f"{len(self.portfolio_.weights)}, as fitted"
            )
        earned = table @ self.portfolio_.weights
        return earned if names is None else pd.Series(earned, returns.index, name="return")

    def summary(self) -> pd.Series:
        """Objective, ES, VaR, alpha, cost, certificate, and the price of every bound that binds."""
        self._fitted()
        it = self.portfolio_
        said = {
            "objective": it.objective,
            "expected_shortfall": it.expected_shortfall,
            "value_at_risk": it.value_at_risk,
            "alpha": it.alpha,
            "cost": it.cost,
            "bound": it.bound,
            "gap": it.gap,
            "assets": int((np.abs(it.weights) > 1e-6).sum()),
            "limit price": it.limit_price,
        }
        prices = {
            f"{name}: {label} {side}": float(price)
            for name, part in it.sensitivity.items()
            for side in ("lower", "upper")
            for label, price in zip(part.labels, getattr(part, side), strict=True)
        }
        most = max(map(abs, prices.values()), default=0.0)
        binding = {text: price for text, price in prices.items() if abs(price) > max(BINDS, 1e-4 * most)}
        return pd.Series(said | binding, name="portfolio")

    def _fitted(self) -> None:
        if not hasattr(self, "portfolio_"):
            raise InputError("portfolio", "is not fitted", "fit(returns) first")


def _scenarios(returns: Any, weight: Any) -> tuple[Scenarios, pd.Index | None]:
    if isinstance(returns, Scenarios):
        if weight is not None:
            raise InputError("weight", "given beside scenarios, which have their own", "one of them")
        return returns, None
    table, names = _table(returns)
    return of_returns(table.T, weight), names


def _table(returns: Any) -> tuple[Array, pd.Index | None]:
    """[scenario, asset] as numbers, and the assets' names."""
    names = returns.columns if isinstance(returns, pd.DataFrame) else None
    try:
        table = np.asarray(returns, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("returns", "hold something that is no number", "numbers") from None
    if table.ndim != 2:
        raise InputError("returns", f"have shape {table.shape}", "[scenario, asset]")
    if names is not None and names.has_duplicates:
        raise InputError("returns", f"two columns are named {names[names.duplicated()][0]!r}", "a name each")
    return table, names


def _matched(alpha: Any, names: pd.Index | None, assets: int) -> Array:
    """alpha [asset] in the order of the returns."""
    if isinstance(alpha, pd.Series) and names is not None:
        missing = names.difference(alpha.index)
        if len(missing):
            raise InputError("alpha", f"has no {missing[0]!r}", "one for each asset")
        alpha = alpha.reindex(names)
    row = np.asarray(alpha, dtype=np.float64)
    if row.shape != (assets,):
        raise InputError("alpha", f"has shape {row.shape}", f"one for each of {assets} assets")
    return row
