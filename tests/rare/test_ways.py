"""Targets that come in two ways: a law for each finds both, one for both does not, and a check says so."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from tailrisk.config import sampling
from tailrisk.core import random
from tailrisk.rare import blocks, choice, entropy, importance, missed, pilot, tilt, ways
from tailrisk.rare.score import Loss
from tests.crowds import crowded, edit
from tests.rare.test_fear_tilt import edit_world
from tests.rare_worlds import bare, numbers

STREAM = random.stream(7, "sampling")
DAYS, DOWN, UP = 6, 4.6, 4.75
TARGET = Loss("either end", 0, 0, 0, level=0.5, threshold=1.0)
traced = jax.jit(importance.traced)


@pytest.fixture(scope="module")
def walk():
    """(world, its end's mean, deviation): a Gaussian walk of one bucket."""
    it = bare(regimes=1, days=DAYS)
    mean, sd = (float(it.process.ladder.affine[0, 0, k]) for k in (0, 1))
    return it, DAYS * mean, abs(sd) * np.sqrt(DAYS)


@pytest.fixture
def two_ends(walk, monkeypatch):
    """The world, where the target is an end far down or far up, and its chance in closed form."""
    it, mean, sd = walk

    def end(outcome):
        return (np.log1p(-np.asarray(outcome.loss[0, 0, 0], np.float64)) - mean) / sd

    def score(target, outcome):
        return np.maximum(-end(outcome) / DOWN, end(outcome) / UP)

    def fit(count):
        foot = ways.Climb(TARGET, [ways.Way() for _ in range(count)])
        monkeypatch.setattr(pilot, "climb", lambda world, target: foot)
        return pilot.fit(it, (TARGET,), STREAM, blocks=1, rounds=8, chunk=2048)

    for module in (ways, pilot, choice):
        monkeypatch.setattr(module, "score", score)
    return it, score, fit, stats.norm.sf(DOWN) + stats.norm.sf(UP), end


def estimate(it, score, law, paths=8192):
    """(estimate, its error, scores, weights) of weighted paths."""
    out = next(iter(blocks.blocks(it, paths, chunk=2048, law=law)))[1]
    found, weight = score(TARGET, out), np.asarray(out.weight)
    value = weight * (found >= 1)
    return value.mean(), value.std() / np.sqrt(paths), found, weight


def test_a_law_for_each_way_finds_both(two_ends, monkeypatch):
    it, score, fit, truth, end = two_ends
    monkeypatch.setattr(ways, "_label", lambda target, out, trace: (end(out) > 0).astype(np.intp))
    fitted = fit(2)
    assert all(fitted.complete)
    found, error, *_ = estimate(it, score, fitted.law)
    assert error < 0.08 * truth
    assert abs(found - truth) < 4 * error


def test_one_law_for_both_does_not(two_ends, monkeypatch):
    """Both ends in one elite: what the test above asks of two laws fails."""
    it, score, fit, truth, end = two_ends
    monkeypatch.setattr(ways, "_label", lambda target, out, trace: np.zeros(len(end(out)), np.intp))
    found, error, *_ = estimate(it, score, fit(1).law)
    assert error > 0.2 * truth or abs(found - truth) > 4 * error


def test_a_way_without_a_law_is_seen_by_the_untilted_pilots():
    """Of 40,000 untilted paths twice as many come there as a tilt says that draws one of two ways alone."""
    rng = np.random.default_rng(1)
    untilted, wide = rng.standard_normal(40_000), rng.standard_normal(8192) + 2.5
    both = np.where(rng.random(40_000) < 0.5, 1, -1) * untilted
    weight = np.exp(-2.5 * wide + 2.5**2 / 2)
    np.testing.assert_array_less(missed.apart(untilted, wide, weight, 3.0), missed.SUSPECT)
    assert missed.apart(np.abs(both), wide, weight, 3.0) > missed.SUSPECT
    assert missed.apart(np.zeros(3), wide, weight, 3.0) == -np.inf
    assert missed.apart(untilted, np.zeros(9), np.ones(9), 3.0) > missed.SUSPECT
    assert not missed.note("it", 2.0)
    assert "may miss a way to it" in missed.note("it", 4.0)


def test_the_check_is_seldom_wrong():
    """At one level: of as many hits as a tilt says, a hundredth is beyond 2.33 errors, or a little fewer."""
    rng = np.random.default_rng(2)
    beyond = 0
    for _ in range(2000):
        wide = rng.standard_normal(2000) + 2.5
        weight = np.exp(-2.5 * wide + 2.5**2 / 2)
        untilted = np.where(np.arange(9000) < rng.binomial(9000, stats.norm.sf(2.5)), 9.0, 0.0)
        beyond += missed._beyond(untilted, wide, weight, 2.5) > stats.norm.isf(0.01)
    assert 4 < beyond < 36


def test_automatic_refuses_a_tilt_that_misses_a_way(walk):
    it = walk[0]
    law = entropy.mixture(it, [], 0.1, STREAM)
    target = replace(TARGET, threshold=0.05)

    def chosen(hits, free):
        untilted = np.where(np.arange(2000) < hits, 1.0, -1.0)
        fitted = pilot.Fitted(law, (0.05,), (True,), 1, 8192, (untilted,))
        return choice.choose(it, (target,), fitted, chunk=2048, free=free)

    missing, sound = chosen(1500, True), chosen(0, True)
    assert missing.method == "plain"
    assert "may miss a way to either end" in missing.reason
    assert "may miss a way to either end" in chosen(1500, False).reason
    assert "may miss" not in sound.reason
    assert missing.missed[0] > missed.SUSPECT > sound.missed[0]


def test_pilots_of_the_worlds_own_law_are_told_apart(walk):
    it = walk[0]
    base = entropy.nominal(it, 3)
    law = entropy.mixture(it, [base, base], 0.3, STREAM, [0.9, 0.1])
    number = numbers(20_000)
    own = np.asarray(tilt.untilted(law, number))
    assert abs(own.mean() - 0.3) < 0.015
    first = np.asarray(tilt.init(law, number).phase)
    np.testing.assert_allclose(np.bincount(first)[[1, 4]] / len(first), [0.63, 0.07], atol=0.015)
    assert np.asarray(tilt.untilted(entropy.mixture(it, [], 0.3, STREAM), number)).all()


def test_a_plan_knows_how_many_pilots_a_first_round_has():
    assert sampling.OUTSET == pilot.OUTSET


HOLD, FEARED = 0.004, 4


@pytest.fixture(scope="module")
def afraid():
    """(world, outcome, trace): a crowd on memory, always in stress, whose fear is tilted to be common."""
    it = crowded(f"run.days={FEARED}", "market.process=memory", "market.start=filtered")
    for place in ("process.stress", "crowd.process.stress"):
        it = edit_world(it, place, jnp.zeros_like)
    it = edit(it, "panic.hold", lambda x: jnp.full_like(x, HOLD))
    base = entropy.nominal(it, 3)
    law = replace(base, hold=np.array([HOLD, 0.3, HOLD]), leave=np.tile([0.4, 0.3, 0.0], (FEARED, 1)))
    return it, *jax.device_get(traced(it, entropy.mixture(it, [law], 0.2, STREAM), numbers(4096)))


def test_with_memory_fear_has_its_odds_too(afraid):
    """P(fear within four days of stress) = 1 - (1 - hold)^4, by paths on which it is common."""
    _, out, trace = afraid
    value = out.weight * (np.asarray(trace.fear) >= tilt.TAKEN).any(axis=0)
    truth, error = 1 - (1 - HOLD) ** FEARED, value.std() / np.sqrt(len(value))
    assert error < 0.08 * truth
    assert abs(value.mean() - truth) < 4 * error
    assert abs(out.weight.mean() - 1) < 4 * out.weight.std() / np.sqrt(len(value))


def test_with_memory_a_fit_learns_that_fear_came(afraid):
    it, out, trace = afraid
    own = np.flatnonzero((np.asarray(trace.fear) >= tilt.TAKEN).any(axis=0))
    assert set(np.unique(trace.fear)) == {tilt.SPARED, tilt.TAKEN, tilt.AFRAID}
    law = entropy.refit(it, None, ways._drawn(it, trace, own, np.asarray(out.weight, np.float64), 400))
    assert law.hold is not None
    assert law.hold[1:-1].max() > 0.1
    assert law.hold[-1] == HOLD
