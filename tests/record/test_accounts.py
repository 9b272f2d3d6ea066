"""The accounts of a run: against books simply held, against terms that bite, and line by line."""

import jax
import numpy as np
import pytest

from tailrisk.assemble.funds import assemble as assemble_funds
from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.products.account import LINES
from tailrisk.record import accounts
from tailrisk.record.run import run
from tailrisk.report.folder import Result
from tailrisk.report.page import write
from tailrisk.simulate import path
from tests.crowds import numbers

SMALL = (
    "run.days=20",
    'run.precision="float64"',
    "run.paths=20_000",
    "products.ie500.style_exposure={momentum=0.5, liquidity=-1.0}",
)
TERMS = """
[volume]
csi300 = 210.0
csi500 = 110.0
csi1000 = 130.0
csi2000 = 190.0
micro = 15.0
"""


def configured(tmp_path, terms, *more, funds=2, paths=128):
    file = tmp_path / "terms.toml"
    file.write_text(TERMS + terms, encoding="utf-8")
    said = f'accounts={{terms="{file}", funds={funds}, paths={paths}}}'
    return load("feb2024.toml", [*SMALL, said, *more])


def lived(config):
    world = assemble(config)
    said = config.accounts
    funds = assemble_funds(config, config.attached.accounts, said.funds, config.run.seed, precision="float64")
    return world, funds, accounts.live(config, world, funds, said.paths)


def test_funds_without_terms_are_the_books_of_the_run(tmp_path):
    """Same paths, same NAV: to rounding where nothing is carried; styles, interest and financing follow the
    account's own book in an account, and the book of the start in a run."""
    config = configured(tmp_path, "")
    world, funds, found = lived(config)
    nav = np.asarray(jax.jit(path.course)(world, numbers(128)).nav[-1])
    for p, product in enumerate(config.products):
        mine = found["nav"][funds.own[product]]
        bare = product in ("ie300", "ie1000", "stock_selection")
        np.testing.assert_allclose(mine, nav[p], atol=1e-9 if bare else 4e-3, err_msg=product)
    styled = found["pnl"][LINES.index("style"), funds.own["ie500"]]
    assert styled.std() > 0.002
    assert not found["pnl"][LINES.index("style"), funds.own["ie300"]].any()


def test_the_lines_are_the_change_of_nav_and_costs_are_paid(tmp_path):
    """A margin call on every path of the DMA book: forced sales cost, and the sum still closes."""
    terms = """
[everyone]
stamp_duty = 0.0005
cost = 0.001
[products.dma]
initial_margin = 0.25
margin_call = 0.249
margin_reset = 0.5
"""
    _, funds, found = lived(configured(tmp_path, terms))
    np.testing.assert_allclose(1 + found["pnl"].sum(axis=0), found["nav"], atol=1e-9)
    dma = funds.own["dma"]
    assert found["called"][dma].mean() > 0.9
    assert (found["pnl"][LINES.index("forced"), dma][found["called"][dma] > 0] != 0).all()
    other = funds.own["cta"]
    assert found["pnl"][LINES.index("other"), other].std() > 0.01


def test_the_table_tells_own_fund_and_panel_apart(tmp_path):
    terms = "[everyone]\nweight_spread = 0.35\nspecific_annual = 0.05\n"
    config = configured(tmp_path, terms)
    table = accounts.outcomes(config, assemble(config)).set_index(["product", "funds", "figure"])
    assert not table.index.has_duplicates
    table = table.sort_index()
    for product in config.products:
        own = table.loc[product, "own"]
        lines = own["value"][[f"line: {name}" for name in LINES]].sum()
        assert lines == pytest.approx(-own.loc["loss", "value"], abs=1e-9)
        known = own.dropna(subset=["low"])
        assert (known["low"] <= known["value"] + 1e-12).all()
        assert (known["value"] <= known["high"] + 1e-12).all()
    panel = table.loc["ie500", "all"]["value"]
    assert panel["loss, deviation among funds"] > 1e-4
    order = panel[[f"loss, quantile {q} %" for q in (5, 50, 95)]]
    assert (np.diff(order) >= 0).all()
    assert table.loc["cta", "all"]["value"]["loss, deviation among funds"] < 1e-9, "no two CTAs differ"


def test_a_run_with_accounts_shows_them_on_its_page(tmp_path):
    """From a config to the page: the table of funds, and that calls and fees act in it alone."""
    config = configured(tmp_path, "")
    folder = run(config, tmp_path, force=False, command="", progress=False)
    result = Result.read(folder)
    own = {row.figure: row.estimate for row in result.funds if (row.product, row.funds) == ("dma", "own")}
    assert own["es_95"].value > own["loss"].value
    page = write(folder).read_text(encoding="utf-8")
    assert "The products as funds" in page
    assert own["loss"].scaled(100).text(2) in page
    assert "redemptions and fees act in the table of funds alone" in page


def test_a_run_without_accounts_has_no_table():
    config = load("feb2024.toml", ["run.paths=20_000"])
    assert accounts.outcomes(config, None) is None
    assert "accounts" not in config.resolved()
