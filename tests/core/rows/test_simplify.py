"""Fewer rows, the same numbers: what each simplification leaves out of the text, and that no number moves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tailrisk.core import compiler
from tailrisk.core.rows import Kernel, codes, read, source
from tailrisk.core.rows.interpret import interpret
from tailrisk.core.rows.program import Loop

from .programs import EXACT, ROUNDED, WORLD, uniform

NUMBERS = np.arange(64, dtype=np.uint32)
OFF = {
    "strength": np.array([0.0, 0.5, 0.0], np.float32),
    "one": np.float32(1.0),
    "on": np.array([False, True]),
    "table": np.zeros(3, np.float32),
}
"""A world in which much is switched off."""


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch):
    monkeypatch.setattr(compiler, "LEVEL", 1)
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        yield


def leaves(world):
    return [np.asarray(x) for x in jax.tree.leaves(world)]


def text(function, world=OFF, lifted=False, known=True):
    """What is written for `function` of such a world."""
    return source.body(read(function, world, codes(leaves(world)) if known else None, lifted)[0])


def numbers(function, world=OFF, known=True, lifted=True):
    """What comes out by jax.numpy."""
    program, _ = read(function, world, codes(leaves(world)) if known else None, lifted)
    return [np.asarray(x).tolist() for x in interpret(program, world, jnp.asarray(NUMBERS))]


LEFT_OUT = {
    "times zero": (lambda w, n: uniform(n) * w["strength"][0] + uniform(n), "FIXED"),
    "times one": (lambda w, n: uniform(n) * w["one"], "FIXED"),
    "over one": (lambda w, n: uniform(n) / w["one"], "/"),
    "zero over no zero": (lambda w, n: w["strength"][2] / w["strength"][1] + uniform(n), "/"),
    "zero over what is guarded": (
        lambda w, n: w["strength"][0] / jnp.where(uniform(n) > 0, uniform(n), 1.0),
        "/",
    ),
    "over a power of two": (lambda w, n: uniform(n) / 8, "/"),
    "a choice that is known": (lambda w, n: jnp.where(w["on"][0], jnp.exp(uniform(n)), uniform(n)), "exp_"),
    "a choice of the same": (lambda w, n: jnp.where(uniform(n) > 0, w["strength"][0], w["strength"][2]), ">"),
    "less a minus": (lambda w, n: uniform(n) + -jnp.exp(uniform(n)), "-x"),
    "twice turned": (lambda w, n: jnp.negative(-uniform(n)), "-x"),
    "exp of nothing": (lambda w, n: jnp.exp(w["strength"][0]) + uniform(n), "exp_"),
    "a flag put in a word and taken out": (
        lambda w, n: (jnp.where(uniform(n) > 0, np.uint32(4), np.uint32(0)) & np.uint32(4)) != 0,
        "&",
    ),
    "a flag made a number and compared": (lambda w, n: (uniform(n) > 0).astype(jnp.float32) > 0, "pick"),
    "a day of a table of zeros": (
        lambda w, n: lax.fori_loop(0, 3, lambda t, s: s + jnp.asarray(w["table"])[t], uniform(n)),
        "LOOP",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_known_is_not_written_and_no_number_moves(name):
    function, sign = LEFT_OUT[name]
    assert sign not in text(function)
    assert numbers(function) == numbers(function, known=False, lifted=False)
    expected = [np.asarray(x).tolist() for x in jax.tree.leaves(function(OFF, NUMBERS))]
    for mine, wanted in zip(numbers(function), expected, strict=True):
        np.testing.assert_allclose(np.reshape(mine, np.shape(wanted)), wanted, rtol=3e-7)


def test_nothing_is_known_of_other_numbers():
    """A half, a minus zero and no number at all are read and multiplied as ever."""
    world = OFF | {"strength": np.array([0.5, -0.0, np.nan], np.float32)}
    written = text(lambda w, n: [uniform(n) * w["strength"][k] for k in range(3)], world)
    assert written.count("FIXED") == 3


def empty(world, number):
    """Books that nobody has, marked every day; memory handed round; one that fills later."""

    def day(state, t):
        book, none, (old, older), late = state
        grown = none * (1 + book)
        late = jnp.where(t > 3, late + book, late)
        return (book * 1.5 + grown, grown, (older, old), late), late

    x = uniform(number)
    nothing = jnp.zeros_like(x)
    return lax.scan(day, (x, nothing, (nothing, nothing), nothing), jnp.arange(6))


def test_what_no_turn_changes_is_not_carried():
    program, _ = read(empty, OFF)
    (loop,) = (it for it in program.body if isinstance(it, Loop) and it.carried)
    assert len(loop.carried) == 2, "the book that is there, and the one that fills later"
    (state, seen) = jax.jit(empty)(OFF, NUMBERS)
    found = numbers(empty)
    for mine, wanted in zip(found, jax.tree.leaves((state, seen)), strict=True):
        np.testing.assert_allclose(np.reshape(mine, wanted.shape), wanted, rtol=1e-6)


def nested(world, number):
    """What a turn of the inner loop, or of the outer one, does not change."""
    x = uniform(number)

    def outer(total, day):
        def inner(state, t):
            return state * jnp.exp(x * world["strength"][1]) + jnp.log(9 + x * day) * world["strength"][
                1
            ], None

        return lax.scan(inner, total, jnp.arange(3))[0], None

    return lax.scan(outer, x, jnp.arange(4.0))[0]


def test_what_a_loop_does_not_change_is_computed_before_it():
    before, day, inner = text(nested, lifted=True).split("LOOP")
    assert "exp_" in before
    assert "log_" in day
    assert not {"exp_", "log_"} & set(inner.replace("(", " ").split())
    assert numbers(nested) == numbers(nested, lifted=False)


@pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here")
def test_kernels_of_the_simplified_rows_have_the_bits_of_the_others():
    def everything(world, number):
        return [function(world, number) for function in (EXACT | ROUNDED).values()]

    world = WORLD | {
        "table": WORLD["table"] * (np.arange(12).reshape(4, 3) % 3 != 1),
        "weight": np.float32([1, 0, 1.5]),
        "level": np.float32(1),
    }
    known = Kernel(everything, world, known=codes(leaves(world)))
    assert len(source.body(known.program)) < len(source.body(Kernel(everything, world).program))
    plain = jax.tree.leaves(Kernel(everything, world)(world, NUMBERS))
    for a, b in zip(jax.tree.leaves(known(world, NUMBERS)), plain, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(AssertionError, match="zeros"):
        known(WORLD, NUMBERS)
