"""A result folder that is there in full or not at all."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core import InputError

RECORD = "record.json"


def free(folder: Path, *, force: bool) -> None:
    """Raises InputError when `folder` holds something this run may not replace."""
    if folder.exists() and not force:
        raise InputError(
            str(folder), "is there already", "a name of its own: --set name=...", "--force replaces it"
        )
    if folder.exists() and not (folder / RECORD).is_file():
        raise InputError(str(folder), "is there and is not a result of tailrisk", "another name or --output")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its place when the block ends well, else vanishes.

    Every file is flushed to disk first; a reader or a crash sees the old folder or the new, never a mixture.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        for path in scratch.rglob("*"):
            _flush(path)
        _flush(scratch)
        _swap(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def seal(folder: Path, record: dict[str, Any]) -> None:
    """Write record.json last, with the SHA-256 of every other file in `folder`."""
    files = {p.relative_to(folder).as_posix(): _sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    text = json.dumps({**record, "files": files}, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def replace_text(path: Path, text: str) -> None:
    """Write beside the file, then rename over it: a reader sees the old text or the new."""
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text, encoding="utf-8")
    _flush(beside)
    os.replace(beside, path)


def _swap(scratch: Path, folder: Path) -> None:
    old = None
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".old", dir=folder.parent))
        os.rename(folder, old)
    os.rename(scratch, folder)
    _flush(folder.parent)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
