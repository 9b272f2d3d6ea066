"""Books: closed forms, the realised identities of mechanism 7, and the border between solvent and not."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.products import book

GROWTH = np.array([1.05, 0.98, 0.9, 0.8, 0.7])


def params(long, short=(0,) * 3, **changes):
    zero = jnp.zeros(1)
    fields = dict.fromkeys(("alpha", "interest", "fee", "own", "margin", "benchmark_cash"), zero)
    fields |= {name: jnp.asarray([float(value)]) for name, value in changes.items() if name != "benchmark"}
    index = np.zeros((1, 5))
    if "benchmark" in changes:
        index[0, changes["benchmark"]] = 1
    return book.Params(
        long=jnp.asarray([long], float),
        short=jnp.asarray([short[:3]], float),
        style=jnp.zeros((1, 0)),
        benchmark=jnp.asarray(index),
        **fields,
    )


def live(p, *growth, style_return=None, own=None):
    state = book.init(p, 1)
    for g in growth:
        growth = jnp.asarray(np.asarray(g, float))[:, None]
        state = book.step(p, state, growth, growth[:3], style_return, own)
    return state


def nav(*args, **kw):
    return float(live(*args, **kw).nav[0, 0])


def test_a_long_book_earns_its_buckets():
    w = [0.1, 0.2, 0.3, 0.3, 0.1]
    assert nav(params(w), GROWTH) == pytest.approx(1 + np.dot(w, GROWTH - 1))
    assert nav(params(w), np.ones(5), GROWTH) == pytest.approx(np.dot(w, GROWTH))  # held, not rebalanced


def test_a_book_hedged_with_itself_loses_nothing():
    assert nav(params([0, 0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0, 0]), GROWTH) == pytest.approx(1)


def test_neutral_less_index_enhanced_is_the_cash():
    """mechanism 9.9, without a basis: with g = 1 the hedged book earns the excess of the unhedged."""
    w = [0.12, 0.30, 0.26, 0.25, 0.07]
    unhedged = nav(params(w), GROWTH) - GROWTH[1]
    hedged = nav(params(w, [0, 1, 0, 0, 0]), GROWTH) - 1
    assert hedged == pytest.approx(unhedged, abs=1e-15)


def test_twice_the_leverage_is_twice_the_loss():
    w, h = np.array([0.03, 0.10, 0.22, 0.42, 0.23]), np.array([0, 0.5, 0.5, 0, 0])
    loss = {g: 1 - nav(params(g * w, g * h), GROWTH) for g in (1, 2, 4)}
    assert loss[2] == pytest.approx(2 * loss[1])
    assert loss[4] == pytest.approx(4 * loss[1])
    assert loss[1] > 0.05


def test_a_wiped_out_book_is_dead_and_its_debt_is_kept():
    w, h = 8 * np.array([0, 0, 0, 0.5, 0.5]), 8 * np.array([0, 1, 0, 0, 0])
    p = params(w, h)
    raw = 1 + np.dot(w - h, GROWTH - 1)
    assert raw < 0
    fallen = live(p, GROWTH)
    assert float(fallen.nav[0, 0]) == 0
    assert float(fallen.shortfall[0, 0]) == pytest.approx(-raw)
    rebound = live(p, GROWTH, np.full(5, 2.0))
    assert float(rebound.nav[0, 0]) == 0, "a dead book does not come back"
    assert float(rebound.shortfall[0, 0]) == pytest.approx(-raw)


@pytest.mark.parametrize(("fall", "breached"), [(0.0624, False), (0.0626, True)])
def test_the_margin_fence(fall, breached):
    """E / A < m: at 4 times with 20 %, (1 - 4x) / (4 (1 - x)) = 0.2 at x = 1/16 of the unhedged book."""
    p = params([0, 0, 0, 4, 0], margin=0.2)
    state = live(p, np.array([1, 1, 1, 1 - fall, 1]))
    assert bool(state.breached[0, 0]) is breached


def test_a_breach_is_remembered_after_recovery():
    p = params([0, 0, 0, 4, 0], margin=0.2)
    assert bool(live(p, np.array([1, 1, 1, 0.9, 1]), np.ones(5)).breached[0, 0])


def test_carry_is_interest_alpha_and_fee():
    p = params([0.5, 0, 0, 0, 0], interest=1e-4, alpha=2e-4, fee=5e-5)
    flat = live(p, np.ones(5), np.ones(5))
    first = 1 + 1e-4 + 0.5 * 2e-4 - 5e-5
    assert float(flat.nav[0, 0]) == pytest.approx(first + 1e-4 + 0.5 * 2e-4 - 5e-5 * first, abs=1e-15)


def test_styles_act_on_yesterdays_book_and_own_shocks_on_nav():
    p = replace(params([2, 0, 0, 0, 0], own=0.01), style=jnp.asarray([[0.5, -1.0]]))
    style_return = jnp.asarray([[0.002], [0.001]])
    state = live(p, [1.1, 1, 1, 1, 1], style_return=style_return, own=jnp.asarray([1.5]))
    assert float(state.nav[0, 0]) == pytest.approx(1 + 0.2 + 2 * (0.5 * 0.002 - 0.001) + 0.015)
    growth = jnp.asarray([[1.1], [1], [1], [1], [1]])
    again = book.step(p, state, growth, growth[:3], style_return, jnp.asarray([0.0]))
    assert float(again.nav[0, 0] - state.nav[0, 0]) == pytest.approx(2.2 * (0.5 * 0.002 - 0.001))


def test_benchmarks_are_an_index_or_cash():
    assert float(live(params([1, 0, 0, 0, 0], benchmark=3), GROWTH).benchmark[0, 0]) == pytest.approx(0.8)
    cash = live(params([1, 0, 0, 0, 0], benchmark_cash=1e-4), GROWTH, GROWTH)
    assert float(cash.benchmark[0, 0]) == pytest.approx(1 + 2e-4)


DAILY = {  # mechanism 4.1: returns in percent, by bucket
    "02-05": [0.65, -2.26, -6.16, -9.49, -13.70],
    "02-06": [3.48, 7.75, 6.97, 2.02, -4.00],
    "02-07": [0.96, 6.32, 4.47, -2.80, -9.24],
    "02-08": [0.64, 0.80, 4.07, 8.75, 10.56],
}
MODERATE = [0.10, 0.25, 0.25, 0.30, 0.10]


def realised(start, end):
    """Growth of the five buckets between two closes of February 2024."""
    return np.prod([1 + np.array(DAILY[day]) / 100 for day in DAILY if start < day <= end], axis=0)


@pytest.mark.parametrize(
    ("start", "end", "index", "excess"),
    [
        ("02-02", "02-05", 1, -4.0),
        ("02-05", "02-07", 1, -9.1),
        ("02-02", "02-08", 1, -9.2),
        ("02-02", "02-05", 2, -0.1),
        ("02-05", "02-07", 2, -6.3),
        ("02-02", "02-08", 2, -5.5),
    ],
)
def test_the_excess_losses_of_the_realised_path(start, end, index, excess):
    """mechanism 7: the moderate book, bought and held, against CSI 500 and CSI 1000, in percent."""
    growth = realised(start, end)
    state = live(params(MODERATE, benchmark=index), growth)
    assert 100 * float(state.nav[0, 0] - state.benchmark[0, 0]) == pytest.approx(excess, abs=0.15)
