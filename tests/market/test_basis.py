"""Futures: the basis curve and its dynamics, limits on settlement, expiry, and the twin through a roll."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.market import basis, expiry
from tests import plain_basis

PATHS, ROUNDS = 3, 4
FUTURES = ("IF", "IC", "IM")
HOLIDAYS = ["2024-01-01", "2024-02-09", "2024-02-12", "2024-02-13", "2024-02-14", "2024-02-15", "2024-02-16"]


def array(x):
    return jnp.asarray(np.asarray(x, np.float64))


@pytest.fixture
def params():
    return basis.Params(
        carry=array([0.02, 0.05, 0.08]),
        ramp=array(20.0),
        mean=array([0.0, 0.0, 0.005]),
        discount_pull=array(1 - 0.5 ** (1 / ROUNDS)),
        premium_pull=array(1 - 0.2 ** (1 / ROUNDS)),
        flow=array(0.08),
        fall=array(0.1),
        noise=array([0.0005, 0.001, 0.001]),
        bound=array(0.15),
        volume=array([100.0, 120.0, 180.0]),
    )


@pytest.fixture
def still(params):
    """Nothing moves the dislocation."""
    zero = array(0.0)
    return replace(params, discount_pull=zero, premium_pull=zero, flow=zero, fall=zero, noise=jnp.zeros(3))


@pytest.fixture
def contracts():
    """2 February 2024."""
    return a_day(expiry.schedule("2024-02-02", 1, HOLIDAYS, 5).contracts, 0)


def a_day(contracts, day):
    return jax.tree.map(lambda x: x[day], contracts)


def flat(value):
    return jnp.full((3, PATHS), value, dtype=jnp.float64)


def one_round(params, state, contracts, index=0.0, flow=0.0, shock=0.0, change=None, settling=1.0):
    moves = (flat(index), flat(index if change is None else change))
    return basis.step(params, state, contracts, moves, flat(flow), flat(shock), array(settling))


def dislocated(params, contracts, u=0.02, **moves):
    """Dislocation after one round."""
    state, _ = one_round(params, basis.init(params, flat(u), contracts), contracts, **moves)
    return state.dislocation


def test_annualised_by_the_markets_convention():
    """Mechanism 9.7: -1.47 % with 17 days left is -31.6 %."""
    discount = basis.annualised(jnp.log1p(array(-0.0147)), array(17.0))
    assert round(100 * float(discount), 1) == -31.6
    assert float(basis.annualised(jnp.log1p(array(0.01)), array(0.0))) == pytest.approx(3.65)


def test_the_basis_is_zero_at_expiry(params):
    curve = basis.curve(params, flat(0.13), array([0.0, 30.0, 90.0]))
    np.testing.assert_array_equal(curve[:, 0], 0.0)
    assert float(jnp.max(curve[:, 1:])) < 0


def test_a_far_contract_carries_the_whole_dislocation(params):
    curve = basis.curve(params, flat(0.05), array([0.0, 14.0, 2000.0]))
    np.testing.assert_allclose(curve[2, 1], -0.08 * 14 / 365 - 0.05 * (1 - np.exp(-0.7)), rtol=1e-12)
    np.testing.assert_allclose(curve[2, 2], -0.08 * 2000 / 365 - 0.05, rtol=1e-12)


def test_a_future_ends_on_the_index_whatever_the_dislocation(params):
    """Held from 2 February to its last day, a contract earns the index and the basis it was bought at."""
    plan = expiry.schedule("2024-02-05", 5, HOLIDAYS, 0)
    state = basis.init(params, flat(0.06), a_day(plan.contracts, 0))
    entry = state.basis[:, 0]
    total = jnp.zeros((3, PATHS))
    for day, move in enumerate((-0.03, 0.04, 0.02, -0.01, 0.015)):
        today = a_day(plan.contracts, day)
        state = basis.open(params, state, today)
        state, quote = one_round(params, state, today, index=move, flow=-3.0)
        total = total + quote.change[:, 0] - np.log1p(move)
        state = basis.close(state, quote)
    np.testing.assert_array_equal(today.days[0], 0.0)
    np.testing.assert_allclose(quote.basis[:, 0], 0.0, atol=1e-15)
    np.testing.assert_allclose(total, -entry, rtol=1e-12)


def test_sales_and_falls_widen_the_discount(still, contracts):
    before = flat(0.02)
    pushed = replace(still, flow=array(0.08))
    np.testing.assert_allclose(
        dislocated(pushed, contracts, flow=-18.0) - before, 0.08 * 18 / still.volume[:, None] * flat(1.0)
    )
    assert float(jnp.max(dislocated(pushed, contracts, flow=18.0) - before)) < 0
    dragged = replace(still, fall=array(0.1))
    np.testing.assert_allclose(dislocated(dragged, contracts, index=-0.03), 0.023, rtol=1e-12)
    np.testing.assert_array_equal(dislocated(dragged, contracts, index=0.03), before)
    np.testing.assert_array_equal(dislocated(dragged, contracts, index=-0.03, change=0.01), before)


def test_switched_off_nothing_the_crowd_does_reaches_the_basis(params, contracts):
    off = replace(params, flow=array(0.0), fall=array(0.0))
    np.testing.assert_array_equal(
        dislocated(off, contracts, flow=-50.0, index=-0.05, shock=0.3), dislocated(off, contracts, shock=0.3)
    )


def test_premium_closes_faster_than_discount(params, contracts):
    calm = replace(params, noise=jnp.zeros(3), mean=jnp.zeros(3))
    for u, kept in ((0.04, 0.5), (-0.04, 0.2)):
        state = basis.init(calm, flat(u), contracts)
        for _ in range(ROUNDS):
            state, _ = one_round(calm, state, contracts)
        np.testing.assert_allclose(state.dislocation, u * kept, rtol=1e-12)


def test_the_dislocation_settles_at_its_mean(params, contracts):
    np.testing.assert_allclose(dislocated(params, contracts, u=0.005)[2], 0.005, rtol=1e-15)
    assert float(dislocated(params, contracts, u=0.0)[2, 0]) > 0


@pytest.mark.parametrize(("u", "after"), [(0.149, 0.149), (0.151, 0.15), (-0.149, -0.149), (-0.3, -0.15)])
def test_both_fences_of_the_dislocation(still, contracts, u, after):
    np.testing.assert_allclose(dislocated(still, contracts, u=u), after, rtol=1e-12)


@pytest.mark.parametrize(
    ("index", "limited"), [(-0.099, False), (-0.101, True), (0.099, False), (0.101, True)]
)
def test_ten_percent_of_the_prior_settlement(still, contracts, index, limited):
    quiet = replace(still, carry=jnp.zeros(3))
    state, quote = one_round(quiet, basis.init(quiet, flat(0.0), contracts), contracts, index=index)
    shown = np.sign(index) * 0.1 if limited else index
    np.testing.assert_allclose(jnp.expm1(quote.change), shown, rtol=1e-12)
    np.testing.assert_array_equal(state.dislocation, 0.0)
    spot = np.log1p(index)
    np.testing.assert_allclose(quote.basis, np.log1p(shown) - spot, atol=1e-15)


def test_what_the_limit_cuts_off_shows_the_next_day(still):
    plan = expiry.schedule("2024-02-05", 2, HOLIDAYS, 5)
    today, tomorrow = a_day(plan.contracts, 0), a_day(plan.contracts, 1)
    state = basis.init(still, flat(0.02), today)
    state, first = one_round(still, replace(state, dislocation=flat(0.1)), today, index=-0.09)
    assert float(first.change[2, 1, 0]) == pytest.approx(np.log(0.9), rel=1e-12)
    state = basis.open(still, basis.close(state, first), tomorrow)
    _, second = one_round(still, state, tomorrow)
    end = basis.curve(still, flat(0.1), tomorrow.days) + np.log1p(-0.09)
    start = basis.curve(still, flat(0.02), today.before)
    np.testing.assert_allclose(first.change + second.change, end - start, rtol=1e-12)


def test_a_close_may_move_more_than_ten_percent_of_the_previous_close(still):
    """5 February: IM2403's low of 3976.0 is 10.6 % under its last close and 10 % under its settlement."""
    plan = expiry.schedule("2024-02-05", 1, HOLIDAYS, 5)
    today = a_day(plan.contracts, 0)
    state = basis.init(still, flat(0.0), today)
    settled = replace(state, settlement=jnp.full_like(state.settlement, np.log(4417.8 / 4447.4)))
    _, quote = one_round(still, settled, today, index=-0.15)
    low = 4447.4 * np.exp(float(quote.change[2, 1, 0]))
    assert low == pytest.approx(3976.0, abs=0.1)


