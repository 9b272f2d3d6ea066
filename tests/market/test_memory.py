"""The memory process against its slow twin, and where it must vanish."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.market import memory, process
from tests import memories, plain_memory

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("limit", [None, 0.03])
def test_days_are_those_of_the_slow_twin(limit):
    law, paths, days = memories.filter_(limit), 3, 40
    residual = RNG.standard_t(5, size=(days, 5, paths))
    residual[10] -= 6  # a day beyond the cap's comfort and the limit
    state = memories.states(paths)
    slow = [plain_memory.begin(memories.VARIANCE.tolist()) for _ in range(paths)]
    largest = 0.0
    for today in residual:
        state, got = memory.move(law, state, jnp.asarray(today))
        for n in range(paths):
            slow[n], want = plain_memory.day(law, slow[n], today[:, n].tolist())
            np.testing.assert_allclose(np.asarray(got)[:, n], want, rtol=1e-11, atol=1e-15)
            np.testing.assert_allclose(np.asarray(state.square)[:, :, n], slow[n]["E"], rtol=1e-10)
            np.testing.assert_allclose(float(state.common[n]), slow[n]["C"], rtol=1e-10)
            np.testing.assert_allclose(np.asarray(state.trend)[:, n], slow[n]["D"], rtol=1e-9, atol=1e-16)
            largest = max(largest, max(map(abs, want)))
    assert largest == pytest.approx(-np.log1p(-0.03)) if limit else largest > 0.1


def test_without_memory_and_trends_days_are_residuals_times_the_long_run():
    """w = (1, 0, ..), phi = kappa = 0: f = m + sqrt(v) u whatever came before."""
    none = np.zeros(5)
    law = memories.filter_(weight=np.eye(5)[:, :1] * np.ones(5), phi=none, kappa=none)
    state = memories.states(1000)
    shaken = replace(state, square=state.square * 9, common=state.common * 4, last=state.last + 0.1)
    u = jnp.asarray(RNG.normal(size=(5, 1000)))
    one, two = memory.move(law, state, u)[1], memory.move(law, shaken, u)[1]
    np.testing.assert_allclose(one, two, rtol=1e-12)
    want = np.asarray(law.mean)[:, None] + np.sqrt(memories.VARIANCE)[:, None] * np.asarray(u)
    np.testing.assert_allclose(np.diff(np.asarray(one), axis=0, prepend=0), want, rtol=1e-9, atol=1e-15)


def test_volatility_follows_large_moves_and_falls_more_than_rises():
    law, state = memories.filter_(), memories.states(3)
    u = jnp.asarray(np.array([[0.1, -4.0, 4.0]] * 5))
    after, _ = memory.move(law, state, u)
    calm, fallen, risen = np.asarray(memory.expected(law, after)[1]).T
    assert (fallen > 1.5 * calm).all()
    assert (fallen[np.asarray(law.leverage) > 0] > risen[np.asarray(law.leverage) > 0]).all()


def test_stress_is_known_before_the_day():
    """C of the evening before decides, and the day's own move does not."""
    law, state = memories.params(), memories.states(2)
    state = replace(state, common=jnp.asarray([1.9, 2.1]))
    for size in (0.0, 9.0):
        pairs = jnp.full((3, 2), size, jnp.complex128)
        shocks = process.Shocks(regime=jnp.asarray([0.5, 0.5]), ladder=pairs)
        assert process.step(law, state, shocks)[2].tolist() == [False, True]


def test_whole_days_come_in_blocks_and_every_row_equally_often():
    rows = np.arange(50.0)[:, None] * np.ones(5)
    table = memory.Days(rows=jnp.asarray(rows), leave=jnp.asarray(0.25))
    uniform = RNG.random((400, 500))
    row, follows, seen = jnp.zeros(500, jnp.int32), 0, np.zeros(50)
    for today in uniform:
        before, row = row, memory.drawn(table, row, jnp.asarray(today))
        follows += int((np.asarray(row) == (np.asarray(before) + 1) % 50).sum())
        seen += np.bincount(np.asarray(row), minlength=50)
    n = uniform.size
    expected = 0.75 + 0.25 / 50
    assert abs(follows / n - expected) < 4 * np.sqrt(expected * (1 - expected) / n)
    spread = (seen / n * 50).std()
    assert spread < 0.05, "rows of blocks of four days: about sqrt(7 x 50 / n) apart"


def test_a_day_of_history_shows_its_residuals():
    rows = RNG.normal(size=(30, 5))
    law = memories.params(days=memory.Days(rows=jnp.asarray(rows), leave=jnp.asarray(1.0)))
    shocks = process.Shocks(regime=jnp.asarray([0.51]), ladder=jnp.zeros((0, 1), jnp.complex128))
    after, got, _ = process.step(law, memories.states(), shocks)
    assert int(after.row[0]) == 15
    want, _ = memory.move(law.filter, memories.states(), jnp.asarray(rows[15])[:, None])[1], None
    np.testing.assert_array_equal(got, want)


def test_one_uniform_gives_a_regime_and_a_state_that_are_independent():
    law = memories.params()
    start = replace(memories.states(4), common=jnp.arange(4.0))
    u = jnp.asarray(RNG.random(40_000))
    state = process.init(replace(law, start=start), u)
    table = np.zeros((2, 4))
    np.add.at(table, (np.asarray(state.row), np.asarray(state.common).astype(int)), 1 / len(u))
    want = np.outer([0.75, 0.25], np.full(4, 0.25))
    assert (np.abs(table - want) < 4 * np.sqrt(want / len(u))).all()
