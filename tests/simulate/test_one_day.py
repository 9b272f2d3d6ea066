"""A horizon of one day: jaxlib 0.10.2 aborts on it as one kernel, and takes the process with it."""

import numpy as np

from tailrisk.assemble.world import assemble
from tailrisk.config.load import load
from tailrisk.optimise.paths import simulate
from tailrisk.simulate import blocks, tape


def world(config: str, days: int):
    return assemble(load(config, [f"run.days={days}", "event=[]"]))


def test_one_day_is_the_first_of_two():
    one, two = world("feb2024.toml", 1), world("feb2024.toml", 2)
    [(_, alone)] = blocks.blocks(one, 256, chunk=128)
    assert np.isfinite(alone.loss).all()
    first, both = tape.tapes(one, 0, 256), tape.tapes(two, 0, 256)
    np.testing.assert_allclose(first.days.returns[0], both.days.returns[0], atol=1e-6)
    earned = simulate(one, 256, ()).bucket
    np.testing.assert_allclose(earned, first.days.returns[0], atol=1e-6)


def test_a_crowd_has_one_day_too():
    [(_, alone)] = blocks.blocks(world("crowd_feb2024.toml", 1), 128, chunk=128)
    assert alone.loss.shape[-1] == 128
    assert np.isfinite(alone.loss).all()
