"""Almgren and Chriss, Obizhaeva and Wang: the schedules are where their costs are least."""

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.intraday.closed import almgren_chriss, impact_cost, obizhaeva_wang, propagator


def test_almgren_chriss_solves_its_first_order_conditions():
    sell = almgren_chriss(10.0, 8, volatility=0.3, temporary=0.2, aversion=1.5)
    assert sell.sum() == pytest.approx(10.0)
    x = 10.0 - np.r_[0.0, np.cumsum(sell)]
    left = 0.2 * (2 * x[1:-1] - x[:-2] - x[2:]) + 1.5 * 0.3**2 * x[1:-1]
    assert np.abs(left).max() < 1e-12


def test_without_aversion_it_is_twap_and_with_much_immediate():
    np.testing.assert_allclose(almgren_chriss(6.0, 3, 0.3, 0.2, 0.0), 2.0)
    assert almgren_chriss(6.0, 3, 0.3, 0.2, 1e9)[0] == pytest.approx(6.0)


@pytest.mark.parametrize("remaining", [0.0, 0.4, 0.9])
def test_obizhaeva_wang_costs_least_among_schedules_near_it(remaining):
    best, price = obizhaeva_wang(5.0, 7, remaining), propagator(7, 0.0, remaining)
    assert best.sum() == pytest.approx(5.0)
    rng = np.random.default_rng(0)
    least = impact_cost(best, price)
    for _ in range(50):
        move = rng.normal(size=7) * 0.3
        assert impact_cost(best + move - move.mean(), price) > least


def test_a_lasting_impact_costs_the_same_however_it_is_split():
    price = propagator(6, 1.0, 0.5)
    even, at_once = np.full(6, 2.0), np.r_[12.0, np.zeros(5)]
    assert impact_cost(even, price) == pytest.approx(impact_cost(at_once, price)) == pytest.approx(72.0)


def test_bad_arguments_are_refused():
    with pytest.raises(InputError, match="temporary"):
        almgren_chriss(1.0, 3, 0.1, 0.0, 1.0)
    with pytest.raises(InputError, match="slices"):
        obizhaeva_wang(1.0, 0, 0.5)
    with pytest.raises(InputError, match="remaining"):
        obizhaeva_wang(1.0, 2, 1.5)
