"""Config tables laid one over another, remembering which file set each value."""

from pathlib import Path
from typing import Any, NamedTuple

from .former import current


class Source(NamedTuple):
    """Where a value was written: how to call it in a message, and the folder its file names start from."""

    label: str
    folder: Path


class Layers(NamedTuple):
    """The merged tables, the file they are asked from, and the source of every value that is not a table."""

    top: Source
    said: dict[str, Any]
    sources: dict[tuple[str | int, ...], Source]

    def over(self, said: dict[str, Any], source: Source) -> "Layers":
        """These layers with one more on top: tables merge key by key, everything else is replaced.

        Former names of keys are read as today's.
        """
        merged, sources = dict(self.said), dict(self.sources)
        _lay(merged, sources, current(said), source, ())
        return Layers(self.top, merged, sources)

    def source(self, path: tuple[str | int, ...]) -> Source:
        """Who set the value at the path, or the table it would be in; the top file if nobody did."""
        for end in range(len(path), 0, -1):
            inside = [source for known, source in self.sources.items() if known[:end] == path[:end]]
            if inside:
                return inside[-1]
        return self.top

    def label(self, path: tuple[str | int, ...]) -> str:
        """The name of the source of a path."""
        return self.source(path).label


def _lay(
    under: dict[str, Any],
    sources: dict[tuple[str | int, ...], Source],
    said: dict[str, Any],
    source: Source,
    path: tuple[str | int, ...],
) -> None:
    """Lay one table over another in place, depth first."""
    for key, value in said.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(under.get(key), dict):
            under[key] = dict(under[key])
            _lay(under[key], sources, value, source, here)
        elif isinstance(value, dict):
            _forget(sources, here)
            under[key] = {}
            _lay(under[key], sources, value, source, here)
            if not value:
                sources[here] = source
        else:
            _forget(sources, here)
            under[key] = value
            sources[here] = source


def _forget(sources: dict[tuple[str | int, ...], Source], path: tuple[str | int, ...]) -> None:
    for known in [known for known in sources if known[: len(path)] == path]:
        del sources[known]
