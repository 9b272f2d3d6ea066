"""The targets of ordinary weather: which statistics of a crowd's years are watched, and what is accepted."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from ...config import Config
from ...config.load import located, read
from ...config.model import Model, Problem, refuse
from ...core.errors import InputError

Statistic = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]


class Target(Model):
    """One statistic and the range it may lie in."""

    label: str = Field(min_length=1, max_length=100)
    low: float
    high: float

    @model_validator(mode="after")
    def _is_a_range(self) -> "Target":
        if self.low >= self.high:
            refuse([Problem("low", f"{self.low:g}", f"below high, which is {self.high:g}")])
        return self

    def off(self, value: float) -> float:
        """How far a value lies outside, in widths of the range; zero within it, one for nan."""
        if value != value:
            return 1.0
        return max(self.low - value, value - self.high, 0.0) / (self.high - self.low)


class Targets(Model):
    """The file: the books that are watched, whose shape in a rout is looked at, and a block a statistic."""

    books: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    shapes: Annotated[tuple[str, ...], Field(strict=False)] = ()
    target: dict[Statistic, Target] = Field(min_length=1)


def read_targets(name: str | Path = "weather.toml") -> Targets:
    """The targets in a file, or in the library's of that name. Raises InputError listing every problem."""
    return read(Targets, located(name))


def check_books(config: Config, targets: Targets) -> None:
    """Raises InputError for a book that is no product of the config with weights and an index.

    And for a shape that is neither a bucket nor a product with weights.
    """
    books = {name: product for name, product in config.products.items() if getattr(product, "weights", None)}
    fit = [name for name, product in books.items() if product.benchmark != "cash"]
    for name in targets.books:
        if name not in fit:
            raise InputError("books", f"{name!r} is no product with stocks and an index", ", ".join(fit))
    shaped = [*config.names.buckets, *books]
    for name in targets.shapes:
        if name not in shaped:
            raise InputError(
                "shapes", f"{name!r} is neither a bucket nor a product with stocks", ", ".join(shaped)
            )
