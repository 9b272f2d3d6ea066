"""The minute's folder for a reader: the answer in words, tables, and a picture of the sets."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ...record.publishing import markdown
from ...report.figures.style import BLUE, INK, MUTED, ORANGE, VERMILION, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say
from .config import Minute
from .counterfactual import REMOVED

if TYPE_CHECKING:
    from .study import Tables

COLOURS = {"alone": MUTED, "removed": VERMILION, "shapley": BLUE, "yuan": ORANGE}
MEANING = {
    "alone": "the order's own impact, had nobody else sold",
    "removed": "what would not have happened without it, the others as they were",
    "shapley": "the mean over every order in which the groups of sellers may have come",
    "yuan": "every yuan a seller of its own; no grouping enters",
}


def summary(config: Minute, tables: "Tables") -> str:
    """The answer in a few lines, for the terminal."""
    lines = []
    for name, venue in config.venues.items():
        lines += [f"{venue.label}: fell {100 * venue.fall:.2f} %, {venue.sold:.3f} bn sold in the minute"]
        mine = tables.sets[tables.sets["venue"] == name]
        for notion in MEANING:
            part = mine[mine["notion"] == notion]
            lines += [f"  {notion:8} {_range(part['low'].min(), part['high'].max())} % of the fall"]
        by_law = mine.groupby("law", sort=False).agg(low=("low", "min"), high=("high", "max"))
        told = "; ".join(
            f"{str(law).replace('_', ' ')} {_range(row.low, row.high)} %" for law, row in by_law.iterrows()
        )
        lines += [f"  by law: {told}"]
    return "\n".join(lines)


def page(config: Minute, tables: "Tables", command: str) -> str:
    """README.md of the folder."""
    dropped = int((~tables.points["possible"]).sum())
    lines = [
        f"# {config.question}",
        "",
        "Not a number but a set: what laws of impact and ranges of their parameters allow. Per cent of the "
        "fall.",
        "",
        "```text",
        summary(config, tables),
        "```",
        "",
        f"{len(tables.points)} points of the ranges, of which {dropped} are dropped: there the minute's net "
        "sales would have made prices fall further than they fell. Within a law, `published` takes the "
        "coefficient from the literature and leaves the rest of the fall to others; `fitted` lets all net "
        "sales of the minute together make the fall, less the gap given back. Columns say whose the fall is:",
        "",
        *(f"* `{notion}`: {meaning}." for notion, meaning in MEANING.items()),
        "",
        "![sets](sets.svg)",
        "",
        _sets(config, tables.sets),
        "",
        *_beside(config, tables),
        "## Who sold",
        "",
        f"Shapley shares of the fall, over the possible points. How the others' sales divide is assumed (L); "
        f"{config.seller}'s own share hardly depends on it, and every point sums to 100 %.",
        "",
        _sellers(config, tables.sellers),
        "",
        "## What would have been",
        "",
        "`first minute`: what the minute's flows did to the index, over what they did. `worst` and `close`: "
        "what the order adds at its worst minute of the day and at the close, percent of the index. "
        "`reaction`: part of the others' sales that follows the price; below zero they sell more where it "
        "falls less. "
        "Over all laws; by law, and every reaction, in counterfactuals.csv.",
        "",
        _counterfactuals(config, tables.counterfactuals),
        "",
        *_halt(config, tables.halt),
        f"Made by `{command}`.",
        "",
    ]
    return "\n".join(lines)


def picture(config: Minute, sets: pd.DataFrame, say: Say = IN_ENGLISH) -> str:
    """A bar a venue, law, coefficient and notion, from the least to the most of the share."""
    groups = _groups(sets, "venue", "law", "coefficient")
    height = 0.9 + 0.44 * len(groups)
    with canvas(height) as figure:
        ax = axes(figure, 1.75, 0.55, 0.15, 0.25)
        for row, (_, part) in enumerate(reversed(groups)):
            for k, one in enumerate(_rows(part)):
                at = row + 0.27 - 0.18 * k
                colour = COLOURS[str(one.notion)]
                ax.plot([100 * one.low, 100 * one.high], [at, at], color=colour, linewidth=4)
        names = [
            f"{safe(config.venues[venue].label)}\n{safe(_law(law, coefficient, say))}"
            for (venue, law, coefficient), _ in reversed(groups)
        ]
        ax.set_yticks(range(len(groups)), names)
        ax.set_xlabel(safe(say("% of the fall of the first minute")))
        ax.set_xlim(0, None)
        ax.grid(axis="x")
        for k, notion in enumerate(MEANING):
            place = (0.97, 0.03 + k * 0.035)
            ax.text(*place, safe(say.word(notion)), color=COLOURS[notion], transform=ax.transAxes, ha="right")
        ax.tick_params(axis="y", labelcolor=INK)
        words = "; ".join(
            f"{config.venues[venue].label}, {_law(law, coefficient, IN_ENGLISH)}: "
            f"{_range(part['low'].min(), part['high'].max())} %"
            for (venue, law, coefficient), part in groups
        )
        return svg(figure, "sets", "Part of the fall that is the order's, by law", words + ".")


def _law(law: str, coefficient: str, say: Say) -> str:
    return say("{law}, {coefficient}", law=say.word(law.replace("_", " ")), coefficient=say.word(coefficient))


def _sets(config: Minute, sets: pd.DataFrame) -> str:
    rows = []
    for (venue, law, coefficient), part in _groups(sets, "venue", "law", "coefficient"):
        cells = {one.notion: _range(one.low, one.high) for one in _rows(part)}
        row = {"index": config.venues[venue].label, "law": law.replace("_", " "), "coefficient": coefficient}
        rows.append(row | cells | {"points": int(part["points"].iloc[0])})
    return markdown(pd.DataFrame(rows))


def _beside(config: Minute, tables: "Tables") -> list[str]:
    """Mechanism 4.7's own arithmetic, done again from this config's figures."""
    points = tables.points
    chosen = (points["law"] == "square_root") & (points["coefficient"] == "published")
    chosen &= points["strength"] == 1.0
    lines = [
        "Beside mechanism 4.7, which has the square-root law at Y = 1, the order alone and undecayed, and as "
        "a bound the order over net sales of 20 % of turnover:",
        "",
    ]
    for name, venue in config.venues.items():
        root = (venue.sold / venue.day_turnover) ** 0.5
        by_hand = [v * root / venue.fall for v in (min(venue.volatility), max(venue.volatility))]
        bound = venue.sold / venue.turnover / 0.2
        here = points[chosen & (points["venue"] == name)]["alone"]
        shown = _range(here.min(), here.max()) if len(here) else "not in this config"
        lines.append(
            f"* {venue.label}: share of turnover {100 * venue.sold / venue.turnover:.2f} %; square root by "
            f"hand {_range(*by_hand)} %, here with decay {shown} %; bound {100 * bound:.0f} %."
        )
    return [*lines, ""]


def _sellers(config: Minute, table: pd.DataFrame) -> str:
    mine = table[(table["coefficient"] == "fitted") & (table["seller"] != "unexplained")]
    wide = mine.assign(shown=[_range(a, b) for a, b in zip(mine["low"], mine["high"], strict=True)])
    wide = wide.assign(
        index=[config.venues[v].label for v in wide["venue"]], law=wide["law"].str.replace("_", " ")
    )
    shown = wide.pivot_table(
        index=["index", "law"], columns="seller", values="shown", aggfunc="first", sort=False
    )
    return markdown(shown.reset_index())


def _counterfactuals(config: Minute, table: pd.DataFrame) -> str:
    rows = []
    for (venue, scenario, reaction), part in _groups(table, "venue", "scenario", "reaction"):
        if reaction != 0.0 and scenario != REMOVED:
            continue
        row: dict[str, Any] = {
            "index": config.venues[venue].label,
            "scenario": scenario,
            "reaction": reaction,
        }
        row["first minute, %"] = _range(part["first_minute_low"].min(), part["first_minute_high"].max())
        for name in ("worst", "close"):
            low, high = part[f"{name}_low"].min(), part[f"{name}_high"].max()
            row[f"{name}, % of index"] = f"{low:.3f} to {high:.3f}"
        rows.append(row)
    return markdown(pd.DataFrame(rows))


def _halt(config: Minute, table: pd.DataFrame | None) -> list[str]:
    if table is None or config.halt is None:
        return []
    halt = config.halt
    level = f"{100 * halt.level:g} %"
    rows = [
        {
            "book": row.book,
            "holder": row.holder,
            "mean cost, % of equity": f"{row.mean_cost:.3f} ±{row.mean_half:.3f}",
            f"ES {level} without": f"{row.es_free:.2f}",
            f"ES {level} with": f"{row.es_halted:.2f}",
            "ES the halt costs": f"{row.es_cost:.2f} ±{row.es_half:.2f}",
            "on the days that were": f"{100 * row.realised_cost:.2f}",
        }
        for row in _rows(table)
    ]
    return [
        f"## What {halt.days} days without trading cost",
        "",
        f"{halt.paths:,} paths of `{halt.config}` ({', '.join(halt.overrides)}); an exit "
        f"takes {halt.exit_days} days, from the first that one may trade. Hedges are at the index, "
        "without basis. The halt costs tail risk to those who wanted out, and nothing to those who stayed; a "
        "negative cost on the days that were is a gain: prices rose.",
        "",
        markdown(pd.DataFrame(rows)),
        "",
    ]


def _range(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples())


def _groups(frame: pd.DataFrame, *columns: str) -> list[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Parts of a frame by the values of some columns, in the order they come."""
    return [(tuple(key), part) for key, part in frame.groupby(list(columns), sort=False)]
