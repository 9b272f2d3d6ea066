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
        full=array(0.08),
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


def moved(params, u=0.02, index=0.0, flow=0.0, shock=0.0, change=None, momentum=-1.0):
    """Dislocation after one round."""
    moves = (flat(index), flat(index if change is None else change), flat(momentum))
    today = basis.Today(dislocation=flat(u), mean_dislocation=flat(0.0), mean_index=flat(0.0))
    return basis.step(params, today, moves, flat(flow), flat(shock), array(0.0)).dislocation


def based(params, u, contracts):
    """The contracts at the previous close, on their curve."""
    return basis.open(params, basis.init(params, flat(u), contracts), contracts)[0]


def test_annualised_by_the_markets_convention():
    """Mechanism 9.7: -1.47 % with 17 days left is -31.6 %."""
    assert round(100 * float(basis.annualised(array(1 - 0.0147), array(17.0))), 1) == -31.6
    assert float(basis.annualised(array(1.01), array(0.0))) == pytest.approx(3.65)


def test_the_watched_discount_has_a_month_left(params):
    """8 % of carry and a dislocation of 2 %, of which a month on a ramp of 20 days shows 1 - e^-1.5."""
    log = -0.08 * 30 / 365 - 0.02 * (1 - np.exp(-1.5))
    np.testing.assert_allclose(basis.monthly(params, flat(0.02))[2], (np.exp(log) - 1) * 365 / 30, rtol=1e-12)


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
    entry, wealth = state.relative[:, 0], jnp.ones((3, PATHS))
    for day, move in enumerate((-0.03, 0.04, 0.02, -0.01, 0.015)):
        base, today = basis.open(params, state, a_day(plan.contracts, day))
        moves = (flat(move), flat(move), flat(-0.05))
        today = basis.step(params, today, moves, flat(-3.0), flat(0.0), array(1.0))
        quote = basis.mark(params, base, today.dislocation, flat(move))
        wealth = wealth * (1 + quote.returns[:, 0]) / (1 + move)
        state = basis.close(params, base, today, flat(move))
    assert float(base.days[0]) == 0.0
    np.testing.assert_allclose(quote.relative[:, 0], 1.0, rtol=1e-15)
    np.testing.assert_allclose(wealth, 1 / entry, rtol=1e-12)


def test_sales_widen_the_discount(still):
    before = flat(0.02)
    pushed = replace(still, flow=array(0.08))
    widened = 0.08 * 18 / still.volume[:, None] * flat(1.0)
    np.testing.assert_allclose(moved(pushed, flow=-18.0) - before, widened, rtol=1e-9)
    np.testing.assert_allclose(moved(pushed, flow=18.0) - before, -widened, rtol=1e-9)


@pytest.mark.parametrize(
    ("momentum", "answer"), [(0.05, 0.0), (0.0, 0.0), (-0.02, 0.25), (-0.08, 1.0), (-0.3, 1.0)]
)
def test_in_a_rout_the_discount_follows_the_index_both_ways(still, momentum, answer):
    dragged = replace(still, fall=array(0.1))
    for move in (-0.03, 0.03):
        wider = moved(dragged, index=0.5, change=move, momentum=momentum) - 0.02
        np.testing.assert_allclose(wider, -0.1 * answer * move, rtol=1e-9, atol=1e-17)


def test_switched_off_nothing_the_crowd_does_reaches_the_basis(params):
    off = replace(params, flow=array(0.0), fall=array(0.0))
    np.testing.assert_array_equal(moved(off, flow=-50.0, index=-0.05, shock=0.3), moved(off, shock=0.3))


def test_premium_closes_faster_than_discount(params):
    calm = replace(params, noise=jnp.zeros(3), mean=jnp.zeros(3))
    for start, kept in ((0.04, 0.5), (-0.04, 0.2)):
        u = start
        for _ in range(ROUNDS):
            u = float(moved(calm, u=u)[0, 0])
        assert u == pytest.approx(start * kept, rel=1e-12)


def test_the_dislocation_settles_at_its_mean(params):
    np.testing.assert_allclose(moved(params, u=0.005)[2], 0.005, rtol=1e-15)
    assert float(moved(params, u=0.0)[2, 0]) > 0


