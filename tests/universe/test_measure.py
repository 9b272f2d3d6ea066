"""A panel made from known factors is measured back: bucket returns, specific risk, moments."""

import dataclasses
import tomllib

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.core.names import STYLES
from tailrisk.universe import OUTSIDE, synthetic
from tailrisk.universe.descriptors import WINDOW
from tailrisk.universe.document import document, read
from tailrisk.universe.exposures import exposures
from tailrisk.universe.measure import describe, measure
from tailrisk.universe.returns import one_day
from tailrisk.universe.summary import summary
from tests.universe.worlds import DAYS, SIZES, STOCKS, world


@pytest.fixture(scope="module")
def truth():
    return world()


@pytest.fixture(scope="module")
def found(truth):
    return describe(truth.panel, "planted", sizes=SIZES)


def test_a_day_made_of_factors_alone_is_taken_apart_exactly():
    """r = country + z phi: phi comes back; r = bucket + (z - mean) psi: m and psi come back and e is zero."""
    rng = np.random.default_rng(2)
    cap, bucket = np.exp(rng.standard_normal(300)), rng.integers(-1, 5, 300).astype(np.int8)
    names, z = exposures({"size": np.log(cap), "beta": rng.standard_normal(300)}, cap)
    phi = np.array([0.01, -0.02, 0.03])
    (country, style, _, _), _ = one_day(0.004 + z @ phi, z, cap, bucket, None)
    assert names == ("beta", "non_linear_size", "size")
    np.testing.assert_allclose(style, phi)
    np.testing.assert_allclose(country, 0.004)
    mean = np.array([0.01, 0.0, -0.01, -0.02, -0.05, 0.03])
    (_, _, within, groups), left = one_day(mean[bucket] + z @ phi, z, cap, bucket, None)
    np.testing.assert_allclose(within, phi)
    np.testing.assert_allclose(left, 0, atol=1e-12)
    assert not np.allclose(groups, mean)  # the buckets' own styles are part of their returns


def test_industries_take_the_place_of_the_country():
    rng = np.random.default_rng(2)
    cap, industry = np.exp(rng.standard_normal(300)), rng.integers(0, 4, 300)
    _, z = exposures({"size": np.log(cap)}, cap)
    own = np.array([0.01, -0.01, 0.03, 0.0])
    (country, style, _, _), _ = one_day(
        own[industry] + z @ [0.01, 0.02], z, cap, np.zeros(300, np.int8), industry
    )
    np.testing.assert_allclose(style, [0.01, 0.02])
    np.testing.assert_allclose(country, cap @ own[industry] / cap.sum())


def test_bucket_returns_and_what_is_left_come_back(truth, found):
    it = found.estimates
    assert np.isnan(it.bucket[: WINDOW + 1]).all()
    ours, planted = it.bucket[WINDOW + 1 :], truth.buckets[WINDOW + 1 :]
    for place, count in enumerate((*SIZES.ladder, SIZES.micro, STOCKS - SIZES.all)):
        error = ours[:, place] - planted[:, place]
        assert error.std() < 1.5 * 0.02 / np.sqrt(count)
    left, planted_left = it.specific[WINDOW + 1 :], truth.specific[WINDOW + 1 :]
    assert np.corrcoef(left.ravel(), planted_left.ravel())[0, 1] > 0.98


def test_returns_are_regressed_on_exposures_of_the_day_before(truth, found):
    """Ranks that change on the last day change nothing of that day's estimates."""
    cap = truth.panel.cap.copy()
    cap[-1] = cap[-1, ::-1]
    raw = found.estimates
    other = describe(dataclasses.replace(truth.panel, cap=cap), "planted", sizes=SIZES).estimates
    np.testing.assert_array_equal(other.bucket, raw.bucket)
    np.testing.assert_array_equal(other.specific, raw.specific)


def test_specific_risk_comes_back(truth, found):
    """Off by no more than half as much again as a deviation from 180 equal days."""
    error = 1 / np.sqrt(2 * 180)
    assert error < 0.1
    assert np.sqrt(np.square(np.log(found.universe.specific_sd / truth.specific_sd)).mean()) < 1.5 * error


