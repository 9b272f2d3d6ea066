"""Swaps of small stocks for discounted futures, and back."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.crowd import substitution
from tests.crowd_world import drive, parameters, quiet, replaced


def fund(rounds=3):
    """IE1000 with no edge but the swap: 3 % a day out above 12 %, 20 % a day home below 5 %."""
    params = parameters(("index_enhanced_1000",), rounds=rounds, stop={"share": 0.0, "line": 0.8})
    params = replaced(params, "triggers", momentum=params.triggers.momentum * 0)
    params = replaced(params, "redemption", slope=params.redemption.slope * 0)
    return replace(params, cost=params.cost * 0)


def discounts(*by_day, rounds=3):
    """A market with these discounts of IM, one a day, and no move at all."""
    market = quiet(len(by_day), rounds, 1, 1)
    market["basis"][:] = -np.array(by_day)[:, None, None, None]
    return market


@pytest.mark.parametrize(("discount", "swaps"), [(0.119, False), (0.121, True)])
def test_a_discount_above_the_start_sells_small_stocks_and_buys_as_much_of_the_future(discount, swaps):
    _, _, log = drive(fund(), discounts(discount))
    sold, bought = (
        np.asarray(log["sold"])[0, :, :, 0].sum(axis=0),
        np.asarray(log["flow"])[0, :, :, 0].sum(axis=0),
    )
    small = 250 * np.array([0, 0, 0.42, 0.30, 0.08]) * (1 - 0.99**3)
    np.testing.assert_allclose(sold, small * swaps, rtol=1e-12)
    np.testing.assert_allclose(bought, [0, 0, small.sum() * swaps], rtol=1e-12)


@pytest.mark.parametrize(("discount", "returns"), [(0.051, False), (0.049, True)])
def test_a_discount_below_the_end_brings_it_home(discount, returns):
    _, _, log = drive(fund(), discounts(0.2, discount))
    held = np.asarray(log["state"].futures)[:, 0, 2, 0]
    left = (1 - 0.2 / 3) ** 3 if returns else 1.0
    np.testing.assert_allclose(held[1] / held[0], left, rtol=1e-12)
    bought = np.asarray(log["bought"])[1, :, :, 0].sum(axis=0)
    mix = np.array([0, 0, 0.42, 0.30, 0.08]) / 0.80
    np.testing.assert_allclose(bought, mix * held[0] * (1 - left), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(np.asarray(log["state"].locked)[1, 0, :, 0], bought, rtol=1e-12)


def test_nothing_is_made_or_lost_by_going_there_and_back_at_still_prices():
    _, _, log = drive(fund(), discounts(*[0.2] * 5, *[0.0] * 200))
    held = np.asarray(log["state"].holdings)[-1, 0, :, 0]
    np.testing.assert_allclose(held.sum(), 250, rtol=1e-12)
    assert np.asarray(log["state"].worth)[-1, 0, 0] == 250.0
    assert not np.asarray(log["state"].backlog).any()


def test_a_swap_that_is_not_filled_is_cancelled_and_hedged_by_nothing():
    market = discounts(0.2)
    market["sell_fill"][:] = 0.25
    _, _, log = drive(fund(), market)
    sells, sold = np.asarray(log["sells"]).sum(), np.asarray(log["sold"]).sum()
    np.testing.assert_allclose(sold, 0.25 * sells, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(log["cancelled"]).sum(), 0.75 * sells, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(log["flow"]).sum(), sold, rtol=1e-12)
    assert not np.asarray(log["state"].backlog).any()


def test_a_purchase_that_is_not_filled_is_cancelled():
    market = discounts(0.2, 0.0)
    market["buy_fill"][1] = 0.25
    _, _, log = drive(fund(), market)
    buys, bought = np.asarray(log["buys"])[1].sum(), np.asarray(log["bought"])[1].sum()
    assert buys > 0
    np.testing.assert_allclose(bought, 0.25 * buys, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(log["cancelled"])[1].sum(), 0.75 * buys, rtol=1e-12)
    small = np.asarray(log["buys"])[1].sum(axis=0)[:, 0]
    assert (small[:2] == 0).all(), "of its small stocks alone"
    assert (small[2:] > 0).all()


def test_what_is_ordered_sold_is_not_swapped():
    params = replaced(fund(), "triggers", basis=jnp.asarray([1e6]))
    _, _, log = drive(params, discounts(0.2))
    assert not np.asarray(log["flow"]).any()
    np.testing.assert_allclose(np.asarray(log["sold"]).sum(), 250, rtol=1e-12)


def test_purchases_also_keep_to_the_pace():
    market = discounts(0.2, 0.0)
    market["volume"][1] = 0.9  # nothing much trades on the way home
    _, _, log = drive(fund(), market)
    np.testing.assert_allclose(np.asarray(log["buys"])[1][:, 2:, 0], 0.1 * 0.9 / 3, rtol=1e-12)


@pytest.mark.parametrize(
    ("some", "found"), [([0, 0, 1, 0, 1, 0], (2, 5)), ([1, 1], (0, 2)), ([0, 0, 1], (2, 3)), ([0, 0], (0, 1))]
)
def test_a_span_reaches_from_the_first_to_the_last(some, found):
    assert substitution.span(some) == found


def test_swaps_of_middle_buckets_stay_in_them():
    params = replaced(fund(), "substitution", small=jnp.asarray([0.0, 1.0, 1.0, 0.0, 0.0]), what=(1, 3))
    _, _, log = drive(params, discounts(0.2, 0.0))
    for name, day in (("sells", 0), ("sold", 0), ("buys", 1), ("bought", 1)):
        seen = np.asarray(log[name])[day].sum(axis=0)[:, 0]
        np.testing.assert_array_equal(seen[[0, 3, 4]], 0.0, name)
        assert seen[1:3].sum() > 0, name
