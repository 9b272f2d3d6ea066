"""Coverage of the 95 % intervals of every measure besides VaR and ES, where the truth is known.

    python -m experiments.coverage_measures [--scale 1]

Expectile, exponential spectral, Wang and proportional-hazard distortions, entropic, partial moments of
order 0, 1 and 2 beyond the 95 % point, and conditional drawdown of ten dependent days, over light, heavy and
mixture tails, an importance sample among them, and 1e3 to 1e6 paths. Truth is the integral over the quantile
function. --scale multiplies the replications.
Writes results/coverage_measures. About twenty minutes on two quiet cores (OMP_NUM_THREADS=1).
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from scipy import optimize, special

from tailrisk.core.errors import InputError
from tailrisk.core.machine import cores
from tailrisk.record.publishing import publish
from tailrisk.studies.coverage.laws import LAWS, Law
from tailrisk.tail import (
    Measure,
    conditional_drawdown,
    entropic,
    expectile,
    exponential_spectral,
    influence,
    interval,
    partial_moment,
    proportional_hazard,
    wang,
)

CELLS = ((1_000, 2_000), (10_000, 1_000), (100_000, 300), (1_000_000, 60))
SEED, DAYS, CARRY = 20240205, 10, 0.9
SHIFT = 1.0  # how far the importance sample's normal is moved into the tail
STUDIED = ("normal", "exponential", "Student t 5", "Student t 4", "Pareto 3", "calm/crisis mixture")
LARGE = ("normal", "Student t 5", "calm/crisis mixture")  # laws studied at the largest size
SAMPLED = "normal, importance sample"
AVERSION = {"normal": 0.5, "exponential": 0.25, "calm/crisis mixture": 0.25}
"""Of the entropic measure, where it is finite: it is not for polynomial tails."""
LOGIT = np.linspace(-38.0, 33.0, 200_001)
UPPER = special.expit(LOGIT)
MIDDLE = special.expit((LOGIT[1:] + LOGIT[:-1]) / 2)
MASS = np.diff(UPPER)


@dataclass(frozen=True)
class Case:
    """A measure under a law: the true value and one sample's interval."""

    law: str
    measure: str
    truth: float
    found: Callable[[int, np.random.Generator], Any]


def law_of(name: str) -> Law:
    return next(law for law in LAWS if law.name == name)


def cases(name: str) -> Iterator[Case]:
    """Every measure of one law; the normal's importance sample is a law of its own."""
    weighted = name == SAMPLED
    law = law_of(name.split(",")[0])
    loss = law.loss(MIDDLE)
    for measure, truth in measured(law, loss):
        yield Case(name, measure.name.split(" beyond")[0], truth, sampled(measure, law, weighted))
    if not weighted:
        yield Case(name, "conditional drawdown 0.95", law.truth(0.05)[1], lambda n, g: drawdown(law, n, g))


def measured(law: Law, loss: np.ndarray) -> Iterator[tuple[Measure, float]]:
    """(measure, its true value) by the integral over upper probabilities u of the loss at u."""

    def level(e: float) -> float:
        return 0.99 * float(MASS @ np.maximum(loss - e, 0)) - 0.01 * float(MASS @ np.maximum(e - loss, 0))

    yield expectile("0.99"), float(optimize.brentq(level, -10.0, 100.0))
    for found, bend in (
        (exponential_spectral(20.0), lambda s: np.expm1(-20 * s) / math.expm1(-20)),
        (wang(0.5), lambda s: special.ndtr(special.ndtri(s) + 0.5)),
        (proportional_hazard(0.8), lambda s: s**0.8),
    ):
        yield found, float(loss @ np.diff(bend(UPPER)))
    cut = law.truth(0.05)[0]
    for order in (0.0, 1.0, 2.0):
        beyond = np.where(loss > cut, np.maximum(loss - cut, 0.0) ** order, 0.0)
        yield partial_moment(cut, order), float(MASS @ beyond)
    if law.name in AVERSION:
        k = AVERSION[law.name]
        yield entropic(k), math.log(float(MASS @ np.exp(k * loss))) / k


def sampled(measure: Measure, law: Law, weighted: bool) -> Callable[[int, np.random.Generator], Any]:
    """The interval of one sample of n independent losses, or of one from a normal moved into the tail."""

    def found(n: int, generator: np.random.Generator) -> Any:
        if not weighted:
            return measure.interval(law.loss(generator.random(n)))
        loss = generator.standard_normal(n) + SHIFT
        weight = np.exp(SHIFT**2 / 2 - SHIFT * loss)
        return measure.interval(loss, weight / weight.sum())

    return found


def drawdown(law: Law, n: int, generator: np.random.Generator) -> Any:
    """Ten days of each path, every day of the law, days correlated through a Gaussian autoregression."""
    normal = generator.standard_normal((DAYS, n))
    for day in range(1, DAYS):
        normal[day] = CARRY * normal[day - 1] + math.sqrt(1 - CARRY**2) * normal[day]
    return conditional_drawdown(law.loss(special.ndtr(-normal)), level="0.95")


