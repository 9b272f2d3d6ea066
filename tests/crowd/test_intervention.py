"""The state: both fences of every trigger, the calendar it keeps, its dips and its budget."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.crowd import intervention
from tests import plain_intervention

ROUNDS = 6
L, M, S, T, U = range(5)
NOTHING = np.zeros(5)


def array(x):
    return jnp.asarray(np.asarray(x, np.float64))


def counts(x):
    return jnp.asarray(np.asarray(x, np.int32))


@pytest.fixture
def params():
    return intervention.Params(
        drawdown=array(-0.055),
        wait=counts(8),
        rout_wait=counts(8),
        discount=array(-0.25),
        fall=array(-0.08),
        spread=array(-0.15),
        limit_down=array(0.2),
        lag=counts([1, 1, 3]),
        lasting=counts([60, 20, 10]),
        pace=array([10.0, 12.0, 4.0]),
        first=array([1.0, 1.0, 1.0]),
        target=array([[1, 0, 0, 0, 0], [0, 0.6, 0.4, 0, 0], [0, 0, 0, 1, 0]]),
        budget=array([311.0, 45.0, 30.0, 24.0, 0.0]),
        dip=array(-0.02),
        patient=array([0.0, 0.0, 0.0, 0.0, 0.5, 1.0]),
        eager=array([1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1.0]),
        fall_days=5,
        spread_days=3,
        large=L,
        watched=M,
        forget=array(0.0),
        slide=array(1.0),
        severe=array(0.0),
        rout=array(1.0),
        rest=counts(2500),
        ordered=False,
        small=T,
    )


def floats(tree, dtype):
    """The same records, their floating-point arrays in another precision."""
    return jax.tree.map(lambda x: x.astype(dtype) if x.dtype == jnp.float64 else x, tree)


def column(x):
    return array(x)[:, None]


def play(params, days, scheduled=NOTHING, trade=1.0):
    """Purchases by day [day, bucket] along one path of (returns, discount, limit-down share) per day."""
    state, bought = intervention.init(params, 1), []
    for returns, discount, limit_down in days:
        seen = column(returns), array([discount]), array([limit_down])
        state, spent = one_day(params, state, *seen, array(scheduled), array(trade))
        bought.append(np.asarray(spent[:, 0]))
    return np.array(bought), state


@jax.jit
def one_day(params, state, returns, discount, limit_down, scheduled, trade):
    state, today = intervention.open(params, state, scheduled)
    level = jnp.zeros_like(returns)
    spent = level
    for j in range(ROUNDS):
        today, orders = intervention.step(params, today, counts(j), level, level)
        today = intervention.fill(today, trade * orders)
        spent = spent + trade * orders
    return intervention.close(params, state, today, returns, discount, limit_down), spent


def day(large=0.0, middle=0.0, smaller=0.0, discount=0.0, limit_down=0.0):
    return np.array([large, middle, 0.0, smaller, 0.0]), discount, limit_down


QUIET = day()


def first_purchase(bought, bucket):
    days = np.flatnonzero(bought[:, bucket] > 0)
    return int(days[0]) if days.size else None


@pytest.mark.parametrize(("fall", "fires"), [(-0.0549, False), (-0.0551, True)])
def test_stage_1_on_both_sides_of_the_drawdown(params, fall, fires):
    bought, _ = play(params, [day(large=0.03), day(large=fall), QUIET])
    assert (first_purchase(bought, L) == 2) is fires


def test_the_drawdown_is_from_the_peak_over_several_days(params):
    slide = [day(large=0.1), day(large=-0.03), day(large=0.01), day(large=-0.037), QUIET]
    assert (0.97 * 1.01 * 0.963 - 1) < -0.055
    assert first_purchase(play(params, slide)[0], L) == 4


BUYING = [day(large=-0.06), *[QUIET] * 7]
"""Stage 1 fires on day 0 and has bought for seven days, 1 to 7, at the last close."""


@pytest.mark.parametrize(
    ("last", "fires"),
    [
        (day(discount=-0.249), False),
        (day(discount=-0.251), True),
        (day(discount=0.9), False),
        (day(middle=-0.0799), False),
        (day(middle=-0.0801), True),
    ],
)
def test_stage_2_on_both_sides_of_discount_and_fall(params, last, fires):
    bought, _ = play(params, [*BUYING, last, QUIET])
    assert (first_purchase(bought, M) == 9) is fires
    assert (first_purchase(bought, S) == 9) is fires


@pytest.mark.parametrize(("quiet", "fires"), [(6, False), (7, True)])
def test_stage_2_waits_for_stage_1_to_have_bought_eight_days(params, quiet, fires):
    bought, _ = play(params, [day(large=-0.06), *[QUIET] * quiet, day(discount=-0.5), QUIET])
    assert (first_purchase(bought, M) is not None) is fires


def test_without_a_wait_stage_2_needs_no_stage_1(params):
    bought, _ = play(replace(params, wait=counts(0)), [day(discount=-0.5), QUIET])
    assert first_purchase(bought, M) == 1
    assert first_purchase(bought, L) is None


def test_the_fall_is_compounded_over_five_days(params):
    slow = [day(middle=-0.0165)] * 5
    assert 0.9835**5 - 1 > -0.08 > 5 * -0.0165
    assert first_purchase(play(params, [*BUYING, *slow, QUIET])[0], M) is None
    assert first_purchase(play(params, [*BUYING, *[day(middle=-0.0167)] * 5, QUIET])[0], M) is not None
    spread_out = [day(middle=-0.0167)] * 4 + [QUIET] + [day(middle=-0.0167)]
    assert first_purchase(play(params, [*BUYING, *spread_out, QUIET])[0], M) is None


@pytest.mark.parametrize(
    ("slide", "fires"),
    [
        ([day(smaller=-0.0499)] * 3, False),
        ([day(smaller=-0.0501)] * 3, True),
        ([day(smaller=-0.0501)] * 2 + [QUIET] + [day(smaller=-0.0501)], False),
        ([day(smaller=-0.06, large=-0.02)] * 3, False),
        ([day(limit_down=0.199)], False),
        ([day(limit_down=0.201)], True),
    ],
)
def test_stage_3_on_both_sides_of_spread_and_limit_downs(params, slide, fires):
    patient = replace(params, drawdown=array(-0.9))
    bought, _ = play(patient, [*slide, QUIET, QUIET, QUIET])
    assert first_purchase(bought, T) == (len(slide) + 2 if fires else None)


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_the_lag_is_in_trading_days_after_the_close(params, lag):
    slow = replace(params, lag=counts([1, 1, lag]))
    assert first_purchase(play(slow, [day(limit_down=0.5), *[QUIET] * 4])[0], T) == lag


def test_a_stage_buys_its_pace_for_its_days_and_fires_once(params):
    short = replace(params, lasting=counts([3, 20, 10]))
    bought, _ = play(short, [day(large=-0.06), *[day(large=-0.001)] * 8])
    np.testing.assert_allclose(bought[:, L], [0, 10, 10, 10, 0, 0, 0, 0, 0], rtol=1e-12)


def test_zero_pace_turns_a_stage_off(params):
    off = replace(params, pace=jnp.zeros(3))
    crash = day(large=-0.08, middle=-0.2, smaller=-0.3, discount=-0.9, limit_down=0.9)
    assert play(off, [crash] * 15)[0].max() == 0


def test_the_budget_ends_the_buying_to_the_last_yuan(params):
    poor = replace(params, budget=array([25.0, 45.0, 30.0, 24.0, 0.0]))
    bought, state = play(poor, [day(large=-0.06), *[QUIET] * 5])
    np.testing.assert_allclose(bought[:, L], [0, 10, 10, 5, 0, 0], rtol=1e-12)
    assert float(state.left[L, 0]) == 0.0


@pytest.mark.parametrize("trade", [1.0, 0.4, 0.0])
def test_spent_and_left_are_the_budget_whatever_trades(params, trade):
    crash = day(large=-0.08, middle=-0.1, smaller=-0.2, discount=-0.9, limit_down=0.9)
    bought, state = play(params, [crash] * 15, trade=trade)
    np.testing.assert_array_equal(intervention.spent(params, state) + state.left, params.budget[:, None])
    np.testing.assert_allclose(bought.sum(axis=0), intervention.spent(params, state)[:, 0], atol=1e-12)


def test_unfilled_orders_are_tried_again_and_the_rest_goes_back(params):
    state, today = intervention.open(params, intervention.init(params, 1), array([6.0, 0, 0, 0, 0]))
    assert float(state.left[L, 0]) == 305.0
    zero, filled = jnp.zeros((5, 1)), 0.0
    for j in (4, 5):
        today, orders = intervention.step(params, today, counts(j), zero, zero)
        today, filled = intervention.fill(today, 0.5 * orders), filled + 0.5 * orders
    np.testing.assert_allclose(filled[L] + today.plan[L], 6.0, rtol=1e-15)
    state = intervention.close(params, state, today, zero, array([0.0]), array([0.0]))
    np.testing.assert_allclose(state.left[L], 311.0 - filled[L], rtol=1e-15)


def test_a_schedule_is_bought_in_full_by_the_close(params):
    bought, _ = play(params, [QUIET] * 2, scheduled=[5.0, 3.0, 2.0, 1.0, 0.0])
    np.testing.assert_allclose(bought, [[5, 3, 2, 1, 0]] * 2, rtol=1e-12)


@pytest.mark.parametrize(("fall", "round_two"), [(-0.0199, 0.0), (-0.0201, 0.6)])
def test_a_dip_from_the_open_brings_purchases_forward(params, fall, round_two):
    """The open itself may gap down: only the fall from it counts."""
    _, today = intervention.open(params, intervention.init(params, 1), array([0, 3.0, 0, 0, 0]))
    opening = jnp.full((5, 1), -0.05)
    today, orders = intervention.step(params, today, counts(0), opening, opening)
    assert float(orders.max()) == 0.0
    today, orders = intervention.step(params, today, counts(1), opening + fall, opening)
    assert float(orders[M, 0]) == pytest.approx(round_two)


def test_after_a_dip_purchases_go_on_though_the_price_recovers(params):
    _, today = intervention.open(params, intervention.init(params, 1), array([0, 3.0, 0, 0, 0]))
    opening = jnp.zeros((5, 1))
    for j, fall in ((1, -0.03), (2, 0.01)):
        today, orders = intervention.step(params, today, counts(j), opening + fall, opening)
        today = intervention.fill(today, orders)
        assert float(orders[M, 0]) > 0.5


def test_each_bucket_waits_for_its_own_dip(params):
    _, today = intervention.open(params, intervention.init(params, 1), array([0, 3.0, 3.0, 0, 0]))
    returns = column([0, -0.03, -0.01, 0, 0])
    _, orders = intervention.step(params, today, counts(0), returns, jnp.zeros((5, 1)))
    assert float(orders[M, 0]) == pytest.approx(0.5)
    assert float(orders[S, 0]) == 0.0


def test_another_order_buys_other_things_at_the_same_moments(params):
    turned = intervention.reordered(params, (0, 2, 1))
    days = [*BUYING, day(discount=-0.5), QUIET, day(limit_down=0.5), *[QUIET] * 3]
    before, after = play(params, days)[0], play(turned, days)[0]
    assert first_purchase(before, M) == first_purchase(after, T) == 9
    assert first_purchase(before, T) == first_purchase(after, M) == 13
    np.testing.assert_array_equal(before[:, L], after[:, L])
    np.testing.assert_allclose(before[[9, 13]][:, [M, T]], [[7.2, 0.0], [7.2, 4.0]], rtol=1e-12)
    np.testing.assert_allclose(after[[9, 13]][:, [M, T]], [[0.0, 4.0], [7.2, 4.0]], rtol=1e-12)


def test_float32_stays_float32(params):
    single = floats(params, jnp.float32)
    seen = (jnp.full((5, 1), -0.1, jnp.float32), *[jnp.array([x], jnp.float32) for x in (-0.5, 0.9)])
    state, spent = intervention.init(single, 1), None
    for _ in range(4):
        state, spent = one_day(single, state, *seen, jnp.ones(5, jnp.float32), jnp.float32(1.0))
    assert spent.dtype == state.left.dtype == state.drawdown.dtype == jnp.float32
    np.testing.assert_allclose(spent[:, 0], [11, 1, 1, 5, 0], rtol=1e-6)


def test_matches_the_plain_twin(params):
    params = replace(params, rout_wait=counts(4), first=array([0.5, 2.5, 1.5]), rout=array(-0.02))
    paths, days = 8, 25
    rng = np.random.default_rng(4)
    returns = rng.standard_t(4, (days, 5, paths)) * 0.015 - 0.004
    discount, limit_down = rng.normal(-0.15, 0.1, (days, paths)), rng.uniform(0, 0.205, (days, paths))
    scheduled = rng.exponential(0.3, (days, 5))
    arguments = (returns, discount, limit_down, scheduled)
    fast, left, age = (np.asarray(x) for x in fast_days(params, *map(array, arguments)))
    assert (age.max(axis=1) > 0).all()  # every stage fires somewhere
    assert (age.min(axis=1)[1:] == 0).any()  # and not everywhere
    for n in range(paths):
        slow, state = plain_days(params, *(x[..., n] for x in arguments[:3]), scheduled)
        np.testing.assert_allclose(fast[..., n], slow, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(left[:, n], state["left"], rtol=1e-9, atol=1e-11)
        assert state["age"] == age[:, n].tolist()


@pytest.mark.market_data
def test_on_the_realised_path_the_ladder_buys_on_the_days_it_did(market_data, params):
    """CSI 300 from 18 January, 500 and 1000 from 5 February, 2000 from 8 February (mechanism 2c)."""
    import pandas as pd

    codes = ["000300", "000905", "000852", "932000", "8841431"]
    index = pd.read_csv(market_data / "indices_daily.csv", dtype={"code": str})
    close = index.pivot(index="date", columns="code", values="close")[codes].loc["2023-12-29":"2024-02-08"]
    returns = close.pct_change().dropna()
    futures = pd.read_csv(market_data / "index_futures_daily.csv").set_index(["symbol", "date"])
    days = []
    for date, row in returns.iterrows():
        symbol, last = ("IM2402", "2024-02-19") if date <= "2024-01-19" else ("IM2403", "2024-03-15")
        quote = futures.loc[(symbol, date)]
        left = (pd.Timestamp(last) - pd.Timestamp(date)).days
        days.append((row.to_numpy(), (quote.close / quote.spot_close - 1) * 365 / left, 0.0))
    bought, _ = play(params, days)
    first = [returns.index[first_purchase(bought, b)] for b in (L, M, S, T)]
    assert first == ["2024-01-18", "2024-02-05", "2024-02-05", "2024-02-08"]


def fast_days(params, returns, discount, limit_down, scheduled):
    """The state's orders [day, bucket, path], money left and ages, with half of each order filled."""

    @jax.jit
    def moving_day(state, returns, discount, limit_down, scheduled):
        state, today = intervention.open(params, state, scheduled)
        total, opening = jnp.zeros_like(returns), 0.3 * returns
        for j in range(ROUNDS):
            now = opening + (returns - opening) * (j / (ROUNDS - 1))
            today, orders = intervention.step(params, today, counts(j), now, opening)
            today = intervention.fill(today, 0.5 * orders)
            total = total + orders
        return intervention.close(params, state, today, returns, discount, limit_down), total

    state, out = intervention.init(params, returns.shape[2]), []
    for k in range(returns.shape[0]):
        state, total = moving_day(state, returns[k], discount[k], limit_down[k], scheduled[k])
        out.append(total)
    return jnp.stack(out), state.left, state.age


