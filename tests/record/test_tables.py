"""Tables of a run: what is declared is what is written, and the figures of leveraged accounts."""

from types import SimpleNamespace

import numpy as np
import pytest

from tailrisk.config import load
from tailrisk.core import figures
from tailrisk.products.account import LINES
from tailrisk.record import tables
from tailrisk.tail import Interval, MomentStream


def test_what_a_broker_is_owed_is_the_mean_of_the_paths_that_were_wiped_out():
    """Two of eight paths, owing 0.1 and 0.3: 0.2 each, and not 0.05 a path."""
    config = load("feb2024.toml")
    count, dma = len(config.products), list(config.products).index("dma")
    stream, rows = MomentStream(3 * count), np.zeros((3 * count, 8))
    rows[dma, :4] = 1
    rows[count + dma, :2] = 1
    rows[2 * count + dma, :2] = 0.1, 0.3
    stream.add(rows)
    found = tables.accounts(config, SimpleNamespace(accounts=stream)).set_index("product")
    assert list(found.index) == ["dma"]
    assert found.loc["dma", "broker_shortfall_mean"] == pytest.approx(0.2)
    assert (found.loc["dma", "margin_breach"], found.loc["dma", "wipe_out"]) == (0.5, 0.25)
    assert (found.loc["dma", "long"], found.loc["dma", "margin_rate"]) == (4.0, 0.2)


def test_a_row_that_is_not_as_declared_is_a_fault():
    row = dict.fromkeys(figures.DRIFT.names, 0.0)
    assert list(figures.DRIFT.rows([row])[0]) == ["product", "part", "loss", "loss_low", "loss_high"]
    with pytest.raises(KeyError, match="loss_high"):
        figures.DRIFT.rows([{name: x for name, x in row.items() if name != "loss_high"}])
    with pytest.raises(KeyError, match="more"):
        figures.DRIFT.rows([row | {"more": 1.0}])


def test_no_figure_of_funds_is_a_sentence():
    assert all(name.isidentifier() for name in figures.FUND_FIGURES)
    assert all(column.label and column.unit for column in figures.FUND_FIGURES.values())


def test_a_rate_is_told_for_ten_years_and_its_bounds_too():
    chance, often = Interval(0.02, 0.01, 0.04, 0.95, 20, False), Interval(0.3, 0.2, 0.5, 0.95, 20, False)
    odds = tables._odds(0.02, chance, 0.3, often)
    assert (odds["probability"], odds["probability_low"], odds["probability_high"]) == (0.02, 0.01, 0.04)
    assert (odds["rate_per_10y"], odds["rate_low"], odds["rate_high"]) == (3.0, 2.0, 5.0)
    period = [odds[f"return_period_{part}"] for part in ("years", "low", "high")]
    assert period == pytest.approx([1 / 0.3, 1 / 0.5, 1 / 0.2])


def test_what_a_fund_lost_by_line_is_less_than_nothing_where_it_gained():
    """Each line of each product is a row behind NAV and benchmark: [2 + line, product]."""
    config = load("feb2024.toml")
    count, p = len(config.products), list(config.products).index("neutral")
    rows = np.random.default_rng(3).normal(size=((2 + len(LINES)) * count, 64))
    stream = MomentStream(len(rows))
    stream.add(rows)
    parts = tables._parts(config, SimpleNamespace(funds=stream), p, config.products["neutral"], None)
    assert list(parts) == list(LINES)
    mine = rows.reshape(2 + len(LINES), count, 64)[2:, p].mean(axis=1)
    assert [part.estimate for part in parts.values()] == pytest.approx(-mine)
    assert all(part.low < part.estimate < part.high for part in parts.values())
