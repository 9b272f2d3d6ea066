"""Running losses against a plain loop over one path, and where NAV is lost."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core.names import MEASURES
from tailrisk.tail import running


def plain(nav):
    """The four losses of one path, nav [day+1], by their definitions."""
    nav = np.array(nav, dtype=np.float64)
    for day in range(1, len(nav)):
        nav[day] = 0.0 if nav[day - 1] == 0 else max(nav[day], 0.0)
    days = range(1, len(nav))

    def fall(then, now):
        return 0.0 if then == 0 else 1 - now / then

    return [
        fall(nav[0], nav[-1]),
        max(fall(nav[d - 1], nav[d]) for d in days),
        max(fall(nav[max(d - 3, 0)], nav[d]) for d in days),
        max(fall(nav[: d + 1].max(), nav[d]) for d in days),
    ]


def through(nav):
    """Losses [measure, path] of nav [day+1, path] by the engine's steps."""
    state = running.init(nav[0])
    state, _ = jax.lax.scan(lambda s, n: (running.step(s, n), None), state, nav[1:])
    return running.losses(state)


@pytest.mark.parametrize("days", [1, 2, 3, 4, 20])
@pytest.mark.parametrize("dtype", [jnp.float64, jnp.float32])
def test_every_path_is_the_plain_loop(days, dtype):
    random = np.random.default_rng(days)
    nav = np.cumprod(1 + 0.05 * random.standard_t(3, size=(days + 1, 200)), axis=0)
    nav[0] = np.abs(nav[0])
    nav[1:, :20] = nav[1:, :20] * random.choice([1.0, 0.0, -1.0], size=(days, 20), p=[0.8, 0.1, 0.1])
    nav = jnp.asarray(nav, dtype)
    got = through(nav)
    assert got.dtype == dtype
    assert got.shape == (len(MEASURES), 200)
    expected = np.array([plain(np.asarray(nav)[:, path]) for path in range(200)]).T
    np.testing.assert_allclose(got, expected, atol=1e-12 if dtype == jnp.float64 else 2e-6)


def test_the_order_is_that_of_the_measures():
    nav = jnp.asarray([[1.0], [1.2], [0.9], [0.99], [0.81]])
    by_name = dict(zip(MEASURES, np.asarray(through(nav))[:, 0], strict=True))
    assert by_name["terminal"] == pytest.approx(0.19)
    assert by_name["worst_day"] == pytest.approx(0.25)
    assert by_name["worst_3_days"] == pytest.approx(1 - 0.81 / 1.2)
    assert by_name["max_drawdown"] == pytest.approx(1 - 0.81 / 1.2)


def test_a_rising_path_has_a_negative_worst_day_and_no_drawdown():
    terminal, day, three, drawdown = np.asarray(through(jnp.asarray([[1.0], [1.1], [1.21]])))[:, 0]
    assert terminal == pytest.approx(-0.21)
    assert day == pytest.approx(-0.1)
    assert three == pytest.approx(-0.1)
    assert drawdown == 0


@pytest.mark.parametrize("last", [0.0, -0.3])
def test_a_nav_that_touches_zero_has_lost_everything_and_stays_there(last):
    nav = jnp.asarray([[1.0], [0.5], [last], [7.0], [3.0], [9.0]])
    np.testing.assert_array_equal(np.asarray(through(nav))[:, 0], [1.0, 1.0, 1.0, 1.0])


def test_any_leading_axes_and_scale():
    nav = jnp.asarray(np.random.default_rng(1).uniform(0.5, 1.5, size=(6, 2, 3, 5)))
    losses = through(nav)
    assert losses.shape == (4, 2, 3, 5)
    np.testing.assert_allclose(through(1e4 * nav), losses, rtol=1e-12)
    np.testing.assert_array_equal(through(nav[:, 1, 2]), losses[:, 1, 2])
