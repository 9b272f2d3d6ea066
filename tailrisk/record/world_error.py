"""Intervals with the error of the world: the run's own, widened by its repeats, beside every figure.

`parameters`: sampling and estimation error, of the fit's parameters and the crowd's. `world`: the hull of
that and of the estimate under every other law, give or take its own sampling error: model error too.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from ..config import Config
from ..core import figures
from ..core.calendar import YEAR
from ..tail.nested import stretched, widened
from .estimates import LARGEST_LOSS, Figure
from .uncertainty import RATE, Key, Repeats

RATES = {"probability": "probability", "rate": RATE}
"""Stem of an interval's columns in events.csv, and the column of its figure."""
FEWEST = 30
MANY = 10**6
"""Draws from which Student's quantile is the normal one."""
TEN = 10.0


class World(NamedTuple):
    """A figure's intervals."""

    own: Figure  # of sampling alone
    deviation: float  # over draws of the parameters
    parameters: tuple[float, float]
    laws: dict[str, float]  # law: estimate
    world: tuple[float, float]


def world(config: Config, repeats: Repeats, key: Key, own: Figure) -> World:
    """The intervals of one figure of the run's, `own` with its interval of sampling.

    What fewer than FEWEST paths of all draws have wide keeps that interval, its deviation unknown.
    """
    at, sure = repeats.keys.index(key), config.tail.confidence
    loss = key.table == "tail"
    deviation, wide = 0.0, (own.low, own.high)
    if repeats.parameters is not None:
        deviation, mean = float(repeats.parameters.deviation[at]), float(repeats.parameters.mean[at])
        if not loss and _hits(config, repeats, key, mean) < FEWEST:
            deviation = math.nan
        else:
            wide = _wider(loss, own, deviation, mean, repeats.parameters.draws, sure)
    ends = [wide]
    for estimate, error in ((one[at], other[at]) for one, other in repeats.laws.values()):
        alone = Figure(estimate, estimate, estimate)
        ends.append(_wider(loss, alone, float(error), estimate, MANY, sure))
    most = LARGEST_LOSS if loss else 1.0 if key.figure != RATE else math.inf
    hull = min(low for low, _ in ends), max(high for _, high in ends)
    return World(
        own,
        deviation,
        _cut(wide, own, most),
        {name: float(one[at]) for name, (one, _) in repeats.laws.items()},
        _cut(hull, own, most),
    )


def _hits(config: Config, repeats: Repeats, key: Key, mean: float) -> float:
    """Paths of all draws on which it happened, about."""
    assert repeats.parameters is not None
    often = mean * (config.run.days / (10 * YEAR) if key.figure == RATE else 1.0)
    return often * repeats.paths * repeats.parameters.draws


def _wider(
    loss: bool, own: Figure, deviation: float, mean: float, draws: int, sure: float
) -> tuple[float, float]:
    about = (own.estimate, own.low, own.high)
    if loss:
        return widened(*about, deviation, draws, confidence=sure)
    return stretched(*about, deviation / mean if mean > 0 else 0.0, draws, confidence=sure)


def _cut(ends: tuple[float, float], own: Figure, most: float) -> tuple[float, float]:
    """No bound beyond what there is to lose, and the estimate between the bounds."""
    low, high = ends
    if math.isnan(own.estimate):
        return low, min(high, most)
    return min(low, own.estimate), max(min(high, most), own.estimate)


