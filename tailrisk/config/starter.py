"""The commented config that `tailrisk init` writes."""

from pathlib import Path

from tailrisk.core import disk
from tailrisk.core.errors import InputError

TEXT = Path(__file__).with_name("starter.toml")


def write(path: Path, *, force: bool = False) -> Path:
    """Write the starter config to the path. Raises InputError when a file is there, unless `force`."""
    if path.is_dir():
        raise InputError(str(path), "is a folder", "the name of a file to write")
    if path.exists() and not force:
        raise InputError(str(path), "is there already", "a new name, or --force to replace it")
    disk.replace(path, TEXT.read_bytes())
    return path
