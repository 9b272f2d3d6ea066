"""The companion of a calibrated file: draws of its memory law, as TOML with derived parameters alone."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax

from .bootstrap import BLOCK, draws
from .calibration import Calibration
from .document import heading, row, write
from .ladder import ladder, log_returns
from .memory_law import Law, described

DIGITS = 7
"""Significant digits of a draw: far finer than what it is off by."""
LEFT_OUT = ("error", "log_likelihood", "bic", "occupancy")
"""Of a [memory] block: what says how it was fitted and not what it is."""


def companion(calibrated: str | Path) -> Path:
    """Where the draws of a calibrated file lie: beside it."""
    path = Path(calibrated)
    return path.with_name(f"{path.stem}_draws.toml")


def write_draws(
    calibrated: str | Path,
    calibration: Calibration,
    count: int,
    progress: Callable[[float, str], None] = lambda done, what: None,
) -> Path:
    """So many draws of a calibration's memory into the companion of its file. Raises InputError."""
    of = calibration.memory
    assert of is not None, "draws are of a memory law"
    factors = ladder(log_returns(calibration.prices.to_numpy()))
    with jax.enable_x64(True):
        laws = draws(
            of,
            factors,
            count=count,
            seed=calibration.seed,
            progress=lambda done: progress(done, "draws of the parameters"),
        )
    path = companion(calibrated)
    write(path, document(calibration, of, laws))
    return path


def document(calibration: Calibration, of: Law, laws: list[Law]) -> str:
    """The companion as text."""
    lines = [
        "# written by `tailrisk calibrate --draws`; do not edit",
        "#",
        f"# The [memory] law refitted to days resampled in stationary blocks of mean length {BLOCK:g}",
        "# (calibrate/bootstrap.py): what another history as long could have given, for [uncertainty].",
        "",
        *(line for line in heading(calibration) if line and not line.startswith("#")),
        f"block = {BLOCK:g}  # days, mean",
        "",
        "[of]  # the fit they are draws of",
        f"variance = {row(of.fit.variance)}",
        f"phi = {row(of.fit.value[:, 0])}",
        f"leverage = {row(of.fit.value[:, 5])}",
    ]
    for law in laws:
        lines += ["", "[[draw]]", *_block(tomllib.loads("\n".join(described(law)))["memory"], "draw")]
    return "\n".join(lines) + "\n"


def _block(said: Mapping[str, Any], name: str) -> Iterator[str]:
    """A table in TOML, its own values first, less what is LEFT_OUT."""
    kept = {key: value for key, value in said.items() if key not in LEFT_OUT}
    yield from (f"{key} = {_value(value)}" for key, value in kept.items() if not isinstance(value, dict))
    for key, value in kept.items():
        if isinstance(value, dict):
            yield f"[{name}.{key}]"
            yield from _block(value, f"{name}.{key}")


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        text = f"{value:.{DIGITS}g}"
        return text if any(mark in text for mark in ".en") else text + ".0"
    return f'"{value}"' if isinstance(value, str) else str(int(value))
