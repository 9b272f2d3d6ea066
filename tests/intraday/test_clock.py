"""The trading day's seconds and its volume."""

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.intraday.clock import SECONDS, second, volume_curve


def test_seconds_run_through_both_sessions_without_lunch():
    assert second("09:30:00") == 0
    assert second("11:29:59") + 1 == second("13:00:00") == 7200
    assert second("14:59:59") == SECONDS - 1


@pytest.mark.parametrize("clock", ["09:29:59", "11:30:00", "12:00:00", "15:00:00", "noon"])
def test_other_times_are_refused(clock):
    with pytest.raises(InputError, match="time"):
        second(clock)


def test_the_volume_curve_has_the_first_minute_it_is_given_and_a_busy_close():
    curve = volume_curve(first_minute=0.063)
    assert curve.sum() == pytest.approx(1.0, abs=1e-12)
    assert curve[:60].sum() == pytest.approx(0.063, abs=1e-12)
    assert curve[-600:].sum() > 1.3 * curve[7000:7600].sum()
    np.testing.assert_allclose(volume_curve(240, 0.063), curve.reshape(240, 60).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize(("slices", "first"), [(0, 0.05), (14_401, 0.05), (240, 0.001), (240, 0.6)])
def test_curves_that_cannot_be_are_refused(slices, first):
    with pytest.raises(InputError):
        volume_curve(slices, first)
