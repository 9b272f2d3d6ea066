"""`tailrisk backtest`: from a file of closes to a result folder that says how the forecasts did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...calibrate.fit import windowed
from ...calibrate.ladder import log_returns
from ...config import Config
from ...core import disk
from ...core.errors import InputError
from ...core.names import Names
from ...data.prices import digest, read_prices
from ...record import provenance
from ...record.files import write_csv, write_parquet
from ...record.store import replacing, write_record
from ...report import study as of_study
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from . import page, pictures
from .forecast import Forecasts, Plan, forecasts
from .judge import every, judged, ranking
from .simple import LEAST
from .targets import Target, gains, losses, pictured, targets

Array = NDArray[Any]

STILL = 1e-10
"""Daily gains within this of each other are one number and rounding."""
FORECASTS = "forecasts.parquet"
REGIMES = "regime_"
"""Columns of it that begin so are chances of regimes before the day, of the memory process if asked for."""
PERIODS = {"year": "Y", "quarter": "Q", "month": "M"}
"""How often models are fitted again."""


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything known of the market up to the last day, and what was asked of it."""

    when: pd.DatetimeIndex  # [row]
    returns: Array  # [row, bucket]  log
    gain: Array  # [row, target]
    plan: Plan

    @property
    def days(self) -> pd.DatetimeIndex:
        """The days forecast."""
        return self.when[self.plan.days]

    def loss(self) -> dict[int, Array]:
        """What came, by horizon: [day, target], NaN where the days after the last would be needed."""
        return {h: losses(self.gain, h)[self.plan.days] for h in self.plan.horizons}


def backtest(
    data: Path,
    config: Config,
    *,
    first: str,
    last: str,
    levels: tuple[str, ...],
    horizons: tuple[int, ...],
    refit: str,
    states: tuple[int, ...],
    shocks: tuple[str, ...],
    starts: int,
    seed: int,
    output: Path,
    force: bool,
    command: str,
    progress: Callable[[float, str], None],
    memory: bool = False,
    accept: Sequence[str] = (),
    daily: bool = False,
) -> Path:
    """Forecast every day from `first` to `last`, judge, write and return the folder `output`.

    memory: whether the memory process is among the models. accept: what may be odd about the data, of
    data.daily.KINDS. daily: whether every day's forecasts and losses are written too (forecasts.parquet),
    with the chances of the memory process's regimes before the day.

    Raises InputError for a folder in the way, or data that cannot carry the forecasts.
    """
    with replacing(output, force=force) as folder:
        aims = targets(config)
        when, returns, gain = history(data, aims, last, config.names, accept)
        days = np.flatnonzero(when >= pd.Timestamp(first))
        asked = Plan(
            aims=aims,
            days=days,
            refits=days[calendar(when[days], refit)],
            horizons=horizons,
            levels=levels,
            states=states,
            shocks=shocks,
            starts=starts,
            seed=seed,
            memory=memory,
            pictured=pictured(config.names),
        )
        known = History(when=when, returns=returns, gain=gain, plan=asked)
        enough(data, known, first)
        with jax.enable_x64(True):
            made = forecasts(asked, returns, gain, progress)
        write(known, made, folder, _said(output.name, command, data, config, refit, known, made))
        if daily:
            write_parquet(by_day(known, made), folder / FORECASTS)
    return output


def by_day(known: History, made: Forecasts) -> pd.DataFrame:
    """A row per horizon, level, model, series and day, as `tailrisk monitor` reads it."""
    loss = known.loss()
    came_on = {h: np.flatnonzero(np.isfinite(loss[h]).all(axis=1)) for h in loss}
    chances = np.empty((len(known.days), 0)) if made.regimes is None else made.regimes
    parts = [
        pd.DataFrame(
            {
                "date": known.days[came_on[horizon]],
                "horizon": horizon,
                "level": float(level),
                "model": model,
                "product": known.plan.aims[t].name,
                "loss": came,
                "value_at_risk": var,
                "expected_shortfall": es,
                **{f"{REGIMES}{k}": chance for k, chance in enumerate(chances[came_on[horizon]].T)},
            }
        )
        for horizon, level, model, t, (came, var, es) in every(known.plan, made, loss)
    ]
    return pd.concat(parts, ignore_index=True)


