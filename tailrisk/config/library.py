"""The library of configs that travels with the package."""

from pathlib import Path, PurePath

PACKAGE = Path(__file__).resolve().parents[1]
SHELVES = (PACKAGE / "configs", PACKAGE.parent / "configs")
"""Where the library lies: inside an installed wheel, or beside the package in a checkout."""


def find(name: str) -> Path | None:
    """The library's file of this relative name, or None; also None for a name that climbs out of it."""
    if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
        return None
    return next((shelf / name for shelf in SHELVES if (shelf / name).is_file()), None)
