"""Index futures: the basis of each contract, and its return under its own price limit.

With tau calendar days to expiry and u the dislocation of a future (positive is a discount),

    b(tau) = ln(F / S) = -y tau / 365 - u (1 - exp(-tau / tau0)),        zero at expiry, mechanism 5.4
    u     <- u + pull (mean - u) - lambda_F Q / V - lambda_r min(r, 0) + sigma e,   |u| <= bound

each round, pull being faster on the premium side, where arbitrage needs no borrowed stock. Contracts of
2 and 5 February 2024 lie on this curve with tau0 of 20 calendar days (tests/market/test_basis.py).

A contract's log return since the previous close is ln(S/S0) + b - b0, held within its limit of the prior
settlement; what the limit cuts off stays in u and shows when the limit has moved.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import LogReturn, Normal, Ratio, Yuan
from .expiry import Contracts


@struct
class Params:
    """Carry, and what moves the dislocation; zero `flow` and `fall` cut the crowd off the basis."""

    carry: Ratio  # [future]  y: discount per calendar year in quiet times
    ramp: Ratio  # []  tau0, calendar days
    mean: Ratio  # [future]  where u settles
    discount_pull: Ratio  # []  share of u - mean lost in a round when u > mean: 1 - (1 - daily)^(1 / rounds)
    premium_pull: Ratio  # []  the same when u < mean
    flow: Ratio  # []  lambda_F: dislocation per net sale of one day's futures turnover
    fall: Ratio  # []  lambda_r: dislocation per unit fall of the index
    noise: Ratio  # [future]  sigma of one round
    bound: Ratio  # []  largest |u|
    volume: Yuan  # [future]  a day's futures turnover; positive


@struct
class State:
    """Dislocation now, and today's contracts at the previous close."""

    dislocation: Ratio  # [future, path]  u
    basis: Ratio  # [future, maturity, path]  ln(F / S) as shown at the previous close
    settlement: LogReturn  # [future, maturity, path]  ln(prior settlement / previous close)
    average: LogReturn  # [future, maturity, path]  of today's closing rounds so far, from the previous close


@struct
class Quote:
    """What the market shows of every contract."""

    change: LogReturn  # [future, maturity, path]  since the previous close
    basis: Ratio  # [future, maturity, path]  ln(F / S)


def curve(params: Params, dislocation: Ratio, days: Ratio) -> Ratio:
    """Log basis [future, maturity, path] of contracts with `days` [maturity] left, before any limit."""
    reach = -jnp.expm1(-days / params.ramp)[None, :, None]
    carried = params.carry[:, None, None] * (days / 365.0)[None, :, None]
    return -carried - dislocation[:, None, :] * reach


def init(params: Params, dislocation: Ratio, contracts: Contracts) -> State:
    """State before the first day's open: contracts on their curve and settled at the close."""
    basis = curve(params, dislocation, contracts.before)
    return State(
        dislocation=dislocation, basis=basis, settlement=jnp.zeros_like(basis), average=jnp.zeros_like(basis)
    )


def open(params: Params, state: State, contracts: Contracts) -> State:
    """Follow each contract to the slot it has today; one that had no slot was on its curve, settled there."""
    fresh = curve(params, state.dislocation, contracts.before)
    return State(
        dislocation=state.dislocation,
        basis=_follow(contracts, state.basis, fresh),
        settlement=_follow(contracts, state.settlement, jnp.zeros_like(fresh)),
        average=jnp.zeros_like(fresh),
    )


def step(
    params: Params,
    state: State,
    contracts: Contracts,
    index: tuple[Ratio, Ratio],
    flow: Yuan,
    shock: Normal,
    settling: Ratio,
) -> tuple[State, Quote]:
    """One round of the futures market; arrays [future, path].

    `index` is each future's index return since the previous close and its change in this round, both
    simple; `flow` net purchases of the future (buys positive); `settling` the weight of this round in
    today's settlement price, zero but for the last rounds and one in all.
    """
    since_close, in_round = index
    dislocation = _dislocate(params, state.dislocation, flow, in_round, shock)
    spot = jnp.log1p(since_close)[:, None, :]
    change = spot + curve(params, dislocation, contracts.days) - state.basis
    low, high = jnp.log1p(-contracts.limit)[None, :, None], jnp.log1p(contracts.limit)[None, :, None]
    shown = jnp.clip(change, state.settlement + low, state.settlement + high)
    after = State(
        dislocation=dislocation,
        basis=state.basis,
        settlement=state.settlement,
        average=state.average + settling * shown,
    )
    return after, Quote(change=shown, basis=shown + state.basis - spot)


def close(state: State, quote: Quote) -> State:
    """The last round's quote becomes the previous close; the settlement is the closing rounds' average.

    The exchange averages prices by volume over the last hour; here their logs, equally weighted.
    """
    return State(
        dislocation=state.dislocation,
        basis=quote.basis,
        settlement=state.average - quote.change,
        average=jnp.zeros_like(state.average),
    )


def held_return(contracts: Contracts, quote: Quote) -> Ratio:
    """Simple return since the previous close [future, path] of the contract hedgers hold."""
    return jnp.expm1(accumulate(contracts.held[None, :, None] * quote.change, axis=1))


def annualised(basis: Ratio, days: Ratio) -> Ratio:
    """(F/S - 1) 365 / days: the market's convention, calendar days and no compounding; discount negative.

    -1.47 % with 17 days left is -31.6 % (2 February 2024). On the last day one day is used.
    """
    return jnp.expm1(basis) * (365.0 / jnp.maximum(days, 1.0))


def _dislocate(params: Params, dislocation: Ratio, flow: Yuan, in_round: Ratio, shock: Normal) -> Ratio:
    gap = params.mean[:, None] - dislocation
    pull = jnp.where(gap > 0.0, params.premium_pull, params.discount_pull)
    pushed = params.flow * flow / params.volume[:, None] + params.fall * jnp.minimum(in_round, 0.0)
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
