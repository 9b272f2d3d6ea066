"""Positions: every family once, and none that falls through."""

import pytest

from tailrisk.assemble.products import positions
from tailrisk.config import load
from tailrisk.config.products import Hedged
from tailrisk.core.names import home

BOOK = {"label": "N", "weights": {"micro": 1.0}, "hedge": {"IM": 1.0}}


class Novel(Hedged):
    """A family that nobody has written positions for."""


def test_a_family_without_positions_is_refused():
    """It used to be fully invested and unhedged, without a word."""
    with pytest.raises(AssertionError, match="Novel"):
        positions(Novel(**BOOK), home())


@pytest.mark.parametrize(
    ("name", "long", "short", "futures", "cash", "financed"),
    [
        ("ie500", 1.0, 0.0, 0.0, 0.0, 0.0),
        ("stock_selection", 1.0, 0.0, 0.0, 0.0, 0.0),
        ("neutral", 0.8, 0.8, 0.12, 1 - 0.8 * 1.12, 0.0),
        ("dma", 4.0, 4.0, 0.0, 0.0, 4.0),
        ("long_short", 1.0, 0.5, 0.0, 0.0, 0.0),
        ("micro_active", 0.9, 0.0, 0.0, 0.1, 0.0),
        ("cta", 0.0, 0.0, 0.0, 1.0, 0.0),
    ],
)
def test_what_each_family_holds_over_nav(name, long, short, futures, cash, financed):
    held = positions(load("feb2024.toml").products[name], home())
    assert sum(held.long) == pytest.approx(long)
    assert sum(held.short) == pytest.approx(short)
    assert (held.futures, held.financed) == (futures, financed)
    assert held.cash == pytest.approx(cash)
    if not held.financed:
        assert sum(held.long) + held.futures * sum(held.short) + held.cash == pytest.approx(1.0)