def plain_days(params, returns, discount, limit_down, scheduled):
    params = jax.tree.map(np.asarray, params)
    state, out = plain_intervention.init(params), []
    for k in range(len(returns)):
        today = plain_intervention.open(params, state, scheduled[k])
        total, opening = np.zeros(5), 0.3 * returns[k]
        for j in range(ROUNDS):
            now = opening + (returns[k] - opening) * (j / (ROUNDS - 1))
            orders = plain_intervention.step(params, today, j, now, opening)
            plain_intervention.fill(today, [0.5 * x for x in orders])
            total += np.array(orders)
        plain_intervention.close(params, state, today, returns[k], discount[k], limit_down[k])
        out.append(total)
    return np.array(out), state


def test_the_state_looks_at_its_buckets_by_name_wherever_they_stand(params):
    rng = np.random.default_rng(5)
    order = [3, 0, 4, 2, 1]  # the bucket that stands at each place of the moved market
    days = [(rng.normal(-0.01, 0.02, 5), rng.uniform(-0.4, 0), rng.uniform(0, 0.3)) for _ in range(20)]
    moved = replace(
        params,
        target=params.target[:, jnp.asarray(order)],
        budget=params.budget[jnp.asarray(order)],
        **{role: order.index(getattr(params, role)) for role in ("large", "watched", "small")},
    )
    bought, state = play(params, days)
    elsewhere, there = play(moved, [(returns[order], *rest) for returns, *rest in days])
    np.testing.assert_array_equal(elsewhere, bought[:, order])
    np.testing.assert_array_equal(there.age, state.age)
    assert bought.sum() > 0
    assert (np.asarray(state.age) > 0).all()


