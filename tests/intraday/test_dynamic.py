"""The dynamic programme against what is known in closed form."""

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.intraday.closed import almgren_chriss
from tailrisk.intraday.dynamic import schedule


def test_it_is_almgren_and_chriss_where_costs_are_theirs():
    eta, sigma, aversion = 0.2, 0.3, 2.0
    sold, least = schedule(
        1.0,
        np.ones(6),
        lambda t, x: eta * x**2,
        lambda t, h: aversion * sigma**2 * h**2,
        lambda h: 1e9 * h,
        points=601,
    )
    best = almgren_chriss(1.0, 6, sigma, eta, aversion)
    held = 1.0 - np.cumsum(best)
    exact = eta * (best**2).sum() + aversion * sigma**2 * (held**2).sum()
    assert least == pytest.approx(exact, rel=1e-4)
    np.testing.assert_allclose(sold, best, atol=4e-3)


def test_caps_bind_and_the_rest_is_unsold():
    sold, least = schedule(
        1.0, np.array([0.2, 0.3]), lambda t, x: 0 * x, lambda t, h: 0 * h, lambda h: h, points=11
    )
    np.testing.assert_allclose(sold, [0.2, 0.3])
    assert least == pytest.approx(0.5)


def test_bad_arguments_are_refused():
    with pytest.raises(InputError, match="schedule"):
        schedule(0.0, np.ones(2), lambda t, x: x, lambda t, h: h, lambda h: h)
