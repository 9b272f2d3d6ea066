"""The strict frozen model every part of a config is made of, and the names its fields may hold."""

from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Bucket = Literal["csi300", "csi500", "csi1000", "csi2000", "micro"]
Benchmark = Literal["csi300", "csi500", "csi1000", "csi2000", "micro", "cash"]
Future = Literal["IF", "IC", "IM"]
Measure = Literal["terminal", "worst_day", "worst_3_days", "max_drawdown"]
Style = Literal[
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
]
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


def refuse(problems: list[Problem]) -> None:
    """Raise every problem at once, as one validation error of the model being validated."""
    if problems:
        raise PydanticCustomError("problems", "values that do not fit together", {"problems": problems})
