"""Samples that say too little for an interval, losses with an edge, ceilings, and heavy weights."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import (
    TailStream,
    component_shortfall,
    conditional_drawdown,
    entropic,
    expected_shortfall,
    expected_shortfall_interval,
    expectile,
    fit_pareto,
    mean_interval,
    pareto_interval,
    partial_moment,
    probability,
    replicate_interval,
    value_at_risk_interval,
    wang,
)
from tailrisk.tail.heavy import mean_excess_interval
from tailrisk.tail.heavy_weights import whole_weight
from tailrisk.tail.interval import value_interval
from tailrisk.tail.shortfall import tail_of


@pytest.mark.parametrize("paths", [100, 200, 300, 367])
def test_shortfall_has_no_upper_bound_where_value_at_risk_has_none(paths):
    loss = np.random.default_rng(0).standard_t(4, paths)
    var, es = (f(loss, level="0.99") for f in (value_at_risk_interval, expected_shortfall_interval))
    assert var.high == es.high == math.inf
    assert es.low <= var.low < es.estimate
    parts = component_shortfall(np.stack([loss, np.zeros(paths)]), level="0.99")
    assert (parts.low == -math.inf).all()
    assert (parts.high == math.inf).all()


def test_from_four_tail_paths_the_bounds_are_finite():
    loss = np.random.default_rng(0).standard_t(4, 368)
    assert expected_shortfall_interval(loss, level="0.99").high < math.inf
    parts = component_shortfall(np.stack([loss, 0.5 * loss]), level="0.99")
    assert np.isfinite(parts.low).all()
    assert np.isfinite(parts.high).all()


def test_the_tail_of_few_paths_is_covered():
    """Before: 0, 66, 83 and 88 % of samples of one to four tail paths."""
    truth = stats.norm.pdf(stats.norm.isf(0.01)) / 0.01
    for points in (1, 2, 3):
        held = []
        for seed in range(200):
            found = expected_shortfall_interval(
                np.random.default_rng([points, seed]).normal(size=100 * points), level="0.99"
            )
            held.append(found.low <= truth <= found.high)
        assert np.mean(held) >= 0.95


def test_a_weighted_tail_of_one_path_has_no_upper_bound():
    loss = np.arange(100.0)
    weight = np.full(100, 0.01)
    weight[0], weight[1] = 0.009, 0.011
    var, es = (f(loss, weight, level="0.99") for f in (value_at_risk_interval, expected_shortfall_interval))
    assert var.high == es.high == math.inf
    assert es.low <= var.low < 99
    assert (component_shortfall(np.stack([loss, loss]), weight, level="0.99").high == math.inf).all()


@pytest.mark.parametrize("at", [0, 50, 99])
def test_all_the_weight_on_one_path_says_nothing(at):
    loss, weight = np.arange(100.0), np.zeros(100)
    weight[at] = 1.0
    for call in (
        lambda: expected_shortfall(loss, weight, level="0.95"),
        lambda: expected_shortfall_interval(loss, weight, level="0.95"),
        lambda: expectile("0.95").interval(loss, weight),
        lambda: wang(0.5).interval(loss, weight),
    ):
        with pytest.raises(InputError, match=r"cannot be estimated|carry the whole variance"):
            call()
    found = mean_interval(loss, weight)
    assert (found.estimate, found.low, found.high) == (at, -math.inf, math.inf)


def test_one_observation_has_a_mean_and_no_interval():
    found = mean_interval([3.0])
    assert (found.estimate, found.low, found.high) == (3.0, -math.inf, math.inf)
    assert mean_interval([3.0, 4.0]).high < math.inf


def test_estimates_that_are_all_alike_say_nothing_of_their_spread():
    found = replicate_interval([0.25] * 8)
    assert (found.estimate, found.low, found.high, found.indicative) == (0.25, 0.0, 1.0, True)
    assert replicate_interval([0.25] * 7 + [0.26]).high < 0.27


@pytest.mark.parametrize(
    ("losses", "threshold"),
    [
        (np.full(1000, 0.03), 0.0),
        (np.minimum(np.random.default_rng(0).standard_t(3, 3000), 2.0), 1.0),
        (np.minimum(np.random.default_rng(1).exponential(size=3000), 4.0), 1.0),  # a maximum, and an edge
        (np.repeat(np.arange(50.0), 3), 5.0),
        (1 - np.random.default_rng(2).random(3000) ** 4, 0.5),  # piled up below its end: xi = -4
    ],
    ids=["constant", "stopped", "stopped far out", "in threes", "piled up"],
)
def test_losses_with_an_edge_have_no_pareto_tail(losses, threshold):
    for call in (
        lambda: fit_pareto(losses, threshold=threshold),
        lambda: pareto_interval(losses, threshold=threshold, level="0.999"),
        lambda: pareto_interval(losses, threshold=threshold, level="0.999", measure="expected_shortfall"),
    ):
        with pytest.raises(InputError, match=r"largest one|no maximum"):
            call()
    if losses[0] == losses[-1]:
        with pytest.raises(InputError, match="largest one"):
            fit_pareto(losses, threshold=threshold, method="moments")


def test_two_losses_at_the_worst_are_chance():
    loss = np.random.default_rng(3).exponential(size=500)
    two, three = (np.where(loss >= np.sort(loss)[-k], loss.max(), loss) for k in (2, 3))
    assert abs(fit_pareto(two, threshold=1.0).shape) < 0.3
    with pytest.raises(InputError, match="3 of"):
        fit_pareto(three, threshold=1.0)


def test_an_interval_above_every_loss_is_no_interval_of_a_level_the_sample_reaches():
    for seed in range(30):
        random = np.random.default_rng(seed)
        loss = np.minimum(random.standard_t(3, 3000), 2.0) + 1e-4 * random.random(3000)  # capped, no ties
        try:
            found = pareto_interval(loss, threshold=1.0, level="0.99")
        except InputError:
            continue
        assert found.low <= loss.max()


def test_far_beyond_the_sample_a_bound_above_every_loss_is_right():
    loss = np.random.default_rng(4).exponential(size=1000)
    found = pareto_interval(loss, threshold=1.0, level="0.9999999")
    assert found.low > loss.max()
    assert found.low < -math.log(1e-7) < found.high


def test_weights_of_zero_beyond_a_threshold_are_no_losses():
    loss = np.random.default_rng(5).exponential(size=400)
    weight = np.where(np.arange(400) < 300, 1 / 300, 0.0)
    weight[:2] *= 1.5, 0.5
    some, none = fit_pareto(loss, weight, threshold=1.0), fit_pareto(loss[:300], weight[:300], threshold=1.0)
    assert (some.shape, some.scale, some.exceed) == pytest.approx((none.shape, none.scale, none.exceed))
    with pytest.raises(InputError, match="losses lie beyond"):
        fit_pareto(loss, np.where(np.arange(400) < 40, 1 / 40, 0.0), threshold=1.0)


CEILED = {
    "value at risk": lambda x, top: value_at_risk_interval(x, level="0.99", ceiling=top),
    "shortfall": lambda x, top: expected_shortfall_interval(x, level="0.99", ceiling=top),
    "mean": lambda x, top: mean_interval(x, ceiling=top),
    "expectile": lambda x, top: expectile("0.99").interval(x, ceiling=top),
    "entropic": lambda x, top: entropic(2.0).interval(x, ceiling=top),
    "partial moment": lambda x, top: partial_moment(0.2, 2.0).interval(x, ceiling=top),
    "drawdown": lambda x, top: conditional_drawdown(np.stack([x, x / 2]), level="0.99", ceiling=top),
}


@pytest.mark.parametrize("name", CEILED)
def test_no_bound_exceeds_what_can_be_lost(name):
    loss = np.minimum(np.random.default_rng(6).random(300) ** -1.0 / 150, 0.99)
    free, most = CEILED[name](loss, None), CEILED[name](loss, 1.0)
    top = (1.0 - 0.2) ** 2 if name == "partial moment" else 1.0
    assert (most.estimate, most.low) == (free.estimate, free.low)
    assert most.high == min(free.high, top)
    tight = CEILED[name](loss, float(loss.max()))
    assert tight.high <= loss.max()
    with pytest.raises(InputError, match=r"ceiling: 0\.9 is below the worst loss"):
        CEILED[name](np.append(loss, 0.95), 0.9)


def test_the_ceiling_cuts_what_is_unbounded_and_what_is_heavy():
    few = np.random.default_rng(7).random(100)
    assert expected_shortfall_interval(few, level="0.99", ceiling=1.0).high == 1.0
    assert value_at_risk_interval(few, level="0.99", ceiling=1.0).high == 1.0
    far = 0.002 / np.random.default_rng(0).random(1000) ** 0.9
    heavy = far / (1 + far)
    found = pareto_interval(heavy, threshold=0.01, level="0.9999", ceiling=1.0)
    assert found.high == 1.0
    assert found.estimate <= 1.0
    assert pareto_interval(heavy, threshold=0.01, level="0.9999").high > 1.0


@pytest.mark.parametrize("weighted", [False, True])
def test_a_stream_has_the_ceiling_and_the_thin_tail_of_the_whole_sample(weighted):
    loss = np.random.default_rng(8).random(300)
    weight = np.random.default_rng(9).uniform(0.5, 1.5, 300) if weighted else None
    stream = TailStream(1, 300)
    stream.add(loss[None], np.arange(300, dtype=np.uint32), weight)
    worst, share = stream.column(0), None if weight is None else weight / math.fsum(weight)
    settings = {"level": "0.99", "confidence": 0.95}
    for ceiling in (None, 1.0):
        for name, whole in (
            ("value_at_risk_interval", value_at_risk_interval),
            ("expected_shortfall_interval", expected_shortfall_interval),
        ):
            found = getattr(worst, name)(**settings, ceiling=ceiling)
            right = whole(loss, share, **settings, ceiling=ceiling)
            assert found.high == right.high == (1.0 if ceiling else math.inf)
            assert (found.estimate, found.low) == pytest.approx((right.estimate, right.low), rel=1e-9)
    lifted = worst.expected_shortfall_interval(**settings, ceiling=0.5)
    assert lifted.high == loss.max()


def tilted(tilt, paths, seed, nominal=0.0):
    random = np.random.default_rng(seed)
    loss = random.normal(size=paths) + tilt * (random.random(paths) >= nominal)
    weight = 1 / (nominal + (1 - nominal) * np.exp(tilt * loss - tilt**2 / 2))
    return loss, weight / math.fsum(weight)


def test_a_pure_tilt_is_covered():
    """Before: 90 % of these for VaR and for ES, 91 % for the chance; the sum of the weights is too small."""
    cut = stats.norm.isf(0.01)
    held = []
    for seed in range(200):
        loss, weight = tilted(2.0, 2000, seed)
        found = (
            (value_at_risk_interval(loss, weight, level="0.99"), cut),
            (expected_shortfall_interval(loss, weight, level="0.99"), stats.norm.pdf(cut) / 0.01),
            (probability(loss > cut, weight), 0.01),
        )
        held.append([one.low <= truth <= one.high for one, truth in found])
    assert (np.mean(held, axis=0) >= 0.95).all()
    assert np.mean(held) < 1


def test_weights_with_a_bound_move_nothing():
    for loss, weight in (tilted(2.0, 4000, 0, nominal=0.1), tilted(0.3, 4000, 0)):
        assert whole_weight(weight, 0.95) is None
        tail = tail_of(loss, weight, Fraction("0.99"))
        plain = value_interval(loss, weight, Fraction("0.99"), tail, 0.95, 4000)
        found = value_at_risk_interval(loss, weight, level="0.99")
        assert (found.estimate, found.low, found.high) == plain[:3]


def test_many_weights_near_their_bound_and_a_few_beyond_are_light():
    random = np.random.default_rng(1)
    weight = np.concatenate([8.5 - 1e-3 * random.random(800), 0.1 * random.random(7190), [8.9, 9.1, 9.9] * 3])
    assert whole_weight(weight / math.fsum(weight), 0.95) is None


def test_the_sum_of_heavy_weights_holds_one_as_often_as_it_says():
    held = []
    for seed in range(200):
        weight = np.random.default_rng(seed).random(3000) ** -0.5  # tail index 2, mean 2
        found = whole_weight(weight / math.fsum(weight), 0.95)
        if found is not None:
            held.append(found[0] <= 2 / weight.mean() <= found[1])
    assert len(held) > 100
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.95 * 0.05 / len(held))


def test_a_moment_beyond_what_no_path_reaches_has_no_bounds():
    loss = np.arange(100.0)
    for order in (0.0, 1.0, 2.0):
        found = partial_moment(200.0, order).interval(loss)
        assert (found.estimate, found.low, found.high) == (0.0, -math.inf, math.inf)
        assert partial_moment(200.0, order).interval(loss, ceiling=150.0).high == 0.0
    every = partial_moment(-1.0, 0.0).interval(loss)
    assert (every.estimate, every.low, every.high) == (pytest.approx(1), -math.inf, math.inf)
    assert partial_moment(50.0, 0.0).interval(loss).high < 1


def test_losses_that_are_all_alike_are_known():
    for measure in (expectile("0.9"), wang(0.5), entropic(1.0)):
        found = measure.interval(np.full(100, 0.25))
        assert (found.estimate, found.low, found.high) == pytest.approx((0.25,) * 3)


def test_a_path_without_weight_does_not_count_however_large_its_loss():
    loss = np.append(np.random.default_rng(0).normal(size=200), 1e12)
    weight = np.append(np.full(200, 1 / 200), 0.0)
    weight[:2] *= 1.5, 0.5
    for none in (0.0, 1e-320, 1e-80):
        weight[-1] = none
        stacked, few = np.stack([loss, 0.5 * loss]), np.stack([loss[:-1], 0.5 * loss[:-1]])
        for call in (component_shortfall, conditional_drawdown):
            some, all_ = call(few, weight[:-1], level="0.9"), call(stacked, weight, level="0.9")
            assert np.ravel([all_.estimate, all_.low]) == pytest.approx(np.ravel([some.estimate, some.low]))
        for measure in (entropic(1.0), wang(0.5), expectile("0.9"), partial_moment(0.5, 1.0)):
            some, all_ = measure.interval(loss[:-1], weight[:-1]), measure.interval(loss, weight)
            assert (all_.estimate, all_.low, all_.high) == pytest.approx((some.estimate, some.low, some.high))


def test_placeholders_of_no_size_are_refused():
    with pytest.raises(InputError, match=r"1 of 3 values are not finite, or beyond 1e\+75"):
        expected_shortfall([0.0, 1e308, 1.0], level="0.9")
    assert mean_interval([0.0, 1e74, 2e74]).high < math.inf


def test_both_bounds_are_joined_with_what_the_figure_is_at_both_ends_of_the_sum():
    loss, weight = next(
        drawn
        for drawn in (tilted(1.8, 6000, seed) for seed in range(50))
        if (scale := whole_weight(drawn[1], 0.95)) is not None and scale[1] < 2
    )
    low, high = whole_weight(weight, 0.95)
    assert 0 < low < 1 < high
    tail = tail_of(loss, weight, Fraction("0.99"))
    estimate, least, most, _ = value_interval(loss, weight, Fraction("0.99"), tail, 0.95, 6000)
    ends = [tail_of(loss, weight, 1 - Fraction(0.01 * times)).value_at_risk for times in (high, low)]
    found = value_at_risk_interval(loss, weight, level="0.99")
    assert found.low == pytest.approx(estimate - math.hypot(estimate - least, ends[0] - estimate), rel=1e-6)
    assert found.high == pytest.approx(estimate + math.hypot(most - estimate, ends[1] - estimate), rel=1e-6)
    assert found.low < least < most < found.high
    hit = loss > estimate
    chance = float(np.sum(weight * hit))
    odds = probability(hit, weight)
    assert odds.high - chance > chance * (1 / low - 1)
    assert chance - odds.low > chance * (1 - 1 / high)


def test_the_sum_of_heavy_weights_is_that_of_their_pareto_tail():
    weight = np.random.default_rng(0).random(3000) ** -0.6
    relative = weight / weight.mean()
    cut = np.sort(relative)[-math.ceil(2 * math.sqrt(3000))]
    excess = relative[relative > cut] - cut
    middle, _, _ = mean_excess_interval(excess, None, 0.95)
    centre = np.minimum(relative, cut).mean() + len(excess) / 3000 * middle
    assert abs(centre - 1) > 0.005
    low, high = whole_weight(weight / math.fsum(weight), 1e-6)
    assert (low, high) == (pytest.approx(centre, rel=1e-3), pytest.approx(centre, rel=1e-3))


@pytest.mark.parametrize("seed", [54, 56, 58])
def test_bounds_above_every_loss_at_a_level_the_sample_reaches_are_refused(seed):
    """Losses stopped near three: the likelihood has a maximum, whose VaR 99.5 % no loss reaches."""
    random = np.random.default_rng(seed)
    random.uniform(0.1, 0.1001, 10), random.uniform(1, 1.05, 90)
    loss = np.minimum(random.standard_t(2, 1000), 3 + random.random(1000) * 0.3)
    assert fit_pareto(loss, threshold=0.05).value_at_risk("0.995") > loss.max()
    with pytest.raises(InputError, match="lie above every loss"):
        pareto_interval(loss, threshold=0.05, level="0.995")


def test_losses_all_alike_rest_on_as_many_paths_as_their_weights_are_worth():
    weight = np.concatenate([np.full(50, 0.015), np.full(50, 0.005)])
    found = wang(0.5).interval(np.full(100, 0.25), weight)
    assert found.tail_points == pytest.approx(1 / np.sum(weight**2))
