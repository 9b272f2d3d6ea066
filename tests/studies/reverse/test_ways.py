"""Ways to a loss where they are known: a Gaussian walk's large deviations, a Markov chain, a small world."""

import math

import jax
import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError, random
from tailrisk.rare.score import Loss
from tailrisk.studies.reverse.draw import drawn
from tailrisk.studies.reverse.history import histories
from tailrisk.studies.reverse.study import Case, grouped, whole
from tailrisk.studies.reverse.ways import YEAR, course, labels, ways
from tests.rare_worlds import bare

DAYS, FAR = 20, 3.0


def walk(paths, seed, tilted):
    """(walks [day, path], weights): steps of unit normals, half of the paths tilted up and half down."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((DAYS, paths))
    if not tilted:
        return steps.cumsum(axis=0), None
    drift = FAR / math.sqrt(DAYS)
    walks = (steps + drift * np.where(np.arange(paths) % 2, 1.0, -1.0)).cumsum(axis=0)
    end = walks[-1]
    density = np.exp(-(drift**2) * DAYS / 2) * np.cosh(drift * end)
    return walks, (1 / density) / (1 / density).sum()


def test_a_gaussian_walk_has_two_ways_that_are_straight_lines():
    """P(|S_n| >= b) is two ways of Phi(-b / sqrt n) each, and E[S_t | S_n] = S_n t / n      Cramér (1938)."""
    walks, weight = walk(40_000, 0, tilted=True)
    far = FAR * math.sqrt(DAYS)
    hit = np.abs(walks[-1]) >= far
    found = ways(course([walks[:, None, hit]]), hit, weight, most=2, days=DAYS)
    truth = stats.norm.sf(FAR)
    assert len(found) == 2
    signs = set()
    for way in found:
        p = way.probability
        assert p.low <= truth <= p.high
        assert (p.high - p.low) / truth < 0.15
        assert way.years.estimate == pytest.approx(DAYS / YEAR / p.estimate)
        own = walks[:, hit][:, way.members]
        mean = own @ way.weight
        signs.add(math.copysign(1, mean[-1]))
        line = mean[-1] * np.arange(1, DAYS + 1) / DAYS
        error = np.sqrt((own - own[-1] * np.arange(1, DAYS + 1)[:, None] / DAYS).var(axis=1).max())
        np.testing.assert_allclose(mean, line, atol=5 * error / math.sqrt(len(way.members) / 3))
        at_end = math.sqrt(DAYS) * stats.norm.pdf(FAR) / stats.norm.sf(FAR)
        assert abs(mean[-1]) == pytest.approx(at_end, rel=0.02)
    assert signs == {1.0, -1.0}
    both = sum(way.probability.estimate for way in found)
    assert both == pytest.approx(float(weight[hit].sum() / weight.sum()), rel=1e-9)


def test_plain_paths_and_weighted_ones_agree():
    walks, _ = walk(400_000, 1, tilted=False)
    hit = np.abs(walks[-1]) >= FAR * math.sqrt(DAYS)
    for way in ways(course([walks[:, None, hit]]), hit, None, most=2, days=DAYS):
        assert way.probability.low <= stats.norm.sf(FAR) <= way.probability.high


CHAIN = np.array(
    [  # calm, a slow slide, a shock, ruined
        [0.93, 0.04, 0.03, 0.00],
        [0.10, 0.85, 0.00, 0.05],
        [0.30, 0.00, 0.30, 0.40],
        [0.00, 0.00, 0.00, 1.00],
    ]
)


def routes(days):
    """P(ruined by the last day, last from state 1), and from state 2: sums over the chain's powers."""
    at, from_slide, from_shock = np.array([1.0, 0, 0, 0]), 0.0, 0.0
    for _ in range(days):
        from_slide += at[1] * CHAIN[1, 3]
        from_shock += at[2] * CHAIN[2, 3]
        at = at @ CHAIN
    return from_slide, from_shock


