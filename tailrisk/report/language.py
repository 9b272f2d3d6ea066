"""What a page says, in the reader's language: phrases are English in the code, other languages are files."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

ENGLISH = "en"
LANGUAGES = (ENGLISH, "zh")
HOLE = re.compile(r"\{(\w+)\}")
SENTENCE = re.compile(r"(?<=[.:]) (?=[A-Z])")
FEW, WORDS = 12, r"[^ ]*[^ .](?: [^ ]*[^ .]){0,2}?"
"""Letters of a phrase below which its holes are of at most three words."""
WITHIN = r"(?:(?!\. ).)+?"
RANGE = re.compile(r"(?<=[\d∞]) to (?=[−\d∞])")


@dataclass(frozen=True)
class Say:
    """Phrases of one language; a phrase that is missing there is said in English."""

    language: str = ENGLISH

    @classmethod
    def of(cls, record: Mapping[str, object]) -> "Say":
        """That of a study's record (`config.report.recorded`); English where it names none known."""
        asked = record.get("language")
        return cls(str(asked) if asked in LANGUAGES else ENGLISH)

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

    def aparted(self, parts: Sequence[str]) -> str:
        """Parts of a sentence, with semicolons."""
        return ("；" if self.language == "zh" else "; ").join(parts)

    def word(self, text: str) -> str:
        """A word of a study, where it is known as it stands."""
        return studies(self.language).get(text) or self.name(text)

    def render(self, text: str) -> str:
        """Words that a study wrote in English: a phrase, or one whose holes they fill, else as they are."""
        plain = text.replace("\u00a0", " ")
        known = studies(self.language).get(plain) or phrases(self.language).get(plain)
        if known is not None or self.language == ENGLISH:
            return known or text
        for pattern, other in patterns(self.language):
            found = pattern.fullmatch(plain)
            if found:
                return other.format(**{name: self.render(value) for name, value in found.groupdict().items()})
        return text

    def paragraph(self, text: str) -> str:
        """Running text of a study: as a whole, or sentence by sentence where every one of them is known."""
        whole = self.render(text)
        if whole != text or self.language == ENGLISH:
            return whole
        parts = SENTENCE.split(text)
        said = [self.render(part) for part in parts]
        return self.sentences(said) if all(a != b for a, b in zip(parts, said, strict=True)) else text

    def listed(self, items: Sequence[str]) -> str:
        """`a, b and c`."""
        comma, last = ("、", "和") if self.language == "zh" else (", ", " and ")
        return last.join([comma.join(items[:-1]), items[-1]] if len(items) > 1 else items)


IN_ENGLISH = Say()


@cache
def phrases(language: str) -> dict[str, str]:
    """English phrase -> phrase; empty for English."""
    if language == ENGLISH:
        return {}
    parts = (f"{language}.toml", f"{language}_answers.toml", f"{language}_pictures.toml")
    return {phrase: other for part in parts for phrase, other in _read(part).items()}


@cache
def studies(language: str) -> dict[str, str]:
    """Those of the phrases that studies write into their own text; empty for English."""
    return {} if language == ENGLISH else _read(f"{language}_studies.toml")


@cache
def patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Studies' phrases with holes, as what their words look like, the most words first."""
    found = [(phrase, other) for phrase, other in studies(language).items() if "{" in phrase]
    found.sort(key=lambda pair: -len(HOLE.sub("", pair[0])))
    return tuple((re.compile(_shape(phrase)), other) for phrase, other in found)


def _shape(phrase: str) -> str:
    """A phrase as a regular expression; a hole holds the same words where it is there twice.

    A hole ends with its sentence, and in a phrase of few words of its own it is a few words too, but for one
    called rest.
    """
    pieces, seen = HOLE.split(phrase), set()
    few = len(re.findall(r"[A-Za-z]", "".join(pieces[::2]))) < FEW
    for k in range(1, len(pieces), 2):
        name = pieces[k]
        held = ".+?" if name == "rest" else WORDS if few else WITHIN
        pieces[k] = f"(?P={name})" if name in seen else f"(?P<{name}>{held})"
        seen.add(name)
    return "".join(piece if k % 2 else re.escape(piece) for k, piece in enumerate(pieces))


def _read(name: str) -> dict[str, str]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}
