"""A product's book: stocks by bucket, futures sold against them, carry; bought once and held.

With G_b the price of bucket b and F_q the value of the held future q, rolls included, both over that on the
eve of the first day, everything per yuan of starting NAV,

    NAV_t = 1 + sum_b long_b (G_b - 1) - sum_q short_q (F_q - 1) + carry_t           mechanism 5.7, 7
    carry_t = carry_{t-1} + A_{t-1} (style . phi + alpha) + interest + own - fee NAV_{t-1}

A is the long book's value, and interest is cash earned less the financing of the stock book. Without a crowd
a future is its index and F_q = G_b(q). Holding, not rebalancing, is what gives
the identities of mechanism 7, and lets a leveraged book's leverage rise as it loses.

A book whose NAV would be negative is dead: its NAV is zero from then on and its broker's loss is recorded
as the shortfall, never netted away (mechanism 5.7, report fact 34).
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Flag, Normal, Ratio


@struct
class Params:
    """Positions and carry of every product, per unit of starting NAV."""

    long: Ratio  # [product, bucket]
    short: Ratio  # [product, future]  index futures sold
    style: Ratio  # [product, style]  z-score of the long book within its buckets
    alpha: Ratio  # [product]  per day of the long book
    interest: Ratio  # [product]  per day, constant: cash earned less financing
    fee: Ratio  # [product]  per day of NAV
    own: Ratio  # [product]  scale of a day of what is unrelated to stocks (CTA)
    margin: Ratio  # [product]  equity the broker asks for over the long book; zero if unlevered
    benchmark: Ratio  # [product, bucket]  one for the index it is judged by; all zero is cash
    benchmark_cash: Ratio  # [product]  daily interest of a cash benchmark


@struct
class State:
    """Where each book is."""

    carry: Ratio  # [product, path]  accumulated
    nav: Ratio  # [product, path]
    long: Ratio  # [product, path]  value of the stocks
    benchmark: Ratio  # [product, path]  NAV of the benchmark
    shortfall: Ratio  # [product, path]  owed to the broker since death
    breached: Flag  # [product, path]  equity was below the margin requirement at some close


def init(params: Params, paths: int) -> State:
    """Every book at NAV one on the eve of the first day."""
    shape = (params.alpha.shape[0], paths)
    one, zero = jnp.ones(shape, params.long.dtype), jnp.zeros(shape, params.long.dtype)
    gross = _total([params.long[:, b] for b in range(params.long.shape[1])])
    return State(
        carry=zero,
        nav=one,
        long=one * gross[:, None],
        benchmark=one,
        shortfall=zero,
        breached=jnp.zeros(shape, bool),
    )


def step(
    params: Params,
    state: State,
    growth: Ratio,
    future: Ratio,
    style_return: Ratio | None,
    own: Normal | None,
) -> State:
    """One day.

    growth [bucket, path] and future [future, path]: values over their start; style_return [style, path];
    own [path]: shocks of unit scale.
    """
    long = _rows(params.long, growth)
    gain = long - _rows(params.long, jnp.ones_like(growth)) - _rows(params.short, future - 1)
    per_book = params.alpha[:, None] + (0.0 if style_return is None else _rows(params.style, style_return))
    carry = state.carry + state.long * per_book + params.interest[:, None] - params.fee[:, None] * state.nav
    if own is not None:
        carry = carry + params.own[:, None] * own[None, :]
    equity = 1 + gain + carry
    alive = state.nav > 0
    return State(
        carry=carry,
        nav=jnp.where(alive, jnp.maximum(equity, 0.0), 0.0),
        long=long,
        benchmark=_benchmark(params, state, growth),
        shortfall=jnp.where(alive, jnp.maximum(-equity, 0.0), state.shortfall),
        breached=state.breached | (alive & (equity < params.margin[:, None] * long)),
    )


def _benchmark(params: Params, state: State, growth: Ratio) -> Ratio:
    tracks_index = _total([params.benchmark[:, b] for b in range(growth.shape[0])])[:, None]
    cash = state.benchmark + params.benchmark_cash[:, None]
    return jnp.where(tracks_index > 0, _rows(params.benchmark, growth), cash)


def _rows(weight: Ratio, value: Ratio) -> Ratio:
    """sum_k weight[product, k] value[k, path], added in a fixed order; zero of nothing."""
    if not value.shape[0]:
        return jnp.zeros((weight.shape[0], *value.shape[1:]), value.dtype)
    return _total([weight[:, k][:, None] * value[k][None, :] for k in range(value.shape[0])])


def _total(terms: list[Ratio]) -> Ratio:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
