"""Exposures of one day: standardised, orthogonal where they should be, filled, winsorised."""

import numpy as np
import pytest

from tailrisk.universe.exposures import exposures, regression_weight, winsorised

STOCKS = 2000


@pytest.fixture(scope="module")
def day():
    rng = np.random.default_rng(5)
    size = rng.standard_normal(STOCKS) + 0.5 * rng.exponential(1, STOCKS)
    cap = np.exp(22 + size)
    beta = 1 + 0.3 * rng.standard_normal(STOCKS)
    raw = {
        "size": np.log(cap),
        "beta": beta,
        "residual_volatility": 0.02 + 0.01 * beta - 0.003 * size + 0.002 * rng.standard_normal(STOCKS),
        "liquidity": -4 + 0.5 * size + rng.standard_normal(STOCKS),
        "momentum": 0.4 * size + 0.1 * rng.standard_normal(STOCKS),
        "growth": np.full(STOCKS, 0.1),
    }
    return raw, cap


def test_mean_zero_under_cap_weights_and_deviation_one(day):
    raw, cap = day
    names, z = exposures(raw, cap)
    assert names == ("beta", "liquidity", "momentum", "non_linear_size", "residual_volatility", "size")
    np.testing.assert_allclose(cap @ z / cap.sum(), 0, atol=1e-10)
    np.testing.assert_allclose(z.std(axis=0), 1)


def test_orthogonal_styles_are_orthogonal_under_regression_weights(day):
    raw, cap = day
    names, z = exposures(raw, cap)
    weight = regression_weight(cap)
    centred = z - weight @ z / weight.sum()
    angle = centred.T * weight @ centred / STOCKS
    at = names.index
    for one, other in (
        ("residual_volatility", "beta"),
        ("residual_volatility", "size"),
        ("liquidity", "size"),
    ):
        assert abs(angle[at(one), at(other)]) < 1e-9
    assert abs(angle[at("momentum"), at("size")]) > 0.5  # and the rest is as it was


def test_non_linear_size_is_what_size_leaves_of_its_cube(day):
    raw, cap = day
    names, z = exposures(raw, cap)
    size, weight = z[:, names.index("size")], regression_weight(cap)
    slope, level = np.polyfit(size, size**3, 1, w=np.sqrt(weight))
    left = winsorised(size**3 - level - slope * size)
    want = (left - cap @ left / cap.sum()) / left.std()
    np.testing.assert_allclose(z[:, names.index("non_linear_size")], want, atol=1e-9)


def test_missing_descriptors_are_predicted_from_size(day):
    raw, cap = day
    known = exposures(raw, cap)
    rng = np.random.default_rng(6)
    holes = np.where(rng.random(STOCKS) < 0.3, np.nan, raw["momentum"])
    names, z = exposures({**raw, "momentum": holes}, cap)
    column, missing = names.index("momentum"), np.isnan(holes)
    assert np.corrcoef(z[missing, column], known[1][missing, column])[0, 1] > 0.9
    assert np.isfinite(z).all()


def test_an_outlier_is_drawn_in(day):
    values = np.append(np.random.default_rng(7).standard_normal(999), 1e6)
    assert winsorised(values).max() < 4
    raw, cap = day
    wild = raw["beta"].copy()
    wild[0] = 1e6
    names, z = exposures({**raw, "beta": wild}, cap)
    assert np.abs(z[:, names.index("beta")]).max() < 4


def test_weights_rise_with_the_root_of_cap_to_a_ceiling():
    cap = np.arange(1.0, 1001) ** 2
    weight = regression_weight(cap)
    np.testing.assert_allclose(weight[99] / weight[24], 4)
    assert weight.max() / weight[0] == pytest.approx(950.05)
    assert weight.mean() == pytest.approx(1)