def test_an_old_peak_is_forgotten(params):
    fading = replace(params, forget=array(0.01))
    fall, flat = [day(large=-0.05)], [QUIET] * 20
    _, still = play(params, fall + flat)
    _, faded = play(fading, fall + flat)
    np.testing.assert_allclose(still.drawdown, -0.05, rtol=1e-12)
    np.testing.assert_allclose(faded.drawdown, -0.05 * 0.99**20, rtol=1e-12)


@pytest.mark.parametrize(("slid", "buys"), [(-0.099, False), (-0.101, True)])
def test_the_first_stage_waits_for_a_slide_of_the_watched_bucket(params, slid, buys):
    wary = replace(params, slide=array(-0.10))
    bought, _ = play(wary, [day(large=-0.06, middle=slid), QUIET, QUIET])
    assert (bought[:, L].sum() > 0) == buys


def test_the_first_stage_buys_by_severity_and_stops_when_the_slide_is_over(params):
    graded = replace(params, slide=array(-0.10), severe=array(0.10))
    bought, _ = play(graded, [day(large=-0.06, middle=-0.15), *[QUIET] * 6])
    np.testing.assert_allclose(bought[:, L], [0, *[5.0] * 5, 0], rtol=1e-9)  # the fall leaves the window


@pytest.mark.parametrize(("gap", "buys"), [(-0.079, False), (-0.081, True)])
def test_an_index_fall_alone_is_no_rout(params, gap, buys):
    wary = replace(params, rout=array(-0.08), rout_wait=counts(0))
    bought, _ = play(wary, [day(middle=-0.09, smaller=gap), QUIET, QUIET])
    assert (bought[:, M].sum() > 0) == buys


