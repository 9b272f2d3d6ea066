"""The synthetic universe: its moments, its ledgers, its seed, and the file it is drawn from."""

import dataclasses
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS, FACTORS, STYLES
from tailrisk.universe import OUTSIDE, default, factor_returns, from_file, synthetic
from tailrisk.universe.document import document, read
from tailrisk.universe.moments import KNOTS, SIZES
from tailrisk.universe.universe import loadings

FILE = Path(__file__).resolve().parents[2] / "configs" / "calibrated" / "universe_2023.toml"


@pytest.fixture(scope="module")
def it():
    return default()


def test_buckets_are_ranks_of_cap(it):
    assert it.label == "synthetic"
    counts = [int((it.bucket == b).sum()) for b in range(OUTSIDE, len(BUCKETS))]
    assert counts == [800, 300, 500, 1000, 2000, 400]
    assert (np.diff(it.cap) <= 0).all()
    assert it.members("micro")[-400:].all()
    assert it.members("csi300")[:300].all()


def test_styles_are_standardised_under_cap_weights(it):
    np.testing.assert_allclose(it.cap @ it.style / it.cap.sum(), 0, atol=1e-10)
    np.testing.assert_allclose(it.style.std(axis=0), 1, rtol=1e-10)
    assert set(it.styles) <= set(STYLES)
    assert it.factors == (*FACTORS, *it.styles)


def test_benchmarks_earn_their_buckets_and_nothing_of_the_styles(it):
    np.testing.assert_allclose(it.benchmark.sum(axis=0), 1)
    ladder = np.tril(np.ones((5, 5)))
    np.testing.assert_allclose(it.benchmark.T @ it.loading, np.hstack([ladder, np.zeros((5, 6))]), atol=1e-12)
    buckets, styles = np.array([0.01, -0.02, -0.06, -0.09, -0.14]), np.full(6, 0.03)
    earned = it.benchmark.T @ it.loading @ factor_returns(buckets, styles)
    np.testing.assert_allclose(earned, buckets, atol=1e-12)


def test_benchmarks_weigh_by_circulating_cap_and_micro_equally(it):
    every = dataclasses.replace(read(FILE), circulating=np.full(6, 0.5), circulating_sd=np.zeros(6))
    whole = synthetic(every)
    for place in range(4):
        inside = whole.bucket == place
        cap = whole.cap[inside] / whole.cap[inside].sum()
        np.testing.assert_allclose(whole.benchmark[inside, place], cap)
        assert not np.allclose(it.benchmark[inside, place], cap)
    np.testing.assert_allclose(it.benchmark[it.members("micro"), 4], 1 / 400)


def test_a_stock_in_no_bucket_earns_its_part_of_the_last_step():
    bucket, style = np.array([3, 4, OUTSIDE], np.int8), np.array([[1.0], [2.0], [5.0]])
    benchmark = np.zeros((3, 5))
    benchmark[0, 3] = benchmark[1, 4] = 1
    found = loadings(bucket, style, benchmark, 0.25, np.array([0.5]))
    np.testing.assert_allclose(found[:, :5], [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0.25]])
    np.testing.assert_allclose(found[:, 5], 0)


def test_within_a_bucket_a_style_pays_its_gain():
    bucket, style = np.array([0, 0], np.int8), np.array([[1.0], [-2.0]])
    benchmark = np.zeros((2, 5))
    benchmark[:, 0] = [0.75, 0.25]
    found = loadings(bucket, style, benchmark, 0.0, np.array([2.0]))
    np.testing.assert_allclose(found[:, 5], [2 * (1 - 0.25), 2 * (-2 - 0.25)])


