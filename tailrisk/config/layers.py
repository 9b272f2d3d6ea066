"""Config tables laid one over another, remembering which file set each value."""

from pathlib import Path
from typing import Any, NamedTuple

from .former import current


class Source(NamedTuple):
    """Where a value was written: how to call it in a message, and the folder its file names start from."""

    label: str
    folder: Path


class Mark(NamedTuple):
    """Who last wrote at a place, or in the table there; of a table, the marks of what is in it."""

    latest: Source
    below: "dict[str | int, Mark]"


class Layers(NamedTuple):
    """The merged tables, the file they are asked from, and the marks of all that is in them."""

    top: Source
    values: dict[str, Any]
    marks: Mark
    files: tuple[str, ...] = ()  # labels of every layer, lowest first

    @classmethod
    def of(cls, source: Source, values: dict[str, Any]) -> "Layers":
        """One file alone."""
        return cls(source, {}, Mark(source, {})).over(values, source)

    def over(self, values: dict[str, Any], source: Source) -> "Layers":
        """These layers with one more on top: tables merge key by key, everything else is replaced.

        Former names of keys are read as today's.
        """
        values, marks = _laid(self.values, self.marks, current(values, source.label), source)
        return Layers(self.top, values, marks, (*self.files, source.label))

    def source(self, path: tuple[str | int, ...]) -> Source:
        """Who set the value at the path, or the table it would be in; the top file if nobody did."""
        here, found = self.marks, self.top
        for step in path:
            if step not in here.below:
                break
            here = here.below[step]
            found = here.latest
        return found

    def label(self, path: tuple[str | int, ...]) -> str:
        """The name of the source of a path."""
        return self.source(path).label


def _laid(
    under: dict[str, Any], mark: Mark, values: dict[str, Any], source: Source
) -> tuple[dict[str, Any], Mark]:
    """A table laid over another, and its marks; neither is changed, and tables not touched are shared."""
    merged, below = dict(under), dict(mark.below)
    for key, value in values.items():
        if not isinstance(value, dict):
            merged[key], below[key] = value, Mark(source, {})
        elif isinstance(merged.get(key), dict):
            merged[key], below[key] = _laid(merged[key], below[key], value, source)
        else:
            merged[key], below[key] = _laid({}, Mark(source, {}), value, source)
    return merged, Mark(source if values else mark.latest, below)
