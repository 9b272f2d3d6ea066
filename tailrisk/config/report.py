"""How a result is told: the language of its page, the product and level that lead, pictures besides SVG."""

from typing import Annotated, Literal

from pydantic import Field

from .model import Model, Name
from .tail import Level

Language = Literal["en", "zh"]
Kind = Literal["how_likely", "how_much", "what_if", "who"]
Picture = Literal["png", "pdf"]


class LanguageBlock(Model):
    """The page of a study that has nothing else to choose."""

    language: Language = Field(default="en", description="of headers, captions and the answer")

    @property
    def recorded(self) -> dict[str, str]:
        """What the record of a study says of its page, so that it is written again in the same language."""
        return {} if self.language == "en" else {"language": self.language}


class ReportBlock(Model):
    """The page of a result; none of it moves a number, so a config's digest leaves it out."""

    language: Language = Field(default="en", description="of headers, captions and the answer")
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

    @property
    def recorded(self) -> dict[str, str]:
        """What the record of a study says of its page, as of `LanguageBlock`."""
        return LanguageBlock(language=self.language).recorded
