"""Tilted paths: a nominal tilt is none, weights are ratios of densities, what is rare has its odds."""

from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from tailrisk.core import random
from tailrisk.market import spread
from tailrisk.rare import blocks, entropy, importance, pilot
from tailrisk.rare.score import Fall, Loss, score
from tailrisk.simulate import path
from tests.crowds import crowded
from tests.rare_worlds import bare, no_day_beyond, numbers

SEEDS = 200
WORST = 0.15
DETECTOR = (spread.Params(small=2, large=0, window=20, days=1, mean_removed=True),)
STREAM = random.stream(5, "sampling")


def pushed(it, share=0.2, leave=0.2):
    """A tilt by hand: into the last regime, the first shock pushed down and widened, for a day or two."""
    base = entropy.nominal(it, 3)
    mean, deviation = base.mean.copy(), base.deviation.copy()
    mean[1, :, 0], deviation[1, :, 0] = -2.5, 1.1
    to_last = 0.5 * base.transition[1] + 0.5 * np.eye(len(base.start))[-1]
    law = replace(
        base,
        warmup=0.9 * base.warmup + 0.1 * np.eye(len(base.start))[0],
        transition=np.stack([base.transition[0], to_last, base.transition[2]]),
        leave=np.tile([leave, 0.7, 0.0], (it.days, 1)),
        mean=mean,
        deviation=deviation,
    )
    return entropy.mixture(it, [law], share, STREAM)


