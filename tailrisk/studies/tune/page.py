"""A tuning's folder for a reader: the answer and the frontier, in README.md, and a picture."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from ...core import disk
from ...report import study
from ...report.figures.prints import BOTH, printing
from ...report.figures.style import BLUE, INK, MUTED, SMALL, VERMILION, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import Say
from .robust import ROBUST

HEIGHT = 3.4


def write(folder: str | Path) -> Path:
    """Write README.md, report.html and the picture into a tuning's folder; the same gives the same bytes."""
    place = Path(folder)
    with printing(place, BOTH):
        disk.write(place / "frontier.svg", picture(place))
    disk.write(place / "README.md", page(place))
    study.write(place)
    return place / "README.md"


def page(folder: Path) -> str:
    """The README: the question, the answer in a sentence, the frontier as a table."""
    record, best, table = _read(folder)
    said = record["tune"]
    desk = said["desk"]
    smallest = record.get("smallest", "micro-caps")
    long = best.get("long", best.get("gross"))  # what results of before call it
    first = record.get("tuned", ["size"])[0].replace("_", " ")
    tuned = record.get("tuned", ["size"])
    kept = "keep" if best["feasible"] else "do not keep"
    level = f"ES {100 * said['level']:g} %"
    bounds = [f"{best[name]:.3g} on active {name.replace('_', ' ')}" for name in tuned]
    lines = [
        f"# {record['question']}",
        "",
        f"A bound of {', of '.join(bounds)} and of {best['micro']:.1%} on {smallest} and names in "
        f"no index, with stocks at {long:.3g} of NAV{_swap(record, best)}, {kept} the budget of "
        f"{_percent(best['budget'])} on the half of the paths they were tuned on ({level} "
        f"{_percent(best['es'])}); on the other half it is {_percent(best['es_other_half'])} "
        f"({_percent(best['es_other_low'])} to {_percent(best['es_other_high'])}). They keep an alpha of "
        f"{_percent(best['alpha_year'])} a year, and trading into them from the loosest bounds costs "
        f"{_percent(best['cost_once'])} once.",
        "",
        *_plainly(record, best),
        f"{said['paths']:,} paths of {record['days']} days ({said['market']}), each twice for specific risk; "
        f"{_stocks(record)}. The manager maximises {_aim(desk)}, less costs, within the mandate "
        "of the config, and sees no scenario. ES over the horizon of what is left after benchmark or "
        "futures, before alpha and costs; intervals of 95 % from a bootstrap over paths.",
        "",
        *_held(record, best),
        *_notes(record),
        f"![Alpha against ES as the bound on {first} tightens](frontier.svg)",
        "",
        f"| {first} bound | alpha a year | cost once | ES | 95 % | ES saved | 95 % |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        cells = [
            f"{row[f'{tuned[0]}_bound']:g}",
            *(_percent(row[k]) for k in ("alpha_year", "cost_once", "es")),
        ]
        cells += [f"{_percent(row['es_low'])} to {_percent(row['es_high'])}", _percent(row["es_saved"])]
        cells += [f"{_percent(row['es_saved_low'])} to {_percent(row['es_saved_high'])}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += _regrets(folder, tuned[0])
    took = f", in {record['seconds']:.0f} s" if "seconds" in record else ""
    made = f"Made by `{record['command']}`{took}; the tuned book is in weights.csv."
    return "\n".join([*lines, "", made, ""])


def _plainly(record: dict[str, Any], best: dict[str, Any]) -> list[str]:
    """What the bounds do, where the record says enough: nothing, too little, or which of them bind."""
    if "es_loosest" not in best:
        return []
    saved = f"{_percent(best['tightest_saves_low'])} to {_percent(best['tightest_saves_high'])} of ES"
    idle = [name for name in (*record["tuned"], "micro") if not best.get(f"binds_{name}", True)]
    without = f" Without effect at the answer: {', '.join(idle).replace('_', ' ')}." if idle else ""
    if best["tightest_saves_low"] <= 0:
        text = f"Bounds do nothing here: between the loosest and the tightest lie {saved}."
    elif best["es_loosest"] <= best["budget"] and best["feasible"] and "es_robust" not in best:
        loose = _percent(best["es_loosest"])
        text = f"No bound is needed: with the loosest ES is {loose} on all paths, within the budget.{without}"
    elif not best["feasible"]:
        held = best.get("long", best.get("gross", 1.0))
        long = held * best["budget"] / best.get("es_robust", best["es"])
        text = (
            f"No bound tried keeps the budget: the tightest leave ES at {_percent(best['es_tightest'])}. "
            f"Stocks at {long:.2g} of NAV would, at these bounds."
        )
    else:
        text = f"From the loosest bounds to the tightest lie {saved}.{without}"
    return [f"**{text}**", ""]


def _stocks(record: dict[str, Any]) -> str:
    it = record["universe"]
    return f"{it} stocks" if it == "synthetic" else f"stocks of {it}"


def _aim(desk: dict[str, Any]) -> str:
    """What the manager maximises."""
    if desk.get("alpha"):
        return f"the alpha of {Path(desk['alpha']).name}"
    premium = f"a size premium of {desk['premium']:.2%} a year"
    return f"a score of information coefficient {desk['ic']:g} and {premium}"


def _held(record: dict[str, Any], best: dict[str, Any]) -> list[str]:
    """Under which other laws the budget was asked to hold, where it was."""
    if "es_robust" not in best:
        return []
    asked = record["tune"]["robust"]
    members = ", ".join(map(str, asked["members"]))
    laws = [f"under members {members} of the crowd's ensemble"] if members else []
    if asked["radius"]:
        laws.append(f"under every law within {asked['radius']:g} standard deviations (Wasserstein) of each")
    return [
        f"The budget was asked to hold {' and '.join(laws)} too: the largest ES of the tuned book under any "
        f"of them, on the half they were tuned on, is {_percent(best['es_robust'])}. The largest over the "
        "laws near the paths is a closed form that one of these laws attains.",
        "",
    ]


def _regrets(folder: Path, style: str) -> list[str]:
    """The frontier under the other laws, where there is one."""
    if not (folder / ROBUST).is_file():
        return []
    first = style.replace("_", " ")
    lines = [
        "",
        "Under the other laws, on all paths: `regret` is alpha a year given up against the best bound within "
        "the budget had the law been known, the most over laws; `overrun` is ES beyond the budget under the "
        "worst.",
        "",
        f"| {first} bound | ES | worst member | robust | regret a year | overrun |",
        "|---|---|---|---|---|---|",
    ]
    columns = ("es", "es_worst_member", "es_robust", "regret", "overrun")
    for row in pd.read_csv(folder / ROBUST).to_dict("records"):
        cells = [f"{row[f'{style}_bound']:g}", *(_percent(row[name]) for name in columns)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _notes(record: dict[str, Any]) -> list[str]:
    return [line for note in record.get("notes", []) for line in (f"Note: {note}.", "")]


def in_words(folder: Path) -> str:
    """The answer and the table, for the terminal."""
    text = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    kept = [line for line in text if not line.startswith("![")]
    cut = next(k for k, line in enumerate(kept) if " paths of " in line)
    return "\n".join([*kept[:cut], *kept[cut + 2 : -2]]).rstrip() + f"\n\nwrote {folder}"


def picture(folder: Path) -> str:
    """Alpha a year against ES along the frontier, the budget, and the tuned book on both halves."""
    record, best, table = _read(folder)
    style, say = record.get("tuned", ["size"])[0], Say.of(record)
    bound, named = f"{style}_bound", style.replace("_", " ")
    with canvas(HEIGHT) as figure:
        ax = axes(figure, 0.65, 0.5, 0.2, 0.25)
        _frontier(ax, table, bound)
        _best(ax, best, say)
        level = f"{100 * record['tune']['level']:g}"
        across = say("ES {level} %, % of NAV over {days} days", level=level, days=record["days"])
        ax.set_xlabel(safe(across))
        ax.set_ylabel(safe(say("alpha a year, %")))
        ax.grid(axis="both")
        ax.legend(frameon=False, fontsize=SMALL, loc="lower right")
        words = f"Numbers at the points are bounds on active {named}. " + " ".join(
            f"{row[bound]:g}: ES {_percent(row['es'])}, alpha {_percent(row['alpha_year'])}."
            for row in table.to_dict("records")
        )
        return svg(figure, "frontier", f"Alpha against ES as the bound on {named} tightens", words)


def _frontier(ax: Axes, table: pd.DataFrame, bound: str) -> None:
    """A point a bound, with the interval of its ES and the bound beside it."""
    es, alpha = 100 * table["es"], 100 * table["alpha_year"]
    wide = [es - 100 * table["es_low"], 100 * table["es_high"] - es]
    ax.errorbar(es, alpha, xerr=wide, color=BLUE, marker="o", markersize=3.5, linewidth=1.2, elinewidth=0.8)
    beside: dict[str, Any] = {"textcoords": "offset points", "fontsize": SMALL, "color": MUTED}
    for row, x, y in zip(table.to_dict("records"), es, alpha, strict=True):
        ax.annotate(f"{row[bound]:g}", (x, y), (4, -9), **beside)


def _best(ax: Axes, best: dict[str, Any], say: Say) -> None:
    """The budget, and the tuned book on the half it was tuned on and on the other."""
    budget, at = 100 * best["budget"], 100 * best["alpha_year"]
    ax.axvline(budget, color=INK, linewidth=0.8, linestyle="--")
    top = (budget, ax.get_ylim()[1])
    ax.annotate(safe(say("budget")), top, (3, -8), textcoords="offset points", fontsize=SMALL)
    look: dict[str, Any] = {"marker": "D", "color": VERMILION, "linestyle": "none"}
    ax.plot(100 * best["es"], at, label=safe(say("tuned, its half")), **look)
    other = 100 * best["es_other_half"]
    ax.plot(other, at, markerfacecolor="none", label=safe(say("the other half")), **look)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame]:
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    best = {str(k): v for k, v in pd.read_csv(folder / "answer.csv").to_dict("records")[0].items()}
    return record, best, pd.read_csv(folder / "frontier.csv")


def _swap(record: dict[str, Any], best: dict[str, Any]) -> str:
    if "swap" not in best:
        return ""
    sold, instead = record["swapped"]
    return f" and {best['swap']:+.2g} of {sold} sold in place of {instead}"


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"