def test_settlement_is_the_average_of_the_closing_rounds(still, contracts):
    state = basis.init(still, flat(0.0), contracts)
    for index, weight in ((0.05, 0.0), (-0.02, 0.5), (0.01, 0.5)):
        state, quote = one_round(still, state, contracts, index=index, settling=weight)
    closed = basis.close(state, quote)
    expected = (np.log(0.98) + np.log(1.01)) / 2 - np.log(1.01)
    np.testing.assert_allclose(closed.settlement[:, 1], expected, rtol=1e-9)
    np.testing.assert_array_equal(closed.average, 0.0)


def test_contracts_move_to_the_next_slot_after_an_expiry(params):
    plan = expiry.schedule("2024-02-19", 2, HOLIDAYS, 5)
    state = basis.init(params, flat(0.03), a_day(plan.contracts, 0))
    marked = replace(state, basis=state.basis + array([1.0, 2.0, 3.0])[None, :, None])
    after = basis.open(params, marked, a_day(plan.contracts, 1))
    np.testing.assert_array_equal(after.basis[:, 0], marked.basis[:, 1])
    np.testing.assert_array_equal(after.basis[:, 2], marked.basis[:, 2])
    fresh = basis.curve(params, flat(0.03), plan.contracts.before[1])
    np.testing.assert_array_equal(after.basis[:, 1], fresh[:, 1])


