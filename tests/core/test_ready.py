"""Programs that are loaded without being traced: when they are, when they must not be, damaged ones."""

import os
import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core import compiled, disk, ready
from tailrisk.core.arrays import accumulate, put, take
from tailrisk.crowd import own
from tailrisk.market import spread
from tailrisk.simulate import blocks
from tests.crowds import crowded

TOTAL, ROWS = jax.jit(accumulate), jax.jit(take, static_argnames="places")
X = np.arange(6.0).reshape(3, 2)

pytestmark = pytest.mark.skipif(
    jax.default_backend() != "cpu" or len(jax.devices()) > 1, reason="stored for a single CPU"
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The folder of a process with a store."""
    monkeypatch.setattr(compiled, "_PROCESS", [tmp_path])
    monkeypatch.setattr(ready, "_READY", {})
    return tmp_path


@pytest.fixture
def another(monkeypatch):
    """Begin as another process would, which is told off where it traces."""

    def begin(*, traces):
        monkeypatch.setattr(ready, "_READY", {})
        lowered = ready._lowered if traces else lambda *_: pytest.fail("traced again")
        monkeypatch.setattr(ready, "_lowered", lowered)

    return begin


def test_the_second_process_traces_nothing_and_has_the_same_bits(store, another):
    first = ready.ready(TOTAL, X)(X)
    (entry,) = store.iterdir()
    assert entry.match(compiled.ENTRY), "it is moved into the store with the others"
    another(traces=False)
    again = ready.ready(TOTAL, X)
    assert np.asarray(again(X)).tobytes() == np.asarray(first).tobytes()
    assert ready.ready(TOTAL, X) is again


def test_static_arguments_are_those_of_a_partial(store, another):
    chosen = partial(ROWS, places=(2, 0))
    assert (np.asarray(ready.ready(chosen, X)(X)) == X[[2, 0]]).all()
    another(traces=False)
    assert (np.asarray(ready.ready(chosen, X)(X)) == X[[2, 0]]).all()


def test_a_name_is_of_all_that_tracing_reads(monkeypatch):
    chosen = partial(ROWS, places=(2, 0))
    names = [ready.key(TOTAL, (X,)), ready.key(TOTAL, (X.astype(np.float32),)), ready.key(TOTAL, (X[:2],))]
    names += [ready.key(chosen, (X,)), ready.key(partial(ROWS, places=(0, 2)), (X,))]
    names += [ready.key(TOTAL, ((X, None),)), ready.key(jax.jit(put), (X,))]
    with jax.numpy_dtype_promotion("standard"):
        names.append(ready.key(TOTAL, (X,)))
    monkeypatch.setenv("XLA_FLAGS", "--other")
    names.append(ready.key(TOTAL, (X,)))
    monkeypatch.setattr(ready, "_code", lambda: "another version")
    names.append(ready.key(TOTAL, (X,)))
    assert None not in names
    assert len(set(names)) == len(names)


def test_what_others_wrote_is_traced(store):
    """Its code may change between two processes, and no name would tell."""
    mine = jax.jit(lambda x: x + 1)
    assert ready.ready(mine, X) is mine
    stranger = spread.Params(small=SimpleNamespace(), large=0, window=1, days=1, mean_removed=True)
    assert ready.key(TOTAL, ((X, stranger),)) is None
    law = own.Law(lambda params, paths: (), lambda params, state, seen: (state, seen.returns))
    assert ready.key(TOTAL, (own.Params(own=(), law=law),)) is None
    assert list(store.iterdir()) == []


def test_the_day_of_a_shipped_crowd_can_be_stored():
    world = crowded("run.precision=float32")
    numbers = np.zeros(blocks.NARROW, np.uint32)
    name = ready.key(blocks._with_course, (world, numbers))
    assert name is not None
    assert name == ready.key(blocks._with_course, (crowded("run.precision=float32", "run.seed=9"), numbers))
    assert name != ready.key(blocks._with_course, (crowded("run.precision=float32", "run.days=9"), numbers))


def test_a_damaged_entry_is_made_again(store, another):
    whole = np.asarray(ready.ready(TOTAL, X)(X))
    (entry,) = store.iterdir()
    good = entry.read_bytes()
    for damage in (good[:-1], good[:50] + bytes([good[50] ^ 1]) + good[51:], b""):
        disk.write(entry, damage)
        another(traces=True)
        assert (np.asarray(ready.ready(TOTAL, X)(X)) == whole).all()
        assert ready._loaded(entry, TOTAL) is not None


def test_without_a_store_the_program_is_what_it_was(monkeypatch):
    monkeypatch.setattr(compiled, "_PROCESS", [])
    assert ready.ready(TOTAL, jnp.ones(3)) is TOTAL


def test_what_came_out_of_jaxs_own_store_is_not_written_again(tmp_path):
    """After a change of code alone a second command once loaded programs without their machine code."""
    line = [
        sys.executable,
        "-m",
        "tailrisk",
        "run",
        "smoke.toml",
        "--quiet",
        "--force",
        "-o",
        str(tmp_path / "out"),
    ]
    line += [
        "--set",
        "run.paths=256",
        "--set",
        "run.days=2",
        "--set",
        "tail.levels=[0.9]",
        "--set",
        "event=[]",
    ]
    kept = {compiled.OPTION: str(tmp_path / "store")}
    environment = {name: value for name, value in os.environ.items() if name != compiled.THEIRS} | kept

    def written():
        subprocess.run(line, env=environment, check=True, capture_output=True)
        return set((tmp_path / "store").rglob("*ready*"))

    first = written()
    assert first
    for path in first:
        path.unlink()  # as if the package's code had another digest
    assert not written(), "these come from JAX's entries"
    written()


def test_an_entry_without_its_machine_code_is_removed_and_the_program_traced(store, another, monkeypatch):
    whole = np.asarray(ready.ready(TOTAL, X)(X))
    (entry,) = store.iterdir()

    def gone(*_):
        raise jax.errors.JaxRuntimeError("NOT_FOUND: Function add not found (type id: 1)")

    monkeypatch.setattr("jax.experimental.serialize_executable.deserialize_and_load", lambda *_: gone)
    another(traces=False)
    assert (np.asarray(ready.ready(TOTAL, X)(X)) == whole).all()
    assert not entry.exists()
