"""What a halt of some days costs holders who wanted out: the same paths with and without the days' wait.

An exit of a part of the book sells it in equal amounts over the exit's days. Without the halt they begin at
once, with it after the halt; both books are held to the last of those days. The cost of the halt is the
difference of the losses, path by path; to a holder who wants to stay it is zero.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...config import Config, load
from ...core.errors import Fault, InputError
from ...simulate import path
from ...simulate.world import World
from ...tail import expected_shortfall
from ...tail.sample import normal_quantile
from .config import Halt

Array = np.ndarray[Any, np.dtype[np.float64]]
WISHES = {"leaves": 1.0, "halves the book": 0.5, "stays": 0.0}
CHUNK, BATCHES = 2048, 20


def halt(terms: Halt) -> pd.DataFrame:
    """A row a book and wish: mean cost, ES without and with the halt, its difference with a 95 % interval.

    Of the book's stocks and hedge, over its equity. InputError: a book that is no product with weights.
    """
    days = terms.days + terms.exit_days
    config = load(terms.config, [*terms.overrides, f"run.days={days}", "run.precision=float64"])
    returns = market_returns(assemble(config), terms.paths, days)
    rows = []
    for book in terms.books:
        mine = book_returns(config, book, returns)
        real = _realised(config, terms, book)
        for wish, part in WISHES.items():
            free, held = (exposure(terms, part, halted=halted) for halted in (False, True))
            losses = (-(free @ mine), -(held @ mine))
            rows.append(
                {"book": book, "holder": wish, **_costs(losses, terms.level)}
                | {"realised_cost": float((free - held)[: len(real)] @ real) if len(real) else np.nan}
            )
    return pd.DataFrame(rows)


def exposure(terms: Halt, part: float, *, halted: bool) -> Array:
    """Fraction of the book held through each day [day]; a day's sale is at its close."""
    first = terms.days if halted else 0
    sold = np.clip((np.arange(terms.days + terms.exit_days) - first) / terms.exit_days, 0.0, 1.0)
    return np.asarray(1.0 - part * sold)


def market_returns(world: World, paths: int, days: int) -> Array:
    """Simple returns [bucket, day, path] of a world's first paths."""
    parts = []
    for first in range(0, paths, CHUNK):
        numbers = jnp.arange(first, first + CHUNK, dtype=jnp.uint32)
        price = np.asarray(_prices(world, numbers))  # [day, bucket, path]
        parts.append(price)
    log = np.concatenate(parts, axis=-1)[..., :paths]
    log = np.concatenate([np.zeros_like(log[:1]), log])
    if not np.isfinite(log).all():
        raise Fault("a price is not a finite number")
    return np.moveaxis(np.expm1(np.diff(log, axis=0)), 0, 1)


def book_returns(config: Config, book: str, returns: Array) -> Array:
    """Of a product's stocks less its hedge's index, over equity [day, path]; returns [bucket, day, path].

    InputError: no product of the config with weights.
    """
    product: Any = config.products.get(book)
    fit = [name for name, one in config.products.items() if getattr(one, "weights", None)]
    if book not in fit:
        raise InputError("halt.books", repr(book), ", ".join(fit))
    names = config.names
    long = float(getattr(product, "long", 1.0))
    weights = long * np.array([product.weights.get(bucket, 0.0) for bucket in names.buckets])
    hedges: dict[str, float] = getattr(product, "hedge", {})
    short = float(getattr(product, "short", long))
    for future, index in names.futures:
        weights[names.bucket(index)] -= short * hedges.get(future, 0.0)
    return np.asarray(np.tensordot(weights, returns, axes=1))


def _costs(losses: tuple[Array, Array], level: float) -> dict[str, float]:
    free, held = losses
    before, after = (100 * float(expected_shortfall(x, level=level)) for x in losses)
    parts = zip(np.array_split(free, BATCHES), np.array_split(held, BATCHES), strict=True)
    deltas = [
        float(expected_shortfall(b, level=level)) - float(expected_shortfall(a, level=level))
        for a, b in parts
    ]
    half = 100 * 2.093 * float(np.std(deltas, ddof=1)) / np.sqrt(BATCHES)  # t of 19 degrees
    cost = 100 * (held - free)
    return {
        "mean_cost": float(cost.mean()),
        "mean_half": normal_quantile(0.95) * float(cost.std()) / np.sqrt(len(cost)),
        "es_free": before,
        "es_halted": after,
        "es_cost": after - before,
        "es_half": half,
    }


def _realised(config: Config, terms: Halt, book: str) -> Array:
    """The book's return on the days that were [day]."""
    table = np.array(terms.realised, dtype=float)
    if not table.size:
        return np.zeros(0)
    if table.shape[1:] != (len(config.names.buckets),) or len(table) > terms.days + terms.exit_days:
        raise InputError("halt.realised", f"shape {table.shape}", "a row a day, a figure a bucket")
    return book_returns(config, book, table.T[:, :, None])[:, 0]


@jax.jit
def _prices(world: World, numbers: jax.Array) -> jax.Array:
    return path.course(world, numbers).price
