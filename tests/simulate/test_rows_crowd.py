"""A day with a crowd by one kernel of rows: it has rows, and they are the ordinary program's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import compiler
from tailrisk.core.rows import Kernel, read, source
from tailrisk.core.rows.thread import Budget, Threaded
from tailrisk.simulate import path
from tests.core.rows.test_thread import live

DAYS = ["run.days=3", "event=[]", "accounts.every_path=false"]
QUICK = {"xla_backend_optimization_level": 0}
BORDER = 0.02
"""Share of paths, three days on, that may have fallen the other way at a threshold."""


@pytest.fixture
def crowded():
    with jax.enable_x64(False):
        yield assemble(load("crowd_feb2024.toml", DAYS))


def test_it_has_rows_and_they_are_written_once(crowded):
    with path.day_by_day():
        program, _ = read(path.outcome, crowded)
    text = source.body(program)
    assert text.count("LOOP") == 2, "the days, and the rounds in a day"
    assert 5_000 < len(text.splitlines()) < 13_000
    thread = Threaded(program, Budget(200, 1200))
    assert 150 < live(thread.text()) <= 200
    assert thread.layout.shared <= 1200
    moved = thread.traffic()
    assert moved.own / 3 < 9_000, "bytes a path-day: most of the state, once there and back"


@pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here")
def test_its_paths_are_the_ordinary_ones_and_bits_stay(crowded):
    """In vectors and as a GPU's thread: a row stored in place too early was seen by this comparison alone."""
    numbers = np.arange(256, dtype=np.uint32)
    with path.day_by_day():
        vector, thread = (Kernel(path.outcome, crowded, level=0, lanes=lanes) for lanes in (16, 1))
    found, alone = vector(crowded, numbers), thread(crowded, numbers)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(alone), strict=True):
        assert np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()
    ordinary = jax.jit(path.outcome, compiler_options=QUICK)(crowded, jnp.asarray(numbers))
    off = np.abs((1 - found.loss) / (1 - np.asarray(ordinary.loss)) - 1)
    assert (off > 1e-5).any(axis=(0, 1, 2)).mean() <= BORDER
    assert (found.crowd.called != np.asarray(ordinary.crowd.called)).any(axis=0).mean() <= BORDER
    assert not found.fault.any()
