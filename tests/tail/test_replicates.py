"""The interval of independent replicates: it covers, it is cut, and nothing seen bounds nothing."""

import numpy as np
import pytest

from tailrisk.core import InputError
from tailrisk.tail import replicate_interval


def test_the_interval_covers_as_often_as_it_says():
    draws = np.random.default_rng(3).gamma(4.0, 0.25, (2000, 16))
    found = [replicate_interval(row, confidence=0.9, most=np.inf) for row in draws]
    covered = np.mean([it.low <= 1 <= it.high for it in found])
    assert abs(covered - 0.9) < 0.025
    assert found[0].estimate == pytest.approx(draws[0].mean())


def test_it_stays_a_chance():
    few = replicate_interval([0.0] * 9 + [0.9], confidence=0.95)
    assert few.low == 0
    assert few.high < 1
    assert (few.tail_points, few.indicative) == (1, True)
    assert replicate_interval([0.9, 1.0], confidence=0.95).high == 1
    none = replicate_interval([0.0] * 10, confidence=0.95)
    assert np.isnan(none.estimate)
    assert (none.low, none.high) == (0, 1)


@pytest.mark.parametrize("bad", [[0.1], [0.1, -0.1], [[0.1, 0.2]], [0.1, np.nan]])
def test_what_is_no_set_of_replicates_is_refused(bad):
    with pytest.raises(InputError):
        replicate_interval(bad)
