"""Results by point in a folder, so that a search that was stopped goes on where it was."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tailrisk.core import disk

from .score import Scores


class Kept:
    """Scores and figures by name; without a folder nothing is kept. `key` is of the data and the options."""

    def __init__(self, folder: Path | None, key: str) -> None:
        """A folder, made if it is not there."""
        self.folder = None if folder is None else folder / key[:16]
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)

    def scores(self, name: str, make: Callable[[], Scores]) -> Scores:
        """Those of the folder, or made now."""
        path = self._path(name, "npz")
        if path is not None and path.exists():
            with np.load(path) as file:
                whole = {key: int(file[key]) for key in ("targets", "every")}
                parts = {key: file[key] for key in ("one", "ten", "height", "passed", "rate")}
            return Scores(**parts, **whole)
        made = make()
        if path is not None:
            np.savez(path, **vars(made))
        return made

    def figures(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Those of the folder, or made now."""
        path = self._path(name, "json")
        if path is not None and path.exists():
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return found
        made = make()
        if path is not None:
            disk.write(path, json.dumps(made))
        return made

    def _path(self, name: str, kind: str) -> Path | None:
        safe = "".join(c if c.isalnum() or c in ".-" else "_" for c in name)
        return None if self.folder is None else self.folder / f"{safe}.{kind}"
