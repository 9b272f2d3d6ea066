"""What is told of a way: the losses, when they came, who sold first, what the state did."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...config import Config
from .history import Evening
from .ways import Way

Array = NDArray[np.float64]

SELLING = 0.05
"""Part of its stocks whose sale counts as selling."""
AFRAID = 0.5
"""Mood at which investors outside the cohorts count as afraid."""


def row(config: Config, way: Way, history: Evening, product: int | None) -> dict[str, Any]:
    """One row a way: odds, years, losses and days; a day is the median of the way's paths, from one on."""
    own, share = way.members, way.weight
    found: dict[str, Any] = {
        "probability": way.probability.estimate,
        "probability_low": way.probability.low,
        "probability_high": way.probability.high,
        "years": way.years.estimate,
        "years_low": way.years.low,
        "years_high": way.years.high,
        "paths": len(own),
    }
    if product is not None:
        nav = np.asarray(history.nav[:, product][:, own], np.float64)
        found["loss"] = float((1 - nav[-1]) @ share)
        half = 1 - (1 - nav[-1]) / 2
        found["half_of_loss_day"] = _median(_first(nav <= half[None]), share)
        found["worst_day"] = _median(np.diff(nav, axis=0, prepend=1.0).argmin(axis=0) + 1.0, share)
    growth = np.expm1(np.asarray(history.price[-1][:, own], np.float64))
    found |= {f"return_{name}": float(growth[b] @ share) for b, name in enumerate(config.names.buckets)}
    if history.held is None or history.state is None or history.mood is None:
        return found
    first = seller(config, way, history)
    state = np.asarray(history.state[:, own], np.float64)
    afraid = np.asarray(history.mood[:, own] >= AFRAID)
    return found | {
        "first_seller": first["cohort"] if first else "",
        "first_seller_day": first["day"] if first else math.nan,
        "first_seller_of_paths": first["first_on"] if first else math.nan,
        "state_of_paths": float((state[-1] > 0) @ share),
        "state_day": _median(_first(state > 0), share),
        "state_spent": float(state[-1] @ share),
        "afraid_of_paths": float(afraid.any(axis=0) @ share),
        "afraid_day": _median(_first(afraid), share),
    }


def sellers(config: Config, way: Way, history: Evening) -> list[dict[str, Any]]:
    """A row a cohort: on how many paths it sold, the median day it had, how often first, what it sold."""
    files = config.attached.crowd
    if history.held is None or files is None:
        return []
    names = list(files.participants.cohorts)
    held = np.asarray(history.held[:, :, way.members], np.float64)
    day = np.stack([_first(held[:, c] <= 1 - SELLING) for c in range(len(names))])
    some = np.isfinite(day).any(axis=0)
    soonest = np.where(some, np.where(np.isfinite(day), day, np.inf).min(axis=0), np.nan)
    return [
        {
            "cohort": name,
            "of_paths": float(np.isfinite(day[c]) @ way.weight),
            "day": _median(day[c], way.weight),
            "first_on": float((day[c] == soonest) @ way.weight),
            "sold": float((1 - held[-1, c]) @ way.weight),
        }
        for c, name in enumerate(names)
    ]


def seller(config: Config, way: Way, history: Evening) -> dict[str, Any] | None:
    """The cohort that is first to sell on most paths of a way; None where nobody sells."""
    best = max(sellers(config, way, history), key=lambda one: one["first_on"], default=None)
    return best if best and best["first_on"] > 0 else None


def curves(config: Config, way: Way, history: Evening, product: int | None) -> list[dict[str, Any]]:
    """A row a day of the path nearest the way's mean, and of the mean: returns so far, NAV, purchases."""
    price = np.expm1(np.asarray(history.price[..., way.members], np.float64))
    place = int(np.flatnonzero(way.members == way.modal)[0])
    found = []
    for kind, take in (("modal", lambda x: x[..., place]), ("mean", lambda x: x @ way.weight)):
        columns = {name: take(price[:, b]) for b, name in enumerate(config.names.buckets)}
        if product is not None:
            columns["nav"] = take(np.asarray(history.nav[:, product][:, way.members], np.float64))
        if history.state is not None:
            columns["state_bought"] = take(np.asarray(history.state[:, way.members], np.float64))
        for day in range(len(price)):
            found.append(
                {"kind": kind, "day": day + 1} | {name: float(x[day]) for name, x in columns.items()}
            )
    return found


def _first(flags: NDArray[np.bool_]) -> Array:
    """The first day of each path [path] on which a flag [day, path] is up, from one on; nan: never."""
    return np.where(flags.any(axis=0), flags.argmax(axis=0) + 1.0, np.nan)


def _median(day: Array, share: Array) -> float:
    """The weighted median of the days that there are; nan where there is none."""
    known = np.isfinite(day)
    if not known.any():
        return math.nan
    order = np.argsort(day[known], kind="stable")
    mass = np.cumsum(share[known][order])
    return float(day[known][order][np.searchsorted(mass, mass[-1] / 2)])
