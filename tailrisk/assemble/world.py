"""The one place where words become arrays: a config in, a world of parameters out."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..config import Config
from ..config.market import Event
from ..config.products import Cta
from ..core import random
from ..core.arrays import placed
from ..core.names import Names
from ..market import spread
from ..products import account
from ..simulate.world import Streams, World
from . import funds, products
from .crowd import crowd
from .process import build, stationary
from .styles import overlaid

__all__ = ["assemble", "detector", "stationary", "warmup_days"]

Array = np.ndarray[Any, np.dtype[np.float64]]


def assemble(config: Config, history: Array | None = None) -> World:
    """The world a config describes: its words as arrays, everything a path needs.

    history: daily spreads [day, detector] of the `warmup_days(config)` days before the first, oldest first;
    needed when market.warmup is "history". Events that differ in threshold alone share a detector.
    Arrays get the precision of run.precision; float64 needs jax's x64 switched on by the caller.
    InputError: an ensemble with a parameter this crowd lacks, snowball notes that cannot be priced.
    """
    dtype = jnp.dtype(config.run.precision)

    def array(values: Any) -> jax.Array:
        return placed(np.asarray(values, np.float64), dtype)

    holders = list(config.products.values())
    used = config.styles_in_use
    overlay = config.calibrated.styles
    law = build(config, array)
    return World(
        process=law,
        styles=overlaid(config, overlay, used, array) if overlay is not None and used else None,
        products=products.books(holders, config.names, used, array),
        detectors=tuple(dict.fromkeys(detector(event, config.names) for event in config.event)),
        history=None if history is None else array(history),
        streams=_streams(config.run.seed, specific=_picks(config)),
        days=config.run.days,
        warmup=warmup_days(config),
        arithmetic_excess=config.tail.excess == "arithmetic",
        own_risk=any(isinstance(product, Cta) for product in holders),
        own_inverse_nu=products.own_inverse_nu(holders, array),
        funds=_funds(config),
        crowd=crowd(config, law, array),
        names=config.names,
        backend=config.run.backend,
    )


def detector(event: Event, names: Names) -> spread.Params:
    """What must be watched to see an event."""
    small, large = map(names.bucket, event.pair)
    return spread.Params(
        small=small, large=large, window=event.window, days=event.days, mean_removed=event.mean_removed
    )


def warmup_days(config: Config) -> int:
    """Days of spread that fill every event's trailing window."""
    return max((event.warmup_days for event in config.event), default=0)


def _funds(config: Config) -> account.Params | None:
    """The terms of the products' own funds, where they live as accounts on every path."""
    terms = config.attached.accounts
    if terms is None or not config.as_accounts:
        return None
    return funds.assemble(config, terms, 1, config.run.seed, precision=config.run.precision).params


def _picks(config: Config) -> bool:
    """Whether any fund that lives on every path earns what its own choice of stocks earns."""
    terms = config.attached.accounts
    if terms is None or not config.as_accounts:
        return False
    return any(terms.terms(name).specific_annual > 0 for name in config.products)


def _streams(seed: int, *, specific: bool = False) -> Streams:
    return Streams(
        regimes=random.stream(seed, "regimes"),
        ladder=random.stream(seed, "ladder"),
        styles=random.stream(seed, "styles"),
        own=random.stream(seed, "own"),
        warmup_regimes=random.stream(seed, "warmup.regimes"),
        warmup_ladder=random.stream(seed, "warmup.ladder"),
        specific=random.stream(seed, "accounts.specific") if specific else None,
    )
