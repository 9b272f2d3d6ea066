"""A result folder, read back and checked: what was asked, what came out, and where it came from."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tailrisk.core import seal
from tailrisk.core.errors import InputError
from tailrisk.core.names import MEASURES, VIEWS, home

from . import rows
from .rows import (
    AGAIN,
    AccountRow,
    ComponentRow,
    ContributionRow,
    CrowdRow,
    DriftRow,
    EventRow,
    FundRow,
    RiskRow,
    TailRow,
)

CURVES = ("fan_levels", "fan", "z_edges", "z_counts", "loss_edges", "loss_counts", "regime_share")
OPTIONAL = ("accounts", "crowd", "components", "funds", "drift", "risks", "contributions")
"""Tables that some runs have."""
DAMAGED = (OSError, ValueError, EOFError, TypeError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a broken archive can raise; a RuntimeError is a method of packing that is not known."""


@dataclass(frozen=True)
class Result:
    """One finished run; products, views and measures keep the order of their first row in tail.csv."""

    folder: Path
    config: Mapping[str, Any]
    record: Mapping[str, Any]
    tail: tuple[TailRow, ...]
    events: tuple[EventRow, ...]
    accounts: tuple[AccountRow, ...]
    curves: Mapping[str, NDArray[np.float64]]
    crowd: tuple[CrowdRow, ...] = ()  # of a run with a crowd in its paths
    components: tuple[ComponentRow, ...] = ()  # of a run with tail paths enough
    funds: tuple[FundRow, ...] = ()  # of a run with [accounts]
    drift: tuple[DriftRow, ...] = ()  # of a run that asks for the loss over the horizon
    risks: tuple[RiskRow, ...] = ()  # of a run that asks for more than VaR and ES
    contributions: tuple[ContributionRow, ...] = ()  # of a run that asks for them

    @classmethod
    def read(cls, folder: str | Path, *, sealed: bool = True) -> "Result":
        """Read and check a folder; InputError names the file that is missing, corrupt or inconsistent.

        A run with a non-finite path is refused: none of its figures may be shown. `sealed` is False while
        the folder is being written.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError(
                str(folder), "no such result folder", hint="`tailrisk run` writes results/<name>"
            )
        if (folder / seal.SUMS).exists():
            _check_tables(folder, seal.check(folder))
        record = _json(folder / "record.json")
        if sealed and record.get("sealed") and not (folder / seal.SUMS).exists():
            raise InputError(str(folder / seal.SUMS), "missing from the result folder", hint=AGAIN)
        _refuse_faults(folder / "record.json", record)
        accounts, crowd, components, funds, drift, risks, shares = (
            folder / f"{name}.csv" for name in OPTIONAL
        )
        result = cls(
            folder=folder,
            config=_json(folder / "config.json"),
            record=record,
            tail=rows.read(folder / "tail.csv", rows.tail, "product"),
            events=rows.read(folder / "events.csv", rows.event, "event"),
            accounts=rows.read(accounts, rows.account, "product") if accounts.exists() else (),
            curves=_arrays(folder / "curves.npz"),
            crowd=rows.read(crowd, rows.crowd, "quantity") if crowd.exists() else (),
            components=rows.read(components, rows.component, "product") if components.exists() else (),
            funds=rows.read(funds, rows.fund, "product") if funds.exists() else (),
            drift=rows.read(drift, rows.drift, "product") if drift.exists() else (),
            risks=rows.read(risks, rows.risk, "product") if risks.exists() else (),
            contributions=rows.read(shares, rows.contribution, "product") if shares.exists() else (),
        )
        _check_digests(folder, record)
        _check_table(folder / "tail.csv", result)
        _check_curves(folder / "curves.npz", result)
        return result

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Product names."""
        return tuple(dict.fromkeys(row.product for row in self.tail))

    @cached_property
    def views(self) -> tuple[str, ...]:
        """`absolute`, `excess`, or those of them that were asked for."""
        return tuple(dict.fromkeys(row.view for row in self.tail))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Measures of loss."""
        return tuple(dict.fromkeys(row.measure for row in self.tail))

    @cached_property
    def levels(self) -> tuple[float, ...]:
        """Levels of VaR and ES, lowest first."""
        return tuple(sorted({row.level for row in self.tail}))

    @cached_property
    def headline(self) -> float:
        """The highest level none of whose figures is only indicative; the lowest level where all are."""
        firm = [
            level for level in self.levels if not any(r.indicative for r in self.tail if r.level == level)
        ]
        return max(firm, default=self.levels[0])

    @cached_property
    def _rows(self) -> dict[tuple[str, str, str, float], TailRow]:
        return {(row.product, row.view, row.measure, row.level): row for row in self.tail}

    def row(self, product: str, view: str, measure: str, level: float) -> TailRow:
        """The tail row of one product, view, measure and level."""
        return self._rows[product, view, measure, level]

    def of_crowd(
        self, quantity: str, statistic: str, subject: str = "", level: float | None = None
    ) -> CrowdRow | None:
        """The row of crowd.csv so named; None where the run has none."""
        wanted = (quantity, statistic, subject, level)
        found = (r for r in self.crowd if (r.quantity, r.statistic, r.subject, r.level) == wanted)
        return next(found, None)

    @cached_property
    def cohorts(self) -> tuple[str, ...]:
        """Names of the crowd's cohorts."""
        return tuple(dict.fromkeys(row.subject for row in self.crowd if row.quantity == "drawdown"))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels of the market's buckets by name, in the order of its arrays."""
        found = self._market.get("buckets")
        if isinstance(found, Mapping) and found:
            return {str(name): str(label) for name, label in found.items()}
        return dict(zip(home().buckets, home().labels, strict=True))

    @property
    def buckets(self) -> tuple[str, ...]:
        """Names of the market's buckets."""
        return tuple(self.labels)

    def role(self, role: str) -> str | None:
        """The bucket or future that plays a role in the market; None where nobody does."""
        found = self._market.get("roles", dict(home().roles))
        name = found.get(role) if isinstance(found, Mapping) else None
        return None if name is None else str(name)

    @property
    def _market(self) -> Mapping[str, Any]:
        """What the record says of the market; nothing in those written before it did, of the home market."""
        found = self.record.get("market")
        return found if isinstance(found, Mapping) else {}

    def losses(self, view: str, measure: str) -> NDArray[np.float64]:
        """Paths in each bin of loss [product, bin]."""
        return self.curves["loss_counts"][:, VIEWS.index(view), MEASURES.index(measure)]

    def section(self, name: str) -> Mapping[str, Any]:
        """A table of the resolved config, empty where the config has none."""
        found = self.config.get(name)
        return found if isinstance(found, Mapping) else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(path), "missing from the result folder", hint=AGAIN) from None
    except (OSError, ValueError, RecursionError) as fault:
        raise InputError(str(path), f"cannot be read: {fault}") from None
    if not isinstance(found, dict):
        raise InputError(str(path), f"holds a {type(found).__name__}", "one JSON object")
    return found


