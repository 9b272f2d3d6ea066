"""Index futures: the basis of each contract, and its return under its own price limit.

With tau calendar days to expiry and u the dislocation of a future (positive is a discount),

    b(tau) = ln(F / S) = -y tau / 365 - u (1 - exp(-tau / tau0)),        zero at expiry, mechanism 5.4
    u     <- u + pull (mean - u) - lambda_F Q / V - lambda_r r rout + sigma e,   |u| <= bound
    rout  =  min((-mom)+ / full, 1)

each round, r being the index's return in it and pull faster on the premium side, where arbitrage needs no
borrowed stock. Mechanism 5.4 has an answer to falls alone, at all times: over 2022 and 2023 the basis of IC
and IM answered to neither falls nor rises of the index, from January to March 2024 by a quarter to a third
of both (experiments/basis_response.py). Contracts of 2 to 6 February 2024 lie on this curve with tau0 of 20
calendar days (tests/market/test_basis.py).

A contract's price, in units of its previous close, is (S / S0) exp(b) / (F0 / S0), held within its limit of
the prior settlement; what the limit cuts off stays in u and shows when the limit has moved. All nine
contracts are marked once a day, at the close; within it only those that someone holds or looks at.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import Normal, Ratio, Yuan
from .expiry import Contracts

MONTH = 30.0
"""Days to expiry at which a discount is watched."""


@struct
class Params:
    """Carry, and what moves the dislocation; zero `flow` and `fall` cut the crowd off the basis."""

    carry: Ratio  # [future]  y: discount per calendar year in quiet times
    ramp: Ratio  # []  tau0, calendar days
    mean: Ratio  # [future]  where u settles
    discount_pull: Ratio  # []  part of u - mean lost in a round when u > mean: 1 - (1 - daily)^(1 / rounds)
    premium_pull: Ratio  # []  the same when u < mean
    flow: Ratio  # []  lambda_F: dislocation per net sale of one day's futures turnover
    fall: Ratio  # []  lambda_r: dislocation per unit fall of the index in a rout, given back per rise
    full: Ratio  # []  decayed fall of the index at which that is whole
    noise: Ratio  # [future]  sigma of one round
    bound: Ratio  # []  largest |u|
    volume: Yuan  # [future]  a day's futures turnover; positive


@struct
class State:
    """Every listed contract at the last close, in the slots of that day."""

    dislocation: Ratio  # [future, path]  u
    relative: Ratio  # [future, maturity, path]  F / S as shown
    settlement: Ratio  # [future, maturity, path]  settlement price over closing price


@struct
class Base:
    """What the returns of some contracts are measured from today."""

    days: Ratio  # [maturity]  calendar days left at today's close
    limit: Ratio  # [maturity]
    relative: Ratio  # [future, maturity, path]  F / S at the previous close
    settlement: Ratio  # [future, maturity, path]  prior settlement over previous close


@struct
class Today:
    """What moves within the day: the dislocation, and the averages that will make the settlement."""

    dislocation: Ratio  # [future, path]  u
    mean_dislocation: Ratio  # [future, path]  over the closing rounds so far
    mean_index: Ratio  # [future, path]  index over its previous close, the same


@struct
class Quote:
    """What the market shows of some contracts."""

    returns: Ratio  # [future, maturity, path]  simple, since the previous close
    relative: Ratio  # [future, maturity, path]  F / S


def curve(params: Params, dislocation: Ratio, days: Ratio) -> Ratio:
    """Log basis [future, maturity, path] of contracts with `days` [maturity] left, before any limit."""
    reach = -jnp.expm1(-days / params.ramp)[None, :, None]
    carried = params.carry[:, None, None] * (days / 365.0)[None, :, None]
    return -carried - dislocation[:, None, :] * reach


def init(params: Params, dislocation: Ratio, contracts: Contracts) -> State:
    """State at the close before the first day: contracts on their curve, settled at the close.

    dislocation: u [future, path]; `contracts` are the first day's; slots are read as theirs.
    """
    relative = jnp.exp(curve(params, dislocation, contracts.before))
    return State(dislocation=dislocation, relative=relative, settlement=jnp.ones_like(relative))


def open(params: Params, state: State, contracts: Contracts) -> tuple[Base, Today]:
    """Follow each contract to its slot of today; one that had none was on its curve, settled at the close."""
    fresh = jnp.exp(curve(params, state.dislocation, contracts.before))
    base = Base(
        days=contracts.days,
        limit=contracts.limit,
        relative=_follow(contracts, state.relative, fresh),
        settlement=_follow(contracts, state.settlement, jnp.ones_like(fresh)),
    )
    zero = jnp.zeros_like(state.dislocation)
    return base, Today(dislocation=state.dislocation, mean_dislocation=zero, mean_index=zero)


def pick(base: Base, weight: Ratio) -> Base:
    """The contract that has weight one [maturity], alone; `Contracts.held` is such a weight."""
    wide = weight[None, :, None]
    return Base(
        days=accumulate(weight * base.days)[None],
        limit=accumulate(weight * base.limit)[None],
        relative=accumulate(wide * base.relative, axis=1)[:, None],
        settlement=accumulate(wide * base.settlement, axis=1)[:, None],
    )


def step(
    params: Params,
    today: Today,
    index: tuple[Ratio, Ratio, Ratio],
    flow: Yuan,
    shock: Normal,
    settling: Ratio,
) -> Today:
    """One round of the futures market, u as above (mechanism 5.4); arrays [future, path].

    `index` is each future's index return since the previous close, its change in this round and the index's
    momentum before it, all simple; `flow` net purchases of the future, yuan (buys positive); `settling` the
    weight of this round in today's settlement price, zero but for the closing rounds and one in all.
    """
    since_close, in_round, momentum = index
    dislocation = _dislocate(params, today.dislocation, flow, in_round * _rout(params, momentum), shock)
    return Today(
        dislocation=dislocation,
        mean_dislocation=today.mean_dislocation + settling * dislocation,
        mean_index=today.mean_index + settling * (1.0 + since_close),
    )


def mark(params: Params, base: Base, dislocation: Ratio, since_close: Ratio) -> Quote:
    """Contracts of `base` given u and the index return since the previous close, both [future, path]."""
    index = (1.0 + since_close)[:, None, :]
    free = index * jnp.exp(curve(params, dislocation, base.days)) / base.relative
    limit = base.limit[None, :, None]
    price = jnp.clip(free, base.settlement * (1.0 - limit), base.settlement * (1.0 + limit))
    return Quote(returns=price - 1.0, relative=price * base.relative / index)


def close(params: Params, base: Base, today: Today, since_close: Ratio) -> State:
    """State after the close, from all of today's contracts and the index return of the day [future, path].

    The exchange settles at the last hour's average price by volume; here at the index's and the
    dislocation's averages over the closing rounds, equally weighted.
    """
    last = mark(params, base, today.dislocation, since_close)
    average = mark(params, base, today.mean_dislocation, today.mean_index - 1.0)
    return State(
        dislocation=today.dislocation,
        relative=last.relative,
        settlement=(1.0 + average.returns) / (1.0 + last.returns),
    )


def annualised(relative: Ratio, days: Ratio) -> Ratio:
    """(F/S - 1) 365 / days: the market's convention, calendar days and no compounding; discount negative.

    relative: F / S and calendar days, of shapes that broadcast: [future, path] and []. -1.47 % with 17 days
    left is -31.6 % (2 February 2024). On the last day one day is used.
    """
    return (relative - 1.0) * (365.0 / jnp.maximum(days, 1.0))


def monthly(params: Params, dislocation: Ratio) -> Ratio:
    """Annualised basis [future, path] of a contract with 30 days left, on the curve; a discount is negative.

    What people watch: the front one's, annualised, is noise near its end (-145 % on 17 January 2024).
    """
    days = jnp.full(1, MONTH, params.ramp.dtype)
    return annualised(jnp.exp(curve(params, dislocation, days)[:, 0]), days[0])


def _rout(params: Params, momentum: Ratio) -> Ratio:
    return jnp.minimum(jnp.maximum(-momentum, 0.0) / params.full, 1.0)


def _dislocate(params: Params, dislocation: Ratio, flow: Yuan, in_rout: Ratio, shock: Normal) -> Ratio:
    gap = params.mean[:, None] - dislocation
    pull = jnp.where(gap > 0.0, params.premium_pull, params.discount_pull)
    pushed = params.flow * flow / params.volume[:, None] + params.fall * in_rout
    moved = dislocation + pull * gap - pushed + params.noise[:, None] * shock
    return jnp.clip(moved, -params.bound, params.bound)


def _follow(contracts: Contracts, before: Ratio, fresh: Ratio) -> Ratio:
    slots = range(contracts.origin.shape[0])
    rows = []
    for m in slots:
        row = fresh[:, m]
        for k in slots:
            row = jnp.where(contracts.origin[m] == k, before[:, k], row)
        rows.append(row)
    return jnp.stack(rows, axis=1)
