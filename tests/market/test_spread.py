"""The spread detector: hand counts, pandas, and the real days of 2024."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from tailrisk.core.names import BUCKETS
from tailrisk.data.prices import read_prices
from tailrisk.market import spread

ONE_DAY = spread.Params(small=2, large=0, window=250, days=1, mean_removed=True)


def by_pandas(series, window, days, mean_removed):
    s = pd.Series(series)
    yardstick = s.shift(days).rolling(window)
    move = s.rolling(days).sum() - (days * yardstick.mean() if mean_removed else 0)
    return (move / (yardstick.std() * np.sqrt(days))).dropna().to_numpy()


@pytest.mark.parametrize("window", [20, 60])
@pytest.mark.parametrize("days", [1, 2, 5])
@pytest.mark.parametrize("mean_removed", [True, False])
def test_z_is_what_pandas_says(window, days, mean_removed):
    series = np.random.default_rng(1).standard_t(4, size=200) * 0.007 + 0.001
    params = spread.Params(small=2, large=0, window=window, days=days, mean_removed=mean_removed)
    got = np.asarray(spread.z(params, jnp.asarray(series)[:, None]))[:, 0]
    want = by_pandas(series, window, days, mean_removed)
    assert len(got) == 200 - params.lead
    np.testing.assert_allclose(got, want, rtol=1e-8)


def test_the_day_itself_is_not_in_its_yardstick():
    calm = np.tile([0.01, -0.01], 125)
    shocked = np.append(calm, -0.07)[:, None]
    z = float(spread.z(ONE_DAY, jnp.asarray(shocked))[0, 0])
    assert z == pytest.approx(-0.07 / np.std(calm, ddof=1))


def test_float32_survives_a_crash_passing_through_the_window():
    rng = np.random.default_rng(2)
    series = rng.normal(size=2000) * 0.006
    series[700] = -0.6
    params = replace(ONE_DAY, window=250)
    low = np.asarray(spread.z(params, jnp.asarray(series, jnp.float32)[:, None]))[:, 0]
    high = np.asarray(spread.z(params, jnp.asarray(series)[:, None]))[:, 0]
    np.testing.assert_allclose(low, high, atol=2e-3)


@pytest.fixture(scope="module")
def returns(market_data):
    prices = read_prices(market_data / "indices_daily.csv")
    return prices[list(BUCKETS)].pct_change(fill_method=None)


def z_on(returns, small, window, *, days=1, mean_removed=True):
    daily = (returns[small] - returns["csi300"]).dropna()
    params = spread.Params(
        small=BUCKETS.index(small), large=0, window=window, days=days, mean_removed=mean_removed
    )
    z = np.asarray(spread.z(params, jnp.asarray(daily.to_numpy())[:, None]))[:, 0]
    return pd.Series(z, index=daily.index[params.lead :])


@pytest.mark.market_data
@pytest.mark.parametrize(
    ("window", "expected"), [(60, -6.6), (120, -7.7), (250, -9.0), (500, -7.7), (750, -7.1)]
)
def test_the_seven_sigma_depends_on_the_window(returns, window, expected):
    """mechanism 0.1 and 9.1: without removing the mean."""
    assert z_on(returns, "csi1000", window, mean_removed=False)["2024-02-05"] == pytest.approx(
        expected, abs=0.1
    )


@pytest.mark.market_data
@pytest.mark.parametrize(
    ("small", "day", "expected"),
    [
        *[("csi1000", d, z) for d, z in {"01-22": -6.5, "01-31": -4.3, "02-02": -3.3, "02-05": -8.9}.items()],
        *[("csi1000", d, z) for d, z in {"02-06": 4.1, "02-07": 4.0, "02-08": 3.8}.items()],
        *[
            ("csi2000", d, z)
            for d, z in {"01-22": -5.4, "01-31": -4.7, "02-02": -3.4, "02-05": -10.2}.items()
        ],
        *[("micro", d, z) for d, z in {"01-22": -5.1, "01-31": -4.9, "02-02": -4.0, "02-05": -11.2}.items()],
    ],
)
def test_the_days_of_2024_have_the_z_of_the_reference(returns, small, day, expected):
    """mechanism 4.1 and 9.2: 250 days, mean removed."""
    assert z_on(returns, small, 250)[f"2024-{day}"] == pytest.approx(expected, abs=0.1)


@pytest.mark.market_data
@pytest.mark.parametrize(
    ("small", "day", "expected"), [("csi1000", "02-02", -5.8), ("csi2000", "02-05", -10.1)]
)
def test_five_days_count_by_the_days_before_them(returns, small, day, expected):
    """mechanism 4.1 does not say whose window its five-day figures use; this one is within 0.2 of them."""
    assert z_on(returns, small, 250, days=5)[f"2024-{day}"] == pytest.approx(expected, abs=0.2)


@pytest.mark.market_data
def test_three_days_beyond_three_and_one_beyond_seven(returns):
    z = z_on(returns, "csi1000", 250)["2024-01-01":"2024-02-05"]
    assert (z[:-1] <= -3).sum() == 3
    assert (z <= -7).sum() == 1
