"""Forecasts mended by their own past errors, watched beside the ones they come from: conformal bounds."""

from typing import Any

import numpy as np
import pandas as pd

from ...core.errors import InputError
from ...tail import conformal
from ..backtest.study import REGIMES
from .read import SERIES

ENDINGS = {"equal": "+conformal", "regime": "+regime"}
"""What is put behind a model's name: weights by age alone, and by regime too."""


def mended(rows: pd.DataFrame, half_life: float | None) -> pd.DataFrame:
    """The rows, and of every series of one day a copy with its buffer on VaR and ES; with columns regime_*,
    another weighted by them.

    half_life: days in which a day's weight halves, None for none. Days whose past has too little weight for
    the level are not in the copies. InputError: no series of one day, chances that are none, a name taken.
    """
    daily = rows[rows["horizon"] == 1]
    if daily.empty:
        raise InputError("--conformal", "no forecast of one day", "forecasts with horizon 1")
    columns = [name for name in rows if str(name).startswith(REGIMES)]
    kinds = {"equal": False} | ({"regime": True} if columns else {})
    parts = [rows]
    for key, own in daily.groupby(SERIES, sort=False):
        said: dict[str, Any] = dict(zip(SERIES, key, strict=True))
        for kind, weighted in kinds.items():
            found = conformal.buffers(
                own["loss"].to_numpy(),
                own["value_at_risk"].to_numpy(),
                level=f"{said['level']:.6g}",
                regimes=own[columns].to_numpy() if weighted else None,
                half_life=half_life,
            )
            parts.append(_copy(own, f"{said['model']}{ENDINGS[kind]}", np.asarray(found.buffer)))
    whole = pd.concat(parts, ignore_index=True)
    twice = whole.duplicated(["date", *SERIES])
    if twice.any():
        raise InputError("--conformal", f"there is a model {whole['model'][twice].iloc[0]!r}", "another name")
    return whole.sort_values("date", kind="stable").reset_index(drop=True)


def _copy(own: pd.DataFrame, model: str, buffer: Any) -> pd.DataFrame:
    """One series with a buffer on every risk, on the days that have one."""
    risks = [name for name in ("value_at_risk", "expected_shortfall") if name in own]
    known = np.isfinite(buffer)
    copy = own[known].assign(model=model)
    return copy.assign(**{name: copy[name] + buffer[known] for name in risks})
