"""Styles whose loadings move: the same bits for any chunk, by rows as by XLA, in scenarios and books."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core import compiler
from tailrisk.market import ladder, memory, styles
from tailrisk.optimise import paths
from tailrisk.simulate import blocks, path, rows
from tests import memories
from tests.worlds import world

DAYS, PATHS = 4, 128
QUICK = {"xla_backend_optimization_level": 0}
NAMES = ["a", "b", "c"]


def moving(gain=0.2):
    """Three styles whose loadings follow, on a ladder with memory; call it where precision is chosen."""
    it = world("float64" if jax.config.jax_enable_x64 else "float32", days=DAYS, detectors=())
    array = lambda x: jnp.asarray(np.asarray(x, np.float64), it.dtype)  # noqa: E731
    rng, variance = np.random.default_rng(6), np.full(3, 4e-6)
    root = np.tril(rng.normal(size=(2, 3, 3)) * 0.2 + np.eye(3))
    weight = np.array([[0.2], [0.3], [0.4], [0.0], [0.1]]) * np.ones(3)
    weight[[0, 4]] *= variance
    named = {
        "mean": 0,
        "phi": 0.1,
        "kappa": 0.5,
        "leverage": 0.1,
        "inverse": 1 / (3 * 4e-6),
        "cap": 16 * 4e-6,
    }
    filter_ = {name: array(np.full(3, x)) for name, x in (named | {"low": -1e3, "high": 1e3}).items()}
    law = styles.Memory(
        filter=memory.Filter(weight=array(weight), **filter_),
        ladder=ladder.Params(
            affine=array(np.concatenate([np.zeros((2, 3, 1)), root], axis=2)), inverse_nu=array(0.1)
        ),
        start=memory.State(
            row=jnp.zeros(1, jnp.int32),
            square=array(np.full((3, 3, 1), 4e-6)),
            common=array([1.0]),
            trend=array(np.zeros((3, 1))),
            last=array(np.zeros((3, 1))),
        ),
        adaptive=None
        if gain is None
        else styles.Adaptive(
            gain=array(gain), persistence=array(0.98), start=array(rng.normal(size=(3, 5)) * 0.1)
        ),
    )
    process = jax.tree.map(
        lambda x: x.astype(it.dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x, memories.params()
    )
    return replace(it, process=process, styles=replace(it.styles, memory=law))


def test_bits_do_not_depend_on_the_chunk(as_shipped):
    it = moving()
    (_, one), (_, two) = (next(iter(blocks.blocks(it, 512, chunk=n))) for n in (512, 256))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not one.fault.any()


def test_books_and_scenarios_follow_the_same_loadings():
    """Both move with the loadings, and a style's scenario is what a course of the same paths adds up to."""
    it = moving()
    scenarios = {
        gain: paths.simulate(replace(it, styles=moving(gain).styles), PATHS, NAMES) for gain in (0.2, None)
    }
    course = path.course(it, jnp.arange(PATHS, dtype=jnp.uint32))
    np.testing.assert_allclose(
        scenarios[0.2].style, np.asarray(course.style).sum(axis=0), rtol=1e-9, atol=1e-12
    )
    assert (abs(scenarios[0.2].style - scenarios[None].style) > 1e-5).mean() > 0.9
    np.testing.assert_array_equal(scenarios[0.2].bucket, scenarios[None].bucket)


@pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here")
def test_the_kernel_of_rows_reads_them(monkeypatch):
    monkeypatch.setattr(compiler, "LEVEL", 1)
    with jax.enable_x64(False):
        it, numbers = moving(), np.arange(PATHS, dtype=np.uint32)
        ordinary = jax.jit(path.outcome, compiler_options=QUICK)(it, jnp.asarray(numbers))
        kernel = rows.computed(blocks.plain, it, None, numbers)
        still = jax.jit(path.outcome, compiler_options=QUICK)(moving(None), jnp.asarray(numbers))
    np.testing.assert_allclose(1 - kernel.loss, 1 - np.asarray(ordinary.loss), rtol=1e-5, atol=1e-6)
    assert (abs(np.asarray(still.loss) - np.asarray(ordinary.loss)).max(axis=(0, 1)) > 1e-4).any()
