"""Accounts: their plain twin, the lines that add up, closed forms, and both sides of every fence."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.products import account, funds, lines, trade
from tests.accounts import Plain, day, fund, hold, live, params

DMA = {
    "long": [0.12, 0.4, 0.88, 1.68, 0.92],
    "short": [0.0, 2.0, 2.0],
    "initial": 0.25,
    "call": 0.15,
    "reset": 0.2,
    "financing_annual": 0.035,
}
FALL = [0.01, -0.01, -0.03, -0.06, -0.1]


def rich(**said):
    """A fund with everything on."""
    charges = {"cost": 1e-3, "stamp": 5e-4, "impact": [0.01] * 5, "futures_cost": 2e-4, "most": [0.3] * 5}
    terms = {"management_annual": 0.02, "performance": 0.2, "high_water": 0.97, "cash_annual": 0.02}
    investors = {"base": 0.05, "slope": 2.0, "threshold": 0.02, "open": 0.5, "wait": 2}
    own = {"style": [0.3, -0.5], "alpha": 1e-4, "specific": 0.004}
    return fund(**{**charges, **terms, **investors, **own, "futures_margin": 0.12, **said})


FUNDS = (
    rich(benchmark=1, long=[0.1, 0.3, 0.2, 0.2, 0.1], warning=0.97, warned_long=0.6, stop=0.93),
    rich(**DMA),
    rich(**{**DMA, "long": [0.3, 1.0, 2.2, 4.2, 2.3], "short": [0.0, 5.0, 5.0], "initial": 0.1, "call": 0.05,
            "reset": 0.08}),
    rich(benchmark_cash_annual=0.02, short=[0.0, 0.4, 0.4], halt_from=4, halt_days=3),
    rich(long=[0.0] * 5, other=1.0),
)  # fmt: skip
DAYS, PATHS = 14, 6


def market(seed=3):
    rng = np.random.default_rng(seed)
    days, plain = [], []
    for t in range(DAYS):
        scale = 0.005 if t < 4 else 0.03
        returns = scale * (rng.normal(size=(5, PATHS)) - np.arange(5)[:, None] * 0.25)
        futures = returns[:3] + 0.01 * rng.normal(size=(3, PATHS))
        said = {
            "sells": rng.uniform(0.3, 1, (5, PATHS)),
            "buys": rng.uniform(0.3, 1, (5, PATHS)),
            "styles": 0.005 * rng.normal(size=(2, PATHS)),
            "specific": rng.normal(size=(len(FUNDS), PATHS)),
            "other": 0.01 * rng.normal(size=(len(FUNDS), PATHS)),
            "years": (3 if t % 5 == 0 else 1) / 365,
            "rolled": float(t == 7),
            "crystallised": t == 3,
            "refused": 0.8 * (t in (8, 9)) * np.ones(PATHS),
        }
        days.append(day(returns, futures, paths=PATHS, **said))
        plain.append(SimpleNamespace(returns=returns, futures=futures, **said))
    return days, plain


def wishes(seed=5):
    """What managers want: on some days nothing, on others a book of another shape and size."""
    rng = np.random.default_rng(seed)
    shape = (len(FUNDS), PATHS)
    targets = []
    for _ in range(DAYS):
        weights = rng.dirichlet(np.ones(5), shape).transpose(0, 2, 1)
        gross = rng.uniform(0.2, 1.2, shape) * np.array([1, 4, 10, 1, 0])[:, None]
        short = rng.uniform(-0.1, 1, (len(FUNDS), 3, PATHS))
        act = rng.uniform(0, 1, shape) * (rng.uniform(size=shape) < 0.8)
        targets.append({"weights": weights, "gross": gross, "short": short, "act": act})
    return targets


@pytest.fixture(scope="module")
def storm():
    days, plain = market()
    said = wishes()
    targets = [trade.Target(**{k: jnp.asarray(v) for k, v in it.items()}) for it in said]
    p = params(*FUNDS)
    tape = jax.tree.map(lambda *x: jnp.stack(x), *days)
    asked = jax.tree.map(lambda *x: jnp.stack(x), *targets)

    @jax.jit
    def run(start, seen):
        def one_day(state, today):
            state = account.step(p, state, *today)
            return state, state

        return jax.lax.scan(one_day, start, seen)[1]

    states = jax.device_get(run(account.init(p, PATHS), (tape, asked)))
    twins = {}
    for f, it in enumerate(FUNDS):
        for n in range(PATHS):
            twin, seen = Plain(it), []
            for t in range(DAYS):
                d = plain[t]
                now = SimpleNamespace(
                    **{k: getattr(d, k)[:, n] for k in ("returns", "futures", "sells", "buys", "styles")},
                    **{k: getattr(d, k)[f, n] for k in ("specific", "other")},
                    **{k: getattr(d, k) for k in ("years", "rolled", "crystallised")},
                    refused=d.refused[n],
                )
                twin.day(now, SimpleNamespace(**{k: v[f, ..., n] for k, v in said[t].items()}))
                seen.append({k: np.copy(v) for k, v in vars(twin).items() if k not in ("it", "pnl")})
                seen[-1]["pnl"] = np.array(list(twin.pnl.values()))
            twins[f, n] = seen
    return p, states, twins


def test_the_account_matches_the_slow_twin(storm):
    _, states, twins = storm
    for (f, n), seen in twins.items():
        for t, twin in enumerate(seen):
            x = jax.tree.map(lambda leaf, t=t: leaf[t], states)
            pairs = {
                "stock": x.long[f, :, n],
                "futures": x.futures[f, :, n],
                "index": x.index[f, :, n],
                "displaced": x.displaced[f, :, n],
                "unhedged": x.unhedged[f, :, n],
                "worth": x.worth[f, n],
                "units": x.dealing.units[f, n],
                "accrued": x.dealing.accrued[f, n],
                "mark": x.dealing.high_water[f, n],
                "pace": x.dealing.pace[f, n],
                "due": x.dealing.due[f, n],
                "queue": x.dealing.notices[:, f, n],
                "benchmark": x.benchmark[f, n],
                "pnl": x.pnl[:, f, n],
            }
            for name, value in pairs.items():
                np.testing.assert_allclose(value, twin[name], rtol=1e-9, atol=1e-12, err_msg=f"{name} {t}")
            for name in ("called", "dead", "warned", "stopped"):
                assert bool(getattr(x.lines, name)[f, n]) == bool(twin[name])


def test_everything_happens_in_the_storm(storm):
    """Otherwise the twins agree about nothing."""
    _, states, _ = storm
    for name in ("called", "dead", "warned", "stopped"):
        assert getattr(states.lines, name).any(), name
        assert not getattr(states.lines, name).all(), name
    assert (states.worth < 0).any()
    assert (states.displaced > 0.01).any()
    assert (states.unhedged < -0.01).any()
    assert (states.dealing.due > 0).any(), "redemptions that could not be paid"
    assert (states.dealing.units < 0.99).any()
    assert (states.dealing.accrued > 0).any()
    assert (np.abs(states.pnl[-1]) > 1e-4).any(axis=(1, 2)).all(), "every line"


def test_the_lines_add_up_to_the_change_of_nav(storm):
    _, states, _ = storm
    value = np.maximum(states.worth - states.dealing.accrued, 0) / states.dealing.units
    np.testing.assert_allclose(value - 1, states.pnl.sum(axis=1), rtol=0, atol=1e-12)


def test_neutral_less_the_excess_of_index_enhanced_is_the_basis():
    """mechanism 9.9: same book, same index, g = 1, nothing else between them."""
    rng = np.random.default_rng(0)
    days = [day(r, r[:3] + 0.02 * rng.normal(size=3)) for r in 0.03 * rng.normal(size=(6, 5))]
    p = params(fund(benchmark=1), fund(short=[0.0, 1.0, 0.0], initial=0.5))
    end = live(p, days)[-1]
    enhanced, hedged = np.asarray(account.nav(end))[:, 0]
    excess = enhanced - float(end.benchmark[0, 0])
    basis = float(end.pnl[account.LINES.index("basis"), 1, 0])
    assert abs(basis) > 0.01
    assert hedged - 1 - excess == pytest.approx(basis, abs=1e-15)


def test_a_call_is_answered_the_next_day_down_to_the_reset():
    p = params(fund(**{**DMA, "short": [0.0] * 3, "financing_annual": 0.0}))
    flat = [0.0] * 5
    states = live(p, [day([-0.118] * 5), day(flat), day(flat)])
    worth = 1 - 4 * 0.118
    assert worth / (4 - 4 * 0.118) < 0.15
    assert bool(states[1].lines.called[0, 0])
    assert float(states[1].long.sum()) == pytest.approx(4 - 4 * 0.118), "no sale on the day of the call"
    assert float(states[2].long.sum()) == pytest.approx(worth / 0.2)
    assert not bool(states[2].lines.called[0, 0])


@pytest.mark.parametrize(("fall", "book"), [(0.117, 4 - 4 * 0.117), (0.118, 4 * (1 - 4 * 0.118))])
def test_a_called_account_may_not_turn_its_book_over_on_the_old_margin(fall, book):
    """Below the initial margin a book may be turned over within itself; called, it needs the margin anew."""
    p = params(fund(**{**DMA, "short": [0.0] * 3, "financing_annual": 0.0}))
    target = hold(p)
    large = jnp.asarray([1.0, 0, 0, 0, 0])[None, :, None]
    want = trade.Target(weights=large, gross=10 * target.gross, short=target.short, act=target.act + 1.0)
    end = live(p, [day([-fall] * 5), day([0.0] * 5)], [None, want])[-1]
    assert float(end.long.sum()) == pytest.approx(book)


@pytest.mark.parametrize(("fall", "called"), [(0.1176, False), (0.1177, True)])
def test_the_fence_of_the_call(fall, called):
    """(1 - 4 x) / (4 (1 - x)) = 0.15 at x = 2/17."""
    p = params(fund(**{**DMA, "short": [0.0] * 3, "financing_annual": 0.0}))
    assert bool(live(p, [day([-fall] * 5)])[-1].lines.called[0, 0]) is called


def test_twice_the_leverage_is_twice_the_loss_before_calls():
    """mechanism 9.10."""
    made = [fund(long=np.multiply(DMA["long"], k / 4), short=[0, k / 2, k / 2], initial=0.01) for k in (2, 4)]
    two, four = 1 - np.asarray(account.nav(live(params(*made), [day(FALL), day(FALL)])[-1]))[:, 0]
    assert four == pytest.approx(2 * two)
    assert two > 0.02


def test_a_wiped_out_fund_owes_its_broker_who_sells_it_out():
    p = params(fund(**{**DMA, "short": [0.0, 4.0, 0.0]}))
    crash = day([0.0, 0.0, -0.3, -0.3, -0.3])
    states = live(p, [crash, day([0.0] * 5, sells=[0.5] * 5), day([0.0] * 3 + [0.1] * 2)])
    loss = 0.3 * (0.88 + 1.68 + 0.92)
    assert loss > 1
    assert float(account.nav(states[1])[0, 0]) == 0
    assert float(account.shortfall(states[1])[0, 0]) == pytest.approx(loss - 1)
    assert float(states[2].long.sum()) == pytest.approx(0.5 * (4 - loss)), "half of it found a buyer"
    assert float(states[2].futures[0, 1, 0]) == pytest.approx(-0.5 * 4)
    regained = 0.5 * 0.1 * 0.7 * (1.68 + 0.92)
    assert float(account.shortfall(states[3])[0, 0]) == pytest.approx(max(loss - 1 - regained, 0))
    assert bool(states[3].lines.dead[0, 0])


@pytest.mark.parametrize(("fall", "left"), [(0.149, 0.851), (0.151, 0.5 * 0.849)])
def test_the_warning_line_halves_the_book(fall, left):
    p = params(fund(long=[0, 0, 0, 1.0, 0], warning=0.85, warned_long=0.5))
    end = live(p, [day([0, 0, 0, -fall, 0]), day([0.0] * 5)])[-1]
    assert float(end.long.sum()) == pytest.approx(left)


@pytest.mark.parametrize(("fall", "after"), [(0.199, 0.801 * 1.2), (0.201, 0.799)])
def test_the_stop_line_is_for_good(fall, after):
    p = params(fund(long=[0, 0, 0, 1.0, 0], stop=0.8))
    rise = day([0, 0, 0, 0.2, 0])
    end = live(p, [day([0, 0, 0, -fall, 0]), day([0.0] * 5), rise])[-1]
    assert float(account.nav(end)[0, 0]) == pytest.approx(after)
    forced = float(end.pnl[account.LINES.index("forced"), 0, 0])
    assert forced == pytest.approx(0 if after > 0.9 else -0.799 * 0.2), "what the stop lost of the rebound"


def test_halted_funds_trade_futures_and_no_stock():
    """20 to 22 February 2024: the exposure of a suspended manager is frozen."""
    p = params(fund(halt_from=2, halt_days=2, futures_margin=0.1))
    target = hold(p)
    wish = trade.Target(
        weights=target.weights, gross=target.gross * 0.5, short=target.short + 0.25, act=target.act + 1.0
    )
    flat = day([0.0] * 5)
    states = live(p, [flat] * 4, [None, wish, wish, wish])
    held = [float(s.long.sum()) for s in states[1:]]
    assert held == pytest.approx([1, 1, 1, 0.5])
    assert float(-states[2].futures.sum()) == pytest.approx(0.75)


def test_redemptions_wait_for_notice_and_for_cash():
    """Everyone asks on the first day; two thirds of the book cannot be sold when payment falls due."""
    p = params(fund(base=1e9, open=0.5, wait=2))
    stuck, flat = day([0.0] * 5, sells=[1 / 3] * 5), day([0.0] * 5)
    states = live(p, [flat, flat, stuck])
    assert [float(s.dealing.units[0, 0]) for s in states] == pytest.approx([1, 1, 1, 1 - 0.5 / 3])
    assert float(states[3].dealing.due[0, 0]) == pytest.approx((0.5 - 0.5 / 3) / (1 - 0.5 / 3))
    assert float(account.nav(states[3])[0, 0]) == pytest.approx(1)


def test_fees_are_paid_over_the_high_water_mark_only():
    p = params(fund(long=[0, 0, 0, 1.0, 0], performance=0.2, high_water=1.1))
    moves = [0.05, 0.10, -0.05]
    states = live(p, [day([0, 0, 0, r, 0], crystallised=t == 1) for t, r in enumerate(moves)])
    value = [float(account.nav(s)[0, 0]) for s in states]
    gross = 1.05 * 1.10
    top = gross - 0.2 * (gross - 1.1)
    assert value[1] == pytest.approx(1.05)
    assert value[2] == pytest.approx(top)
    assert float(states[2].dealing.high_water[0, 0]) == pytest.approx(top)
    assert value[3] == pytest.approx(top - 0.05 * gross), "no fee below the mark, and none given back"


def test_costs_are_spread_impact_and_duty_on_sales():
    p = params(fund(long=[0.5, 0, 0, 0.5, 0], cost=1e-3, stamp=5e-4, impact=[0.0, 0, 0, 0.01, 0]))
    want = trade.Target(
        weights=jnp.asarray([1.0, 0, 0, 0, 0])[None, :, None],
        gross=jnp.ones((1, 1)),
        short=jnp.zeros((1, 3, 1)),
        act=jnp.ones((1, 1)),
    )
    end = live(p, [day([0.0] * 5)], [want])[-1]
    sale = 0.5 * (1e-3 + 5e-4 + 0.01 * np.sqrt(0.5))
    purchase = (0.5 - sale) / 1.001
    assert float(end.worth[0, 0]) == pytest.approx(1 - sale - 1e-3 * purchase)
    assert float(end.long[0, :, 0].sum()) == pytest.approx(float(end.worth[0, 0])), "nothing is borrowed"


def test_a_call_lasts_until_the_margin_is_restored():
    """Called below 0.15 of the book; at 0.17 nothing is restored, at 0.20 it is."""
    p = params(fund(call=0.15, reset=0.20)).lines
    state, held = lines.init((1, 1)), jnp.asarray([[1.0]])

    def at(state, equity):
        worth = jnp.asarray([[equity]])
        return lines.close(p, state, held, worth, worth)

    called = at(state, 0.14)
    between = at(called, 0.17)
    assert bool(called.called[0, 0])
    assert bool(between.called[0, 0]), "a call does not end by itself"
    assert not bool(at(between, 0.20).called[0, 0])
    assert not bool(at(state, 0.17).called[0, 0]), "nobody is called above the line"


@pytest.mark.parametrize(("barred", "bought"), [(False, 0.4), (True, 0.0)])
def test_a_called_account_may_not_turn_its_financed_book_over(barred, bought):
    """Five times financed, below its margin: what is sold may be bought again, but not under a call."""
    p = params(fund(initial=0.25)).trade
    stock = jnp.asarray([4.0, 0, 0, 0, 0.0])[None, :, None]
    want = trade.Target(
        weights=jnp.asarray([0.9, 0.1, 0, 0, 0])[None, :, None],
        gross=jnp.full((1, 1), 5.0),
        short=jnp.zeros((1, 3, 1)),
        act=jnp.ones((1, 1)),
    )
    order = trade.Order(
        target=want,
        ceiling=jnp.full((1, 1), lines.UNBOUNDED),
        redeemed=jnp.zeros((1, 1)),
        barred=jnp.asarray([[barred]]),
        halted=jnp.asarray([[False]]),
    )
    done = trade.fill(p, day([0.0] * 5), stock, jnp.zeros((1, 3, 1)), jnp.full((1, 1), 0.8), order)
    assert float(done.sold[0, 0, 0]) == pytest.approx(0.4)
    assert float(done.bought[0, 1, 0]) == pytest.approx(bought)


@pytest.mark.parametrize(("barred", "after"), [(False, 2.0), (True, 1.0)])
def test_a_called_account_has_room_for_what_it_holds_alone(barred, after):
    """One yuan of equity and of stock, financed at half: room for two, and for one under a call."""
    p = params(fund(initial=0.5)).trade
    want = trade.Target(
        weights=jnp.asarray([1.0, 0, 0, 0, 0])[None, :, None],
        gross=jnp.full((1, 1), 5.0),
        short=jnp.zeros((1, 3, 1)),
        act=jnp.ones((1, 1)),
    )
    order = trade.Order(
        target=want,
        ceiling=jnp.full((1, 1), lines.UNBOUNDED),
        redeemed=jnp.zeros((1, 1)),
        barred=jnp.asarray([[barred]]),
        halted=jnp.asarray([[False]]),
    )
    stock = jnp.asarray([1.0, 0, 0, 0, 0.0])[None, :, None]
    done = trade.fill(p, day([0.0] * 5), stock, jnp.zeros((1, 3, 1)), jnp.ones((1, 1)), order)
    assert float((stock + done.bought)[0, 0, 0]) == pytest.approx(after)


def test_nobody_deciding_is_a_manager_who_does_nothing():
    """Forced sales, their futures, rolls and costs: the same account to rounding, without a target."""
    p = params(
        fund(**{**DMA, "call": 0.26, "reset": 0.3, "cost": 1e-3, "stamp": 5e-4, "impact": [0.01] * 5,
                "futures_cost": 1e-4, "most": [0.3] * 5, "base": 0.5, "open": 1.0, "wait": 1}),
        fund(warning=0.97, warned_long=0.5, stop=0.9, performance=0.2, management_annual=0.02),
    )  # fmt: skip
    days = [
        day([-0.02, -0.03, -0.04, -0.045, -0.05], sells=[1, 1, 0.5, 0.5, 0.5], rolled=1.0, years=1 / 242)
    ] * 4
    told, left = live(p, days), [account.init(p, 1)]
    for today in days:
        left.append(jax.jit(account.step)(p, left[-1], today, None))
    assert bool(told[1].lines.called[0, 0]), "else nothing is forced here"
    assert float(told[-1].long[0].sum()) < 0.8 * sum(DMA["long"])
    for a, b in zip(jax.tree.leaves(told[-1]), jax.tree.leaves(left[-1]), strict=True):
        np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), atol=1e-12)


def test_a_fund_that_was_called_once_was_called():
    """The line is restored the next day; the path remembers."""
    p = params(fund(**{**DMA, "call": 0.255, "reset": 0.26}))
    fall, flat, rise = (
        day([-0.05] * 5, futures=[-0.04] * 3),
        day([0.0] * 5),
        day([0.01] * 5, futures=[0.0] * 3),
    )
    states = [funds.init(p, 1)]
    for today in (fall, flat, rise):
        states.append(funds.step(p, states[-1], today))
    assert [bool(states[k].account.lines.called[0, 0]) for k in (0, 1, 3)] == [False, True, False]
    assert [bool(s.breached[0, 0]) for s in states] == [False, True, True, True]
    assert float(funds.outcome(states[-1]).pnl.sum()) == pytest.approx(float(states[-1].nav[0, 0]) - 1)
