"""A file of stocks: what each is on a day, for books that name codes alone and for a tuning of one's own.

Columns: code; bucket; z-scores within it, for holdings; then what a universe is made of: cap and adv in yuan,
specific_sd a day, industry where the panel has it, `in_<bucket>` weights of the indices, `raw_<style>`
z-scores over all stocks.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import InputError
from ..core.names import Names, home
from .moments import Moments
from .universe import OUTSIDE, Array, Universe, loadings

IN, RAW = "in_", "raw_"
FIGURES = ("cap", "adv", "specific_sd")
TOLERANCE = 1e-3
"""What rounding may take from the weights of an index."""


def stocks(universe: Universe) -> pd.DataFrame:
    """code, bucket and z-scores of every stock, the styles less its bucket's own, and its figures.

        z_is = style_is - sum_j benchmark_jb style_js,    b the bucket of i

    A stock in no index is smaller than the last ranked one's, so it goes to the last bucket, as its rank
    would say.
    """
    bucket = np.where(universe.bucket == OUTSIDE, len(universe.names.buckets) - 1, universe.bucket)
    mean = universe.benchmark.T @ universe.style  # [index, style]
    frame = pd.DataFrame(universe.style - mean[bucket], columns=list(universe.styles))
    frame.insert(0, "bucket", [universe.names.buckets[b] for b in bucket])
    frame.insert(0, "code", list(universe.ids))
    more = {name: getattr(universe, name) for name in FIGURES}
    if universe.industry is not None:
        more["industry"] = np.array(universe.industry)
    more |= {f"{IN}{name}": universe.benchmark[:, k] for k, name in enumerate(universe.names.buckets)}
    more |= {f"{RAW}{name}": universe.style[:, k] for k, name in enumerate(universe.styles)}
    return pd.concat([frame, pd.DataFrame(more)], axis=1)


def write_stocks(path: str | Path, universe: Universe) -> None:
    """The table as CSV, codes with their zeros; z-scores to four places, figures to eight digits."""
    frame = stocks(universe)
    short = [*universe.styles, *(f"{RAW}{name}" for name in universe.styles)]
    frame[short] = frame[short].round(4)
    frame.to_csv(path, index=False, float_format="%.8g", lineterminator="\n")


def read_universe(path: str | Path, moments: Moments, names: Names | None = None) -> Universe:
    """The stocks themselves, of a file that `tailrisk universe --stocks` wrote; `moments` of the same panel.

    Raises InputError for a file without the figures, of another market or other styles, or with gaps.
    """
    names, place = names or home(), str(path)
    try:
        frame = pd.read_csv(path, dtype={"code": str})
    except (OSError, ValueError) as error:
        raise InputError(place, f"cannot be read: {error}", "a file of tailrisk universe --stocks") from None
    inside = [f"{IN}{name}" for name in names.buckets]
    raw = [f"{RAW}{name}" for name in moments.styles]
    _complete(place, frame, ("code", "bucket", *FIGURES, *inside, *raw), names)
    benchmark = frame[inside].to_numpy(float)
    if (abs(benchmark.sum(axis=0) - 1) > TOLERANCE).any():
        raise InputError(f"{place}: {IN}...", "weights of an index that do not sum to 1", "the file whole")
    benchmark = benchmark / benchmark.sum(axis=0)
    last = len(names.buckets) - 1
    bucket = np.array([names.buckets.index(name) for name in frame["bucket"]], np.int8)
    bucket[(bucket == last) & (benchmark[:, last] == 0)] = OUTSIDE
    style = frame[raw].to_numpy(float)
    cap, adv, specific = (frame[name].to_numpy(float) for name in FIGURES)
    return Universe(
        label=Path(path).name,
        date=moments.date,
        ids=tuple(frame["code"]),
        styles=moments.styles,
        cap=cap,
        bucket=bucket,
        benchmark=benchmark,
        style=style,
        loading=loadings(bucket, style, benchmark, moments.pay.outside, moments.pay.gain),
        specific_sd=specific,
        adv=adv,
        alpha=np.zeros(len(frame)),
        names=names,
        industry=tuple(frame["industry"].fillna("none").astype(str)) if "industry" in frame else None,
    )


def _complete(place: str, frame: pd.DataFrame, columns: Sequence[str], names: Names) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        allowed = "a file of tailrisk universe --stocks, of the same panel as the moments"
        raise InputError(place, f"has no column {missing[0]}", allowed)
    if frame["code"].duplicated().any():
        twice = frame["code"][frame["code"].duplicated()].iloc[0]
        raise InputError(place, f"code {twice} twice", "each code once")
    other = sorted(set(frame["bucket"]) - set(names.buckets))
    if other:
        raise InputError(f"{place}: bucket", repr(other[0]), ", ".join(names.buckets))
    figures: Array = frame[[name for name in columns if name not in ("code", "bucket")]].to_numpy(float)
    if not np.isfinite(figures).all() or not (frame[list(FIGURES)] > 0).all(axis=None):
        raise InputError(place, "holds a figure that is missing or not above zero", "a number in every cell")