def test_the_third_stage_waits_for_the_second_where_ordered(params):
    rout = [day(smaller=-0.16), *[QUIET] * 4]
    assert play(params, rout)[0][:, T].sum() > 0
    assert play(replace(params, ordered=True), rout)[0][:, T].sum() == 0
    both = [day(middle=-0.09), day(smaller=-0.16), *[QUIET] * 4]
    assert play(replace(params, ordered=True, rout_wait=counts(0)), both)[0][:, T].sum() > 0


def test_a_stage_fires_again_after_its_rest(params):
    brief = replace(params, lasting=counts([2, 2, 2]), rest=counts(3), forget=array(1.0))
    fall = day(large=-0.06)
    early, late = ([fall, *[QUIET] * quiet, fall, *[QUIET] * 3] for quiet in (4, 6))
    assert play(brief, early)[0][:, L].sum() == pytest.approx(20.0)
    assert play(brief, late)[0][:, L].sum() == pytest.approx(40.0)


def test_a_rout_of_a_style_waits_as_long_as_it_is_told_and_a_discount_as_before(params):
    """Either leg of the second stage has its own days of the first; here none has bought."""
    fell, cheap = [day(middle=-0.09), QUIET], [day(discount=-0.5), QUIET]
    for rout_wait, by_rout in ((0, True), (1, False)):
        hurried = replace(params, rout_wait=counts(rout_wait))
        assert (play(hurried, fell)[0][:, M].sum() > 0) == by_rout
        assert play(hurried, cheap)[0][:, M].sum() == 0


def test_a_programme_begins_with_more_and_keeps_to_its_budget(params):
    days = [day(discount=-0.5)] + 4 * [QUIET]
    even = replace(params, wait=counts(0), budget=array([0, 20.0, 45.0, 0, 0]))
    steady, _ = play(even, days)
    hurried, state = play(replace(even, first=array([1.0, 2.0, 1.0])), days)
    np.testing.assert_allclose(steady[1:, M], [7.2, 7.2, 5.6, 0], rtol=1e-12)
    np.testing.assert_allclose(hurried[1:, M], [14.4, 5.6, 0, 0], rtol=1e-12)
    np.testing.assert_allclose(hurried[1:, S], [9.6, 4.8, 4.8, 4.8], rtol=1e-12)
    np.testing.assert_allclose(state.left[M], 0, atol=1e-12)
