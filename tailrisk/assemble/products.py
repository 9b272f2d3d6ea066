"""Products of a config as positions, and as the rows of `book.Params`."""

from typing import Any, assert_never

import jax
import numpy as np

from ..config.products import (
    Cta,
    Dma,
    IndexEnhanced,
    LongShort,
    MicroCap,
    Neutral,
    Own,
    Product,
    StockSelection,
)
from ..core.calendar import YEAR
from ..core.names import Names
from ..products import book
from ..products.terms import Positions

AnyProduct = IndexEnhanced | StockSelection | Neutral | Dma | LongShort | MicroCap | Cta | Own


def positions(product: AnyProduct, names: Names) -> Positions:
    """What a product holds on the eve of the first day, over NAV (mechanism 5.7).

    The match is closed: a family without a line here is refused, by mypy and when it is met.
    """
    match product:
        case IndexEnhanced() | StockSelection():
            return _held(product, names, long=1.0)
        case Neutral(long=g, margin_rate=m):
            return _held(product, names, long=g, short=g, futures=m, cash=1 - g * (1 + m))
        case Dma(long=leverage):
            return _held(product, names, long=leverage, short=leverage, financed=leverage)
        case LongShort(long=g, short=short):
            return _held(product, names, long=g, short=short, cash=1 - g)
        case MicroCap(long=g):
            return _held(product, names, long=g, cash=1 - g)
        case Cta():
            return _held(product, names, cash=1.0)
        case Own(long=stocks, short=sold, futures=m, cash=cash, financed=financed):
            return Positions(
                long=tuple(stocks.get(bucket, 0.0) for bucket in names.buckets),
                short=tuple(sold.get(future, 0.0) for future in names.contracts),
                futures=m,
                cash=cash,
                financed=financed,
            )
        case _:
            assert_never(product)


def _held(
    product: Product,
    names: Names,
    *,
    long: float = 0.0,
    short: float = 0.0,
    futures: float = 0.0,
    cash: float = 0.0,
    financed: float = 0.0,
) -> Positions:
    """Totals over NAV spread over the buckets and futures the product names."""
    weights, hedge = getattr(product, "weights", {}), getattr(product, "hedge", {})
    return Positions(
        long=tuple(long * weights.get(bucket, 0.0) for bucket in names.buckets),
        short=tuple(short * hedge.get(future, 0.0) for future in names.contracts),
        futures=futures,
        cash=cash,
        financed=financed,
    )


def books(products: list[AnyProduct], names: Names, used: list[str], array: Any) -> book.Params:
    """The products bought and held, a row each; used: names of the world's styles."""
    rows = [_row(product, names, used) for product in products]
    return book.Params(**{name: array([row[name] for row in rows]) for name in rows[0]})


def carry(product: AnyProduct, names: Names) -> tuple[float, float]:
    """(interest earned, financing paid) a trading day on the positions of the eve, over starting NAV."""
    held = positions(product, names)
    cash, financing = getattr(product, "cash_annual", 0.0), getattr(product, "financing_annual", 0.0)
    return held.cash * cash / YEAR, held.financed * financing / YEAR


def _row(product: AnyProduct, names: Names, used: list[str]) -> dict[str, Any]:
    """One product's row of `book.Params`, per unit of starting NAV."""
    held = positions(product, names)
    exposure = getattr(product, "style_exposure", {})
    cash, financing = getattr(product, "cash_annual", 0.0), getattr(product, "financing_annual", 0.0)
    return {
        "long": held.long,
        "short": held.short,
        "style": [exposure.get(style, 0.0) for style in used],
        "alpha": product.alpha_annual / YEAR,
        "interest": (held.cash * cash - held.financed * financing) / YEAR,
        "fee": product.fee_annual / YEAR,
        "own": own_scale(product),
        "margin": product.margin_rate if isinstance(product, Dma | Own) else 0.0,
        "benchmark": [float(bucket == product.benchmark) for bucket in names.buckets],
        "benchmark_cash": cash / YEAR if product.benchmark == "cash" else 0.0,
    }


def own_inverse_nu(products: list[AnyProduct], array: Any) -> jax.Array | None:
    """Of the one shock that moves every CTA; the config sees to it that they agree."""
    nu = next((product.nu for product in products if isinstance(product, Cta)), None)
    return None if nu is None else array(1 / nu)


def own_scale(product: AnyProduct) -> float:
    """Scale of a CTA's daily shock, whose standard deviation is its volatility's."""
    if not isinstance(product, Cta):
        return 0.0
    spread = 1.0 if product.nu is None else np.sqrt(1 - 2 / product.nu)
    return float(product.volatility_annual * spread / np.sqrt(YEAR))
