"""The memory filter: histories with known parameters, missing days, and the leaf's own day."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.calibrate import memory
from tailrisk.calibrate.memory_law import Law, described, limits
from tailrisk.calibrate.regimes import Regimes, covariance
from tailrisk.calibrate.residuals import fit_residuals, heavier
from tailrisk.calibrate.targeting import params
from tailrisk.core.errors import InputError
from tailrisk.market import memory as leaf
from tailrisk.market import process

TRUTH = np.array([0.10, 0.10, 0.45, 0.20, 0.15, 0.20])
DAYS = 3000


def history(seed, days=DAYS, factors=2):
    """Factors [day, factor] of unit long-run variance with TRUTH, kappa as fitted, Student residuals."""
    rng = np.random.default_rng(seed)
    phi, w1, w2, w3, w4, g = TRUTH
    decay = np.array(leaf.DECAYS)[:, None]
    kappa = np.where(np.arange(factors) > 0, memory.KAPPA, 0.0)
    square, common, trend = np.ones((3, factors)), 1.0, np.zeros(factors)
    last, out = np.zeros(factors), np.empty((days, factors))
    for t in range(days):
        d = kappa * trend
        centre = d + phi * (last - d)
        variance = 1 - w1 - w2 - w3 - w4 + np.array([w1, w2, w3]) @ square + w4 * common
        gap = np.sqrt(np.minimum(variance, 16)) * rng.standard_t(8, factors) * np.sqrt(6 / 8)
        last = centre + gap
        square = decay * square + (1 - decay) * gap**2 * (1 - g * np.sign(gap))
        common = 0.94 * common + 0.06 * (last**2).mean()
        trend = 0.99 * trend + 0.01 * last
        out[t] = last
    return 0.01 * out


@pytest.fixture(scope="module")
def fitted():
    data = history(1)
    return data, memory.fit(data)


def test_the_truth_lies_within_four_standard_errors(fitted):
    _, found = fitted
    for i in range(2):
        known = np.isfinite(found.error[i, :6])
        assert known.sum() >= 5
        gap = np.abs(found.value[i, :6] - TRUTH)[known]
        assert (gap < 4 * found.error[i, :6][known] + 0.02).all(), (found.value[i], found.error[i])
        assert found.error[i, 0] < 0.03, "sharp enough to fail"
        assert 5 < 1 / found.value[i, 7] < 14
    assert (1 - found.value[:, 1:5].sum(axis=1) >= memory.FLOOR - 1e-9).all()


def test_days_before_a_factor_begins_change_nothing_of_its_own(fitted):
    data, _ = fitted
    late = data[:600].copy()
    late[:200, 1] = np.nan
    found = memory.filtered(memory.fit(late, with_errors=False), late)
    assert np.isnan(found.residual[:200, 1]).all()
    assert np.isfinite(found.residual[200:]).all()
    assert (found.square[199, :, 1] == found.square[0, :, 1]).all()
    assert np.isfinite(found.common).all()
    with pytest.raises(InputError, match="at least 250"):
        memory.fit(late[:400])


def test_the_filter_is_the_leafs_own_day(fitted):
    """What the fit filters is what the engine lives: centre, deviation and state of every day."""
    data, found = fitted
    run = memory.filtered(found, data)
    law = params(found, _one_law(), None, found.variance)
    state = law.start
    for t in range(60):
        centre, deviation = leaf.expected(law.filter, state)
        np.testing.assert_allclose(np.asarray(centre)[:, 0], run.centre[t], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(np.asarray(deviation)[:, 0], run.deviation[t], rtol=1e-9)
        state, _ = leaf.move(law.filter, state, jnp.asarray(run.residual[t])[:, None])
        np.testing.assert_allclose(np.asarray(state.square)[:, :, 0], run.square[t], rtol=1e-9)
        np.testing.assert_allclose(float(state.common[0]), run.common[t], rtol=1e-9)


def test_other_constants_are_the_leafs_too(fitted):
    """Decays, trend and cap that are moved in the fit are moved in the engine, and are not today's."""
    data, found = fitted
    moved = memory.Constants(decays=(0.7, 0.9, 0.98), common=0.9, trend=0.97, cap=1.3)
    other = replace(found, constants=moved)
    run, today = memory.filtered(other, data), memory.filtered(found, data)
    law = params(other, _one_law(), None, found.variance)
    state = law.start
    for t in range(60):
        centre, deviation = leaf.expected(law.filter, state)
        np.testing.assert_allclose(np.asarray(centre)[:, 0], run.centre[t], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(np.asarray(deviation)[:, 0], run.deviation[t], rtol=1e-9)
        state, _ = leaf.move(law.filter, state, jnp.asarray(run.residual[t])[:, None])
        np.testing.assert_allclose(np.asarray(state.trend)[:, 0], run.trend[t], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(float(state.common[0]), run.common[t], rtol=1e-9)
    assert np.abs(run.square / today.square - 1).max() > 0.1
    assert (run.deviation <= 1.3 * np.sqrt(found.variance) * (1 + 1e-12)).all()
    assert (today.deviation > 1.3 * np.sqrt(found.variance)).any()


def test_a_higher_floor_and_another_kappa_are_those_of_the_fit(fitted):
    data, found = fitted
    other = memory.fit(data, with_errors=False, constants=memory.Constants(floor=0.3, kappa=0.2))
    assert (1 - other.value[:, 1:5].sum(axis=1) >= 0.3 - 1e-9).all()
    assert (1 - found.value[:, 1:5].sum(axis=1)).min() < 0.3
    np.testing.assert_array_equal(other.kappa, [0.0, 0.2])
    assert other.log_likelihood < found.log_likelihood


@pytest.mark.parametrize(
    ("name", "value"),
    [("kappa", 1.2), ("floor", 1.0), ("cap", 1.0), ("common", 0.0), ("trend", 1.0), ("decays", (0.8, 0.9))],
)
def test_constants_that_no_fit_could_take_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        memory.Constants(**{name: value})


def test_what_no_file_can_say_is_not_written(fitted):
    _, found = fitted
    other = replace(found, constants=memory.Constants(trend=0.97))
    with pytest.raises(InputError, match="decays"):
        next(described(Law(fit=other, filtered=None, residuals=None, limit=None, long_run=None)))
    with pytest.raises(InputError, match="rows"):
        next(
            described(
                Law(fit=found, filtered=None, residuals=None, limit=None, long_run=None, rows=np.ones((1, 2)))
            )
        )


def test_heavier_residuals_have_the_same_covariance():
    law = Regimes(
        transition=jnp.ones((1, 1)),
        mean=jnp.zeros((1, 2)),
        scale=jnp.eye(2)[None],
        nu=jnp.asarray(10.0),
        student=True,
    )
    other = heavier(law, 4.0)
    assert float(other.nu) == 4.0
    np.testing.assert_allclose(covariance(other), covariance(law))
    assert heavier(law, 12.0) is law
    gaussian = replace(law, student=False)
    assert heavier(gaussian, 4.0) is gaussian


def test_rows_take_the_place_of_regimes(fitted):
    """The process of a law with rows draws them singly, each as often as another."""
    _, found = fitted
    rows = np.array([[0.5, -1.0], [2.0, 0.0], [-3.0, 1.0]])
    law = params(found, _one_law(), None, found.variance, rows)
    assert float(law.days.leave) == 1.0
    row = leaf.drawn(law.days, jnp.zeros(3, jnp.int32), jnp.asarray([0.1, 0.5, 0.9]))
    np.testing.assert_array_equal(row, [0, 1, 2])
    assert process.pairs(law) == 0


def _one_law():
    from types import SimpleNamespace

    return SimpleNamespace(
        nu=None,
        covariance=np.eye(2)[None],
        mean=np.zeros((1, 2)),
        transition=np.ones((1, 1)),
        occupancy=np.ones(1),
    )


def test_residuals_of_a_shock_regime_are_found_and_a_slow_one_is_not_taken():
    """Days of shocks that last two days, beside a slow break of correlation that fits better."""
    rng = np.random.default_rng(2)
    days, shock = 2500, np.zeros(2500, int)
    for t in range(1, days):
        shock[t] = rng.random() < (0.5 if shock[t - 1] else 0.15)
    u = rng.normal(size=(days, 2))
    u[days // 2 :, 1] = 0.6 * u[days // 2 :, 0] + 0.8 * u[days // 2 :, 1]  # the break
    u = np.where(shock[:, None] == 1, 1.8 * u - 0.8, 0.8 * u)
    found = fit_residuals(u, shocks="gaussian", number=2, with_errors=False)
    assert found.transition[1, 1] < 0.7
    assert found.mean[1].max() < -0.4
    assert found.smoothed[shock == 1, 1].mean() > 0.45
    assert found.smoothed[shock == 0, 1].mean() < 0.15


def test_limits_are_one_fraction_or_one_for_each_bucket():
    assert limits(None) is None
    assert limits("0.1") == (0.1,) * 5
    for text in ("10", "0.1,0.2", "x", "0"):
        with pytest.raises(InputError, match="--limits"):
            limits(text)
