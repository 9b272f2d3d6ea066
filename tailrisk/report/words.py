"""The words of the report: how levels, measures, views, buckets and products are named for a reader."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import category, combining, east_asian_width

from tailrisk.core.names import home

from .estimate import MINUS, number
from .language import ENGLISH, Say

TITLES = {
    "terminal": "Loss over the horizon",
    "worst_day": "Worst day",
    "worst_3_days": "Worst three days",
    "max_drawdown": "Maximum drawdown",
    "absolute": "absolute",
    "excess": "excess",
    "index_enhanced": "index-enhanced",
    "stock_selection": "stock selection",
    "neutral": "market neutral",
    "dma": "DMA",
    "long_short": "long/short",
    "micro_cap": "micro-cap",
    "cta": "CTA",
}
"""Name in code and config -> name on the page; a name not here is shown as it is."""

PER_CENT = 100.0
LOSS_PLACES = 2
"""Losses are printed in per cent of starting NAV, to a basis point at most."""


def title(name: str, labels: Mapping[str, str] | None = None) -> str:
    """The name a reader sees; `labels` are the buckets', by default the home market's."""
    return {**TITLES, **(home_labels() if labels is None else labels)}.get(name, name.replace("_", " "))


def home_labels() -> dict[str, str]:
    """Labels of the home market's buckets."""
    return dict(zip(home().buckets, home().labels, strict=True))


def level(value: float) -> str:
    """0.999 -> `99.9 %`, with a space that does not break."""
    return f"{value * PER_CENT:.8g}\u00a0%"


def count(value: float) -> str:
    """A whole number with separated thousands; a fraction keeps one decimal."""
    return number(value, 0 if float(value).is_integer() else 1)


def label(products: Mapping[str, Any], name: str) -> str:
    """The product's label in the resolved config, or its name where none is given."""
    text = products.get(name, {}).get("label") if isinstance(products.get(name), Mapping) else None
    return str(text) if text else name


EVENT = re.compile(
    r"(\S+) less (\S+) over (?:one day|(\d+) days): z at or (below|above) (\S+) on the (\d+) days before, "
    r"mean (removed|not removed)"
)
"""An event in the words of record/tables.py."""


def in_words(description: str, labels: Mapping[str, str] | None = None, say: Say | None = None) -> str:
    """A description with buckets by their names and true minus signs: `CSI 1000 less CSI 300, z at −7`."""
    labels = home_labels() if labels is None else labels
    read = EVENT.fullmatch(description)
    if say is not None and say.language != ENGLISH and read:
        small, large = (say.name(labels.get(bucket, bucket)) for bucket in read.group(1, 2))
        return say(
            "{small} less {large} over {days} days: z at or {side} {z} on the {window} days before, mean "
            "{mean}",
            small=small,
            large=large,
            days=read[3] or 1,
            side=say.name(read[4]),
            z=read[5].replace("-", MINUS),
            window=read[6],
            mean=say.name(read[7]),
        )
    named = re.sub(r"\b[a-z][a-z0-9_]*\b", lambda word: labels.get(word[0], word[0]), description)
    return re.sub(r"(?<![\w-])-(?=\d)", MINUS, named)


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def confidence(tail: Mapping[str, Any]) -> str:
    """Confidence of the intervals in the `tail` table of the config: `95 %`."""
    found = tail.get("confidence")
    return level(found) if isinstance(found, (int, float)) else "confidence"


def columns(text: str) -> int:
    """Width in columns of a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in text)


def plain(text: str) -> str:
    """Without control characters, which would drive a terminal or break XML."""
    return "".join(c if category(c)[0] != "C" else " " for c in text)


def short(text: str, width: int) -> str:
    """At most `width` columns of `text` on one line, with an ellipsis where it is cut."""
    line = " ".join(plain(text).split())
    if columns(line) <= width:
        return line
    while columns(line) > width - 1:
        line = line[:-1]
    return line.rstrip() + "…"
