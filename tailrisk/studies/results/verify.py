"""A run made again from its record and compared with what is there, under the promise that applies.

Promises (`record.provenance`): bit for bit under the same versions, backend and kind of device; expected
shortfall within 1e-6 on other hardware; within 5 standard errors under other versions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from ...config import Config
from ...core import seal
from ...record import provenance
from ...record.provenance import PROMISES
from ...record.run import run
from ...tail.sample import normal_quantile
from .again import config_of
from .catalogue import Entry, entry

BITS, HARDWARE, VERSIONS = range(3)
WITHIN, ERRORS = 1e-6, 5.0
KEYS = ["product", "view", "measure", "level"]
HALF = normal_quantile(0.95)
"""Half a 95 % interval, in standard errors."""


@dataclass(frozen=True)
class Verdict:
    """Which promise applies and why, whether it holds, and where it does not."""

    promise: int
    why: str
    holds: bool
    lines: tuple[str, ...]

    def text(self) -> str:
        """In words, a line each."""
        head = f"promise: {PROMISES[self.promise]}"
        last = "verified: it holds" if self.holds else "NOT verified: it does not hold"
        return "\n".join([head, f"because: {self.why}", *self.lines, last])


def verify(folder: Path, *, progress: bool, start: Callable[[Config], object]) -> Verdict:
    """Make a run again in a temporary place and compare; `start` sets the precision before JAX works.

    InputError: it is damaged, no run, or its files are not here.
    """
    old = entry(folder)
    if old.record.get("sealed"):
        seal.check(folder)
    config = config_of(old)
    start(config)
    promise, why = _promise(old.record)
    with TemporaryDirectory(prefix="tailrisk") as name:
        new = run(config, Path(name), force=False, command="verify", progress=progress)
        judge = {BITS: _bits, HARDWARE: _near, VERSIONS: _errors}[promise]
        holds, lines = judge(old.folder, new)
    return Verdict(promise, why, holds, (*lines, *_code(old)))


def _promise(record: dict[str, Any]) -> tuple[int, str]:
    """The promise that applies between the record's machine and this one."""
    here = provenance.stamp()
    was, now = dict(record.get("versions", {})), dict(here["versions"])
    other = [f"{n} {was.get(n)} then, {now[n]} now" for n in now if was.get(n) != now[n]]
    if record.get("rng_version") != here["rng_version"]:
        other.append(f"rng_version {record.get('rng_version')} then, {here['rng_version']} now")
    if other:
        return VERSIONS, "; ".join(other)
    pairs: list[tuple[str, Callable[[Any], str]]] = [("platform", str), ("device", _kind)]
    moved = [
        f"{name} {read(record.get(name))} then, {read(here[name])} now"
        for name, read in pairs
        if read(record.get(name)) != read(here[name])
    ]
    if moved:
        return HARDWARE, "; ".join(moved)
    return BITS, "versions, platform and kind of device are those of the record"


def _kind(device: Any) -> str:
    """The kind of a device, without how many there were."""
    return str(device).rpartition(" x ")[2]


def _bits(old: Path, new: Path) -> tuple[bool, list[str]]:
    """Every table and every array, byte for byte."""
    names = sorted(p.name for p in old.iterdir() if p.suffix == ".csv" or p.name == "config.json")
    there = {p.name for p in new.iterdir()}
    other = [
        name for name in names if name not in there or (old / name).read_bytes() != (new / name).read_bytes()
    ]
    arrays, count = _arrays(old / "curves.npz", new / "curves.npz")
    wrong = [*other, *arrays]
    if not wrong:
        return True, [f"{len(names)} tables and {count} arrays are the same, byte for byte"]
    return False, [f"differ: {', '.join(wrong)}", *_near(old, new)[1]]


def _arrays(old: Path, new: Path) -> tuple[list[str], int]:
    with np.load(old) as a, np.load(new) as b:
        names = sorted({*a.files, *b.files})
        same = set(a.files) & set(b.files)
        other = [n for n in names if n not in same or a[n].tobytes() != b[n].tobytes()]
        return [f"curves.npz {name}" for name in other], len(names)


def _joined(old: Path, new: Path) -> pd.DataFrame:
    tables = [pd.read_csv(folder / "tail.csv") for folder in (old, new)]
    return tables[0].merge(tables[1], on=KEYS, how="outer", suffixes=("", "_new"), indicator=True)


def _near(old: Path, new: Path) -> tuple[bool, list[str]]:
    """ES of every row, relative."""
    both = _joined(old, new)
    missing = int((both["_merge"] != "both").sum())
    scale = np.maximum(both["es"].abs(), 1e-12)
    worst = float(((both["es"] - both["es_new"]).abs() / scale).max())
    line = f"ES of {len(both)} rows differs by at most {worst:.2g} of itself; {WITHIN:g} is allowed"
    return not missing and worst <= WITHIN, [line, *_absent(missing)]


def _errors(old: Path, new: Path) -> tuple[bool, list[str]]:
    """ES of every row, in standard errors of the difference of two independent runs."""
    both = _joined(old, new)
    missing = int((both["_merge"] != "both").sum())
    width = [(both[f"es_high{end}"] - both[f"es_low{end}"]) / 2 / HALF for end in ("", "_new")]
    error = np.sqrt(width[0] ** 2 + width[1] ** 2)
    away = (both["es"] - both["es_new"]).abs()
    worst = float(np.nanmax(np.where(away > 0, away / error, 0.0)))
    line = f"ES of {len(both)} rows differs by at most {worst:.2g} standard errors; {ERRORS:g} are allowed"
    return not missing and worst <= ERRORS, [line, *_absent(missing)]


def _absent(missing: int) -> list[str]:
    return [f"{missing} rows are in one of the two alone"] if missing else []


def _code(old: Entry) -> list[str]:
    """What is to be said where the code is not that of the record."""
    head, dirty = provenance.commit()
    was = old.record.get("commit")
    if head == was and not dirty and not old.record.get("dirty"):
        return []
    return [f"code: {str(was)[:10]} then, {str(head)[:10]}{' with changes' if dirty else ''} now"]
