"""The filter of the memory process, fitted factor by factor by Student likelihood, with standard errors.

Each factor's phi, four weights, leverage, scale of its residual and degrees of freedom: eight numbers. Its
mean and variance v are those of its days (variance targeting: Engle and Mezrich, 1996); what is set before is
in `Constants`. The weight of the long run is FLOOR or more: without it the process is nearly integrated.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from scipy.optimize import minimize

from ..core.errors import InputError
from ..core.units import Flag, LogReturn, Ratio
from ..market.memory import COMMON, DECAYS, TREND
from .ladder import Array

FLOOR = 0.05
"""Least weight of a factor's long-run variance."""
CAP = 4.0
"""Most deviations a day's volatility may be of the long run's."""
KAPPA = 0.5
"""Share of a spread's trend, an average over a hundred days, that a day is expected to go on with."""
LEAST = 250
"""Days a factor is seen, to be fitted."""
NAMES = ("phi", "w_0.80", "w_0.94", "w_0.99", "w_common", "leverage", "scale", "inverse_nu")
BOUNDS = ((-0.5, 0.5), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (-0.9, 0.9), (0.3, 3.0), (1e-3, 0.45))
STARTS = (
    (0.05, 0.15, 0.35, 0.25, 0.15, 0.05, 0.85, 0.15),
    (0.05, 0.05, 0.70, 0.10, 0.05, 0.0, 0.85, 0.20),
)
BLOCK = 1024
STEP = 1e-4
"""A parameter this close to a bound sits on it and has no error."""


@dataclass(frozen=True, kw_only=True)
class Constants:
    """What is set before a fit. Raises InputError for what no fit could take."""

    kappa: float = KAPPA
    floor: float = FLOOR
    cap: float = CAP
    decays: tuple[float, float, float] = DECAYS  # of E
    common: float = COMMON  # of C
    trend: float = TREND  # of D

    def __post_init__(self) -> None:
        """Refuse a decay, floor, cap or kappa that is none."""
        for name, value in (
            ("common", self.common),
            ("trend", self.trend),
            *(("decays", x) for x in self.decays),
        ):
            if not 0 < value < 1:
                raise InputError(name, f"{value}", "a decay a day, above 0 and below 1")
        if len(self.decays) != len(DECAYS):
            raise InputError("decays", f"{self.decays}", f"{len(DECAYS)} of them")
        if not 0 <= self.floor < 1:
            raise InputError("floor", f"{self.floor}", "a weight, 0 or more and below 1")
        if not self.cap > 1:
            raise InputError("cap", f"{self.cap}", "above 1 deviation of the long run")
        if not 0 <= self.kappa <= 1:
            raise InputError("kappa", f"{self.kappa}", "between 0 and 1")

    @property
    def rates(self) -> Ratio | None:
        """Decays of E, decay of D, and the cap, as `run` takes them [5]; None for the module's own.

        Those are constants of the compiled program, whose last bits depend on that; others are arguments, so
        that one program fits all of them.
        """
        asked = (*self.decays, self.trend, self.cap)
        return None if asked == (*DECAYS, TREND, CAP) else jnp.asarray(asked)


TODAY = Constants()
"""Those of every shipped file."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted filter; arrays by factor, per day."""

    mean: Array  # [factor]
    variance: Array  # [factor]  v
    kappa: Array  # [factor]
    value: Array  # [factor, parameter]  in the order of NAMES
    error: Array  # [factor, parameter]  standard errors; NaN on a bound
    log_likelihood: float
    days: Array  # [factor]  days seen
    constants: Constants = TODAY


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """The filter run over data."""

    residual: Array  # [day, factor]  NaN where the factor is missing
    centre: Array  # [day, factor]  expected the evening before, of f - m
    deviation: Array  # [day, factor]
    square: Array  # [day, horizon, factor]  after each day
    common: Array  # [day]
    trend: Array  # [day, factor]
    last: Array  # [day, factor]


def common(moved: Array, variance: Array, decay: float = COMMON) -> Array:
    """C after each day [day]: the mean, with that decay, of f^2 / v over the factors seen, from one.

    moved [day, factor] is f - m, NaN where missing; variance [factor].
    """
    seen = np.isfinite(moved)
    ratio = np.where(seen, moved, 0.0) ** 2 / variance
    size = ratio.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    out, now = np.empty(len(size)), 1.0
    for t, (one, any_) in enumerate(zip(size, np.atleast_1d(seen.any(axis=1)), strict=True)):
        now = decay * now + (1 - decay) * one if any_ else now
        out[t] = now
    return out


