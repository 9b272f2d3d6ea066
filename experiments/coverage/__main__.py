"""Coverage of the 95 % intervals of VaR and ES where the truth is known: `python -m experiments.coverage`.

Writes results/coverage: every cell, what they say, a picture. A sample of n losses enters an interval only by
n and its largest losses, so only those are drawn: n uniforms' smallest m are S_i / S_(n+1) with S the running
sum of exponentials, S_(n+1) - S_m gamma(n+1-m); the rest of the sample is put below them.
"""

import math
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tailrisk.calibrate.picture import drawn
from tailrisk.record.publishing import publish
from tailrisk.studies.coverage.laws import LAWS, Law
from tailrisk.tail import expected_shortfall_interval, value_at_risk_interval
from tailrisk.tail.interval import INDICATIVE, ranks, straightened_bounds
from tailrisk.tail.sample import normal_quantile
from tailrisk.tail.shortfall import Tail, tail_of

CONFIDENCE, SEED = 0.95, 20240205

CELLS = (  # paths, level, replications, laws
    (1_000, "0.99", 4000, LAWS),
    (1_000, "0.95", 4000, LAWS),
    (10_000, "0.99", 2000, LAWS),
    (100_000, "0.999", 2000, LAWS),
    (10_000, "0.95", 2000, LAWS),
    (100_000, "0.99", 2000, LAWS),
    (1_000_000, "0.999", 1000, (LAWS[0], LAWS[4], LAWS[5], LAWS[6])),
)


def exact_ranks(row: Any, tail: Tail, level: Fraction) -> tuple[float, float]:
    """VaR between the order statistics just outside the interpolated ranks: never below nominal."""
    high, low = ranks(len(row), level, CONFIDENCE)
    ordered = row[::-1]
    return float(ordered[math.ceil(low) - 1]), math.inf if high < 1 else float(ordered[math.floor(high) - 1])


def normal_influence(row: Any, tail: Tail) -> tuple[float, float]:
    """The textbook interval: ES and 1.96 standard deviations of its influence."""
    n, p = len(row), tail.mass / len(row)
    beyond = tail.above - tail.value_at_risk
    mean = beyond.sum() / n
    half = normal_quantile(0.95) * math.sqrt(((beyond**2).sum() / n - mean**2) / n) / p
    return tail.expected_shortfall - half, tail.expected_shortfall + half


def constructions(row: Any, level: str) -> dict[tuple[str, str], tuple[float, float]]:
    """(measure, construction) -> (low, high) of one sample, whose largest losses come last."""
    exact = Fraction(level)
    tail = tail_of(row, None, exact)
    var = value_at_risk_interval(row, level=level, confidence=CONFIDENCE)
    es = expected_shortfall_interval(row, level=level, confidence=CONFIDENCE)
    return {
        ("VaR", "published"): (var.low, var.high),
        ("VaR", "whole ranks"): exact_ranks(row, tail, exact),
        ("ES", "published"): (es.low, es.high),
        ("ES", "straightened"): straightened_bounds(row, None, tail, CONFIDENCE),
        ("ES", "normal"): normal_influence(row, tail),
    }


def study(paths: int, level: str, replications: int, law: Law, random: np.random.Generator) -> list[dict]:
    """Coverage of every construction over `replications` samples of one law: one table row each."""
    share = (1 - Fraction(level)) * paths
    m = min(paths, math.ceil(share + 8 * math.sqrt(share) + 30))
    var, es = law.truth(float(1 - Fraction(level)))
    truth = {"VaR": var, "ES": es}
    row, below, found = np.empty(paths), np.arange(paths - m, 0, -1.0), {}
    for _ in range(replications):
        ahead = np.cumsum(random.exponential(size=m))
        top = law.loss(ahead / (ahead[-1] + random.gamma(paths + 1 - m)))
        row[-m:], row[:-m] = top[::-1], top[-1] - below
        for key, bounds in constructions(row, level).items():
            found.setdefault(key, []).append(bounds)
    return [
        _summary(paths, level, law, key, np.array(bounds), truth[key[0]]) for key, bounds in found.items()
    ]


