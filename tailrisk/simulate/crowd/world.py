"""The crowd's part of the world: parameters of every mechanism that prices answer to, and the calendar."""

from ...core import names, static, struct
from ...core.random import Stream
from ...core.units import Count, Flag, Probability, Ratio, Yuan
from ...crowd import cohorts, followers, intervention, panic, snowball, speculators
from ...market import basis, impact, limits, process
from ...market.expiry import Contracts

BUCKETS, FUTURES = len(names.BUCKETS), len(names.FUTURES)
"""The futures are written on the first three buckets, in order."""
BOOK_BUCKETS = (1, 2)
"""Buckets, and so futures, of the two snowball books: CSI 500 and CSI 1000."""
IM, SMALL, MICRO = 2, 3, 4
"""The future whose discount the state watches; CSI 2000; the micro-caps."""
RESCUE = 2
"""Stage of the state's ladder at which speculators cover: it buys mid and small caps."""
NEAR = 0.05
"""Distance to a knock-in barrier that speculators look at (mechanism 5.2)."""


@struct
class Calendar:
    """What the calendar alone decides; every field has [day, ...] in front but within a day."""

    contracts: Contracts
    notes: snowball.Today
    years: Ratio  # []  calendar years since the previous trading day, for interest
    renewed: Ratio  # []  one on the morning after the held contract was rolled: swaps are renewed then


@struct
class Imposed:
    """What a replay takes from the record of a day instead of from the model."""

    pinned: Flag  # [bucket]  its return is the record's, spread evenly over the rounds
    returns: Ratio  # [bucket]  simple; of pinned buckets
    purchases: Yuan  # [bucket]  by the state, beside its ladder
    refused: Probability  # []  share of every sale that is refused


@struct
class Restriction:
    """Window guidance: part of every sale is refused for some days after the state has stepped in."""

    share: Probability  # []  zero is off
    days: Count  # []  trading days it lasts
    stage: int = static()  # of the state's ladder that brings it, from zero


@struct
class Crowd:
    """Every mechanism of the endogenous day."""

    process: process.Params  # of the exogenous returns, its crisis calmer by kappa
    impact: impact.Params
    limits: limits.Params
    basis: basis.Params
    cohorts: cohorts.Params
    panic: panic.Params
    snowball: snowball.Params
    speculators: speculators.Params
    state: intervention.Params
    followers: followers.Params
    restriction: Restriction
    leverage_cap: Ratio  # []  stock book over equity at renewal
    arbitrage: Ratio  # []  share of net purchases of futures passed on to the index's stocks
    settling: Ratio  # [round]  weight of a round in the futures' settlement price
    calendar: Calendar
    noise: Stream  # of the basis
    fear: Stream

    @property
    def rounds(self) -> int:
        """Rounds in a day."""
        return self.cohorts.rounds
