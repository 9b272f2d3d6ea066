"""A book as desks have it, read from a file: its weight in each bucket and its styles within them.

Codes with market values, or shares and prices, or weights; the bucket in a column, or from a file of stocks.
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..core.calendar import CHINA
from ..core.errors import InputError, shown, suggestion
from ..core.names import STYLES, Names, home
from .book_rows import COLUMNS, MAKE, SPELLED, Market, Row, beyond, read_rows
from .codes import clean, security, ticker
from .reading import Reading

__all__ = ["COLUMNS", "SPELLED", "Book", "read_holdings", "read_stocks"]

TOLERANCE = 1e-6
Z = 5.0
"""No z-score is beyond."""
APART = ("cash", "futures")
"""What is in a book's file and no part of its stocks."""
MOST = 0.2
"""Weight that may be in no bucket; a book with more of it is another book."""


class Book(NamedTuple):
    """What a holdings file says."""

    rows: int
    weights: dict[str, float]  # bucket: weight in the stocks that have one, summing to 1
    style_exposure: dict[str, float]  # style: z-score of the book within its buckets
    remainder: dict[str, float]  # what is in no bucket (Beijing, fund, unknown ...): weight in the whole book


class Stock(NamedTuple):
    """What a file of stocks says of one: its bucket and its z-scores within it."""

    bucket: str
    styles: dict[str, float]


def read_holdings(
    path: Path, names: Names | None = None, styles: Sequence[str] = STYLES, universe: Path | None = None
) -> Book:
    """The book of a file of holdings, one row a stock or one row a bucket.

        w_b = sum of weight_i over the rows i of bucket b,   z_s = sum_i weight_i z_is

    Columns: bucket or cap_rank, or a code that `universe` (a file of stocks: code, bucket or cap_rank,
    styles) knows; weight (summing to 1), value (yuan, scaled to 1), or quantity and price; name and styles
    (z-scores within the bucket) if wanted; others are left out. Stocks in no bucket are the remainder: its
    weight is in a note, and the others are scaled to 1. Raises InputError at the first error, with its row.
    """
    market = Market(names or home(), tuple(styles))
    rows, reading = read_rows(path, market, need_size=universe is None)
    known = {} if universe is None else read_stocks(universe, market)
    kinds = [_kind(row, known, market, sized=_sized(rows)) for row in rows]
    _each_once(rows, kinds)
    amounts = _amounts(path, rows, kinds, reading)
    total = math.fsum(amounts)
    remainder: dict[str, float] = {}
    members: dict[str, list[float]] = {}
    inside = []
    for row, amount, what in zip(rows, amounts, kinds, strict=True):
        if what == "stock":
            inside.append((row, amount))
        elif what not in APART:
            remainder[what] = remainder.get(what, 0.0) + amount / total
    _remaining(path, remainder, kinds, reading)
    scale = math.fsum(amount for _, amount in inside)
    if not scale > 0:
        raise InputError(str(path), "no stock in a bucket has a weight", "at least one")
    scale = 1.0 if abs(scale - 1) <= TOLERANCE else scale
    weights = [amount / scale for _, amount in inside]
    for (row, _), weight in zip(inside, weights, strict=True):
        members.setdefault(_bucket(row, known, market), []).append(weight)
    exposure = {
        style: math.fsum(w * _score(row, style, known) for w, (row, _) in zip(weights, inside, strict=True))
        for style in market.styles
        if all(style in row.cell or style in _stock(row, known).styles for row, _ in inside)
    }
    reading.tell()
    return Book(
        len(rows),
        {b: math.fsum(members[b]) for b in market.names.buckets if b in members},
        exposure,
        remainder,
    )


def _score(row: Row, style: str, known: dict[str, Stock]) -> float:
    """A stock's z-score, of the book's own column before that of the file of stocks."""
    return _number(row, style, Z) if style in row.cell else _stock(row, known).styles[style]


def read_stocks(path: Path, market: Market) -> dict[str, Stock]:
    """Six-digit code -> its bucket and styles, from a file of code, bucket or cap_rank, and styles.

    Raises InputError for a row that is no stock's.
    """
    rows, _ = read_rows(path, market, stocks=True)
    styles = [style for style in market.styles if style in rows[0].cell]
    return {
        _code(row): Stock(_sized_bucket(row, market.names), {s: _number(row, s, math.inf) for s in styles})
        for row in rows
    }


def _sized(rows: Sequence[Row]) -> bool:
    return bool({"bucket", "cap_rank"} & set(rows[0].cell))


def _kind(row: Row, known: dict[str, Stock], market: Market, *, sized: bool) -> str:
    """`stock` for one that has a bucket, else the name of the remainder it goes to. Raises InputError."""
    if "code" not in row.cell:
        return "stock"
    what = security(row.cell["code"])
    if market.names.calendar != CHINA:
        what = what if what in APART else "stock"
    if not what:
        allowed = "an A-share of Shanghai or Shenzhen: six digits, such as 600000 or 000001.SZ"
        raise InputError(row.place, f"code = {shown(row.cell['code'])}", allowed)
    if what == "stock" and not sized and _code(row) not in known:
        return "unknown to the file of stocks"
    return what


def _amounts(path: Path, rows: list[Row], kinds: list[str], reading: Reading) -> list[float]:
    """Weights of the book, summing to one but for rounding, zero for what is no part of it.

    Raises InputError for a short position, weights that do not sum to one, or weights and values that differ.
    """
    column = next(name for name in ("value", "weight", "quantity") if name in rows[0].cell)
    figures = [0.0 if what in APART else _amount(row, column) for row, what in zip(rows, kinds, strict=True)]
    total = math.fsum(figures)
    if column == "weight":
        return _summing(path, rows, figures, total, reading)
    if not total > 0:
        raise InputError(f"{path}: column {column}", f"sums to {total:.8g}", "at least one position")
    weights = [figure / total for figure in figures]
    if "weight" in rows[0].cell:
        _agree(rows, kinds, weights)
    if column == "quantity":
        reading.notes.append("values are quantity times price")
    return weights


