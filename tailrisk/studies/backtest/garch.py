"""GARCH(1,1): volatility that follows its own shocks, with Student-t shocks or their empirical tail.

y_t = m + e_t,  e_t = s_t z_t,  s_t^2 = w + a e_{t-1}^2 + b s_{t-1}^2      Bollerslev (1987)

fitted by `arch`. The second keeps the fit and takes z from the residuals, beyond their worst tenth from a
generalised Pareto law (McNeil & Frey 2000).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from arch import arch_model
from numpy.typing import NDArray
from scipy import stats
from scipy.signal import lfilter

from ...tail.extreme import fit_pareto
from ...tail.heavy import FEWEST
from ...tail.sample import exact_level
from ...tail.shortfall import tail_of

Array = NDArray[Any]

PERCENT = 100.0
"""`arch` climbs on returns in percent."""
WORST = 0.1
"""Share of residuals beyond the threshold of the generalised Pareto tail."""
PATHS = 20_000
GRID = np.geomspace(0.15, 12.0, 24)
"""Today's volatility over the long run's, at which horizons of many days are simulated."""


@dataclass(frozen=True, kw_only=True)
class Garch:
    """A fit to the gains before a row; in fractions per day."""

    mean: float
    base: float  # w
    news: float  # a
    memory: float  # b
    nu: float
    long_run: float  # volatility of the days fitted
    residuals: Array  # [day]
    converged: bool

    def volatility(self, gain: Array) -> Array:
        """s_t [row] of gains [row] without a gap: each day's from the days before it."""
        shock = np.append(self.long_run**2, (gain[:-1] - self.mean) ** 2)
        drive = self.base + self.news * shock
        start = np.array([self.memory * self.long_run**2])
        return np.sqrt(lfilter([1.0], [1.0, -self.memory], drive, zi=start)[0])


def fit(gain: Array) -> Garch:
    """Maximum likelihood on gains [day] without a gap."""
    scale = PERCENT
    model = arch_model(scale * gain, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    fit = model.fit(disp="off", show_warning=False)
    m, w, a, b, nu = (float(fit.params[name]) for name in ("mu", "omega", "alpha[1]", "beta[1]", "nu"))
    bare = Garch(
        mean=m / scale,
        base=w / scale**2,
        news=a,
        memory=b,
        nu=nu,
        long_run=float(gain.std()),
        residuals=np.empty(0),
        converged=fit.convergence_flag == 0,
    )
    residuals = (gain - bare.mean) / bare.volatility(gain)
    return replace(bare, residuals=residuals)


@dataclass(frozen=True)
class Shock:
    """The law of z: VaR and ES of -z at an upper probability, and z at uniforms."""

    tail: Callable[[float], tuple[float, float]]
    quantile: Callable[[Array], Array]


def student_shock(garch: Garch) -> Shock:
    """Student-t with variance one."""
    nu, unit = garch.nu, np.sqrt((garch.nu - 2) / garch.nu)

    def tail(share: float) -> tuple[float, float]:
        z = float(stats.t.isf(share, nu))
        return unit * z, unit * float(stats.t.pdf(z, nu)) * (nu + z * z) / (nu - 1) / share

    return Shock(tail, lambda uniform: unit * stats.t.ppf(uniform, nu))


def pareto_shock(garch: Garch) -> Shock:
    """The residuals themselves, their worst tenth (32 at least) by a generalised Pareto law."""
    loss = -garch.residuals
    worst = max(WORST, (FEWEST + 2) / len(loss))
    fit = fit_pareto(loss, threshold=float(np.quantile(loss, 1 - worst)))

    def tail(share: float) -> tuple[float, float]:
        level = 1 - Fraction(str(share))
        if share >= fit.exceed:
            seen = tail_of(loss, None, level)
            return seen.value_at_risk, seen.expected_shortfall
        return fit.value_at_risk(level), fit.expected_shortfall(level)

    def quantile(uniform: Array) -> Array:
        rare = np.minimum(uniform, fit.exceed)
        beyond = fit.threshold + fit.scale / fit.shape * ((fit.exceed / rare) ** fit.shape - 1)
        return np.where(uniform < fit.exceed, -beyond, np.quantile(garch.residuals, uniform))

    return Shock(tail, quantile)


def forecast(
    garch: Garch, shock: Shock, volatility: Array, horizon: int, levels: tuple[str, ...]
) -> tuple[Array, Array]:
    """VaR and ES [level, day] over `horizon` days, given each first day's volatility [day].

    One day in closed form. More by simulation from a grid of first volatilities, interpolated in their logs:
    PATHS paths each, the same shocks for every volatility, so that days differ by their volatility alone.
    """
    shares = [float(1 - exact_level(level)) for level in levels]
    if horizon == 1:
        unit = np.array([shock.tail(share) for share in shares])
        return tuple(-garch.mean + np.outer(column, volatility) for column in unit.T)  # type: ignore[return-value]
    uniform = np.random.default_rng(20240205).random((horizon, PATHS))
    simulated = over_days(garch, shock.quantile(uniform), levels)
    here = np.log(volatility / garch.long_run)
    var, es = (
        np.array([np.interp(here, np.log(GRID), row) for row in table]) * volatility
        for table in np.moveaxis(simulated, 2, 0)
    )
    return var, es


def over_days(garch: Garch, shock: Array, levels: tuple[str, ...]) -> Array:
    """VaR and ES of the sum of days, over the first day's volatility: [level, grid, 2] of z [day, path]."""
    out = np.empty((len(levels), len(GRID), 2))
    for i, ratio in enumerate(GRID):
        first = ratio * garch.long_run
        variance, total = np.full(shock.shape[1], first**2), np.zeros(shock.shape[1])
        for z in shock:
            step = np.sqrt(variance) * z
            total += garch.mean + step
            variance = garch.base + garch.news * step**2 + garch.memory * variance
        for j, level in enumerate(levels):
            tail = tail_of(-total, None, exact_level(level))
            out[j, i] = tail.value_at_risk / first, tail.expected_shortfall / first
    return out
