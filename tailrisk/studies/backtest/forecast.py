"""Every model's VaR and ES for every day, target and horizon, each from the days before it alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...calibrate.rolling import Stretch, rolling
from ...tail.sample import exact_level
from . import garch, memory, simple
from .sums import Day, sums
from .targets import Target

Array = NDArray[Any]
Tell = Callable[[float, str], None]

BASELINES = ("hs_250", "hs_500", "normal_250", "ewma", "student", "garch_t", "garch_pot")
"""History of 250 and 500 days; Gaussian of 250 days; RiskMetrics; Student-t; GARCH-t; its Pareto tail."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is forecast, when, and by what."""

    aims: tuple[Target, ...]
    days: Array  # [day]  rows that are forecast
    refits: Array  # [refit]  rows from which a new fit speaks; the first is days[0]
    horizons: tuple[int, ...]
    levels: tuple[str, ...]
    states: tuple[int, ...]
    shocks: tuple[str, ...]
    starts: int
    seed: int
    memory: bool = False  # whether the memory process is among the models
    pictured: str = ""  # name of the target that pictures show; the first where it is none

    @property
    def models(self) -> tuple[str, ...]:
        """Baselines, the regime models, then memory."""
        switching = (f"{shock}_k{k}" for shock in self.shocks for k in self.states)
        return (*BASELINES, *switching, *(["memory"] if self.memory else []))

    @property
    def segments(self) -> list[tuple[int, int]]:
        """First and last-plus-one row of each refit's days."""
        return list(pairwise([*(int(row) for row in self.refits), int(self.days[-1]) + 1]))


@dataclass(frozen=True)
class Forecasts:
    """VaR and ES of log losses; all of them positive numbers unless a model expects a gain even then."""

    value_at_risk: Array  # [model, horizon, level, target, day]
    expected_shortfall: Array  # [model, horizon, level, target, day]
    unconverged: int  # GARCH fits whose climb did not converge; the fit before was kept
    regimes: Array | None = None  # [day, regime]  chances before the day, of the memory process if asked for


def forecasts(plan: Plan, returns: Array, gain: Array, tell: Tell) -> Forecasts:
    """All of them. returns [row, bucket] log returns, gain [row, target]; rows before days[0] are past."""
    shape = (2, len(plan.models), len(plan.horizons), len(plan.levels), len(plan.aims), len(plan.days))
    out = np.full(shape, np.nan)
    work = len(plan.models) + 2
    for t, aim in enumerate(plan.aims):
        tell(2 * t / len(plan.aims) / work, f"history, {aim.name}")
        for h, horizon in enumerate(plan.horizons):
            for m, pair in enumerate(by_history(gain[:, t], plan, horizon)):
                out[:, m, h, :, t] = pair
    unconverged = 0
    for t, aim in enumerate(plan.aims):
        tell((2 + 2 * t / len(plan.aims)) / work, f"GARCH, {aim.name}")
        out[:, 5:7, :, :, t], failed = by_garch(gain[:, t], plan)
        unconverged += failed
    for m, (shock, k) in enumerate((shock, k) for shock in plan.shocks for k in plan.states):
        tell((4 + m) / work, f"{k} regimes, {shock}")
        out[:, len(BASELINES) + m] = by_regimes(returns, plan, k, shock)
    chances = None
    if plan.memory:
        tell((work - 1) / work, "memory")
        out[:, -1], chances = by_memory(returns, plan)
    return Forecasts(out[0], out[1], unconverged, chances)


def by_history(gain: Array, plan: Plan, horizon: int) -> Iterator[simple.Forecast]:
    """The first five models of one target, [level, day] each."""
    yield simple.historical(gain, plan.days, horizon, plan.levels, 250)
    yield simple.historical(gain, plan.days, horizon, plan.levels, 500)
    yield simple.gaussian(gain, plan.days, horizon, plan.levels, 250)
    yield simple.riskmetrics(gain, plan.days, horizon, plan.levels)
    parts = [
        simple.student(gain, np.arange(first, end), horizon, plan.levels) for first, end in plan.segments
    ]
    yield np.hstack([var for var, _ in parts]), np.hstack([es for _, es in parts])


def by_garch(gain: Array, plan: Plan) -> tuple[Array, int]:
    """GARCH-t and its Pareto tail for one target [2, model, horizon, level, day], and fits that failed."""
    begin = int(np.isfinite(gain).argmax())
    parts, kept, failed = [], None, 0
    for first, end in plan.segments:
        found = garch.fit(gain[begin:first])
        failed += not found.converged
        kept = found if found.converged or kept is None else kept
        volatility = kept.volatility(gain[begin:end])[first - begin :]
        shocks = garch.student_shock(kept), garch.pareto_shock(kept)
        parts.append(
            [
                [garch.forecast(kept, shock, volatility, h, plan.levels) for h in plan.horizons]
                for shock in shocks
            ]
        )
    return np.moveaxis(np.concatenate(parts, axis=-1), 2, 0), failed


def by_regimes(returns: Array, plan: Plan, states: int, shock: str) -> Array:
    """One regime model for all targets [2, horizon, level, target, day]."""
    stretches = rolling(
        returns[: int(plan.days[-1]) + 1],
        [int(row) for row in plan.refits],
        states=states,
        shocks=shock,
        number=plan.starts,
        seed=plan.seed,
    )
    return np.concatenate([mixed(stretch, plan) for stretch in stretches], axis=-1)


def by_memory(returns: Array, plan: Plan) -> tuple[Array, Array]:
    """The memory process for all targets [2, horizon, level, target, day], and its regimes [day, regime]."""
    shares = [float(1 - exact_level(level)) for level in plan.levels]
    slopes = np.array([aim.slope for aim in plan.aims])
    parts, chances = [], []
    past = returns[: int(plan.days[-1]) + 1]
    for stretch in memory.stretches(past, [int(row) for row in plan.refits], plan.starts, plan.seed):
        part = np.empty((2, len(plan.horizons), len(shares), len(slopes), stretch.end - stretch.first))
        for h, horizon in enumerate(plan.horizons):
            if horizon == 1:
                for t, slope in enumerate(slopes):
                    part[:, h, :, t] = memory.one_day(stretch, slope, shares)
            else:
                part[:, h] = memory.over_days(stretch, slopes, horizon, shares, plan.seed)
        parts.append(part)
        chances.append(memory.ahead(stretch))
    return np.concatenate(parts, axis=-1), np.concatenate(chances)


def mixed(stretch: Stretch, plan: Plan) -> Array:
    """VaR and ES under one fit [2, horizon, level, target, day]: the mixture over the first day's regime."""
    regimes = stretch.regimes
    ladder = np.tril(np.ones((regimes.mean.shape[-1],) * 2))  # log return = ladder @ factors
    shares = [float(1 - exact_level(level)) for level in plan.levels]
    out = np.empty((2, len(plan.horizons), len(shares), len(plan.aims), len(stretch.chance)))
    for t, aim in enumerate(plan.aims):
        slope = aim.slope @ ladder
        law = Day(
            transition=np.asarray(regimes.transition),
            mean=np.asarray(regimes.mean) @ slope,
            scale=np.sqrt(np.einsum("i,kij,j->k", slope, np.asarray(regimes.scale), slope)),
            nu=float(regimes.nu) if regimes.student else None,
        )
        for h, horizon in enumerate(plan.horizons):
            summed = sums(law, horizon)
            for a, share in enumerate(shares):
                out[:, h, a, t] = summed.tail(stretch.chance, share)
    return out
