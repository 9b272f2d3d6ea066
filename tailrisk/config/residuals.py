"""A table of residuals: whole days of a user's own history, as `tailrisk calibrate --residuals` writes it."""

import math
from pathlib import Path

from tailrisk.core.errors import InputError

LEAST = 250
"""Days in a table: fewer hold no tail."""
LARGE = 50.0
"""Residuals are in deviations of their day; a larger one is in other units."""


def read_residuals(path: Path, factors: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    """Rows [day, factor] of a CSV table with a header: the date, then a column per factor, without a gap.

    Raises InputError naming the row for what is no finite number, too large, or too short a table.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    header = "date," + ",".join(factors)
    if not lines or lines[0] != header:
        raise InputError(str(path), f"begins with {lines[0] if lines else 'nothing'!r}", header)
    rows = [_row(path, number, line, len(factors)) for number, line in enumerate(lines[1:], 2) if line]
    if len(rows) < LEAST:
        raise InputError(str(path), f"{len(rows)} days", f"at least {LEAST} days of residuals")
    return tuple(rows)


def _row(path: Path, number: int, line: str, factors: int) -> tuple[float, ...]:
    allowed = f"{factors} numbers within {LARGE:g} of zero after the date"
    try:
        values = tuple(map(float, line.split(",")[1:]))
    except ValueError:
        raise InputError(f"{path}: line {number}", f"{line[:60]!r}", allowed) from None
    if len(values) != factors or not all(math.isfinite(x) and abs(x) <= LARGE for x in values):
        raise InputError(f"{path}: line {number}", f"{line[:60]!r}", allowed)
    return values
