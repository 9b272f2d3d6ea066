"""The replay: what is imposed is taken, what is not is the crowd's answer."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.simulate.crowd.replay import Record, replay
from tailrisk.simulate.crowd.world import Imposed
from tests.crowds import OFF, crowded, edit

DAYS = 6
RNG = np.random.default_rng(0)
RETURNS = RNG.normal(-0.01, 0.02, (DAYS, 5))
EXOGENOUS = RNG.normal(-0.02, 0.005, (DAYS, 5))
play = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})(replay)


def record(pinned, purchases=0.0, refused=0.0, stress=False):
    """A record whose first buckets are pinned."""
    flags = np.broadcast_to(np.arange(5) < pinned, (DAYS, 5))
    return Record(
        stress=jnp.full(DAYS, stress),
        exogenous=jnp.asarray(EXOGENOUS),
        imposed=Imposed(
            pinned=jnp.asarray(flags),
            returns=jnp.asarray(RETURNS),
            purchases=jnp.asarray(np.outer(np.ones(DAYS), [0, purchases, purchases, 0, 0])),
            refused=jnp.full(DAYS, float(refused)),
        ),
    )


@pytest.fixture(scope="module")
def crowd():
    return crowded("crowd.edges.state=0").crowd


def test_pinned_buckets_are_the_records_and_the_rest_are_not(crowd):
    seen = play(crowd, record(2))
    np.testing.assert_allclose(seen.returns[:, :2], RETURNS[:, :2], rtol=1e-12)
    assert np.abs(seen.returns[:, 2:] - RETURNS[:, 2:]).max() > 1e-3
    assert float(seen.residual) < 1e-9


def test_a_crowd_that_does_nothing_leaves_the_exogenous_returns():
    still = edit(crowded(*OFF), "limits.limit", lambda limit: limit * 100).crowd
    seen = play(still, record(1))
    np.testing.assert_allclose(seen.returns[:, 1:], EXOGENOUS[:, 1:], rtol=1e-9)


def test_scheduled_purchases_lift_what_is_bought_and_refused_sales_hold_it_up(crowd):
    plain, bought = play(crowd, record(1, stress=True)), play(crowd, record(1, 8.0, stress=True))
    assert (bought.returns[0, 1:3] > plain.returns[0, 1:3] + 1e-3).all()
    refused = play(crowd, record(1, refused=1.0, stress=True))
    assert float((refused.returns - plain.returns)[:, 1:].sum()) > 0.01


def test_a_crisis_frightens_and_calm_does_not(crowd):
    assert float((play(crowd, record(1, stress=True)).returns - play(crowd, record(1)).returns).sum()) < -0.01