def test_a_chains_routes_have_their_odds():
    days, paths, rng = 15, 20_000, np.random.default_rng(2)
    state = np.zeros((days + 1, paths), int)
    for t in range(days):
        u = rng.random(paths)
        state[t + 1] = (u[:, None] > CHAIN.cumsum(axis=1)[state[t]]).sum(axis=1)
    hit = state[-1] == 3
    into = (state[1:] == 3).argmax(axis=0)
    last = np.where(hit, state[into, np.arange(paths)], 0)  # the state before ruin
    marks = np.stack([last == 1, last == 2]).astype(float)[None]
    found = ways(course([marks[..., hit]]), hit, None, most=2, days=days)
    truth = sorted(routes(days), reverse=True)
    assert len(found) == 2
    for way, p in zip(found, truth, strict=True):
        assert way.probability.low <= p <= way.probability.high
        assert (way.probability.high - way.probability.low) / p < 0.12
    assert truth[0] > 1.2 * truth[1]  # told apart


def test_too_few_paths_are_one_way():
    courses = np.random.default_rng(0).standard_normal((3, 12))
    assert set(labels(courses, np.full(12, 1 / 12), 3)) == {0}


@pytest.fixture(scope="module")
def sums():
    """A world whose product is one bucket and whose log return over six days is normal."""
    with jax.enable_x64(True):
        world = bare(regimes=1)
        affine = np.asarray(world.process.ladder.affine)[0, 0]
        mean, sd = world.days * affine[0], math.sqrt(world.days) * affine[1]
        loss = 1 - math.exp(mean + sd * stats.norm.ppf(2e-3))
        target = Loss("one.terminal", 0, 0, 0, 0.99, loss)
        yield world, target, (mean, sd)


@pytest.mark.parametrize("method", ["plain", "automatic"])
def test_the_simulators_own_walk(sums, method):
    world, target, (mean, sd) = sums
    with jax.enable_x64(True):
        (one,) = drawn(world, [target], random.stream(0, "reverse"), paths=16384, chunk=4096, method=method)
        history = histories(world, one.law, one.number[one.hit])
        case = Case("one", "one", target, 0)
        told = whole(case, one, world, 0.95)
        groups = grouped(world, case, one, history, 1, 0, 0.95)
    assert one.method == ("plain" if method == "plain" else "importance")
    assert told["probability_low"] <= 2e-3 <= told["probability_high"]
    np.testing.assert_array_less(
        target.threshold - 1e-9, 1 - np.asarray(history.nav)[-1, 0]
    )  # the same paths
    (way,) = groups
    path = np.asarray(history.price)[:, 0][:, way.members] @ way.weight
    end = mean - sd * stats.norm.pdf(stats.norm.ppf(2e-3)) / 2e-3
    assert path[-1] == pytest.approx(end, rel=0.05)
    np.testing.assert_allclose(path, path[-1] * np.arange(1, 7) / 6, atol=0.1 * abs(path[-1]))


def test_a_loss_out_of_reach_is_refused(sums):
    world, target, _ = sums
    far = Loss(target.name, 0, 0, 0, 0.99, 0.999999)
    with jax.enable_x64(True), pytest.raises(InputError, match="no path of"):
        drawn(world, [far], random.stream(0, "r"), paths=8192, chunk=4096, method="plain")


@pytest.mark.parametrize("method", ["automatic", "importance"])
def test_weights_that_are_not_finite_are_not_used(sums, monkeypatch, method):
    """A law can be fitted badly: plain paths stand in, or the method is refused."""
    from tailrisk.studies.reverse import draw

    world, target, _ = sums
    real = draw._simulated

    def broken(*words):
        hits, _ = real(*words[:-1], None)
        return hits, None if words[-1] is None else np.full(words[2], np.nan)

    monkeypatch.setattr(draw, "_simulated", broken)
    monkeypatch.setattr(draw, "fit", lambda *_, **__: type("Fitted", (), {"law": object()}))
    with jax.enable_x64(True):
        words = (world, [target], random.stream(0, "r"))
        if method == "automatic":
            assert drawn(*words, paths=8192, chunk=4096, method=method)[0].method == "plain"
        else:
            with pytest.raises(InputError, match="not finite"):
                drawn(*words, paths=8192, chunk=4096, method=method)