def _refuse_faults(path: Path, record: Mapping[str, Any]) -> None:
    faults = record.get("faults")
    if not isinstance(faults, Mapping) or not isinstance(faults.get("nonfinite"), int):
        raise InputError(f"{path}: faults.nonfinite", "not recorded", "a count of non-finite paths")
    if faults.get("ledger"):
        raise InputError(
            f"{path}: faults.ledger",
            f"the crowd's ledger does not close on {faults['ledger']} paths, so no figure may be published",
            "0",
        )
    if faults["nonfinite"] > 0:
        raise InputError(
            f"{path}: faults.nonfinite",
            f"{faults['nonfinite']} paths are not finite, so no figure of this run may be published",
            "0",
            "find the cause and run again; such paths are never dropped",
        )


def _arrays(path: Path) -> dict[str, NDArray[np.float64]]:
    try:
        with path.open("rb") as source, np.load(source, allow_pickle=False) as stored:
            found = {name: np.asarray(stored[name], dtype=np.float64) for name in stored}
    except FileNotFoundError:
        raise InputError(str(path), "missing from the result folder", hint=AGAIN) from None
    except DAMAGED as fault:
        raise InputError(str(path), f"cannot be read: {fault}") from None
    for name in CURVES:
        if name not in found:
            raise InputError(f"{path}: {name}", "array missing")
        if not np.isfinite(found[name]).all():
            raise InputError(f"{path}: {name}", "holds a value that is not finite")
    return found


def _check_tables(folder: Path, names: frozenset[str]) -> None:
    """No table that would be read was added after the seal."""
    for name in OPTIONAL:
        path = folder / f"{name}.csv"
        if path.exists() and path.name not in names:
            raise InputError(str(path), "is not part of the result: it is not sealed", "no such file")


def _check_digests(folder: Path, record: Mapping[str, Any]) -> None:
    """Every file a record of before the seal names still has the SHA-256 it was written with."""
    files = record.get("files")
    for name, digest in files.items() if isinstance(files, Mapping) else ():
        path = folder / Path(str(name)).name
        if not path.is_file():
            raise InputError(str(path), "missing from the result folder", hint=AGAIN)
        if seal.sha256(path) != digest:
            raise InputError(
                str(path), "has changed since the run: its digest is not the recorded one", hint=AGAIN
            )


def _check_table(path: Path, result: Result) -> None:
    if not result.tail:
        raise InputError(str(path), "no rows")
    for name, found, known in (("view", result.views, VIEWS), ("measure", result.measures, MEASURES)):
        for word in found:
            if word not in known:
                raise InputError(f"{path}: column {name}", f"{word!r} is not known", ", ".join(known))
    if len(result._rows) != len(result.tail):
        raise InputError(str(path), "a product, view, measure and level is given twice")
    for product in result.products:
        for view in result.views:
            for measure in result.measures:
                for level in result.levels:
                    if (product, view, measure, level) not in result._rows:
                        raise InputError(str(path), f"no row for {product}, {view}, {measure}, {level}")


def _check_curves(path: Path, result: Result) -> None:
    c = result.curves
    losses = (len(result.products), len(VIEWS), len(MEASURES), len(c["loss_edges"]) - 1)
    expected = {
        "fan": (len(c["fan_levels"]), None, len(result.buckets)),
        "z_counts": (len(result.events), len(c["z_edges"]) - 1),
        "loss_counts": losses,
        "regime_share": (None, None),
    }
    for name, shape in expected.items():
        found = c[name].shape
        if len(found) != len(shape) or any(
            want not in (None, have) for want, have in zip(shape, found, strict=True)
        ):
            raise InputError(f"{path}: {name}", f"shape {found}", f"shape {shape}")
    for name in ("z_edges", "loss_edges", "fan_levels"):
        if c[name].ndim != 1 or not (np.diff(c[name]) > 0).all():
            raise InputError(f"{path}: {name}", "not an increasing list")