@pytest.mark.parametrize(("u", "after"), [(0.149, 0.149), (0.151, 0.15), (-0.149, -0.149), (-0.3, -0.15)])
def test_both_fences_of_the_dislocation(still, u, after):
    np.testing.assert_allclose(moved(still, u=u), after, rtol=1e-12)


@pytest.mark.parametrize(
    ("index", "limited"), [(-0.099, False), (-0.101, True), (0.099, False), (0.101, True)]
)
def test_ten_percent_of_the_prior_settlement(still, contracts, index, limited):
    quiet = replace(still, carry=jnp.zeros(3))
    quote = basis.mark(quiet, based(quiet, 0.0, contracts), flat(0.0), flat(index))
    shown = np.sign(index) * 0.1 if limited else index
    np.testing.assert_allclose(quote.returns, shown, rtol=1e-12)
    np.testing.assert_allclose(quote.relative, (1 + shown) / (1 + index), rtol=1e-12)


def test_what_the_limit_cuts_off_shows_the_next_day(still):
    plan = expiry.schedule("2024-02-05", 2, HOLIDAYS, 5)
    base, today = basis.open(
        still, basis.init(still, flat(0.02), a_day(plan.contracts, 0)), a_day(plan.contracts, 0)
    )
    today = replace(today, dislocation=flat(0.1), mean_dislocation=flat(0.1), mean_index=flat(0.91))
    first = basis.mark(still, base, today.dislocation, flat(-0.09))
    assert float(first.returns[2, 1, 0]) == pytest.approx(-0.1, rel=1e-12)
    state = basis.close(still, base, today, flat(-0.09))
    tomorrow, _ = basis.open(still, state, a_day(plan.contracts, 1))
    second = basis.mark(still, tomorrow, state.dislocation, flat(0.0))
    end = 0.91 * jnp.exp(basis.curve(still, flat(0.1), tomorrow.days))
    start = jnp.exp(basis.curve(still, flat(0.02), plan.contracts.before[0]))
    np.testing.assert_allclose((1 + first.returns) * (1 + second.returns), end / start, rtol=1e-12)


def test_a_close_may_move_more_than_ten_percent_of_the_previous_close(still, contracts):
    """5 February: IM2403's low of 3976.0 is 10.6 % under its last close and 10 % under its settlement."""
    base = based(still, 0.0, contracts)
    settled = replace(base, settlement=jnp.full_like(base.settlement, 4417.8 / 4447.4))
    quote = basis.mark(still, settled, flat(0.0), flat(-0.15))
    assert 4447.4 * (1 + float(quote.returns[2, 1, 0])) == pytest.approx(3976.0, abs=0.1)


def test_settlement_is_the_average_of_the_closing_rounds(still, contracts):
    base, today = basis.open(still, basis.init(still, flat(0.0), contracts), contracts)
    for index, weight in ((0.05, 0.0), (-0.02, 0.5), (0.01, 0.5)):
        moves = (flat(index), flat(0.0), flat(0.0))
        today = basis.step(still, today, moves, flat(0.0), flat(0.0), array(weight))
    closed = basis.close(still, base, today, flat(0.01))
    np.testing.assert_allclose(closed.settlement, (0.98 + 1.01) / 2 / 1.01, rtol=1e-12)


def test_contracts_move_to_the_next_slot_after_an_expiry(params):
    plan = expiry.schedule("2024-02-19", 2, HOLIDAYS, 5)
    state = basis.init(params, flat(0.03), a_day(plan.contracts, 0))
    marked = replace(state, relative=state.relative + array([1.0, 2.0, 3.0])[None, :, None])
    base, _ = basis.open(params, marked, a_day(plan.contracts, 1))
    np.testing.assert_array_equal(base.relative[:, 0], marked.relative[:, 1])
    np.testing.assert_array_equal(base.relative[:, 2], marked.relative[:, 2])
    fresh = jnp.exp(basis.curve(params, flat(0.03), plan.contracts.before[1]))
    np.testing.assert_array_equal(base.relative[:, 1], fresh[:, 1])


