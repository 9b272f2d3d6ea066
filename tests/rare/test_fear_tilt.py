"""Tilted paths with a crowd: fear has its odds, its weight, and what needs it is found."""

from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from tailrisk.core import random
from tailrisk.rare import entropy, importance
from tailrisk.simulate import path
from tests.crowds import crowded, edit, numbers

STREAM = random.stream(5, "sampling")
DAYS, HOLD = "run.days=4", 0.02
traced = jax.jit(importance.traced)


@pytest.fixture(scope="module")
def frightened():
    """(world, tilt by hand, outcome, trace): into crisis, fear, and falls once there is fear."""
    it = edit(crowded(DAYS, "market.start=filtered"), "panic.hold", lambda x: jnp.full_like(x, HOLD))
    base = entropy.nominal(it, 4)
    chain, states = base.transition.copy(), base.transition.shape[1]
    chain[1:3, :-1] = 0.5 * chain[1:3, :-1] + 0.25 * np.eye(states)[-1] + 0.25 * np.eye(states)[-2]
    mean, deviation = base.mean.copy(), base.deviation.copy()
    mean[2, -1, :2], deviation[2, -1, 0] = -1.5, 1.2
    leave = np.tile([0.4, 0.5, 0.3, 0.0], (it.days, 1))
    law = replace(base, transition=chain, mean=mean, deviation=deviation, leave=leave)
    tilt = entropy.mixture(it, [law], 0.2, STREAM)
    return it, tilt, *jax.device_get(traced(it, tilt, numbers(4096)))


