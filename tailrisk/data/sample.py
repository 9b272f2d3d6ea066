"""Daily closes that come inside a package (arch.data): the S&P 500 and the Nasdaq Composite, 1999 to 2018."""

from pathlib import Path

import pandas as pd

SOURCES = {"sp500": "arch.data.sp500", "nasdaq": "arch.data.nasdaq"}
"""Bucket of configs/markets/us_indices.toml -> module of the package that holds it."""


def sample() -> pd.DataFrame:
    """Closes [day, bucket] on the days both indices have, date as the index."""
    from importlib import import_module

    closes = {name: import_module(module).load()["Close"] for name, module in SOURCES.items()}
    return pd.DataFrame(closes).dropna().rename_axis("date")


def write_sample(path: str | Path) -> pd.DataFrame:
    """Write the closes as the CSV that `tailrisk calibrate` reads; the closes themselves."""
    closes = sample()
    closes.to_csv(path, date_format="%Y-%m-%d", float_format="%.6f", lineterminator="\n")
    return closes
