"""Kernels of rows by the machine's own compiler: the same bits for any level, lanes and chunk."""

import jax
import numpy as np
import pytest
from scipy import special

from tailrisk.core import InputError, compiler
from tailrisk.core.rows import Kernel, source

from .programs import EXACT, ROUNDED, WORLD

if compiler.find() is None:
    pytest.skip("no C++ compiler is here", allow_module_level=True)

NUMBERS = np.arange(100, dtype=np.uint32)


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch):
    monkeypatch.setattr(compiler, "LEVEL", 1)
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        yield


def everything(world, number):
    return [function(world, number) for function in (EXACT | ROUNDED).values()]


def words(tree):
    """The bits of every array."""
    return [np.ascontiguousarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


@pytest.fixture(scope="module")
def made():
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        return Kernel(everything, WORLD, level=1)(WORLD, NUMBERS)


def test_a_kernel_computes_the_program(made):
    expected = jax.tree.leaves(jax.jit(everything)(WORLD, NUMBERS))
    for row, wanted in zip(jax.tree.leaves(made), expected, strict=True):
        assert row.shape == wanted.shape
        assert row.dtype == wanted.dtype
        np.testing.assert_allclose(row, wanted, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize(("level", "lanes"), [(0, 16), (2, 8), (3, 4), (2, 1)])
def test_bits_do_not_depend_on_level_or_lanes(made, level, lanes):
    """One lane is the text that a thread of a GPU runs."""
    again = Kernel(everything, WORLD, level=level, lanes=lanes)
    assert words(again(WORLD, NUMBERS)) == words(made)


def test_bits_do_not_depend_on_the_chunk(made):
    kernel = Kernel(everything, WORLD)
    parts = [kernel(WORLD, NUMBERS[first : first + 7]) for first in range(0, 100, 7)]
    for whole, *pieces in zip(jax.tree.leaves(made), *map(jax.tree.leaves, parts), strict=True):
        joined = np.concatenate(pieces, axis=-1) if whole.ndim else pieces[0]
        assert joined.tobytes() == np.ascontiguousarray(whole).tobytes()


def test_another_world_of_the_same_shape_needs_no_compiling(monkeypatch):
    kernel = Kernel(EXACT["arithmetic"], WORLD)
    other = WORLD | {"level": np.float32(0.2)}
    expected = jax.jit(EXACT["arithmetic"])(other, NUMBERS)
    np.testing.assert_allclose(kernel(other, NUMBERS)[0], expected[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("exp", -87, 88),
        ("expm1", -20, 88),
        ("log", 1e-37, 1e38),
        ("log1p", -0.999, 1e6),
        ("erf", -5, 5),
        ("sqrt", 0, 9),
    ],
)
def test_functions_are_within_units_of_the_last_place(name, low, high):
    """Against float64; and what is no number, infinite or out of range comes out as IEEE would have it."""
    count = 4096
    spread = np.geomspace(max(low, 1e-37), high, count) if name == "log" else np.linspace(low, high, count)
    near = np.geomspace(1e-8, 0.5, count) if name != "log" else 1 + np.linspace(-0.4, 0.4, count)
    x = np.concatenate([spread, near, -near if low < 0 else near]).astype(np.float32)
    function = jax.lax.erf if name == "erf" else getattr(jax.numpy, name)
    kernel = Kernel(lambda world, number: function(jax.numpy.take(world, number.astype(np.int32))), x)
    with np.errstate(all="ignore"):
        exact = (special.erf if name == "erf" else getattr(np, name))(x.astype(np.float64))
    found = kernel(x, np.arange(len(x), dtype=np.uint32))
    error = np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32))
    assert error.max() < (6 if name == "erf" else 3)


def test_the_ends_of_functions():
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 89.0, -200.0, -1.0], np.float32)
    names = ("exp", "expm1", "log", "log1p", "sqrt")
    kernel = Kernel(
        lambda w, n: [getattr(jax.numpy, f)(jax.numpy.take(w, n.astype(np.int32))) for f in names], x
    )
    with np.errstate(all="ignore"):
        for name, found in zip(names, kernel(x, np.arange(8, dtype=np.uint32)), strict=True):
            np.testing.assert_allclose(found, getattr(np, name)(x), rtol=1e-6, err_msg=name)


def test_extrema_pass_on_what_is_no_number():
    x = np.array([np.nan, 1.0, 2.0], np.float32)

    def extrema(world, number):
        other = number.astype(np.float32) * 0 + world[1]
        return [f(world[k] + 0 * other, other) for f in (jax.lax.max, jax.lax.min) for k in (0, 2)]

    found = [float(row[0]) for row in Kernel(extrema, x)(x, NUMBERS)]
    assert found[1::2] == [2.0, 1.0]
    assert np.isnan(found[::2]).all()


@pytest.mark.parametrize("lanes", [1, 8, 16])
def test_extrema_of_a_number_that_is_known_pass_on_what_is_none(lanes):
    """One instruction, whichever of the two is known; the other is handed on where it is no number."""
    x = np.array([np.nan, -3.0, 3.0], np.float32)

    def extrema(world, number):
        mine = jax.numpy.take(world, (number % np.uint32(3)).astype(np.int32))
        one = jax.numpy.ones_like(mine)
        return jax.lax.max(mine, one), jax.lax.max(one, mine), jax.lax.min(mine, one), jax.lax.min(one, mine)

    kernel = Kernel(extrema, x, lanes=lanes)
    assert source.body(kernel.program).count("higher(") == 2
    *high, low, last = kernel(x, NUMBERS[:3])
    np.testing.assert_array_equal(high, np.float32([[np.nan, 1, 3]] * 2))
    np.testing.assert_array_equal([low, last], np.float32([[np.nan, -3, 1]] * 2))


def test_without_a_compiler_it_is_refused(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match="no-such-compiler") as refused:
        Kernel(EXACT["arithmetic"], WORLD)
    assert refused.value.place == "run.backend"


def test_what_does_not_compile_is_refused_with_the_compilers_words():
    with pytest.raises(InputError, match="error"):
        compiler.library("nonsense", compiler.wanted())


def test_libraries_are_stored_for_the_next_process(tmp_path, monkeypatch):
    monkeypatch.setenv("TAILRISK_COMPILED", str(tmp_path / "mine"))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    Kernel(EXACT["integers"], WORLD)
    (stored,) = (tmp_path / "mine").glob("rows-*/*.so")
    monkeypatch.setattr(compiler, "_compiled", None)
    Kernel(EXACT["integers"], WORLD)
    assert stored.parent.stat().st_mode & 0o777 == 0o700
