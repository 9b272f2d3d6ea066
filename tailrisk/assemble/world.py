"""The one place where words become arrays: a config in, a world of parameters out."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..config import Config
from ..config.market import Event
from ..config.products import Cta, Dma, IndexEnhanced, LongShort, MicroCap, Neutral, StockSelection
from ..core import random
from ..core.calendar import YEAR
from ..core.names import BUCKETS, FUTURES
from ..market import spread
from ..products import book
from ..simulate.world import Streams, World
from .crowd import crowd
from .process import build, stationary
from .styles import overlaid

__all__ = ["assemble", "detector", "own_scale", "stationary", "warmup_days"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Product = IndexEnhanced | StockSelection | Neutral | Dma | LongShort | MicroCap | Cta


def assemble(config: Config, history: Array | None = None) -> World:
    """The world a config describes.

    history: daily spreads [day, detector] of the `warmup_days(config)` days before the first, oldest first;
    needed when market.warmup is "history". Events that differ in threshold alone share a detector.
    Arrays get the precision of run.precision; float64 needs jax's x64 switched on by the caller.
    """
    dtype = jnp.dtype(config.run.precision)

    def array(values: Any) -> jax.Array:
        return jnp.asarray(np.asarray(values, np.float64), dtype)

    products = list(config.products.values())
    used = config.styles_in_use
    overlay = config.calibrated.styles
    law = build(config, array)
    return World(
        process=law,
        styles=overlaid(config, overlay, used, array) if overlay is not None and used else None,
        products=_products(products, used, array),
        detectors=tuple(dict.fromkeys(map(detector, config.event))),
        history=None if history is None else array(history),
        streams=_streams(config.run.seed),
        days=config.run.days,
        warmup=warmup_days(config),
        arithmetic_excess=config.tail.excess == "arithmetic",
        own_risk=any(isinstance(product, Cta) for product in products),
        own_inverse_nu=_own_inverse_nu(products, array),
        crowd=crowd(config, law, array),
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


def _own_inverse_nu(products: list[Product], array: Any) -> jax.Array | None:
    """Of the one shock that moves every CTA; the config sees to it that they agree."""
    nu = next((product.nu for product in products if isinstance(product, Cta)), None)
    return None if nu is None else array(1 / nu)


def own_scale(product: Product) -> float:
    """Scale of a CTA's daily shock, whose standard deviation is its volatility's."""
    if not isinstance(product, Cta):
        return 0.0
    spread = 1.0 if product.nu is None else np.sqrt(1 - 2 / product.nu)
    return float(product.volatility_annual * spread / np.sqrt(YEAR))


def _products(products: list[Product], used: list[str], array: Any) -> book.Params:
    rows = [_product(product, used) for product in products]
    return book.Params(**{name: array([row[name] for row in rows]) for name in rows[0]})


def _product(product: Product, used: list[str]) -> dict[str, Any]:
    """One product's row of `book.Params`, per unit of starting NAV."""
    gross, short, interest = _positions(product)
    weights = getattr(product, "weights", {})
    exposure = getattr(product, "style_exposure", {})
    hedge = getattr(product, "hedge", {})
    cash = getattr(product, "cash_annual", 0.0) / YEAR
    return {
        "long": [gross * weights.get(bucket, 0.0) for bucket in BUCKETS],
        "short": [short * hedge.get(future, 0.0) for future in FUTURES],
        "style": [exposure.get(style, 0.0) for style in used],
        "alpha": product.alpha_annual / YEAR,
        "interest": interest / YEAR,
        "fee": product.fee_annual / YEAR,
        "own": own_scale(product),
        "margin": product.margin_rate if isinstance(product, Dma) else 0.0,
        "benchmark": [float(bucket == product.benchmark) for bucket in BUCKETS],
        "benchmark_cash": cash if product.benchmark == "cash" else 0.0,
    }


def _positions(product: Product) -> tuple[float, float, float]:
    """(stocks, futures sold, interest a year), per unit of starting NAV (mechanism 5.7)."""
    match product:
        case Neutral(exposure=g, margin_rate=m, cash_annual=cash):
            return g, g, (1 - g * (1 + m)) * cash
        case Dma(gross_leverage=leverage, financing_annual=financing):
            return leverage, leverage, -leverage * financing
        case LongShort(exposure=g, short_gross=short, cash_annual=cash):
            return g, short, (1 - g) * cash
        case MicroCap(exposure=g, cash_annual=cash):
            return g, 0.0, (1 - g) * cash
        case Cta(cash_annual=cash):
            return 0.0, 0.0, cash
        case _:
            return 1.0, 0.0, 0.0


def _streams(seed: int) -> Streams:
    return Streams(
        regimes=random.stream(seed, "regimes"),
        ladder=random.stream(seed, "ladder"),
        styles=random.stream(seed, "styles"),
        own=random.stream(seed, "own"),
        warmup_regimes=random.stream(seed, "warmup.regimes"),
        warmup_ladder=random.stream(seed, "warmup.ladder"),
    )
