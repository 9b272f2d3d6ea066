"""The day of a market with a crowd in it, in the order of mechanism 8: open, rounds, close.

The latent return of a day is yesterday's carried gap, the exogenous return spread over the rounds, and what
orders add in each; the price shows it within the limits. Every price and position is in yuan or in units of
the start; who did what is in rounds.py.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...core import random, struct
from ...core.arrays import accumulate, stacked, take
from ...core.units import Count, Flag, Normal, Probability, Ratio, Uniform, Yuan
from ...crowd import cohorts, followers, intervention, ledger, own, panic, policy, snowball, speculators
from ...crowd.margin import over
from ...market import basis, impact, limits
from ...tail import running
from . import rounds
from .world import RESCUE, Calendar, Crowd, Imposed

TOLERANCE, COARSE = ledger.TOLERANCE, ledger.COARSE


@struct
class Today:
    """What the calendar and the draws bring; every field has [day, ...] in front while drawn."""

    calendar: Calendar
    noise: Normal  # [round, future, path]
    fear: Uniform  # [path]  whether it takes hold
    imposed: Imposed | None = None  # in a replay


@struct
class Watch:
    """What later days and the record need of the days so far."""

    micro: running.RunningLoss  # [path]
    discount: (
        Ratio  # [path]  largest annualised discount of the watched future at a month at a close, positive
    )
    called: Probability  # [cohort, path]  one if it ever had a margin call
    residual: Ratio  # [path]  largest of the ledger
    stage: Count  # [path]  highest stage of the state's ladder that fired


@struct
class State:
    """Where the crowd's market is after a close."""

    price: Ratio  # [bucket, path]  over the start
    future: Ratio  # [future, path]  value of one held future, rolls included, over the start
    gap: Ratio  # [bucket, path]  latent return that opens tomorrow
    impact: impact.State
    basis: basis.State
    cohorts: cohorts.State
    notes: snowball.State
    speculators: speculators.State
    ladder: intervention.State
    followers: followers.State
    panic: panic.State
    ledger: ledger.State
    bought: Yuan  # [bucket, path]  by the state since the start, filled
    watch: Watch
    own: Any = None  # of a mechanism of the user's
    managers: policy.State | None = None


@struct
class Outcome:
    """What a path's crowd leaves in the record."""

    worst_3_days: Ratio  # [path]  lowest return of the micro-caps over three days running
    peak_discount: (
        Ratio | None
    )  # [path]  largest annualised discount of the watched future at a month at a close
    knocked_in: Ratio  # [book, path]  fraction of the snowballs' notional
    state_spent: Yuan  # [path]
    stage: Count  # [path]  highest stage of the state's ladder that fired
    drawdown: Ratio  # [cohort, path]  of NAV from its high-water mark, at the end
    shortfall: Yuan  # [cohort, path]  owed to brokers at the end
    called: Flag  # [cohort, path]  had a margin call
    residual: Ratio  # [path]  largest of the ledger, over the initial stock and notes
    fired: Count | None = None  # [path]  the day a policy of cohorts fired; zero is never


def init(crowd: Crowd, paths: int) -> State:
    """The evening before the first day: flat prices, books full, nothing pending."""
    first = _first(crowd.calendar)
    flat = jnp.zeros((crowd.buckets, paths), crowd.impact.impact.dtype)
    books, short = cohorts.init(crowd.cohorts, paths), speculators.init(crowd.speculators, paths)
    dislocation = jnp.broadcast_to(crowd.basis.mean[:, None], (crowd.futures, paths))
    return State(
        price=flat + 1.0,
        future=jnp.ones((crowd.futures, paths), flat.dtype),
        gap=flat,
        impact=impact.init(crowd.impact, flat),
        basis=basis.init(crowd.basis, dislocation, first.contracts),
        cohorts=books,
        notes=snowball.init(crowd.snowball, paths),
        speculators=short,
        ladder=intervention.init(crowd.state, paths),
        followers=followers.init(crowd.followers, paths),
        panic=panic.init(crowd.panic, paths),
        ledger=ledger.init(cohorts.books(books)),
        bought=flat,
        watch=Watch(
            micro=running.init(flat[crowd.micro] + 1.0),
            discount=flat[crowd.micro],
            called=jnp.zeros_like(books.called),
            residual=flat[crowd.micro],
            stage=jnp.zeros(paths, jnp.int32),
        ),
        own=None if crowd.mechanism is None else own.init(crowd.mechanism, paths),
        managers=None if crowd.managers is None else policy.init(crowd.managers, paths),
    )