def test_cross_correlations_and_risks_are_those_of_the_moments(it):
    """Slopes on all styles come back within four standard errors, in a universe of 5,000."""
    moments = read(FILE)
    design = np.column_stack([np.ones(5000), it.style])
    inverse = np.linalg.inv(design.T @ design)
    for values, truth, noise in (
        (np.log(it.specific_sd), moments.log_specific, moments.log_specific_sd),
        (np.log(it.adv / it.cap), moments.log_turnover, moments.log_turnover_sd),
    ):
        found = inverse @ design.T @ values
        error = noise * np.sqrt(np.diagonal(inverse))
        assert (error < 0.1 * np.abs(truth).max()).all()
        assert (np.abs(found - truth) < 4 * error).all()
        left = (values - design @ found).std()
        assert abs(left - noise) < 4 * noise / np.sqrt(2 * 5000)
    others = it.style[:, [it.styles.index(name) for name in moments.others]]
    sizes = np.column_stack([np.ones(5000), *(it.style[:, it.styles.index(name)] for name in SIZES)])
    left = others - sizes @ np.linalg.lstsq(sizes, others, rcond=None)[0]
    deviation = np.sqrt(np.diagonal(moments.style_covariance))
    want = moments.style_covariance / np.outer(deviation, deviation)
    assert np.abs(np.corrcoef(left.T) - want).max() < 4 / np.sqrt(5000)


def test_a_portfolio_of_many_names_has_no_specific_risk_and_one_of_few_has(it):
    variance = it.specific_sd**2
    broad = np.sqrt(it.benchmark[:, 3] ** 2 @ variance)
    assert 0.005 < np.median(it.specific_sd) < 0.05
    assert broad < 0.1 * np.median(it.specific_sd)


def test_the_seed_decides_and_the_number_of_names_does_not_matter_to_the_law(it):
    again, other, fewer = default(), default(seed=1), default(stocks=4200)
    np.testing.assert_array_equal(again.style, it.style)
    np.testing.assert_array_equal(again.adv, it.adv)
    assert not np.array_equal(other.style, it.style)
    np.testing.assert_array_equal(other.cap, it.cap)
    for share in (0.01, 0.5, 0.99):
        assert abs(np.log(np.quantile(fewer.cap, share) / np.quantile(it.cap, share))) < 0.02


def test_the_file_survives_the_round_trip(tmp_path):
    moments = read(FILE)
    path = tmp_path / "u.toml"
    path.write_text(document(moments, {"days": 3}), encoding="utf-8")
    again = read(path)
    for field in dataclasses.fields(moments):
        if field.name != "pay":
            np.testing.assert_array_equal(getattr(again, field.name), getattr(moments, field.name))
    np.testing.assert_array_equal(again.pay.gain, moments.pay.gain)
    np.testing.assert_array_equal(from_file(path).loading, default().loading)


def test_the_committed_file_says_where_it_comes_from_and_holds_no_stock():
    fit = tomllib.loads(FILE.read_text(encoding="utf-8"))["fit"]
    assert fit["date"] == "2023-12-29"
    assert fit["command"].startswith("tailrisk universe ")
    assert len(FILE.read_bytes()) < 6000


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('styles = ["beta",', 'styles = ["bet",', "styles"),
        ("outside = ", "outsid = ", "'outside'"),
        ("circulating = [", "circulating = [1.0, ", "shape (7,)"),
        ("log_turnover_sd = ", "log_turnover_sd = nan #", "not finite"),
        ("rank = [0.0002", "rank = [0.0001", "rank"),
        ("log_cap = [", f"log_cap = {[float(k) for k in range(len(KNOTS))]} #", "rises"),
        ("[universe]", "[universe", "cannot be read"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, old, new, said):
    path = tmp_path / "u.toml"
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"u\.toml") as error:
        read(path)
    assert said in str(error.value)


def test_what_cannot_be_is_refused(it):
    with pytest.raises(InputError, match="at least 4200"):
        synthetic(read(FILE), stocks=4199)
    with pytest.raises(InputError, match="no such file"):
        read("no.toml")
    with pytest.raises(InputError, match=r"universe\.alpha"):
        dataclasses.replace(it, alpha=np.zeros(3))
