"""The strict frozen model every part of a config is made of, and the names its fields may hold."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from tailrisk.core.names import Names

CASH = "cash"
"""The benchmark that is no bucket."""


def _one_of(kind: str, known: Callable[[Names], tuple[str, ...]]) -> AfterValidator:
    """A name of the market that the model is validated for; any name where it is validated for none."""

    def check(value: str, info: ValidationInfo) -> str:
        if not isinstance(info.context, Names) or value in known(info.context):
            return value
        about = {"kind": kind, "known": list(known(info.context))}
        raise PydanticCustomError("unknown_name", "is not of the market", about)

    return AfterValidator(check)


Bucket = Annotated[str, _one_of("bucket", lambda names: names.buckets)]
Benchmark = Annotated[str, _one_of("bucket", lambda names: (*names.buckets, CASH))]
Future = Annotated[str, _one_of("future", lambda names: names.contracts)]
Measure = Literal["terminal", "worst_day", "worst_3_days", "max_drawdown"]
Style = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
"""A style of the calibrated file, which `load` looks it up in."""
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""YYYY-MM-DD."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A short name in lower case, used as a column value and in file names."""


class Model(BaseModel):
    """Frozen; unknown keys, infinities and conversions (text to number, bool to number) are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Problem(NamedTuple):
    """One thing wrong between fields: the field, seen from the model, what is wrong, what is allowed."""

    field: str
    problem: str
    allowed: str


def incomplete(field: str, table: Mapping[str, Any], wanted: tuple[str, ...]) -> list[Problem]:
    """A problem for a table that leaves out a name: what is missing is not taken for zero."""
    missing = [name for name in wanted if name not in table]
    if not missing:
        return []
    allowed = f"a figure for each of {', '.join(wanted)}; zero where there is none"
    return [Problem(field, f"nothing for {', '.join(missing)}", allowed)]


def _complete(known: Callable[[Names], tuple[str, ...]]) -> AfterValidator:
    def check(said: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if isinstance(info.context, Names):
            refuse(incomplete("", said, known(info.context)))
        return said

    return AfterValidator(check)


EACH_BUCKET = _complete(lambda names: names.buckets)
"""Marks a table that must say something of every bucket of the market."""
EACH_FUTURE = _complete(lambda names: names.contracts)
"""The same of futures."""


def refuse(problems: list[Problem]) -> None:
    """Raise every problem at once, as one validation error of the model being validated."""
    if problems:
        raise PydanticCustomError("problems", "values that do not fit together", {"problems": problems})