def study(name: str, paths: int, replications: int) -> list[dict[str, Any]]:
    """A row a measure of one law and size. Exact sums give way to NumPy's: the same to twelve digits."""
    influence.total = interval.total = lambda values: float(np.sum(values))  # type: ignore[assignment]
    rows = []
    for i, case in enumerate(cases(name)):
        few = max(replications // 4, 10) if case.measure.startswith("conditional") else replications
        generator = np.random.default_rng([SEED, paths, (*STUDIED, SAMPLED).index(name), i])
        below = above = refused = unbounded = 0
        points, width = [], []
        for _ in range(few):
            try:
                one = case.found(paths, generator)
            except InputError:
                refused += 1
                continue
            below, above = below + (one.high < case.truth), above + (one.low > case.truth)
            unbounded += math.isinf(one.high)
            points.append(one.tail_points)
            width.append((one.high - one.low) / abs(case.truth))
        given = len(points)
        held = 1 - (below + above) / given if given else math.nan
        rows.append(
            {
                "law": name,
                "measure": case.measure,
                "paths": paths,
                "replications": few,
                "refused": refused,
                "coverage": held,
                "standard_error": math.sqrt(0.95 * 0.05 / given) if given else math.nan,
                "below": below / given if given else math.nan,
                "above": above / given if given else math.nan,
                "unbounded": unbounded / given if given else math.nan,
                "median_points": float(np.median(points)) if given else math.nan,
                "median_width_over_truth": float(np.median(width)) if given else math.nan,
            }
        )
    return rows


@click.command()
@click.option("--scale", default=1.0, show_default=True, help="Multiplies the replications.")
@click.option(
    "-o", "--output", default="results/coverage_measures", show_default=True, type=click.Path(path_type=Path)
)
def main(scale: float, output: Path) -> None:
    """Coverage of the intervals of every measure, law and size."""
    jobs = []
    for paths, replications in CELLS:
        laws = LARGE if paths == CELLS[-1][0] else STUDIED
        jobs += [(law, paths, max(int(scale * replications), 4)) for law in (*laws, SAMPLED)]
    with ProcessPoolExecutor(cores()) as pool:
        rows = [row for done in pool.map(study, *zip(*reversed(jobs), strict=True)) for row in done]
    table = pd.DataFrame(rows).sort_values(["paths", "law", "measure"], kind="stable")
    said = {"command": f"python -m experiments.coverage_measures --scale {scale:g}", "seed": SEED}
    publish(output, "coverage_measures", {"table": table}, page(table), said)
    click.echo(f"wrote {output}")


PAGE = """\
# Coverage of the 95 % intervals of every other measure

Coverage in percent over light, heavy and mixture tails, {fewest} to {most} samples a cell (a quarter of
that for conditional drawdown). A star marks a cell more than one point from 95 %, beyond two standard errors;
in brackets the percent of intervals without an upper bound, because the tail may have no mean, where that is
one or more. {refused} samples in all were refused because one path carried the variance. Partial moments of
order 2 have no variance for a Student t 4 or a Pareto 3: there the interval rests on its generalised Pareto
tail.
"""


def page(table: pd.DataFrame) -> str:
    """A table a size: laws down, measures across."""
    few = table[~table.measure.str.startswith("conditional")].replications
    refused = f"{int(table.refused.sum()):,}"
    lines = [PAGE.format(fewest=int(few.min()), most=int(few.max()), refused=refused)]
    for paths, own in table.groupby("paths"):
        names = list(dict.fromkeys(own.measure))
        lines += [
            f"{paths:,} paths",
            "",
            "| law | " + " | ".join(names) + " |",
            "|---|" + "---|" * len(names),
        ]
        for law in dict.fromkeys(own.law):
            cells = [cell(own[(own.law == law) & (own.measure == name)]) for name in names]
            lines.append(f"| {law} | " + " | ".join(cells) + " |")
        lines.append("")
    known = table[table.coverage.notna()]
    near = ((known.coverage - 0.95).abs() <= 0.01 + 2 * known.standard_error).groupby(known.paths).mean()
    said = ", ".join(f"{100 * share:.0f} % at {paths:,}" for paths, share in near.items())
    lines += [f"Cells within a point of nominal, two standard errors allowed: {said} paths.", ""]
    off = (known.coverage - 0.95).groupby(known.paths).mean()
    said = ", ".join(f"{100 * mean:+.1f} at {paths:,}" for paths, mean in off.items())
    lines += [f"Points off nominal on average over the cells of a size: {said} paths.", ""]
    return "\n".join(
        [*lines, "Made by `python -m experiments.coverage_measures`; every cell in table.csv.", ""]
    )


def cell(own: pd.DataFrame) -> str:
    """Coverage, starred where off nominal, with the share of intervals that are unbounded."""
    if not len(own):
        return ""
    row = own.iloc[0]
    if math.isnan(row.coverage):
        return "refused"
    off = abs(row.coverage - 0.95) > 0.01 + 2 * row.standard_error
    unbounded = f" ({100 * row.unbounded:.0f})" if row.unbounded >= 0.01 else ""
    return f"{100 * row.coverage:.1f}{'*' if off else ''}{unbounded}"


if __name__ == "__main__":
    main()