def _said(
    name: str, command: str, data: Path, config: Config, refit: str, known: History, made: Forecasts
) -> dict[str, Any]:
    """What the record says."""
    asked = known.plan
    return {
        "name": name,
        **config.report.recorded,
        "question": "Would the forecasts of tail losses have held, day by day, beside the usual ones?",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "data_sha256": digest(data),
        "config_sha256": config.digest(),
        "days": [str(known.days[0].date()), str(known.days[-1].date()), len(asked.days)],
        "refit": refit,
        "refits": [str(day.date()) for day in known.when[asked.refits]],
        "garch_fits_not_converged": made.unconverged,
        "starts": asked.starts,
        "seed": asked.seed,
    }


def history(
    data: Path, aims: tuple[Target, ...], last: str, names: Names, accept: Sequence[str] = ()
) -> tuple[pd.DatetimeIndex, Array, Array]:
    """(days, log returns [row, bucket], gains [row, target]) up to `last`; refuses a gap in a gain."""
    closes = read_prices(data, names=names, until=last, accept=accept)
    prices = windowed(data, closes, None, last, names)
    returns = log_returns(prices.to_numpy())
    gain = gains(aims, returns)
    when = pd.DatetimeIndex(prices.index[1:])
    for aim, column in zip(aims, gain.T, strict=True):
        known = np.isfinite(column)
        begun = np.maximum.accumulate(known)
        if (begun & ~known).any():
            day = when[int((begun & ~known).argmax())].date()
            raise InputError(
                f"{data}: {day}", f"no return of {aim.name} ({aim.label})", "no gap once a series has begun"
            )
    return when, returns, gain


def calendar(days: pd.DatetimeIndex, refit: str) -> Array:
    """Positions of the days on which a new year, quarter or month begins; the first day is one."""
    period = days.to_period(PERIODS[refit])
    return np.flatnonzero(np.append(True, period[1:] != period[:-1]))[: len(days)]


def enough(data: Path, known: History, first: str) -> None:
    """Refuse a first day without LEAST gains of every target before it, or without days after it."""
    if len(known.plan.days) <= max(known.plan.horizons) + 1:
        problem = f"{len(known.plan.days)} days from {first} to {known.when[-1].date()}"
        raise InputError("--from", problem, f"more than {max(known.plan.horizons) + 1} days to judge")
    for aim, column in zip(known.plan.aims, known.gain.T, strict=True):
        moves(aim, column[: known.plan.days[0]], first)
        rows = np.flatnonzero(np.isfinite(column))
        before = int((rows < known.plan.days[0]).sum())
        if before < LEAST:
            start = known.when[rows[LEAST]].date() if len(rows) > LEAST else "none"
            raise InputError(
                "--from",
                f"{before} days of {aim.name} before {first} in {data}",
                f"at least {LEAST} to forecast from: {start} or later",
            )


def moves(aim: Target, past: Array, first: str) -> None:
    """Refuse a target whose gains never differ before the first day: no model has a scale to fit.

    A fund that holds its own benchmark is one, and a spread of two series that are one.
    """
    seen = past[np.isfinite(past)]
    if len(seen) and np.ptp(seen) <= STILL:
        raise InputError(
            aim.name,
            f"the gain of {aim.label} never moves before {first}: {seen[-1]:.3g} every day",
            "a book that differs from its benchmark, two series that differ",
            "take the product out of the config, or change its weights",
        )


def write(known: History, made: Forecasts, folder: Path, record: dict[str, Any]) -> None:
    """table.csv (every test), ranking.csv, the pictures, README.md and, last, record.json."""
    loss, say = known.loss(), Say.of(record)
    table = judged(known.plan, made, loss)
    ranks = ranking(known.plan, table, made, loss)
    for name, frame in (("table", table), ("ranking", ranks)):
        write_csv(frame, folder / f"{name}.csv", digits="%.6g", missing="")
    with printing(folder, BOTH):
        disk.write(folder / "exceedances.svg", pictures.exceedances(known.plan, known.days, made, loss, say))
        disk.write(folder / "coverage.svg", pictures.coverage(known.plan, table, say))
    disk.write(folder / "README.md", page.page(known.plan, table, ranks, record))
    write_record(folder, {**record, **provenance.stamp()})
    of_study.write(folder)
