"""One manager's slippage: the law's arithmetic and its limits."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.market import slippage


@pytest.fixture
def params():
    return slippage.Params(scale=jnp.array(1.0), half_spread=jnp.array(0.0004), stamp=jnp.array(0.0005))


def cost(params, quantity, volume=100.0, volatility=0.02):
    return float(slippage.cost(params, *(jnp.array(x, jnp.float64) for x in (quantity, volume, volatility))))


def test_a_hundredth_of_the_volume_costs_a_tenth_of_a_day(params):
    assert cost(params, 1.0) == pytest.approx(0.1 * 0.02 + 0.0004, rel=1e-12)


def test_four_times_the_order_costs_twice_the_impact(params):
    bare = replace(params, half_spread=jnp.array(0.0), stamp=jnp.array(0.0))
    assert cost(bare, 4.0) == pytest.approx(2 * cost(bare, 1.0), rel=1e-12)


def test_only_sells_pay_stamp_duty(params):
    assert cost(params, -1.0) - cost(params, 1.0) == pytest.approx(0.0005, rel=1e-9)


def test_without_scale_spread_and_duty_remain(params):
    flat = replace(params, scale=jnp.array(0.0))
    assert cost(flat, 50.0) == pytest.approx(0.0004)
    assert cost(flat, -50.0) == pytest.approx(0.0009)


def test_the_law_alone_cannot_make_5_february(params):
    """Micro-caps fell 14 %: at a volatility of 1.7 % that would take 68 days of volume (mechanism 3.2)."""
    days = (0.14 / 0.017) ** 2
    assert days == pytest.approx(68, abs=1)
    bare = replace(params, half_spread=jnp.array(0.0), stamp=jnp.array(0.0))
    assert cost(bare, days * 100.0, volatility=0.017) == pytest.approx(0.14, rel=1e-12)


def test_a_halted_market_is_dear_not_undefined(params):
    assert cost(params, 0.0, volume=0.0) == pytest.approx(0.0004)
    assert np.isfinite(cost(params, -1.0, volume=0.0))
