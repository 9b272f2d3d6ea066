"""The crowd's words made into arrays: a [crowd] block and its files in, the parameters of its day out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ..config import Config
from ..config.crowd import CrowdBlock, Edges
from ..config.crowd_files import Basis, CrowdFiles, Followers, Impact, Limits, Participants, State
from ..core import random
from ..core.arrays import placed
from ..core.calendar import beyond
from ..core.names import Names
from ..core.ready import ready
from ..crowd import (
    cohorts,
    followers,
    intervention,
    margin,
    panic,
    redemption,
    snowball,
    speculators,
    substitution,
    triggers,
)
from ..crowd.autocall import Market, Note
from ..crowd.snowball_book import Book, Hedge, prepare
from ..market import basis, expiry, impact, limits, process
from ..simulate.crowd.free import moved, of_crowd
from ..simulate.crowd.world import Calendar, Crowd, Restriction

CLOSING = 0.25
"""Fraction of the day, at its end, whose average price settles the futures: the last of four hours."""

Array = Callable[[Any], jax.Array]
_moved = jax.jit(moved)
"""As one program: a hundred small ones otherwise."""


def crowd(config: Config, law: process.Params, array: Array) -> Crowd | None:
    """The crowd a config describes, its exogenous returns made from `law`; None without a [crowd] block.

    Raises InputError where nobody plays a role in the market that the crowd's day looks for.
    """
    block, files = config.crowd, config.attached.crowd
    if block is None or files is None:
        return None
    edges, rounds, market, names = block.edges, block.rounds, files.market, config.names
    everyone = files.participants
    notes = _snowballs(block, files, config.run.days, array)
    guidance = market.restriction
    priors = Crowd(
        process=_calmer(law, block.kappa_crisis),
        impact=_impact(market.impact, names, edges, rounds, array),
        limits=_limits(market.limits, names, array),
        basis=_basis(market.basis, names, edges, rounds, array),
        cohorts=_cohorts(everyone, names, edges, rounds, array),
        panic=panic.Params(
            strength=_scaled(by_bucket(names, everyone.panic.strength), edges.panic, array),
            threshold=array(everyone.panic.threshold),
            full=array(everyone.panic.full),
            hold=array(everyone.panic.hold),
            calm=array(everyone.panic.calm),
            build=array(everyone.panic.build),
            relief=array(everyone.panic.relief),
            stamina=array(everyone.panic.stamina),
            tire=array(everyone.panic.tire),
            recover=array(everyone.panic.recover),
        ),
        snowball=notes,
        speculators=speculators.Params(
            strength=_scaled(by_future(names, everyone.speculators.strength), edges.speculators, array),
            pace=array(everyone.speculators.pace),
            underlying=names.underlying,
        ),
        state=_state(market.state, names, edges, rounds, array),
        followers=_followers(market.followers, names, edges, rounds, array),
        restriction=Restriction(
            share=array(guidance.share * edges.restriction),
            days=_counts(guidance.days),
            stage=guidance.stage - 1,
        ),
        long_cap=array(block.long_cap),
        arbitrage=array(market.basis.arbitrage * edges.arbitrage),
        settling=array(_settling(rounds)),
        calendar=_calendar(config, block, files, notes, array),
        noise=random.stream(config.run.seed, "basis"),
        fear=random.stream(config.run.seed, "fear"),
        names=names,
        cohort_names=tuple(everyone.cohorts),
        books=tuple(names.future(book.future) for book in files.snowballs.book),
    )
    values = {name: array(value) for name, value in of_crowd(files.matched).items()}
    return ready(_moved, priors, values)(priors, values)


def by_bucket(names: Names, table: Mapping[str, float]) -> list[float]:
    """A table by bucket as a list. Weights may leave out buckets of zero; the models refuse the rest."""
    return [table.get(bucket, 0.0) for bucket in names.buckets]


def by_future(names: Names, table: Mapping[str, float]) -> list[float]:
    """A table by future as a list, likewise."""
    return [table.get(future, 0.0) for future in names.contracts]


def per_round(daily: Any, rounds: int) -> Any:
    """Fraction lost in a round when `daily` is lost in a day: 1 - (1 - daily)^(1 / rounds)."""
    return 1 - (1 - np.asarray(daily, np.float64)) ** (1 / rounds)


def _calmer(law: process.Params, kappa: float) -> process.Params:
    """Shocks of the last regime, the crisis, scaled by kappa; its mean is left (mechanism 5.1)."""
    affine = np.array(law.ladder.affine)
    affine[-1, :, 1:] *= affine.dtype.type(kappa)
    return replace(law, ladder=replace(law.ladder, affine=placed(affine, affine.dtype)))


def _scaled(values: Any, by: float, array: Array, how: Any = np.multiply) -> jax.Array:
    """Values [...] times a number, both rounded first, on the host: the device would compile it."""
    kind = array(0.0).dtype.type
    return array(how(np.asarray(values, kind), kind(by)))


def _impact(said: Impact, names: Names, edges: Edges, rounds: int, array: Array) -> impact.Params:
    return impact.Params(
        impact=_scaled(by_bucket(names, said.strength), edges.impact, array),
        volume=array(by_bucket(names, said.volume)),
        evaporation=array(said.evaporation * edges.evaporation),
        threshold=array(said.threshold),
        least=array(said.least),
        persistence=array(said.persistence),
        share=array(said.share),
        decay=array(per_round(said.decay, rounds)),
    )


def _limits(said: Limits, names: Names, array: Array) -> limits.Params:
    boards = names.boards if said.limit is None else said.limit
    wide = np.array(by_bucket(names, said.wide_board))
    share = np.array([1 - wide, wide] if len(boards) == 2 else [np.ones_like(wide)] * len(boards))
    return limits.Params(
        limit=array(boards),
        share=array(share.reshape(len(boards), len(names.buckets))),
        calm=array([said.calm] * len(names.buckets)),
        stressed=array([said.stressed] * len(names.buckets)),
        widening=array(said.widening),
        carried=array(said.carried),
        locked=array(said.locked),
    )


def _basis(said: Basis, names: Names, edges: Edges, rounds: int, array: Array) -> basis.Params:
    return basis.Params(
        carry=array(by_future(names, said.carry)),
        ramp=array(said.ramp),
        mean=array(by_future(names, said.mean)),
        discount_pull=array(per_round(said.discount_pull, rounds)),
        premium_pull=array(per_round(said.premium_pull, rounds)),
        flow=array(said.flow * edges.dislocation),
        fall=array(said.fall * edges.dislocation),
        full=array(said.full),
        noise=_scaled(by_future(names, said.noise), rounds**0.5, array, np.divide),
        bound=array(said.bound),
        volume=array(by_future(names, said.volume)),
    )


def _cohorts(said: Participants, names: Names, edges: Edges, rounds: int, array: Array) -> cohorts.Params:
    everyone = list(said.cohorts.values())

    def column(read: Callable[[Any], float], edge: float = 1.0) -> jax.Array:
        return array([edge * read(one) for one in everyone])

    return cohorts.Params(
        assets=column(lambda one: one.assets),
        long=column(lambda one: one.long),
        weights=array([by_bucket(names, one.weights) for one in everyone]),
        hedge=column(lambda one: one.hedge),
        mix=array([by_future(names, one.mix) for one in everyone]),
        benchmark=array([[float(one.benchmark == bucket) for bucket in names.buckets] for one in everyone]),
        participation=column(lambda one: one.participation),
        financing_annual=column(lambda one: one.financing_annual),
        cost=array(said.cost),
        margin=margin.Params(
            call=column(lambda one: one.margin.call),
            reset=column(lambda one: one.margin.reset),
            enforced=column(lambda one: one.margin.enforced, edges.margin),
            intraday=column(lambda one: one.margin.intraday),
        ),
        triggers=triggers.Params(
            basis=column(lambda one: one.basis.strength, edges.basis),
            basis_threshold=column(lambda one: one.basis.threshold),
            momentum=column(lambda one: one.momentum.strength, edges.momentum),
            momentum_threshold=column(lambda one: one.momentum.threshold),
            stop=column(lambda one: one.stop.share, edges.stop),
            stop_line=column(lambda one: one.stop.line),
            bucket=names.bucket(said.watched or names.played("watched")),
        ),
        redemption=redemption.Params(
            base=column(lambda one: one.redemption.base, edges.redemption),
            slope=column(lambda one: one.redemption.slope, edges.redemption),
            threshold=column(lambda one: one.redemption.threshold),
            open=column(lambda one: one.redemption.open),
            lag=_counts([one.redemption.lag for one in everyone]),
            longest=max(one.redemption.lag for one in everyone),
        ),
        substitution=substitution.Params(
            out=column(lambda one: one.swap.out, edges.substitution),
            start=column(lambda one: one.swap.start),
            home=column(lambda one: one.swap.home, edges.substitution),
            end=column(lambda one: one.swap.end),
            small=array([float(bucket in said.small) for bucket in names.buckets]),
            who=substitution.span([one.swap.out > 0 or one.swap.home > 0 for one in everyone]),
            what=substitution.span([bucket in said.small for bucket in names.buckets]),
        ),
        width=None,
        rounds=rounds,
        hedge_first=said.hedge_first,
        next_day=not names.same_day_sale,
    )


def _state(said: State, names: Names, edges: Edges, rounds: int, array: Array) -> intervention.Params:
    even = 1 / (rounds - np.arange(rounds))  # of what is left: the same money in every round to come
    waiting = np.arange(rounds) < min(round(said.patience * rounds), rounds - 1)
    return intervention.Params(
        drawdown=array(said.drawdown),
        forget=array(said.forget),
        slide=array(said.slide),
        severe=array(said.severe),
        wait=_counts(said.wait),
        rout_wait=_counts(said.wait if said.rout_wait is None else said.rout_wait),
        discount=array(said.discount),
        fall=array(said.fall),
        rout=array(said.rout),
        spread=array(said.spread),
        limit_down=array(said.limit_down),
        lag=_counts(said.lag),
        lasting=_counts(said.lasting),
        rest=_counts(said.rest),
        pace=_scaled(said.pace, edges.state, array),
        first=array(said.first),
        target=array([by_bucket(names, mix) for mix in said.target]),
        budget=array(by_bucket(names, said.budget)),
        dip=array(said.dip),
        patient=array(np.where(waiting, 0.0, even)),
        eager=array(even),
        fall_days=said.fall_days,
        spread_days=said.spread_days,
        ordered=said.ordered,
        large=names.bucket(names.played("large")),
        watched=names.bucket(said.watched),
        small=names.bucket(names.played("small")),
    )


def _followers(said: Followers, names: Names, edges: Edges, rounds: int, array: Array) -> followers.Params:
    return followers.Params(
        following=array(said.strength * edges.followers / rounds),
        half=array(by_bucket(names, said.half)),
        focus=said.focus,
        memory=array(said.memory),
        always=array(said.always),
        memory_of_rout=array(said.memory_of_rout),
        sight=array(said.sight),
        behind=array(said.behind),
        rotation=array([by_bucket(names, said.rotation.get(bucket, {})) for bucket in names.buckets]),
    )


def _snowballs(block: CrowdBlock, files: CrowdFiles, days: int, array: Array) -> snowball.Params:
    said, volume = files.snowballs, files.market.basis.volume
    desk = said.hedge.model_dump(exclude={"participation"})
    limit = [said.hedge.participation * volume[book.future] / block.rounds for book in said.book]
    books = [Book(**book.model_dump(exclude={"future", "underlying"})) for book in said.book]
    made = prepare(
        Note(**said.terms.model_dump()),
        Market(**said.pricing.model_dump()),
        books,
        Hedge(**desk, limit=limit),
        days,
        array(0.0).dtype.type,
    )
    return replace(made, notional=_scaled(made.notional, block.edges.snowball, array))


def _calendar(
    config: Config, block: CrowdBlock, files: CrowdFiles, notes: snowball.Params, array: Array
) -> Calendar:
    said, closed = files.market.calendar, beyond(files.market.calendar.holidays, config.names.calendar)
    schedule = expiry.schedule(block.first_day.isoformat(), config.run.days, closed, said.roll)
    eve = np.busday_offset(schedule.dates[0], -1, roll="forward", holidays=closed)
    gaps = np.diff(np.concatenate([[eve], schedule.dates])).astype(float)
    front = np.asarray(schedule.contracts.held)[:, expiry.FRONT]
    left = (front == 0) & (np.concatenate([[1.0], front[:-1]]) == 1)
    contracts = {name: getattr(schedule.contracts, name) for name in ("days", "before", "limit", "held")}
    return Calendar(
        contracts=expiry.Contracts(
            **{name: array(value) for name, value in contracts.items()}, origin=schedule.contracts.origin
        ),
        notes=snowball.Today(knock_out=notes.knock_out, alive=notes.alive, knocked_in=notes.knocked_in),
        years=array(gaps / 365),
        renewed=array(left.astype(float)),
    )


def _settling(rounds: int) -> np.ndarray[Any, Any]:
    last = max(round(CLOSING * rounds), 1)
    return np.where(np.arange(rounds) >= rounds - last, 1 / last, 0.0)


def _counts(said: Any) -> jax.Array:
    return placed(said, np.int32)
