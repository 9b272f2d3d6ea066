"""The fence changes nothing but the compiler's mind."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core.fence import fence


@pytest.mark.parametrize("jitted", [False, True])
def test_what_passes_is_unchanged_bit_for_bit(jitted):
    x = {"a": jnp.asarray([1.5, -0.0, jnp.inf]), "b": (jnp.asarray([[2.0]], jnp.float32),)}
    y = (jax.jit(fence) if jitted else fence)(x)
    assert jax.tree.structure(x) == jax.tree.structure(y)
    for before, after in zip(jax.tree.leaves(x), jax.tree.leaves(y), strict=True):
        assert np.asarray(before).tobytes() == np.asarray(after).tobytes()


def test_a_first_entry_that_is_not_a_number_passes_too():
    x = jnp.asarray([jnp.nan, 1.0])
    assert np.asarray(jax.jit(fence)(x)).tobytes() == np.asarray(x).tobytes()


def test_on_a_cpu_it_stays_in_the_program():
    compiled = jax.jit(lambda x: jnp.sin(fence(jnp.cos(x)))).lower(jnp.ones(8)).compile().as_text()
    assert "conditional(" in compiled
