"""The one place where words become arrays: a config in, a world of parameters out."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..config import Config
from ..config.calibrated import Fitted, Styles
from ..config.market import Event
from ..config.products import Cta
from ..core import random
from ..core.names import BUCKETS
from ..market import ladder, regimes, spread, styles
from ..products import account
from ..simulate.world import Streams, World
from . import funds, products
from .crowd import crowd

Array = np.ndarray[Any, np.dtype[np.float64]]


def assemble(config: Config, history: Array | None = None) -> World:
    """The world a config describes.

    history: daily spreads [day, detector] of the `warmup_days(config)` days before the first, oldest first;
    needed when market.warmup is "history". Events that differ in threshold alone share a detector.
    Arrays get the precision of run.precision; float64 needs jax's x64 switched on by the caller.
    """
    dtype = jnp.dtype(config.run.precision)

    def array(values: Any) -> jax.Array:
        return jnp.asarray(np.asarray(values, np.float64), dtype)

    fitted = config.fitted
    holders = list(config.products.values())
    used = config.styles_in_use
    overlay = config.calibrated.styles
    size = _ladder(fitted, config.market.spread_drift == "fitted", array)
    return World(
        regimes=regimes.Params(
            cumulative=array(np.cumsum(fitted.transition, axis=1)),
            start=array(np.cumsum(_start(fitted, config.market.start))),
        ),
        long_run=array(np.cumsum(stationary(np.array(fitted.transition)))),
        ladder=size,
        styles=_styles(overlay, used, array) if overlay is not None and used else None,
        products=products.books(holders, used, array),
        detectors=tuple(dict.fromkeys(map(detector, config.event))),
        history=None if history is None else array(history),
        streams=_streams(config.run.seed, specific=_picks(config)),
        days=config.run.days,
        warmup=warmup_days(config),
        arithmetic_excess=config.tail.excess == "arithmetic",
        own_risk=any(isinstance(product, Cta) for product in holders),
        own_inverse_nu=products.own_inverse_nu(holders, array),
        funds=_funds(config),
        crowd=crowd(config, size, array),
    )


def detector(event: Event) -> spread.Params:
    """What must be watched to see an event."""
    small, large = map(BUCKETS.index, event.pair)
    return spread.Params(
        small=small, large=large, window=event.window, days=event.days, mean_removed=event.mean_removed
    )


def warmup_days(config: Config) -> int:
    """Days of spread that fill every event's trailing window."""
    return max((event.warmup_days for event in config.event), default=0)


def stationary(transition: Array) -> Array:
    """The long-run law of a chain [regime]: the left eigenvector of one, pi P = pi."""
    states = len(transition)
    system = np.vstack([transition.T - np.eye(states), np.ones(states)])
    law = np.linalg.lstsq(system, np.append(np.zeros(states), 1.0), rcond=None)[0]
    return np.maximum(law, 0) / np.maximum(law, 0).sum()


def _start(fitted: Fitted, start: str) -> Array:
    states = fitted.states
    if start == "filtered":
        return np.array(fitted.filtered)
    if start == "stationary":
        return stationary(np.array(fitted.transition))
    return np.eye(states)[0 if start == "calm" else states - 1]


def _ladder(fitted: Fitted, drifting: bool, array: Any) -> ladder.Params:
    inverse_nu = 0.0 if fitted.nu is None else 1 / fitted.nu
    scale = np.sqrt(1 - 2 * inverse_nu)  # covariance to t scale: (nu - 2) / nu
    mean = np.array(fitted.mean)
    if not drifting:
        mean[:, 1:] -= stationary(np.array(fitted.transition)) @ mean[:, 1:]
    factor = np.linalg.cholesky(np.array(fitted.covariance)) * scale
    return ladder.Params(
        affine=array(np.cumsum(np.concatenate([mean[:, :, None], factor], axis=2), axis=1)),
        inverse_nu=array(inverse_nu) if inverse_nu else None,
    )


def _styles(overlay: Styles, used: list[str], array: Any) -> styles.Params:
    rows = [overlay.names.index(style) for style in used]
    on_factors = np.array(overlay.loading)[rows]
    on_buckets = on_factors - np.hstack([on_factors[:, 1:], np.zeros((len(rows), 1))])
    sd = np.array(overlay.residual_sd)[rows]
    covariance = np.array(overlay.residual_correlation)[np.ix_(rows, rows)] * np.outer(sd, sd)
    return styles.Params(loading=array(on_buckets), residual=array(np.linalg.cholesky(covariance)))


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
