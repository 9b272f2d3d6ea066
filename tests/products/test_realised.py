"""The realised path as an identity: the tables of mechanism 4.8 and 7 from the rows it prints."""

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.products import account, trade
from tests.accounts import day, fund, hold, live, params

DAILY = {  # mechanism 4.1: returns in per cent, by bucket
    "01-29": [-0.90, -1.97, -2.63, -3.49, -4.47],
    "01-30": [-1.78, -2.29, -2.86, -3.19, -4.10],
    "01-31": [-0.91, -2.45, -4.00, -5.26, -6.64],
    "02-01": [0.07, -0.39, -0.72, -1.60, -2.45],
    "02-02": [-1.18, -2.47, -3.70, -4.47, -6.14],
    "02-05": [0.65, -2.26, -6.16, -9.49, -13.70],
    "02-06": [3.48, 7.75, 6.97, 2.02, -4.00],
    "02-07": [0.96, 6.32, 4.47, -2.80, -9.24],
    "02-08": [0.64, 0.80, 4.07, 8.75, 10.56],
    "02-19": [1.16, -0.17, 0.73, 4.37, 6.58],
    "02-20": [0.21, -0.01, 0.33, 1.45, 2.49],
    "02-21": [1.35, -0.04, 0.54, 1.40, 4.48],
    "02-22": [0.86, 0.73, 1.54, 2.55, 4.47],
    "02-23": [0.09, 0.41, 1.44, 3.23, 4.90],
}
CLOSES = {  # mechanism 4.2: IC2403 and IM2403
    "01-26": (4959.2, 5178.2),
    "02-02": (4452.4, 4447.4),
    "02-05": (4285.2, 4044.6),
    "02-06": (4809.8, 4568.4),
    "02-07": (5128.6, 4793.0),
    "02-08": (5110.6, 4980.4),
    "02-23": (5186.0, 5217.0),
}
MODERATE = np.array([0.10, 0.25, 0.25, 0.30, 0.10])
BOOKS = {
    "deep": [0.03, 0.10, 0.22, 0.42, 0.23],
    "moderate": MODERATE,
    "mild": [0.15, 0.35, 0.25, 0.20, 0.05],
}
TOP_1800 = np.array([10, 25, 25, 0, 0]) / 60
BENCHMARK = np.array([0, 1.0, 0, 0, 0])
SHIFT = np.add(MODERATE, [0, 0.15, 0, -0.1125, -0.0375])


def switch(weights):
    """Go to these weights tonight, all at once."""
    target = hold(params(fund()))
    return trade.Target(
        weights=jnp.asarray(weights)[None, :, None],
        gross=target.gross,
        short=target.short,
        act=jnp.ones_like(target.act),
    )


def value(until, orders=()):
    """NAV of the moderate book at a close, from 26 January, with switches at given closes."""
    orders = dict(orders)
    dates = [date for date in DAILY if date <= until]
    days = [day(np.array(DAILY[date]) / 100) for date in dates]
    targets = [None if date not in orders else switch(orders[date]) for date in dates]
    return 100 * float(account.nav(live(params(fund(long=MODERATE)), days, targets)[-1])[0, 0])


@pytest.mark.parametrize(
    ("wish", "date", "to_8", "to_23"),
    [
        (TOP_1800, "02-02", 5.3, 1.4),
        (TOP_1800, "02-07", -1.9, -6.0),
        (BENCHMARK, "02-02", 7.6, 1.8),
        (BENCHMARK, "02-07", -3.1, -9.0),
        (SHIFT, "02-02", 2.3, 0.6),
        (SHIFT, "02-07", -0.6, -1.8),
    ],
    ids=lambda x: "book" if isinstance(x, np.ndarray) else str(x),
)
def test_what_each_policy_was_worth(wish, date, to_8, to_23):
    """mechanism 4.8, 9.16: the sign of tightening flips between 2 and 7 February."""
    for until, expected in (("02-08", to_8), ("02-23", to_23)):
        assert value(until, [(date, wish)]) - value(until) == pytest.approx(expected, abs=0.2)


def test_longqi_and_the_whipsaw():
    """mechanism 9.17: out on the 7th misses the 8th, and who comes back that night has lost for good."""
    assert -5 < value("02-08", [("02-07", BENCHMARK)]) - value("02-08") < -2
    back = value("02-23", [("02-07", BENCHMARK), ("02-08", MODERATE)]) - value("02-23")
    assert back == pytest.approx(-2.5, abs=0.8)
    assert back < value("02-23", [("02-02", BENCHMARK)]) - value("02-23")


