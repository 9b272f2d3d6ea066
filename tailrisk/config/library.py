"""The library of configs that travels with the package."""

from pathlib import Path, PurePath

from tailrisk.core.names import SHELVES


def shipped(path: Path) -> str | None:
    """The name of a file of the library, None for any other file."""
    here = path.absolute()
    return next((here.relative_to(s).as_posix() for s in SHELVES if here.is_relative_to(s)), None)


def beside(folder: Path, name: str) -> str:
    """The file of that name in the folder, else the name itself: a file of the user's, or the library's."""
    return str(folder / name) if (folder / name).is_file() else name


def find(name: str) -> Path | None:
    """The library's config of this relative name, or None.

    None too for a name that climbs out of it, and for what is no config: a user's own data has no stand-in.
    """
    path = PurePath(name)
    if path.is_absolute() or ".." in path.parts or path.suffix != ".toml":
        return None
    return next((shelf / name for shelf in SHELVES if (shelf / name).is_file()), None)
