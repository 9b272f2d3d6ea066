"""Compiled programs that outlast the process: where, for whom, and what several processes leave."""

import os
import stat
import subprocess
import sys
import time

import pytest

from tailrisk.core import InputError, compiled, disk

ONE = """
import sys, jax, jax.numpy as jnp
from tailrisk.core import compiled
compiled.SECONDS = 0.0
compiled.keep()
hits = []
jax.monitoring.register_event_listener(lambda name, **_: hits.append(name.rsplit("/", 1)[1]))
print(jax.jit(lambda x: jnp.sin(x) * 3 + x**2)(jnp.arange(7.0)).tolist())
print("cache_hits" in hits)
"""


def process(folder, *, wait=True):
    """A process that compiles one program with the store in `folder`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    environment = kept | {"TAILRISK_COMPILED": str(folder), "JAX_PLATFORMS": "cpu"}
    it = subprocess.Popen([sys.executable, "-c", ONE], env=environment, stdout=subprocess.PIPE, text=True)
    return it.communicate()[0].split("\n") if wait else it


def test_a_second_process_compiles_nothing_and_has_the_same_digits(tmp_path):
    folder = tmp_path / "mine"
    first, second = process(folder), process(folder)
    assert (first[1], second[1]) == ("False", "True")
    assert first[0] == second[0]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [it.name for it in folder.iterdir()] == [compiled.key()], "no folder of a process is left"


def test_several_processes_at_once_leave_whole_entries(tmp_path):
    both = [process(tmp_path / "mine", wait=False) for _ in range(2)]
    assert {it.communicate()[0].split("\n")[0] for it in both} == {process(tmp_path / "mine")[0]}
    assert process(tmp_path / "mine")[1] == "True"


def test_what_a_process_compiled_is_renamed_into_the_store_whole(tmp_path):
    store = compiled.private(tmp_path / "compiled", tmp_path / "compiled" / "key")
    disk.write(store / "old-cache", b"old")
    mine = compiled._process(store)
    assert [it.name for it in mine.iterdir()] == ["old-cache"]
    disk.write(mine / "new-cache", b"new")
    assert not (store / "new-cache").exists()
    compiled.finish(store, mine)
    assert {it.name: it.read_bytes() for it in store.iterdir()} == {"old-cache": b"old", "new-cache": b"new"}
    assert not mine.exists()


def test_the_oldest_entries_go_beyond_the_limit_and_abandoned_folders_after_a_week(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "LIMIT", 25)
    store = compiled.private(tmp_path / "key")
    for age, name in ((300, "a"), (200, "b"), (100, "c")):
        disk.write(store / f"{name}-cache", b"0123456789")
        os.utime(store / f"{name}-cache", times=(time.time() - age,) * 2)
    left = compiled._process(store)
    os.utime(left, times=(time.time() - 8 * 86400,) * 2)
    mine = compiled._process(store)
    assert not left.exists()
    compiled.finish(store, mine)
    assert sorted(it.name for it in store.iterdir()) == ["b-cache", "c-cache"]


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"TAILRISK_COMPILED": "off"}, None),
        ({"TAILRISK_COMPILED": "/x/y"}, "/x/y"),
        ({"JAX_COMPILATION_CACHE_DIR": "/z"}, None),
        ({"JAX_COMPILATION_CACHE_DIR": "/z", "TAILRISK_COMPILED": "/x/y"}, None),
    ],
)
def test_the_option_and_jax_own_setting_decide(environment, where):
    found = compiled.place(environment)
    assert (None if found is None else found.as_posix()) == where
    assert (str(where) in compiled.described(environment)) == (where is not None)


@pytest.mark.skipif(sys.platform != "linux", reason="the custom of other systems")
def test_without_an_option_it_is_the_users_folder_of_caches():
    assert compiled.place({"XDG_CACHE_HOME": "/c"}).as_posix() == "/c/tailrisk/compiled"


def test_another_jax_has_another_folder(monkeypatch):
    here = compiled.key()
    monkeypatch.setattr(compiled, "version", lambda name: "9.9")
    assert compiled.key() != here
    assert compiled.key().startswith("9.9-9.9-")


def test_a_folder_that_cannot_be_had_is_refused_by_the_name_of_the_option(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="TAILRISK_COMPILED"):
        compiled.keep({"TAILRISK_COMPILED": str(tmp_path / "file" / "below")})
    assert compiled.keep({"XDG_CACHE_HOME": str(tmp_path / "file")}) is None, "by default it goes without"
