"""A gauge judged: on simulated years whose crowd it has not seen, and on real ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from . import scores
from .history import Weeks, before
from .logistic import Gauge, learnt
from .markets import Markets
from .scores import Interval, by_block
from .seen import FUTURES, LABELS, PRICES

Array = np.ndarray[Any, np.dtype[Any]]
DRAWS = 200
"""Of blocks, for the interval of a figure."""
QUIET = -0.1
"""log fall of micro-caps below their high of 60 days above which a week is quiet: nothing has come yet."""
NAMES = {"prices": PRICES, "futures": (*PRICES, *FUTURES)}
"""Gauges: from prices alone, and with the discount of a future."""


@dataclass(frozen=True)
class Rows:
    """Weeks in a row: features, what came, the year and the market each is of, the crowd's size."""

    values: Array  # [row, feature]
    came: Array  # [row]
    year: Array  # [row]
    market: Array  # [row]
    size: Array  # [row]

    def of(self, keep: Array) -> "Rows":
        """The rows where `keep` [row]."""
        return Rows(self.values[keep], self.came[keep], self.year[keep], self.market[keep], self.size[keep])

    def some(self, names: Any) -> Array:
        """Features of these names [row, feature]."""
        return self.values[:, [list(LABELS).index(name) for name in names]]


def split(markets: Markets, values: Array, came: Array) -> tuple[Rows, Rows]:
    """(rows to learn from, rows to judge on): markets of even members, and of odd ones."""
    years, weeks = came.shape
    rows = Rows(
        values=values.reshape(years * weeks, -1),
        came=came.reshape(-1).astype(np.float64),
        year=np.repeat(np.arange(years), weeks),
        market=np.repeat(markets.market, weeks),
        size=np.repeat(markets.size, weeks),
    )
    even = np.repeat(markets.member % 2 == 0, weeks)
    return rows.of(even), rows.of(~even)


def gauges(rows: Rows, draws: int, seed: int) -> dict[str, Gauge]:
    """The gauges of NAMES, learnt from rows."""
    return {
        name: learnt(used, rows.some(used), rows.came, rows.market, draws=draws, seed=seed)
        for name, used in NAMES.items()
    }


def rivals(learn: Rows, seed: int) -> dict[str, Gauge]:
    """Gauges of one feature each."""
    return {
        name: learnt([name], learn.some([name]), learn.came, learn.market, draws=0, seed=seed)
        for name in LABELS
    }


def simulated(found: dict[str, Gauge], learn: Rows, held: Rows, seed: int) -> pd.DataFrame:
    """A row a gauge and set of weeks (all, quiet): area, skill over the base rate of such weeks, Brier."""
    quiet = [part.some(["micro_fall"])[:, 0] > QUIET for part in (learn, held)]
    sets = {"all": (learn, held), "quiet": (learn.of(quiet[0]), held.of(quiet[1]))}
    rows = []
    for where, (before_, own) in sets.items():
        base = float(before_.came.mean())
        for name, gauge in found.items():
            chance = gauge.chance(own.some(gauge.names))
            rows.append({"gauge": name, "weeks": where} | figures(chance, own.came, own.year, base, seed))
        rows.append(
            {"gauge": "crowd_known", "weeks": where}
            | figures(_knowing(before_, own, seed), own.came, own.year, base, seed)
        )
    return pd.DataFrame(rows)


def figures(chance: Array, came: Array, block: Array, base: float, seed: int) -> dict[str, float]:
    """Rows, rate, and area, skill and Brier score with their intervals over blocks."""
    one: dict[str, float] = {"rows": len(came), "rate": float(came.mean()), "base": base}
    kinds = {
        "area": scores.area(chance, came),
        "skill": scores.skill(chance, came, base),
        "brier": scores.brier(chance, came),
    }
    for name, figure in kinds.items():
        one |= _said(name, by_block(figure, block, draws=DRAWS, seed=seed))
    return one


def crowd_seen(learn: Rows, held: Rows, seed: int) -> Interval:
    """Area for telling a large crowd (1.5 times and more) from a small one (half and less) by what is seen.

    Learnt on the same markets; blocks are markets, since size is a market's.
    """
    parts = [part.of(part.size != 1.0) for part in (learn, held)]
    before_, own = parts
    large = [part.size > 1.0 for part in parts]
    used = NAMES["futures"]
    gauge = learnt(used, before_.some(used), large[0], before_.market, draws=0, seed=seed)
    return by_block(scores.area(gauge.chance(own.some(used)), large[1]), own.market, draws=DRAWS, seed=seed)


def real(found: dict[str, Gauge], weeks: Weeks, base: float, seed: int) -> pd.DataFrame:
    """A row a gauge and set of real weeks, blocks being calendar years; those with every feature seen."""
    rows = []
    values = pd.DataFrame(weeks.values, columns=list(LABELS))
    year = weeks.days.year.to_numpy()
    for name, gauge in found.items():
        own = values[list(gauge.names)].to_numpy()
        for where, keep in _real_sets(weeks, values, gauge):
            came = weeks.came[keep[weeks.complete]].astype(np.float64)
            rows.append(
                {"gauge": name, "weeks": where}
                | figures(gauge.chance(own[keep]), came, year[keep], base, seed)
            )
    return pd.DataFrame(rows)


def _real_sets(weeks: Weeks, values: pd.DataFrame, gauge: Gauge) -> list[tuple[str, Array]]:
    known = weeks.complete & values[list(gauge.names)].notna().all(axis=1).to_numpy()
    return [("all", known), ("quiet", known & (values["micro_fall"].to_numpy() > QUIET))]


def warnings(gauge: Gauge, weeks: Weeks) -> pd.DataFrame:
    """A row a spell: the gauge at the last close before it and four weeks before that, and its rank by then.

    rank is the part of the weeks so far that had a lower value.
    """
    values = pd.DataFrame(weeks.values, columns=list(LABELS))[list(gauge.names)].to_numpy()
    known = np.isfinite(values).all(axis=1)
    chance = np.where(known, gauge.chance(np.nan_to_num(values)), np.nan)
    draws = gauge.chances(np.nan_to_num(values)) if len(gauge.draws) else chance[None]
    rows = []
    for begins, fall in zip(pd.DatetimeIndex(weeks.spells["begins"]), weeks.spells["fall"], strict=True):
        last = before(weeks, begins)
        row: dict[str, Any] = {"begins": f"{begins:%Y-%m-%d}", "fall": float(fall)}
        for name, at in (("before", last), ("month_before", last - 4)):
            if at < 0 or not known[at]:
                row |= {name: np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan, f"{name}_rank": np.nan}
                continue
            low, high = np.quantile(draws[:, at], [0.025, 0.975])
            so_far = chance[: at + 1][known[: at + 1]]
            rank = float((so_far < chance[at]).mean())
            row |= {
                f"{name}": float(chance[at]),
                f"{name}_low": float(low),
                f"{name}_high": float(high),
                f"{name}_rank": rank,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _knowing(learn: Rows, held: Rows, seed: int) -> Array:
    """Chances of a gauge that is told the crowd's size too, alone and times what has fallen."""

    def more(rows: Rows) -> Array:
        fall = rows.some(["micro_fall"])
        size = rows.size[:, None]
        return np.concatenate([rows.some(NAMES["futures"]), size, size * fall], axis=1)

    names = (*NAMES["futures"], "size", "size_fall")
    gauge = learnt(names, more(learn), learn.came, learn.market, draws=0, seed=seed)
    return gauge.chance(more(held))


def _said(name: str, found: Interval) -> dict[str, float]:
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
