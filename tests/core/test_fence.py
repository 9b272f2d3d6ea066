"""Fences change no bit, no gradient and no batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core.fence import clause, fence, fenced

ODD = [np.nan, 1.0, -0.0, 0.0, np.inf, -np.inf, 1e-310, -2.5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("first", range(len(ODD)))
def test_every_bit_passes_whatever_comes_first(dtype, first):
    x = np.roll(np.asarray(ODD, dtype), -first)
    y = np.arange(6.0, dtype=dtype).reshape(2, 3)
    out, other = jax.jit(lambda a, b: fence((a, b)))(x, y)
    assert np.asarray(out).tobytes() == x.tobytes()
    assert np.asarray(other).tobytes() == y.tobytes()


def test_gradients_and_batches_pass():
    x = jnp.asarray([1.0, -2.0, 3.0])
    assert jax.grad(lambda a: jnp.sum(fence(a * a)))(x).tolist() == [2.0, -4.0, 6.0]
    assert jax.jvp(lambda a: fence(a * a), (x,), (x,))[1].tolist() == [2.0, 8.0, 18.0]
    assert jax.vmap(fence)(x[:, None]).tolist() == x[:, None].tolist()


def test_a_clause_is_what_it_computes_whatever_comes_first():
    def both(a, b):
        return a + 1.0, {"double": 2.0 * b}

    for first in (np.nan, np.inf, 3.0):
        x, y = jnp.asarray([first, 1.0]), jnp.arange(3.0)
        out, other = jax.jit(lambda a, b: clause(both)(a, b))(x, y)
        assert np.asarray(out).tobytes() == np.asarray(x + 1.0).tobytes()
        assert other["double"].tolist() == [0.0, 2.0, 4.0]


def test_a_fenced_function_is_what_it_computes_and_keeps_its_name():
    @fenced
    def halves(a, *, by):
        """By two."""
        return a / by, {"by": a * by}

    out, other = jax.jit(lambda a: halves(a, by=2.0))(jnp.asarray([jnp.nan, 3.0]))
    assert np.asarray(out).tobytes() == np.asarray([np.nan, 1.5], out.dtype).tobytes()
    assert other["by"][1] == 6.0
    assert (halves.__name__, halves.__doc__) == ("halves", "By two.")


def test_gradients_and_batches_pass_a_clause():
    x = jnp.asarray([1.0, -2.0, 3.0])

    def square(a):
        return a * a

    assert jax.grad(lambda a: jnp.sum(clause(square)(a)))(x).tolist() == [2.0, -4.0, 6.0]
    assert jax.vmap(lambda a: clause(square)(a))(x[:, None]).tolist() == [[1.0], [4.0], [9.0]]
