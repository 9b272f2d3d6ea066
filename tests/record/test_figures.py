"""Figures of the tables against their definitions, on samples made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from tailrisk.config import load
from tailrisk.record import tables
from tailrisk.record.collect import Sample
from tailrisk.tail import MomentStream

PATHS = 1000
SMALL = ["run.paths=1000", "run.days=12", "tail.levels=[0.9]", "event=[]"]


def kept(config, breached, ruined, owed) -> Sample:
    """A sample of which only the accounts are known; the DMA's rows [path], nothing of the others."""
    products = list(config.products)
    rows = np.zeros((3 * len(products), PATHS))
    for k, row in enumerate((breached, ruined, owed)):
        rows[k * len(products) + products.index("dma")] = row
    accounts = MomentStream(len(rows))
    accounts.add(rows)
    return SimpleNamespace(accounts=accounts)  # type: ignore[return-value]


def test_what_the_broker_misses_is_an_average_over_accounts_that_are_wiped_out():
    config = load("feb2024.toml", SMALL)
    breached, ruined, owed = np.zeros((3, PATHS))
    breached[:200], ruined[:40] = 1, 1
    owed[:40] = np.linspace(0.1, 0.3, 40)
    table = tables.accounts(config, kept(config, breached, ruined, owed)).set_index("product")
    row = table.loc["dma"]
    assert row.margin_breach == pytest.approx(0.2)
    assert row.margin_breach_low < 0.2 < row.margin_breach_high
    assert row.wipe_out == pytest.approx(0.04)
    assert row.wipe_out_low < 0.04 < row.wipe_out_high
    assert row.broker_shortfall_mean == pytest.approx(0.2)
    assert row.margin_breach_low == pytest.approx(0.1757, abs=2e-3)
    safe = tables.accounts(config, kept(config, 0 * ruined, 0 * ruined, 0 * owed)).set_index("product")
    assert safe.loc["dma"].broker_shortfall_mean == 0
    assert list(safe.index) == [n for n, p in config.products.items() if p.family == "dma"]