def _summary(paths: int, level: str, law: Law, key: tuple[str, str], bounds: Any, truth: float) -> dict:
    missed_below, missed_above = bounds[:, 1] < truth, bounds[:, 0] > truth
    held = 1 - float((missed_below | missed_above).mean())
    return {
        "law": law.name,
        "kind": law.kind,
        "paths": paths,
        "level": level,
        "tail_points": float((1 - Fraction(level)) * paths),
        "indicative": (1 - Fraction(level)) * paths < INDICATIVE,
        "measure": key[0],
        "construction": key[1],
        "replications": len(bounds),
        "coverage": held,
        "standard_error": math.sqrt(held * (1 - held) / len(bounds)),
        "interval_below_truth": float(missed_below.mean()),
        "interval_above_truth": float(missed_above.mean()),
        "median_width_over_truth": float(np.median(bounds[:, 1] - bounds[:, 0]) / truth),
    }


def off_nominal(row: dict) -> bool:
    """More than one percentage point from nominal, beyond two standard errors of the study itself."""
    return abs(row["coverage"] - CONFIDENCE) > 0.01 + 2 * row["standard_error"]


def coverage_table(table: list[dict], measure: str, construction: str) -> list[str]:
    """Markdown lines: a law a row, a cell (paths, level, tail points) a column, coverage in percent."""
    picked = [r for r in table if (r["measure"], r["construction"]) == (measure, construction)]
    cells = list(dict.fromkeys((r["paths"], r["level"], r["tail_points"]) for r in picked))
    by_cell = {(r["law"], r["paths"], r["level"]): r for r in picked}
    lines = ["| law | " + " | ".join(f"{n:,} at {level} ({t:g})" for n, level, t in cells) + " |"]
    lines += ["|---|" + "---:|" * len(cells)]
    for law in dict.fromkeys(r["law"] for r in picked):
        found = [by_cell.get((law, n, level)) for n, level, _ in cells]
        shown = [f"{100 * r['coverage']:.1f}{'*' if off_nominal(r) else ''}" if r else "" for r in found]
        lines.append(f"| {law} | " + " | ".join(shown) + " |")
    return lines


def spread(table: list[dict], measure: str, construction: str, kinds: set[str], fewest: float) -> str:
    """'lowest to highest' coverage of a construction over some laws and tail sizes, in percent."""
    held = [
        100 * r["coverage"]
        for r in table
        if (r["measure"], r["construction"]) == (measure, construction)
        and r["kind"] in kinds
        and r["tail_points"] >= fewest
    ]
    return f"{min(held):.1f} to {max(held):.1f}"


PAGE = """\
# Coverage of the 95 % intervals

Written by `python -m experiments.coverage`; every cell is in table.csv. Losses are independent draws
of a law whose VaR and ES are known; a column is `paths at level (tail points)`. {fewest:,} to {most:,}
replications a cell: a coverage near 95 % has a standard error of {small:.1f} to {large:.1f} points. A star
marks a cell more than one point from 95 %, beyond two standard errors.

## Value at risk: order statistics of the binomial, interpolated

{var}

{var_published} % in all; with whole ranks, never below nominal by construction, {var_whole} %.

## Expected shortfall: influence function straightened for skewness, widened where the tail is heavy

{es}

The textbook interval, ES and 1.96 standard deviations of its influence:

{es_normal}

Straightened only, without the widening where the tail index is estimated below 2.5:

{es_straight}

Laws with a variance: {some} % as published ({some_large} % from 1,000 tail points), {some_normal} % by the
textbook ({some_normal_large} %). Laws without: {none} % as published, {none_normal} % by the textbook.

## Where the published intervals are more than a point off

{misses}

The widening is cautious. A mixture seen at a level between its parts looks heavy, and its interval comes out
wider than it need be (`median_width_over_truth` in the table). In {unbounded:.0f} % of the published ES cells
with fewer than 1,000 tail points the upper bound is infinite for half the samples or more: the data cannot
rule out an infinite mean. Dependent paths, and fewer than ten tail points, were not studied.
"""


