"""What is believed of the crowd's free parameters before the episode is looked at.

Factors are lognormal around the figure of the config's files, shares logit-normal around their own median, so
no value lies on a bound. Medians and widths are mechanism 6's ranges; grades are its own. Parameters of one
bucket or cohort are named after the market's own: the buckets that play a role, those that the crowd answers
for, the cohorts whose broker may call. What moves the record of the episode and not the crowd has the prefix
"record".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ...calibrate.ladder import Array
from ...config import Config
from ...config.crowd_files import Cohort
from ...core.errors import InputError
from ...core.names import Names
from ...core.units import Normal, Ratio
from ...simulate.crowd.free import MIDDLE, RENAMED


@dataclass(frozen=True)
class Belief:
    """Median and spread of one parameter: of its logarithm, or of its logit for a share."""

    median: float
    sd: float
    share: bool = False
    grade: str = "L"


@dataclass(frozen=True)
class Prior:
    """The beliefs of one crowd, in the order of its coordinates."""

    beliefs: tuple[tuple[str, Belief], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters."""
        return tuple(name for name, _ in self.beliefs)

    def values(self, z: Normal) -> dict[str, Ratio]:
        """Parameters by name, each [], of standard normal coordinates z [parameter]."""
        found = {}
        for i, (name, belief) in enumerate(self.beliefs):
            if belief.share:
                logit = float(np.log(belief.median / (1 - belief.median)))
                found[name] = jax.nn.sigmoid(logit + belief.sd * z[i])
            else:
                found[name] = belief.median * jnp.exp(belief.sd * z[i])
        return found

    def coordinates(self, known: Mapping[str, float]) -> Array:
        """Standard normal coordinates [parameter] of values by name; what is not named is at its median."""
        z = np.zeros(len(self.beliefs))
        for i, (name, belief) in enumerate(self.beliefs):
            value = known.get(name, belief.median)
            odds, middle = (x / (1 - x) if belief.share else x for x in (value, belief.median))
            z[i] = np.log(odds / middle) / belief.sd
        return z

    def tabulated(self, z: Array) -> Array:
        """Values [draw, parameter] of coordinates [draw, parameter]."""
        every = [belief for _, belief in self.beliefs]
        centre = np.array([b.median / (1 - b.median) if b.share else b.median for b in every])
        odds = centre * np.exp(np.array([b.sd for b in every]) * z)
        share = np.array([b.share for b in every])
        return np.where(share, odds / (1 + odds), odds)


def prior_of(config: Config) -> Prior:
    """What is believed of a config's crowd. InputError: it has none, or nobody plays the role `large`."""
    files = config.attached.crowd
    if files is None:
        raise InputError("crowd", "no [crowd] block", "one: it is what is matched")
    return prior(config.names, files.participants.cohorts)


def prior(names: Names, cohorts: Mapping[str, Cohort]) -> Prior:
    """The same, of a market's names and cohorts by name. InputError: nobody plays the role `large`."""
    return Prior(tuple(_beliefs(names, cohorts)))


def _beliefs(names: Names, cohorts: Mapping[str, Cohort]) -> Iterator[tuple[str, Belief]]:
    large = names.played("large")
    below = [bucket for bucket in names.buckets if bucket != large]
    small = [b for b in dict.fromkeys(map(names.role, ("small", "micro"))) if b is not None and b != large]
    if set(below) - set(small):
        yield MIDDLE, Belief(1.0, 0.4, grade="M")
    for bucket in small:
        yield f"impact.{bucket}", Belief(1.0, 0.3)
    yield from IMPACT.items()
    for bucket in below:
        yield f"panic.{bucket}", Belief(1.0, 0.8)
    yield from PANIC.items()
    if names.role("small") in small:
        yield f"followers.half_{names.role('small')}", Belief(1.0, 0.6)
    yield from REST.items()
    yield from WEATHER.items()
    for name, one in cohorts.items():
        if one.margin.enforced:
            yield _assets(name), HEDGED if one.hedge else Belief(1.0, 0.6)
    yield from RECORD.items()


def _assets(cohort: str) -> str:
    """The parameter of a cohort's assets, by the name that ensembles have always had."""
    name = f"assets.{cohort}"
    return next((old for old, new in RENAMED.items() if new == name), name)


IMPACT = {
    "impact.evaporation": Belief(1.0, 1.0),
    "impact.least": Belief(0.6, 0.7, share=True),
    "impact.persistence": Belief(0.63, 0.7, share=True),
    "impact.fast": Belief(0.33, 0.7, share=True, grade="M"),
    "impact.slow": Belief(0.5, 0.7, share=True, grade="M"),
    "impact.slow_decay": Belief(0.04, 0.6, share=True, grade="M"),
    "limits.carried": Belief(0.4, 0.5, share=True, grade="M"),
}
PANIC = {
    "panic.threshold": Belief(1.0, 0.8),
    "panic.full": Belief(1.0, 0.5),
    "panic.calm": Belief(0.1, 0.7, share=True),
    "panic.build": Belief(0.5, 1.0, share=True),
    "panic.relief": Belief(0.5, 1.0, share=True),
    "followers.strength": Belief(1.0, 0.6),
    "followers.half": Belief(1.0, 0.6),
}
REST = {
    "followers.sight": Belief(1.0, 0.6),
    "followers.memory": Belief(0.5, 1.2, share=True),
    "selling.momentum": Belief(1.0, 0.6),
    "selling.basis": Belief(1.0, 0.6),
    "selling.redemption": Belief(1.0, 0.6),
    "selling.participation": Belief(1.0, 0.5),
    "substitution": Belief(1.0, 0.6),
    "basis.flow": Belief(1.0, 0.4, grade="M"),
    "basis.fall": Belief(1.0, 0.3, grade="M"),
    "basis.full": Belief(1.0, 0.5),
    "basis.discount_pull": Belief(0.5, 0.6, share=True, grade="M"),
    "basis.premium_pull": Belief(0.8, 0.6, share=True, grade="M"),
    "speculators": Belief(1.0, 0.7),
    "arbitrage": Belief(1.0, 0.8),
}
WEATHER = {
    "panic.stamina": Belief(1.0, 0.15),
    "panic.tire": Belief(1.0, 0.3),
    "followers.behind": Belief(1.0, 0.2),
    "followers.memory_of_rout": Belief(0.9, 0.4, share=True),
    "state.fall": Belief(1.0, 0.12),
    "state.rout": Belief(1.0, 0.25),
    "state.spread": Belief(1.0, 0.2),
    "state.second": Belief(1.0, 0.4),
    "state.second_first": Belief(1.0, 0.3),
    "state.third": Belief(1.0, 0.4),
}
"""What an episode hardly sees, its purchases being on record, and ordinary years do: when the state comes in,
how much it buys, and when a rout ends."""
HEDGED = Belief(1.0, 0.35, grade="M")
"""Of the assets of a levered cohort that sells futures, which brokers report."""
RECORD = {
    "record.purchases": Belief(1.0, 0.25, grade="M"),
    "record.refused": Belief(0.7, 1.0, share=True),
}
