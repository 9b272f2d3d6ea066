"""Measures of risk that a config can ask for by name and numbers: `expectile:0.99`, `wang:0.5`."""

from dataclasses import dataclass
from fractions import Fraction

from .errors import InputError


@dataclass(frozen=True)
class Kind:
    """One measure: its label, what its numbers are called, and the open range each lies in.

    optional: how many of the last numbers may be left out.
    """

    label: str
    numbers: tuple[tuple[str, float, float], ...] = ()
    optional: int = 0


LEVEL, FROM = ("level", 0.5, 1.0), ("from", 0.5 - 1e-9, 1.0)
PARETO = ("pareto_var", "pareto_es")
KINDS = {
    "var": Kind("VaR", (LEVEL,), 1),
    "es": Kind("ES", (LEVEL,), 1),
    "mean": Kind("Mean"),
    "expectile": Kind("Expectile", (LEVEL,)),
    "entropic": Kind("Entropic", (("aversion", 0.0, 100.0),)),
    "exponential_spectral": Kind("Exponential spectral", (("aversion", 0.0, 1e4),)),
    "wang": Kind("Wang", (("price", -10.0, 10.0),)),
    "proportional_hazard": Kind("Proportional hazard", (("power", 0.0, 1.0),)),
    "partial_moment": Kind("Partial moment", (("threshold", -1.0, 1.0), ("order", -1e-9, 10.0)), 1),
    "conditional_drawdown": Kind("Conditional drawdown", (LEVEL,)),
    "pareto_var": Kind("Pareto VaR", (LEVEL, FROM), 1),
    "pareto_es": Kind("Pareto ES", (LEVEL, FROM), 1),
    "contribution": Kind("Contributions to ES", (LEVEL,)),
}
"""`var` and `es` without a level are those of every level, and are always in the tables. A Pareto tail is
fitted from a level on: ten times as likely as the one asked for where none is given. Contributions are
Euler's, of buckets and legs of a product and of products in a book of all.
"""


@dataclass(frozen=True)
class Risk:
    """One measure with its numbers."""

    kind: str
    numbers: tuple[float, ...]
    texts: tuple[str, ...]

    @property
    def name(self) -> str:
        """As a config says it."""
        return ":".join((self.kind, *self.texts))

    @property
    def start(self) -> str:
        """The level from which a Pareto tail is fitted, as its decimal text."""
        if len(self.texts) > 1:
            return self.texts[1]
        rare = 10 * (1 - Fraction(self.texts[0]))
        return repr(float(max(1 - rare, Fraction(1, 2))))

    @property
    def label(self) -> str:
        """As a reader sees it."""
        if self.kind in PARETO:
            return f"{KINDS[self.kind].label} {self.texts[0]}, tail from {self.start}"
        return " ".join((KINDS[self.kind].label, *self.texts))


def risk(text: str) -> Risk:
    """The measure that `text` names. Raises InputError for a name or a number that is none."""
    kind, *texts = text.split(":")
    if kind not in KINDS:
        raise InputError("risks", f"{text!r} is no measure of risk", ", ".join(map(example, KINDS)))
    known = KINDS[kind].numbers
    if not len(known) - KINDS[kind].optional <= len(texts) <= len(known):
        raise InputError("risks", f"{text!r} has {len(texts)} numbers", example(kind))
    numbers = []
    for (name, low, high), said in zip(known, texts, strict=False):
        try:
            number = float(said)
        except ValueError:
            number = float("nan")
        if not low < number < high and not (kind == "proportional_hazard" and number == 1.0):
            raise InputError("risks", f"{name} {said!r} of {text!r}", f"above {low:g} and below {high:g}")
        numbers.append(number)
    if kind in PARETO and len(numbers) > 1 and numbers[1] > numbers[0]:
        raise InputError("risks", f"from {texts[1]} of {text!r} is above the level", f"at most {texts[0]}")
    return Risk(kind, tuple(numbers), tuple(texts))


def example(kind: str) -> str:
    """How a measure is asked for: `partial_moment:THRESHOLD[:ORDER]`."""
    it = KINDS[kind]
    needed = len(it.numbers) - it.optional
    words = [f":{name.upper()}" for name, _, _ in it.numbers]
    return kind + "".join(words[:needed]) + "".join(f"[{word}]" for word in words[needed:])
