"""Memory and the law of what is left, fitted to one window: the [memory] block of a calibrated file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import InputError
from ..core.names import Names, home
from . import memory
from .ladder import Array
from .memory import NAMES, TODAY, Constants, Filtered, Fit
from .residuals import fit_residuals
from .switching import Switching
from .targeting import targeted

YEAR_BEFORE = 250
"""Days before the last at which a simulated warm-up starts."""
STRESS = 2.0
"""Common variance over its mean from which the market is in stress."""


@dataclass(frozen=True, kw_only=True)
class Law:
    """The filter, its run over the window, and the regimes of the residuals."""

    fit: Fit
    filtered: Filtered
    residuals: Switching
    limit: tuple[float, ...] | None  # [bucket]
    long_run: Array  # [factor]  what w_0 multiplies
    rows: Array | None = None  # [row, factor]  residuals that are drawn in place of the regimes'


def fit_law(
    factors: Array,
    *,
    limit: tuple[float, ...] | None = None,
    states: int = 2,
    shocks: str = "student",
    starts: int = 4,
    seed: int = 0,
    with_errors: bool = True,
    progress: Callable[[int], None] = lambda step: None,
    constants: Constants = TODAY,
    most_nu: float | None = None,
    rows: Callable[[Switching, Array], Array] | None = None,
    with_long_run: bool = True,
) -> Law:
    """The law of factors [day, factor]; limit [bucket] of a day's simple move. Raises InputError.

    constants: what is set before. most_nu: most degrees of freedom of the residuals. rows: makes residuals
    [row, factor] that are drawn in place of the regimes', of the regimes and the residuals [day, factor].
    Without the long run, that of days ahead is the window's variance, as in the filter.
    """
    found = memory.fit(factors, with_errors=with_errors, constants=constants)
    run = memory.filtered(found, factors)
    law = fit_residuals(
        run.residual,
        states=states,
        shocks=shocks,
        number=starts,
        seed=seed,
        with_errors=with_errors,
        progress=progress,
        most_nu=most_nu,
    )
    table = None if rows is None else rows(law, run.residual)
    wide = targeted(found, law, limit, len(factors), seed, table) if with_long_run else found.variance
    return Law(fit=found, filtered=run, residuals=law, limit=limit, long_run=wide, rows=table)


def limits(text: str | None, names: Names | None = None) -> tuple[float, ...] | None:
    """Daily price limits by bucket from "0.1" or a number each. Raises InputError for what is no limit."""
    buckets = (names or home()).buckets
    if text is None:
        return None
    allowed = f"one fraction between 0 and 1, or one for each of {', '.join(buckets)}, such as 0.1"
    try:
        said = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError("--limits", repr(text), allowed) from None
    if len(said) not in (1, len(buckets)) or not all(0 < one < 1 for one in said):
        raise InputError("--limits", repr(text), allowed)
    return tuple(said * len(buckets) if len(said) == 1 else said)


def described(law: Law) -> Iterator[str]:
    """The [memory] block, its tables by factor. Raises InputError for a law that no file can say."""
    from .document import height, number, table

    _writable(law)
    fit, weights = law.fit, law.fit.value[:, 1:5]
    weight = np.column_stack([1 - weights.sum(axis=1), weights])
    yield "[memory]  # market/memory.py; by factor, per day"
    yield from table("mean", fit.mean, "[factor] log return")
    yield from table("variance", fit.variance, "[factor] of the window")
    yield from table("long_run", law.long_run, "[factor] what its weight multiplies: by simulation")
    yield from table("phi", fit.value[:, 0], "[factor]")
    yield from table("kappa", fit.kappa, "[factor] set, not fitted")
    yield from table("weight", weight, "[factor, source] long run, decays .80, .94, .99, common")
    yield from table("leverage", fit.value[:, 5], "[factor]")
    yield f"cap = {number(fit.constants.cap)}  # deviations"
    if law.limit is not None:
        yield from table("limit", np.array(law.limit), "[bucket] largest simple move of a day")
    yield f"stress = {number(STRESS)}  # common variance over its mean"
    yield f"log_likelihood = {height(fit.log_likelihood)}  # factor by factor, of log returns"
    yield "[memory.error]  # standard errors from the observed information; nan: on a bound"
    for k, name in enumerate(NAMES):
        yield from table('"' + name + '"', fit.error[:, k], "[factor]")
    yield from _residuals(law.residuals)
    yield from _stand("eve", law.filtered, -1)
    yield from _stand("year_before", law.filtered, -1 - min(YEAR_BEFORE, len(law.filtered.common) - 1))


def _writable(law: Law) -> None:
    """Refuse decays that the engine would not read from a file, and drawn rows, which go into a table."""
    fixed = law.fit.constants
    if (fixed.decays, fixed.common, fixed.trend) != (TODAY.decays, TODAY.common, TODAY.trend):
        problem = f"{fixed.decays}, {fixed.common} and {fixed.trend}"
        raise InputError("decays", problem, f"{TODAY.decays}, {TODAY.common} and {TODAY.trend} in a file")
    if law.rows is not None:
        raise InputError("rows", "residuals drawn from rows", "regimes, in a file")


def _residuals(law: Switching) -> Iterator[str]:
    from .document import height, number, table

    yield "[memory.residuals]  # regimes of what is left, in deviations of a day"
    yield f"states = {law.states}"
    yield f'shocks = "{law.shocks}"'
    if law.nu is not None:
        yield f"nu = {number(law.nu)}  # degrees of freedom, common to the regimes"
    yield from table("transition", law.transition, "[regime, regime] P(tomorrow | today), per day")
    yield from table("mean", law.mean, "[regime, factor]")
    yield from table("covariance", law.covariance, "[regime, factor, factor]")
    yield from table("filtered", law.filtered[-1], "[regime] after the last day of the window")
    yield from table("occupancy", law.occupancy, "[regime] share of days, smoothed")
    yield f"log_likelihood = {height(law.log_likelihood)}"
    yield f"bic = {height(law.bic)}"
    yield "[memory.residuals.error]"
    if law.error.nu is not None:
        yield f"nu = {number(law.error.nu)}"
    yield from table("transition", law.error.transition, "[regime, regime]")
    yield from table("mean", law.error.mean, "[regime, factor]")
    yield from table("standard_deviation", law.error.standard_deviation, "[regime, factor]")


def _stand(name: str, run: Filtered, row: int) -> Iterator[str]:
    from .document import number, table

    yield f"[memory.{name}]  # where the filter stood"
    yield from table("square", run.square[row], "[horizon, factor] decays .80, .94, .99")
    yield f"common = {number(run.common[row])}"
    yield from table("trend", run.trend[row], "[factor]")
    yield from table("last", run.last[row], "[factor]")


def residual_table(law: Law, days: Sequence[pd.Timestamp], factors: tuple[str, ...]) -> str:
    """The days on which every factor is seen, as CSV: the date, then the residual of each factor.

    Prices can be rebuilt from it: it is for whoever owns the data, and belongs in no public place.
    """
    from .document import DIGITS

    lines = ["date," + ",".join(factors)]
    for day, row in zip(days, law.filtered.residual, strict=True):
        if np.isfinite(row).all():
            lines.append(f"{day.date()}," + ",".join(f"{x:.{DIGITS}g}" for x in row))
    return "\n".join(lines) + "\n"


def write_residuals(
    path: str | Path, law: Law, days: Sequence[pd.Timestamp], factors: tuple[str, ...]
) -> None:
    """`residual_table` into a file, whole or not at all."""
    from .document import write

    write(path, residual_table(law, days, factors))
