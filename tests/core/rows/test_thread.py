"""A GPU's thread: what registers cannot hold has a place, the same bits come back, no more is held."""

import re
from itertools import pairwise

import jax
import numpy as np
import pytest
from jax import lax

from tailrisk.core import compiler
from tailrisk.core.rows import Kernel, read
from tailrisk.core.rows.homes import Home, Layout, settled
from tailrisk.core.rows.thread import Budget, Threaded

from .programs import EXACT, ROUNDED, WORLD, uniform

NUMBERS = np.arange(70, dtype=np.uint32)
TINY, LITTLE, MUCH = Budget(5, 0), Budget(12, 64), Budget(500, 4000)


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch):
    monkeypatch.setattr(compiler, "LEVEL", 1)
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        yield


def crowded(world, number):
    """A day with rounds inside: rows that wait over the rounds, a flag, a ring, a number all paths share.

    Of three books that rounds hand on one begins them as it is, one is doubled first, one is read afterwards.
    """
    x = uniform(number)

    def day(state, t):
        (a, b), books, called, count, rounded = state
        shared = world["table"][t & 3, 0] * world["level"]
        wide = [x * k + books[k % 5] for k in range(16)]

        def turn(inner, k):
            p, q, (c, d, e) = inner
            parts = [w * q for w in wide[3:12]]
            total = sum(parts)
            far = sum(s * (w + total) for s, w in zip(parts, wide[3:12], strict=True)) * 1e-3
            both = q + sum(wide[3:12]) * shared, p * 0.5 + books.sum(0) + far
            return (*both, (c * 0.5 + q, d - c, e + p * d)), None

        c, d, e = rounded
        (p, q, after), _ = lax.scan(turn, (a, b, (c, d * 2 - x, e * 0.25)), np.arange(3))
        books = books * 0.5 + jax.numpy.stack(wide[:5]) * p - wide[15] * q
        called = called | (p > q)
        count = count + called.astype(np.int32)
        seen = books[0] + sum(wide) + e, called
        return ((b, a + p), books, called, count, after), seen

    books = jax.numpy.stack([x + k for k in range(5)])
    start = ((x, -x), books, x > 2, jax.numpy.zeros_like(number, dtype=np.int32), (x, x + 1, x - 1))
    return lax.scan(day, start, np.arange(6))


def everything(world, number):
    return [function(world, number) for function in (*EXACT.values(), *ROUNDED.values(), crowded)]


@pytest.fixture(scope="module")
def program():
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"):
        return read(everything, WORLD)[0]


def regions(writer):
    return {home.region for home in writer.plan.homes if home.weight}


def live(text):
    """How many rows of a thread's text are held at once: from where each is made to where it is read last."""
    lines, ends, starts, loops, open_ = text.splitlines(), {}, {}, [], []
    for place, line in enumerate(lines):
        if "LOOP(" in line:
            open_.append(place)
        elif line.strip() == "}":
            loops.append((open_.pop(), place))
        for name in re.findall(r"\bx\d+\b", line):
            starts.setdefault(name, place)
            ends[name] = place
    for first, last in sorted(loops, key=lambda loop: loop[0] - loop[1]):
        for name in starts:
            if starts[name] < first < ends[name] < last:
                ends[name] = last
    change = np.zeros(len(lines) + 1, int)
    for name, start in starts.items():
        change[start] += 1
        change[ends[name]] -= 1
    return int(change.cumsum().max())


@pytest.mark.parametrize("budget", [TINY, LITTLE, Budget(20, 100), Budget(30, 100), Budget(38, 0)])
def test_no_more_is_held_than_registers(program, budget):
    writer = Threaded(program, budget)
    text = writer.text()
    assert budget.registers / 2 < live(text) <= budget.registers
    assert writer.plan.most <= budget.registers


def test_a_day_with_rounds_in_any_number_of_registers():
    program, _ = read(crowded, WORLD)
    for registers in range(4, 70):
        assert live(Threaded(program, Budget(registers, 0)).text()) <= registers


def test_what_fits_is_not_set_aside_but_for_memories(program):
    writer = Threaded(program, MUCH)
    assert "READ(" not in writer.text()
    assert writer.traffic() == (0, 0, 0)
    assert writer.layout.own == 0
    assert "NEAR(" in writer.text()


def test_shared_memory_is_taken_before_a_threads_own(program):
    without, some = Threaded(program, TINY), Threaded(program, Budget(5, 200))
    assert "own" in regions(without)
    assert some.layout.own < without.layout.own
    assert some.layout.shared <= 200
    assert some.traffic().own < without.traffic().own / 2, "what is read most often lies nearest"
    assert some.traffic().accesses == without.traffic().accesses
    assert {"words", "bytes", "warp", "own"} <= regions(some)


def test_a_warps_words_are_spread_over_its_threads():
    layout = Layout(words=10, bytes=5, warp=40, own=7)
    assert layout.shared == 4 * (10 + 2 + 2)
    assert layout.alone == 10 + 2 + 40


def test_places_are_not_shared_by_what_lives_at_once():
    random = np.random.default_rng(5)
    homes = []
    for lane in range(400):
        first, length, kind = (int(random.integers(low, high)) for low, high in ((0, 90), (1, 30), (0, 4)))
        homes.append(Home("fiub"[kind], lane % 5 > 0, first, first + length, kind + 1))
    layout = settled(homes, 200)
    assert layout.shared <= 200
    assert layout.own
    by_place = {}
    for home in homes:
        by_place.setdefault((home.region, home.slot), []).append(home)
    assert {region for region, _ in by_place} == {"words", "bytes", "warp", "own"}
    for (region, slot), there in by_place.items():
        assert slot < getattr(layout, region)
        assert region != "warp" or len(there) == 1
        there.sort(key=lambda home: home.first)
        assert all(a.last < b.first for a, b in pairwise(there))


@pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here")
def test_wherever_rows_lie_the_bits_are_the_same():
    """Also without any shared memory, and with so few registers that nearly all is set aside."""
    plain = jax.tree.leaves(Kernel(everything, WORLD)(WORLD, NUMBERS))
    for budget in (TINY, Budget(5, 400), LITTLE, MUCH):
        found = jax.tree.leaves(Kernel(everything, WORLD, budget=budget)(WORLD, NUMBERS))
        for a, b in zip(found, plain, strict=True):
            assert np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()
