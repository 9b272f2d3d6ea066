"""The library of configs that travels with the package."""

from pathlib import Path, PurePath

from tailrisk.core.names import SHELVES


def find(name: str) -> Path | None:
    """The library's file of this relative name, or None; also None for a name that climbs out of it."""
    if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
        return None
    return next((shelf / name for shelf in SHELVES if (shelf / name).is_file()), None)
