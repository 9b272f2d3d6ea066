"""The snowball book: which way its dealers trade, what it conserves, where it vanishes, and its slow twin."""

import csv
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrisk.core.calendar import YEAR
from tailrisk.crowd import snowball
from tailrisk.crowd.autocall import observations
from tailrisk.crowd.snowball_book import Hedge, prepare
from tests import plain_snowball, snowballs
from tests.snowballs import FREE, HEDGE, MARKET, NOTE, change, params, single

K = 0.75  # barrier of a single bin


@jax.jit
def one_round(p, day, state, price):
    return snowball.step(p, snowball.today(p, day), state, price)


@jax.jit
def after_close(p, day, state, price):
    return snowball.close(p, snowball.today(p, day), state, price)


def play(p, prices, rounds=1):
    """Prices [round of all days, path], or [.., book, path]; the state after and the trade of each round."""
    prices = np.asarray(prices, p.cap.dtype)
    if prices.ndim == 2:
        prices = np.repeat(prices[:, None], p.notional.shape[0], axis=1)
    state, states, trades = snowball.init(p, prices.shape[-1]), [], []
    for i, now in enumerate(prices):
        state, done = one_round(p, i // rounds, state, now)
        if i % rounds == rounds - 1:
            state = after_close(p, i // rounds, state, now)
        states.append(state)
        trades.append(done)
    return states, trades


def alone(prices):
    """One path, eight times: the whole book is compiled for eight."""
    return np.repeat(np.asarray(prices, float)[:, None], 8, axis=1)


def flow(p, u, start):
    """Traded in one round from a full hedge at `start` to `u`, both over the barrier."""
    state = hedged(p, jnp.full((1, 1), start * K))
    return flow_of(one_round(p, 0, state, jnp.full((1, 1), u * K))[1])


def hedged(p, price):
    """Nothing knocked in and the hedge in full."""
    none = jnp.zeros(price.shape, jnp.uint32)
    flat = snowball.State(held=jnp.zeros_like(price), knocked_in=none, ended=none)
    return one_round(p, 0, flat, price)[0]


def piece_value(p, name, u):
    piece = {"alive": snowball.ALIVE, "knocked_in": snowball.KNOCKED_IN}[name]
    x = np.clip(u, piece.low, piece.high) - piece.centre
    return float(np.polynomial.polynomial.polyval(x, np.asarray(getattr(p, name)[0, 0, 0])))


def flow_of(trade):
    return float(trade.flow[0, 0])


# Check 4: two-sided


def test_dealers_buy_from_five_to_two_per_cent_above_the_barrier():
    """Twelve months left; shorter notes are at a cap of 2.5 already (the raw delta: test_snowball_price)."""
    p = single(12, cap=2.5)
    assert flow(p, 1.02, 1.05) > 0.5
    assert flow(p, 1.05, 1.10) > 5
    assert flow(p, 0.97, 1.02) < -20


@pytest.mark.parametrize("months", [6, 8, 12, 15, 18, 21])
def test_dealers_buy_down_to_the_barrier_and_sell_through_it(months):
    p = single(months)
    steps = [flow(p, u - 0.01, u) for u in np.arange(1.30, 1.029, -0.01)]
    assert min(steps) > -1.0  # at most flat: a per cent of the notional
    assert sum(steps) > 30
    assert flow(p, 0.98, 1.02) < -15


@pytest.mark.parametrize("months", [6, 12, 18])
def test_half_is_sold_by_day_and_half_after_the_close(months):
    p, price = single(months), 0.97 * K
    before = min(piece_value(p, "alive", 0.97), 2.0)
    units = 100 / (K / NOTE.knock_in)
    by_day = units * price * HEDGE["pretrade"] * (piece_value(p, "knocked_in", 0.97) - before)
    assert by_day < -15
    assert flow(p, 0.97, 1.02) == pytest.approx(by_day, rel=1e-9)
    _, trades = play(p, [[1.02 * K], [price], [price]])
    assert flow_of(trades[2]) == pytest.approx(by_day, abs=1.5)  # the next morning, two days older


def test_the_book_of_2024_buys_into_the_fall_and_sells_through_it():
    """CSI 1000 from the end of 2023 to 5 % and 2 % above its highest barrier, then below three of them."""
    prices = [x * 5300 / snowballs.books()[1].level for x in (1.05, 1.02, 0.93)]
    _, trades = play(params(), alone(prices))
    bought = [float(t.flow[1, 0]) for t in trades]
    assert min(bought[:2]) > 5
    assert bought[2] < 0


def test_the_ramp_spreads_the_sale_over_shifted_barriers():
    p, wide = single(12), np.sqrt(3) * HEDGE["shift"]
    sold = [flow(p, 1 + x, 1 + wide) for x in (wide / 2, 0, -wide / 2, -wide)]
    np.testing.assert_allclose(np.array(sold) / sold[-1], [0.25, 0.5, 0.75, 1.0], atol=0.02)
    assert flow(p, 1 - 2 * wide, 1 - wide) == pytest.approx(0, abs=1.0)
    assert flow(p, 1 + wide, 1 + 2 * wide) == pytest.approx(0, abs=1e-9)  # at the cap


# Check 5: knock-in on the actual closes


@pytest.mark.market_data
def test_knocked_in_share_of_csi500_on_the_closes_of_2024(market_data):
    with (market_data / "indices_daily.csv").open(encoding="utf-8") as file:
        rows = [(r["date"], float(r["close"])) for r in csv.DictReader(file) if r["code"] == "000905"]
    closes = [(day, close) for day, close in rows if "2024-01-01" <= day <= "2024-02-23"]
    p = params()
    states, _ = play(p, alone([close / snowballs.books()[0].level for _, close in closes]))
    share = {
        day: float(snowball.knocked_in_fraction(p, s)[0, 0])
        for (day, _), s in zip(closes, states, strict=True)
    }
    expected = {"01-16": 0, "01-17": 10, "01-22": 57, "01-31": 68, "02-02": 75, "02-05": 83, "02-23": 83}
    for day, per_cent in expected.items():
        assert share[f"2024-{day}"] * 100 == pytest.approx(per_cent, abs=1), day
    assert list(share.values()) == sorted(share.values())


def test_shares_of_the_table_without_any_data():
    """The closes of mechanism 9 fall between the table's levels; knock-in is a running sum of its weights."""
    book = snowballs.books()[0]
    p = params()
    states, _ = play(p, alone(np.array([5061, 4781, 4697, 4563, 4460]) / book.level))
    share = [float(snowball.knocked_in_fraction(p, s)[0, 0]) for s in states]
    np.testing.assert_allclose(share, np.array([111.3, 601.0, 723.4, 795.7, 884.7]) / 1060, rtol=1e-12)


def test_knock_in_at_the_fence():
    """A close at the barrier counts, one above it does not, and a low during the day never does."""
    p = single(12)
    prices = np.array([[K, np.nextafter(K, 1), 1.0], [1.0, 1.0, 0.7], [1.0, 1.0, 1.0]])
    states, _ = play(p, prices, rounds=1)
    assert np.asarray(states[0].knocked_in)[0].tolist() == [1, 0, 0]
    intraday, _ = play(p, np.array([[0.6], [1.0]]), rounds=2)
    assert int(intraday[-1].knocked_in[0, 0]) == 0


# Limits


def test_no_notional_no_flow():
    p = params()
    off = change(p, notional=0 * p.notional)
    _, days = play(off, random_prices(seed=3, days=20))
    assert all((np.asarray(d.flow) == 0).all() and (np.asarray(d.gap) == 0).all() for d in days)
    assert (np.asarray(snowball.knocked_in_fraction(off, play(off, alone([0.5]))[0][0])) == 0).all()


def test_no_jump_no_sale_at_knock_in():
    p = change(single(12), jump=0.0)
    _, days = play(p, np.array([[1.02 * K], [0.95 * K], [0.95 * K]]))
    assert flow_of(days[1]) == pytest.approx(0, abs=0.5)  # a day's ageing
    assert flow_of(days[2]) == pytest.approx(0, abs=0.5)


def test_no_pretrade_waits_for_the_close():
    p = change(single(12), pretrade=0.0)
    _, days = play(p, np.array([[1.02 * K], [0.95 * K], [0.95 * K]]))
    assert flow_of(days[1]) == pytest.approx(0, abs=0.5)
    assert flow_of(days[2]) < -50


def test_the_cap_binds_on_both_sides():
    for cap, months in ((2.0, 12), (2.5, 18)):
        held = float(hedged(single(months, cap=cap), jnp.full((1, 1), 1.03 * K)).held[0, 0])
        expected = min(cap, piece_value(single(months), "alive", 1.03))
        assert held == pytest.approx(100 * expected)
    assert piece_value(single(12), "alive", 1.03) > 2.0 > piece_value(single(18), "alive", 1.03)


# Rate limit


@pytest.mark.parametrize("limit", [0.5, 3.0])
def test_what_is_not_sent_stays_to_do(limit):
    free, bound = params(), params(limit=limit)
    prices = random_prices(seed=1, days=30)
    opening = snowball.init(bound, 8).held
    _, unbound = play(free, prices)
    states, trades = play(bound, prices)
    flows = np.array([t.flow for t in trades])
    assert np.abs(flows).max() == pytest.approx(limit)
    np.testing.assert_allclose(trades[0].flow + trades[0].gap, unbound[0].flow, rtol=1e-9)
    units = (flows / prices[:, None]).sum(axis=0)
    np.testing.assert_allclose(units, states[-1].held - opening, rtol=1e-9, atol=1e-12)  # sent
    wanted = (np.array([t.flow for t in unbound]) / prices[:, None]).sum(axis=0)
    left = np.asarray(trades[-1].gap) / prices[-1]
    np.testing.assert_allclose(units + left, wanted, rtol=1e-9, atol=1e-12)  # and to send


def test_a_long_enough_wait_closes_the_gap():
    prices = alone([0.85] * 120)
    a, _ = play(params(), prices, rounds=4)
    b, trades = play(params(limit=3.0), prices, rounds=4)
    assert np.abs(trades[3].gap).max() > 1
    np.testing.assert_allclose(b[-1].held, a[-1].held, rtol=1e-12)


# Life of a note


def test_monthly_knock_out_and_only_then():
    months = 18
    p = single(months)
    high = 1.03 * K / NOTE.knock_in
    whole, left = round(NOTE.months * YEAR / 12), round(months * YEAR / 12)
    dates = [d - (whole - left) - 1 for d in observations(NOTE)]
    first = min(d for d in dates if d >= 0)
    prices = np.full((first + 2, 3), [high, np.nextafter(high, 0), high])
    prices[first, 2] = 1.0  # above the level on every day but the date
    states, days = play(p, prices)
    ended = np.array([s.ended[0] for s in states])
    assert ended[:, 0].tolist() == [0] * first + [1, 1]
    assert not ended[:, 1:].any()
    np.testing.assert_allclose(float(states[first + 1].held[0, 0]), 0, atol=1e-12)
    assert float(days[first + 1].flow[0, 0]) < 0


def test_an_ended_note_does_not_knock_in_and_a_knocked_in_one_can_end():
    p = change(single(18), knock_out=np.full((60, 1, 1), 1.2))
    states, _ = play(p, [[1.2, 0.7], [0.7, 1.2]])
    assert np.asarray(states[-1].ended).tolist() == [[1, 1]]
    np.testing.assert_allclose(snowball.knocked_in_fraction(p, states[-1]), [[0, 1]])


def test_no_knock_out_in_the_lock():
    p = single(24)
    locked = observations(NOTE)[0] - 1
    assert np.isinf(np.asarray(p.knock_out[:locked])).all()
    assert float(p.knock_out[locked, 0, 0]) == pytest.approx(1.03)


def test_a_note_ends_at_maturity_whatever_the_price():
    p = single(1)
    life = round(YEAR / 12)
    states, _ = play(p, np.full((life + 2, 1), 0.9))
    ended = [int(s.ended[0, 0]) for s in states]
    assert ended == [0] * (life - 1) + [1] * 3
    assert float(states[-1].held[0, 0]) == 0


def test_ageing_moves_the_hedge():
    """Untouched prices above the barrier: as time passes the delta near the barrier rises (mechanism 3.4)."""
    p = single(18, days=120)
    _, days = play(p, np.full((120, 1), 1.1 * K))
    assert sum(float(d.flow[0, 0]) for d in days) > 10


def test_barriers_above_the_start_are_knocked_in_from_the_start():
    book = replace(snowballs.books()[0], level=4750.0)
    p = prepare(NOTE, MARKET, [book], Hedge(**HEDGE, limit=[FREE]), 2)
    state = snowball.init(p, 2)
    assert float(snowball.knocked_in_fraction(p, state)[0, 1]) == pytest.approx(601 / 1060)
    assert abs(flow_of(snowball.step(p, snowball.today(p, 0), state, jnp.ones((1, 2)))[1])) < 1e-9


# Ledger


def random_prices(seed, days, paths=8):
    moves = 0.03 * np.random.default_rng(seed).standard_normal((days, paths))
    return np.exp(np.cumsum(moves - 0.003, axis=0))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-0.12, 0.12), min_size=40, max_size=40))
