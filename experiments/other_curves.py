"""Other people's curves: a published model of fire sales, and least-ES portfolios of another solver.

    python -m experiments.other_curves

Three curves of the Oxford code after Cont and Schaanning (2017), on banks that are drawn and none of them
real: failures and sales over price impact, over the first shock, and of banks that hold a threshold against
banks that always go back to a target. Twenty-four portfolios of least ES against fortitudo.tech's answers.
Writes results/other_curves/ (seconds).
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import jax
import numpy as np
import pandas as pd

from tailrisk.record.publishing import markdown, publish
from tailrisk.report.figures.style import BLUE, SMALL, VERMILION, axes, canvas
from tailrisk.report.figures.svg import safe, svg
from tailrisk.studies.curves import firesale, portfolios

POINTS = 21
IMPACTS, SHOCKS = np.linspace(0, 0.1, POINTS), np.linspace(0, 0.3, POINTS)
LOW = firesale.Rules(impact=0.01)
CURVES = (
    ("impact", "price impact of a tenth sold", IMPACTS, {"threshold": firesale.Rules()}),
    ("shock", "first shock to government bonds", SHOCKS, {"threshold": LOW}),
    (
        "targeting",
        "first shock to government bonds",
        SHOCKS,
        {"threshold": LOW, "leverage targeting": firesale.Rules(impact=0.01, buffer=1.0)},
    ),
)
PAGE = """# Other people's curves

{agree} of 24 portfolios of least ES have the ES of fortitudo.tech's to five decimals (largest difference
{apart:.1e}, certified gaps up to {gap:.0e}). The fire-sale model below, written anew, gives what the rules of
the Oxford code give on the same balance sheets to 1e-14 (their output is in tests/studies/curves).

## Fire sales

{count} banks in the shape of the EBA's exercise of 2018, drawn (seed {seed}): the published file is theirs. A
bank fails below {least:g} % equity over assets, acts below {buffer:g} % and goes back to {target:g} %;
{rounds} rounds; a shock of {shock:g} % along the impact, an impact of 1 % along the shock. Leverage
targeting acts always (a buffer of 100 %).

![Over price impact](impact.svg)

![Over the first shock](shock.svg)

![Threshold or target](targeting.svg)

At a few points, % failed and % of all bonds sold:

{points}

With an impact of nothing {still:.0f} % fail: the shock alone takes them below the line. At {harsher} of
{shocks} shocks as many banks or more fail under targeting as with a threshold. There are no probabilities
in these curves: that is what `tailrisk reverse`, `audit` and `gauge` add.

## Least ES

Eight assets, 2,000 Student-t scenarios, long only, fully invested; `recent` halves a scenario's weight every
500. `theirs` is what fortitudo.tech 1.2.5 answers to the same problem.

{portfolios}

Made by `{command}`; every point is in curves.csv and portfolios.csv.
"""


def curves(banks: firesale.Banks) -> pd.DataFrame:
    """Every point of every curve: figure, model, value, failed, sold."""
    rows = []
    for name, _, values, models in CURVES:
        field = "impact" if name == "impact" else "shock"
        for model, rules in models.items():
            for value, found in zip(values, firesale.curve(banks, rules, field, values), strict=True):
                rows.append({"figure": name, "model": model, "value": value} | asdict(found))
    return pd.DataFrame(rows)


def picture(own: pd.DataFrame, name: str, label: str) -> str:
    """Failed and sold over the axis, a line a model."""
    title = f"Banks that fail, and bonds sold (dashed), over the {label}"
    with canvas(2.6) as figure:
        ax = axes(figure, 0.7, 0.45, 1.9, 0.3)
        words = []
        for colour, (model, rows) in zip((BLUE, VERMILION), own.groupby("model", sort=False), strict=False):
            at = 100 * rows["value"]
            ax.plot(at, 100 * rows["failed"], color=colour, label=safe(str(model)))
            ax.plot(at, 100 * rows["sold"], color=colour, linestyle="--", linewidth=1.0)
            words.append(f"{model}: {100 * rows['failed'].iloc[-1]:.0f} % fail at the right end")
        ax.set_ylim(0, 102)
        ax.set_xlabel(safe(f"{label}, %"))
        ax.set_ylabel("%")
        ax.set_title(safe(title))
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=SMALL)
        return svg(figure, name, title, f"{'; '.join(words)}.")


def compared() -> pd.DataFrame:
    """Every portfolio's ES by us and by them."""
    rows = []
    for one, theirs, (es, gap) in zip(
        portfolios.problems(), portfolios.THEIRS, portfolios.solved(), strict=True
    ):
        rows.append(
            {
                "level": one.level,
                "law": one.law,
                "mean at least": "" if one.target is None else one.target,
                "es": es,
                "theirs": theirs,
                "gap": gap,
            }
        )
    return pd.DataFrame(rows)


def words(points: pd.DataFrame, solved: pd.DataFrame) -> dict[str, Any]:
    """What the page says."""
    few = points.groupby(["figure", "model"], sort=False).nth([0, 5, 10, 15, 20])
    shown = few.assign(**{name: (100 * few[name]).round(1) for name in ("value", "failed", "sold")})
    by = points[points["figure"] == "targeting"].pivot(index="value", columns="model", values="failed")
    flat = points[(points["figure"] == "impact") & (points["value"] == 0)]
    table = solved.assign(
        es=solved["es"].map("{:.5f}".format),
        theirs=solved["theirs"].map("{:.5f}".format),
        gap=solved["gap"].map("{:.0e}".format),
    )
    apart = (solved["es"] - solved["theirs"]).abs()
    return {
        "agree": int((apart < 5e-6).sum()),
        "apart": float(apart.max()),
        "gap": float(solved["gap"].max()),
        "points": markdown(shown),
        "still": 100 * float(flat["failed"].iloc[0]),
        "harsher": int((by["leverage targeting"] >= by["threshold"]).sum()),
        "shocks": len(by),
        "portfolios": markdown(table),
    }


@click.command()
@click.option("-o", "--output", default="results/other_curves", show_default=True)
def main(output: str) -> None:
    """Draw the banks, run the curves, solve the portfolios, write the folder."""
    jax.config.update("jax_enable_x64", True)
    banks = firesale.synthetic()
    points, solved = curves(banks), compared()
    rules = {
        name: 100 * value for name, value in asdict(firesale.Rules()).items() if isinstance(value, float)
    }
    command = "python -m experiments.other_curves"
    page = PAGE.format(
        count=len(banks.cash),
        seed=2018,
        rounds=firesale.Rules().rounds,
        command=command,
        **rules,
        **words(points, solved),
    )
    drawn = {name: picture(points[points["figure"] == name], name, label) for name, label, _, _ in CURVES}
    facts = {
        "question": "Do published fire-sale curves and another solver's portfolios come out the same here?",
        "command": command,
    }
    folder = Path(output)
    publish(folder, folder.name, {"curves": points, "portfolios": solved}, page, facts, drawn)


if __name__ == "__main__":
    main()
