"""Answers of studies of the crowd: the likeliest ways to a loss, and what rules change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..estimate import number
from ..language import Say
from .read import Row, per_cent, read

MOST = 4
"""Losses, or figures that a rule moves, named one by one."""
MONEY = ("owed to brokers", "state's purchases")
"""Figures of an audit in billions; the others are fractions."""


def ways(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """Of every loss its odds, how its likeliest way goes, and who sells first on it."""
    rows = read(folder / "ways.csv")
    told = []
    for case in [one for one in record.get("losses", []) if isinstance(one, Mapping)][:MOST]:
        own = [row for row in rows if row["case"] == case.get("case")]
        if own:
            told.append(_way(case, max(own, key=lambda row: float(row["probability"])), say))
    return told


def _way(case: Mapping[str, Any], likeliest: Row, say: Say) -> str:
    lead = say(
        "{title}: a chance of {chance} % ({low} to {high}), once in {years} years.",
        title=say.render(str(case["title"])),
        chance=_three(100 * case["probability"]),
        low=_three(100 * case["probability_low"]),
        high=_three(100 * case["probability_high"]),
        years=_three(case["years"]),
    )
    part = float(likeliest["probability"]) / float(case["probability"])
    moves = say.aparted(
        [
            f"{say.render(name.removeprefix('return_'))} {per_cent(value, 1)} %"
            for name, value in likeliest.items()
            if name.startswith("return_")
        ]
    )
    way = say("Its likeliest way is {part} % of it: {moves}.", part=f"{100 * part:.0f}", moves=moves)
    seller = likeliest.get("first_seller") or ""
    who = (
        say(
            "{who} sell first, on day {day} of {of} % of these paths.",
            who=say.render(seller),
            day=f"{float(likeliest['first_seller_day']):.0f}",
            of=f"{100 * float(likeliest['first_seller_of_paths']):.0f}",
        )
        if seller
        else ""
    )
    return say.sentences([lead, way, who])


def audited(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """What all rules together change beyond the noise of the simulation, most first by its own interval."""
    rows = read(folder / "table.csv")
    if not rows or "rules" not in rows[0]:
        return []
    own = [row for row in rows if row["member"] == rows[0]["member"]]
    before = {row["figure"]: float(row["value"]) for row in own if row["rules"] == "none"}
    firm = [row for row in own if row["rules"] == "all" and _firm(row)]
    firm.sort(key=_noise)
    told = say.aparted(
        [
            say(
                "{figure} {before} to {after}",
                figure=say.render(row["figure"]),
                before=_figure(row["figure"], before[row["figure"]]),
                after=_figure(row["figure"], before[row["figure"]] + float(row["change"])),
            )
            for row in firm[:MOST]
        ]
    )
    count = sum(row["rules"] == "all" for row in own)
    if not firm:
        return [say("All rules together change none of {count} figures beyond the noise.", count=count)]
    return [
        say(
            "All rules together change {firm} of {count} figures beyond the noise of the simulation, "
            "most of all: {told}.",
            firm=len(firm),
            count=count,
            told=told,
        ),
        _alone(own, say),
    ]


def _alone(own: list[Row], say: Say) -> str:
    """How many figures each rule moves by itself."""
    counts = {
        rule: sum(_firm(row) for row in own if row["rules"] == rule)
        for rule in dict.fromkeys(row["rules"] for row in own)
        if rule not in ("none", "all")
    }
    if not counts:
        return ""
    told = say.aparted([f"{rule} {count}" for rule, count in counts.items()])
    return say("Figures that each rule moves alone: {told}.", told=told)


def _noise(row: Row) -> float:
    """How wide the interval of a change is beside the change."""
    return (float(row["change_high"]) - float(row["change_low"])) / abs(float(row["change"]))


def _firm(row: Row) -> bool:
    """Whether the interval of a change leaves out zero."""
    return float(row["change_low"]) > 0 or float(row["change_high"]) < 0


def _figure(name: str, value: float) -> str:
    return _three(value) if name in MONEY else f"{_three(100 * value)} %"


def _three(value: float) -> str:
    """Three digits."""
    return number(float(f"{value:.3g}"), 0) if abs(value) >= 100 else f"{value:.3g}".replace("-", "−")
