"""Price limits: against 5,000 stocks, the plain twin, and what closed at the limit on 5 February 2024."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from tailrisk.core.names import BUCKETS
from tailrisk.market import limits
from tests import plain_limits

PATHS = 40
RETURNS_5_FEB = {
    "csi300": 0.0065,
    "csi500": -0.0226,
    "csi1000": -0.0616,
    "csi2000": -0.0949,
    "micro": -0.1370,
}


def array(x):
    return jnp.asarray(np.asarray(x, np.float64))


@pytest.fixture
def params():
    board_20 = np.array([0.25, 0.25, 0.33, 0.42, 0.62])
    return limits.Params(
        limit=array([0.1, 0.2]),
        share=array([1 - board_20, board_20]),
        calm=array([0.022] * 5),
        stressed=array([0.035] * 5),
        widening=array(0.1),
        carried=array(0.4),
        locked=array(0.2),
    )


@pytest.fixture
def latent():
    return array(np.random.default_rng(3).normal(0, 0.1, (5, PATHS)))


def wide(value):
    return jnp.full((5, PATHS), value)


def test_against_5000_stocks(params):
    rng, stocks, s = np.random.default_rng(5), 5000, 0.035
    for b, m in ((0, 0.02), (2, -0.06), (3, -0.11), (4, -0.17), (4, 0.12)):
        on_20 = round(stocks * float(params.share[1, b]))
        limit = np.where(np.arange(stocks) < on_20, 0.2, 0.1)
        shown = np.clip(rng.normal(m, s, stocks), -limit, limit)
        seen = limits.observe(params, jnp.full((5, 1), m), jnp.full((5, 1), s))
        for truth, sample in (
            (seen.returns[b, 0], shown),
            (seen.limit_down[b, 0], shown == -limit),
            (seen.limit_up[b, 0], shown == limit),
        ):
            stderr = max(sample.std(), 0.01) / stocks**0.5
            assert stderr < 0.008
            assert abs(sample.mean() - float(truth)) < 4 * stderr, (b, m)


def test_matches_the_plain_twin(params, latent):
    momentum = latent * 1.3
    s = limits.dispersion(params, momentum)
    seen = limits.observe(params, latent, s)
    sells, buys, capacity = (array(x) for x in np.random.default_rng(6).uniform(0, 30, (3, 5, PATHS)))
    sold, bought = limits.fills(params, seen, capacity, sells, buys)
    gap, dropped = limits.carry(params, latent, seen)
    given = [np.asarray(x) for x in (capacity, sells, buys)]
    fast = [seen.returns, seen.limit_down, seen.limit_up, sold, bought, gap, dropped]
    fast, given_momentum = np.asarray(fast), np.asarray(momentum)
    for b in range(5):
        for n in range(PATHS):
            m = float(latent[b, n])
            width = plain_limits.dispersion(params, b, given_momentum[b, n])
            r, down, up = plain_limits.observe(params, b, m, width)
            filled = plain_limits.fills(params, down, up, *(x[b, n] for x in given))
            slow = [r, down, up, *filled, *plain_limits.carry(params, m, r)]
            np.testing.assert_allclose(fast[:, b, n], slow, rtol=1e-9, atol=1e-15)


def test_mirror_image(params, latent):
    up, down = limits.observe(params, latent, wide(0.03)), limits.observe(params, -latent, wide(0.03))
    np.testing.assert_allclose(up.returns, -down.returns, atol=1e-15)
    np.testing.assert_allclose(up.limit_up, down.limit_down, atol=1e-15)


def test_without_dispersion_it_is_a_hard_clip(params, latent):
    seen = limits.observe(params, latent, wide(1e-9))
    hard = sum(params.share[k][:, None] * jnp.clip(latent, -w, w) for k, w in enumerate((0.1, 0.2)))
    np.testing.assert_allclose(seen.returns, hard, atol=1e-8)
    stuck = np.where(latent[0] < -0.2, 1.0, np.where(latent[0] < -0.1, 0.75, 0.0))
    np.testing.assert_array_equal(seen.limit_down[0], stuck)


def test_without_limits_the_latent_return_shows(params, latent):
    seen = limits.observe(replace(params, limit=array([5.0, 5.0])), latent, wide(0.035))
    np.testing.assert_array_equal(seen.returns, latent)
    assert float(jnp.max(seen.limit_down + seen.limit_up)) == 0.0


def test_more_latent_is_never_less_shown(params):
    grid = jnp.broadcast_to(jnp.linspace(-0.6, 0.6, 2001), (5, 2001))
    shown = limits.observe(params, grid, jnp.full(grid.shape, 0.035)).returns
    assert float(jnp.min(jnp.diff(shown, axis=1))) >= -1e-15
    assert float(jnp.max(jnp.abs(shown))) <= 0.2


def test_the_slope_is_the_share_of_stocks_that_still_move(params):
    """dR/dM = 1 - LD - LU."""

    def shown(m):
        seen = limits.observe(params, jnp.full((5, 1), m), jnp.full((5, 1), 0.035))
        return seen.returns[4, 0], 1 - seen.limit_down[4, 0] - seen.limit_up[4, 0]

    slope, moving = jax.grad(shown, has_aux=True)(-0.16)
    np.testing.assert_allclose(slope, moving, rtol=1e-12)


def test_the_tail_keeps_its_relative_accuracy_in_float64():
    x = jnp.linspace(0.0, 12.0, 200)
    _, beyond = limits._excess(x)
    np.testing.assert_allclose(beyond, norm.sf(np.asarray(x)), rtol=1e-13)


def test_float32_is_within_its_rounding(params, latent):
    single = jax.tree.map(lambda x: x.astype(jnp.float32), (params, latent, wide(0.035)))
    rough, exact = limits.observe(*single), limits.observe(params, latent, wide(0.035))
    assert rough.returns.dtype == jnp.float32
    assert float(jnp.max(jnp.abs(rough.returns - exact.returns.astype(jnp.float32)))) < 5e-8
    assert float(jnp.max(jnp.abs(rough.limit_down - exact.limit_down.astype(jnp.float32)))) < 5e-7


def test_far_out_nothing_breaks(params):
    for dtype in (jnp.float32, jnp.float64):
        cast = jax.tree.map(lambda x, d=dtype: x.astype(d), params)
        grid = jnp.broadcast_to(jnp.array([-3.0, -1.0, 1.0, 3.0], dtype), (5, 4))
        seen = limits.observe(cast, grid, jnp.full((5, 4), 0.01, dtype))
        mean = float(params.share[0, 4] * 0.1 + params.share[1, 4] * 0.2)
        np.testing.assert_allclose(seen.returns[4], [-mean, -mean, mean, mean], rtol=1e-5)


def test_calibration_of_5_february(params):
    """Mechanism 5.5: s = 3.5 % gives LD of 10 % in CSI 1000, 32 % in CSI 2000, 45 % in micro-caps."""
    assert {b: round(100 * share) for b, share in implied(params, 0.035).items()} == {
        "csi300": 0, "csi500": 1, "csi1000": 10, "csi2000": 32, "micro": 45,
    }  # fmt: skip


def test_dispersion_grows_with_momentum_up_to_its_ceiling(params):
    momentum = jnp.broadcast_to(array([0.0, -0.05, 0.05, -0.13, -0.5]), (5, 5))
    np.testing.assert_allclose(limits.dispersion(params, momentum)[0], [0.022, 0.027, 0.027, 0.035, 0.035])


@pytest.mark.parametrize(("submitted", "absorbed"), [(0.0, 1.0), (9.99, 1.0), (10.0, 1.0), (20.0, 0.5)])
def test_a_round_absorbs_its_capacity_and_no_more(params, submitted, absorbed):
    calm = limits.Seen(returns=wide(0.0), limit_down=wide(0.0), limit_up=wide(0.0))
    sold, bought = limits.fills(params, calm, wide(10.0), wide(submitted), wide(0.0))
    np.testing.assert_allclose(sold, absorbed)
    np.testing.assert_array_equal(bought, 1.0)


def test_limit_down_stops_sellers_and_limit_up_buyers(params):
    seen = limits.Seen(returns=wide(0.0), limit_down=wide(0.5), limit_up=wide(0.25))
    sold, bought = limits.fills(params, seen, wide(10.0), wide(1.0), wide(1.0))
    np.testing.assert_allclose(sold, 1 - 0.5 * 0.8)
    np.testing.assert_allclose(bought, 1 - 0.25 * 0.8)


def test_a_halted_market_fills_nothing(params):
    seen = limits.Seen(returns=wide(0.0), limit_down=wide(0.0), limit_up=wide(0.0))
    for orders in (0.0, 5.0):
        sold, _ = limits.fills(params, seen, wide(0.0), wide(orders), wide(orders))
        np.testing.assert_array_equal(sold, 0.0)


def test_every_bit_of_the_excess_is_carried_or_dropped(params, latent):
    seen = limits.observe(params, latent, wide(0.035))
    gap, dropped = limits.carry(params, latent, seen)
    np.testing.assert_allclose(seen.returns + gap + dropped, latent, atol=1e-15)
    fallen = latent[3] < -0.12
    assert bool(jnp.all(gap[3][fallen] < 0))


@pytest.mark.market_data
def test_what_closed_at_the_limit_on_5_february(market_data, params):
    """LD by bucket from index closes and s = 3.5 %, against stocks ranked by cap. Micro-caps overshoot:
    their boards differ (86 % of main-board names, 6 % of the others), so they call for s nearer 2.5 %."""
    shares = observed_limit_down(market_data)
    model = implied(params, 0.035)
    assert shares["csi1000"] == pytest.approx(model["csi1000"], abs=0.03)
    assert shares["csi2000"] == pytest.approx(model["csi2000"], abs=0.06)
    assert max(shares["csi300"], model["csi300"], shares["csi500"], model["csi500"]) < 0.05
    assert 0.05 < model["micro"] - shares["micro"] < 0.12
    assert implied(params, 0.025)["micro"] - shares["micro"] < 0.06


def implied(params, s):
    """Limit-down share by bucket at the latent returns that show those of 5 February, found by bisection."""
    seen = jax.jit(lambda m: limits.observe(params, m[:, None], jnp.full((5, 1), s)))
    low, high = np.full(5, -0.5), np.full(5, 0.5)
    for _ in range(50):
        middle = (low + high) / 2
        under = np.asarray(seen(middle).returns[:, 0]) < list(RETURNS_5_FEB.values())
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return dict(zip(BUCKETS, np.asarray(seen(low).limit_down[:, 0]).tolist(), strict=True))


def observed_limit_down(folder):
    import pandas as pd

    file = folder / "stock_close_shares_2021_2024q1.parquet"
    rows = pd.read_parquet(file, filters=[("date", "in", ["2024-02-02", "2024-02-05"])])
    close = rows.pivot(index="code", columns="date", values="close_raw_cents").dropna()
    shares = rows[rows.date == "2024-02-02"].set_index("code").total_shares_10k
    before, after = close["2024-02-02"].astype(float), close["2024-02-05"].astype(float)
    rank = (before * shares[close.index]).rank(ascending=False)
    board_20 = close.index.isin(
        [c for c in close.index if str(c).zfill(6)[:3] in ("300", "301", "688", "689")]
    )
    down = after <= (before * np.where(board_20, 0.8, 0.9)).round()
    edges = {"csi300": (0, 300), "csi500": (300, 800), "csi1000": (800, 1800), "csi2000": (1800, 3800)}
    edges["micro"] = (len(rank) - 400, len(rank))
    return {b: down[(rank > low) & (rank <= high)].mean() for b, (low, high) in edges.items()}
