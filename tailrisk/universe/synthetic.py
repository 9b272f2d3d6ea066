"""A synthetic universe: names that do not exist, with the moments of those that do."""

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..config.library import find
from ..core.errors import InputError
from ..core.names import Names, home
from .document import read
from .exposures import exposures, standardised, winsorised
from .membership import Sizes, sizes_of
from .moments import KNOTS, SIZES, Moments
from .universe import OUTSIDE, Array, Universe, loadings

DEFAULT = "calibrated/universe_2023.toml"
"""The library's moments."""


def default(seed: int = 0, stocks: int = 5000) -> Universe:
    """The embedded synthetic universe: `synthetic` on the moments of the library."""
    path = find(DEFAULT)
    if path is None:
        raise InputError(DEFAULT, "is not in the library", "an installation with its configs")
    return synthetic(read(path), seed=seed, stocks=stocks)


def from_file(path: str | Path, seed: int = 0, stocks: int = 5000, names: Names | None = None) -> Universe:
    """A synthetic universe on the moments of a file that `tailrisk universe` wrote, of a market's names."""
    names = names or home()
    sizes = places(names, stocks)
    return synthetic(read(path, names), seed=seed, stocks=stocks, sizes=sizes, names=names)


def places(names: Names, stocks: int) -> Sizes:
    """`membership.sizes_of`, the rest counted."""
    said = sizes_of(names)
    return said if said.micro is not None else replace(said, micro=max(stocks - sum(said.ladder), 1))


def synthetic(
    it: Moments,
    *,
    seed: int = 0,
    stocks: int = 5000,
    sizes: Sizes | None = None,
    names: Names | None = None,
) -> Universe:
    """A universe of so many names. Buckets are exact ranks; the same seed gives the same names.

    log cap falls linearly in log rank between knots (Pareto pieces). Styles that caps do not decide are
    linear in size and non-linear size plus a Gaussian of the covariance left, then winsorised and
    standardised; log specific deviation and log turnover are linear in all styles plus a Gaussian.
    """
    market = names or home()
    sizes = sizes or places(market, stocks)
    if stocks < sizes.all:
        wanted = f"at least {sizes.all}, the places of " + ", ".join(market.buckets)
        raise InputError("stocks", str(stocks), wanted)
    cap = caps(it, stocks)
    draws = {
        name: normals(seed, name, stocks) for name in (*it.others, "specific", "turnover", "circulating")
    }
    style = styled(it, cap, np.column_stack([draws[name] for name in it.others] or [np.empty((stocks, 0))]))
    bucket = ranked(stocks, sizes)
    design = np.column_stack([np.ones(stocks), style])
    share = it.circulating[bucket] + it.circulating_sd[bucket] * draws["circulating"]
    benchmark = weights(bucket, cap * np.clip(share, 0.1, 1.0), len(market.buckets))
    turnover = np.exp(design @ it.log_turnover + it.log_turnover_sd * draws["turnover"])
    return Universe(
        label="synthetic",
        date=it.date,
        ids=tuple(f"S{number:05d}" for number in range(1, stocks + 1)),
        styles=it.styles,
        cap=cap,
        bucket=bucket,
        benchmark=benchmark,
        style=style,
        loading=loadings(bucket, style, benchmark, it.pay.outside, it.pay.gain),
        specific_sd=np.exp(design @ it.log_specific + it.log_specific_sd * draws["specific"]),
        adv=turnover * cap,
        alpha=np.zeros(stocks),
        names=market,
    )


def normals(seed: int, name: str, count: int) -> Array:
    """Standard normals of the stream called `name`: Philox keyed by a SHA-256, inverted."""
    digest = hashlib.sha256(f"universe:{seed}:{name}".encode()).digest()
    bits = np.random.Philox(key=int.from_bytes(digest[:16], "little"))
    uniform = (bits.random_raw(count) >> np.uint64(11)).astype(float) * 2.0**-53 + 2.0**-54
    return ndtri(uniform)


def caps(it: Moments, stocks: int) -> Array:
    """[stock] caps in yuan, the largest first; beyond the outer knots the nearest piece goes on."""
    x, knots = np.log((np.arange(stocks) + 0.5) / stocks), np.log(KNOTS)
    log = np.interp(x, knots, it.log_cap)
    low = (it.log_cap[-1] - it.log_cap[-2]) / (knots[-1] - knots[-2])
    log = np.where(x > knots[-1], it.log_cap[-1] + low * (x - knots[-1]), log)
    return np.exp(log)


def styled(it: Moments, cap: Array, draws: Array) -> Array:
    """z [stock, style]: size and its cube from caps, the others drawn given those two."""
    names, both = exposures({"size": np.log(cap)}, cap)
    size = both[:, [names.index(name) for name in SIZES]]
    root = np.linalg.cholesky(it.style_covariance) if it.others else np.zeros((0, 0))
    values = np.column_stack([np.ones(len(cap)), size]) @ it.style.T + draws @ root.T
    columns = dict(zip(SIZES, size.T, strict=True))
    columns |= {
        name: standardised(winsorised(column), cap) for name, column in zip(it.others, values.T, strict=True)
    }
    return np.column_stack([columns[name] for name in it.styles])


def ranked(stocks: int, sizes: Sizes) -> NDArray[np.int8]:
    """[stock] buckets of names in order of cap: the ladder from the top, micro from the bottom."""
    bucket = np.full(stocks, OUTSIDE, np.int8)
    ends = np.cumsum((0, *sizes.ladder))
    for place, (begin, end) in enumerate(pairwise(ends)):
        bucket[begin:end] = place
    bucket[stocks - (sizes.micro or 0) :] = len(sizes.ladder)
    return bucket


def weights(bucket: NDArray[np.int8], circulating: Array, buckets: int) -> Array:
    """[stock, index] by circulating cap, the last bucket equal; columns sum to one."""
    inside = (bucket[:, None] == np.arange(buckets)).astype(float)
    inside[:, :-1] *= circulating[:, None]
    return inside / inside.sum(axis=0)
