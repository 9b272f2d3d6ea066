"""The seal of a result folder: SHA-256 of every file in it, in the format of `sha256sum -c`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from .errors import InputError

SUMS = "SHA256SUMS"
AGAIN = "run it again with --force"


def sha256(path: Path) -> str:
    """Digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text(digests: Mapping[str, str]) -> str:
    """The seal of files by their names: a line a file, then how many, so that a cut seal is seen."""
    lines = [f"{digest}  {name}" for name, digest in sorted(digests.items())]
    return "\n".join([*lines, f"# {len(lines)} files", ""])


def check(folder: Path) -> frozenset[str]:
    """Names of the sealed files, every one as it was sealed; a sealed folder inside counts as its seal says.

    Raises InputError naming the file that is missing or has changed.
    """
    digests = _read(folder / SUMS)
    for name, digest in digests.items():
        path = folder / name
        if not path.is_file():
            raise InputError(str(path), "missing from the result folder", hint=AGAIN)
        if sha256(path) != digest:
            problem = "has changed since the run: its digest is not the recorded one"
            raise InputError(str(path), problem, hint=AGAIN)
        if path.name == SUMS:
            check(path.parent)
    return frozenset(digests)


def intact(folder: Path) -> bool:
    """Whether the folder is sealed and every file in it is as it was sealed."""
    try:
        check(folder)
    except (InputError, OSError):
        return False
    return True


def _read(path: Path) -> dict[str, str]:
    """Digests by name. Raises InputError for a seal that is missing, cut or changed."""
    try:
        found = path.read_bytes().decode()
    except FileNotFoundError:
        raise InputError(str(path), "missing from the result folder: it is not sealed", hint=AGAIN) from None
    except (OSError, ValueError) as fault:
        raise InputError(str(path), f"cannot be read: {fault}", hint=AGAIN) from None
    pairs = [line.split("  ", 1) for line in found.split("\n") if line[:1] not in ("", "#")]
    digests = {pair[-1]: pair[0] for pair in pairs}
    if found != text(digests) or not all(map(_inside, digests)):
        raise InputError(str(path), "is damaged: it is not a list of digests and their number", hint=AGAIN)
    return digests


def _inside(name: str) -> bool:
    parts = PurePosixPath(name)
    return bool(name) and not parts.is_absolute() and ".." not in parts.parts