def test_a_hedger_earns_the_contract_held(still, contracts):
    quote = basis.Quote(change=jnp.log1p(draws(1, 3, 3, PATHS) * 0.01), basis=jnp.zeros((3, 3, PATHS)))
    np.testing.assert_allclose(basis.held_return(contracts, quote), jnp.expm1(quote.change[:, 0]), rtol=1e-12)
    rolled = replace(contracts, held=array([0.0, 1.0, 0.0]))
    np.testing.assert_allclose(basis.held_return(rolled, quote), jnp.expm1(quote.change[:, 1]), rtol=1e-12)


def test_matches_the_plain_twin_through_an_expiry(params):
    plan = expiry.schedule("2024-02-07", 5, HOLIDAYS, 3)
    index = np.random.default_rng(2).normal(0, 0.06, (5, ROUNDS, 3, PATHS))  # wild: limits bind
    flow, shock = (
        np.random.default_rng(3).normal(0, (20, 1), (5, ROUNDS, 3, PATHS, 2)).transpose(4, 0, 1, 2, 3)
    )
    changes, bases = (
        np.asarray(x) for x in fast_days(params, plan.contracts, *map(array, (index, flow, shock)))
    )
    limited = np.abs(np.expm1(changes)) > 0.0999
    assert 0.02 < limited.mean() < 0.9
    for q in range(3):
        for n in range(PATHS):
            slow = plain_days(params, q, plan.contracts, index[..., q, n], flow[..., q, n], shock[..., q, n])
            np.testing.assert_allclose(changes[:, q, :, n], slow[0], rtol=1e-9, atol=1e-14)
            np.testing.assert_allclose(bases[:, q, :, n], slow[1], rtol=1e-9, atol=1e-14)


