"""Components of each product's expected shortfall: stocks by bucket, hedge, crowd, basis, styles, rest."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from ..folder import Result
from ..rows import ComponentRow
from ..words import LOSS_PLACES, label, level, short
from .style import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SKY, SMALL, VERMILION, axes, canvas
from .svg import safe, svg

LOOKS = {
    "hedge": (GREEN, ""),
    "basis": (ORANGE, "...."),
    "crowd": (VERMILION, "xxxx"),
    "styles": (GREEN, "...."),
    "account": (ORANGE, "////"),
    "rest": (PURPLE, "xxxx"),
}
"""Colour and hatch of each part but the stocks; styles share one, and so do the lines of an account."""
STOCKS = [(colour, hatch) for hatch in ("", "////", "xxxx", "....", "||||", "----") for colour in (SKY, BLUE)]
"""The same of buckets, largest first; the smallest is vermilion."""
ROW, LEFT = 0.36, 1.75
COLUMNS = 6
"""Of the key."""


def components(result: Result) -> str:
    """One stacked bar a product: losses to the right, what works against them to the left, ES as a mark."""
    at = float(result.components[0].level)
    shown, looks = {_look(row.part) for row in result.components}, _looks(result)
    with canvas(1.35 + ROW * len(result.products)) as figure:
        height = float(figure.get_size_inches()[1])
        _key(axes(figure, 0.1, 0.02, 0.1, height - 0.5), [look for look in looks if look in shown], result)
        ax = axes(figure, LEFT, 0.95, 0.25, 0.12)
        for k, product in enumerate(reversed(result.products)):
            rows = [row for row in result.components if row.product == product]
            _bar(ax, k, rows, looks)
        names = [safe(short(label(result.section("products"), p), 28)) for p in reversed(result.products)]
        ax.set_yticks(range(len(names)), names)
        ax.tick_params(axis="y", length=0)
        ax.axvline(0, color=MUTED, linewidth=0.6)
        ax.grid(axis="x")
        ax.set_xlabel(safe(result.say("component of ES {level}, % of starting NAV", level=level(at))))
        return svg(figure, "components", "Components of expected shortfall", _description(result))


def _looks(result: Result) -> dict[str, tuple[str, str]]:
    """Colour and hatch of every part of this market."""
    *larger, smallest = result.buckets
    order = [STOCKS[k] for k in (0, 2, 1, 3, *range(4, len(STOCKS)))]
    stocks = {f"stocks {bucket}": look for bucket, look in zip(larger, order, strict=False)}
    return {**stocks, f"stocks {smallest}": (VERMILION, ""), **LOOKS}


def part_name(part: str, result: Result) -> str:
    """The name a reader sees."""
    words = part.split()
    if words[0] in ("stocks", "style"):
        return f"{result.say.name(words[0])} {result.title(words[1])}"
    return result.say.name(part)


def _look(part: str) -> str:
    first = part.split()[0]
    return {"style": "styles", "account": "account"}.get(first, part)


def _bar(ax: Axes, height: int, rows: list[ComponentRow], looks: Mapping[str, tuple[str, str]]) -> None:
    right = left = 0.0
    for row in rows:
        size = 100 * row.estimate.value
        face, hatch = looks[_look(row.part)]
        start = right if size >= 0 else left
        ax.barh(height, size, 0.62, left=start, facecolor=face, edgecolor=INK, hatch=hatch, linewidth=0.4)
        right, left = (right + size, left) if size >= 0 else (right, left + size)
    es = sum(100 * row.estimate.value for row in rows)
    ax.plot([es, es], [height - 0.42, height + 0.42], color=INK, linewidth=1.8)


def _key(ax: Axes, parts: list[str], result: Result) -> None:
    looks = _looks(result)
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 2)
    for k, part in enumerate([*parts, result.say("their sum, ES")]):
        x, y = k % COLUMNS / COLUMNS, 1.4 - k // COLUMNS
        if part in looks:
            face, hatch = looks[part]
            ax.barh(y, 0.03, 0.5, left=x, facecolor=face, edgecolor=INK, hatch=hatch, linewidth=0.4)
        else:
            ax.plot([x + 0.015, x + 0.015], [y - 0.3, y + 0.3], color=INK, linewidth=1.8)
        ax.text(x + 0.036, y, safe(short(part_name(part, result), 17)), fontsize=SMALL, va="center")


def _description(result: Result) -> str:
    said = []
    for product in result.products:
        rows = [row for row in result.components if row.product == product]
        parts = ", ".join(
            f"{part_name(r.part, result)} {r.estimate.scaled(100).text(LOSS_PLACES)}" for r in rows
        )
        said.append(f"{product}: {parts}")
    return "Components of ES, % of NAV. " + "; ".join(said) + "."
