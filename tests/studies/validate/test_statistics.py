"""The statistics of a validation, where they are known."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.calendar import YEAR
from tailrisk.studies.validate import page
from tailrisk.studies.validate.statistics import (
    correlations,
    drawdowns,
    names,
    pairs,
    standardised,
    statistics,
    sums,
)

FIVE = ("a", "b", "c", "d", "e")


def returns(days=1500, histories=2, seed=0):
    made = np.random.default_rng(seed).normal(0, 0.01, (days, 5, histories))
    made[:400, 3] = np.nan
    return made


def test_there_are_419_of_five_buckets_and_fewer_of_three():
    found = statistics(returns(), FIVE)
    assert len(found) == 419
    assert len({(one.series, one.name) for one in found}) == 419
    sizes = pd.Series([one.family for one in found]).value_counts()
    assert sizes.to_dict() == {
        "volatility clusters": 63,
        **{f"quantiles, {days} d": 54 for days in (1, 3, 20, 60)},
        "trends": 36,
        "drawdowns": 36,
        "moments": 27,
        "pairs": 20,
        "extreme days": 12,
        "leverage": 9,
    }
    three = statistics(returns()[:, :3], FIVE[:3])
    assert len({(one.series, one.name) for one in three}) == len(three)
    assert names(FIVE) == ["a", "e", "b-a", "c-b", "d-c", "e-d", "c-a", "d-a", "e-a"]
    assert pairs(FIVE) == [("c-a", "a"), ("e-a", "a"), ("b-a", "c-b"), ("c-b", "e-d"), ("d-c", "e-d")]


def test_every_history_stands_alone():
    """The statistics of one history are those it has among others, missing days included."""
    both = statistics(returns(), FIVE)
    alone = statistics(returns()[:, :, 1:], FIVE)
    for one, many in zip(alone, both, strict=True):
        assert np.isfinite(many.value).all(), many.name
        np.testing.assert_allclose(one.value[0], many.value[1], rtol=1e-9, atol=1e-15)


def test_an_autoregression_has_its_correlations_and_variance_ratio():
    rng, rho, days = np.random.default_rng(1), 0.3, 200_000
    noise, r = rng.normal(size=days), np.empty(days)
    r[0] = noise[0]
    for t in range(1, days):
        r[t] = rho * r[t - 1] + noise[t]
    r = r[:, None]
    got = correlations(r, r, 3)[:, 0]
    np.testing.assert_allclose(got, [rho, rho**2, rho**3], atol=4 / np.sqrt(days))
    ratio = sums(r, 3).var() / (3 * r.var())
    assert ratio == pytest.approx(1 + 2 * (2 / 3 * rho + 1 / 3 * rho**2), rel=0.02)


def test_drawdowns_and_z_by_hand():
    r = np.array([0.1, -0.2, 0.05, -0.1, 0.3, -0.4, 0.0, 0.1])[:, None]
    np.testing.assert_allclose(drawdowns(r, 4)[:, 0], [0.25, 0.4])
    x = np.random.default_rng(2).normal(size=(300, 1))
    z = standardised(x)
    before = x[20:270, 0]
    assert z[20, 0] == pytest.approx((x[270, 0] - before.mean()) / before.std(ddof=1))
    assert len(z) == 50


def test_extreme_days_are_counted_in_ten_years():
    r = returns(days=1250)
    r[1000:1004, 2] -= 0.2
    found = {one.name: one for one in statistics(r, FIVE) if one.series == "c-a"}
    assert found["z <= -5, days in ten years"].value == pytest.approx([4 * 10 * YEAR / 1000] * 2)


def families(outside):
    names = ["trends", "pairs"]
    return pd.DataFrame({"statistics": [36, 20], "outside": outside, "expected": [1.8, 1.0]}, index=names)


def test_a_verdict_says_what_stands_out():
    assert "describes these data." in page.verdict(8, 419, families([2, 2]))
    assert "but for pairs (4 of 20)" in page.verdict(12, 419, families([2, 4]))
    assert "does not describe" in page.verdict(205, 419, families([28, 2]))
