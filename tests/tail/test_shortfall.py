"""VaR and ES where they are known: closed forms, atoms, weights, exact levels, and the axioms."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import expected_shortfall, value_at_risk
from tailrisk.tail.shortfall import weighted_tail

LAWS = {
    "normal": (lambda u: stats.norm.ppf(u), lambda a: stats.norm.pdf(stats.norm.ppf(a)) / (1 - a)),
    "exponential": (lambda u: -np.log1p(-u), lambda a: 1 - math.log(1 - a)),
    "uniform": (lambda u: u, lambda a: (1 + a) / 2),
    "pareto": (
        lambda u: ((1 - u) ** -0.25 - 1) / 0.25,
        lambda a: (((1 - a) ** -0.25 - 1) / 0.25 + 1) / 0.75,
    ),
    "student": (
        lambda u: stats.t.ppf(u, 4),
        lambda a: stats.t.pdf(stats.t.ppf(a, 4), 4) * (4 + stats.t.ppf(a, 4) ** 2) / (3 * (1 - a)),
    ),
}
SAMPLES = arrays(np.float64, 60, elements=st.floats(-1e3, 1e3, width=32))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("level", ["0.9", "0.99"])
def test_equally_spaced_quantiles_give_the_closed_form(law, level):
    quantile, truth = LAWS[law]
    loss = quantile((np.arange(1_000_000) + 0.5) / 1_000_000)
    np.testing.assert_allclose(value_at_risk(loss, level=level), quantile(float(level)), rtol=2e-4)
    np.testing.assert_allclose(expected_shortfall(loss, level=level), truth(float(level)), rtol=2e-3)


@pytest.mark.parametrize("law", LAWS)
def test_a_sample_is_within_four_standard_errors_of_the_closed_form(law):
    quantile, truth = LAWS[law]
    loss = quantile(np.random.default_rng(3).random(400_000))
    estimate, exact = expected_shortfall(loss, level=0.95), truth(0.95)
    error = np.std(np.maximum(loss - value_at_risk(loss, level=0.95), 0)) / 0.05 / math.sqrt(len(loss))
    assert error < 0.01 * exact
    assert abs(estimate - exact) < 4 * error


def test_the_tail_of_ten_losses_by_hand():
    loss = np.array([3.0, 9, 1, 7, 5, 10, 2, 8, 6, 4])
    assert value_at_risk(loss, level="0.75") == 8  # t = 2.5, k = 3
    assert expected_shortfall(loss, level="0.75") == pytest.approx((10 + 9 + 0.5 * 8) / 2.5, rel=1e-15)
    assert value_at_risk(loss, level="0.8") == 9  # t = 2, k = 2
    assert expected_shortfall(loss, level="0.8") == 9.5


def test_an_atom_at_value_at_risk_is_split():
    loss = np.repeat([1.0, 0.0], [30, 970])  # Bernoulli: P(L = 1) = 3 %
    assert value_at_risk(loss, level="0.98") == 1
    assert expected_shortfall(loss, level="0.98") == 1
    assert value_at_risk(loss, level="0.95") == 0
    assert expected_shortfall(loss, level="0.95") == pytest.approx(0.6, rel=1e-15)


@pytest.mark.parametrize("paths", [100, 300, 700, 1000, 2900, 10_000, 123_400])
def test_the_tail_count_is_exact_where_floats_are_not(paths):
    loss = np.arange(1.0, paths + 1)
    for level in ("0.9", "0.95", "0.99"):
        worst = math.ceil((1 - Fraction(level)) * paths)
        assert value_at_risk(loss, level=level) == paths - worst + 1
        assert value_at_risk(loss, level=float(level)) == paths - worst + 1
        assert value_at_risk(loss, level=Fraction(level)) == paths - worst + 1
        assert value_at_risk(loss, np.full(paths, 1 / paths), level=level) == paths - worst + 1


def test_nearly_equal_weights_meet_the_boundary_of_equal_ones():
    loss = np.arange(1.0, 1001)
    weight = np.full(1000, 1 / 1000)
    weight[0], weight[1] = weight[0] * (1 + 1e-15), weight[1] * (1 - 1e-15)
    assert value_at_risk(loss, weight, level="0.99") == value_at_risk(loss, level="0.99") == 991
    assert expected_shortfall(loss, weight, level="0.99") == pytest.approx(995.5, rel=1e-13)


@settings(max_examples=50, deadline=None)
@given(SAMPLES, st.sampled_from(["0.8", "0.9", "0.95"]), st.integers(0, 2**32 - 1))
def test_the_order_of_paths_does_not_matter(loss, level, seed):
    order = np.random.default_rng(seed).permutation(len(loss))
    weight = np.random.default_rng(seed + 1).random(len(loss))
    weight /= math.fsum(weight)
    for w, shuffled in ((None, None), (weight, weight[order])):
        assert value_at_risk(loss, w, level=level) == value_at_risk(loss[order], shuffled, level=level)
        assert expected_shortfall(loss, w, level=level) == expected_shortfall(
            loss[order], shuffled, level=level
        )


@settings(max_examples=50, deadline=None)
@given(SAMPLES, st.sampled_from(["0.8", "0.9", "0.95"]), st.integers(1, 4))
def test_a_point_seen_twice_is_a_point_of_twice_the_weight(loss, level, times):
    count = np.random.default_rng(times).integers(1, 4, len(loss))
    weight = count / count.sum()
    repeated = np.repeat(loss, count)
    assert value_at_risk(loss, weight, level=level) == value_at_risk(repeated, level=level)
    np.testing.assert_allclose(
        expected_shortfall(loss, weight, level=level),
        expected_shortfall(repeated, level=level),
        rtol=1e-9,
        atol=1e-9,
    )


@settings(max_examples=50, deadline=None)
@given(SAMPLES, SAMPLES, st.floats(0.1, 10), st.floats(-5, 5))
def test_expected_shortfall_is_coherent(loss, other, scale, shift):
    es = expected_shortfall(loss, level=0.9)
    close = {"rtol": 1e-9, "atol": 1e-8}
    np.testing.assert_allclose(
        expected_shortfall(scale * loss + shift, level=0.9), scale * es + shift, **close
    )
    assert expected_shortfall(loss + other, level=0.9) <= es + expected_shortfall(other, level=0.9) + 1e-9
    assert expected_shortfall(np.maximum(loss, other), level=0.9) >= es
    assert es >= value_at_risk(loss, level=0.9)


def test_value_at_risk_is_not_subadditive_where_expected_shortfall_is():
    paths = np.arange(10_000)
    first, second = (paths < 400).astype(float), ((paths >= 400) & (paths < 800)).astype(float)
    assert value_at_risk(first, level=0.95) + value_at_risk(second, level=0.95) == 0
    assert value_at_risk(first + second, level=0.95) == 1
    assert expected_shortfall(first + second, level=0.95) <= 2 * expected_shortfall(first, level=0.95)


def test_importance_sampling_of_a_normal_tail_is_unbiased():
    truth = stats.norm.pdf(stats.norm.ppf(0.999)) / 0.001
    estimates = []
    for seed in range(100):
        random = np.random.default_rng(seed)
        loss = random.normal(size=4000) + np.where(random.random(4000) < 0.5, 3.0, 0.0)
        weight = 1 / (0.5 + 0.5 * np.exp(3 * loss - 4.5))  # defensive mixture
        estimates.append(expected_shortfall(loss, weight / math.fsum(weight), level="0.999"))
    error = np.std(estimates) / math.sqrt(len(estimates))
    assert error < 0.001 * truth
    assert abs(np.mean(estimates) - truth) < 4 * error
    assert np.std(estimates) < 0.35 * 0.36 / math.sqrt(
        0.001 * 4000
    )  # plain paths: sd 0.36 / sqrt(t) and more


def test_leading_axes_are_separate_samples():
    random = np.random.default_rng(5)
    loss = random.normal(size=(2, 3, 500))
    weight = random.random((2, 3, 500))
    weight /= weight.sum(axis=-1, keepdims=True)
    for measure in (value_at_risk, expected_shortfall):
        for w in (None, weight, weight[0, 0]):
            table = measure(loss, w, level=0.95)
            assert table.shape == (2, 3)
            row = None if w is None else np.broadcast_to(w, loss.shape)[1, 2]
            assert table[1, 2] == measure(loss[1, 2], row, level=0.95)
    assert isinstance(expected_shortfall(loss[0, 0], level=0.95), float)


def test_a_tail_leaves_out_what_has_no_weight():
    tail = weighted_tail(np.array([9.0, 5.0, 5.0, 1.0]), np.array([0.0, 0.0, 0.25, 0.75]), Fraction("0.75"))
    assert (tail.value_at_risk, len(tail.above), tail.expected_shortfall) == (5.0, 0, 5.0)
    with pytest.raises(InputError, match=r"carries weight 0\.25"):
        weighted_tail(np.array([9.0, 5.0, 5.0, 1.0]), np.array([0.0, 0.0, 0.25, 0.75]), Fraction("0.8"))


def test_zero_weight_is_no_path():
    loss = np.array([*np.arange(100.0), 1e6])
    weight = np.array([*np.full(100, 0.01), 0.0])
    assert expected_shortfall(loss, weight, level=0.9) == pytest.approx(94.5, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "weight", "level", "says"),
    [
        ([0.0, np.nan, 1.0], None, 0.9, "1 of 3 values are not finite"),
        ([0.0, np.inf, -np.inf], None, 0.9, "2 of 3 values are not finite"),
        ([], None, 0.9, "is empty"),
        (1.0, None, 0.9, "is empty"),
        ([0.0, 1.0], [0.5, 0.4], 0.9, "the weights sum to 0.9"),
        ([0.0, 1.0], [1.5, -0.5], 0.9, "1 weights are negative"),
        ([0.0, 1.0], [0.5, np.nan], 0.9, "not finite"),
        ([0.0, 1.0], [1.0], 0.9, "1 weights for 2 losses"),
        ([0.0, 1.0], None, 1, "outside the open interval"),
        ([0.0, 1.0], None, 0, "outside the open interval"),
        ([0.0, 1.0], None, "ninety", "is not a number"),
        ([0.0, 1.0], None, math.nan, "is not a number"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(loss, weight, level, says):
    with pytest.raises(InputError, match=says):
        expected_shortfall(loss, weight, level=level)


def test_a_level_beyond_the_sample_is_refused_with_the_paths_it_needs():
    assert expected_shortfall(np.arange(1000.0), level="0.999") == 999
    for measure in (value_at_risk, expected_shortfall):
        with pytest.raises(InputError, match="at least 1,000 equally weighted paths"):
            measure(np.arange(999.0), level="0.999")
    heavy = np.array([0.02, *np.full(98, 0.01)])
    assert expected_shortfall(np.arange(99.0), heavy, level="0.99") == 98
    with pytest.raises(InputError, match=r"carries weight 0\.02"):
        expected_shortfall(-np.arange(99.0), heavy, level="0.99")


def test_a_boundary_met_to_the_last_bit_but_one_is_met():
    for paths in range(3, 60):
        loss, weight = np.arange(float(paths)), np.full(paths, 1 / paths)
        weight[:2] *= 1 + 1e-15, 1 - 1e-15
        for worst in range(1, (paths + 1) // 2):  # a level is above one half
            level = 1 - Fraction(worst, paths)
            assert (
                value_at_risk(loss, weight, level=level) == value_at_risk(loss, level=level) == paths - worst
            )
