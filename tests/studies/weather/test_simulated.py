"""Paths of ordinary weather: drawn once, simulated with any crowd, and the same as a run's."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.simulate import day, path
from tailrisk.studies.weather.simulated import courses, drawn, simulated, watched
from tests.crowds import crowded

PATHS = 128


@pytest.fixture(scope="module", autouse=True)
def exact():
    with jax.enable_x64(True):
        yield


def test_the_days_are_those_of_a_run():
    world, numbers = crowded(), jnp.arange(PATHS, dtype=jnp.uint32)

    @jax.jit
    def run(world):
        step = partial(day.step, world)
        return path.over_days(
            step, path.begin(world, numbers), world.days, partial(path.draw, world, numbers)
        )

    last, returns = run(world)
    found = simulated(world, PATHS)
    np.testing.assert_allclose(found.returns, np.moveaxis(np.expm1(returns), -1, 0), atol=1e-12)
    np.testing.assert_allclose(found.spent, last.crowd.bought.sum(axis=0), atol=1e-9)
    during = jnp.stack([path.spreads(world, each) for each in returns])
    z = path.z_scores(world, path.before(world, numbers), during)[0]
    np.testing.assert_allclose(found.z, z.T, rtol=1e-6, atol=1e-6)


def test_what_comes_from_outside_does_not_know_the_crowd():
    world = crowded()
    calm = replace(
        world,
        crowd=replace(world.crowd, panic=replace(world.crowd.panic, strength=0 * world.crowd.panic.strength)),
    )
    one, other = drawn(world, PATHS)[0], drawn(calm, PATHS)[0]
    np.testing.assert_array_equal(one.exogenous, other.exogenous)
    np.testing.assert_array_equal(one.before, other.before)
    assert (
        courses(world.crowd, one, watched(world)).returns != courses(calm.crowd, one, watched(calm)).returns
    ).any()


def test_other_years_are_other_years():
    world = crowded()
    here, there = drawn(world, PATHS)[0], drawn(world, PATHS, PATHS)[0]
    assert (here.exogenous != there.exogenous).any()
