"""The table of ordinary weather: every target beside what a config's crowd makes of it, and history."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...assemble.world import assemble, detector
from ...config import Config, load
from ...core.errors import InputError
from ...data.prices import read_prices
from ...market.spread import Params, z
from .config import Target, Targets, check_books, read_targets
from .measure import WATCHED, Array, Books, Weather, statistics
from .shape import legs, shape
from .simulated import check_years, simulated, watched_spread

DAYS = 242
"""A year a path: no start is special, so paths begin in the long run."""
START = ("market.start=stationary", f"run.days={DAYS}")
ROLES = {"large": "large", "middle": "middle", "watched": "spread", "smallest": "micro"}
"""What is watched -> the role its bucket has in the market file."""


def beside(
    name: str, overrides: tuple[str, ...], data: Path, years: int, *, accept: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of a config's crowd beside the closes in a file, and the shape of its routs.

    Raises InputError for bad ones, and for years that no chunk holds.
    """
    check_years(years)
    targets, config = read_targets(), load(name, list(overrides))
    check_books(config, targets)
    history = of_closes(read_prices(data, names=config.names, accept=accept), config)
    seen = of_config(name, overrides, years)
    watched = books(config, targets)
    found = table(statistics(seen, watched), targets, statistics(history, watched))
    found.attrs["years"] = years
    return found, shape(seen, config, watched, history)


def of_config(name: str, overrides: tuple[str, ...], paths: int) -> Weather:
    """The days of a config's crowd over `paths` years. Raises InputError without a crowd."""
    config = load(name, [*overrides, *START])
    if config.crowd is None:
        raise InputError("crowd", "no [crowd] block", "one: ordinary weather is what a crowd leaves of it")
    return simulated(assemble(config), paths)


def of_closes(closes: pd.DataFrame, config: Config) -> Weather:
    """Daily closes [day, bucket] on the days that have every bucket; nothing that needs a crowd."""
    names = list(config.names.buckets)
    missing = [name for name in names if name not in closes.columns]
    if missing:
        raise InputError("closes", f"no {', '.join(missing)}", ", ".join(names))
    returns = closes[names].pct_change(fill_method=None).dropna().to_numpy(float)
    watch = watched_spread([detector(event, config.names) for event in config.event], config.names)
    return Weather(returns=returns[None], z=_z(returns, watch))


def _z(returns: Array, detector: Params | None) -> Array | None:
    """z [1, day] of the watched spread, from daily returns [day, bucket]."""
    if detector is None or len(returns) <= detector.lead:
        return None
    apart = returns[:, detector.small] - returns[:, detector.large]
    return np.asarray(z(detector, jnp.asarray(apart)[:, None]), float).T


def table(
    seen: Mapping[str, float], targets: Targets, history: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """A row a target: statistic, label, history, simulated, low, high, inside."""
    rows = [
        {
            "statistic": name,
            "label": target.label,
            "history": np.nan if history is None else history.get(name, np.nan),
            "simulated": seen[name],
            "low": target.low,
            "high": target.high,
            "inside": target.off(seen[name]) == 0,
        }
        for name, target in wanted(targets, seen).items()
    ]
    return pd.DataFrame(rows)


def wanted(targets: Targets, seen: Mapping[str, float]) -> dict[str, Target]:
    """The targets by statistic, without those of a spread that no event of the config watches.

    Raises InputError for one that is no statistic.
    """
    unknown = sorted(set(targets.target) - set(seen) - set(WATCHED))
    if unknown:
        raise InputError("target", f"{unknown[0]!r} is no statistic", ", ".join(seen))
    return {name: target for name, target in targets.target.items() if name in seen}


def books(config: Config, targets: Targets) -> Books:
    """The watched books of a config over its ladder, and those whose shape in a rout is looked at."""
    names = config.names
    weights = {}
    for name in targets.books:
        product = config.products[name]
        share = [getattr(product, "weights", {}).get(bucket, 0.0) for bucket in names.buckets]
        weights[name] = (np.array(share), names.bucket(product.benchmark))
    roles = {watched: names.bucket(names.played(role)) for watched, role in ROLES.items()}
    around = legs(config)
    return Books(weights=weights, shapes={name: around[name].net for name in targets.shapes}, **roles)
