"""Portfolios in the style of an estimator: returns in, `fit`, weights out, pandas or plain arrays."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..core import InputError
from ..tail import expected_shortfall
from ..tail.sample import Level
from .arguments import confidence, number, plain
from .conic import Array
from .constraints import Budget, Constraint, Positions
from .labels import Axis, places
from .region import checked
from .scenarios import Scenarios, of_returns, weights
from .shortfall import TOLERANCE, Portfolio, maximise_alpha, maximise_utility, minimise_shortfall

NEGLIGIBLE = 1e-6
"""A weight below this part of the largest counts as none."""
PARAMETERS = ("level", "limit", "aversion", "constraints", "tolerance")


class ShortfallPortfolio:
    """Least ES, or most alpha with ES within `limit`, or most alpha less `aversion` times ES.

    level: of ES, a confidence above 0.5; limit, aversion: at most one of them, and with one `fit` needs
    alpha; constraints: long only and fully invested by default; tolerance: the relative gap asked for.
    After `fit`: weights_ (Series by asset where the returns have names, else [asset]) and portfolio_.
    InputError: a level that is none, limit and aversion at once, constraints that are none or of one name.

    >>> rng = np.random.default_rng(1)
    >>> returns = pd.DataFrame(rng.normal(0, [0.01, 0.02], (500, 2)), columns=["calm", "wild"])
    >>> model = ShortfallPortfolio(level=0.95).fit(returns)  # a row for each scenario
    >>> bool(model.weights_["calm"] > model.weights_["wild"]), bool(model.portfolio_.gap < 1e-6)
    (True, True)
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
        confidence(level)
        for name, value in (("limit", limit), ("aversion", aversion)):
            if value is not None:
                number("", name, value, "a number such as 0.05")
        if constraints is not None:
            checked(constraints)
        self.level, self.limit, self.aversion, self.tolerance = level, limit, aversion, tolerance
        self.constraints = constraints

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with, by name: scikit-learn's protocol, by which `clone` and a search know it."""
        return {name: getattr(self, name) for name in PARAMETERS}

    def set_params(self, **params: Any) -> "ShortfallPortfolio":
        """Change what it was made with. Raises InputError for a name there is not, and as when made."""
        for name in params:
            if name not in PARAMETERS:
                raise InputError(name, "is no parameter", ", ".join(PARAMETERS))
        self.__init__(**{**self.get_params(), **params})  # type: ignore[misc]
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator before a search; imported only when it asks."""
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def score(self, returns: Any, alpha: Any = None) -> float:
        """Minus the ES of other returns [scenario, asset] at the level: more is better.

        InputError as `predict`.
        """
        return -float(expected_shortfall(-plain("returns", self.predict(returns)), level=self.level))

    def fit(self, returns: Any, alpha: Any = None, weight: Any = None) -> "ShortfallPortfolio":
        """Solve for returns [scenario, asset], a DataFrame or an array, or for `Scenarios`.

        alpha: [asset], weight: [scenario] summing to one, both matched by name where they have names, as is
        whatever of the constraints is a Series, a dict or a DataFrame.
        InputError: returns that are not finite numbers, an alpha of other assets or without an objective to
        use it, constraints that conflict, a limit below the least ES.
        """
        scenarios = _scenarios(returns, weight)
        row = alpha
        if (row is None) != (self.limit is None and self.aversion is None):
            found = "missing" if row is None else "given, and least ES has no use for it"
            raise InputError("alpha", found, "alpha with a limit or an aversion, and only with one")
        how: dict[str, Any] = {"level": self.level, "tolerance": self.tolerance}
        usual: list[Constraint] = [Budget(), Positions()]
        limits = usual if self.constraints is None else checked(self.constraints)
        if row is None:
            found_ = minimise_shortfall(scenarios, limits, **how)
        elif self.limit is not None:
            found_ = maximise_alpha(scenarios, row, limits, limit=self.limit, **how)
        else:
            found_ = maximise_utility(scenarios, row, limits, aversion=self.aversion or 0.0, **how)
        self.portfolio_ = found_
        names = found_.names
        self.weights_ = found_.weights if names is None else pd.Series(found_.weights, names, name="weight")
        return self

    def predict(self, returns: Any) -> Any:
        """The portfolio's return in each scenario of other returns [scenario, asset], matched by name.

        [scenario], a Series for a frame. InputError: not fitted, an asset that is missing or there twice,
        values that are not finite.
        """
        self._fitted()
        held = self.portfolio_.weights
        earned = _table(returns, Axis(len(held), self.portfolio_.names)) @ held
        return pd.Series(earned, returns.index, name="return") if hasattr(returns, "columns") else earned

    def summary(self) -> pd.Series:
        """Objective, ES, VaR, alpha, cost, certificate, and the price of every bound that binds.

        InputError: not fitted.
        """
        self._fitted()
        it = self.portfolio_
        told = {
            "objective": it.objective,
            "expected_shortfall": it.expected_shortfall,
            "value_at_risk": it.value_at_risk,
            "alpha": it.alpha,
            "cost": it.cost,
            "bound": it.bound,
            "gap": it.gap,
            "assets": int((np.abs(it.weights) > NEGLIGIBLE * np.abs(it.weights).max()).sum()),
            "limit price": it.limit_price + 0.0,
        }
        prices = {
            f"{name}: {label} {side}": float(price)
            for name, part in it.sensitivity.items()
            for side in ("lower", "upper")
            for label, price in zip(part.labels, getattr(part, side), strict=True)
        }
        binding = {text: price for text, price in prices.items() if price != 0}
        warned = {"warning": it.warning} if it.warning else {}
        return pd.Series(warned | told | binding, name="portfolio")

    def _fitted(self) -> None:
        if not hasattr(self, "portfolio_"):
            raise InputError("portfolio", "is not fitted", "fit(returns) first")


def _scenarios(returns: Any, weight: Any) -> Scenarios:
    if isinstance(returns, Scenarios):
        if weight is not None:
            raise InputError("weight", "given beside scenarios, which have their own", "one of them")
        return returns
    names = returns.columns if isinstance(returns, pd.DataFrame) else None
    if names is not None and names.has_duplicates:
        raise InputError("returns", f"two columns are named {names[names.duplicated()][0]!r}", "a name each")
    table = _table(returns)
    days = returns.index if names is not None else None
    scenarios = of_returns(table.T)
    return replace(scenarios, weight=weights(weight, len(table), days), names=names)


def _table(returns: Any, fitted: Axis | None = None) -> Array:
    """[scenario, asset] as numbers; finite, and in the order of the assets `fitted` where there are some."""
    if isinstance(returns, pd.DataFrame) and fitted is not None:
        returns = returns.iloc[:, places("returns", returns.columns, fitted)]
    table = plain("returns", returns)
    if table.ndim != 2:
        raise InputError("returns", f"have shape {table.shape}", "[scenario, asset]")
    if fitted is None:
        return table
    if table.shape[1] != fitted:
        raise InputError("returns", f"{table.shape[1]} assets", f"{int(fitted)}, as fitted")
    if not np.isfinite(table).all():
        raise InputError("returns", f"{int((~np.isfinite(table)).sum())} values are not finite", "numbers")
    return table
