"""The calibrated file: TOML with units in comments, written whole or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..core import disk
from ..core.errors import InputError
from .calibration import Calibration
from .ladder import Array
from .memory_law import described as remembered
from .style_memory import described as remembered_styles
from .styles import Overlay
from .switching import Switching

DIGITS = 7
"""Of a constant that is written, counted from the largest of its table: a thousandth of a standard error, and
a thousand times what another number of threads changes, so that the same data give the same bytes."""
ROUNDED = (
    f"# Constants have {DIGITS} digits, counted from the largest of their table: far inside standard errors,",
    "# far above what another number of threads changes. So one command gives one file of the same data.",
)


def write(path: str | Path, text: str) -> None:
    """Replace `path` by `text`, whole or not at all."""
    disk.replace(Path(path), text)


def writable(path: str | Path) -> None:
    """Refuse, before the long work, a file that could not be written at its end."""
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            str(path), f"folder cannot be made ({error.strerror})", "a folder to write in"
        ) from None
    if target.is_dir() or not os.access(target.parent, os.W_OK):
        problem = "is a folder" if target.is_dir() else "folder cannot be written to"
        raise InputError(str(path), problem, "a file in a folder that can be written to")


def document(calibration: Calibration) -> str:
    """The calibrated file as text."""
    lines = [*heading(calibration)]
    for model in calibration.models:
        lines += ["", *described(model)]
    if calibration.styles:
        lines += ["", *styled(calibration.styles)]
        if calibration.style_memory:
            lines += [*remembered_styles(calibration.style_memory)]
    if calibration.memory:
        lines += ["", *remembered(calibration.memory)]
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """DIGITS significant digits, always a TOML float."""
    text = f"{value + 0.0:.{DIGITS}g}"
    return text if any(mark in text for mark in ".en") else text + ".0"


def height(value: float) -> str:
    """A log-likelihood or a BIC, to four decimals."""
    return f"{value:.4f}"


def row(values: Array) -> str:
    return "[" + ", ".join(number(value) for value in values) + "]"


def rounded(values: Array) -> Array:
    """A vector or a matrix to as many decimals as its largest entry has with DIGITS significant digits."""
    largest = np.nanmax(np.abs(values), initial=0.0)
    if not largest > 0 or not np.isfinite(largest):
        return values
    return np.round(values, DIGITS - 1 - int(np.floor(np.log10(largest))))


def table(name: str, values: Array, comment: str) -> Iterator[str]:
    """One line for a vector, a line per row for a matrix, a block per regime for three axes."""
    values = np.asarray(values, float)
    if values.ndim < 3:
        values = rounded(values)
    if values.ndim == 1:
        yield f"{name} = {row(values)}  # {comment}"
        return
    yield f"{name} = [  # {comment}"
    for part in values:
        if part.ndim == 1:
            yield f"  {row(part)},"
        else:
            yield from ("  [", *(f"    {row(line)}," for line in rounded(part)), "  ],")
    yield "]"


def heading(calibration: Calibration) -> Iterator[str]:
    """What was fitted to what, by which command."""
    first, last = calibration.window
    names = calibration.names
    yield "# written by `tailrisk calibrate`; do not edit"
    yield "#"
    yield "# Markov-switching models of the ladder: log returns per day (fractions) of " + names.buckets[0]
    yield "# and of each size bucket less the next larger one. Factors, in order: " + ", ".join(names.factors)
    yield "# Regimes run from calm to crisis by trace of covariance. Given the regime, factors are Student-t"
    yield "# (nu common to the regimes) or Gaussian; days are independent. The first day's regime is uniform."
    yield "# Errors are standard errors from the observed information; nan: the estimate sits on an edge"
    yield "# (a move never seen, nu at a bound)."
    yield from ROUNDED
    yield ""
    yield "buckets = [" + ", ".join(f'"{name}"' for name in names.buckets) + "]"
    yield ""
    yield "[fit]"
    yield f'window = ["{first}", "{last}"]  # first and last day of return'
    yield f"days = {calibration.days}"
    yield f'data_sha256 = "{calibration.digest}"'
    if calibration.command:
        yield f"command = {quoted(calibration.command)}"
    yield f'version = "{calibration.version}"'
    yield f"starts = {calibration.starts}"
    yield f"seed = {calibration.seed}"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def described(model: Switching) -> Iterator[str]:
    """One [[model]] block."""
    yield "[[model]]"
    yield f"states = {model.states}"
    yield f'shocks = "{model.shocks}"'
    if model.nu is not None:
        yield f"nu = {number(model.nu)}  # degrees of freedom, common to the regimes"
    yield from table("transition", model.transition, "[regime, regime] P(tomorrow | today), per day")
    yield from table("mean", model.mean, "[regime, factor] log return per day")
    yield from table(
        "covariance", model.covariance, "[regime, factor, factor] per day; the covariance, not the t scale"
    )
    yield from table("filtered", model.filtered[-1], "[regime] probability after the last day of the window")
    yield f"log_likelihood = {height(model.log_likelihood)}  # of log returns, as fractions"
    yield f"parameters = {model.parameters}"
    yield f"bic = {height(model.bic)}"
    yield from table("occupancy", model.occupancy, "[regime] share of days, smoothed")
    yield f"starts_at_maximum = {model.at_best}  # of {len(model.reached)} starts of EM"
    yield "[model.error]"
    if model.error.nu is not None:
        yield f"nu = {number(model.error.nu)}"
    yield from table("transition", model.error.transition, "[regime, regime]")
    yield from table("mean", model.error.mean, "[regime, factor]")
    yield from table(
        "standard_deviation", model.error.standard_deviation, "[regime, factor] of sqrt of variance"
    )


def styled(styles: Overlay) -> Iterator[str]:
    """The [styles] block."""
    first, last = styles.window
    yield "[styles]  # style return = intercept + loading . ladder factors + residual, per day"
    yield "names = [" + ", ".join(f'"{name}"' for name in styles.names) + "]"
    yield from table("loading", styles.loading, "[style, factor] style return per unit of ladder log return")
    yield from table("intercept", styles.intercept, "[style] per day")
    yield from table("residual_sd", styles.residual_sd, "[style] per day")
    yield from table("residual_correlation", styles.residual_correlation, "[style, style]")
    yield from table("r_squared", styles.r_squared, "[style]")
    yield f'window = ["{first}", "{last}"]'
    yield f"days = {styles.days}"
    yield f'data_sha256 = "{styles.digest}"'
    yield "[styles.error]"
    yield from table("loading", styles.loading_error, "[style, factor] White's")
