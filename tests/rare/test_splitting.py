"""Splitting: z inside the path is z after it, clones share a past and no future, and the odds are right."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from tailrisk.core import random
from tailrisk.market import spread
from tailrisk.rare import repeats, splitting
from tailrisk.rare.score import Fall, Loss
from tailrisk.simulate import path
from tests import accounts
from tests.rare_worlds import bare, no_day_beyond, numbers

STREAM = random.stream(3, "splitting")
DETECTORS = (
    spread.Params(small=2, large=0, window=20, days=1, mean_removed=True),
    spread.Params(small=4, large=0, window=20, days=3, mean_removed=False),
)
NEVER = jnp.asarray(jnp.inf)
begin = jax.jit(splitting.begin, static_argnums=1)


def test_a_stage_without_a_level_is_the_plain_paths():
    """More days than the shortest window: what leaves it is by then a day of the path itself."""
    it = bare(days=40, detectors=DETECTORS)
    target = Fall("fall", 1, -1.0, threshold=5.0)
    number = numbers(8)
    done = splitting.stage(it, target, begin(it, target, number), number, NEVER)
    plain = jax.jit(path.outcome)(it, number)
    np.testing.assert_allclose(done.outcome.loss, plain.loss, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(done.outcome.z, plain.z, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(done.best, (-np.asarray(plain.z[1])).max(axis=0), rtol=1e-8)
    assert (np.asarray(done.crossed) == -1).all()


def test_accounts_are_cloned_with_their_paths():
    """Every leaf of an account has a path axis, its day too, for clones start late."""
    terms = accounts.fund(halt_from=10, halt_days=3, warning=0.99, warned_long=0.3, base=0.2, open=0.5)
    it = replace(bare(days=20, detectors=DETECTORS[:1]), funds=accounts.params(*[terms] * 4))
    target, first = Fall("fall", 0, -1.0, threshold=9.0), numbers(16)
    entry = begin(it, target, first)
    plain = jax.jit(path.outcome)(it, first)
    done = splitting.stage(it, target, entry, first, jnp.asarray(2.0))
    np.testing.assert_allclose(done.outcome.loss, plain.loss, rtol=1e-12, atol=1e-14)
    parent = splitting.parents(np.asarray(done.crossed), 0.3)
    late = splitting.clones(done.reached, jnp.asarray(parent))
    again = splitting.stage(it, target, late, numbers(len(parent), 32), NEVER)
    held = np.asarray(again.outcome.accounts.pnl).sum(axis=0)
    np.testing.assert_allclose(held, -np.asarray(again.outcome.loss[0, 0])[: len(held)], atol=1e-12)
    assert (np.asarray(again.outcome.accounts.redeemed) > 0).all()


def test_a_clone_has_its_ancestors_past_and_its_own_future():
    it = bare(days=30, detectors=DETECTORS[:1])
    target = Fall("fall", 0, -1.0, threshold=9.0)
    first, level = numbers(32), 2.0
    entry = begin(it, target, first)
    done = splitting.stage(it, target, entry, first, jnp.asarray(level))
    crossed, z = np.asarray(done.crossed), np.asarray(done.outcome.z[0])
    for n in range(32):
        over = np.flatnonzero(-z[:, n] >= level)
        assert crossed[n] == (over[0] + 1 if len(over) else -1)
    parent = splitting.parents(crossed, 0.3)
    again = splitting.stage(
        it, target, splitting.clones(done.reached, jnp.asarray(parent)), numbers(32, 32), NEVER
    )
    clone, met = np.asarray(again.outcome.z[0]), 0
    for n, p in enumerate(parent):
        day = crossed[p]
        assert (clone[:day, n] == z[:day, p]).all()
        assert (clone[day:, n] != z[day:, p]).all()
        met += 0 < day < 30
    assert met > 20, "hardly a clone had a future: the case tests nothing"
    rebuilt = np.asarray(spread.z(DETECTORS[0], again.reached.spread[:, 0]))
    np.testing.assert_allclose(clone, rebuilt, rtol=1e-8)
    assert len({tuple(column) for column in clone.T}) == 32, "two clones drew the same days"


def test_every_crossing_has_as_many_clones_but_for_one():
    crossed = np.array([3, -1, 0, 7, -1, 9, -1, -1, -1, -1, 2])
    counts = np.array(
        [np.bincount(splitting.parents(crossed, u), minlength=11) for u in np.linspace(0, 0.999, 400)]
    )
    assert (counts.sum(axis=1) == 11).all()
    assert set(np.unique(counts[:, crossed >= 0])) == {2, 3}
    np.testing.assert_allclose(counts[:, crossed >= 0].mean(axis=0), 11 / 5, atol=0.01)
    assert (counts[:, crossed < 0] == 0).all()


SEEDS, WIDTH = 100, 512


@pytest.mark.parametrize("nu", [None, 4.0], ids=["gaussian", "student"])
def test_a_worst_day_under_a_markov_chain(nu):
    """Unbiased over replicates of paths a stage, levels fixed by hand."""
    it = bare(nu=nu, days=8)
    loss = optimize.brentq(lambda x: 1 - no_day_beyond(it, x, nu) - 0.005, 0.01, 0.5)
    target, levels = Loss("worst", 0, 1, 0, level=0.9), (0.4 * loss, 0.75 * loss)
    found, mean = [], []
    for r in range(SEEDS):
        done = splitting.replicate(it, target, levels, STREAM, r, WIDTH)
        weight = np.asarray(done.outcome.weight)
        assert abs(weight.sum() - 1) < 1e-12
        found.append((weight * (done.outcome.loss[0, 1, 0] >= loss)).sum())
        mean.append((weight * done.outcome.loss[0, 0, 0]).sum())
    error = np.std(found, ddof=1) / np.sqrt(SEEDS)
    assert error < 0.1 * 0.005
    assert abs(np.mean(found) - 0.005) < 4 * error
    plain = np.asarray(jax.jit(path.outcome)(it, numbers(SEEDS * 64, 10**6)).loss[0, 0, 0])
    error = np.hypot(np.std(mean, ddof=1), plain.std() / 8) / np.sqrt(SEEDS)
    assert abs(np.mean(mean) - plain.mean()) < 4 * error


def barrier(mean, sd, days, floor, cells=4001):
    """P(a Gaussian walk is at or below `floor` on some day), by a grid of Gauss-Legendre points above it."""
    top = mean * days + 9 * sd * np.sqrt(days)
    x, w = np.polynomial.legendre.leggauss(600)
    x, w = floor + (x + 1) / 2 * (top - floor), w * (top - floor) / 2
    density = lambda y, at: np.exp(-0.5 * ((y - at - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))  # noqa: E731
    at = density(x, 0.0)
    for _ in range(days - 1):
        at = density(x[:, None], x[None, :]) @ (w * at)
    return 1 - (w * at).sum()


def test_a_random_walk_that_hits_a_barrier():
    it = bare(regimes=1, days=10)
    mean, sd = float(it.process.ladder.affine[0, 0, 0]), abs(float(it.process.ladder.affine[0, 0, 1]))
    floor = 10 * mean - 3.9 * sd * np.sqrt(10)
    truth = barrier(mean, sd, 10, floor)
    assert 1e-5 < truth < 3e-4
    target, loss = Loss("terminal", 0, 0, 0, level=0.9), 1 - np.exp(floor)
    levels = splitting.levels_for(it, target, loss, STREAM, 512)
    assert 3 <= len(levels) <= 9
    hit = [splitting.replicate(it, target, (*levels, loss), STREAM, r, 512).reached for r in range(40)]
    found = np.array(
        [np.prod(reached[: len(levels) + 1]) if len(reached) > len(levels) else 0 for reached in hit]
    )
    error = found.std(ddof=1) / np.sqrt(40)
    assert error < 0.1 * truth
    assert abs(found.mean() - truth) < 4 * error


def test_days_rest_until_the_ancestor_has_crossed():
    """A path that enters on the last day lives none of its own."""
    it = bare(days=5)
    target = Loss("terminal", 0, 0, 0, level=0.9)
    entry = begin(it, target, numbers(4))
    late = replace(entry, day=jnp.full(4, 5, jnp.int32))
    done = splitting.stage(it, target, late, numbers(4, 9), NEVER)
    assert (np.asarray(done.outcome.loss[0, 0]) == 0).all()


def test_an_event_by_replicates_agrees_with_plain_paths():
    it = bare(days=20, detectors=DETECTORS[:1])
    target = Fall("fall", 0, -1.0, threshold=6.0)
    found = repeats.estimate(it, target, STREAM, replicates=24, paths=256)
    plain = np.asarray(jax.jit(path.outcome)(it, numbers(16384, 10**6)).z[0])
    for own, seen in (
        (found.probability, (plain <= -6).any(axis=0)),
        (found.days, (plain <= -6).sum(axis=0)),
    ):
        assert own.mean() > 0
        error = np.hypot(own.std(ddof=1) / np.sqrt(24), seen.std() / 128)
        assert abs(own.mean() - seen.mean()) < 4 * error
    assert found.paths <= 24 * 256 * (len(found.levels) + 1)
    with pytest.raises(ValueError, match="threshold"):
        repeats.estimate(it, replace(target, threshold=None), STREAM, replicates=2, paths=64)
