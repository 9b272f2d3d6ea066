"""Two runs compared: the difference of every figure with its interval, paired where they share their streams.

Paired, path by path: of ES at level a the difference is that of two means over the same paths of
v + (L - v)+ / (1 - a), v the VaR (Rockafellar & Uryasev 2000), so what paths have in common leaves the
interval. Unpaired: square-and-add limits of two intervals (Zou & Donner 2008).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...config import Config
from ...core import InputError, seal
from ...core.names import VIEWS
from ...record.collect import Sample, sample
from ...record.estimates import beyond
from ...record.history import spreads
from ...tail import Worst
from ...tail.sample import normal_quantile
from .again import config_of, differing
from .catalogue import Entry, entry

KEYS = ["product", "view", "measure", "level"]
MEASURES = {"ES": "es", "VaR": "var", "drift": "drift"}
STREAMS = ("run.seed", "run.paths", "run.days", "run.precision")
SAME = 1e-6
"""How far a published ES may be from the one simulated again, of itself, to be of the same code."""


@dataclass(frozen=True)
class Comparison:
    """Every figure that both runs have, `first` less `second`; why it is paired or not; what differs."""

    first: str
    second: str
    table: pd.DataFrame  # [row, column]
    paired: bool
    why: str
    fields: tuple[str, ...]  # of the configs, that differ


def compare(
    first: Path, second: Path, *, pair: bool, progress: bool, start: Callable[[Config], object]
) -> Comparison:
    """Compare two runs; `pair`: simulate both again where they share their streams, to pair path by path.

    InputError: one is damaged or no run, or no figure is in both.
    """
    runs = [_run(first), _run(second)]
    table = _unpaired(*(pd.read_csv(one.folder / "tail.csv") for one in runs))
    if table.empty:
        raise InputError(f"{first} and {second}", "no figure is in both", "runs with products in common")
    why = _apart(*runs)
    if why is None and not pair:
        why = "not asked for"
    if why is None:
        try:
            tails = [_Tails.of(one, progress=progress, start=start) for one in runs]
            why = next((reason for one in tails if (reason := one.stale())), None)
        except InputError as error:
            why = " ".join(str(error).split("\n")[0].split())
    if why is None:
        _pair(table, *tails)
    said = why or "same seed, paths, days and generator: the same shocks, path by path"
    return Comparison(str(first), str(second), table, why is None, said, tuple(differing(*runs)))


def _run(folder: Path) -> Entry:
    if (folder / seal.SUMS).exists():
        seal.check(folder)
    found = entry(folder)
    if found.kind != "run":
        raise InputError(str(folder), f"is a {found.kind} and not a run", "two runs, or cells of a sweep")
    return found


def _apart(one: Entry, other: Entry) -> str | None:
    """Why two runs do not share their streams; None where they do."""
    for name in STREAMS:
        a, b = one.config.get(name), other.config.get(name)
        if a != b:
            return f"{name} is {a} and {b}"
    if one.record.get("rng_version") != other.record.get("rng_version"):
        return "the generator's versions differ"
    for run in (one, other):
        method = run.config.get("sampling.method", "plain")
        if method != "plain":
            return f"{run.name} has sampling.method = {method}"
    return None


def _unpaired(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Differences of what two tables [row, column] have in common, by square-and-add limits."""
    both = one.merge(other, on=KEYS, suffixes=("_1", "_2"))
    parts = []
    for name, column in MEASURES.items():
        if f"{column}_1" not in both:
            continue
        part = both[KEYS].rename(columns={"measure": "loss"})
        part.insert(2, "figure", name)
        first, second = both[f"{column}_1"], both[f"{column}_2"]
        part["first"], part["second"], part["difference"] = first, second, first - second
        down = np.hypot(first - both[f"{column}_low_1"], both[f"{column}_high_2"] - second)
        up = np.hypot(both[f"{column}_high_1"] - first, second - both[f"{column}_low_2"])
        part["low"], part["high"] = part["difference"] - down, part["difference"] + up
        part["interval"] = "unpaired"
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class _Tails:
    """A run simulated again, and its published table."""

    config: Config
    sampled: Sample
    table: pd.DataFrame  # [row, column]

    @classmethod
    def of(cls, one: Entry, *, progress: bool, start: Callable[[Config], object]) -> "_Tails":
        config = config_of(one)
        start(config)
        history = spreads(config) if config.market.warmup == "history" else None
        sampled = sample(config, assemble(config, history), progress=progress)
        return cls(config, sampled, pd.read_csv(one.folder / "tail.csv"))

    def worst(self, row: Any) -> Worst:
        """The losses behind a row."""
        products, losses = list(self.config.products), list(self.config.tail.losses)
        place = (VIEWS.index(row.view), losses.index(row.loss), products.index(row.product))
        return self.sampled.losses(*place)

    def stale(self) -> str | None:
        """Why the published figures are not those of this code; None where they are."""
        for row in self.rows:
            found = self.worst(row).expected_shortfall(self.level(row))
            if abs(found - row.es) > SAME * max(abs(row.es), 1e-9):
                words = f"ES of {row.product} at {row.level} is {row.es:.6g} there and {found:.6g} now"
                return f"{self.config.name} is of other code: {words}"
        return None

    @cached_property
    def rows(self) -> list[Any]:
        return list(self.table.rename(columns={"measure": "loss"}).itertuples(index=False))

    def level(self, row: Any) -> str:
        """The level as the config writes it."""
        return str(next(at for at in self.config.tail.levels if float(at) == float(row.level)))


