"""Statistics beyond the 419, where they are known: tails together, drawdowns, spells, styles."""

import jax
import numpy as np
import pandas as pd
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.calibrate.ladder import log_returns
from tailrisk.config import load
from tailrisk.core import InputError
from tailrisk.data.prices import read_prices
from tailrisk.market.memory import COMMON
from tailrisk.studies.validate import page, study
from tailrisk.studies.validate import styles as style_study
from tailrisk.studies.validate.further import chosen, common, further, longest, ranked, spells
from tailrisk.studies.validate.statistics import by_place

FIVE = ("a", "b", "c", "d", "e")


def named(found, start):
    return {one.name: one.value for one in found if one.family.startswith(start)}


def test_buckets_that_are_one_fall_together_and_strangers_do_not():
    rng = np.random.default_rng(0)
    one = rng.normal(0, 0.01, (20_000, 1, 2))
    alike = np.repeat(one, 5, axis=1)
    strangers = rng.normal(0, 0.01, (20_000, 5, 2))
    assert chosen(by_place(FIVE)) == [("a", "c"), ("a", "e"), ("c", "e")]
    assert chosen(by_place(("a", "b"))) == [("a", "b")]
    for value in named(further(alike + 1e-12 * strangers, FIVE), "lower").values():
        np.testing.assert_allclose(value, 1, rtol=0.05)
    apart = named(further(strangers, FIVE), "lower")
    assert apart["chance of both in the worst 5 % over 1 d, given one"] == pytest.approx(
        [0.05] * 2, abs=0.015
    )
    drawn = named(further(alike + 1e-12 * strangers, FIVE), "co-drawdowns")
    np.testing.assert_allclose(drawn["rank correlation of drawdowns in 60 d"], 1, atol=1e-9)
    np.testing.assert_allclose(drawn["chance of both in the worst quarter in 60 d, given one"], 1, atol=0.02)


def test_a_bucket_that_begins_late_is_met_on_the_days_it_has():
    made = np.random.default_rng(1).normal(0, 0.01, (1200, 5, 3))
    made[:400, 3] = np.nan
    every, last = further(made, FIVE), further(made[:, :, 2:], FIVE)
    assert len(every) == 32
    for one, many in zip(last, every, strict=True):
        assert np.isfinite(many.value).all(), many.name
        np.testing.assert_allclose(one.value[0], many.value[2], rtol=1e-9)


def test_the_common_variance_and_its_spells_by_hand():
    made = np.random.default_rng(2).normal(0, 0.01, (500, 2, 1))
    factor = np.stack([made[:, 0, 0], made[:, 1, 0] - made[:, 0, 0]])
    ratio = (((factor - factor.mean(axis=1, keepdims=True)) ** 2) / factor.var(axis=1)[:, None]).mean(axis=0)
    first = COMMON + (1 - COMMON) * ratio[0]
    assert common(made)[0, 0] == pytest.approx(first)
    assert common(made)[1, 0] == pytest.approx(COMMON * first + (1 - COMMON) * ratio[1])
    size = np.array([2.5, 2.1, 0.4, 0.5, 3.0, 1.5, 0.2, 0.3])[:, None]
    found = {one.name: float(one.value[0]) for one in spells(size)}
    assert found["share of days in stress"] == 3 / 8
    assert found["mean days of a spell in stress"] == 1.5
    assert found["longest spell in stress, days"] == 2
    assert found["mean days of a spell uneasy"] == 2
    assert longest(np.array([[1], [1], [0], [1]], bool))[0] == 2
    assert ranked(np.array([3.0, 1.0, 2.0])).tolist() == [2, 0, 1]


def test_styles_keep_company_with_the_ladder_on_the_days_asked_for():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4000, 1))
    days = np.arange(4000)[:, None] % 2 == 0
    y = np.where(days, x, rng.normal(size=(4000, 1)))
    assert style_study.correlated(x, y, days)[0] == pytest.approx(1)
    assert style_study.correlated(x, y, ~days)[0] == pytest.approx(0, abs=0.05)
    both = style_study.statistics(
        rng.normal(size=(600, 2, 3)), 0.01 * rng.normal(size=(600, 5, 3)), ("one", "other")
    )
    assert len(both) == 42
    assert len({(one.series, one.name) for one in both}) == 42