def beside(config: Config, repeats: Repeats, frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables `tail`, `events` and `accounts` with the world's intervals, and `uncertainty`."""
    rows: list[dict[str, Any]] = []
    wider = {}
    for name, made in (
        ("tail", tail(config, repeats, frames["tail"])),
        ("events", events(config, repeats, frames["events"])),
        ("accounts", accounts(config, repeats, frames["accounts"])),
    ):
        wider[name] = made[0]
        rows += made[1]
    return wider | {"uncertainty": table(repeats, rows)}


def tail(config: Config, repeats: Repeats, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """tail.csv with the ends of the world's interval beside each figure's, and rows of uncertainty.csv.

    frame [row, column], a row a product, view, loss and level.
    """
    rows, columns = [], []
    for _, row in frame.iterrows():
        about = {"table": "tail", "subject": row["product"], "view": row["view"]}
        here = {**about, "measure": row["measure"]}
        keys = {name: Key(**here, figure=name, level=row["level"]) for name in ("var", "es")}
        keys |= {"mean": Key(**here, figure="mean"), "drift": Key(**about, figure="drift")}
        wide = {name: world(config, repeats, key, _figure(row, name)) for name, key in keys.items()}
        columns.append(_ends({name: it.world for name, it in wide.items()}))
        rows += [_row(keys[name], it) for name, it in wide.items()]
    unlike = {tuple(row.values())[:6]: row for row in rows}  # mean and drift once, not at every level
    return _beside(frame, columns), list(unlike.values())


def events(
    config: Config, repeats: Repeats, frame: pd.DataFrame
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """events.csv likewise, frame [event, column]; odds from splitting keep their own interval."""
    rows: list[dict[str, Any]] = []
    columns: list[dict[str, float]] = []
    for _, row in frame.iterrows():
        if row["paths"] != config.run.paths:
            columns.append({})
            continue
        keys = {name: Key("events", row["event"], figure) for name, figure in RATES.items()}
        own = {
            name: Figure(row[figure], row[f"{name}_low"], row[f"{name}_high"])
            for name, figure in RATES.items()
        }
        wide = {name: world(config, repeats, key, own[name]) for name, key in keys.items()}
        low, high = wide["rate"].world
        period = (10 / high if high > 0 else math.inf, 10 / low if low > 0 else math.inf)
        columns.append(_ends({name: it.world for name, it in wide.items()} | {"return_period": period}))
        rows += [_row(keys[name], it) for name, it in wide.items()]
    return _beside(frame, columns), rows


def accounts(
    config: Config, repeats: Repeats, frame: pd.DataFrame
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """accounts.csv likewise, frame [product, column]."""
    rows, columns = [], []
    for _, row in frame.iterrows():
        keys = [Key("accounts", row["product"], name) for name in ("margin_breach", "wipe_out")]
        wide = {key.figure: world(config, repeats, key, _figure(row, key.figure)) for key in keys}
        columns.append(_ends({name: it.world for name, it in wide.items()}))
        rows += [_row(key, wide[key.figure]) for key in keys]
    return _beside(frame, columns), rows


def _beside(frame: pd.DataFrame, columns: list[dict[str, float]]) -> pd.DataFrame:
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


def table(repeats: Repeats, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """uncertainty.csv: every figure with its three intervals, and its estimate under each other law."""
    extra = [f"law_{name}" for name in repeats.laws]
    return pd.DataFrame(list(rows), columns=[*figures.UNCERTAINTY, *extra])


def record(config: Config, repeats: Repeats | None) -> dict[str, Any]:
    """What the record says of the intervals."""
    if repeats is None:
        return {"said": "Monte Carlo error alone: parameters and law are taken as they are"}
    drawn = repeats.parameters.draws if repeats.parameters is not None else 0
    what = " and ".join(repeats.what)
    said = "sampling error"
    said += f", the error of {what} ({drawn} draws)" if drawn else ", parameters fixed (the fit has no draws)"
    laws = [config.market.process, *repeats.laws]
    said += f", and the laws {', '.join(laws)}" if repeats.laws else f", under one law ({laws[0]})"
    return {
        "said": said,
        "parameters": drawn,
        "drawn": list(repeats.what),
        "laws": laws,
        "paths": repeats.paths,
    }


def _figure(row: pd.Series, name: str) -> Figure:
    return Figure(row[name], row[f"{name}_low"], row[f"{name}_high"])


def _ends(pairs: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Columns of the world's intervals."""
    ends = ("low", "high")
    return {f"{name}_world_{e}": x for name, pair in pairs.items() for e, x in zip(ends, pair, strict=True)}


def _row(key: Key, it: World) -> dict[str, Any]:
    return {
        **key._asdict(),
        "value": it.own.estimate,
        "low": it.own.low,
        "high": it.own.high,
        "deviation": it.deviation,
        "parameters_low": it.parameters[0],
        "parameters_high": it.parameters[1],
        "world_low": it.world[0],
        "world_high": it.world[1],
        **{f"law_{name}": value for name, value in it.laws.items()},
    }
