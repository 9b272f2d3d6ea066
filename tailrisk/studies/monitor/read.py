"""The forecasts to watch: a row a day, product and model, and the losses that came."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...core.errors import InputError
from ...data.table import Table, digest, read_table
from ..backtest.study import FORECASTS, REGIMES

SERIES = ["product", "model", "level", "horizon"]
"""What tells one series of forecasts from another."""
NUMBERS = ("value_at_risk", "expected_shortfall", "loss")


@dataclass(frozen=True)
class Watched:
    """Rows [date, *SERIES, value_at_risk, expected_shortfall, loss], and where they are from."""

    rows: pd.DataFrame
    source: dict[str, Any]


def watched(
    forecasts: Path, realised: Path | None, level: str | None, names: tuple[str, ...] = ()
) -> Watched:
    """Forecasts and losses from files, or from a folder of `tailrisk backtest --daily`.

    Columns: date, product, value_at_risk; model, level, horizon, expected_shortfall and loss where there are
    several, else one model, --level and one day. realised: date, product, loss. names: models to keep, all
    where none is named.
    Raises InputError for what is missing, no number, there twice, or a forecast whose loss is not known.
    """
    path = forecasts / FORECASTS if forecasts.is_dir() else forecasts
    if forecasts.is_dir() and not path.is_file():
        raise InputError(
            str(forecasts), f"has no {FORECASTS}", "a folder of `tailrisk backtest --daily`, or a file"
        )
    rows = _rows(path, ("date", "product", "value_at_risk"), level)
    source: dict[str, Any] = {"forecasts_sha256": digest(path), "made_by": _command(forecasts)}
    if realised is not None:
        came = _rows(realised, ("date", "product", "loss"), "0.5")[["date", "product", "loss"]]
        twice = came.duplicated(["date", "product"])
        if twice.any():
            raise InputError(
                str(realised), _row(came[twice].iloc[0], "comes twice"), "a loss a day and product"
            )
        rows = rows.drop(columns="loss", errors="ignore").merge(came, on=["date", "product"], how="left")
        source["realised_sha256"] = digest(realised)
    if "loss" not in rows:
        raise InputError(str(path), "has no column loss", "losses there, or a file of them as REALISED")
    unknown = rows["loss"].isna()
    if unknown.any():
        raise InputError(
            str(realised or path), _row(rows[unknown].iloc[0], "has no loss"), "a loss a forecast"
        )
    return Watched(_chosen(path, rows, names), source)


def _chosen(path: Path, rows: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The rows of some models, oldest first, each day once in a series."""
    models = list(dict.fromkeys(rows["model"]))
    missing = [name for name in names if name not in models]
    if missing:
        raise InputError("--models", ", ".join(map(repr, missing)), ", ".join(models))
    rows = rows[rows["model"].isin(names)] if names else rows
    twice = rows.duplicated(["date", *SERIES])
    if twice.any():
        raise InputError(str(path), _row(rows[twice].iloc[0], "comes twice"), "one forecast a day and series")
    return rows.sort_values("date", kind="stable").reset_index(drop=True)


def _rows(path: Path, needed: tuple[str, ...], level: str | None) -> pd.DataFrame:
    """A file's rows under the names used here, numbers checked."""
    table = read_table(path)
    missing = [name for name in needed if name != "date" and name not in table.frame]
    if missing:
        titles = ", ".join(map(str, table.frame.columns))
        raise InputError(str(path), f"has no column {', '.join(missing)}: {titles}", ", ".join(needed))
    frame = pd.DataFrame({"date": table.when, "product": table.frame["product"].astype(str).to_numpy()})
    for name in (*NUMBERS, *(name for name in map(str, table.frame) if name.startswith(REGIMES))):
        if name in table.frame:
            frame[name] = _finite(table, name)
    for name, default in (("level", level), ("horizon", "1")):
        if name in table.frame:
            frame[name] = _finite(table, name)
        elif default is None:
            raise InputError("--level", f"{path} has no column level", "a level such as 0.975")
        else:
            frame[name] = float(default)
    if not frame["level"].between(0.5, 1, inclusive="left").all():
        raise InputError(str(path), f"level {frame['level'].max():g}", "0.5 <= level < 1")
    days = frame["horizon"]
    if not ((days >= 1) & (days == days.round())).all():
        raise InputError(str(path), f"horizon {days.min():g}", "whole days, 1 or more")
    frame["horizon"] = days.astype(int)
    frame["model"] = table.frame["model"].astype(str).to_numpy() if "model" in table.frame else "forecast"
    return frame


def _finite(table: Table, name: str) -> np.ndarray:
    values = table.numbers(name).to_numpy(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{table.path}: row {row + 1} ({table.when[row].date()})", f"{name} is missing", "a number"
        )
    return values


def _row(row: pd.Series, what: str) -> str:
    words = [f"{row['date'].date()} {row['product']}", *([str(row["model"])] if "model" in row else [])]
    return f"{' '.join(words)} {what}"


def _command(folder: Path) -> str:
    """The command that made a folder of forecasts; empty for a file."""
    record = folder / "record.json"
    if not (folder.is_dir() and record.is_file()):
        return ""
    return str(json.loads(record.read_text(encoding="utf-8")).get("command", ""))
