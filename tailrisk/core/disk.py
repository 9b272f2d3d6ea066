"""Files written whole or not at all: every change to the disk is one of the calls below."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from .errors import InputError

LEFT = re.compile(r"\.(?P<name>.+)\.[a-z0-9_]{8}\.(?P<kind>tmp|old)")
"""What an interrupted write leaves beside the file or folder `name`."""
LOCK = re.compile(r"\.(?P<name>.+)\.tailrisk-lock")
PAUSE = 0.02
"""Seconds between two tries for a lock."""


def write(path: Path, data: str | bytes) -> None:
    """The file's content, text in UTF-8 with its line ends as they are."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rename(source: Path, target: Path) -> None:
    """Give a file or folder another name, over a file of that name."""
    os.replace(source, target)


def remove(path: Path) -> None:
    """Delete a file or a folder and all in it; what cannot be deleted stays for the next `leftovers`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def beside(path: Path, kind: Literal["tmp", "old"]) -> Path:
    """A new empty folder next to `path`, named so that `leftovers` finds it."""
    return Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=f".{kind}", dir=path.parent))


def leftovers(folder: Path) -> dict[str, list[Path]]:
    """What interrupted writes left in a folder, by the name they were writing; oldest first."""
    found: dict[str, list[Path]] = {}
    with suppress(OSError):
        for path in sorted(folder.iterdir(), key=lambda p: p.lstat().st_mtime_ns):
            match = LEFT.fullmatch(path.name) or LOCK.fullmatch(path.name)
            if match:
                found.setdefault(match["name"], []).append(path)
    return found


def replace(path: Path, data: str | bytes) -> None:
    """Write beside the file, then rename over it: a reader or a crash sees the old file or the new."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target, wait=None):
        for old in leftovers(target.parent).get(target.name, []):
            if LEFT.fullmatch(old.name):
                remove(old)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        os.close(handle)
        try:
            os.chmod(name, 0o644)
            write(Path(name), data)
            sync(Path(name))
            rename(Path(name), target)
        finally:
            remove(Path(name))
        sync(target.parent)


@contextmanager
def locked(path: Path, *, wait: float | None = 0.0) -> Iterator[None]:
    """Hold the lock on writing `path`, a hidden file beside it that goes again.

    Raises InputError where another process still holds it after `wait` seconds; None waits for ever.
    """
    lock = path.with_name(f".{path.name}.tailrisk-lock")
    handle = _taken(path, lock, wait)
    try:
        yield
    finally:
        remove(lock)
        os.close(handle)


def _taken(path: Path, lock: Path, wait: float | None) -> int:
    """The open lock file, held. A file that was removed between opening and locking is no lock."""
    import fcntl

    since = time.monotonic()
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait is None else fcntl.LOCK_NB))
            if os.path.samestat(os.fstat(handle), os.stat(lock)):
                return handle
            os.close(handle)
        except FileNotFoundError:
            os.close(handle)
        except BlockingIOError:
            os.close(handle)
            if wait is not None and time.monotonic() < since + wait:
                time.sleep(PAUSE)
                continue
            problem = "is being written by another tailrisk"
            raise InputError(str(path), problem, "another name or --output, or later") from None
        except BaseException:
            os.close(handle)
            raise