def test_the_universe_on_the_day(truth, found):
    it = found.universe
    assert it.date == str(truth.panel.dates[-1].date())
    assert [int((it.bucket == b).sum()) for b in range(OUTSIDE, 5)] == [80, 30, 50, 100, 200, 60]
    np.testing.assert_allclose(it.benchmark.sum(axis=0), 1)
    np.testing.assert_allclose(it.benchmark[it.members("micro"), 4], 1 / 60)
    np.testing.assert_allclose(it.adv, truth.panel.amount[-20:].mean(axis=0))
    first = it.benchmark[:30, 0] / it.benchmark[0, 0]
    np.testing.assert_allclose(first, it.cap[:30] / it.cap[0])


def test_moments_hold_what_was_planted(found):
    it = found.moments
    steps, error = it.pay.outside, 0.02 / np.sqrt(80) / 0.006 / np.sqrt(DAYS - WINDOW)
    assert error < 0.06
    assert abs(steps - 0.4) < 4 * error
    np.testing.assert_allclose(it.circulating, 0.8)
    np.testing.assert_allclose(it.circulating_sd, 0, atol=1e-12)
    again = synthetic(it, stocks=STOCKS, sizes=SIZES)
    np.testing.assert_allclose(np.log(again.cap).mean(), np.log(found.universe.cap).mean(), atol=0.05)
    assert abs(np.log(again.specific_sd).mean() - np.log(found.universe.specific_sd).mean()) < 0.06


def test_moments_survive_the_file(found, tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(document(found.moments, {"days": DAYS}), encoding="utf-8")
    assert tomllib.loads(path.read_text(encoding="utf-8"))["fit"]["days"] == DAYS
    np.testing.assert_allclose(read(path).log_cap, found.moments.log_cap, atol=5e-6, rtol=0)


def test_published_style_returns_rescale_the_gains(truth, found):
    """Published returns that are twice ours halve the gains."""
    ours = pd.DataFrame(0.0, index=truth.panel.dates, columns=list(STYLES))
    ours[list(found.estimates.styles)] = 2 * found.estimates.style
    gain = describe(truth.panel, "planted", ours, sizes=SIZES).moments.pay.gain
    np.testing.assert_allclose(gain, found.moments.pay.gain / 2)


def test_a_panel_without_turnover_has_no_liquidity_and_a_growth_column_makes_a_style(truth):
    rng = np.random.default_rng(4)
    growth = np.tile(rng.standard_normal(STOCKS), (DAYS, 1))
    other = dataclasses.replace(
        truth.panel, turnover=np.full((DAYS, STOCKS), np.nan), fundamentals={"growth": growth}
    )
    it = describe(other, "planted", sizes=SIZES)
    assert it.universe.styles == (
        "beta",
        "growth",
        "momentum",
        "non_linear_size",
        "residual_volatility",
        "size",
    )
    np.testing.assert_array_equal(it.moments.circulating, 1)


def test_the_summary_says_what_is_done_about_st(truth, found):
    said = summary(found)
    assert "ST stocks: not left out, the panel has no column st" in said
    assert "csi2000     200" in said
    marked = dataclasses.replace(truth.panel, st=np.zeros((DAYS, STOCKS), bool))
    assert "ST stocks: left out" in summary(dataclasses.replace(found, panel=marked))


def test_short_panels_are_refused(truth, tmp_path):
    with pytest.raises(InputError, match="312 days to"):
        describe(cut(truth.panel, 312), "planted", sizes=SIZES)
    assert np.isfinite(describe(cut(truth.panel, 313), "planted", sizes=SIZES).universe.specific_sd).all()
    with pytest.raises(InputError, match="no such file"):
        measure([tmp_path / "no.parquet"])


def cut(panel, days):
    """The panel's first days."""
    matrices = ("traded", "cap", "returns", "turnover", "amount")
    parts = {name: getattr(panel, name)[:days] for name in matrices}
    return dataclasses.replace(panel, dates=panel.dates[:days], **parts)
