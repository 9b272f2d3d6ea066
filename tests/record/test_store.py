"""The protocol every result folder is written by: refusals, locks, kills at any point, failing disks."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tailrisk.core import InputError, disk, seal
from tailrisk.record import store
from tailrisk.record.store import claimed, free, mended, replacing, rewriting, write_record

OPERATIONS = ("write", "sync", "rename")


def make(folder: Path, word: str) -> Path:
    """A small result whose content is `word`."""
    with replacing(folder, force=True) as scratch:
        disk.write(scratch / "table.csv", word)
        (scratch / "figures").mkdir()
        disk.write(scratch / "figures" / "a.svg", word)
        write_record(scratch, {"name": word})
    return folder


def content(folder: Path) -> str:
    """The word of an intact result."""
    assert seal.check(folder) == {"table.csv", "figures/a.svg", "record.json"}
    return (folder / "table.csv").read_text()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_file_is_sealed_as_sha256sum_reads_it(tmp_path):
    folder = make(tmp_path / "r", "new")
    assert content(folder) == "new"
    assert names(tmp_path) == ["r"]
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_any_flipped_bit_and_any_cut_is_seen_and_named(tmp_path):
    folder = make(tmp_path / "r", "new")
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        whole = path.read_bytes()
        changed = [whole[:-1], whole[: len(whole) // 2], b"", whole + b"\n"]
        for place in range(0, len(whole), 7 if path.name == seal.SUMS else 3):
            for bit in (1, 2, 16, 32):
                changed.append(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        for data in changed:
            path.write_bytes(data)
            with pytest.raises(InputError):
                seal.check(folder)
        path.write_bytes(whole)
        if path.name != seal.SUMS:
            path.write_bytes(whole + b" ")
            with pytest.raises(InputError, match=path.name):
                seal.check(folder)
            path.unlink()
            with pytest.raises(InputError, match=f"{path.name}: missing"):
                seal.check(folder)
            path.write_bytes(whole)
    (folder / seal.SUMS).unlink()
    with pytest.raises(InputError, match="not sealed"):
        seal.check(folder)


def test_a_seal_cannot_name_files_outside(tmp_path):
    folder = make(tmp_path / "r", "new")
    (tmp_path / "x").write_text("x")
    (folder / seal.SUMS).write_text(seal.text({"../x": seal.sha256(tmp_path / "x")}))
    with pytest.raises(InputError, match="damaged"):
        seal.check(folder)


class Stop(BaseException):
    """A kill at one operation, as far as Python can play one: nothing after it runs on the disk."""


class Failing:
    """The disk, failing at its n-th operation of the kinds counted, and from then on if `dead`."""

    def __init__(self, monkeypatch, at: int, error: BaseException, *, dead: bool) -> None:
        self.count, self.at, self.error, self.dead = 0, at, error, dead
        for name in (*OPERATIONS, "remove"):
            monkeypatch.setattr(disk, name, self.wrapped(name, getattr(disk, name)))

    def wrapped(self, name, real):
        def call(*arguments):
            if name == "remove":
                return None if self.dead and self.count >= self.at else real(*arguments)
            self.count += 1
            if self.count == self.at or (self.dead and self.count > self.at):
                raise self.error
            return real(*arguments)

        return call


def operations(tmp_path, monkeypatch, there) -> int:
    """How many operations writing a result takes, over an old one or none."""
    with monkeypatch.context() as patch:
        if there:
            make(tmp_path / "count", "old")
        counted = Failing(patch, 10**9, Stop(), dead=False)
        make(tmp_path / "count", "new")
    return counted.count


@pytest.mark.parametrize("error", [OSError(5, "EIO"), OSError(28, "ENOSPC"), KeyboardInterrupt(), Stop()])
@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_fails_anywhere_loses_nothing(tmp_path, monkeypatch, error, there):
    total = operations(tmp_path, monkeypatch, there)
    assert total > 11
    for at in range(1, total + 1):
        for dead in (False, True):
            place = tmp_path / f"{at}{dead}"
            folder = place / "r"
            if there:
                make(folder, "old")
            with monkeypatch.context() as patch:
                Failing(patch, at, error, dead=dead)
                with pytest.raises(type(error)):
                    make(folder, "new")
            found = mended(folder)
            if there:
                assert content(found) in ("old", "new"), (at, dead)
            elif found.exists():
                assert content(found) == "new"
            with claimed(place / "another"):
                pass
            assert set(names(place)) <= {"r"}, (at, dead)
            assert content(make(folder, "again")) == "again"
            assert names(place) == ["r"]


def test_a_kill_between_two_renames_is_mended_by_a_reader(tmp_path):
    folder = make(tmp_path / "r", "old")
    os.rename(folder, tmp_path / ".r.abcdefgh.old")
    assert content(mended(folder)) == "old"
    os.rename(folder, tmp_path / ".r.abcdefgh.old")
    os.rename(make(tmp_path / "far" / "x", "new"), tmp_path / ".r.12345678.tmp")
    assert content(mended(folder)) == "new", "sealed and ready: the replacement is finished"
    assert names(tmp_path) == ["far", "r"]


def test_leftovers_of_other_names_are_put_right_but_those_in_use(tmp_path):
    (tmp_path / ".a.abcdefgh.tmp").mkdir()
    (tmp_path / ".a.b.abcdefgh.tmp").mkdir()
    (tmp_path / ".gone.tailrisk-lock").write_text("")
    (tmp_path / ".other.lock").write_text("not ours")
    with claimed(tmp_path / "a.b"):
        (tmp_path / ".a.b.zzzzzzzz.tmp").mkdir()
        make(tmp_path / "r", "new")
        assert names(tmp_path) == [".a.b.tailrisk-lock", ".a.b.zzzzzzzz.tmp", ".other.lock", "r"]
    make(tmp_path / "r", "new")
    assert names(tmp_path) == [".other.lock", "r"]


def test_who_only_tidies_refuses_nobody(tmp_path):
    """One cell of a thousand failed: another worker held its lock while it looked for leftovers."""
    with ThreadPoolExecutor(1) as pool:
        begun = threading.Event()

        def tidies():
            with disk.locked(tmp_path / "r"):
                begun.set()
                time.sleep(0.2)

        looking = pool.submit(tidies)
        begun.wait()
        make(tmp_path / "r", "mine")
        looking.result()
    assert content(tmp_path / "r") == "mine"
    assert names(tmp_path) == ["r"]


def test_a_second_writer_is_refused_and_the_first_goes_on(tmp_path):
    folder = tmp_path / "r"
    with replacing(folder, force=False) as scratch:
        with pytest.raises(InputError, match="being written by another"):
            make(folder, "second")
        disk.write(scratch / "table.csv", "first")
        (scratch / "figures").mkdir()
        disk.write(scratch / "figures" / "a.svg", "first")
        write_record(scratch, {})
    assert content(folder) == "first"


def _writer(folder: str, word: str) -> None:
    for _ in range(30):
        try:
            make(Path(folder), word)
        except InputError as error:
            if "another tailrisk" not in str(error):
                raise


def _file_writer(path: str, word: str) -> None:
    for _ in range(100):
        disk.replace(Path(path), word * 1000)


@pytest.mark.parametrize("target", [_writer, _file_writer])
def test_writers_at_once_leave_one_whole_result(tmp_path, target):
    context = multiprocessing.get_context("spawn")
    words = ("a", "b", "c")
    processes = [context.Process(target=target, args=(str(tmp_path / "r"), word)) for word in words]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    if target is _writer:
        assert content(tmp_path / "r") in words
    else:
        assert set((tmp_path / "r").read_text()) in [{"a"}, {"b"}, {"c"}]
    assert names(tmp_path) == ["r"]


def test_a_real_kill_leaves_the_old_result_or_the_new(tmp_path):
    """SIGKILL at random times of a process that replaces the same result again and again."""
    folder = make(tmp_path / "r", "0" * 20_000)
    script = (
        "import sys; from pathlib import Path; from tests.record.test_store import make\n"
        "print('ready', flush=True)\n"
        "for k in range(10**6): make(Path(sys.argv[1]), str(k % 10) * 20_000)"
    )
    for k in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            cwd=Path(__file__).resolve().parents[2],
            stdout=subprocess.PIPE,
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.003 + 0.0171 * k)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert len(set(content(mended(folder)))) == 1
    make(folder, "end")
    assert names(tmp_path) == ["r"]


def test_what_can_be_refused_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    def computed(folder, *, force=False):
        with replacing(folder, force=force):
            raise AssertionError("computed")

    folder = make(tmp_path / "r", "old")
    with pytest.raises(InputError, match="is there already"):
        computed(folder)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be made"):
        computed(tmp_path / "file" / "r")
    with pytest.raises(InputError, match="not a result"):
        computed(tmp_path / "file", force=True)
    monkeypatch.setattr(store, "ROOM", 10**18)
    with pytest.raises(InputError, match="bytes free"):
        computed(tmp_path / "new")
    monkeypatch.undo()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="cannot be written to"):
        computed(tmp_path / "new")
    assert names(tmp_path) == ["file", "r"]


def test_a_result_that_lost_its_record_may_be_replaced_and_so_may_an_empty_folder(tmp_path):
    folder = make(tmp_path / "r", "old")
    (folder / "record.json").unlink()
    assert content(make(folder, "new")) == "new"
    (tmp_path / "empty").mkdir()
    free(tmp_path / "empty", force=False)
    assert content(make(tmp_path / "empty", "new")) == "new"


def test_a_link_to_a_result_stays_a_link(tmp_path):
    folder = make(tmp_path / "far" / "r", "old")
    (tmp_path / "link").symlink_to(folder)
    make(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert content(folder) == "new"


def test_a_damaged_result_is_not_written_again(tmp_path):
    folder = make(tmp_path / "r", "old")
    with rewriting(folder) as scratch:
        disk.write(scratch / "table.csv", "mended")
    assert content(folder) == "mended"
    (folder / "table.csv").write_text("flip")
    with pytest.raises(InputError, match=r"table\.csv: has changed"), rewriting(folder):
        raise AssertionError


def test_a_result_inside_keeps_its_seal_when_the_folder_around_is_rewritten(tmp_path):
    """Its record names the seal, so without it the result inside would be refused."""
    with (
        replacing(tmp_path / "outer", force=False) as scratch,
        replacing(scratch / "inner", force=False) as inside,
    ):
        write_record(inside, {"name": "inner"})
    with rewriting(tmp_path / "outer") as scratch:
        (scratch / "page.md").write_text("anew", encoding="utf-8")
    assert seal.intact(tmp_path / "outer")
    assert seal.intact(tmp_path / "outer" / "inner")
