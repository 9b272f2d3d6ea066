"""One table over all runs: a row a figure, and the rows for which every condition holds."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...core import InputError
from ...core.errors import suggestion
from .catalogue import Entry, entries

MEASURES = {"VaR": "var", "ES": "es", "drift": "drift"}
FIRST = ("result", "product", "view", "loss", "measure", "level", "value", "low", "high", "indicative")
LAST = ("paths", "days", "seed", "created", "commit")
CONDITION = re.compile(r"\s*([\w.]+)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*")
ALLOWED = "FIELD=VALUE, or != < <= > >= ~ (contains); several values of = or != are separated by commas"
COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def query(results: Path, conditions: Sequence[str] = ()) -> pd.DataFrame:
    """Figures of runs below a folder, cells of sweeps too, for which every condition holds [row, column].

    A field is a column, or a dotted field of the config, which becomes one. InputError: a condition that is
    none, or a field that no run has.
    """
    wanted = [_condition(text) for text in conditions]
    fields = list(dict.fromkeys(field for field, _, _ in wanted if "." in field))
    tables = [_figures(one, fields) for one in entries(results) if one.kind == "run"]
    columns = [*FIRST, *fields, *LAST]
    frame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    for field, operator, value in wanted:
        if field not in columns or (frame[field].isna().all() and len(frame)):
            raise InputError("query", f"no field {field!r}{suggestion(field, columns)}", ", ".join(columns))
        frame = frame[_holds(field, frame[field], operator, value)]
    return frame.reset_index(drop=True)


def _condition(text: str) -> tuple[str, str, str]:
    match = CONDITION.fullmatch(text)
    if match is None or not match[3]:
        raise InputError("query", repr(text), ALLOWED)
    return match[1], match[2], match[3]


def _figures(entry: Entry, fields: Sequence[str]) -> pd.DataFrame:
    """A row a figure of one run [row, column]."""
    table = pd.read_csv(entry.folder / "tail.csv")
    about = ["product", "view", "measure", "level"]
    parts = []
    for name, column in MEASURES.items():
        if column not in table:
            continue
        part = table[about].rename(columns={"measure": "loss"})
        part["measure"], part["value"] = name, table[column]
        part["low"], part["high"] = table[f"{column}_low"], table[f"{column}_high"]
        part["indicative"] = table["indicative"] if name != "drift" else False
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame["result"] = entry.name
    for field in fields:
        frame[field] = _cell(entry.config.get(field))
    for key in LAST:
        frame[key] = _cell(entry.record.get(key))
    return frame[[*FIRST, *fields, *LAST]]


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, list | dict) else value


def _holds(field: str, column: "pd.Series[Any]", operator: str, value: str) -> "pd.Series[bool]":
    if operator == "~":
        return column.astype(str).str.contains(value, case=False, regex=False)
    numeric = pd.to_numeric(column, errors="coerce")
    if operator in COMPARED:
        try:
            return COMPARED[operator](numeric, float(value))
        except ValueError:
            raise InputError("query", f"{field}{operator}{value}", f"a number after {operator}") from None
    words = [word.strip().lower() for word in value.split(",")]
    among = column.astype(str).str.lower().isin(words)
    for word in words:
        try:
            among |= np.isclose(numeric, float(word.replace("_", "")), rtol=1e-12, atol=0)
        except ValueError:
            continue
    return ~among if operator == "!=" else among