Carry = tuple[Ratio, Ratio, Ratio]
Arguments = tuple[LogReturn, Flag, Ratio, Ratio, Ratio | None]
"""Of `cost` after theta."""


@partial(jax.jit, static_argnames="unroll")
def run(
    theta: Ratio,
    moved: LogReturn,
    seen: Flag,
    shared: Ratio,
    kappa: Ratio,
    rates: Ratio | None,
    *,
    unroll: int = 8,
) -> tuple[Ratio, ...]:
    """One factor in units of its deviation: (centre, deviation, E [day, horizon], D, last), after each day.

    theta [parameter]; moved and seen [day]; shared [day] is C on the evening before; rates [5] as in
    `Constants.rates`.
    """
    phi, w1, w2, w3, w4, g = theta[:6]
    decay, slow, cap = (jnp.asarray(DECAYS), TREND, CAP) if rates is None else (rates[:3], rates[3], rates[4])

    def day(carry: Carry, today: tuple[Ratio, Flag, Ratio]) -> tuple[Carry, tuple[Ratio, ...]]:
        square, trend, last = carry
        move, there, c = today
        d = kappa * trend
        centre = d + phi * (last - d)
        variance = 1 - w1 - w2 - w3 - w4 + w1 * square[0] + w2 * square[1] + w3 * square[2] + w4 * c
        deviation = jnp.sqrt(jnp.clip(variance, 1e-4, cap**2))
        gap = move - centre
        news = gap * gap * (1 - g * jnp.sign(gap))
        after = (decay * square + (1 - decay) * news, slow * trend + (1 - slow) * move, move)
        kept = jax.tree.map(lambda new, old: jnp.where(there, new, old), after, carry)
        return kept, (centre, deviation, *kept)

    start = (jnp.ones(len(DECAYS)), jnp.zeros(()), jnp.zeros(()))
    return jax.lax.scan(day, start, (moved, seen, shared), unroll=unroll)[1]


def densities(
    theta: Ratio,
    moved: LogReturn,
    seen: Flag,
    shared: Ratio,
    kappa: Ratio,
    rates: Ratio | None,
    *,
    unroll: int = 8,
) -> Ratio:
    """Log density [day] of a factor in units of its deviation, u = e / s a t of scale theta[6]."""
    centre, deviation, *_ = run(theta, moved, seen, shared, kappa, rates, unroll=unroll)
    scale, inverse = theta[6], theta[7]
    nu = 1 / inverse
    z = (moved - centre) / (deviation * scale)
    height = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * jnp.log(nu * jnp.pi)
    return height - (nu + 1) / 2 * jnp.log1p(z * z * inverse) - jnp.log(deviation * scale)


def cost(
    theta: Ratio, moved: LogReturn, seen: Flag, shared: Ratio, kappa: Ratio, rates: Ratio | None
) -> Ratio:
    """Minus the log likelihood of a factor in units of its deviation."""
    return -jnp.where(seen, densities(theta, moved, seen, shared, kappa, rates), 0.0).sum()


_slope = jax.jit(jax.value_and_grad(cost))
_bend = jax.jit(jax.hessian(cost))


def fit(
    factors: Array,
    *,
    with_errors: bool = True,
    shared: Array | None = None,
    constants: Constants = TODAY,
) -> Fit:
    """The filter of factors [day, factor], NaN where missing. Raises InputError for one seen too seldom.

    shared [day]: the common variance on each evening before; of the factors themselves unless given.
    """
    count = factors.shape[1]
    days = np.isfinite(factors).sum(axis=0)
    if days.min() < LEAST:
        raise InputError("factors", f"one is seen on {days.min()} days", f"at least {LEAST} days of each")
    mean, variance = np.nanmean(factors, axis=0), np.nanvar(factors, axis=0)
    kappa = np.full(count, constants.kappa)
    moved = factors - mean
    if shared is None:
        kappa[0] = 0.0
        shared = np.append(1.0, common(moved, variance, constants.common)[:-1])
    value, error, height = np.empty((count, 8)), np.empty((count, 8)), 0.0
    for i in range(count):
        unit = moved[:, i] / np.sqrt(variance[i])
        args = _arguments(unit, shared, float(kappa[i]), constants)
        value[i], lowest = best(args, constants.floor)
        bend = np.asarray(_bend(jnp.asarray(value[i]), *args)) if with_errors else np.full((8, 8), np.nan)
        error[i] = errors(value[i], bend, constants.floor)
        height -= lowest + 0.5 * days[i] * np.log(variance[i])
    return Fit(
        mean=mean,
        variance=variance,
        kappa=kappa,
        value=value,
        error=error,
        log_likelihood=height,
        days=days,
        constants=constants,
    )