def step(
    crowd: Crowd, state: State, stress: Flag, exogenous: Ratio, today: Today
) -> tuple[State, limits.Seen]:
    """One trading day, given stress [path] and the buckets' exogenous returns [bucket, path].

    Also what the close showed.
    """
    state = replace(state, panic=panic.open(crowd.panic, state.panic, stress, today.fear))
    morning, opened = open(crowd, state, exogenous, today)
    draws = rounds.Draw(
        number=jnp.arange(crowd.rounds, dtype=jnp.int32), settling=crowd.settling, noise=today.noise
    )
    evening, _ = lax.scan(partial(rounds.step, crowd, morning), opened, draws)
    return close(crowd, state, morning, evening, today.calendar), evening.market.stocks


def open(crowd: Crowd, state: State, exogenous: Ratio, today: Today) -> tuple[rounds.Morning, rounds.State]:
    """The gap shows, purchases unlock, redemptions are paid, contracts roll, the state plans.

    exogenous [bucket, path]: log return of the day before anybody trades.
    """
    calendar, imposed = today.calendar, today.imposed
    renewed = jnp.broadcast_to(calendar.renewed, crowd.cohorts.assets.shape)
    books, paid = cohorts.open(crowd.cohorts, state.cohorts, crowd.long_cap, renewed)
    momentum = impact.momentum(crowd.impact, state.impact, state.gap)
    stocks = limits.observe(crowd.limits, state.gap, limits.dispersion(crowd.limits, momentum))
    listed, moving = basis.open(crowd.basis, state.basis, calendar.contracts)
    held = basis.pick(listed, calendar.contracts.held)
    scheduled = jnp.zeros_like(crowd.impact.volume) if imposed is None else imposed.purchases
    ladder, purchases = intervention.open(crowd.state, state.ladder, scheduled)
    restriction = refused(crowd, ladder, imposed)
    morning = rounds.Morning(
        exogenous=exogenous / crowd.rounds,
        opening=stocks.returns,
        price=state.price,
        listed=listed,
        held=held,
        notes=calendar.notes,
        ladder=ladder,
        rescued=stage(ladder) >= RESCUE,
        restriction=restriction,
        willing=state.panic.mood * (1.0 - restriction),
        stress=state.panic.fear,
        imposed=imposed,
    )
    still = jnp.zeros_like(state.future)
    market = rounds.Market(
        latent=state.gap,
        stocks=stocks,
        futures=still,
        annual_basis=basis.monthly(crowd.basis, moving.dislocation),
        flow=still,
    )
    return morning, rounds.State(
        market=market,
        impact=state.impact,
        basis=moving,
        cohorts=cohorts.mark(books, stocks.returns),
        notes=state.notes,
        speculators=state.speculators,
        purchases=purchases,
        followers=followers.open(
            crowd.followers, state.followers, state.panic.mood, intervention.lag(state.ladder)
        ),
        ledger=ledger.mark(ledger.pay(state.ledger, paid), stocks.returns),
        bought=state.bought,
        own=state.own,
        managers=_bidden(crowd, state),
    )


def _bidden(crowd: Crowd, state: State) -> policy.State | None:
    """The policy this morning."""
    if crowd.managers is None or state.managers is None:
        return None
    return policy.open(crowd.managers, state.managers, state.impact.momentum)


def close(
    crowd: Crowd, before: State, morning: rounds.Morning, evening: rounds.State, calendar: Calendar
) -> State:
    """Knock-ins on the close, settlement, interest, calls and notices, the state's ladder, the gap."""
    market = evening.market
    returns, index = market.stocks.returns, take(market.stocks.returns, crowd.names.underlying)
    price = morning.price * (1.0 + returns)
    gap, dropped = limits.carry(crowd.limits, market.latent, market.stocks)
    futures = basis.close(crowd.basis, morning.listed, evening.basis, index)
    spot = stacked([price[b] for b in crowd.spots], price)
    books, interest = cohorts.close(crowd.cohorts, evening.cohorts, returns, calendar.years)
    after = replace(
        before,
        price=price,
        future=before.future * (1.0 + market.futures),
        gap=gap,
        impact=impact.close(crowd.impact, evening.impact, returns, dropped),
        basis=futures,
        cohorts=books,
        notes=snowball.close(crowd.snowball, morning.notes, evening.notes, spot),
        speculators=evening.speculators,
        ladder=intervention.close(
            crowd.state,
            morning.ladder,
            evening.purchases,
            returns,
            _discount(crowd, market),
            market.stocks.limit_down[crowd.state.small],
        ),
        followers=evening.followers,
        ledger=ledger.pay(evening.ledger, interest),
        bought=evening.bought,
        own=evening.own,
        managers=evening.managers,
    )
    return replace(after, watch=_watch(crowd, after, market))


