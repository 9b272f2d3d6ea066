"""A book of stocks from a frame or a file, matched by code with what is known of the stocks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from ..config.load import read_market
from ..core.names import HOME, STYLES
from ..data.holdings import read_holdings
from .config import called, frame_csv


class Book:
    """A book as a product holds it: its weight in each bucket, and its styles within them.

    holdings: a file, or a DataFrame with a row a stock or a bucket: `code` (or `bucket`), and `weight`,
    `value`, or `quantity` and `price`; or a Series of weights or values by code. stocks: what
    `tailrisk universe --stocks` writes, a file or a frame: code, bucket and styles. Stocks in no bucket
    (unknown, suspended, Beijing) are the `remainder`: its weight in the book, by name.
    Raises InputError at the first thing wrong, with its row.

    >>> import pandas as pd, tailrisk as tr
    >>> book = tr.Book(pd.Series({"csi500": 0.6, "csi1000": 0.4}))
    >>> book.weights
    {'csi500': 0.6, 'csi1000': 0.4}
    """

    def __init__(
        self,
        holdings: "str | Path | pd.DataFrame | pd.Series[float] | Mapping[str, float]",
        stocks: str | Path | pd.DataFrame | None = None,
        *,
        market: str = HOME,
        styles: Sequence[str] = STYLES,
    ) -> None:
        with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)):
            folder = Path(name)
            names = read_market(market)
            file = _file(_table(holdings, names.buckets), folder, "holdings")
            known = None if stocks is None else _file(stocks, folder, "stocks")
            found = read_holdings(file, names, styles, known)
        self.weights: dict[str, float] = found.weights
        self.style_exposure: dict[str, float] = found.style_exposure
        self.remainder: dict[str, float] = found.remainder
        self.rows: int = found.rows

    def product(self, **fields: Any) -> dict[str, Any]:
        """The table of a product that holds this book, for the dict that `load` takes.

        fields: family, benchmark, label and whatever else the family has.
        """
        table = {"label": "own book", "family": "index_enhanced", **fields}
        return table | {"weights": dict(self.weights), "style_exposure": dict(self.style_exposure)}

    def __repr__(self) -> str:
        parts = ", ".join(f"{bucket} {weight:.1%}" for bucket, weight in self.weights.items())
        left = "".join(f"; {name} {weight:.1%}" for name, weight in self.remainder.items())
        return f"<Book of {self.rows} rows: {parts}{left}>"

    def _repr_html_(self) -> str:
        frame = pd.DataFrame({"weight": pd.Series(self.weights)})
        return frame.to_html(float_format=lambda x: f"{x:.2%}")


def _table(holdings: Any, buckets: Sequence[str]) -> Any:
    """A Series or a dict as a frame with a column code, or bucket where those are what it names."""
    if isinstance(holdings, Mapping):
        holdings = pd.Series(dict(holdings))
    if not isinstance(holdings, pd.Series):
        return holdings
    key = "bucket" if set(map(str, holdings.index)) <= set(buckets) else "code"
    amount = "weight" if abs(float(holdings.sum()) - 1) < 1e-6 else "value"
    return holdings.rename(amount).rename_axis(key).reset_index()


def _file(table: Any, folder: Path, name: str) -> Path:
    if not isinstance(table, pd.DataFrame):
        return Path(table)
    frame_csv(table, folder / f"{name}.csv")
    return folder / f"{name}.csv"
