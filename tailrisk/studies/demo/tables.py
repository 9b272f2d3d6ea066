"""The tables of the page, from the parts' own: regimes, odds, losses side by side."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...config import Config
from ...config.regimes import Regimes
from ...core.calendar import YEAR
from ...core.names import VIEWS
from ...record.estimates import Change, odds_change, shortfall_change
from .config import PARTS, Loaded
from .paired import Watched

Row = dict[str, Any]
SIDES = {"run": "without", "crowd": "with"}
"""Part -> how its columns begin."""


def regimes(config: Config) -> pd.DataFrame:
    """The ladder's regimes as fitted, calm to crisis: part of days, length, volatility, where it stood."""
    fitted = config.calibrated.choose(config.market.states, config.market.shocks)
    names, often = config.names, long_run(np.array(fitted.transition))
    large = names.bucket(names.role("large") or names.buckets[0])
    small = names.bucket(names.role("spread") or names.buckets[-1])
    steps = np.zeros((2, len(names.buckets)))
    steps[0, : large + 1] = 1
    steps[1, large + 1 : small + 1] = 1  # factors are a bucket less the next larger one
    rows = []
    for k in range(fitted.states):
        sd = np.sqrt(np.einsum("rf,fg,rg->r", steps, np.array(fitted.covariance[k]), steps))
        drift = steps @ np.array(fitted.mean[k])
        rows.append(
            {
                "regime": _name(k, fitted),
                "of_days": often[k],
                "mean_days": 1 / max(1 - fitted.transition[k][k], 1e-12),
                "volatility_year": sd[0] * np.sqrt(YEAR),
                "spread_volatility_year": sd[1] * np.sqrt(YEAR),
                "spread_drift_day": drift[1],
                "last_day": fitted.filtered[k],
            }
        )
    return pd.DataFrame(rows)


def long_run(transition: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance of each regime in the long run [regime], of chances per day [regime, regime]: p = p P."""
    states = len(transition)
    system = np.vstack([transition.T - np.eye(states), np.ones(states)])
    return np.linalg.lstsq(system, np.r_[np.zeros(states), 1.0], rcond=None)[0]


def _name(k: int, fitted: Regimes) -> str:
    if fitted.states == 1:
        return "the only regime"
    return "calm" if k == 0 else "crisis" if k == fitted.states - 1 else f"regime {k + 1}"


def odds(folder: Path, loaded: Loaded, seen: dict[str, Watched]) -> pd.DataFrame:
    """Every event: its probability in both runs as their tables have it, and the paired difference."""
    tables = {part: pd.read_csv(folder / PARTS[part] / "events.csv") for part in SIDES}
    rows = []
    for k, event in enumerate(loaded.run.event):
        row: Row = {"event": event.name, "description": tables["run"].description[k]}
        for part, side in SIDES.items():
            row |= {f"{side}{end}": tables[part][f"probability{end}"][k] for end in ("", "_low", "_high")}
        pair = [seen[part].happened[k] for part in ("crowd", "run")]
        rows.append(row | _change(odds_change(*pair, confidence=loaded.crowd.tail.confidence)))
    return pd.DataFrame(rows)


def losses(folder: Path, loaded: Loaded, seen: dict[str, Watched]) -> pd.DataFrame:
    """Every product and view: ES of both runs as their tables have it, and the paired difference."""
    level, sure = loaded.demo.level, loaded.crowd.tail.confidence
    tables = {part: _tail(folder / PARTS[part], level) for part in SIDES}
    rows = []
    for v, view in enumerate(VIEWS):
        for p, (name, product) in enumerate(loaded.run.products.items()):
            row: Row = {"view": view, "product": name, "label": product.label or name, "level": level}
            for part, side in SIDES.items():
                found = tables[part][name, view]
                row |= {f"{side}{end}": found[f"es{end}"] for end in ("", "_low", "_high")}
            row["indicative"] = bool(any(t[name, view]["indicative"] for t in tables.values()))
            pair = [seen[part].losses[v, p] for part in ("crowd", "run")]
            rows.append(row | _change(shortfall_change(*pair, level=level, confidence=sure)))
    return pd.DataFrame(rows)


def records(table: pd.DataFrame) -> list[Row]:
    """The rows of a table [row, column], by column name."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _tail(folder: Path, level: float) -> dict[tuple[str, str], Row]:
    """Rows of the loss over the horizon at one level, by product and view."""
    table = pd.read_csv(folder / "tail.csv")
    chosen = table[(table.measure == "terminal") & np.isclose(table.level, level)]
    return {(row["product"], row["view"]): row for row in records(chosen)}


def _change(found: Change) -> dict[str, float]:
    return dict(zip(("more", "more_low", "more_high"), found, strict=True))