def _pair(table: pd.DataFrame, one: _Tails, other: _Tails) -> None:
    """Put paired intervals of ES into the table."""
    z = float(normal_quantile(one.config.tail.confidence))
    for k, row in _of_shortfall(table):
        level = one.level(row)
        half = z * paired_error(one.worst(row), other.worst(row), level)
        table.loc[k, ["low", "high"]] = [row.difference - half, row.difference + half]
        table.loc[k, "interval"] = "paired"


def _of_shortfall(table: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    rows = table[table.figure == "ES"]
    yield from zip(rows.index, rows.itertuples(index=False), strict=True)


def paired_error(one: Worst, other: Worst, level: Any) -> float:
    """The standard error of a difference of ES between two samples of the same paths.

    InputError: a level that reaches below the stored losses.
    """
    paths = one.paths
    parts = [beyond(worst.loss, worst.value_at_risk(level), level) for worst in (one, other)]
    numbers = np.union1d(one.path, other.path)
    apart = np.zeros(len(numbers))
    for sign, worst, pull in zip((1, -1), (one, other), parts, strict=True):
        apart[np.searchsorted(numbers, worst.path)] += sign * pull
    mean = apart.sum() / paths
    return float(np.sqrt(max((apart**2).sum() / paths - mean**2, 0.0) / paths))


def show(found: Comparison) -> str:
    """In words: whether it is paired, what differs, and ES over the horizon; the table has the rest."""
    lines = [f"{found.first} less {found.second}, % of starting NAV"]
    lines.append(f"{'paired' if found.paired else 'unpaired'}: {found.why}")
    lines += ["", "configs differ in:", *(f"  {text}" for text in found.fields[:12])] if found.fields else []
    lines += ["  ..."] if len(found.fields) > 12 else []
    table = found.table
    some = table[(table["view"] == "absolute") & (table["loss"] == table["loss"].iloc[0])]
    some = some[some["figure"] == "ES"]
    lines += ["", f"{'product':<18}{'figure':>11}{'first':>9}{'second':>9}{'difference':>12}  95 % interval"]
    for row in some.sort_values(["figure", "level"], kind="stable").itertuples(index=False):
        figure = f"{row.figure} {row.level:g}"
        numbers = f"{100 * row.first:>9.2f}{100 * row.second:>9.2f}{100 * row.difference:>12.3f}"
        ends = f"{100 * row.low:.3f} to {100 * row.high:.3f}, {row.interval}"
        lines.append(f"{row.product[:17]:<18}{figure:>11}{numbers}  {ends}")
    return "\n".join([*lines, "VaR, drift, other losses and views: --csv"])
