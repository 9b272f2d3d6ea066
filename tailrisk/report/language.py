"""What a page says, in the reader's language: phrases are English in the code, other languages are files."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

ENGLISH = "en"
LANGUAGES = (ENGLISH, "zh")
RANGE = re.compile(r"(?<=[\d∞]) to (?=[−\d∞])")


@dataclass(frozen=True)
class Say:
    """Phrases of one language; a phrase that is missing there is said in English."""

    language: str = ENGLISH

    def __call__(self, phrase: str, /, **values: object) -> str:
        """The phrase with its values: `say("{n} paths", n="1,000")`. Values are never translated."""
        return self.name(phrase).format(**values)

    def name(self, word: str) -> str:
        """A name of the field in this language; a word of the user's own is left as it is."""
        return phrases(self.language).get(word, word)

    def cell(self, text: str) -> str:
        """What a table's cell holds: a name, or an interval."""
        named = self.name(text)
        return named if self.language == ENGLISH else RANGE.sub(" 至 ", named)

    def aside(self, text: str) -> str:
        """In brackets, after a figure."""
        return f"（{self.cell(text)}）" if self.language == "zh" else f" ({self.cell(text)})"

    def sentences(self, parts: Sequence[str]) -> str:
        """Sentences one after another; Chinese has no space between them."""
        return ("" if self.language == "zh" else " ").join(part for part in parts if part)

    def listed(self, items: Sequence[str]) -> str:
        """`a, b and c`."""
        comma, last = ("、", "和") if self.language == "zh" else (", ", " and ")
        return last.join([comma.join(items[:-1]), items[-1]] if len(items) > 1 else items)


@cache
def phrases(language: str) -> dict[str, str]:
    """English phrase -> phrase; empty for English."""
    if language == ENGLISH:
        return {}
    text = files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}