def _amount(row: Row, column: str) -> float:
    """The position of a row: its weight, value, or quantity times price."""
    figure = _number(row, column, math.inf)
    if column == "quantity":
        figure *= _number(row, "price", math.inf)
    if figure < 0:
        problem = f"{column} = {row.cell[column]} is a short position"
        raise InputError(row.place, problem, "at least 0: what is sold is index futures, in hedge")
    return figure


def _summing(
    path: Path, rows: list[Row], figures: list[float], total: float, reading: Reading
) -> list[float]:
    """Weights that sum to one; what rounding of four decimals and more leaves is scaled, with a note."""
    places = max(len(row.cell["weight"].partition(".")[2]) for row in rows)
    rounding = 0.5 * len(rows) * 10.0**-places if 4 <= places <= 12 else 0.0
    if abs(total - 1) <= TOLERANCE:
        return figures
    if abs(total - 1) <= rounding:
        reading.notes.append(f"weights sum to {total:.6g}, scaled to 1")
        return [figure / total for figure in figures]
    hint = "in percent? divide by 100" if abs(total - 100) < 1 else "cash is no holding: see exposure"
    allowed = "weights that sum to 1, or a column value in yuan, which is scaled"
    raise InputError(f"{path}: column weight", f"sums to {total:.8g}", allowed, hint)


def _agree(rows: list[Row], kinds: list[str], weights: list[float]) -> None:
    """Refuse weights beside values that are not in their proportion."""
    said = [
        0.0 if what in APART else _number(row, "weight", math.inf)
        for row, what in zip(rows, kinds, strict=True)
    ]
    total = math.fsum(said)
    for row, weight, other in zip(rows, weights, said, strict=True):
        if not total > 0 or abs(weight - other / total) > 0.002 + 0.02 * weight:
            problem = "has both weight and value, and they disagree"
            raise InputError(row.place, problem, "one of the two, or both in proportion")


def _remaining(path: Path, remainder: dict[str, float], kinds: list[str], reading: Reading) -> None:
    """Say what is in no bucket. Raises InputError where it is more than MOST of the book."""
    if not remainder and not set(kinds) & set(APART):
        return
    parts = [f"{kinds.count(name)} {name} ({weight:.2%})" for name, weight in remainder.items()]
    whole = math.fsum(remainder.values())
    if whole > MOST:
        problem = f"{whole:.1%} of the book is in no bucket: {', '.join(parts)}"
        raise InputError(str(path), problem, f"at most {MOST:.0%}", f"a file of stocks of the day: {MAKE}")
    if parts:
        reading.odd.append(
            f"{whole:.2%} of the book is in no bucket, taken to be as the rest: {', '.join(parts)}"
        )
    apart = [f"{kinds.count(name)} {name}" for name in APART if name in kinds]
    reading.odd += [f"left out, no stocks: {', '.join(apart)} (see exposure and hedge)"] if apart else []


def _number(row: Row, column: str, limit: float) -> float:
    try:
        value = float(row.cell[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > limit:
        bound = f" from {-limit:g} to {limit:g}" if math.isfinite(limit) else ""
        raise InputError(row.place, f"{column} = {shown(row.cell[column])}", f"a finite number{bound}")
    return value


def _bucket(row: Row, known: dict[str, Stock], market: Market) -> str:
    """The bucket of a row: stated, from its market-cap rank, or from the file of stocks."""
    return _sized_bucket(row, market.names) if _sized([row]) else _stock(row, known).bucket


def _stock(row: Row, known: dict[str, Stock]) -> Stock:
    """What the file of stocks says of a row's; nothing where there is none."""
    return known.get(_code(row), Stock("", {})) if known else Stock("", {})


def _sized_bucket(row: Row, names: Names) -> str:
    """The bucket of a row, stated or from its market-cap rank."""
    if "bucket" in row.cell:
        name = row.cell["bucket"]
        if name not in names.buckets:
            problem = f"bucket = {shown(name)}{suggestion(name, names.buckets)}"
            raise InputError(row.place, problem, ", ".join(names.buckets))
        return name
    rank = row.cell["cap_rank"]
    if not re.fullmatch(r"[1-9]\d{0,4}", rank):
        raise InputError(row.place, f"cap_rank = {shown(rank)}", "a whole number; 1 is the largest stock")
    return next((bucket for last, bucket in names.last_ranks if int(rank) <= last), beyond(names))


def _each_once(rows: list[Row], kinds: list[str]) -> None:
    """Refuse a stock (without codes, a bucket or a rank) that comes twice."""
    column = next(name for name in ("code", "bucket", "cap_rank") if name in rows[0].cell)
    seen: dict[str, str] = {}
    for row, what in zip(rows, kinds, strict=True):
        if what in APART:
            continue
        key = _code(row) if column == "code" else row.cell[column]
        if key in seen:
            raise InputError(row.place, f"{column} {key} again, after {seen[key]}", f"each {column} once")
        seen[key] = row.place.rpartition(": ")[2]


def _code(row: Row) -> str:
    """The digits of a code, its leading zeros back; a ticker in capitals where codes are names."""
    if row.tickers:
        return ticker(row.cell["code"])
    bare = clean(row.cell["code"])
    return bare.zfill(6) if bare.isdigit() and len(bare) < 6 else "".join(re.findall(r"\d", bare)) or bare
