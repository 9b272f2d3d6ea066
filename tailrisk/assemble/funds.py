"""Products and their terms as funds: the rows of `account.Params`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..config import Config
from ..config.accounts import AccountsFile, Terms
from ..config.products import Cta
from ..core import random
from ..core.arrays import placed
from ..core.calendar import YEAR
from ..core.names import Names
from ..products import account, dealing, lines, panel, trade
from ..products.terms import Positions
from .products import positions

Array = np.ndarray[Any, np.dtype[np.float64]]
VOLATILITY = 0.02
"""A day's volatility in the square-root law, of stocks in a bucket (mechanism 3.2)."""


@dataclass(frozen=True)
class Funds:
    """Funds by product: `own` is the row that holds a product's own book, the others are drawn around it."""

    params: account.Params
    product: tuple[str, ...]  # [fund]
    own: dict[str, int]


def assemble(
    config: Config,
    accounts: AccountsFile,
    count: int,
    seed: int,
    *,
    precision: str = "float64",
    styles: Sequence[str] | None = None,
) -> Funds:
    """`count` funds of every product of a config, the first of each with the product's own book.

    styles: those whose returns are known, in order; None means those that some product is exposed to.
    """
    rows: list[dict[str, Any]] = []
    owner: list[str] = []
    own: dict[str, int] = {}
    names = config.names
    volume = np.array([dict(accounts.volume)[bucket] for bucket in names.buckets])
    known = config.styles_in_use if styles is None else list(styles)
    for name, product in config.products.items():
        own[name] = len(rows)
        rows += _product(name, product, accounts.terms(name), names, volume, known, (count, seed))
        owner += [name] * count
    return Funds(_params(rows, jnp.dtype(precision)), tuple(owner), own)


def _product(
    name: str,
    product: Any,
    terms: Terms,
    names: Names,
    volume: Array,
    styles: list[str],
    size: tuple[int, int],
) -> list[dict[str, Any]]:
    """A row for each fund of a product."""
    count, seed = size

    def stream(what: str) -> random.Stream:
        return random.stream(seed, f"panel.{name}.{what}")

    eve = positions(product, names)
    gross, short = math.fsum(eve.long), math.fsum(eve.short)
    mean, hedge = _mix(eve.long), _mix(eve.short)
    others = count - 1
    weights = (
        [mean, *panel.weights(mean, terms.weight_spread, others, stream("weights"))] if mean.any() else None
    )
    spread = terms.long_spread if 0 < gross < 1 else 0.0
    books = [gross, *panel.fractions(gross, spread, others, stream("exposure"), 0.0, 0.99)]
    varied = names.role("discount")
    at = None if varied is None else names.future(varied)
    mixed = terms.hedge_spread if at is not None and 0 < hedge[at] < 1 else 0.0
    part = 0.0 if at is None else hedge[at]
    mixes = [part, *panel.fractions(part, mixed, others, stream("hedge"))]
    row = _terms(product, eve, terms, names, volume)
    own = np.array([getattr(product, "style_exposure", {}).get(style, 0.0) for style in styles])
    sd = terms.style_spread if gross else 0.0
    picked = [own, *own + panel.deviations(sd, others, [stream(f"style.{style}") for style in styles])]
    rows = []
    for k in range(count):
        mix = _remixed(hedge, at, mixes[k]) if mixed and at is not None else hedge
        book = np.zeros(len(names.buckets)) if weights is None else books[k] * weights[k]
        sold = (short / gross if gross else 0.0) * books[k] * mix
        rows.append({**row, "long": book, "short": sold, "style": picked[k]})
    return rows


def _remixed(hedge: Array, at: int, part: float) -> Array:
    """The hedge with `part` of it in one future, the others in proportion."""
    mix = hedge / (1 - hedge[at]) * (1 - part)
    mix[at] = part
    return mix


def _mix(over_nav: tuple[float, ...]) -> Array:
    """Parts of a whole; all zero where there is nothing."""
    total = math.fsum(over_nav)
    return np.array(over_nav) / (total or 1.0)


def _terms(product: Any, eve: Positions, terms: Terms, names: Names, volume: Array) -> dict[str, Any]:
    """What does not differ among the funds of a product."""
    cash = getattr(product, "cash_annual", 0.0)
    share = terms.size / volume
    return {
        "benchmark": [float(bucket == product.benchmark) for bucket in names.buckets],
        "alpha": product.alpha_annual / YEAR,
        "specific": terms.specific_annual / np.sqrt(YEAR),
        "other": float(isinstance(product, Cta)),
        "cash_annual": 0.0 if eve.financed else cash,
        "benchmark_cash_annual": cash,
        "financing_annual": getattr(product, "financing_annual", 0.0),
        "halt_from": terms.halt_from,
        "halt_days": terms.halt_days,
        "cost": terms.cost,
        "stamp": terms.stamp_duty,
        "impact": terms.impact * VOLATILITY * np.sqrt(share),
        "futures_cost": terms.futures_cost,
        "most": terms.participation / share if terms.size else np.full(len(names.buckets), 1e9),
        "initial": terms.initial_margin,
        "futures_margin": eve.futures,
        "call": terms.margin_call,
        "reset": terms.margin_reset,
        "warning": terms.warning_line,
        "warned_long": terms.warned_long,
        "stop": terms.stop_line,
        "base": terms.redemption_base,
        "slope": terms.redemption_slope,
        "threshold": terms.redemption_threshold,
        "open": terms.dealing,
        "wait": terms.notice,
        "management_annual": product.fee_annual,
        "performance": terms.performance_fee,
        "high_water": terms.high_water,
    }


def _params(rows: list[dict[str, Any]], dtype: Any) -> account.Params:
    whole = {"halt_from", "halt_days", "wait"}
    columns = {
        name: placed(np.array([row[name] for row in rows]), np.int32 if name in whole else dtype)
        for name in rows[0]
    }

    def part(record: Any, **more: Any) -> dict[str, Any]:
        return {name: columns[name] for name in record.__dataclass_fields__ if name in columns} | more

    longest = int(max(row["wait"] for row in rows))
    return account.Params(
        **part(account.Params),
        trade=trade.Params(**part(trade.Params)),
        lines=lines.Params(**part(lines.Params)),
        dealing=dealing.Params(**part(dealing.Params, longest=longest)),
    )
