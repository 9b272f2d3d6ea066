"""`tailrisk monitor`: from forecasts and losses to a folder that says which stand rejected, since when."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ...core import disk
from ...core.errors import InputError
from ...record import provenance
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...report import study as report
from ...report.figures.prints import BOTH, printing
from ...tail import calibration
from ...tail.sequential import BETS, Bets
from . import pictures
from .mended import mended
from .page import page
from .read import watched
from .watch import table

LAGS = 10
"""Days over which scores may be correlated, in the Murphy diagram's band."""


def monitor(
    forecasts: Path,
    realised: Path | None,
    *,
    level: str | None,
    models: tuple[str, ...],
    reject: float,
    bets: Bets,
    pictured: str | None,
    conformal: bool = False,
    half_life: float | None = None,
    output: Path,
    force: bool,
    command: str,
) -> Path:
    """Read, watch, write and return the folder `output`.

    reject: wealth at which a forecast stands rejected; pictured: the product of the pictures, the first if
    none is named; conformal: whether forecasts mended by their past errors, whose weights halve in half_life
    days, are watched too. InputError: what `read.watched` and `mended` refuse, a product that is none, a
    folder in the way.
    """
    if not reject > 1:
        raise InputError("--reject", f"{reject:g}", "above 1; 20 errs once in twenty right forecasts at most")
    if bets not in BETS:
        raise InputError("--bets", repr(bets), ", ".join(BETS))
    if half_life is not None and not conformal:
        raise InputError("--half-life", "without --conformal", "both: it weighs past errors")
    found = watched(forecasts, realised, level, models)
    if conformal:
        found = replace(found, rows=mended(found.rows, half_life))
    products = list(dict.fromkeys(found.rows["product"]))
    if pictured is not None and pictured not in products:
        raise InputError("--picture", repr(pictured), ", ".join(products))
    with replacing(output, force=force) as folder:
        series, days = table(found.rows, reject, bets)
        facts: dict[str, Any] = {
            "name": output.name,
            "question": "Which forecasts of VaR and ES stand rejected, product by product, since which day?",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
            "rows": len(found.rows),
            "reject": reject,
            "bets": bets,
            **found.source,
        }
        with printing(folder, BOTH):
            drawn = _drawn(found.rows, series, days, pictured or products[0], reject)
        write_csv(series, folder / "table.csv", digits="%.6g", missing="")
        for name, (_, text) in drawn.items():
            disk.write(folder / f"{name}.svg", text)
        titles = [(name, title) for name, (title, _) in drawn.items()]
        disk.write(folder / "README.md", page(series, facts, titles))
        write_record(folder, {**facts, **provenance.stamp()})
        report.write(folder)
    return output


def _drawn(
    rows: pd.DataFrame, series: pd.DataFrame, days: pd.DataFrame, product: str, reject: float
) -> dict[str, tuple[str, str]]:
    """Title and drawing of each picture: the first level and horizon of one product."""
    own = series[series["product"] == product].iloc[0]
    same = {"product": product, "level": own["level"], "horizon": own["horizon"]}
    column = "wealth_es" if "wealth_es" in days else "wealth_var"
    what = "ES" if column == "wealth_es" else "VaR"
    title = f"Wealth of bets against {what} {100 * own['level']:g} % of {product}"
    found = {"wealth": (title, pictures.wealth(_of(days, same), title, column, reject))}
    two = _two(_of(series, same))
    if what == "ES" and two is not None:
        one, other = (_of(rows, same | {"model": model}).set_index("date") for model in two)
        both = one.index.intersection(other.index)
        pairs = [(x.loc[both, "value_at_risk"], x.loc[both, "expected_shortfall"]) for x in (one, other)]
        if len(both) > LAGS and all((pair[1] > 0).all() for pair in pairs):
            curve = calibration.murphy(
                one.loc[both, "loss"], pairs[0], pairs[1], level=f"{own['level']:.6g}", lags=LAGS
            )
            title = f"Murphy diagram of {product}: {two[0]} less {two[1]}"
            found["murphy"] = (title, pictures.murphy(curve, title))
    return found


def _two(series: pd.DataFrame) -> tuple[str, str] | None:
    """The models least and most held against, by the largest wealth; None where there is one alone."""
    if len(series) < 2 or "es_peak" not in series:
        return None
    ranked = series.sort_values("es_peak", kind="stable")["model"]
    return str(ranked.iloc[0]), str(ranked.iloc[-1])


def _of(frame: pd.DataFrame, values: dict[str, Any]) -> pd.DataFrame:
    """The rows that have these values."""
    keep = pd.Series(True, frame.index)
    for name, value in values.items():
        keep &= frame[name] == value
    return frame[keep]
