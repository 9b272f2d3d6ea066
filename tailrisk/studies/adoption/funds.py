"""Funds in the market that others make: what following and holding lose, and what size costs."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ...assemble.funds import VOLATILITY, assemble
from ...config import Config
from ...config.accounts import AccountsFile, Terms
from ...core.calendar import YEAR
from ...policies import rule
from ...policies.observation import Book
from ...products import account
from ..regret.policies import book, under, unmanaged
from .market import Lived
from .wanted import Books, flat, wanted

Array = NDArray[np.float64]


def funds(config: Config, products: Sequence[str], size: float | None = None) -> account.Params:
    """The products' own funds on their terms; size: of all of them, billions, in place of the terms'."""
    file = config.attached.accounts
    assert file is not None
    if size is not None:
        own = {name: {**file.products.get(name, {}), "size": size} for name in config.products}
        file = file.model_copy(update={"products": {**file.products, **own}})
    made = assemble(config, file, 1, config.run.seed, precision=config.run.precision)
    rows = np.array([made.own[name] for name in products])
    return jax.tree.map(lambda x: x[rows], made.params)


def books(params: account.Params, config: Config) -> tuple[Books, Array]:
    """Books of the funds, and stocks over NAV [fund]."""
    stock, sold = np.asarray(params.long, np.float64), np.asarray(params.short, np.float64)
    gross = stock.sum(axis=1)
    weights, short = stock / gross[:, None], sold / gross[:, None]
    return Books(weights, short, flat(np.asarray(params.benchmark, np.float64), short, config.names)), gross


def losses(
    config: Config, params: account.Params, kind: str, market: Lived, lasting: int
) -> tuple[Array, Array]:
    """Losses over the horizon [fund, path] of those who hold, and of those who follow as the others do."""
    have, gross = books(params, config)
    made = wanted(kind, have, config.names)
    home = book(params, (have.weights, gross, have.short))
    away = book(params, (made.weights, gross * made.keep, made.short))
    held = unmanaged(params, market.tape).days.nav[-1]
    moved = under(params, market.tape, _rule(params, away, home, market, lasting)).days.nav[-1]
    return 1 - np.asarray(held, np.float64), 1 - np.asarray(moved, np.float64)


def _rule(params: account.Params, away: Book, home: Book, market: Lived, lasting: int) -> rule.Params:
    """To the other book from the day the policy fires."""
    dtype = params.long.dtype
    return rule.Params(
        date=jnp.asarray(market.fired, jnp.int32),
        threshold=jnp.asarray(-np.inf, dtype),
        lag=jnp.asarray(1, jnp.int32),
        back=jnp.asarray(0, jnp.int32),
        lasting=jnp.asarray(lasting, jnp.int32),
        pace=jnp.asarray(1.0, dtype),
        watched=jnp.asarray(0, jnp.int32),
        away=away,
        home=home,
    )


def net_alpha(
    config: Config, file: AccountsFile, product: str, size: float, alpha: float, turnover: float
) -> float:
    """A year of NAV: L (alpha - tau sum_b w_b (c + stamp / 2 + Y s sqrt(x_b))) - fee.

    x_b = A L w_b tau / (242 V_b) is the part of a day's volume that a manager of A billions trades in a
    bucket every day, tau the yuan he trades in a year over his stock book, c commission and half spread, and
    Y s sqrt(x) what his own order moves the price (mechanism 3.2).
    """
    terms: Terms = file.terms(product)
    have, gross = books(funds(config, [product], max(size, 1e-6)), config)
    weights, long = have.weights[0], float(gross[0])
    volume = np.array([dict(file.volume)[bucket] for bucket in config.names.buckets])
    part = size * long * weights * turnover / (YEAR * volume)
    cost = terms.cost + terms.stamp_duty / 2 + terms.impact * VOLATILITY * np.sqrt(part)
    return long * (alpha - turnover * float(weights @ cost)) - config.products[product].fee_annual
