"""Funds under a policy on a tape: the realised switch, the decision's day, and the tape's own days."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.policies import rule
from tailrisk.policies.observation import Book
from tailrisk.products import account
from tailrisk.simulate import managed, path
from tailrisk.simulate.tape import Tape, record
from tests import accounts
from tests.crowds import crowded, numbers
from tests.worlds import world

MODERATE = [0.10, 0.25, 0.25, 0.30, 0.10]
DAYS = [  # mechanism 4.1: 2 to 8 February, per cent
    [-1.18, -2.47, -3.70, -4.47, -6.14],
    [0.65, -2.26, -6.16, -9.49, -13.70],
    [3.48, 7.75, 6.97, 2.02, -4.00],
    [0.96, 6.32, 4.47, -2.80, -9.24],
    [0.64, 0.80, 4.07, 8.75, 10.56],
]


def realised():
    days = [accounts.day(np.array(r) / 100) for r in DAYS]
    return Tape(days=jax.tree.map(lambda *x: jnp.stack(x), *days), z=jnp.zeros((len(days), 2, 1)))


def switch(date):
    """To CSI 500 at the close of day `date`."""
    whole = {name: jnp.int32(v) for name, v in (("lag", 1), ("back", 0), ("lasting", 1), ("watched", 0))}
    short = jnp.zeros((1, 3))
    return rule.Params(
        date=jnp.int32(date),
        **whole,
        threshold=jnp.asarray(-jnp.inf),
        pace=jnp.asarray(1.0),
        away=Book(weights=jnp.asarray([[0, 1.0, 0, 0, 0]]), gross=jnp.ones(1), short=short),
        home=Book(weights=jnp.asarray([MODERATE]), gross=jnp.ones(1), short=short),
    )


@pytest.mark.parametrize("date", [2, 4])
def test_a_dated_rule_trades_at_the_close_of_its_date(date):
    p, one = accounts.params(accounts.fund(long=MODERATE, benchmark=1)), switch(date)
    lived = managed.live(p, realised(), partial(rule.step, one), rule.init(one, 1), managed.still(p, 1))
    growth = np.cumprod(1 + np.array(DAYS) / 100, axis=0)
    before = growth[date - 1] @ MODERATE
    expected = before * growth[-1, 1] / growth[date - 1, 1]
    assert float(account.nav(lived.state)[0, 0]) == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(lived.days.excess[:, 0, 0], lived.days.nav[:, 0, 0] / growth[:, 1], atol=1e-12)


def test_a_tape_without_a_crowd_is_the_paths_of_the_run():
    it = world(days=12)
    tape, course, outcome = jax.jit(lambda n: [run(it, n) for run in (record, path.course, path.outcome)])(
        numbers(5)
    )
    price = np.cumsum(np.log1p(np.asarray(tape.days.returns)), axis=0)
    np.testing.assert_allclose(price, course.price, atol=1e-12)
    np.testing.assert_allclose(np.moveaxis(tape.z, 1, 0), outcome.z, atol=1e-12)
    np.testing.assert_array_equal(tape.days.futures, tape.days.returns[:, :3])


def test_a_tape_with_a_crowd_holds_its_futures_limits_and_refusals():
    """Within a contract the future earns index and basis; limits bite where prices fell."""
    days = jax.jit(record)(crowded("crowd.edges.restriction=1"), numbers(64)).days
    returns, basis = np.asarray(days.returns)[1:, :3], np.asarray(days.basis)
    held = (1 + returns) * (1 + basis[1:]) / (1 + basis[:-1]) - 1
    kept = np.asarray(days.rolled)[1:] == 0
    np.testing.assert_allclose(np.asarray(days.futures)[1:][kept], held[kept], atol=1e-10)
    sells, fallen = np.asarray(days.sells), np.asarray(days.returns) < -0.09
    assert fallen.any()
    assert sells[fallen].max() < 0.9
    assert sells[np.abs(np.asarray(days.returns)) < 0.01].min() > 0.9
    assert float(days.refused.min()) >= 0