def test_the_nominal_tilt_leaves_a_crowd_alone(frightened):
    it = frightened[0]
    nominal, trace = traced(it, entropy.mixture(it, [], 0.1, STREAM), numbers(64))
    assert (np.asarray(nominal.weight) == 1).all()
    assert (np.asarray(trace.state) == 4).any(), "nobody was afraid: the case tests nothing"
    plain = jax.jit(path.outcome)(it, numbers(64))
    np.testing.assert_allclose(nominal.loss, plain.loss, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(nominal.z, plain.z, rtol=1e-9, atol=1e-9)


def pieces(x):
    return np.diff(np.asarray(x), axis=-1, prepend=0.0)


def day_density(chain, hold, a, b):
    """Chance of state b after a under regimes' chain [state, to] and fear hold [state]."""
    crisis = chain.shape[1] - 1
    if b < crisis:
        return chain[a, b]
    held = 1.0 if a > crisis else hold[a]
    return chain[a, crisis] * (held if b > crisis else 1 - held)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_the_weight_is_the_ratio_of_densities(frightened):
    it, law, out, trace = frightened
    states = np.asarray(trace.state)
    chosen = [*range(6), *np.flatnonzero((states == states.max()).any(axis=0))[:6]]
    share, chain = pieces(law.share), pieces(law.transition)
    nominal = pieces(it.process.regimes.cumulative)
    nominal = np.concatenate([nominal, nominal[-1:]])
    usual = np.full(len(nominal), HOLD)
    got, want = [], []
    for n in chosen:
        state, shock, before = states[:, n], np.asarray(trace.shock)[..., n], np.asarray(trace.warmup)[:, n]
        base = np.prod([day_density(nominal, usual, a, b) for a, b in pairwise(state)])
        total = 0.0
        for first in np.flatnonzero(share):
            rest = pieces(law.warmup_start)[first, before[0]] / pieces(it.process.long_run)[before[0]]
            assert rest == pytest.approx(1), "the warm-up is not tilted here"
            for moves in np.ndindex(*[2] * it.days):
                j, found = first, share[first]
                for t, move in enumerate(moves):
                    chance = float(law.leave[t, j])
                    found *= chance if move else 1 - chance
                    j = min(j + move, len(share) - 1)
                    a, b = state[t], state[t + 1]
                    found *= day_density(chain[j], np.asarray(law.hold)[j], a, b)
                    mean, sd = law.shift.mean[j, b], law.shift.deviation[j, b]
                    found *= np.exp(
                        (stats.norm.logpdf(shock[t], mean, sd) - stats.norm.logpdf(shock[t])).sum()
                    )
                total += found
        got.append(out.weight[n])
        want.append(base / total)
    assert min(want) < 0.1, "no path was frightened: the case tests nothing"
    np.testing.assert_allclose(got, want, rtol=1e-8)


def test_fear_has_its_odds(frightened):
    """The chance that fear ever takes hold, against the chain's matrices with fear absorbing."""
    it, _, out, trace = frightened
    states = np.asarray(trace.state)
    chain = entropy.nominal(it).transition[0].copy()
    chain[-1] = np.eye(len(chain))[-1]
    truth = (np.append(pieces(it.process.regimes.start), 0.0) @ np.linalg.matrix_power(chain, it.days))[-1]
    value = out.weight * (states == states.max()).any(axis=0)
    error = value.std() / np.sqrt(value.size)
    assert truth < 0.02
    assert error < 0.12 * truth
    assert abs(value.mean() - truth) < 4 * error
    assert abs(out.weight.mean() - 1) < 4 * out.weight.std() / np.sqrt(value.size)


def test_the_fit_learns_that_fear_came_first(frightened):
    it, _, out, trace = frightened
    afraid = np.flatnonzero((np.asarray(trace.state) == 4).any(axis=0))
    elite = entropy.Elite(
        weight=out.weight[afraid] / out.weight[afraid].mean(),
        state=np.asarray(trace.state)[:, afraid],
        warmup=np.asarray(trace.warmup)[:, afraid],
        shock=np.asarray(trace.shock)[..., afraid],
        shifted=True,
    )
    found = entropy.mixture(it, [entropy.refit(it, None, elite)], 0.1, STREAM)
    _, trace = traced(it, found, numbers(4096))
    assert (np.asarray(trace.state) == 4).any(axis=0).mean() > 0.3


@pytest.fixture(scope="module")
def remembering():
    """A crowd on a process with memory, always in stress, whose fear takes hold on every second day."""
    it = crowded(DAYS, "market.process=memory", "market.start=filtered")
    for place in ("process.stress", "crowd.process.stress"):
        it = edit_world(it, place, jnp.zeros_like)
    return edit(it, "panic.hold", lambda x: jnp.full_like(x, 0.5))


def edit_world(world, place, change):
    """The world with one number of a process changed."""
    owner, *rest = place.split(".")
    inner = getattr(world, owner)
    if rest[1:]:
        return replace(world, **{owner: edit_world(inner, ".".join(rest), change)})
    return replace(world, **{owner: replace(inner, **{rest[0]: change(getattr(inner, rest[0]))})})


def test_with_memory_fear_is_not_of_the_chain_and_keeps_its_odds(remembering):
    """Fear in a calm regime once read the chain's rows of another, and drew from odds without a weight."""
    it = remembering
    plain = jax.jit(path.outcome)(it, numbers(1024))
    nominal, trace = traced(it, entropy.mixture(it, [], 0.1, STREAM), numbers(1024))
    assert (np.asarray(nominal.weight) == 1).all()
    assert np.asarray(trace.state).max() < it.process.regimes.cumulative.shape[0]
    np.testing.assert_allclose(nominal.loss, plain.loss, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(nominal.z, plain.z, rtol=1e-9, atol=1e-9)


def test_with_memory_weighted_losses_agree_with_plain_ones(remembering):
    it = remembering
    base = entropy.nominal(it, 3)
    chain, states = base.transition.copy(), base.transition.shape[1]
    chain[1] = 0.5 * chain[1] + 0.5 * np.eye(states)[-1]
    mean = base.mean.copy()
    mean[1, :, :2] = -0.7
    leave = np.tile([0.4, 0.5, 0.0], (it.days, 1))
    law = replace(base, transition=chain, mean=mean, leave=leave)
    tilted = traced(it, entropy.mixture(it, [law], 0.3, STREAM), numbers(8192))[0]
    plain = jax.jit(path.outcome)(it, numbers(8192))
    weight = np.asarray(tilted.weight, float)
    assert weight.mean() == pytest.approx(1, abs=4 * weight.std() / np.sqrt(len(weight)))
    for weighted, straight in zip(np.asarray(tilted.loss), np.asarray(plain.loss), strict=True):
        for threshold in np.quantile(straight, [0.5, 0.95]):
            ours, theirs = weight * (weighted > threshold), (straight > threshold).astype(float)
            error = np.hypot(ours.std(), theirs.std()) / np.sqrt(len(ours))
            assert abs(ours.mean() - theirs.mean()) < 4.5 * error
