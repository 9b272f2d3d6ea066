"""Paths of a world with memory: the same bits for any chunk, and a warm-up the path goes on from."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.market import process
from tailrisk.optimise import paths
from tailrisk.simulate import blocks, path
from tailrisk.simulate.settle import settle
from tests import memories
from tests.worlds import world


def numbers(n):
    return jnp.arange(n, dtype=jnp.uint32)


def remembering(**kwargs):
    return replace(world(days=6), process=memories.params(**kwargs))


@pytest.mark.parametrize("continues", [False, True])
def test_bits_do_not_depend_on_the_chunk(continues, as_shipped):
    it = remembering(continues=continues, limit=0.1)
    (_, one), (_, two) = (next(iter(blocks.blocks(it, 256, chunk=n))) for n in (4096, 1024))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not one.fault.any()


def test_a_path_of_the_long_run_begins_where_its_warm_up_ended():
    it = remembering(continues=True)
    warm, _ = path.warmed(it, numbers(4))
    begun = path.begin(it, numbers(4)).process
    for a, b in zip(jax.tree.leaves(warm), jax.tree.leaves(begun), strict=True):
        np.testing.assert_array_equal(a, b)
    apart = path.begin(remembering(), numbers(4)).process
    assert np.asarray(apart.common).tolist() == [1.0] * 4
    assert (np.asarray(begun.common) != 1.0).all()


def test_settled_states_forget_where_they_began():
    law, stream = memories.params(limit=0.1), world().streams.own
    states = settle(law, stream, 256, 400)
    wide = replace(
        law, filter=replace(law.filter, inverse=law.filter.inverse / 4)
    )  # begins from four times v
    again = settle(wide, stream, 256, 400)
    ratio = float(np.median(again.square[0, 0])) / float(np.median(states.square[0, 0]))
    assert 0.5 < ratio < 2.0
    assert process.pictured(law, states).max() == 2, "some are in stress"


def test_one_day_of_memory_is_simulated_and_its_bits_do_not_depend_on_the_chunk(as_shipped):
    """jaxlib 0.10.2 ends the process on it as one kernel (blocks.compiled)."""
    it = replace(world(days=1, detectors=()), process=memories.params())
    (_, one), (_, two) = (next(iter(blocks.blocks(it, 256, chunk=n))) for n in (256, 128))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not one.fault.any()
    earned = paths.simulate(it, 256, ["a", "b", "c"])
    assert np.isfinite(earned.bucket).all()
    assert earned.bucket.std() > 0


def single():
    """Residuals of one law, as the fit to a short history may choose."""
    two = memories.params(nu=30.0)
    one = jnp.ones(1)
    return replace(
        two,
        regimes=replace(two.regimes, cumulative=one[None], start=one),
        ladder=replace(two.ladder, affine=two.ladder.affine[:1]),
        long_run=one,
    )


@pytest.mark.parametrize("detectors", [(), None])
def test_memory_of_one_regime_is_simulated(detectors):
    """jaxlib 0.10.2 ends the process on it as one kernel (blocks.compiled)."""
    made = world(days=5) if detectors is None else world(days=5, detectors=detectors)
    it = replace(made, process=single())
    (_, one), (_, two) = (next(iter(blocks.blocks(it, 256, chunk=n))) for n in (256, 128))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not one.fault.any()
