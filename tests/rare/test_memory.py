"""Importance sampling and splitting of a world with memory, beside its plain paths."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.market import memory, spread
from tailrisk.rare import entropy, importance, splitting
from tailrisk.rare.pilot import fit
from tailrisk.rare.score import Fall
from tailrisk.simulate import path
from tests import memories
from tests.rare.test_importance import STREAM, pushed
from tests.rare_worlds import bare, numbers

DETECTOR = (spread.Params(small=2, large=0, window=20, days=1, mean_removed=True),)


def remembering(**kwargs):
    return replace(bare(days=6, detectors=DETECTOR), process=memories.params(**kwargs))


@pytest.mark.parametrize("continues", [False, True])
def test_weighted_paths_agree_with_plain_ones(continues):
    """P(z <= -3 within six days) and P(loss of the first bucket), whatever the law paths are drawn from."""
    it, n = remembering(nu=5.0, continues=continues), 20_000
    plain = jax.jit(path.outcome)(it, numbers(n))
    tilted = jax.jit(importance.outcome)(it, pushed(it, share=0.3), numbers(n, 10 * n))
    weight = np.asarray(tilted.weight)
    assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(n)
    for event in (lambda out: out.z[0].min(axis=0) <= -3, lambda out: out.loss[0, 1, 0] >= 0.05):
        hit = np.asarray(event(plain)).astype(float)
        weighted = weight * np.asarray(event(tilted))
        error = np.hypot(hit.std(), weighted.std()) / np.sqrt(n)
        assert error < 0.15 * hit.mean(), "too rare to compare"
        assert abs(hit.mean() - weighted.mean()) < 4 * error


def test_splitting_agrees_with_plain_paths():
    it, n = remembering(nu=5.0, continues=True), 20_000
    plain = np.asarray(jax.jit(path.outcome)(it, numbers(n)).z[0].min(axis=0) <= -4)
    target = Fall("fall", 0, 1.0 * -1, 4.0)
    found = [splitting.replicate(it, target, (1.5, 2.5), STREAM, k, 1000) for k in range(12)]
    each = np.array(
        [(r.outcome.weight * (np.asarray(r.outcome.z[0]).min(axis=0) <= -4)).sum() for r in found]
    )
    error = np.hypot(plain.std() / np.sqrt(n), each.std(ddof=1) / np.sqrt(len(each)))
    assert abs(each.mean() - plain.mean()) < 4 * error


def test_days_of_history_have_no_tilt():
    table = memory.Days(rows=jnp.zeros((30, 5)), leave=jnp.asarray(0.1))
    with pytest.raises(InputError, match="no tilt"):
        fit(remembering(days=table), (Fall("fall", 0, -1.0, 4.0),), STREAM)


def test_a_fit_moves_student_shocks_down():
    """Elites whose first shock is far down, in t's of five degrees: the law is moved and little widened."""
    it = remembering(nu=5.0)
    rng = np.random.default_rng(0)
    shock = rng.standard_t(5, size=(6, 5, 400))
    shock[:, 0] -= 2.0
    elite = entropy.Elite(
        weight=np.ones(400),
        state=np.zeros((7, 400), np.int32),
        warmup=None,
        shock=shock,
        shifted=True,
        inverse_nu=0.2,
    )
    law = entropy.refit(it, None, elite)
    assert law.mean[1, 0, 0] < -1.5
    assert np.abs(law.mean[1, 0, 1:]).max() < 0.3
    assert 0.8 <= law.deviation[1, 0, 0] < 1.3