def best(args: Arguments, floor: float = FLOOR) -> tuple[Array, float]:
    """The cheapest parameters from every start, and their cost; weights sum to 1 - floor at most."""
    room = {"type": "ineq", "fun": lambda x: 1 - floor - x[1:5].sum(), "jac": lambda x: _SUM}

    def height(x: Array) -> tuple[float, Array]:
        value, slope = _slope(jnp.asarray(x), *args)
        return float(value), np.asarray(slope)

    found = [
        minimize(
            height, start, jac=True, bounds=BOUNDS, constraints=[room], method="SLSQP", options={"ftol": 1e-7}
        )
        for start in STARTS
    ]
    chosen = min(found, key=lambda one: one.fun)
    low, high = np.array(BOUNDS).T
    return np.clip(chosen.x, low, high), float(chosen.fun)


_SUM = -np.array([0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])


def errors(value: Array, bend: Array, floor: float = FLOOR) -> Array:
    """Standard errors from the observed information, along what no bound holds; NaN on a bound.

    value [parameter], bend [parameter, parameter]; floor under the weight of the long run.
    """
    low, high = np.array(BOUNDS).T
    free = (value > low + STEP) & (value < high - STEP)
    basis = np.eye(8)[:, free]
    if value[1:5].sum() > 1 - floor - STEP and (_SUM[free] != 0).any():  # the floor binds: move along it
        across = _SUM[free] / np.linalg.norm(_SUM[free])
        turned = np.linalg.svd(across[None])[2][1:]  # directions that keep the sum
        basis = basis @ turned.T
    inner = basis.T @ bend @ basis
    try:
        covariance = basis @ np.linalg.inv(inner) @ basis.T
    except np.linalg.LinAlgError:
        return np.full(8, np.nan)
    diagonal = np.diag(covariance)
    return np.where(free & (diagonal > 0), np.sqrt(np.maximum(diagonal, 0.0)), np.nan)


def filtered(fit: Fit, factors: Array, *, shared: Array | None = None) -> Filtered:
    """The filter over factors [day, factor], the days of the fit and any after them."""
    moved, unit = factors - fit.mean, np.sqrt(fit.variance)
    after = common(moved, fit.variance, fit.constants.common)
    shared = np.append(1.0, after[:-1]) if shared is None else shared
    parts, size = [], len(factors)
    for i, s in enumerate(unit):
        args = _arguments(moved[:, i] / s, shared, float(fit.kappa[i]), fit.constants)
        parts.append([np.asarray(x)[:size] for x in run(jnp.asarray(fit.value[i]), *args)])
    centre, deviation, trend, last = (
        np.column_stack([part[k] for part in parts]) * unit for k in (0, 1, 3, 4)
    )
    square = np.stack([part[2] for part in parts], axis=-1) * fit.variance
    return Filtered(
        residual=(moved - centre) / deviation,
        centre=centre,
        deviation=deviation,
        square=square,
        common=after,
        trend=trend,
        last=last,
    )


def _arguments(unit: Array, shared: Array, kappa: float, constants: Constants = TODAY) -> Arguments:
    """The days, followed by unseen ones up to a multiple of BLOCK, so that programs are compiled once."""
    blank = (0, -len(unit) % BLOCK)
    unit, shared = np.pad(unit, blank, constant_values=np.nan), np.pad(shared, blank, mode="edge")
    seen = np.isfinite(unit)
    moved = jnp.asarray(np.where(seen, unit, 0.0))
    return moved, jnp.asarray(seen), jnp.asarray(shared), jnp.asarray(kappa), constants.rates
