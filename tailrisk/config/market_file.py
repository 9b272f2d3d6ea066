"""The market file: what a market's buckets, futures, boards and roles are called (configs/markets/)."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from tailrisk.core.names import BUCKET_ROLES, FUTURE_ROLES, Names, named

from .explain import suggestion
from .model import Model, Name, Problem, refuse

Rank = Annotated[int, Field(ge=1, le=1_000_000)]
Label = Annotated[str, Field(min_length=1, max_length=40)]
Contract = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,11}$")]
RESERVED = ("cash",)
"""Benchmarks that are no bucket."""


class BucketLine(Model):
    """A [[bucket]]: an index that stocks of one size make up."""

    name: Name
    label: Label | None = Field(default=None, description="for readers; the name where not given")
    codes: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=20)], ...], Field(strict=False)] = ()
    ranks: Annotated[tuple[Rank, Rank], Field(strict=False)] | None = Field(
        default=None, description="first and last market-cap rank; one bucket may do without: the rest"
    )
    cap: float | None = Field(
        default=None, gt=0, description="market capitalisation of its stocks, any unit; for size scores"
    )
    smallest: Rank | None = Field(
        default=None, description="of a bucket without ranks: its index holds so many of the smallest stocks"
    )


class FutureLine(Model):
    """A [[future]] on one of the buckets."""

    name: Contract
    bucket: Name


class BoardLine(Model):
    """A [[board]] whose stocks share a daily price limit."""

    name: Name
    limit: float = Field(gt=0, le=1, description="over the previous close: 0.1 is ten percent")


class MarketNames(Model):
    """A market file, such as configs/markets/china_a.toml."""

    label: Label
    calendar: str = Field(
        pattern=r"^[A-Z][A-Z0-9]{2,7}$", description="an exchange of exchange_calendars: XSHG, XNYS"
    )
    same_day_sale: bool = Field(default=True, description="false is T+1")
    bucket: Annotated[tuple[BucketLine, ...], Field(strict=False, min_length=2, max_length=12)]
    future: Annotated[tuple[FutureLine, ...], Field(strict=False, max_length=12)] = ()
    board: Annotated[tuple[BoardLine, ...], Field(strict=False, max_length=2)] = ()
    roles: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> "MarketNames":
        buckets = [one.name for one in self.bucket]
        codes = [code for one in self.bucket for code in one.codes]
        problems = [
            *_each_once("bucket", buckets),
            *_each_once("future", [one.name for one in self.future]),
            *_each_once("board", [one.name for one in self.board]),
            *_each_once("bucket.codes", codes),
            *(
                Problem("bucket", f"{name!r} is the name of no index", "another")
                for name in RESERVED
                if name in buckets
            ),
        ]
        for i, future in enumerate(self.future):
            if future.bucket not in buckets:
                problems.append(_unknown(f"future.{i}.bucket", future.bucket, buckets))
        refuse([*problems, *self._rank_problems(), *self._role_problems(buckets)])
        return self

    def _rank_problems(self) -> list[Problem]:
        problems, last = [], 0
        for i, one in enumerate(self.bucket):
            if one.ranks is None:
                continue
            if one.smallest is not None:
                problems.append(Problem(f"bucket.{i}.smallest", "given with ranks", "one of the two"))
            if one.ranks[0] <= last or one.ranks[1] < one.ranks[0]:
                found = f"{list(one.ranks)} after rank {last}"
                problems.append(Problem(f"bucket.{i}.ranks", found, "ascending, the largest stocks first"))
            last = one.ranks[1]
        return problems

    def _role_problems(self, buckets: list[str]) -> list[Problem]:
        futures, problems = [one.name for one in self.future], []
        for role, name in self.roles.items():
            known = buckets if role in BUCKET_ROLES else futures if role in FUTURE_ROLES else None
            if known is None:
                problems.append(_unknown(f"roles.{role}", role, [*BUCKET_ROLES, *FUTURE_ROLES]))
            elif name not in known:
                problems.append(_unknown(f"roles.{role}", name, known))
        return problems

    def names(self) -> Names:
        """What the simulator carries of it."""
        return named(self.model_dump())


def _unknown(field: str, name: str, known: list[str]) -> Problem:
    return Problem(field, f"{name!r} is unknown{suggestion(name, known)}", ", ".join(known) or "nothing")


def _each_once(field: str, names: list[Any]) -> list[Problem]:
    again = {name for name in names if names.count(name) > 1}
    return [Problem(field, f"{name!r} is there twice", "each once") for name in sorted(again)]
