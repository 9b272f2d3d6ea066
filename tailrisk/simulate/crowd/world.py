"""The crowd's part of the world: parameters of every mechanism that prices answer to, and the calendar."""

from ...core import static, struct
from ...core.names import Names
from ...core.random import Stream
from ...core.units import Count, Flag, Probability, Ratio, Yuan
from ...crowd import cohorts, followers, intervention, own, panic, policy, snowball, speculators
from ...market import basis, impact, limits, process
from ...market.expiry import Contracts

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
    refused: Probability  # []  fraction of every sale that is refused


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
    long_cap: Ratio  # []  stock book over equity at renewal
    arbitrage: Ratio  # []  fraction of net purchases of futures passed on to the index's stocks
    settling: Ratio  # [round]  weight of a round in the futures' settlement price
    calendar: Calendar
    noise: Stream  # of the basis
    fear: Stream
    names: Names = static()
    cohort_names: tuple[str, ...] = static()  # [cohort]
    books: tuple[int, ...] = static()  # [book]  the future that a book of notes is hedged in
    mechanism: own.Params | None = None  # a mechanism of the user's
    managers: policy.Params | None = None  # a policy that some cohorts follow

    @property
    def buckets(self) -> int:
        """How many there are."""
        return len(self.names.buckets)

    @property
    def futures(self) -> int:
        """How many there are; none is allowed."""
        return len(self.names.futures)

    @property
    def spots(self) -> tuple[int, ...]:
        """[book] the bucket that a book of notes is written on."""
        return tuple(self.names.underlying[future] for future in self.books)

    @property
    def micro(self) -> int:
        """The bucket whose worst three days are recorded."""
        return self.names.bucket(self.names.played("micro"))

    @property
    def watched(self) -> int | None:
        """The future whose discount is watched; None in a market that has none."""
        name = self.names.role("discount")
        return None if name is None else self.names.future(name)

    @property
    def rounds(self) -> int:
        """Rounds in a day."""
        return self.cohorts.rounds
