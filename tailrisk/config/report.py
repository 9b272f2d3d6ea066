"""How a result is told: the language of its page, the product and level that lead, pictures besides SVG."""

from typing import Annotated, Literal

from pydantic import Field

from .model import Model, Name
from .tail import Level

Kind = Literal["how_likely", "how_much", "what_if", "who"]
Picture = Literal["png", "pdf"]


class ReportBlock(Model):
    """The page of a result; none of it moves a number, so a config's digest leaves it out."""

    language: Literal["en", "zh"] = Field(default="en", description="of headers, captions and the answer")
    product: Name | None = Field(
        default=None, description="the one the answer begins with; by default your own, or the worst"
    )
    level: Level | None = Field(
        default=None, description="the one that leads, of tail.levels; by default the highest that is firm"
    )
    asks: Annotated[tuple[Kind, ...], Field(strict=False)] = Field(
        default=(), max_length=4, description="kinds of question, first first; by default read off `question`"
    )
    pictures: Annotated[tuple[Picture, ...], Field(strict=False)] = Field(
        default=(), max_length=2, description="formats of the figures besides SVG"
    )
