"""The polynomials against the delta they stand for, read between their own nodes."""

import numpy as np
import pytest

from tailrisk.core.calendar import YEAR
from tailrisk.crowd.autocall import delta
from tailrisk.crowd.snowball import ALIVE, KNOCKED_IN
from tailrisk.crowd.snowball_curve import CAP, fit
from tests.snowballs import NOTE, surface

MONTHS = (2, 3, 4, 6, 8, 10, 12, 15, 18, 21)


@pytest.fixture(scope="module")
def curve():
    return fit(NOTE, surface())


def row(months):
    return round(months * YEAR / 12) - 1


def errors(piece, coefficients, rows, months, cap):
    """Largest over a fine grid of the range: polynomial less the mean delta of ten days either side."""
    u = np.linspace(piece.low, piece.high, 1001)
    mean = rows[row(months) - 10 : row(months) + 11].mean(axis=0)
    truth = np.interp(u, surface().spot / NOTE.knock_in, mean)
    ours = np.polynomial.polynomial.polyval(u - piece.centre, coefficients[row(months)])
    return np.abs(np.minimum(ours, cap) - np.minimum(truth, cap)).max()


@pytest.mark.parametrize("cap", [1.5, 2.0, CAP])
@pytest.mark.parametrize("months", MONTHS)
def test_delta_before_knock_in_under_any_cap(curve, months, cap):
    error = errors(ALIVE, curve.alive, delta(surface())[0], months, cap)
    assert error < 0.03
    assert error < curve.alive_error[row(months)] + 0.001  # what it says of itself


@pytest.mark.parametrize("months", MONTHS)
def test_delta_after_knock_in(curve, months):
    error = errors(KNOCKED_IN, curve.knocked_in, delta(surface())[1], months, np.inf)
    assert error < 0.04
    assert error < curve.knocked_in_error[row(months)] + 0.001


def test_the_last_month_is_worse_and_says_so(curve):
    assert 0.02 < curve.alive_error[row(1)] < 0.1
    assert 0.1 < curve.alive_error.max() < 0.4


def test_knock_in_lowers_the_delta_at_every_life(curve):
    at_barrier = np.polynomial.polynomial.polyval(ALIVE.low - ALIVE.centre, curve.alive.T)
    after = np.polynomial.polynomial.polyval(1 - KNOCKED_IN.centre, curve.knocked_in.T)
    assert (np.minimum(at_barrier, 2.0) > after + 0.3).all()
