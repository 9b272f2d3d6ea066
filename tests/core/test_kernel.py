"""One kernel: the compiler keeps the marked call, nothing inside it is marked, and a walk's bits stay."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tailrisk.core.kernel import MARK, one_kernel

pytestmark = pytest.mark.skipif(jax.default_backend() != "cpu", reason="the mark is for a CPU")


def walk(x):
    def one_day(state, t):
        after = jnp.where(state > 0, jnp.sin(state) + t, jnp.exp(state))  # `where` is a call of its own
        return after, after

    return lax.scan(one_day, x, jnp.arange(5.0))


def test_the_compiled_program_is_one_call():
    """The mark does nothing unless it reaches the compiled program; calls inside are inlined as ever.

    Newer XLA makes a small loop within the call a call of its own: a part of the same machine function.
    """
    compiled = jax.jit(one_kernel(walk)).lower(jnp.ones(64)).compile().as_text()
    entry = compiled[compiled.index("ENTRY") :]
    (call,) = [line for line in entry.splitlines() if " call(" in line]
    assert all(f'{name}="{value}"' in call for name, value in MARK.items())
    assert set(re.findall(r" = [^=]*?[\])}] ([\w-]+)\(", entry)) <= {"parameter", "copy", "call"}
    inside = [line for line in compiled.splitlines() if " call(" in line and line != call]
    assert all("to_apply=%while" in line and "inlineable" not in line for line in inside)


def test_bits_are_those_of_many_kernels():
    x = jnp.linspace(-1, 1, 64)
    for one, many in zip(jax.jit(one_kernel(walk))(x), jax.jit(walk)(x), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(many).tobytes()