@pytest.fixture(scope="module")
def config():
    return load("memory_feb2024.toml", list(study.LONG_RUN))


def test_simulated_styles_are_as_wide_as_they_were_fitted(config):
    overlay = config.calibrated.styles
    style, ladder = style_study.histories(config, assemble(config), 500, 64)
    assert style.shape == (500, 10, 64)
    assert ladder.shape == (500, 5, 64)
    factor = np.concatenate([ladder[:, :1], np.diff(ladder, axis=1)], axis=1)
    left = style - np.einsum("sf,dfh->dsh", np.array(overlay.loading), factor)
    np.testing.assert_allclose(np.median(left.std(axis=0), axis=1), overlay.residual_sd, rtol=0.25)


def unquiet(config, market_data, count=60):
    """Correlations of styles with the ladder on unquiet days that lie outside the band of histories."""
    closes = read_prices(market_data / "indices_daily.csv", names=config.names, until="2023-12-31")
    found = log_returns(closes[list(config.names.buckets)].to_numpy())
    file, days = market_data / "style_factors_daily.csv", pd.DatetimeIndex(closes.index[1:])
    returns, rows = style_study.read(file, config, days, "2023-12-31")
    style, ladder = style_study.histories(config, assemble(config), len(rows), count)
    names = config.calibrated.styles.names
    table = study.beside(
        style_study.statistics(returns[:, :, None], found[rows][:, :, None], names),
        style_study.statistics(style, ladder, names),
    )
    return int(table.outside[table.family == "with the ladder, unquiet days"].sum())


def test_loadings_that_follow_keep_the_datas_company_on_unquiet_days(config, market_data):
    styles = config.calibrated.styles
    one = styles.model_copy(update={"memory": styles.memory.model_copy(update={"adaptive": None})})
    files = config.attached
    still = config.attach(files._replace(calibrated=files.calibrated.model_copy(update={"styles": one})))
    assert unquiet(config, market_data) <= 2, "of 20"
    assert unquiet(still, market_data) >= 5, "with one loading for every day"


def files(folder, days=400, drop=None):
    """Closes of five buckets, and ten styles, made up."""
    rng = np.random.default_rng(5)
    index = pd.bdate_range("2021-01-04", periods=days + 1)
    codes = ["000300", "000905", "000852", "932000", "8841431"]
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (days + 1, 5)), axis=0))
    frame = pd.DataFrame(closes, index=index, columns=codes).rename_axis("date").reset_index()
    frame.to_csv(folder / "closes.csv", index=False)
    names = load("memory_feb2024.toml").calibrated.styles.names
    made = pd.DataFrame(rng.normal(0, 0.002, (days, 10)), index=index[1:], columns=names)
    made.drop(columns=drop or []).rename_axis("date").reset_index().to_csv(folder / "styles.csv", index=False)
    return folder / "closes.csv", folder / "styles.csv"


@pytest.mark.parametrize("with_styles", [True, False])
def test_a_folder_says_how_styles_and_tails_stand(config, tmp_path, with_styles):
    closes, styles = files(tmp_path)
    folder, _ = study.validate(
        config, closes, until="2023-12-31", count=20, output=tmp_path / "out", force=False, command="a test",
        styles=styles if with_styles else None, accept=("closed-days", "holes"),
    )  # fmt: skip
    text = (folder / "README.md").read_text()
    assert "of 26 lie outside (1 expected)" in text  # too few days for drawdowns in 250
    assert len(pd.read_csv(folder / "further.csv")) == 26
    assert (page.ABSENT in text) == (not with_styles)
    assert (folder / "styles.csv").exists() == with_styles
    if with_styles:
        assert len(pd.read_csv(folder / "styles.csv")) == 210
    assert pd.read_csv(folder / "further.csv").notna().all(axis=None)


def test_a_file_of_styles_that_lacks_one_is_refused(config, tmp_path):
    _, styles = files(tmp_path, drop=["size"])
    with jax.enable_x64(True), pytest.raises(InputError, match="no column size"):
        style_study.read(styles, config, pd.bdate_range("2021-01-05", periods=400), "2023-12-31")
