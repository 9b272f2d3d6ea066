"""A jaxpr read row by row, computed by jax.numpy: the ordinary program's numbers, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tailrisk.core import InputError
from tailrisk.core.rows import read, scans
from tailrisk.core.rows.interpret import interpret

from .programs import EXACT, ROUNDED, WORLD

NUMBERS = jnp.arange(96, dtype=jnp.uint32)


@pytest.fixture(autouse=True)
def _in_float32():
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        yield


def interpreted(function):
    program, shapes = read(function, WORLD)
    rows = jax.jit(lambda world, numbers: interpret(program, world, numbers))(WORLD, NUMBERS)
    return rows, jax.tree.leaves(shapes)


@pytest.mark.parametrize("name", [*EXACT, *ROUNDED])
def test_rows_are_the_ordinary_programs(name):
    function = (EXACT | ROUNDED)[name]
    rows, _ = interpreted(function)
    expected = jax.tree.leaves(jax.jit(function)(WORLD, NUMBERS))
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        np.testing.assert_allclose(np.asarray(row).reshape(wanted.shape), wanted, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda world, number: lax.sort(number), "sort"),
        (lambda world, number: number.astype(jnp.float32).sum(), "reduce_sum"),
        (lambda world, number: jnp.stack([number, number]).reshape(-1), "reshape"),
        (lambda world, number: jnp.cumsum(world["weight"])[:, None] + number.astype(jnp.float32), "cumsum"),
        (lambda world, number: number.astype(jnp.float16), "convert_element_type"),
        (lambda world, number: lax.iota(jnp.int32, number.shape[0]), "iota"),
    ],
)
def test_what_has_no_rows_is_refused_by_name(function, named):
    with pytest.raises(InputError, match=named) as refused:
        read(function, WORLD)
    assert refused.value.place == "run.backend"
    assert "xla" in refused.value.allowed


def test_numbers_of_another_width_are_refused():
    with jax.enable_x64(True), pytest.raises(InputError, match="float64"):
        read(lambda world, number: number * 2, {"x": np.float64(1.0)})


def test_a_loop_written_in_a_form_that_is_not_known_is_refused_by_the_name_of_jax():
    closed = jax.make_jaxpr(lambda x: lax.scan(lambda s, y: (s + y, s), x, jnp.ones(3)))(1.0)
    (loop,) = (eqn for eqn in closed.jaxpr.eqns if eqn.primitive.name == "scan")
    assert scans.scan(loop.params)[2:] == (0, 1, 3, False)
    unknown = {name: x for name, x in loop.params.items() if name not in ("num_consts", "ft_in")}
    with pytest.raises(InputError, match=f"JAX {jax.__version__}"):
        scans.scan(unknown)


def test_nothing_is_written_that_no_output_needs():
    program, _ = read(lambda world, number: (jnp.exp(number.astype(jnp.float32)), number + 1)[1], WORLD)
    from tailrisk.core.rows import source

    assert "exp_" not in source.body(program)
