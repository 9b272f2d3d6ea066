"""ES near a law: the closed form, the law that attains it, linear programs over transports, slopes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from tailrisk.core.errors import InputError
from tailrisk.optimise import of_factors, of_returns
from tailrisk.optimise.robust import robust_shortfall, worst_law
from tailrisk.optimise.tuner import shortfall_of
from tailrisk.tail import expected_shortfall

RNG = np.random.default_rng(7)
LOSS = RNG.standard_t(4, 200)


@pytest.mark.parametrize("level", ["0.9", "0.975", "0.983"])
@pytest.mark.parametrize("radius", [0.0, 0.01, 0.2])
def test_a_law_within_the_ball_attains_the_bound(level, radius):
    """Its cost is the mean move in standard deviations; 0.983 of 200 has a scenario in part."""
    bound = robust_shortfall(LOSS, level=level, radius=radius)
    moved, weight = worst_law(LOSS, level=level, radius=radius)
    assert_allclose(weight @ np.abs(moved - np.tile(LOSS, 2)) / LOSS.std(), radius, rtol=1e-9, atol=1e-12)
    assert_allclose(weight.sum(), 1.0)
    some = weight > 1e-15
    found = expected_shortfall(moved[some], weight[some] / weight[some].sum(), level=level)
    assert_allclose(found, bound, rtol=1e-10)


def test_no_transport_to_a_grid_does_better():
    """The largest ES over laws on a grid within the ball, by linear programs: close to the bound from below.

    ES is a maximum over densities, so that for a tail of mass t the program is: choose the mass pi_ij from
    scenario i to place j, and the part of it u_ij that is in the tail.
    """
    loss = np.array([-1.0, -0.4, 0.0, 0.2, 0.5, 1.1])
    sd, radius, tail = loss.std(), 0.08, 0.25
    places = np.linspace(-1.5, 4.0, 221)
    far = np.abs(places[None] - loss[:, None]) / sd
    n, m = far.shape
    gain = np.broadcast_to(places, (n, m)).ravel() / tail
    size = n * m  # unknowns: pi, then u <= pi with sum u = tail
    equal = np.zeros((n + 1, 2 * size))
    for i in range(n):
        equal[i, i * m : (i + 1) * m] = 1
    equal[n, size:] = 1
    below = np.hstack([-np.eye(size), np.eye(size)])
    cost = np.concatenate([far.ravel(), np.zeros(size)])[None]
    done = linprog(
        np.concatenate([np.zeros(size), -gain]),
        A_ub=np.vstack([below, cost]),
        b_ub=np.append(np.zeros(size), radius),
        A_eq=equal,
        b_eq=np.append(np.full(n, 1 / n), tail),
        method="highs",
    )
    bound = robust_shortfall(loss, level=0.75, radius=radius)
    assert -done.fun <= bound + 1e-9
    assert -done.fun >= bound - 0.03  # the grid is 0.025 wide
    assert bound > expected_shortfall(loss, level=0.75) + 0.1


@pytest.mark.parametrize("kind", ["assets", "factors"])
def test_slopes_are_those_of_the_value(kind):
    if kind == "assets":
        scenarios = of_returns(0.02 * RNG.standard_normal((3, 501)))
    else:
        scenarios = of_factors(
            RNG.standard_normal((3, 2)),
            0.02 * RNG.standard_normal((2, 501)),
            specific=np.array([0.01, 0.02, 0.0]),
        )
    holding = np.array([0.5, 0.2, -0.4])
    value, slope = shortfall_of(scenarios, holding, "0.95", 0.1)
    assert_allclose(value, robust_shortfall(scenarios.losses(holding), level=0.95, radius=0.1), rtol=1e-10)
    for k in range(3):
        step = 1e-7 * np.eye(3)[k]
        ends = [shortfall_of(scenarios, holding + s * step, "0.95", 0.1)[0] for s in (1, -1)]
        assert_allclose(slope[k], (ends[0] - ends[1]) / 2e-7, rtol=2e-3, atol=1e-5)


def test_a_radius_below_zero_is_refused():
    with pytest.raises(InputError, match="radius"):
        robust_shortfall(LOSS, level=0.95, radius=-0.1)
