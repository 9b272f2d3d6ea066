"""The commented configs that `tailrisk init` writes."""

from collections.abc import Sequence
from pathlib import Path

from tailrisk.core import disk
from tailrisk.core.errors import InputError

HERE = Path(__file__).parent
TEXT = HERE / "starter.toml"
SECTIONS = ("crowd", "accounts")
"""Parts of a run's config that are written when they are asked for."""
QUESTIONS = ("tune", "replay")
"""Configs of other commands."""


def text(parts: Sequence[str] = ()) -> str:
    """The starter with these parts. Raises InputError where they are not of one file."""
    alone = [part for part in parts if part in QUESTIONS]
    if alone and len(parts) > 1:
        allowed = f"{' and '.join(QUESTIONS)} have files of their own: one alone"
        raise InputError("--with", " and ".join(parts), allowed)
    if alone:
        return (HERE / f"starter_{alone[0]}.toml").read_text(encoding="utf-8")
    files = [TEXT, *(HERE / f"starter_{part}.toml" for part in SECTIONS if part in parts)]
    return "".join(file.read_text(encoding="utf-8") for file in files)


def write(path: Path, *, parts: Sequence[str] = (), force: bool = False) -> Path:
    """Write the starter config to the path. Raises InputError when a file is there, unless `force`."""
    if path.is_dir():
        raise InputError(str(path), "is a folder", "the name of a file to write")
    if path.exists() and not force:
        raise InputError(str(path), "is there already", "a new name, or --force to replace it")
    disk.replace(path, text(parts).encode("utf-8"))
    return path
