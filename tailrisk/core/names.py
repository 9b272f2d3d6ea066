"""The names of axes: a market's buckets and futures, the styles of a stock panel, measures of loss.

Buckets, futures and the parts they play are a market's, read from its file (configs/markets/): `Names`
carries them, and nothing is found by its place. `home()` is the market of configs that name none.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from .errors import InputError

HOME = "markets/china_a.toml"
"""Market file of a config that names none, in the library."""
SHELVES = (Path(__file__).resolve().parents[1] / "configs", Path(__file__).resolve().parents[2] / "configs")
"""Where the library of configs lies: inside an installed wheel, or beside the package in a checkout."""
BUCKET_ROLES = ("large", "middle", "small", "micro", "watched", "spread")
FUTURE_ROLES = ("discount",)


@dataclass(frozen=True)
class Names:
    """What a market's buckets and futures are called, in the order of its arrays, and which is which."""

    buckets: tuple[str, ...]  # largest first
    labels: tuple[str, ...]  # [bucket] for readers
    codes: tuple[tuple[str, str], ...]  # (index code in market data, bucket)
    last_ranks: tuple[tuple[int, str], ...]  # (last market-cap rank, bucket), ascending
    futures: tuple[tuple[str, str], ...]  # (future, the bucket it is written on)
    boards: tuple[float, ...]  # daily price limits; none where there are none
    roles: tuple[tuple[str, str], ...]  # (role, bucket or future)
    calendar: str  # exchange, in exchange_calendars
    same_day_sale: bool  # False is T+1
    smallest: int | None = None  # stocks in the index of the bucket without ranks; all the rest where none
    caps: tuple[tuple[str, float], ...] = ()  # (bucket, market capitalisation), where the file says it

    @property
    def factors(self) -> tuple[str, ...]:
        """The ladder: the first bucket, then each bucket's log return less that of the next larger one."""
        return ladder_names(self.buckets)

    @property
    def contracts(self) -> tuple[str, ...]:
        """Names of the futures."""
        return tuple(future for future, _ in self.futures)

    @property
    def underlying(self) -> tuple[int, ...]:
        """[future] the place of the bucket each is written on. InputError: it is on none."""
        return tuple(self.bucket(bucket) for _, bucket in self.futures)

    def bucket(self, name: str) -> int:
        """The place of a bucket. Raises InputError for a name the market does not have."""
        return _place("bucket", name, self.buckets)

    def future(self, name: str) -> int:
        """The place of a future. Raises InputError for a name the market does not have."""
        return _place("future", name, self.contracts)

    def future_on(self, bucket: str) -> str:
        """The first future written on a bucket. Raises InputError where there is none."""
        found = [future for future, on in self.futures if on == bucket]
        if not found:
            raise InputError("future", f"none is written on {bucket}", ", ".join(self.contracts) or "none")
        return found[0]

    def only(self, buckets: Sequence[str]) -> "Names":
        """The same market with some of its buckets: without futures, codes and roles of the others."""
        futures = tuple((future, on) for future, on in self.futures if on in buckets)
        there = {*buckets, *(future for future, _ in futures)}
        ranked = {bucket for _, bucket in self.last_ranks}
        return replace(
            self,
            buckets=tuple(b for b in self.buckets if b in buckets),
            labels=tuple(label for b, label in zip(self.buckets, self.labels, strict=True) if b in buckets),
            codes=tuple((code, b) for code, b in self.codes if b in buckets),
            last_ranks=tuple((rank, b) for rank, b in self.last_ranks if b in buckets),
            futures=futures,
            roles=tuple((role, name) for role, name in self.roles if name in there),
            smallest=self.smallest if set(buckets) - ranked else None,
            caps=tuple((b, cap) for b, cap in self.caps if b in buckets),
        )

    def role(self, role: str) -> str | None:
        """The bucket or future that plays a role, None where the market gives it to nobody."""
        return dict(self.roles).get(role)

    def played(self, role: str) -> str:
        """The same. Raises InputError where nobody plays it."""
        name = self.role(role)
        if name is None:
            raise InputError(f"roles.{role}", "missing in the market file", ", ".join(self._candidates(role)))
        return name

    def label(self, bucket: str) -> str:
        """A bucket's name for readers."""
        return dict(zip(self.buckets, self.labels, strict=True)).get(bucket, bucket)

    def _candidates(self, role: str) -> tuple[str, ...]:
        return self.contracts if role in FUTURE_ROLES else self.buckets


def ladder_names(buckets: tuple[str, ...]) -> tuple[str, ...]:
    """Factors of a ladder of buckets, largest first."""
    return (buckets[0], *(f"{small}-{large}" for large, small in pairwise(buckets)))


def named(table: Mapping[str, Any]) -> Names:
    """The names of a market file's table, which is taken to be sound (config/market_file.py checks it)."""
    buckets = table["bucket"]
    ranked = sorted((one["ranks"][1], one["name"]) for one in buckets if one.get("ranks"))
    return Names(
        buckets=tuple(one["name"] for one in buckets),
        labels=tuple(one.get("label") or one["name"] for one in buckets),
        codes=tuple((code, one["name"]) for one in buckets for code in one.get("codes") or ()),
        last_ranks=tuple(ranked),
        futures=tuple((one["name"], one["bucket"]) for one in table.get("future") or ()),
        boards=tuple(one["limit"] for one in table.get("board") or ()),
        roles=tuple(sorted((role, name) for role, name in (table.get("roles") or {}).items() if name)),
        calendar=table["calendar"],
        same_day_sale=bool(table.get("same_day_sale", True)),
        caps=tuple((one["name"], one["cap"]) for one in buckets if one.get("cap")),
        smallest=next((one["smallest"] for one in buckets if one.get("smallest")), None),
    )


@cache
def home() -> Names:
    """The names of the library's own market, that of configs and files which name none."""
    file = next(shelf / HOME for shelf in SHELVES if (shelf / HOME).is_file())
    return named(tomllib.loads(file.read_text(encoding="utf-8")))


def _place(kind: str, name: str, known: tuple[str, ...]) -> int:
    if name not in known:
        raise InputError(kind, f"{name!r} is not of this market", ", ".join(known) or f"it has no {kind}s")
    return known.index(name)


BUCKETS: tuple[str, ...]
CODES: dict[str, str]
FACTORS: tuple[str, ...]
FUTURES: dict[str, str]


def __getattr__(name: str) -> Any:
    """BUCKETS, CODES, FACTORS and FUTURES are the home market's, for what knows no other."""
    read = {
        "BUCKETS": lambda: home().buckets,
        "CODES": lambda: dict(home().codes),
        "FACTORS": lambda: home().factors,
        "FUTURES": lambda: dict(home().futures),
    }
    if name not in read:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return read[name]()


STYLES = (
    "beta",
    "book_to_price_ratio",
    "earning_yield",
    "growth",
    "leverage",
    "liquidity",
    "momentum",
    "non_linear_size",
    "residual_volatility",
    "size",
)
"""Styles that `tailrisk universe` measures on a stock panel; a style overlay has names of its own."""

MEASURES = ("terminal", "worst_day", "worst_3_days", "max_drawdown")
"""Loss over the horizon, on the worst day, over the worst three days, and from the running peak."""

VIEWS = ("absolute", "excess")
"""Loss of the product's own NAV, and against its benchmark."""
