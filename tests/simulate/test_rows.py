"""Paths by one kernel of rows: the ordinary program's within rounding, bits for any block, weights too."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core import InputError, compiler
from tailrisk.core.rows import read
from tailrisk.core.rows.interpret import interpret
from tailrisk.market import spread
from tailrisk.rare import importance
from tailrisk.simulate import blocks, path, rows
from tests.rare.test_importance import pushed
from tests.rare_worlds import bare
from tests.worlds import world

PATHS = 600
QUICK = {"xla_backend_optimization_level": 0}
BORDER = 2e-3
"""Share of paths that may fall the other way at a margin or a threshold: rounding moves them over it."""
needs_compiler = pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here")


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch):
    monkeypatch.setattr(compiler, "LEVEL", 1)
    with jax.enable_x64(False):
        yield


@pytest.fixture(scope="module")
def both():
    """A world with everything but a crowd: its outcomes by XLA, and by rows as a run asks for them."""
    with jax.enable_x64(False):
        it = world("float32")
        ordinary = jax.jit(path.outcome, compiler_options=QUICK)(it, jnp.arange(PATHS, dtype=jnp.uint32))
        ((first, kernel),) = blocks.blocks(replace(it, backend="rows"), PATHS, chunk=64)
    assert first == 0
    return it, jax.tree.map(np.asarray, ordinary), kernel


@needs_compiler
def test_every_path_is_the_ordinary_programs_within_rounding(both):
    _, ordinary, kernel = both
    assert jax.tree.structure(ordinary) == jax.tree.structure(kernel)
    np.testing.assert_allclose(1 - kernel.loss, 1 - ordinary.loss, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(kernel.z, ordinary.z, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(kernel.shortfall, ordinary.shortfall, rtol=1e-5, atol=1e-6)
    assert (kernel.breached != ordinary.breached).mean() <= BORDER
    assert ((kernel.z < -2) != (ordinary.z < -2)).any(axis=(0, 1)).mean() <= BORDER
    assert ordinary.breached.any(), "nobody met a margin: the case tests nothing"


@needs_compiler
def test_a_paths_bits_depend_on_its_number_alone(both):
    it, _, kernel = both
    some = np.array([599, 3, 3, 77, 512], np.uint32)
    again = rows.computed(blocks.plain, it, None, some)
    for whole, part in zip(jax.tree.leaves(kernel), jax.tree.leaves(again), strict=True):
        assert np.ascontiguousarray(whole[..., some]).tobytes() == np.ascontiguousarray(part).tobytes()


@needs_compiler
def test_courses_end_where_the_outcomes_do(both):
    it, _, kernel = both
    course = blocks.courses(replace(it, backend="rows"), 40)
    ordinary = blocks.courses(it, 40)
    np.testing.assert_allclose(course.nav[-1], 1 - kernel.loss[0, 0][:, :40], rtol=0, atol=1.2e-7)
    assert (course.regime == ordinary.regime).all()
    np.testing.assert_allclose(course.price, ordinary.price, atol=1e-6)


@needs_compiler
def test_weighted_paths_have_the_ordinary_weights():
    it = bare(
        "float32", days=4, detectors=(spread.Params(small=2, large=0, window=9, days=1, mean_removed=True),)
    )
    law = pushed(it)
    numbers = np.arange(128, dtype=np.uint32)
    kernel = rows.computed(importance.outcome, it, law, numbers)
    ordinary = jax.jit(importance.outcome, compiler_options=QUICK)(it, law, numbers)
    np.testing.assert_allclose(kernel.weight, ordinary.weight, rtol=2e-5)
    np.testing.assert_allclose(1 - kernel.loss, 1 - ordinary.loss, rtol=1e-5)
    assert ordinary.weight.std() > 0.1


def test_the_rows_themselves_need_no_compiler():
    """The same rows computed by jax.numpy."""
    it = bare(
        "float32", days=3, detectors=(spread.Params(small=2, large=0, window=5, days=1, mean_removed=True),)
    )
    with path.day_by_day():
        program, shapes = read(lambda it, number: path.outcome(it, number), it)
    numbers = jnp.arange(64, dtype=jnp.uint32)
    found = jax.jit(lambda it: interpret(program, it, numbers), compiler_options=QUICK)(it)
    ordinary = jax.jit(path.outcome, compiler_options=QUICK)(it, numbers)
    assert len(found) == len(jax.tree.leaves(shapes))
    for row, wanted in zip(found, jax.tree.leaves(ordinary), strict=True):
        np.testing.assert_allclose(np.asarray(row).reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-5)


def test_drawing_day_by_day_moves_no_bit():
    it, numbers = bare("float32", days=5), jnp.arange(32, dtype=jnp.uint32)
    segments = jax.jit(lambda it: path.prices(it, numbers))(it)
    with path.day_by_day():
        days = jax.jit(lambda it: path.prices(it, numbers))(it)
    np.testing.assert_allclose(days, segments, rtol=1e-6)
    assert path.segment_length(60) == 60


def test_float64_and_accelerators_are_refused(monkeypatch):
    with jax.enable_x64(True), pytest.raises(InputError, match="float64"):
        rows.kernel(blocks.plain, world("float64", seed=3), None)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with pytest.raises(InputError, match="gpu"):
        rows.kernel(blocks.plain, world("float32"), None)
