"""Words into arrays: every product's positions, the start, the ladder, checked by hand."""

import numpy as np
import pytest

from tailrisk.assemble.world import assemble, detector, stationary
from tailrisk.config import load
from tailrisk.core.calendar import YEAR
from tailrisk.core.names import BUCKETS, STYLES


def world(*overrides):
    return assemble(load("feb2024.toml", ['run.precision="float64"', "market.process=regimes", *overrides]))


@pytest.fixture(scope="module")
def demo():
    config = load("feb2024.toml", ['run.precision="float64"', "market.process=regimes"])
    return config, assemble(config)


def row(config, products, name):
    k = list(config.products).index(name)
    return {field: np.asarray(getattr(products, field))[k] for field in products.__dataclass_fields__}


def test_a_neutral_fund_holds_its_exposure_and_sells_as_much(demo):
    config, it = demo
    said, held = config.products["neutral"], row(config, it.products, "neutral")
    np.testing.assert_allclose(held["long"], [0.8 * said.weights[b] for b in BUCKETS])
    np.testing.assert_allclose(held["short"], [0, 0.4, 0.4])
    assert held["interest"] == pytest.approx((1 - 0.8 * 1.12) * 0.02 / YEAR)
    assert held["benchmark"].sum() == 0
    assert held["benchmark_cash"] == pytest.approx(0.02 / YEAR)


def test_a_dma_is_four_times_financed_and_hedged_in_full(demo):
    config, it = demo
    held = row(config, it.products, "dma")
    assert held["long"].sum() == pytest.approx(4)
    assert held["short"].sum() == pytest.approx(4)
    assert held["interest"] == pytest.approx(-4 * 0.035 / YEAR)
    assert held["margin"] == 0.2


@pytest.mark.parametrize(
    ("name", "long", "short", "index"),
    [
        ("ie300", 1, 0, "csi300"),
        ("ie500", 1, 0, "csi500"),
        ("ie1000", 1, 0, "csi1000"),
        ("stock_selection", 1, 0, "csi1000"),
        ("long_short", 1, 0.5, None),
        ("micro_active", 0.9, 0, "micro"),
        ("micro_passive", 0.95, 0, "csi2000"),
        ("cta", 0, 0, None),
    ],
)
def test_exposures_and_benchmarks(demo, name, long, short, index):
    config, it = demo
    held = row(config, it.products, name)
    assert held["long"].sum() == pytest.approx(long)
    assert held["short"].sum() == pytest.approx(short)
    assert held["benchmark"].tolist() == [float(bucket == index) for bucket in BUCKETS]


def test_only_a_cta_has_risk_of_its_own(demo):
    config, it = demo
    own = dict(zip(config.products, np.asarray(it.products.own), strict=True))
    assert own.pop("cta") == pytest.approx(0.1145 / np.sqrt(YEAR))
    assert not any(own.values())


@pytest.mark.parametrize("shocks", ["gaussian", "student"])
def test_the_ladder_has_the_covariance_that_was_fitted(shocks):
    said = [
        'run.precision="float64"',
        "market.process=regimes",
        f'market.shocks="{shocks}"',
        'market.spread_drift="fitted"',
    ]
    config = load("feb2024.toml", said)
    it, fitted = assemble(config).process.ladder, config.fitted
    differences = np.eye(5) - np.eye(5, k=-1)  # bucket returns back to factors
    scale = 1.0 if fitted.nu is None else fitted.nu / (fitted.nu - 2)
    for k in range(4):
        factor = differences @ np.asarray(it.affine)[k, :, 1:]
        np.testing.assert_allclose(scale * factor @ factor.T, fitted.covariance[k], rtol=1e-10)
        np.testing.assert_allclose(differences @ np.asarray(it.affine)[k, :, 0], fitted.mean[k], atol=1e-15)


def test_without_spread_drift_no_bucket_outgrows_another_in_the_long_run(demo):
    config, it = demo
    law = stationary(np.array(config.fitted.transition))
    drift = law @ np.asarray(it.process.ladder.affine)[:, :, 0]
    np.testing.assert_allclose(drift, law @ np.array(config.fitted.mean)[:, 0], atol=1e-15)
    fitted = np.cumsum(law @ np.array(config.fitted.mean))
    assert fitted[4] - fitted[0] > 0.0005, "the fit has no drift to remove: the test proves nothing"
    relative = (
        np.diff(np.asarray(it.process.ladder.affine)[:, :, 0], axis=1) - np.array(config.fitted.mean)[:, 1:]
    )
    np.testing.assert_allclose(relative, np.broadcast_to(relative[0], relative.shape), atol=1e-15)


def test_the_stationary_law_is_left_as_it_is_by_a_day():
    p = np.array([[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0, 0.5, 0.5]])
    law = stationary(p)
    np.testing.assert_allclose(law @ p, law)
    assert law.sum() == pytest.approx(1)


@pytest.mark.parametrize(("start", "expected"), [("calm", [1, 1, 1, 1]), ("crisis", [0, 0, 0, 1])])
def test_a_named_start(start, expected):
    np.testing.assert_allclose(np.asarray(world(f'market.start="{start}"').process.regimes.start), expected)


def test_the_filtered_start_is_the_fit_s(demo):
    config, it = demo
    np.testing.assert_allclose(
        np.diff(np.asarray(it.process.regimes.start), prepend=0), config.fitted.filtered
    )


def test_events_that_differ_in_threshold_share_a_detector(demo):
    config, it = demo
    assert (
        len(config.event)
        > len(it.detectors)
        == len({detector(event, config.names) for event in config.event})
    )
    assert it.warmup == max(d.lead for d in it.detectors)


def test_styles_are_assembled_only_where_a_product_holds_them(demo):
    assert demo[1].styles is None
    held = "products.ie500.style_exposure={liquidity=0.5, size=-1.0}"
    config = load("feb2024.toml", ['run.precision="float64"', "market.process=regimes", held])
    it, fitted = assemble(config), config.calibrated.styles
    rows = [STYLES.index(name) for name in ("liquidity", "size")]
    factors = np.random.default_rng(0).normal(size=5)
    by_factor = np.array(fitted.loading)[rows] @ factors
    np.testing.assert_allclose(np.asarray(it.styles.loading) @ np.cumsum(factors), by_factor)
    residual = np.asarray(it.styles.residual)
    np.testing.assert_allclose(
        np.sqrt((residual @ residual.T).diagonal()), np.array(fitted.residual_sd)[rows]
    )
    k = list(config.products).index("ie500")
    assert np.asarray(it.products.style)[k].tolist() == [0.5, -1.0]
    assert np.abs(np.delete(np.asarray(it.products.style), k, axis=0)).max() == 0