def test_float32_stays_float32(params):
    plan = expiry.schedule("2024-02-07", 5, HOLIDAYS, 3)
    shapes = np.zeros((5, ROUNDS, 3, PATHS)) - 0.02
    single = jax.tree.map(
        lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x,
        (params, plan.contracts, *map(array, (shapes, shapes, shapes))),
    )
    rough, exact = (
        fast_days(*single),
        fast_days(params, plan.contracts, *map(array, (shapes, shapes, shapes))),
    )
    assert rough[0].dtype == jnp.float32
    np.testing.assert_allclose(rough[0], exact[0], atol=1e-6)


@pytest.mark.market_data
@pytest.mark.parametrize(
    ("day", "dislocation"), [("2024-02-02", 0.024), ("2024-02-05", 0.059), ("2024-02-06", -0.002)]
)
def test_one_dislocation_fits_every_contract_of_a_day(market_data, params, day, dislocation):
    """IM around the crash: y = 8 %, tau0 = 20 calendar days and one number for four contracts, to 0.6 pp."""
    import pandas as pd

    rows = pd.read_csv(market_data / "index_futures_daily.csv").query("date == @day")
    rows = rows[rows.symbol.str.startswith("IM")]
    months = np.array([f"20{s[2:4]}-{s[4:6]}" for s in rows.symbol], "M8[M]")
    days = (expiry.last_day(months, HOLIDAYS) - np.datetime64(day)).astype(float)
    observed = np.log(rows.close / rows.spot_close).to_numpy()
    reach = 1 - np.exp(-days / 20)
    fitted = -((observed + 0.08 * days / 365) @ reach) / (reach @ reach)
    assert fitted == pytest.approx(dislocation, abs=0.0005)
    curve = basis.curve(params, flat(fitted), array(days))[2, :, 0]
    assert np.abs(curve - observed).max() < 0.006


def draws(seed, *shape):
    return array(np.random.default_rng(seed).normal(size=shape))


def fast_days(params, contracts, index, flow, shock):
    """Change and basis of every contract on each day; settlement is the average of the last two rounds."""

    settling = array([0.0, 0.0, 0.5, 0.5]).astype(index.dtype)

    @jax.jit
    def one_day(state, today, index, flow, shock):
        state = basis.open(params, state, today)
        for j in range(ROUNDS):
            moves = (index[j], index[j] - (index[j - 1] if j else jnp.zeros_like(index[j])))
            state, quote = basis.step(params, state, today, moves, flow[j], shock[j], settling[j])
        return basis.close(state, quote), quote

    start = flat(0.03).astype(index.dtype)
    state, quotes = basis.init(params, start, a_day(contracts, 0)), []
    for day in range(index.shape[0]):
        state, quote = one_day(state, a_day(contracts, day), index[day], flow[day], shock[day])
        quotes.append(quote)
    return jnp.stack([q.change for q in quotes]), jnp.stack([q.basis for q in quotes])


def plain_days(params, q, contracts, index, flow, shock):
    days = [jax.tree.map(np.asarray, a_day(contracts, day)) for day in range(len(index))]
    state, changes, bases = plain_basis.init(params, q, 0.03, days[0].before), [], []
    for day, today in enumerate(days):
        state = plain_basis.open(params, q, state, today)
        for j in range(ROUNDS):
            in_round = index[day][j] - (index[day][j - 1] if j else 0.0)
            moves = (index[day][j], in_round, flow[day][j], shock[day][j], 0.5 if j >= 2 else 0.0)
            change, b = plain_basis.step(params, q, state, today, *moves)
        state = plain_basis.close(state, change, b)
        changes.append(change)
        bases.append(b)
    return changes, bases
