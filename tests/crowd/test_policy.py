"""Cohorts that follow a policy: when it fires, where the book goes, what is kept, what stays as it is."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tailrisk.core.names import BUCKETS
from tailrisk.crowd import cohorts, ledger, policy, trading

from ..crowd_world import days, drive, parameters, quiet

WHO = ("dma", "index_enhanced_500")
LARGE, SMALL = BUCKETS.index("csi300"), BUCKETS.index("csi2000")
DAYS, PATHS, ROUNDS = 6, 3, 6
NO_SMALL = np.array([[0.1, 0.3, 0.6, 0.0, 0.0], [0.2, 0.5, 0.3, 0.0, 0.0]])


def rule(params, **changes):
    """Everyone to a book without small stocks, on no date."""
    short = params.hedge[:, None] * params.mix
    base = {
        "follow": jnp.ones(2),
        "weights": jnp.asarray(NO_SMALL),
        "keep": jnp.ones(2),
        "short": short,
        "rehedge": jnp.zeros(2),
        "trigger": jnp.asarray(jnp.inf),
        "date": jnp.asarray(0, jnp.int32),
        "lasting": jnp.asarray(5, jnp.int32),
        "pace": jnp.asarray(1.0),
        "small": SMALL,
        "large": LARGE,
    }
    return policy.Params(**{**base, **changes})


@jax.jit
def driven(params, one, market):
    """As `drive` of crowd_world.py, with a policy: books, its state, residual and orders of every day."""
    market = {name: jnp.asarray(x) for name, x in market.items()}
    books = cohorts.init(params, market["returns"].shape[-1])
    mind = policy.init(one, market["returns"].shape[-1])

    def one_round(carry, seen):
        books, mind, book, growth = carry
        number, seen = seen
        rules = trading.Seen(
            annual_basis=seen["basis"],
            momentum=seen["momentum"],
            volume=seen["volume"],
            restriction=seen["restriction"],
        )
        books, sent = trading.submit(params, books, rules)
        known = seen["volume"], seen["restriction"], number
        mine, sent = policy.submit(one, mind, params, books, sent, known)
        fills = seen["sell_fill"], seen["buy_fill"]
        books, done = trading.fill(params, books, sent, fills, seen["returns"])
        mind, books, done = policy.fill(one, mind, params, (books, done), mine, (*fills, seen["returns"]))
        books = trading.settle(books, done, seen["futures"])
        book = ledger.trade(
            book, sent.placed, done.filled, done.sold, done.bought, done.cost, seen["returns"]
        )
        book = ledger.settle(book, done.flow, seen["futures"])
        return (books, mind, book, growth * (1.0 + seen["returns"])), mine

    def one_day(carry, today):
        books, mind, book = carry
        books, paid = cohorts.open(params, books, today.pop("cap"), today.pop("renewed"))
        mind = policy.open(one, mind, today["momentum"][0])
        book = ledger.pay(book, paid)
        years, _, _ = today.pop("years"), today.pop("rescued"), today.pop("mass")
        start = books, mind, book, jnp.ones_like(today["returns"][0])
        (books, mind, book, growth), mine = lax.scan(one_round, start, (jnp.arange(ROUNDS), today))
        books, interest = cohorts.close(params, books, growth - 1.0, years)
        book = ledger.pay(book, interest)
        left = ledger.residual(book, cohorts.books(books), jnp.sum(params.assets))
        return (books, mind, book), (books, mind, left, mine)

    return lax.scan(one_day, (books, mind, ledger.init(cohorts.books(books))), market)[1]


@pytest.fixture(scope="module")
def params():
    jax.config.update("jax_enable_x64", True)
    return parameters(WHO)


def calm():
    return quiet(DAYS, ROUNDS, PATHS, 2)


def test_one_that_never_fires_changes_nothing(params):
    market = days(DAYS, ROUNDS, PATHS, 2)
    books, mind, _, mine = driven(params, rule(params), market)
    plain = drive(params, market)[2]["state"]
    for name in ("holdings", "backlog", "worth", "futures"):
        np.testing.assert_allclose(getattr(books, name), getattr(plain, name), rtol=1e-12, atol=1e-9)
    assert not np.asarray(mind.fired).any()
    assert not np.asarray(mine.sell).any()


def test_on_its_date_the_book_goes_where_it_is_wanted(params):
    books, mind, _, _ = driven(params, rule(params, date=jnp.asarray(3, jnp.int32)), calm())
    stock = np.asarray(books.holdings)
    np.testing.assert_allclose(stock[1], stock[0])  # nothing on the day before
    assert (np.asarray(mind.fired)[-1] == 3).all()
    last = stock[-1] / stock[-1].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(last, np.repeat(NO_SMALL[:, :, None], PATHS, 2), atol=1e-3)
    # what was sold was spent: stock and cash are what the stock was
    whole = stock[-1].sum(axis=1) + np.asarray(mind.cash)[-1]
    np.testing.assert_allclose(whole, stock[0].sum(axis=1), rtol=1e-9)
    assert (np.abs(np.asarray(mind.cash)[-1]) < 1e-3 * whole).all()
    lost = (np.asarray(books.worth)[0] - np.asarray(books.worth)[-1])[:, 0]
    sold = np.maximum(stock[0] - stock[-1], 0)[:, :, 0].sum(axis=1)
    np.testing.assert_allclose(lost, 0.0008 * sold, rtol=1e-6)  # the cost of the sales and no more


def test_half_the_book_goes_with_half_the_hedge_and_the_cash_stays(params):
    half = rule(
        params,
        weights=params.weights,
        keep=jnp.full(2, 0.5),
        rehedge=jnp.array([1.0, 0.0]),
        date=jnp.asarray(2, jnp.int32),
    )
    books, mind, _, _ = driven(params, half, calm())
    stock, futures = np.asarray(books.holdings), np.asarray(books.futures)
    np.testing.assert_allclose(stock[-1], 0.5 * stock[0], rtol=1e-6)
    np.testing.assert_allclose(futures[-1][0], 0.5 * futures[0][0], rtol=1e-6)
    np.testing.assert_allclose(np.asarray(mind.cash)[-1], 0.5 * stock[0].sum(axis=1), rtol=1e-6)


def test_it_fires_on_the_morning_after_small_stocks_lagged(params):
    market = calm()
    momentum = np.zeros_like(market["momentum"])
    momentum[2:, :, SMALL, 0] = -0.06  # from the morning of day 3, on the first path
    momentum[4:, :, SMALL, 1] = -0.06
    momentum[:, :, (SMALL, LARGE), 2] = -0.06  # all fall alike
    one = rule(params, trigger=jnp.asarray(0.05))
    _, mind, _, _ = driven(params, one, {**market, "momentum": momentum})
    np.testing.assert_array_equal(np.asarray(mind.fired)[-1], [3, 5, 0])


def test_orders_are_not_renewed_for_ever(params):
    market = calm()
    market["sell_fill"] = np.zeros_like(market["sell_fill"])  # locked limit-down: nothing is sold
    one = rule(params, date=jnp.asarray(1, jnp.int32), lasting=jnp.asarray(2, jnp.int32))
    _, _, _, mine = driven(params, one, market)
    asked = np.asarray(mine.sell).sum(axis=(1, 2, 3, 4))
    assert (asked[:2] > 0).all()
    assert (asked[2:] == 0).all()


def test_the_ledger_closes_in_a_wild_market(params):
    one = rule(params, trigger=jnp.asarray(0.03), rehedge=jnp.ones(2), keep=jnp.array([0.5, 1.0]))
    books, mind, left, mine = driven(params, one, days(DAYS, ROUNDS, PATHS, 2, seed=1))
    for name in ("stock", "orders", "futures", "cash"):
        assert np.abs(np.asarray(getattr(left, name))).max() < 1e-11
    assert (np.asarray(mind.fired)[-1] > 0).all()
    assert np.asarray(mine.sell).sum() > 0
    assert np.asarray(mine.buy).sum() > 0
    assert (np.asarray(books.holdings) >= np.asarray(books.backlog) - 1e-9).all()
    assert (np.asarray(mind.cash) >= -1e-9).all()


def test_only_those_who_follow_move(params):
    some = rule(params, follow=jnp.array([0.0, 1.0]), date=jnp.asarray(1, jnp.int32))
    books, _, _, mine = driven(params, some, calm())
    assert not np.asarray(mine.sell)[:, :, 0].any()
    np.testing.assert_allclose(np.asarray(books.holdings)[-1, 0], np.asarray(books.holdings)[0, 0])
    assert np.asarray(mine.sell)[:, :, 1].any()


def test_the_pace_is_kept_within_that_of_a_cohort(params):
    small = replace(params, participation=jnp.full(2, 1e-4))
    _, _, _, mine = driven(small, rule(params, date=jnp.asarray(1, jnp.int32)), calm())
    room = 1e-4 * np.array([210.0, 110.0, 130.0, 190.0, 15.0]) * 1e3 / ROUNDS
    assert (np.asarray(mine.sell)[0] <= room[None, None, :, None] * (1 + 1e-9)).all()
