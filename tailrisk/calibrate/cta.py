"""A CTA's law from its realised returns: volatility, drift, tails, and what it shares with the ladder."""

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import stats

from ..core.calendar import YEAR
from ..core.errors import InputError
from ..core.names import ladder_names
from .commodities import Futures
from .ladder import Array, ladder, log_returns, observe
from .regimes import Regimes
from .switching import probabilities
from .trend import Rule, earned, positions

LEAST_DAYS = 40
CRISIS_DAYS = 10
"""Fewest crisis days a correlation is stated for."""
BLOCK = 10
DRAWS = 2000
CONFIDENCE = 0.95
SIZE = 0.05
"""A p-value below it is significant."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure and its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Cta:
    """What the returns of one window say."""

    rule: Rule
    buckets: tuple[str, ...]  # of the market, in its order
    returns: pd.Series  # [day]
    rolls: int
    volatility: Estimate  # a year
    drift: Estimate  # a year, arithmetic
    skewness: Estimate
    kurtosis: Estimate  # excess
    nu: float  # degrees of freedom of a Student t, maximum likelihood
    heavy: float  # p-value of the Gaussian against it
    correlation: tuple[Estimate, ...]  # with the ladder's factors
    bucket: tuple[Estimate, ...]  # with the buckets
    shared: float  # p-value of no loading on any factor
    crisis_days: int  # filtered probability of the last regime above a half
    crisis: tuple[Estimate, ...] | None  # correlation with the buckets on them

    @property
    def window(self) -> tuple[str, str]:
        """First and last day of return."""
        return str(self.returns.index[0].date()), str(self.returns.index[-1].date())


def fit_cta(
    futures: Futures,
    prices: pd.DataFrame,
    regimes: Path,
    rule: Rule,
    *,
    until: str,
    states: int = 4,
    shocks: str = "gaussian",
    seed: int = 0,
) -> Cta:
    """The law of the rule's returns to `until`, intervals by moving blocks (Kuensch, 1989).

    prices: closes of the buckets. regimes: a calibrated file; its model with `states` and `shocks` says which
    days are crisis. Raises InputError when fewer than LEAST_DAYS days are left.
    """
    gains = earned(futures.returns, positions(futures.returns, rule))[:until]
    rungs = pd.DataFrame(
        ladder(log_returns(prices.to_numpy())), prices.index[1:], ladder_names(tuple(prices.columns))
    ).dropna()
    days = gains.index.intersection(rungs.index)
    if len(days) < LEAST_DAYS:
        problem = f"{len(days)} days of return in common with the indices to {until}"
        raise InputError("returns", problem, f"at least {LEAST_DAYS}", "a later --until, shorter --horizons")
    y, x = gains[days].to_numpy(), rungs.loc[days].to_numpy()
    buckets = np.cumsum(x, axis=1)
    crisis = np.asarray(crisis_probability(prices, regimes, states, shocks)[days] > 0.5)
    nu, heavy = student(y)

    def interval(figure: Callable[[Array], float], rows: Array) -> Estimate:
        return bootstrap(figure, rows, seed)

    def correlations(columns: Array, chosen: Array) -> tuple[Estimate, ...]:
        pairs = [np.column_stack([y, column])[chosen] for column in columns.T]
        return tuple(interval(lambda rows: float(np.corrcoef(rows.T)[0, 1]), pair) for pair in pairs)

    return Cta(
        rule=rule,
        buckets=tuple(map(str, prices.columns)),
        returns=gains[days],
        rolls=int(futures.rolled[:until].to_numpy().sum()),
        volatility=interval(lambda r: float(r.std(ddof=1)) * math.sqrt(YEAR), y),
        drift=interval(lambda r: float(r.mean()) * YEAR, y),
        skewness=interval(lambda r: float(stats.skew(r)), y),
        kurtosis=interval(lambda r: float(stats.kurtosis(r)), y),
        nu=nu,
        heavy=heavy,
        correlation=correlations(x, np.ones(len(y), bool)),
        bucket=correlations(buckets, np.ones(len(y), bool)),
        shared=no_loading(y, x),
        crisis_days=int(crisis.sum()),
        crisis=correlations(buckets, crisis) if crisis.sum() >= CRISIS_DAYS else None,
    )


def bootstrap(figure: Callable[[Array], float], rows: Array, seed: int) -> Estimate:
    """The figure, with percentile bounds over resamples of moving blocks of BLOCK days."""
    generator, size = np.random.default_rng(seed), len(rows)
    length = min(BLOCK, max(size // 5, 1))
    starts = generator.integers(0, size - length + 1, (DRAWS, -(-size // length)))
    index = (starts[:, :, None] + np.arange(length)).reshape(DRAWS, -1)[:, :size]
    drawn = [figure(rows[one]) for one in index]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Estimate(value=figure(rows), low=float(low), high=float(high))


def student(y: Array) -> tuple[float, float]:
    """nu by maximum likelihood, and the p-value of the Gaussian, a half chi-square on one degree.

    The Gaussian is the edge 1/nu = 0, so 2 log LR is zero half of the time (Self and Liang, 1987, case 5).
    """
    z = (y - y.mean()) / y.std()
    nu, place, scale = stats.t.fit(z)
    ratio = 2 * (stats.t.logpdf(z, nu, place, scale).sum() - stats.norm.logpdf(z).sum())
    return float(nu), float(0.5 * stats.chi2.sf(ratio, 1)) if ratio > 0 else 1.0


def no_loading(y: Array, x: Array) -> float:
    """p-value that y loads on no column of x: Wald's test with White's (1980) errors."""
    x = np.column_stack([np.ones(len(y)), x])
    bread = np.linalg.inv(x.T @ x)
    loading = bread @ x.T @ y
    error = y - x @ loading
    spare = len(y) - x.shape[1]
    covariance = bread @ (x.T * error**2) @ x @ bread * len(y) / spare
    wald = loading[1:] @ np.linalg.solve(covariance[1:, 1:], loading[1:])
    return float(stats.f.sf(wald / (x.shape[1] - 1), x.shape[1] - 1, spare))


def crisis_probability(prices: pd.DataFrame, path: Path, states: int, shocks: str) -> pd.Series:
    """Filtered probability of the last regime on each day of return. Raises InputError without the model."""
    try:
        models = tomllib.loads(Path(path).read_text(encoding="utf-8"))["model"]
        model = next(m for m in models if (m["states"], m["shocks"]) == (states, shocks))
    except (OSError, ValueError, KeyError, StopIteration):
        problem = f"no calibrated model with {states} states and {shocks!r} shocks"
        raise InputError(str(path), problem, "a file that `tailrisk calibrate` wrote") from None
    student = shocks == "student"
    nu = float(model.get("nu", np.inf))
    scale = np.array(model["covariance"]) * ((nu - 2) / nu if student else 1.0)
    known = Regimes(
        transition=jnp.asarray(np.array(model["transition"])),
        mean=jnp.asarray(np.array(model["mean"])),
        scale=jnp.asarray(scale),
        nu=jnp.asarray(nu),
        student=student,
    )
    chance = probabilities(observe(log_returns(prices.to_numpy())), known)[1]
    return pd.Series(np.asarray(chance)[:, -1], prices.index[1:])
