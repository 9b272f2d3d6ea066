"""A result folder that is there in full, sealed, or not at all.

Checked and locked before anything is computed; everything is written into a fresh folder beside it, synced,
sealed and renamed; what an interruption left is put right by the next command in the same place.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..core import InputError, disk, seal
from ..core.seal import SUMS
from .files import as_json

RECORD = "record.json"
TIDYING = 2.0
"""Seconds for which a lock may be another process's that only looks what was left behind."""
ROOM = 64 * 2**20
"""Bytes that must be free before a result is computed."""


def free(folder: Path, *, force: bool) -> None:
    """Raises InputError when `folder` holds something this run may not replace."""
    if not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not force:
        raise InputError(
            str(folder), "is there already", "a name of its own: --set name=...", "--force replaces it"
        )
    if not any((folder / name).is_file() for name in (RECORD, SUMS)):
        raise InputError(str(folder), "is there and is not a result of tailrisk", "another name or --output")


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the lock on a result folder, what interrupted runs left beside it put right.

    Raises InputError where its place cannot be written to, is nearly full, or another process writes it.
    """
    _writable(folder)
    with disk.locked(folder, wait=TIDYING):
        _settle(folder)
        yield


def _writable(folder: Path) -> None:
    allowed = "a place for results that can be written to: --output"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        room = shutil.disk_usage(folder.parent).free
    except OSError as error:
        raise InputError(str(folder), f"cannot be made: {error.strerror or error}", allowed) from None
    if not os.access(folder.parent, os.W_OK):
        raise InputError(str(folder.parent), "cannot be written to", allowed)
    if room < ROOM:
        raise InputError(str(folder.parent), f"has {room:,} bytes free", f"at least {ROOM:,}")
    tidy(folder.parent)


@contextmanager
def replacing(folder: Path, *, force: bool) -> Iterator[Path]:
    """A temporary folder beside `folder` that is sealed and takes its place when the block ends well.

    Open it before computing: what can be refused is refused at once. A reader or a crash sees the old folder
    or the new, never a mixture. Raises InputError as `free` and `claimed`.
    """
    folder = Path(os.path.realpath(folder))
    free(folder, force=force)
    with claimed(folder):
        free(folder, force=force)  # what was put right may be there now
        scratch = disk.beside(folder, "tmp")
        try:
            yield scratch
            scratch.chmod(0o755)
            seal_all(scratch)
            swap(scratch, folder)
        finally:
            disk.remove(scratch)


@contextmanager
def rewriting(folder: Path) -> Iterator[Path]:
    """A copy of a result, to be changed, that is sealed and takes its place when the block ends well.

    InputError: the result is not as it was sealed, or its folder cannot be written.
    """
    folder = Path(os.path.realpath(folder))
    with replacing(folder, force=True) as scratch:
        if (folder / SUMS).exists():
            seal.check(folder)
        shutil.copytree(folder, scratch, dirs_exist_ok=True)
        disk.remove(scratch / SUMS)  # its own; results inside it keep their seals
        yield scratch


def tidy(parent: Path) -> None:
    """Put right what interrupted runs left in a folder of results, but for those another process writes."""
    for name in disk.leftovers(parent):
        with suppress(InputError, OSError), disk.locked(parent / name):
            _settle(parent / name)


def mended(folder: Path) -> Path:
    """The folder itself, back in its place where a run was stopped while it replaced it."""
    if not folder.exists() and folder.name in disk.leftovers(folder.parent):
        tidy(folder.parent)
    return folder


def _settle(folder: Path) -> None:
    """Under its lock: finish or undo an interrupted replacement, delete every other leftover."""
    left = [
        path for path in disk.leftovers(folder.parent).get(folder.name, []) if disk.LEFT.fullmatch(path.name)
    ]
    old = [path for path in left if path.suffix == ".old" and any(path.iterdir())]
    if old and not os.path.lexists(folder):
        new = [path for path in left if path.suffix == ".tmp" and seal.intact(path)]
        disk.rename((new or old)[-1], folder)
        disk.sync(folder.parent)
    for path in left:
        disk.remove(path)


def swap(scratch: Path, folder: Path) -> None:
    """Rename a sealed folder into the place of another, under its lock; a reader sees one of the two."""
    old = None
    if os.path.lexists(folder):
        old = disk.beside(folder, "old")
        disk.rename(folder, old)
    try:
        disk.rename(scratch, folder)
    except BaseException:
        if old is not None:
            disk.rename(old, folder)
        raise
    disk.sync(folder.parent)
    if old is not None:
        disk.remove(old)


def seal_all(folder: Path) -> None:
    """Sync every file in `folder`, then seal it: the digest of each, the record included."""
    paths = [path for path in sorted(folder.rglob("*")) if path.name != SUMS]
    for path in paths:
        disk.sync(path)
    seal_files(folder, (path for path in paths if path.is_file()))


def seal_files(folder: Path, files: Iterable[Path]) -> None:
    """Seal these files of a folder, in place."""
    digests = {path.relative_to(folder).as_posix(): seal.sha256(path) for path in files}
    disk.write(folder / SUMS, seal.text(digests))
    disk.sync(folder / SUMS)
    disk.sync(folder)


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """record.json; it names the seal, so that a result whose seal is lost is not taken for an old one."""
    disk.write(folder / RECORD, as_json({**record, "sealed": SUMS}))