def over(start, end):
    """One step over a window: returns of buckets and of IF (its index), IC and IM."""
    returns = np.prod([1 + np.array(DAILY[d]) / 100 for d in DAILY if start < d <= end], axis=0) - 1
    futures = [returns[0], *(np.divide(CLOSES[end], CLOSES[start]) - 1)]
    return day(returns, np.array(futures)), returns


@pytest.mark.parametrize(
    ("start", "end", "ic", "im"),
    [
        ("02-02", "02-05", (-4.0, -2.5, -2.0, -10), (-0.1, 2.8, 2.2, 11)),
        ("02-05", "02-07", (-9.1, -14.2, -11.4, -57), (-6.3, -13.0, -10.4, -52)),
        ("02-02", "02-08", (-9.2, -11.1, -8.9, -44), (-5.5, -8.3, -6.6, -33)),
        ("01-26", "02-08", (-12.2, -12.8, -10.2, -51), (-4.5, -5.9, -4.7, -24)),
        ("02-08", "02-23", (7.5, 6.9, 5.5, 28), (3.7, 3.6, 2.9, 15)),
    ],
)
def test_the_hedge_table(start, end, ic, im):
    """mechanism 7: excess, neutral with g = 1 and 0.8, and four times, hedged in IC or in IM."""
    today, _ = over(start, end)
    for q, expected in ((1, ic), (2, im)):
        hedge = np.eye(3)[q]
        funds = [fund(long=MODERATE, benchmark=q)]
        funds += [fund(long=g * MODERATE, short=g * hedge, initial=0.2) for g in (1.0, 0.8, 4.0)]
        end_state = live(params(*funds), [today])[-1]
        worth = 100 * (np.asarray(end_state.worth)[:, 0] - 1)
        worth[0] -= 100 * (float(end_state.benchmark[0, 0]) - 1)
        np.testing.assert_allclose(worth[:3], expected[:3], atol=0.2, rtol=0)
        assert worth[3] == pytest.approx(expected[3], abs=0.8)  # printed to a whole per cent


@pytest.mark.parametrize("mix", [0.0, 0.5, 1.0])
def test_dma_lived_through_the_5th_and_died_on_the_6th_and_7th(mix):
    """mechanism 9.8: the same signs for every book and hedge, before any call."""
    short = 4 * np.array([0, 1 - mix, mix])
    for book in BOOKS.values():
        p = params(fund(long=4 * np.asarray(book), short=short, initial=0.2))
        first, second = (100 * (float(live(p, [over(*w)[0]])[-1].worth[0, 0]) - 1) for w in (
            ("02-02", "02-05"), ("02-05", "02-07")))  # fmt: skip
        assert -20.5 <= first <= 17.5
        assert -75.5 <= second <= -41.5
        if mix != 0.5:
            assert np.sign(first) == (1 if mix else -1)


def test_more_micro_caps_lose_more():
    """Report fact 49: the loss is monotone in the weight of U."""
    dates = [d for d in DAILY if d <= "02-07"]
    p = params(*(fund(long=[0.1, 0.25, 0.25, 0.4 - u, u]) for u in (0.0, 0.1, 0.2, 0.3)))
    navs = np.asarray(account.nav(live(p, [day(np.array(DAILY[d]) / 100) for d in dates])[-1]))[:, 0]
    assert (np.diff(navs) < -0.01).all()


def test_the_order_of_harm_holds_on_matched_excess_and_not_on_nav():
    """mechanism 9.9 and its negative controls, 2 to 7 February and from 26 January to 8 February."""
    for start, end, ordered in (("02-02", "02-07", True), ("01-26", "02-08", False)):
        today, returns = over(start, end)
        p = params(
            fund(long=MODERATE, benchmark=2),
            fund(long=MODERATE, short=[0, 0, 1.0], initial=0.2),
            fund(long=4 * MODERATE, short=[0, 0, 4.0], initial=0.2),
        )
        enhanced, neutral, dma = np.asarray(live(p, [today])[-1].worth)[:, 0] - 1
        excess = enhanced - returns[2]
        assert dma < neutral < excess < 0
        assert bool(enhanced > neutral) is ordered
