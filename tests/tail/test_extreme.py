"""Generalised Pareto tails: scipy's fit, published variances, thresholds that should not matter, coverage."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

from tailrisk.core import InputError
from tailrisk.tail import ParetoTail, fit_pareto, mean_excess, pareto_interval, stability
from tailrisk.tail.extreme import _likely_times


def pareto(shape, size, seed=0, scale=1.0):
    uniform = np.random.default_rng(seed).random(size)
    return scale * np.expm1(-shape * np.log(uniform)) / shape


def cost(loss, threshold, shape, scale):
    return -stats.genpareto.logpdf(loss[loss > threshold] - threshold, shape, scale=scale).sum()


@pytest.mark.parametrize("shape", [-0.3, -0.05, 0.001, 0.2, 0.6, 1.1])
def test_the_likeliest_fit_is_scipys(shape):
    loss = 2 + pareto(shape, 3000, scale=0.03)
    ours = fit_pareto(loss, threshold=2.01)
    beyond = loss[loss > 2.01] - 2.01
    theirs, _, scale = stats.genpareto.fit(beyond, floc=0)
    assert cost(loss, 2.01, ours.shape, ours.scale) <= cost(loss, 2.01, theirs, scale) + 1e-6
    assert (ours.shape, ours.scale) == (pytest.approx(theirs, abs=2e-3), pytest.approx(scale, rel=2e-3))
    assert ours.exceed == np.mean(loss > 2.01)


def test_the_danish_fires_have_mcneils_tail():
    """McNeil (1997), thresholds of 10 and 20 million; VaR and ES, McNeil, Frey & Embrechts (2005), 7.2.3."""
    large = np.loadtxt(Path(__file__).with_name("danish_fire.txt"))
    loss = np.concatenate([np.ones(2167 - len(large)), large])
    ten, twenty = (fit_pareto(loss, threshold=u) for u in (10.0, 20.0))
    assert (ten.excesses, twenty.excesses) == (pytest.approx(109), pytest.approx(36))
    assert (ten.shape, ten.scale) == (pytest.approx(0.497, abs=5e-4), pytest.approx(6.98, abs=5e-3))
    assert math.sqrt(ten.covariance[0, 0]) == pytest.approx(0.143, abs=5e-4)
    assert (twenty.shape, twenty.scale) == (pytest.approx(0.684, abs=5e-4), pytest.approx(9.63, abs=6e-3))
    assert ten.value_at_risk("0.99") == pytest.approx(27.3, abs=0.05)
    assert ten.expected_shortfall("0.99") == pytest.approx(58.2, abs=0.05)


@pytest.mark.parametrize(
    ("method", "shape", "samples"),
    [("likelihood", -0.2, 150), ("likelihood", 0.3, 150), ("moments", 0.2, 4000)],
)
def test_errors_are_the_published_asymptotic_ones(method, shape, samples):
    """Smith (1987), and Hosking & Wallis (1987) for the moments."""
    fits = [fit_pareto(pareto(shape, 2000, seed), threshold=0.0, method=method) for seed in range(samples)]
    seen = np.cov([f.shape for f in fits], [f.scale for f in fits])
    promised = np.mean([f.covariance for f in fits], axis=0)
    for row, column in ((0, 0), (0, 1), (1, 1)):
        noise = math.sqrt((seen[row, row] * seen[column, column] + seen[row, column] ** 2) / samples)
        assert abs(seen[row, column] - promised[row, column]) < 4 * noise
    bias = np.mean([f.shape for f in fits]) - shape
    assert abs(bias) < 4 * math.sqrt(seen[0, 0] / samples) + 0.002


def test_moments_of_the_exponential_by_hand():
    """a0 = 1, a1 = 1/4 for the exponential law: shape 0, scale 1."""
    loss = -np.log((np.arange(200_000) + 0.5) / 200_000)
    fit = fit_pareto(loss, threshold=0.0, method="moments")
    assert (fit.shape, fit.scale) == (pytest.approx(0, abs=1e-4), pytest.approx(1, abs=1e-4))
    assert np.isnan(fit_pareto(pareto(0.8, 5000), threshold=0.0, method="moments").covariance).all()


@pytest.mark.parametrize("shape", [-0.25, 0.0, 0.4])
def test_value_at_risk_and_shortfall_of_a_pareto_tail_are_the_closed_form(shape):
    tail = ParetoTail(0.1, 0.05, shape, 0.02, 100.0, np.zeros((2, 2)))
    law = stats.genpareto(shape, loc=0.1, scale=0.02)
    at = law.isf(0.01 / 0.05)
    assert tail.value_at_risk("0.99") == pytest.approx(at, rel=1e-12)
    mean = law.expect(lambda x: x, lb=at, conditional=True)
    assert tail.expected_shortfall("0.99") == pytest.approx(mean, rel=1e-6)
    assert tail.value_at_risk("0.95") == pytest.approx(0.1, rel=1e-12)
    with pytest.raises(InputError, match="below the threshold"):
        tail.value_at_risk("0.94")
    assert ParetoTail(0.1, 0.05, 1.0, 0.02, 100.0, np.zeros((2, 2))).expected_shortfall("0.99") == math.inf


def test_moments_of_thirty_excesses_by_hand():
    """Hosking & Wallis (1987): a1 = sum_i (n - i) / (n - 1) y_(i) / n, unbiased."""
    loss = pareto(0.1, 30)
    a0, a1 = loss.mean(), np.mean((30 - np.arange(1, 31)) / 29 * np.sort(loss))
    fit = fit_pareto(loss, threshold=0.0, method="moments")
    assert fit.shape == pytest.approx(2 - a0 / (a0 - 2 * a1), rel=1e-9)
    assert fit.scale == pytest.approx(2 * a0 * a1 / (a0 - 2 * a1), rel=1e-9)


def profile(loss, threshold, level, value):
    """-log likelihood (Pareto and binomial) with VaR held at `value`, by brute optimisation."""
    excess = loss[loss > threshold] - threshold
    n, k = len(loss), len(excess)

    def at(parameters):
        shape, exceed = parameters[0], 1 / (1 + math.exp(-parameters[1]))
        power = np.expm1(shape * math.log(exceed / (1 - level))) / shape
        scale = (value - threshold) / power
        if scale <= 0 or (1 + shape * excess / scale <= 0).any():
            return 1e12
        pareto_part = k * math.log(scale) + (1 + 1 / shape) * np.log1p(shape * excess / scale).sum()
        return pareto_part - k * math.log(exceed) - (n - k) * math.log(1 - exceed)

    start = [0.25, math.log(k / (n - k))]
    options = {"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000}
    return optimize.minimize(at, start, method="Nelder-Mead", options=options).fun


def test_the_interval_is_where_the_whole_likelihood_has_dropped_by_half_a_chi_square():
    loss = pareto(0.25, 2000, seed=4)
    threshold = float(np.quantile(loss, 0.9))
    found = pareto_interval(loss, threshold=threshold, level="0.995")
    top = profile(loss, threshold, 0.995, found.estimate)
    for bound in (found.low, found.high):
        assert 2 * (profile(loss, threshold, 0.995, bound) - top) == pytest.approx(3.8415, abs=0.05)
    assert found.tail_points == pytest.approx(200)
    assert found.indicative


@pytest.mark.parametrize(("exceed", "paths"), [(0.01, 3000), (0.5, 60), (0.97, 1000), (0.1, 300)])
def test_the_chances_of_an_excess_reach_both_ends_of_their_likelihood(exceed, paths):
    drop = 1.92
    times, lost = _likely_times(exceed, paths, drop, 0.001)
    assert (0.9 * drop < lost[[0, -1]]).all()
    assert (lost <= drop).all()
    chance = 0.001 * times[[0, -1]]
    hits = round(exceed * paths)
    deviance = stats.binom.logpmf(hits, paths, exceed) - stats.binom.logpmf(hits, paths, chance)
    np.testing.assert_allclose(lost[[0, -1]], deviance, rtol=1e-6)
    assert chance[0] < exceed < chance[1]


@pytest.mark.parametrize("measure", ["value_at_risk", "expected_shortfall"])
@pytest.mark.parametrize("shape", [-0.2, 0.3])
def test_with_no_confidence_the_interval_shrinks_to_the_estimate(measure, shape):
    settings = {"threshold": 0.5, "level": "0.999", "measure": measure, "confidence": 1e-6}
    found = pareto_interval(pareto(shape, 2000), **settings)
    assert (found.low, found.high) == (pytest.approx(found.estimate, rel=1e-3),) * 2


@pytest.mark.parametrize("measure", ["value_at_risk", "expected_shortfall"])
def test_return_levels_beyond_the_data_are_covered(measure):
    truth = getattr(ParetoTail(0.0, 1.0, 0.2, 1.0, 1.0, np.zeros((2, 2))), measure)("0.9999")
    held = []
    for seed in range(150):
        loss = pareto(0.2, 2000, seed)
        found = pareto_interval(
            loss, threshold=float(np.quantile(loss, 0.85)), level="0.9999", measure=measure
        )
        held.append(found.low <= truth <= found.high)
        assert found.low < found.estimate < found.high
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 150)


def test_equal_weights_are_no_weights_and_an_importance_sample_finds_the_tail():
    loss = pareto(0.3, 2000, seed=1)
    settings = {"threshold": 2.0, "level": "0.999"}
    plain, even = (
        pareto_interval(loss, **settings),
        pareto_interval(loss, np.full(2000, 1 / 2000), **settings),
    )
    for name in ("estimate", "low", "high", "tail_points"):
        assert getattr(even, name) == pytest.approx(getattr(plain, name), rel=1e-6)
    random = np.random.default_rng(2)
    uniform = random.random(20_000) ** 3  # three times more often deep in the tail
    loss = np.expm1(-0.3 * np.log(uniform)) / 0.3
    weight = 3 * uniform ** (2 / 3)
    fit = fit_pareto(loss, weight / math.fsum(weight), threshold=2.0)
    assert abs(fit.shape - 0.3) < 4 * math.sqrt(fit.covariance[0, 0])
    assert math.sqrt(fit.covariance[0, 0]) < 0.05


def test_the_mean_excess_is_a_straight_line_with_the_slope_of_the_shape():
    loss = pareto(0.25, 400_000, seed=3)
    seen = mean_excess(loss, np.array([0.0, 1.0, 2.0, 4.0]))
    np.testing.assert_array_less(np.abs(seen.value - (1 + 0.25 * seen.threshold) / 0.75), 4 * seen.error)
    assert (seen.error < 0.02 * seen.value).all()
    assert seen.excesses[0] == pytest.approx(400_000)


def test_shape_and_modified_scale_do_not_move_with_the_threshold():
    shape, scale = stability(pareto(0.25, 50_000, seed=5), np.array([0.5, 1.0, 2.0]))
    np.testing.assert_array_less(np.abs(shape.value - 0.25), 4 * shape.error)
    np.testing.assert_array_less(np.abs(scale.value - 1.0), 4 * scale.error)
    assert (np.diff(shape.error) > 0).all()
    assert (scale.error < 0.3).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: fit_pareto(x, threshold=np.sort(x)[-30]), "29 losses lie beyond"),
        (lambda x: fit_pareto(x, threshold=0.0, method="guess"), "is unknown"),
        (lambda x: fit_pareto(x.reshape(10, -1), threshold=0.0), "has 2 axes"),
        (lambda x: pareto_interval(x, threshold=0.0, level="0.9", measure="sd"), "is unknown"),
        (lambda x: pareto_interval(x, threshold=np.quantile(x, 0.8), level="0.7"), "below the threshold"),
    ],
)
def test_what_cannot_be_fitted_is_refused(call, says):
    loss = pareto(0.2, 500)
    fit_pareto(loss, threshold=float(np.sort(loss)[-31]))
    with pytest.raises(InputError, match=says):
        call(loss)
