"""A file of stocks: the bucket of each on a day and its styles within it, for books that name codes alone."""

from pathlib import Path

import numpy as np
import pandas as pd

from .universe import OUTSIDE, Universe


def stocks(universe: Universe) -> pd.DataFrame:
    """code, bucket and z-scores of every stock, the styles less its bucket's own.

        z_is = style_is - sum_j benchmark_jb style_js,    b the bucket of i

    A stock in no index is smaller than the last ranked one's, so it goes to the last bucket, as its rank
    would say.
    """
    bucket = np.where(universe.bucket == OUTSIDE, len(universe.names.buckets) - 1, universe.bucket)
    mean = universe.benchmark.T @ universe.style  # [index, style]
    frame = pd.DataFrame(universe.style - mean[bucket], columns=list(universe.styles))
    frame.insert(0, "bucket", [universe.names.buckets[b] for b in bucket])
    frame.insert(0, "code", list(universe.ids))
    return frame


def write_stocks(path: str | Path, universe: Universe) -> None:
    """The table as CSV, codes with their zeros."""
    stocks(universe).to_csv(path, index=False, float_format="%.4f", lineterminator="\n")
