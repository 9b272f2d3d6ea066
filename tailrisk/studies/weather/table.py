"""The table of ordinary weather: every target beside what a config's crowd makes of it, and history."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...config import Config, load
from ...core.errors import InputError
from ...data.prices import read_prices
from .config import Targets, check_books, read_targets
from .measure import Books, Weather, statistics
from .simulated import simulated

DAYS = 242
"""A year a path: no start is special, so paths begin in the long run."""
START = ("market.start=stationary", f"run.days={DAYS}")
ROLES = {"large": "large", "middle": "middle", "watched": "spread", "smallest": "micro"}
"""What is watched -> the role its bucket has in the market file."""


def beside(
    name: str, overrides: tuple[str, ...], data: Path, paths: int = 1024, *, accept: Sequence[str] = ()
) -> pd.DataFrame:
    """The table of a config's crowd beside the closes in a file. Raises InputError for bad ones."""
    targets, config = read_targets(), load(name, list(overrides))
    check_books(config, targets)
    history = of_closes(read_prices(data, names=config.names, accept=accept), config, targets)
    return table(of_config(name, overrides, targets, paths), targets, history)


def of_config(name: str, overrides: tuple[str, ...], targets: Targets, paths: int = 1024) -> dict[str, float]:
    """Statistics of a config's crowd over `paths` years. Raises InputError without a crowd."""
    config = load(name, [*overrides, *START])
    if config.crowd is None:
        raise InputError("crowd", "no [crowd] block", "one: ordinary weather is what a crowd leaves of it")
    check_books(config, targets)
    return statistics(
        simulated(assemble(config), paths, config.names.future(config.names.played("discount"))),
        books(config, targets),
    )


def of_closes(closes: pd.DataFrame, config: Config, targets: Targets) -> dict[str, float]:
    """Statistics of daily closes [day, bucket] on the days that have every bucket; none that need a crowd."""
    names = list(config.names.buckets)
    missing = [name for name in names if name not in closes.columns]
    if missing:
        raise InputError("closes", f"no {', '.join(missing)}", ", ".join(names))
    returns = closes[names].pct_change(fill_method=None).dropna().to_numpy(float)
    return statistics(Weather(returns=returns[None]), books(config, targets))


def table(
    seen: Mapping[str, float], targets: Targets, history: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """A row a target: statistic, label, history, simulated, low, high, inside."""
    unknown = sorted(set(targets.target) - set(seen))
    if unknown:
        raise InputError("target", f"{unknown[0]!r} is no statistic", ", ".join(seen))
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
        for name, target in targets.target.items()
    ]
    return pd.DataFrame(rows)


def books(config: Config, targets: Targets) -> Books:
    """The watched books of a config over its ladder."""
    names = config.names
    weights = {}
    for name in targets.books:
        product = config.products[name]
        share = [getattr(product, "weights", {}).get(bucket, 0.0) for bucket in names.buckets]
        weights[name] = (np.array(share), names.bucket(product.benchmark))
    roles = {watched: names.bucket(names.played(role)) for watched, role in ROLES.items()}
    return Books(weights=weights, **roles)
