"""The actors of a replay, each of whom can be made a price taker: there, and of no size.

A cohort that is off keeps a millionth of its assets, so that its own loss is still known; panic, dealers and
speculators trade nothing; without the state nobody buys on its account, nobody follows it and no sale is
refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from ...core.units import Normal, Ratio
from ...simulate.crowd.replay import Record
from ...simulate.crowd.world import Crowd

COHORTS = {
    "DMA": ("dma",),
    "neutral and long/short": ("neutral", "long_short"),
    "index-enhanced and selection": ("index_enhanced_500", "index_enhanced_1000", "stock_selection"),
    "public micro funds": ("micro_public",),
    "retail on margin": ("margin_retail",),
}
"""Actors that are cohorts; a cohort that is in none of them is an actor of its own."""
PANIC, DEALERS, SHORTS, STATE = (
    "panic outside the cohorts",
    "snowball desks",
    "speculators",
    "state, followers",
)
OTHERS = (PANIC, DEALERS, SHORTS, STATE)
SMALL = 1e-6
"""Of its assets, what a cohort that is off keeps."""
OWN = 0.7
"""Standard deviation of the logarithm of an actor's own participation: the match moves all as one."""


@dataclass(frozen=True)
class Actors:
    """Of one crowd: names, and the rows of those that are cohorts."""

    names: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]  # of the first of them, which are the cohorts

    def without(self, crowd: Crowd, record: Record, there: Ratio) -> tuple[Crowd, Record]:
        """The crowd and the record with the actors whose `there` [actor] is zero of no size."""
        assets = crowd.cohorts.assets * self._by_cohort(crowd, SMALL + (1.0 - SMALL) * there)
        panic, dealers, shorts, state = (there[len(self.rows) + k] for k in range(len(OTHERS)))
        crowd = replace(
            crowd,
            cohorts=replace(crowd.cohorts, assets=assets),
            panic=replace(crowd.panic, strength=crowd.panic.strength * panic),
            snowball=replace(crowd.snowball, notional=crowd.snowball.notional * dealers),
            speculators=replace(crowd.speculators, strength=crowd.speculators.strength * shorts),
            followers=replace(crowd.followers, following=crowd.followers.following * state),
        )
        imposed = replace(
            record.imposed,
            purchases=record.imposed.purchases * state,
            refused=record.imposed.refused * state,
        )
        return crowd, replace(record, imposed=imposed)

    def paced(self, crowd: Crowd, own: Normal) -> Crowd:
        """The crowd whose cohorts' participation is moved actor by actor, own [cohort actor]."""
        factor = self._by_cohort(crowd, jnp.exp(OWN * own))
        return replace(
            crowd, cohorts=replace(crowd.cohorts, participation=crowd.cohorts.participation * factor)
        )

    def _by_cohort(self, crowd: Crowd, of_actor: Ratio) -> Ratio:
        """The figure of each cohort's actor [cohort]."""
        place = {row: k for k, rows in enumerate(self.rows) for row in rows}
        return jnp.stack([of_actor[place[row]] for row in range(len(crowd.cohort_names))]).astype(
            crowd.cohorts.assets.dtype
        )


def actors(cohort_names: Sequence[str]) -> Actors:
    """The actors of a crowd with these cohorts, cohorts first."""
    known = {name for names in COHORTS.values() for name in names}
    kinds = {kind: [n for n in names if n in cohort_names] for kind, names in COHORTS.items()}
    kinds |= {name: [name] for name in cohort_names if name not in known}
    there = {kind: tuple(cohort_names.index(n) for n in names) for kind, names in kinds.items() if names}
    return Actors(names=(*there, *OTHERS), rows=tuple(there.values()))


def everybody(count: int) -> jax.Array:
    """All coalitions of so many actors [coalition, actor], one for who is there; actor k is bit k."""
    numbers = jnp.arange(2**count)
    return ((numbers[:, None] >> jnp.arange(count)[None]) & 1).astype(float)