def test_mass_is_conserved_and_status_only_moves_on(moves):
    """Each bin is in one state, so the three masses are the initial one; neither status is ever undone."""
    p = params(limit=2.0)
    prices = np.cumprod(1 + np.reshape(moves, (5, 8)), axis=0)
    states, trades = play(p, prices)
    whole, rank = np.asarray(p.notional).sum(axis=1, keepdims=True), 0
    for state, trade in zip(states, trades, strict=True):
        book = masses(p, state)
        np.testing.assert_allclose(
            book.alive + book.knocked_in + book.ended, whole + np.zeros((1, 8)), rtol=1e-14
        )
        now = (np.asarray(state.knocked_in) | np.asarray(state.ended) << np.uint64(32)).astype(np.uint64)
        assert (now & rank == rank).all()
        rank = now
        assert np.abs(trade.flow).max() <= 2.0 * (1 + 1e-12)
        assert np.isfinite(state.held).all()


masses = jax.jit(snowball.ledger)


def test_near_counts_the_living_within_five_per_cent():
    p = single(12)
    state = snowball.init(p, 5)
    price = jnp.asarray([[1.0501 * K, 1.0499 * K, 1.0001 * K, 0.98 * K, 2.0 * K]])
    np.testing.assert_allclose(snowball.near(p, state, price, 0.05), [[0, 100, 100, 100, 0]])
    closed = snowball.close(p, snowball.today(p, 0), state, price)
    np.testing.assert_allclose(snowball.near(p, closed, price, 0.05), [[0, 100, 100, 0, 0]])


