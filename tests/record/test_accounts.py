"""The accounts of a run: against books simply held, against terms that bite, and line by line."""

import jax
import numpy as np
import pytest

from tailrisk.assemble.funds import assemble as assemble_funds
from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.products.account import LINES
from tailrisk.record import accounts, tables
from tailrisk.record.collect import sample
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
    return load("feb2024.toml", ["market.process=regimes", *SMALL, said, *more])


def lived(config):
    world = assemble(config)
    said = config.accounts
    funds = assemble_funds(config, config.attached.accounts, said.funds, config.run.seed, precision="float64")
    return world, funds, accounts.live(config, world, funds, said.paths)


def test_funds_differ_in_every_style_of_the_calibrated_file(tmp_path):
    config = configured(tmp_path, "[everyone]\nstyle_spread = 0.3\n", funds=3)
    assert config.styles_in_use == sorted(config.calibrated.styles.names)
    assert configured(tmp_path, "[everyone]\nstyle_spread = 0.3\n", funds=1).styles_in_use == [
        "liquidity",
        "momentum",
    ]
    world = assemble(config)
    funds = assemble_funds(config, config.attached.accounts, 3, config.run.seed, precision="float64")
    style = np.asarray(funds.params.style)
    own = funds.own["neutral"]
    assert not style[own].any()
    assert (style[own + 1 : own + 3] != 0).all()
    assert world.styles.loading.shape[0] == style.shape[1]
    at = config.styles_in_use.index("momentum")
    assert style[funds.own["ie500"], at] == 0.5
    cta = funds.own["cta"]
    assert not style[cta : cta + 3].any()


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
    table = accounts.outcomes(config, assemble(config))
    assert not table.duplicated(["product", "funds", "figure", "part", "level"]).any()
    table = table.set_index(["product", "funds", "figure"])
    table = table.sort_index()
    for product in config.products:
        own = table.loc[product, "own"]
        lines = own.loc["line", "value"].sum()
        assert list(own.loc["line", "part"]) == list(LINES)
        assert lines == pytest.approx(-own.loc["loss", "value"].item(), abs=1e-9)
        known = own.dropna(subset=["value_low"])
        assert (known["value_low"] <= known["value"] + 1e-12).all()
        assert (known["value"] <= known["value_high"] + 1e-12).all()
        assert known.drop(index=["line", "line_worst"])["value_high"].max() <= 1, "no one loses more than all"
    panel = table.loc["ie500", "all"]
    assert panel.loc["deviation", "value"].item() > 1e-4
    order = panel.loc["quantile"].sort_values("level")
    assert list(order["level"]) == [0.05, 0.5, 0.95]
    assert (np.diff(order["value"]) >= 0).all()
    assert table.loc["cta", "all"].loc["deviation", "value"].item() < 1e-9, "no two CTAs differ"


def test_intervals_of_funds_follow_the_confidence_of_the_run(tmp_path):
    """They were of 95 % whatever was asked for."""
    wide, narrow = (
        accounts.outcomes(config, world).set_index(["product", "funds", "figure", "part"])
        for config, world in (
            (it, assemble(it))
            for it in (configured(tmp_path, "", f"tail.confidence={sure}") for sure in (0.99, 0.8))
        )
    )
    for figure in ("loss", "excess_loss"):
        width = [t.loc[[("ie500", "own", figure, "")]].iloc[0] for t in (wide, narrow)]
        ratio = (width[0].value_high - width[0].value_low) / (width[1].value_high - width[1].value_low)
        assert ratio == pytest.approx(2.5758 / 1.2816, rel=0.05)


def test_a_run_with_accounts_shows_them_on_its_page(tmp_path):
    """From a config to the page: the table of funds, and that calls and fees act in it alone."""
    config = configured(tmp_path, "")
    folder = run(config, tmp_path, force=False, command="", progress=False)
    result = Result.read(folder)
    own = {row.figure: row.estimate for row in result.funds if (row.product, row.funds) == ("dma", "own")}
    assert own["es"].value > own["loss"].value
    page = write(folder).read_text(encoding="utf-8")
    assert "The products as funds" in page
    assert own["loss"].scaled(100).text(2) in page
    assert "redemptions and fees act in the table of funds alone" in page


def test_a_run_without_accounts_has_no_table():
    config = load("feb2024.toml", ["run.paths=20_000"])
    assert accounts.outcomes(config, None) is None
    assert "accounts" not in config.resolved()


BITING = """
[everyone]
stamp_duty = 0.0005
cost = 0.001
[products.dma]
initial_margin = 0.25
margin_call = 0.245
margin_reset = 0.5
[products.ie500]
performance_fee = 0.2
redemption_slope = 2.0
redemption_threshold = 0.01
dealing = 1.0
notice = 1
specific_annual = 0.05
[products.micro_active]
stop_line = 0.97
"""


def test_with_every_path_an_account_its_calls_fees_and_stops_are_in_var_and_es(tmp_path):
    """One rate of a margin call in every table, and the loss of a path is that of its account on the tape."""
    config = configured(tmp_path, BITING, "accounts.every_path=true", "run.paths=512", "tail.levels=[0.95]")
    world = assemble(config)
    kept = sample(config, world, progress=False)
    funds = assemble_funds(config, config.attached.accounts, 1, config.run.seed, precision="float64")
    alone = accounts.live(config, world, funds, 128)
    table = accounts.outcomes(config, world, kept).set_index(["product", "funds", "figure"]).sort_index()
    called = tables.accounts(config, kept).set_index("product").loc["dma"]
    assert 0 < called["margin_breach"] < 1
    assert called["margin_rate"] == 0.245
    assert called["margin_breach"] == table.loc[("dma", "own", "called"), "value"].item()
    assert table.loc[("micro_active", "own", "stopped"), "value"].item() > 0
    assert table.loc[("ie500", "own", "redeemed"), "value"].item() > 0
    for p, product in enumerate(config.products):
        worst = kept.losses(0, 0, p)
        path = worst.path < 128
        loss = 1 - alone["nav"][funds.own[product]]
        np.testing.assert_allclose(loss[worst.path[path]], worst.loss[path], atol=1e-6, err_msg=product)
    drift = tables.drift(config, kept).set_index(["product", "part"])["loss"]
    parts = drift.drop(index="drift", level="part").groupby("product").sum()
    np.testing.assert_allclose(parts, drift.xs("drift", level="part").loc[parts.index], atol=1e-9)
    assert drift["ie500", "fees"] > 0 or drift["ie500", "specific"] != 0
    assert drift["dma", "forced"] > 0, "what a broker forces is in the loss, and so in VaR and ES"