def outcome(crowd: Crowd, state: State) -> Outcome:
    """The record of the paths after the last day."""
    peak = state.cohorts.high_water
    return Outcome(
        worst_3_days=-state.watch.micro.worst_3_days,
        peak_discount=None if crowd.watched is None else state.watch.discount,
        knocked_in=snowball.knocked_in_fraction(crowd.snowball, state.notes),
        state_spent=accumulate(intervention.spent(crowd.state, state.ladder)),
        stage=state.watch.stage,
        drawdown=over(peak - cohorts.equity(state.cohorts), peak),
        shortfall=cohorts.shortfall(state.cohorts),
        called=state.watch.called > 0,
        residual=state.watch.residual,
        fired=None if state.managers is None else state.managers.fired,
    )


def closes(outcome: Outcome) -> Flag:
    """Whether the ledger's residual is rounding [path]."""
    return outcome.residual <= (TOLERANCE if outcome.residual.dtype == jnp.float64 else COARSE)


def draw(crowd: Crowd, path: Count, days: Count) -> Today:
    """Calendar, basis noise and fear of `days` [day], the first being 1; noise takes unit pairs in order."""
    dtype, wanted = crowd.impact.impact.dtype, crowd.rounds * crowd.futures
    unit = random.unit_pairs(crowd.noise, path, days, max((wanted + 1) // 2, 1), None, dtype)
    normals = jnp.stack([unit.real, unit.imag], axis=2).reshape(days.shape[0], -1, path.shape[0])
    noise = normals[:, :wanted].reshape(days.shape[0], crowd.rounds, crowd.futures, path.shape[0])
    calendar = jax.tree.map(lambda x: x[days.astype(jnp.int32) - 1], crowd.calendar)
    grid = (days.shape[0], path.shape[0])
    everyone, every_day = jnp.broadcast_to(path[None, :], grid), jnp.broadcast_to(days[:, None], grid)
    fear = random.uniforms(crowd.fear, everyone, every_day, dtype)
    return Today(calendar=calendar, noise=noise, fear=fear)


def stage(ladder: intervention.State) -> Count:
    """Highest stage of the ladder under way or at rest [path]; zero is none."""
    highest = jnp.zeros_like(ladder.age[0])
    for k in range(ladder.age.shape[0]):
        highest = jnp.where(ladder.age[k] > 0, k + 1, highest)
    return highest


def refused(crowd: Crowd, ladder: intervention.State, imposed: Imposed | None) -> Probability:
    """Fraction of each sale that window guidance refuses today [path], given the ladder at the last close."""
    age = ladder.age[crowd.restriction.stage]
    share = jnp.where((age > 0) & (age <= crowd.restriction.days), crowd.restriction.share, 0.0)
    return share if imposed is None else jnp.maximum(share, imposed.refused)


def _watch(crowd: Crowd, state: State, market: rounds.Market) -> Watch:
    watch = state.watch
    return Watch(
        micro=running.step(watch.micro, state.price[crowd.micro]),
        discount=jnp.maximum(watch.discount, -_discount(crowd, market)),
        called=jnp.maximum(watch.called, state.cohorts.called),
        residual=jnp.maximum(watch.residual, _residual(crowd, state)),
        stage=jnp.maximum(watch.stage, stage(state.ladder)),
    )


def _discount(crowd: Crowd, market: rounds.Market) -> Ratio:
    """Annualised basis of the watched future [path], a discount negative; zero in a market without."""
    if crowd.watched is None:
        return jnp.zeros_like(market.latent[0])
    return market.annual_basis[crowd.watched]


def _residual(crowd: Crowd, state: State) -> Ratio:
    """Books less ledger [path], the largest of stock, orders, futures, cash and the state's budget.

    Over what rounding grows by where the run is long.
    """
    held, short = cohorts.books(state.cohorts), state.speculators
    everyone = replace(held, position=held.position + short.position, worth=held.worth + short.worth)
    notes = accumulate(accumulate(crowd.snowball.notional))
    scale = jnp.maximum(accumulate(crowd.cohorts.assets) + notes, 1.0)
    found = ledger.residual(state.ledger, everyone, scale)
    budget = jnp.abs(accumulate(intervention.spent(crowd.state, state.ladder) - state.bought)) / scale
    worst = jnp.maximum(jnp.maximum(found.stock, found.orders), jnp.maximum(found.futures, found.cash))
    return jnp.maximum(worst, budget) / ledger.growth(crowd.rounds * crowd.calendar.years.shape[0])


def _first(calendar: Calendar) -> Calendar:
    return jax.tree.map(lambda by_day: by_day[0], calendar)
