"""The disk that fails on purpose, and what is asked after it did."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from experiments.faults.commands import Command
from tailrisk.core import InputError, disk, seal
from tailrisk.record.store import mended

OPERATIONS = ("write", "sync", "rename", "remove", "beside")
FAULTS = ("EIO once", "EIO from there on", "disk full from there on", "kill")
VOLATILE = (
    "created",
    "wall_seconds",
    "path_days_per_second",
    "command",
    "ensemble_sha256",
    "commit",
    "dirty",
)


@contextmanager
def failing(fault: str, at: int) -> Iterator[list[int]]:
    """The disk's operations, failing at number `at`; yields how many there were."""
    count, real = [0], {name: getattr(disk, name) for name in OPERATIONS}

    def wrapped(name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            count[0] += 1
            if count[0] == at or (count[0] > at and "from there on" in fault):
                fail(name, arguments)
            return real[name](*arguments)

        return call

    def fail(name: str, arguments: tuple[Any, ...]) -> None:
        if name == "remove" and fault != "kill":
            return  # what cannot be deleted is no error: it stays
        if name == "write":
            data = arguments[1].encode() if isinstance(arguments[1], str) else arguments[1]
            real["write"](arguments[0], data[: len(data) // 2])
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if "full" in fault and name not in ("write", "beside"):
            return
        number = errno.ENOSPC if "full" in fault else errno.EIO
        raise OSError(number, os.strerror(number), str(arguments[0]))

    try:
        for name in OPERATIONS:
            setattr(disk, name, wrapped(name))
        yield count
    finally:
        for name in OPERATIONS:
            setattr(disk, name, real[name])


def operations(command: Command, work: Path, there: bool) -> int:
    """How many operations the writing takes."""
    with prepared(command, work, there) as store, failing("none", 10**9) as count:
        command.write(store, "new")
    return count[0]


@contextmanager
def prepared(command: Command, work: Path, there: bool) -> Iterator[Path]:
    """A store of its own, with the old result or empty."""
    store = work / "store"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(command.stores["old"], store) if there else store.mkdir(parents=True)
    yield store
    shutil.rmtree(store, ignore_errors=True)


def disturbed(command: Command, work: Path, fault: str, at: int, there: bool) -> str:
    """What is seen after one fault, and after the same command again."""
    with prepared(command, work, there) as store:
        if fault == "kill":
            forked(lambda: with_fault(command, store, fault, at))
        else:
            with_fault(command, store, fault, at)
        return after(command, store, there)


def with_fault(command: Command, store: Path, fault: str, at: int) -> None:
    """One writing that fails."""
    with failing(fault, at):
        try:
            command.write(store, "new")
        except (OSError, InputError):
            return


def forked(*writers: Callable[[], None]) -> None:
    """Each in a process of its own, all at once."""
    children = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX's threads do not write
        for writer in writers:
            child = os.fork()
            if child == 0:
                try:
                    writer()
                finally:
                    os._exit(0)
            children.append(child)
    for child in children:
        os.waitpid(child, 0)


def two_writers(command: Command, work: Path) -> str:
    """What is seen after two processes wrote the same result."""
    with prepared(command, work, True) as store:

        def write(word: str) -> Callable[[], None]:
            return lambda: with_fault_free(command, store, word)

        forked(write("old"), write("new"))
        return after(command, store, True)


def with_fault_free(command: Command, store: Path, word: str) -> None:
    """One writing that may be refused because another is at it."""
    try:
        command.write(store, word)
    except InputError as error:
        if "another tailrisk" not in str(error):
            raise


def killed(command: Command, work: Path, share: float) -> str:
    """What is seen after the real command was killed at this share of its time."""
    timed(command, work)
    with prepared(command, work, True) as store:
        words = [sys.executable, "-m", "tailrisk", *command.line(store)]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(command.seconds[0] * share)
        process.kill()
        process.wait()
        return after(command, store, True)


def at_random(command: Command, work: Path, trials: int) -> list[str]:
    """What is seen after the writer was killed at a random time of its writing, over an old result."""
    random, seen = np.random.default_rng(1), []
    with prepared(command, work, True) as store:
        begun = time.perf_counter()
        command.write(store, "new")
        took = time.perf_counter() - begun
    for _ in range(trials):
        with prepared(command, work, True) as store:
            _killed_after(float(random.uniform(0, 1.1 * took)), command, store)
            seen.append(after(command, store, True))
    return seen


def _killed_after(seconds: float, command: Command, store: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX's threads do not write
        child = os.fork()
    if child == 0:
        try:
            command.write(store, "new")
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def timed(command: Command, work: Path) -> None:
    """Time the real command once, left alone; its result names itself and is one more that may be seen."""
    if command.seconds:
        return
    place = work / "undisturbed" / command.name / "real"
    place.mkdir()
    for _ in range(2):  # the first compiles
        begun = time.perf_counter()
        words = [sys.executable, "-m", "tailrisk", *command.line(place)]
        subprocess.run(words, check=True, capture_output=True)
        command.seconds[:] = [time.perf_counter() - begun]
    command.real = content(place / command.target)


def after(command: Command, store: Path, there: bool) -> str:
    """Words for what a reader sees now, and after the same command again."""
    first = state(command, store)
    seen = [first]
    if first == "none" and there:
        seen.append("lost")
    command.write(store, "new")
    if state(command, store) != "new":
        seen.append("differs after")
    if {path.name for path in store.iterdir()} != {path.name for path in command.stores["new"].iterdir()}:
        seen.append("left over")
    if any(path.name.startswith(".") for path in store.rglob("*")):
        seen.append("left over")
    return ", ".join(dict.fromkeys(seen))


def state(command: Command, store: Path) -> str:
    """old, new, none, refused or wrong: what stands in the store for a reader."""
    target = mended(store / command.target)
    if not target.exists():
        return "none"
    try:
        command.read(target)
    except InputError:
        return "refused"
    now = content(target)
    if command.real is not None and now == command.real:
        return "new"
    return next(
        (word for word, store in command.stores.items() if content(store / command.target) == now), "wrong"
    )


def content(target: Path) -> dict[str, object]:
    """Every file of a result as it would be after any run: without times, seals and cells of other sweeps."""
    if target.is_file():
        return {"": target.read_bytes()}
    found: dict[str, object] = {}
    for path in sorted(target.rglob("*")):
        name = path.relative_to(target).as_posix()
        if path.is_file() and path.suffix == ".json":
            said = json.loads(path.read_text())
            found[name] = {key: value for key, value in said.items() if key not in VOLATILE}
        elif path.name == "README.md":
            lines = path.read_text(encoding="utf-8").splitlines()
            found[name] = [line for line in lines if "Made by `" not in line]
        elif path.is_file() and path.name not in (seal.SUMS, "report.html", "page.md"):
            found[name] = path.read_bytes()
    return found


def flips(command: Command, work: Path, bits: int) -> list[str]:
    """What a reader sees of a result with one file changed: flipped in one bit, cut, deleted."""
    random, seen = np.random.default_rng(0), []
    with prepared(command, work, True) as store:
        target = store / command.target
        for path in sorted(path for path in target.rglob("*") if path.is_file()):
            whole = path.read_bytes()
            changed: list[bytes | None] = [None, whole[:-1], whole[: len(whole) // 2], b""]
            for _ in range(bits):
                data = bytearray(whole)
                data[random.integers(len(data))] ^= 1 << int(random.integers(8))
                changed.append(bytes(data))
            for other in changed:
                path.unlink() if other is None else path.write_bytes(other)
                try:
                    command.read(target)
                    seen.append("wrong")
                except InputError:
                    seen.append("refused")
                path.write_bytes(whole)
    return seen
