"""Answers of studies of products and forecasts: which bounds, what was lost, which model holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import readme
from ..estimate import number
from ..language import Say
from .read import Row, per_cent, read

MOST = 4
"""Products or figures named one by one."""


def bounds(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """Which bounds: the tuned ones as the study says them, and what the tightest save."""
    first = [say.paragraph(part) for part in readme.paragraphs(text)[:1]]
    points = read(folder / "frontier.csv")
    if "tune" not in record or not points or "es_saved_low" not in points[0]:
        return first
    best = max(points, key=lambda row: float(row["es_saved"]))
    loose = max(points, key=lambda row: float(row["size_bound"]))
    paid = float(loose["alpha_year"]) - float(best["alpha_year"])
    if float(best["es_saved_low"]) <= 0:
        return [*first, say("No bound on size saves more than these paths can tell from nothing.")]
    return [
        *first,
        say(
            "A bound of {bound} on size saves most: {saved} points of ES ({low} to {high}) against the "
            "loosest bound, for {paid} points of alpha a year.",
            bound=f"{float(best['size_bound']):g}",
            saved=per_cent(best["es_saved"]),
            low=per_cent(best["es_saved_low"]),
            high=per_cent(best["es_saved_high"]),
            paid=per_cent(paid),
        ),
    ]


def replayed(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """What if: what every product lost from first to last day and at its deepest, worst first."""
    days = read(folder / "daily.csv")
    if not days:
        return []
    labels = record.get("labels") if isinstance(record.get("labels"), Mapping) else {}
    end = {row["product"]: float(row["nav"]) for row in days}
    least: dict[str, Row] = {}
    for row in days:
        if row["product"] not in least or float(row["nav"]) < float(least[row["product"]]["nav"]):
            least[row["product"]] = row
    worst = sorted(end, key=lambda product: float(least[product]["nav"]))
    told = [
        say(
            "{name} lost {deepest} % at its deepest, on {day}, and stood at {end} % at the end",
            name=str((labels or {}).get(product, product)),
            deepest=number(100 * (1 - float(least[product]["nav"])), 1),
            day=least[product]["date"],
            end=number(100 * (end[product] - 1), 1),
        )
        for product in worst[:MOST]
    ]
    lead = say(
        "On the prices from {first} to {last}: {told}.",
        first=days[0]["date"],
        last=days[-1]["date"],
        told=say.aparted(told),
    )
    return [lead, _reported(read(folder / "reported.csv"), say)]


def _reported(rows: Sequence[Row], say: Say) -> str:
    """How many reported figures are met, and which are not."""
    if not rows:
        return ""
    missed = [row for row in rows if row["agrees"] == "no"]
    names = say.listed([f"{row['product']} ({per_cent(row['replay'])} %)" for row in missed[:MOST]])
    met = say("Of {all} reported figures {met} are met", all=len(rows), met=len(rows) - len(missed))
    return say.sentences([say("{part}.", part=met), say("Missed: {names}.", names=names) if missed else ""])


def matched(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """What the replay misses, and what the episode identifies."""
    misses = [f"{say.render(row[0])}: {row[1]}" for row in readme.rows(text) if len(row) == 2 and row[1]]
    found = read(folder / "parameters.csv")
    known = sum(row["verdict"] == "identified" for row in found)
    told = say("Of {all} parameters the episode identifies {known}.", all=len(found), known=known)
    return [
        say("What the replay misses of the record: {misses}.", misses=say.aparted(misses[:3]))
        if misses
        else "",
        told,
    ]


def judged(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """Which model forecasts best at every horizon and level, and whether its coverage holds."""
    ranks = read(folder / "ranking.csv")
    if not ranks or "fz0" not in ranks[0]:
        return []
    told = []
    for horizon, level in dict.fromkeys((row["horizon"], row["level"]) for row in ranks):
        own = [row for row in ranks if (row["horizon"], row["level"]) == (horizon, level)]
        best = min(own, key=lambda row: float(row["fz0"]))
        told.append(
            say(
                "{level}, {horizon}-day losses: {model} scores best; losses pass its VaR on {rate} % of "
                "days where {nominal} % was said, and coverage holds for {passed} of {targets} series; "
                "{tied} of {all} models are in the confidence set",
                level=f"{100 * float(level):g} %",
                horizon=horizon,
                model=best["model"],
                rate=f"{100 * float(best['rate']):.2f}",
                nominal=f"{100 * (1 - float(level)):g}",
                passed=best["coverage_passed"],
                targets=best["targets"],
                tied=sum(row["in_set"] == "True" for row in own),
                all=len(own),
            )
        )
    return [say("{part}.", part=part) for part in told]


def rejected(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """Of every level and horizon which model stands rejected for fewest products, and for most."""
    rows = read(folder / "table.csv")
    if not rows or "var_rejected" not in rows[0]:
        return []
    day = "es_rejected" if "es_rejected" in rows[0] else "var_rejected"
    told = []
    for horizon, level in dict.fromkeys((row["horizon"], row["level"]) for row in rows):
        own = [row for row in rows if (row["horizon"], row["level"]) == (horizon, level)]
        counts = {
            model: sum(bool(row[day]) for row in own if row["model"] == model)
            for model in dict.fromkeys(row["model"] for row in own)
        }
        best, worst = min(counts, key=lambda m: counts[m]), max(counts, key=lambda m: counts[m])
        told.append(
            say(
                "{level}, {horizon}-day losses: {best} stands rejected for {few} of {all} products, {worst} "
                "for {many}; {none} of {models} models stand for all",
                level=f"{100 * float(level):g} %",
                horizon=horizon,
                best=best,
                few=counts[best],
                all=len({row["product"] for row in own}),
                worst=worst,
                many=counts[worst],
                none=sum(not count for count in counts.values()),
                models=len(counts),
            )
        )
    return [say("{part}.", part=part) for part in told]
