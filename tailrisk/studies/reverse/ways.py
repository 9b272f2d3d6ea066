"""The ways to an event: paths that came to it in groups, each with its odds.

The groups are found by k-means (Lloyd 1982, started as Arthur & Vassilvitskii 2007) on the paths' course, on
a sample of them drawn by their weights; the odds of a group are those of the event and of being in it, so
those of all groups add up to the event's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2, vq

from ...core.calendar import YEAR
from ...tail import Interval, probability, return_period

Array = NDArray[np.float64]

SAMPLE = 2000
"""Paths on which groups are looked for."""
STARTS = 10
"""Of k-means; the closest groups are kept."""
LOOKS = 12
"""Days of a course that are compared, evenly spaced, the last among them."""


@dataclass(frozen=True)
class Way:
    """One group: its odds over the horizon, years between, its paths and the one nearest their mean."""

    probability: Interval
    years: Interval
    members: NDArray[np.intp]  # places among the paths that came to the event
    weight: Array  # [member]  sums to one
    modal: int  # a place among the paths that came to the event


def course(groups: Sequence[Array]) -> Array:
    """Courses [day, row, path] side by side [feature, path], each group of rows of total variance one."""
    parts = []
    for group in groups:
        days = np.unique(np.linspace(0, len(group) - 1, LOOKS).round().astype(int))
        flat = np.asarray(group, np.float64)[days].reshape(-1, group.shape[-1])
        size = float(np.sqrt(flat.var(axis=1).sum()))
        parts.append(flat / size if size > 0 else 0 * flat)
    return np.concatenate(parts)


def ways(
    courses: Array,
    hit: NDArray[np.bool_],
    weight: Array | None,
    *,
    most: int,
    days: int,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Way]:
    """At most so many groups, the likeliest first.

    courses [feature, hit path]; hit [path] of all paths drawn, weight [path] that sums to one, or None where
    all are alike.
    """
    own = np.full(int(hit.sum()), 1.0) if weight is None else np.asarray(weight, np.float64)[hit]
    own = own / own.sum()
    label = labels(courses, own, most, seed)
    found = []
    for group in np.unique(label):
        members = np.flatnonzero(label == group)
        flags = np.zeros(len(hit))
        flags[np.flatnonzero(hit)[members]] = 1.0
        odds = probability(flags, weight, confidence=confidence)
        share = own[members] / own[members].sum()
        mean = courses[:, members] @ share
        nearest = int(((courses[:, members] - mean[:, None]) ** 2).sum(axis=0).argmin())
        years = return_period(odds, years=days / YEAR)
        found.append(Way(odds, years, members, share, int(members[nearest])))
    return sorted(found, key=lambda way: -float(own[way.members].sum()))


def labels(courses: Array, weight: Array, most: int, seed: int = 0) -> NDArray[np.intp]:
    """The group of every path [path]; weight [path] sums to one; one group where paths are too few."""
    paths = courses.shape[1]
    count = min(most, paths // 10)
    if count < 2:
        return np.zeros(paths, np.intp)
    drawn = _systematic(weight, min(SAMPLE, paths), seed)
    sample, best, least = courses[:, drawn].T, None, np.inf
    for start in range(STARTS):
        centres, _ = kmeans2(sample, count, minit="++", rng=np.random.default_rng(seed + start))
        apart = float((vq(sample, centres)[1] ** 2).sum())
        if apart < least:
            best, least = centres, apart
    assert best is not None
    return np.asarray(vq(courses.T, best)[0], np.intp)


def _systematic(weight: Array, count: int, seed: int) -> NDArray[np.intp]:
    """Places drawn as often as their shares say, evenly spaced from one random start."""
    at = (np.random.default_rng(seed).random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weight), at), len(weight) - 1)