@pytest.mark.parametrize("nu", [None, 5.0])
def test_the_nominal_tilt_changes_no_bit(nu, as_shipped):
    it = bare(nu=nu, days=3, detectors=DETECTOR)
    plain = as_shipped(path.outcome)(it, numbers(16))
    tilted = as_shipped(importance.outcome)(it, entropy.mixture(it, [], 0.1, STREAM), numbers(16))
    assert (np.asarray(tilted.weight) == 1).all()
    for a, b in zip(jax.tree.leaves(plain), jax.tree.leaves(replace(tilted, weight=None)), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


def log_densities(it, law, trace, n):
    """(nominal, tilted) log density of path n's regimes and shocks, every phase path counted one by one."""
    pieces = lambda x: np.diff(np.asarray(x), axis=-1, prepend=0.0)  # noqa: E731
    regime, before = np.asarray(trace.state)[:, n], np.asarray(trace.warmup)[:, n]
    shock, share = np.asarray(trace.shock)[..., n], pieces(law.share)
    chain, start, long_run = (
        pieces(x) for x in (it.process.regimes.cumulative, it.process.regimes.start, it.process.long_run)
    )

    def steps(of, chain):
        return sum(np.log(chain[a, b]) for a, b in pairwise(of))

    nominal = np.log(long_run[before[0]]) + steps(before, chain) + np.log(start[regime[0]])
    nominal += steps(regime, chain) + stats.norm.logpdf(shock).sum()
    total, phases = 0.0, len(share)
    for first in np.flatnonzero(share):
        rest = np.log(share[first]) + np.log(pieces(law.warmup_start)[first, before[0]])
        rest += steps(before, pieces(law.warmup)[first]) + np.log(pieces(law.start)[first, regime[0]])
        for moves in np.ndindex(*[2] * len(shock)):
            j, found = first, rest
            for t, move in enumerate(moves):
                chance = float(law.leave[t, j])
                found += np.log(chance if move else 1 - chance) if chance > 0 or not move else -np.inf
                j = min(j + move, phases - 1)
                found += np.log(pieces(law.transition)[j, regime[t], regime[t + 1]])
                mean, sd = law.shift.mean[j, regime[t + 1]], law.shift.deviation[j, regime[t + 1]]
                found += stats.norm.logpdf(shock[t], mean, sd).sum()
            total += np.exp(found - nominal)
    return -np.log(total)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_the_weight_is_the_ratio_of_densities():
    it = bare(days=4, detectors=DETECTOR)
    law = pushed(it)
    out, trace = jax.jit(importance.traced)(it, law, numbers(12))
    want = [log_densities(it, law, trace, n) for n in range(12)]
    assert min(want) < -2, "no path was pushed: the case tests nothing"
    np.testing.assert_allclose(np.log(out.weight), want, rtol=1e-9, atol=1e-9)
    assert (np.asarray(out.weight) <= 1 / 0.2 + 1e-12).all()


def test_weights_in_float32_are_those_of_float64():
    def weights(dtype):
        it = bare(dtype=dtype, days=40)
        return np.log(np.asarray(jax.jit(importance.outcome)(it, pushed(it), numbers(64)).weight, np.float64))

    assert weights("float64").min() < -4
    assert np.median(np.abs(weights("float32") - weights("float64"))) < 1e-4


def test_tilted_bits_are_the_same_for_any_chunk(as_shipped):
    it = bare(dtype="float32", days=8)
    law = pushed(it)
    compute = as_shipped(importance.outcome)
    whole = compute(it, law, numbers(168))
    parts = [compute(it, law, numbers(56, start)) for start in (0, 56, 112)]
    for a, *b in zip(*map(jax.tree.leaves, (whole, *parts)), strict=True):
        assert np.asarray(a).tobytes() == np.concatenate([np.asarray(x) for x in b], axis=-1).tobytes()


def test_weighted_blocks_are_the_same_for_any_chunk(as_shipped):
    it = bare(dtype="float32", days=8, detectors=DETECTOR)
    law = pushed(it)
    first, second = (next(iter(blocks.blocks(it, 8192, chunk=n, law=law)))[1] for n in (1024, 4096))
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    traced = blocks.traces(it, law, 0, 8192, chunk=1024)[0]
    np.testing.assert_allclose(traced.weight, first.weight, rtol=1e-3)


@jax.jit
def drawn(it, law):
    """(weight, loss) [seed, ...] of 512 weighted paths a seed."""

    def one(first):
        out = importance.outcome(it, law, first + numbers(512))
        return out.weight, out.loss

    return jax.lax.map(one, jnp.arange(SEEDS, dtype=jnp.uint32) * np.uint32(512))


def over_seeds(it, law, hit):
    """Unbiased estimates [seed] of the chance of a hit, each from 512 paths of its own."""
    weight, loss = map(np.asarray, drawn(it, law))
    return np.where(hit(np.moveaxis(loss, 0, -2)), weight, 0.0).mean(axis=-1)


def unbiased(estimates, truth, sharp):
    error = estimates.std(ddof=1) / np.sqrt(len(estimates))
    assert error < sharp * truth, (error, truth)
    assert abs(estimates.mean() - truth) < 4 * error, (estimates.mean(), truth, error)


@pytest.mark.parametrize("nu", [None, 4.0], ids=["gaussian", "student"])
def test_a_worst_day_under_a_markov_chain(nu):
    """Regimes, start and shocks tilted: mixtures of Gaussians, or of Student-t moved and widened."""
    it = bare(nu=nu)
    loss = 0.13 if nu is None else 0.2
    truth = 1 - no_day_beyond(it, loss, nu)
    assert truth < 2e-3
    unbiased(over_seeds(it, pushed(it), lambda seen: seen[0, 1, 0] >= loss), truth, 0.1)


def test_a_gaussian_random_walk_far_out():
    it = bare(regimes=1, days=6)
    mean, sd = (float(it.process.ladder.affine[0, 0, k]) for k in (0, 1))
    end = stats.norm(6 * mean, abs(sd) * np.sqrt(6))
    floor = end.ppf(1e-7)
    law = entropy.nominal(it, 3)
    leave = np.zeros((6, 3))
    leave[0, 0] = 0.95
    push = law.mean.copy()
    push[1, :, 0] = -5.2 / np.sqrt(6) * np.sign(sd)
    tilted = entropy.mixture(it, [replace(law, leave=leave, mean=push)], 0.05, STREAM)
    unbiased(over_seeds(it, tilted, lambda seen: seen[0, 0, 0] >= 1 - np.exp(floor)), 1e-7, 0.02)


def test_a_hitting_probability_of_the_chain():
    """A loss no shock makes is a regime that was visited: shocks off, each regime its own daily return."""
    it = bare()
    affine = (
        jnp.zeros_like(it.process.ladder.affine)
        .at[:, :, 0]
        .set(jnp.log(jnp.array([1.0, 0.99, 0.9]))[:, None])
    )
    chain = np.array([[0.995, 0.005, 0.0], [0.3, 0.695, 0.005], [0.5, 0.0, 0.5]])
    cumulative = jnp.asarray(np.cumsum(chain, axis=1))
    it = replace(it, process=replace(it.process, ladder=replace(it.process.ladder, affine=affine)))
    moving = replace(it.process.regimes, cumulative=cumulative, start=jnp.ones(3))
    it = replace(it, process=replace(it.process, regimes=moving))
    avoided = np.linalg.matrix_power(chain[:2, :2], it.days)[0].sum()
    law = entropy.nominal(it, 3)
    quick = np.array([[0.7, 0.3, 0.0], [0.2, 0.5, 0.3], [0.5, 0.0, 0.5]])
    tilted = entropy.mixture(it, [replace(law, transition=np.stack([quick] * 3))], 0.1, STREAM)
    unbiased(over_seeds(it, tilted, lambda seen: seen[0, 1, 0] >= 0.05), 1 - avoided, 0.05)


def test_cross_entropy_finds_a_loss_that_plain_paths_do_not():
    it = bare(days=8, detectors=DETECTOR)  # the programs of the next test
    truth = 1 - no_day_beyond(it, WORST, None)
    assert 1e-8 < truth < 1e-5
    target = Loss("worst", 0, 1, 0, level=0.5, threshold=WORST)
    fitted = pilot.fit(it, (target,), STREAM, blocks=1, chunk=2048)
    assert all(fitted.complete)
    out = next(iter(blocks.blocks(it, 8192, chunk=2048, law=fitted.law)))[1]
    value = np.asarray(out.weight) * (score(target, out) >= WORST)
    error = value.std() / np.sqrt(len(value))
    assert error < 0.15 * truth
    assert abs(value.mean() - truth) < 4 * error
    assert abs(np.mean(out.weight) - 1) < 4 * np.std(out.weight) / np.sqrt(8192)


def test_cross_entropy_finds_a_fall_of_the_spread():
    it = bare(days=8, detectors=DETECTOR)
    target = Fall("seven", 0, -1.0, threshold=8.0)
    fitted = pilot.fit(it, (target,), STREAM, blocks=1, chunk=2048)
    out = next(iter(blocks.blocks(it, 8192, chunk=2048, law=fitted.law)))[1]
    value = np.asarray(out.weight) * (score(target, out) >= 8)
    plain = next(iter(blocks.blocks(it, 8192, chunk=2048, law=None)))[1]
    seen = (score(target, plain) >= 8).mean()
    error = np.hypot(value.std(), np.sqrt(seen * (1 - seen))) / np.sqrt(8192)
    assert abs(value.mean() - seen) < 4 * error
    assert value.std() < 0.5 * np.sqrt(value.mean()), "no gain over plain paths"


@pytest.mark.parametrize(("kind", "more"), [("regimes", 1), ("memory", 0)])
def test_fear_is_a_state_of_the_chain_where_it_looks_at_the_last_regime(kind, more):
    world = crowded(f"market.process={kind}")
    law = entropy.mixture(world, [entropy.nominal(world)], 0.1, STREAM)
    assert law.transition.shape[1] == world.process.regimes.cumulative.shape[0] + more
    assert law.hold is not None