# Twin, precision


@pytest.mark.parametrize("limit", [1.5, FREE])
def test_the_plain_twin_agrees(limit):
    p, rounds, days, paths = params(limit=limit), 3, 40, 8
    moves = 0.02 * np.random.default_rng(11).standard_normal((days * rounds, 2, paths)) - 0.002
    moves[:, :, :2] += 0.006  # two paths that rise to knock-out
    prices = np.exp(np.cumsum(moves, axis=0))
    states, trades = play(p, prices, rounds)
    near = jax.jit(snowball.near, static_argnums=3)
    share = jax.jit(snowball.knocked_in_fraction)
    twins = [plain_snowball.Path(p) for _ in range(paths)]
    for i, (now, state, trade) in enumerate(zip(prices, states, trades, strict=True)):
        slow = np.array([twin.step(i // rounds, now[:, n]) for n, twin in enumerate(twins)])
        same(trade.flow, slow[:, 0])
        same(trade.gap, slow[:, 1])
        same(state.held, [twin.held for twin in twins])
        if i % rounds < rounds - 1:
            continue
        for n, twin in enumerate(twins):
            twin.close(i // rounds, now[:, n])
        book = masses(p, state)
        for name, words in (("alive", "alive"), ("knocked_in", "knocked in"), ("ended", "ended")):
            same(getattr(book, name), [[twin.mass(q, words) for q in range(2)] for twin in twins])
        slow = [[twin.near(q, now[q, n], 0.05) for q in range(2)] for n, twin in enumerate(twins)]
        same(near(p, state, now, 0.05), slow)
        same(share(p, state), [[twin.share(q) for q in range(2)] for twin in twins])
    assert (np.asarray(states[-1].knocked_in) > 0).any()
    assert (np.asarray(states[-1].ended) > 0).any()


def same(fast, slow):
    np.testing.assert_allclose(np.transpose(fast), slow, rtol=1e-9, atol=1e-9)


def test_float32_follows_float64():
    prices = random_prices(5, 40)
    wide, narrow = params(limit=2.0), params(limit=2.0, dtype=np.float32)
    a, _ = play(wide, prices)
    b, days = play(narrow, prices)
    assert b[-1].held.dtype == days[-1].flow.dtype == days[-1].gap.dtype == jnp.float32
    assert snowball.ledger(narrow, b[-1]).alive.dtype == jnp.float32
    np.testing.assert_allclose(b[-1].held, a[-1].held, rtol=1e-4)
    np.testing.assert_array_equal(b[-1].knocked_in, a[-1].knocked_in)


def test_each_path_alone():
    prices = random_prices(9, 30)
    together, _ = play(params(limit=2.0), prices)
    third, _ = play(params(limit=2.0), np.repeat(prices[:, 3:4], 8, axis=1))
    np.testing.assert_array_equal(together[-1].held[:, 3], third[-1].held[:, 0])
