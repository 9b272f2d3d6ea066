"""The statistics of ordinary weather on series whose answer is known."""

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.studies.weather.config import Target, read_targets
from tailrisk.studies.weather.measure import Books, Weather, excess, spells, statistics, windows
from tailrisk.studies.weather.table import table

BOOKS = Books(weights={"mix": (np.array([0.5, 0.0, 0.0, 0.5]), 1)}, large=0, middle=1, watched=2, smallest=3)


def quiet(paths=3, days=242):
    return np.zeros((paths, days, 4))


def seen(returns, **more):
    return statistics(Weather(returns=returns, **more), BOOKS)


def test_windows_compound():
    found = windows(np.full((1, 5, 1), 0.1), 3)[0, :, 0]
    np.testing.assert_allclose(found, np.full(3, 1.1**3 - 1), rtol=1e-12)


def test_excess_is_the_book_over_its_benchmark_in_percent():
    returns = quiet(1, 9)
    returns[0, 4] = [-0.02, 0.01, 0.0, -0.06]
    np.testing.assert_allclose(excess(returns, *BOOKS.weights["mix"]), [[-5.0]], rtol=1e-12)


def test_nothing_happens_in_a_quiet_year():
    found = seen(quiet())
    assert found["mix_sd"] == 0
    assert found["rout_15"] == 0
    assert found["mix_years_below_3"] == 0
    assert np.isnan(found["rout_20_large_stays"])
    assert "discount_days" not in found


@pytest.mark.parametrize(("fall", "counted"), [(-0.21, (1, 1, 0)), (-0.19, (1, 0, 0)), (-0.26, (1, 1, 1))])
def test_a_rout_is_counted_once_at_its_depth(fall, counted):
    returns = quiet(2)
    returns[0, 100:103, 3] = (1 + fall) ** (1 / 3) - 1
    found = seen(returns)
    assert tuple(round(2 * found[f"rout_{depth}"]) for depth in (15, 20, 25)) == counted


def test_a_rout_says_how_deep_it_went():
    returns = quiet(2)
    returns[0, 100:103, 3] = 0.64 ** (1 / 3) - 1
    returns[1, 100:103, 3] = 0.76 ** (1 / 3) - 1
    found = seen(returns)
    assert found["rout_20_mean"] == pytest.approx(30.0)
    assert found["rout_20_beyond_35"] == 0.5


def test_routs_closer_than_twenty_days_are_one():
    marked = np.full((1, 100), np.nan)
    marked[0, [10, 25, 46]] = [-0.2, -0.3, -0.2]
    assert spells(marked) == [(0, 25), (0, 46)]


@pytest.mark.parametrize(("large", "stays"), [(-0.039, 1.0), (-0.041, 0.0)])
def test_ice_and_fire_is_a_rout_in_which_the_large_stay(large, stays):
    returns = quiet(1)
    returns[0, 100:103, 3] = -0.09
    returns[0, 98, 0] = large  # within the nine days that end the day after the three
    assert seen(returns)["rout_20_large_stays"] == stays
    returns[0, 98, 0], returns[0, 90, 0] = 0.0, large
    assert seen(returns)["rout_20_large_stays"] == 1.0


def test_years_are_whole_years():
    returns = quiet(1, 484)
    returns[0, 300, 3] = -0.12
    found = seen(returns)
    assert found["mix_years_below_5"] == 0.5
    assert found["siphon_years_above_15"] == 0.0


def test_what_only_a_crowd_has():
    found = seen(
        quiet(2),
        discount=np.array([[0.3] * 121 + [0.1] * 121, [0.0] * 242]),
        fired=np.array([[1.0, 0.0, 0.0], [2.0, 1.0, 0.0]]),
        spent=np.array([242.0, 0.0]),
    )
    assert found["discount_days"] == pytest.approx(25.0)
    assert found["stage_1_per_decade"] == pytest.approx(15.0)
    assert found["stage_3_per_decade"] == 0
    assert found["spent_in_60_days"] == pytest.approx(30.0)


def test_a_target_says_how_far_off_a_value_is():
    target = Target(label="x", low=1.0, high=3.0)
    assert [target.off(x) for x in (1.0, 3.0, 4.0, 0.0)] == [0, 0, 0.5, 0.5]
    assert target.off(float("nan")) == 1.0


def test_the_librarys_targets_are_statistics_and_a_wrong_name_is_refused():
    targets = read_targets()
    full = dict.fromkeys(targets.target, 0.0)
    assert len(table(full, targets)) == len(targets.target)
    full.pop("rout_20")
    with pytest.raises(InputError, match="rout_20"):
        table(full, targets)
