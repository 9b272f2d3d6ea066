"""Component ES: the sum, the normal closed form, the derivative, ties, and coverage."""

import math

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import (
    component_shortfall,
    expected_shortfall,
    expected_shortfall_interval,
    incremental_shortfall,
)

COVARIANCE = np.array([[1.0, 0.5, -0.2], [0.5, 4.0, 0.3], [-0.2, 0.3, 0.25]])


def normal_parts(size, seed=0):
    return np.linalg.cholesky(COVARIANCE) @ np.random.default_rng(seed).normal(size=(3, size))


def truth(level):
    spread = math.sqrt(COVARIANCE.sum())
    return COVARIANCE.sum(axis=1) / spread * stats.norm.pdf(stats.norm.ppf(level)) / (1 - level)


@pytest.mark.parametrize("weighted", [False, True])
def test_contributions_sum_to_expected_shortfall(weighted):
    parts = normal_parts(5003)
    weight = np.random.default_rng(1).random(5003) if weighted else np.ones(5003)
    weight = weight / math.fsum(weight) if weighted else None
    found = component_shortfall(parts, weight, level="0.97")
    whole = expected_shortfall(parts.sum(axis=0), weight, level="0.97")
    assert math.fsum(found.estimate) == pytest.approx(whole, rel=1e-12)


def test_a_tie_at_the_boundary_is_split_evenly_and_still_sums():
    total = np.repeat([5.0, 1.0, 0.0], [2, 10, 88])
    first = np.random.default_rng(2).random(100)
    found = component_shortfall(
        np.stack([first, total - first]), level="0.95"
    )  # t = 5: two fives, three of ten
    assert found.estimate[0] == pytest.approx((first[:2].sum() + 3 * first[2:12].mean()) / 5, rel=1e-12)
    assert found.estimate.sum() == pytest.approx(expected_shortfall(total, level="0.95"), rel=1e-12)


def test_normal_parts_are_within_four_standard_errors_of_the_closed_form():
    found = component_shortfall(normal_parts(400_000), level="0.95")
    error = (found.high - found.low) / 3.92
    assert (error < 0.01).all()
    np.testing.assert_array_less(np.abs(found.estimate - truth(0.95)), 4 * error)
    assert not found.indicative.any()


def test_the_contribution_is_the_derivative_in_the_size_of_the_part():
    parts = normal_parts(200_000, seed=3)
    found = component_shortfall(parts, level="0.95")
    for j in range(3):
        up, down = parts.copy(), parts.copy()
        up[j] *= 1.01
        down[j] *= 0.99
        slope = expected_shortfall(up.sum(axis=0), level="0.95") - expected_shortfall(
            down.sum(0), level="0.95"
        )
        assert slope / 0.02 == pytest.approx(found.estimate[j], abs=2e-3)


def test_intervals_cover_and_the_whole_has_the_interval_of_its_shortfall():
    held = []
    for seed in range(200):
        found = component_shortfall(normal_parts(4000, seed), level="0.95")
        held.append((found.low <= truth(0.95)) & (truth(0.95) <= found.high))
    for rate in np.mean(held, axis=0):
        assert abs(rate - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 200)
    loss = normal_parts(4000)[1]
    alone, known = (
        component_shortfall(loss[None], level="0.95"),
        expected_shortfall_interval(loss, level="0.95"),
    )
    assert (alone.low[0], alone.high[0]) == pytest.approx((known.low, known.high), rel=2e-3)


def test_the_boundary_term_matters():
    """A part that only offsets: without the move of VaR its interval would be far too narrow or wide."""
    held = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        first = random.exponential(size=4000) + 10
        found = component_shortfall(np.stack([first, np.full(4000, -10.0)]), level="0.95")
        held.append(found.low[0] <= 11 - math.log(0.05) <= found.high[0])
        assert found.estimate[1] == pytest.approx(-10)
        assert found.high[1] - found.low[1] < 1e-9
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 200)


def test_leaving_a_part_out_saves_at_most_its_contribution():
    parts = normal_parts(50_000, seed=4)
    component, incremental = (
        component_shortfall(parts, level="0.99").estimate,
        incremental_shortfall(parts, level="0.99"),
    )
    assert (incremental <= component + 1e-12).all()
    small = np.concatenate([parts, 1e-4 * parts[:1]])
    assert incremental_shortfall(small, level="0.99")[3] == pytest.approx(1e-4 * component[0], rel=0.01)


@pytest.mark.parametrize("parts", [np.zeros(10), np.zeros((2, 3, 10)), np.full((2, 100), np.nan)])
def test_what_is_not_parts_by_path_is_refused(parts):
    with pytest.raises(InputError, match="losses"):
        component_shortfall(parts, level="0.9")


@pytest.mark.parametrize("weighted", [False, True])
def test_the_interval_is_the_whole_influence_straightened_by_hand(weighted):
    """Hall (1992), from pulls w ((L_j - c_j) 1{L > VaR} - their mean) / (1 - a), c_j over ranks near VaR."""
    parts, random = normal_parts(2000, seed=6) ** 3, np.random.default_rng(7)
    weight = random.uniform(0.5, 1.5, 2000) if weighted else np.ones(2000)
    weight /= math.fsum(weight)
    total = parts.sum(axis=0)
    order = np.argsort(total)[::-1]
    place = int(np.searchsorted(np.cumsum(weight[order]), 0.05))
    wide = round(place ** (2 / 3))
    near = order[place - wide : place + wide + 1]
    level = (parts[:, near] * weight[near]).sum(axis=1) / weight[near].sum()
    beyond = total > total[order[place if weighted else 99]]
    inside = weight * beyond
    found = component_shortfall(parts, weight if weighted else None, level="0.95")
    for j in range(3):
        pull = inside * (parts[j] - level[j])
        pull = (pull - weight * pull.sum()) / 0.05
        spread, skew = math.sqrt(np.sum(pull**2)), np.sum(pull**3) / np.sum(pull**2) ** 1.5
        for bound, z in ((found.low[j], 1.959964), (found.high[j], -1.959964)):
            at = (found.estimate[j] - bound) / spread
            assert at + skew * at**2 / 3 + skew**2 * at**3 / 27 + skew / 6 == pytest.approx(z, abs=2e-4)
    assert abs(skew) > 0.01


def test_the_worst_alone_give_the_interval_of_all():
    parts = normal_parts(4000, seed=8)
    whole = component_shortfall(parts, level="0.95")
    worst = np.argsort(parts.sum(axis=0))[::-1][: 200 + round(200 ** (2 / 3)) + 2]
    kept = component_shortfall(parts[:, worst], level="0.95", paths=4000)
    for field in ("estimate", "low", "high", "tail_points"):
        np.testing.assert_allclose(getattr(kept, field), getattr(whole, field), rtol=1e-9)


def test_a_part_as_large_as_the_whole_has_the_interval_of_its_shortfall():
    loss = np.random.default_rng(9).normal(size=20_000)
    part = component_shortfall(loss[None], level="0.95")
    whole = expected_shortfall_interval(loss, level="0.95")
    assert part.estimate[0] == pytest.approx(whole.estimate, rel=1e-12)
    assert (part.low[0], part.high[0]) == pytest.approx((whole.low, whole.high), rel=2e-4)
    assert part.tail_points[0] == 1000
    assert not part.indicative[0]
    assert component_shortfall(loss[None, 1:], level="0.95").indicative[0]
