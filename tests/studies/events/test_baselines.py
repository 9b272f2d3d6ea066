"""The usual answers to a sigma event: their z by hand, and the Gaussian's in closed form."""

import numpy as np
import pytest

from tailrisk.core.calendar import YEAR
from tailrisk.studies.events import baselines


@pytest.mark.parametrize("days", [1, 5])
def test_z_is_the_move_over_the_days_before_it(days):
    spreads = np.random.default_rng(0).normal(0.001, 0.01, (270, 2))
    z = baselines.z_of(spreads, days)
    assert z.shape == (270 - baselines.WINDOW - days + 1, 2)
    for k in (0, 3):
        before = spreads[k : k + baselines.WINDOW]
        move = spreads[k + baselines.WINDOW : k + baselines.WINDOW + days].sum(axis=0)
        by_hand = (move - days * before.mean(axis=0)) / (before.std(axis=0, ddof=1) * np.sqrt(days))
        np.testing.assert_allclose(z[k], by_hand, rtol=1e-9)


def test_the_gaussians_year_is_that_of_simulated_gaussians():
    exact = baselines.gaussian(1, -3.0)
    simulated = baselines.simulate(lambda shape, g: g.normal(size=shape), 1, -3.0, 512, 7)
    assert simulated.low < exact.estimate < simulated.high


def test_garch_has_the_variance_of_its_long_run():
    parameters = np.array([0.1, 0.2, 0.1, 0.7, 8.0])
    days = baselines.garch_days(parameters, (400, 2000), np.random.default_rng(3))
    assert days.mean() == pytest.approx(0.1, abs=0.01)
    assert days.var() == pytest.approx(0.2 / (1 - 0.8), rel=0.03)


def test_a_pareto_tail_counts_spells_not_days():
    z = np.random.default_rng(4).standard_exponential(40 * YEAR)
    spells = np.repeat(np.random.default_rng(4).standard_exponential(20 * YEAR), 2)
    assert baselines.beyond(spells, 8.0) < baselines.beyond(z, 8.0)
