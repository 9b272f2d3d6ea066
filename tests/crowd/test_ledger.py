"""The ledger: closes to rounding whatever the market does, and does not when a book is wrong."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrisk.crowd import cohorts, ledger, speculators, trading
from tests.crowd_world import NAMES, days, drive, parameters, speculating

COHORTS, DAYS, ROUNDS, PATHS = len(NAMES), 5, 3, 24
ACCOUNTS = ("stock", "orders", "futures", "cash")
ROUNDING = 1e-12


def worst(residual):
    return {name: float(np.asarray(getattr(residual, name)).max()) for name in ACCOUNTS}


market = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "stress": st.floats(0.0, 4.0),
        "fill": st.sampled_from([0.0, 0.5, 1.0]),
        "lock": st.sampled_from([0.0, 1.0, None]),
    }
)


def made(seed, stress, fill, lock):
    """Random returns, fills and restrictions; at times nothing fills, everything is locked or free."""
    it = days(DAYS, ROUNDS, PATHS, COHORTS, seed=seed, stress=stress)
    it["sell_fill"] = np.clip(it["sell_fill"] + fill - 0.5, 0, 1)
    if lock is not None:
        it["restriction"] = np.full_like(it["restriction"], lock)
    return it


@settings(max_examples=40, deadline=None)
@given(market)
def test_it_closes_for_any_returns_fills_and_restrictions(drawn):
    state, residual, log = drive(parameters(rounds=ROUNDS), made(**drawn))
    assert all(error < ROUNDING for error in worst(residual).values()), worst(residual)
    holdings, backlog, locked = (
        np.asarray(getattr(log["state"], k)) for k in ("holdings", "backlog", "locked")
    )
    rounding = 1e-12 * np.asarray(parameters().assets)[:, None, None]
    assert (holdings >= 0).all()
    assert (backlog >= 0).all()
    assert (backlog <= holdings + rounding).all()
    assert (locked <= holdings + rounding).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state))


@settings(max_examples=20, deadline=None)
@given(market)
def test_submitted_is_filled_waiting_or_cancelled_and_nav_is_no_less_than_zero(drawn):
    still = made(**drawn)
    still["returns"] = np.zeros_like(
        still["returns"]
    )  # still prices, so that yuan of different rounds add up
    _, _, log = drive(parameters(rounds=ROUNDS), still)
    standing = np.asarray(log["standings"])
    others = np.asarray(log["sells"]) - standing + np.asarray(log["buys"])
    filled, cancelled = np.asarray(log["filled"]), np.asarray(log["cancelled"])
    done = np.asarray(log["sold"]) + np.asarray(log["bought"]) - filled
    np.testing.assert_allclose(others, done + cancelled, rtol=1e-9, atol=1e-9)
    assert (filled <= standing + 1e-9).all()
    navs, owed = np.asarray(cohorts.equity(log["state"])), np.asarray(cohorts.shortfall(log["state"]))
    assert (navs >= 0).all()
    assert (owed >= 0).all()
    assert np.array_equal(navs - owed, np.asarray(log["state"].worth))


def test_it_closes_on_the_wildest_market_with_the_speculators_in_it():
    """All participants in one ledger: the market makers hold what everyone else does not."""
    params, shorts = parameters(rounds=ROUNDS), speculating()
    it = days(DAYS, ROUNDS, PATHS, COHORTS, seed=8, stress=3.0)
    state, short = cohorts.init(params, PATHS), speculators.init(shorts, PATHS)

    def books():
        own = cohorts.books(state)
        return replace(own, position=own.position + short.position, worth=own.worth + short.worth)

    book = ledger.init(books())
    fill = jax.jit(trading.fill)
    submit = jax.jit(trading.submit)
    for d in range(DAYS):
        for j in range(ROUNDS):
            seen = {k: jnp.asarray(v[d][j]) for k, v in it.items() if v.ndim > 3}
            told = {
                "annual_basis": seen["basis"],
                **{k: seen[k] for k in ("momentum", "volume", "restriction")},
            }
            state, sent = submit(params, state, trading.Seen(**told))
            state, done = fill(params, state, sent, (seen["sell_fill"], seen["buy_fill"]), seen["returns"])
            flow = speculators.step(
                shorts, short, seen["mass"], seen["momentum"], jnp.asarray(it["rescued"][d]), ROUNDS
            )
            state, short = (
                trading.settle(state, done, seen["futures"]),
                speculators.settle(short, flow, seen["futures"]),
            )
            book = ledger.trade(
                book, sent.placed, done.filled, done.sold, done.bought, done.cost, seen["returns"]
            )
            book = ledger.settle(book, done.flow + flow, seen["futures"])
        gap = jnp.full((5, PATHS), -0.02)
        state, book = cohorts.mark(state, gap), ledger.mark(book, gap)
    assert abs(np.asarray(short.position)).max() > 1
    residual = ledger.residual(book, books(), jnp.sum(params.assets))
    assert all(error < ROUNDING for error in worst(residual).values()), worst(residual)


@pytest.mark.parametrize(
    ("account", "entry"),
    [
        ("stock", "stock"),
        ("orders", "backlog"),
        ("futures", "position"),
        ("cash", "worth"),
        ("cash", "stock"),
    ],
)
def test_a_book_that_is_wrong_by_a_millionth_shows_in_its_account(account, entry):
    params = parameters(rounds=ROUNDS)
    state, scale = cohorts.init(params, 2), jnp.sum(params.assets)
    state = replace(state, backlog=0.5 * state.holdings)
    books = cohorts.books(state)
    wrong = replace(books, **{entry: getattr(books, entry) * (1 + 1e-6)})
    residual = worst(ledger.residual(ledger.init(books), wrong, scale))
    assert residual[account] > 1e-8
    assert worst(ledger.residual(ledger.init(books), books, scale)) == dict.fromkeys(ACCOUNTS, 0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_small_bucket_is_judged_by_its_own_stock(dtype):
    """Half of a ten-thousandth of the micro-caps missing: a millionth of all stock, and no rounding."""
    params = parameters(rounds=ROUNDS, dtype=dtype)
    state, scale = cohorts.init(params, 2), jnp.sum(params.assets)
    books = cohorts.books(state)
    wrong = replace(books, stock=books.stock.at[-1].multiply(1 - 5e-5))
    found = worst(ledger.residual(ledger.init(books), wrong, scale))["stock"]
    assert found == pytest.approx(5e-5, rel=0.01)
    assert float((books.stock - wrong.stock)[-1, 0] / scale) < 1e-5, (
        "over all stock it hid under any tolerance"
    )
    assert found > (ledger.COARSE if dtype == "float32" else ledger.TOLERANCE)


def test_a_tenth_of_every_purchase_lost_is_seen_in_float32_and_honest_rounding_is_not():
    params = parameters(rounds=ROUNDS, dtype="float32")
    it = {
        k: v.astype(np.float32) if v.dtype == np.float64 else v
        for k, v in made(seed=8, stress=3.0, fill=0.5, lock=0.0).items()
    }
    state, residual, log = drive(params, it)
    assert max(worst(residual).values()) < ledger.COARSE
    bought = np.asarray(log["bought"])[-1, -1]  # [bucket, path] of the last round
    some = bought.sum(axis=0) > 1e-3 * float(params.assets.sum()) * 1e-1
    books = cohorts.books(state)
    lost = replace(books, stock=books.stock - 0.1 * bought)
    scale = jnp.sum(params.assets)
    off = np.asarray(ledger.residual(ledger.init(books), lost, scale).stock)
    assert some.any()
    assert (off[some] > ledger.COARSE).all()