def page(table: list[dict]) -> str:
    """The Markdown page; every number in it comes from the table."""
    some, none = {"light", "heavy", "mixture"}, {"no variance"}
    near = [100 * math.sqrt(0.95 * 0.05 / r["replications"]) for r in table]
    thin = [r for r in table if (r["measure"], r["construction"]) == ("ES", "published") and r["indicative"]]
    return PAGE.format(
        fewest=min(r["replications"] for r in table),
        most=max(r["replications"] for r in table),
        small=min(near),
        large=max(near),
        var="\n".join(coverage_table(table, "VaR", "published")),
        var_published=spread(table, "VaR", "published", some | none, 0),
        var_whole=spread(table, "VaR", "whole ranks", some | none, 0),
        es="\n".join(coverage_table(table, "ES", "published")),
        es_normal="\n".join(coverage_table(table, "ES", "normal")),
        es_straight="\n".join(coverage_table(table, "ES", "straightened")),
        some=spread(table, "ES", "published", some, 0),
        some_large=spread(table, "ES", "published", some, 1000),
        some_normal=spread(table, "ES", "normal", some, 0),
        some_normal_large=spread(table, "ES", "normal", some, 1000),
        none=spread(table, "ES", "published", none, 0),
        none_normal=spread(table, "ES", "normal", none, 0),
        misses="\n".join(misses(table)) or "Nowhere.",
        unbounded=100 * sum(math.isinf(r["median_width_over_truth"]) for r in thin) / len(thin),
    )


def misses(table: list[dict]) -> list[str]:
    """A line for every published cell that is off nominal."""
    return [
        f"- {r['measure']}, {r['law']}, {r['paths']:,} paths at {r['level']}: {100 * r['coverage']:.1f} % "
        f"(interval below the truth {100 * r['interval_below_truth']:.1f} %, "
        f"above it {100 * r['interval_above_truth']:.1f} %)"
        for r in table
        if r["construction"] == "published" and off_nominal(r)
    ]


def picture(table: list[dict]) -> str:
    """Coverage against tail points, a panel a construction, +-1 point shaded, bars of two standard errors."""
    panels = (("VaR", "published"), ("ES", "published"), ("ES", "normal"))
    looks = {"light": ("#0072B2", "o"), "heavy": ("#D55E00", "s"), "mixture": ("#009E73", "^")}
    looks["no variance"] = ("#CC79A7", "D")
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    cells = list(dict.fromkeys((r["paths"], r["level"], r["tail_points"]) for r in table))
    for axis, panel in zip(axes, panels, strict=True):
        axis.axhspan(94, 96, color="0.9")
        axis.axhline(95, color="0.4", lw=0.8)
        for kind, (colour, marker) in looks.items():
            picked = [r for r in table if (r["measure"], r["construction"]) == panel and r["kind"] == kind]
            place = [
                cells.index((r["paths"], r["level"], r["tail_points"])) + 0.08 * _rank(r["law"])
                for r in picked
            ]
            axis.errorbar(
                place,
                [100 * r["coverage"] for r in picked],
                [200 * r["standard_error"] for r in picked],
                fmt=marker,
                color=colour,
                ms=4,
                lw=0.8,
                label=kind,
            )
        axis.set_title(f"{panel[0]}, {panel[1]}")
        axis.set_xticks(range(len(cells)), [f"{t:g}\nof {n:,}" for n, _, t in cells], fontsize=7, rotation=45)
        axis.set_xlabel("tail points, of paths")
    axes[0].set_ylabel("coverage of the 95 % interval, %")
    axes[0].legend(loc="lower right")
    return drawn(figure)


def _rank(law: str) -> int:
    return [one.name for one in LAWS].index(law) - len(LAWS) // 2


@click.command()
@click.option(
    "-o", "--output", default="results/coverage", show_default=True, type=click.Path(path_type=Path)
)
def main(output: Path) -> None:
    """Coverage of the intervals of VaR and ES, law by law and size by size."""
    started, table = time.process_time(), []
    for paths, level, replications, laws in CELLS:
        for law in laws:
            random = np.random.default_rng([SEED, paths, round(1e4 * float(level)), LAWS.index(law)])
            table += study(paths, level, replications, law, random)
        click.echo(f"{paths:>9,} paths at {level}: {time.process_time() - started:.0f} CPU-s", err=True)
    said = {"command": "python -m experiments.coverage", "seed": SEED}
    pictures = {"coverage": picture(table)}
    publish(output, "coverage", {"table": pd.DataFrame(table)}, page(table), said, pictures)
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    main()
