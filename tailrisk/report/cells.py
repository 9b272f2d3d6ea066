"""Cells of a result's CSV files, read by column name, with file, line and column in every complaint."""

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tailrisk.core.errors import InputError
from tailrisk.core.figures import Column

from .estimate import Estimate

T = TypeVar("T")

AGAIN = "`tailrisk run` writes results/<name>; run it again"


class Cells:
    """One line of a CSV file, read by column name; every complaint names file, line and column."""

    def __init__(self, place: str, cells: dict[str, str | None]) -> None:
        self.place, self.cells = place, cells

    def text(self, column: str) -> str:
        """The cell, less the quote that keeps spreadsheets from running it as a formula."""
        value = self.cells.get(column)
        if value is None:
            raise InputError(f"{self.place}, column {column}", "no value: the line is cut short")
        return value[1:] if value[:1] == "'" and value[1:2] in set("=+-@") else value

    def number(self, column: str, *, finite: bool = True) -> float:
        """The cell as a number; one that is not finite only where it means something."""
        text = self.text(column)
        try:
            value = float(text)
        except ValueError:
            raise InputError(f"{self.place}, column {column}", f"{text!r} is not a number") from None
        if finite and not math.isfinite(value):
            raise InputError(f"{self.place}, column {column}", f"{text!r} is not finite", "a finite number")
        return value

    def optional(self, column: str) -> float | None:
        """The cell as a number, or None where the column or the value is absent."""
        text = (self.cells.get(column) or "").strip().lower()
        return None if text in {"", "nan"} else self.number(column)

    def has(self, column: str) -> bool:
        """Whether the file has that column."""
        return column in self.cells

    def known(self, column: Column) -> Estimate:
        """The cells of a declared column; one without an interval, of a former file or none, has no width."""
        value = self.number(column.name)
        ends = [self.optional(name) for name in column.bounds] if self.has(column.bounds[0]) else []
        low, high = ends if len(ends) == 2 else (None, None)
        return Estimate(value, value if low is None else low, value if high is None else high)

    def flag(self, column: str) -> bool:
        """The cell as true or false."""
        words = {"true": True, "1": True, "false": False, "0": False}
        text = self.text(column)
        if text.strip().lower() not in words:
            raise InputError(f"{self.place}, column {column}", f"{text!r} is no flag", "true or false")
        return words[text.strip().lower()]

    def estimate(self, value: str, stem: str = "") -> Estimate:
        """The cells `value`, `stem_low` and `stem_high`; too small a sample leaves an end open, infinite."""
        stem = stem or value
        low, high = (self.number(f"{stem}_{end}", finite=False) for end in ("low", "high"))
        found = Estimate(
            self.number(value), -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high
        )
        slack = 1e-9 * max(1.0, abs(found.value))
        if not found.low - slack <= found.value <= found.high + slack:
            raise InputError(
                f"{self.place}, column {value}",
                f"{found.value} lies outside its interval {found.low} to {found.high}",
            )
        return found

    def wider(self, stem: str, estimate: Estimate) -> Estimate:
        """The estimate with the world's interval, of parameters and laws too, if there is one."""
        ends = [
            self.number(name, finite=False) if self.optional(name) is not None else None
            for name in (f"{stem}_world_low", f"{stem}_world_high")
        ]
        low, high = ends
        return estimate if low is None or high is None else Estimate(estimate.value, low, high)


def read(path: Path, row: Callable[[Cells], T], first: str) -> tuple[T, ...]:
    """Every line of a CSV file as a row; `first` is the column without which it is another file.

    A blank line alone is a table without rows. Raises InputError naming file, line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            lines = csv.DictReader(source)
            if lines.fieldnames in ([], [""]):
                return ()
            if first not in (lines.fieldnames or ()):
                raise InputError(str(path), f"no column {first!r}", f"columns found: {lines.fieldnames}")
            return tuple(row(Cells(f"{path}: line {lines.line_num}", cells)) for cells in lines)
    except FileNotFoundError:
        raise InputError(str(path), "missing from the result folder", hint=AGAIN) from None
    except (OSError, UnicodeDecodeError, csv.Error, OverflowError) as fault:
        raise InputError(str(path), f"cannot be read: {fault}") from None
