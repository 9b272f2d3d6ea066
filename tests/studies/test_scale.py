"""Logarithmic axes: ticks in plain text, never as the TeX that SVG would show."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tailrisk
from experiments.watch import page as watch
from tailrisk.report.figures.scale import power
from tailrisk.studies.monitor import pictures as monitor

PACKAGE = Path(tailrisk.__file__).parent
DAYS = pd.bdate_range("2024-01-02", periods=30)


def wealth(top: int) -> str:
    """The picture of a bet that grows to that power of ten."""
    days = pd.DataFrame({"model": "hs_250", "date": DAYS, "wealth_es": np.logspace(-2, top, len(DAYS))})
    return monitor.wealth(days, "Wealth", "wealth_es", 20.0)


def orders() -> str:
    """Orders a second by size of a child order."""
    sizes = {"child_yuan": [1e3, 1e7] * 2, "exchange": ["SSE", "SSE", "SZSE", "SZSE"], "spacing": "even"}
    most = {"manager_most_in_sliding_second": [5000, 2] * 2, "account_most_in_sliding_second": [50, 1] * 2}
    return watch.picture(pd.DataFrame(sizes | most))


@pytest.mark.parametrize(
    ("draw", "text"),
    [(partial(wealth, 25), "10[¹²³⁴-⁹⁰]{2}"), (partial(wealth, 3), "100"), (orders, "1000")],
    ids=["many powers", "few powers", "orders"],
)
def test_ticks_are_text(draw: Callable[[], str], text: str) -> None:
    drawn = draw()
    assert "mathdefault" not in drawn
    assert "$" not in drawn
    assert re.search(rf">{text}<", drawn)


def test_logarithmic_axes_are_made_in_one_place() -> None:
    """Or with ticks of their own, in these two."""
    apart = {"report/figures/scale.py", "report/figures/spread.py", "calibrate/picture.py"}
    files = [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "experiments").rglob("*.py")]
    made = re.compile(r"set_[xy]scale\b|[xy]scale=|semilog|loglog\(")
    found = {file for file in files if made.search(file.read_text(encoding="utf-8"))}
    assert found == {PACKAGE / name for name in apart}


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (0.001, "0.001"), (20, "20"), (1e4, "10000"), (1e5, "10⁵"), (3e-7, "3·10⁻⁷"), (1e19, "10¹⁹")],
)
def test_numbers_on_such_an_axis(value: float, text: str) -> None:
    assert power(value) == text