def test_a_hedger_earns_the_contract_held(params, contracts):
    base = based(params, 0.03, contracts)
    settled = base.settlement * array([1.0, 0.99, 1.01])[None, :, None]
    base = replace(base, settlement=settled, limit=array([0.2, 0.1, 0.05]))  # the last two bind
    every = basis.mark(params, base, flat(0.05), flat(-0.12))
    np.testing.assert_allclose(every.returns[2, 1:, 0], [0.99 * 0.9 - 1, 1.01 * 0.95 - 1], rtol=1e-12)
    for m in range(3):
        alone = basis.mark(params, basis.pick(base, jnp.eye(3)[m]), flat(0.05), flat(-0.12))
        np.testing.assert_allclose(alone.returns[:, 0], every.returns[:, m], rtol=1e-13)
        np.testing.assert_allclose(alone.relative[:, 0], every.relative[:, m], rtol=1e-13)


def test_matches_the_plain_twin_through_an_expiry(params):
    plan = expiry.schedule("2024-02-07", 5, HOLIDAYS, 3)
    draws = np.random.default_rng(2)
    index = draws.uniform(-0.15, 0.15, (5, ROUNDS, 3, PATHS))  # wild: limits bind
    flow, shock = draws.normal(0, 20, index.shape), draws.normal(0, 1, index.shape)
    fast = [np.asarray(x) for x in fast_days(params, plan.contracts, *map(array, (index, flow, shock)))]
    limited = np.abs(fast[0]) > 0.0999
    assert 0.02 < limited.mean() < 0.9
    for q in range(3):
        for n in range(PATHS):
            slow = plain_days(params, q, plan.contracts, index[..., q, n], flow[..., q, n], shock[..., q, n])
            for quick, plain in zip(fast, slow, strict=True):
                np.testing.assert_allclose(quick[:, q, :, n], plain, rtol=1e-9, atol=1e-14)


def test_float32_stays_float32(params):
    plan = expiry.schedule("2024-02-07", 5, HOLIDAYS, 3)
    falls = jnp.full((5, ROUNDS, 3, PATHS), -0.02)
    world = (params, plan.contracts, falls, falls, falls)
    rough = fast_days(*jax.tree.map(lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x, world))
    assert rough[0].dtype == jnp.float32
    np.testing.assert_allclose(rough[0], fast_days(*world)[0], atol=1e-6)


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


def fast_days(params, contracts, index, flow, shock):
    """Return and F / S of every contract on each day; settlement is the average of the last two rounds."""
    settling = array([0.0, 0.0, 0.5, 0.5]).astype(index.dtype)

    @jax.jit
    def one_day(state, contracts, index, flow, shock):
        base, today = basis.open(params, state, contracts)
        for j in range(ROUNDS):
            moves = (index[j], index[j] - (index[j - 1] if j else jnp.zeros_like(index[j])), 2 * index[j])
            today = basis.step(params, today, moves, flow[j], shock[j], settling[j])
        quote = basis.mark(params, base, today.dislocation, index[-1])
        return basis.close(params, base, today, index[-1]), quote

    state, quotes = basis.init(params, flat(0.03).astype(index.dtype), a_day(contracts, 0)), []
    for day in range(index.shape[0]):
        state, quote = one_day(state, a_day(contracts, day), index[day], flow[day], shock[day])
        quotes.append(quote)
    return jnp.stack([q.returns for q in quotes]), jnp.stack([q.relative for q in quotes])


def plain_days(params, q, contracts, index, flow, shock):
    days = [jax.tree.map(np.asarray, a_day(contracts, day)) for day in range(len(index))]
    state, returns, relatives = plain_basis.init(params, q, 0.03, days[0].before), [], []
    for day, listed in enumerate(days):
        base, today = plain_basis.open(params, q, state, listed)
        for j in range(ROUNDS):
            in_round = index[day][j] - (index[day][j - 1] if j else 0.0)
            settling = 0.5 if j >= 2 else 0.0
            moves = (index[day][j], in_round, 2 * index[day][j])
            plain_basis.step(params, q, today, *moves, flow[day][j], shock[day][j], settling)
        quotes = [plain_basis.mark(params, q, contract, today["u"], index[day][-1]) for contract in base]
        state = plain_basis.close(params, q, base, today, index[day][-1])
        returns.append([quote[0] for quote in quotes])
        relatives.append([quote[1] for quote in quotes])
    return returns, relatives
