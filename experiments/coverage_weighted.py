"""Coverage of the 95 % intervals of VaR, ES and a probability from weighted paths, where the truth is known.

    python -m experiments.coverage_weighted [--scale 1]

A normal loss drawn from a normal moved by a fixed tilt, alone or mixed with the law itself; and paths of a
model as a run draws them: a tilt fitted by cross-entropy in every replication, for the worst day of a fund
in one bucket, whose law is a product of the chain's matrices. Before: the intervals from the squares that
were drawn. After: joined with how far heavy weights leave their own sum unknown (`tail.heavy_weights`).
--scale multiplies the replications. Writes results/coverage_weighted. About four CPU-minutes.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import integrate, optimize, stats

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import random
from tailrisk.rare import blocks, pilot
from tailrisk.rare.score import Loss, score
from tailrisk.record.publishing import markdown, publish
from tailrisk.simulate.blocks import BLOCK
from tailrisk.simulate.world import Streams, World
from tailrisk.tail import (
    event,
    expected_shortfall_interval,
    heavy,
    heavy_weights,
    interval,
    probability,
    shortfall,
    value_at_risk_interval,
)

SEED, CONFIDENCE = 20240205, 0.95
TILTS = (("tilt 1", 1.0, 0.0), ("tilt 1.5", 1.5, 0.0), ("tilt 2", 2.0, 0.0))
MIXED = (("tilt 2, a tenth nominal", 2.0, 0.1), ("tilt 3, a tenth nominal", 3.0, 0.1))
CELLS = ((1_000, "0.99", 1000), (10_000, "0.99", 600), (10_000, "0.999", 600))
FITTED = (("0.99", 100), ("0.999", 200))
DAYS, BUCKET, CHUNK = 20, 2, 2048
FIGURES = ("VaR", "ES", "P")
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """One replication: losses [path] and their weights as they came [path]."""

    loss: Any
    weight: Any


def tilted(paths: int, tilt: float, nominal: float, generator: np.random.Generator) -> Drawn:
    """Normal losses, moved by `tilt` save for a share `nominal`; weights are ratios of the densities."""
    loss = generator.standard_normal(paths) + tilt * (generator.random(paths) >= nominal)
    return Drawn(loss, 1 / (nominal + (1 - nominal) * np.exp(tilt * loss - tilt**2 / 2)))


def normal_truth(level: str) -> tuple[float, float]:
    share = float(1 - Fraction(level))
    cut = float(stats.norm.isf(share))
    return cut, float(stats.norm.pdf(cut)) / share


def one_bucket() -> World:
    """The base config for DAYS days, its first product one bucket's stocks and nothing else."""
    world = assemble(load("base.toml", ["market.process=regimes", f"run.days={DAYS}"]))
    none, book = jnp.zeros_like(world.products.alpha), jnp.zeros_like(world.products.long)
    products = replace(
        world.products,
        long=book.at[:, BUCKET].set(1.0),
        short=jnp.zeros_like(world.products.short),
        alpha=none,
        own=none,
        interest=none,
        fee=none,
    )
    return replace(world, products=products, own_risk=False, detectors=(), warmup=0)


def fitted(world: World, level: str, seed: int) -> Drawn:
    """BLOCK paths under a tilt fitted by pilots of their own, every stream from the seed."""
    names = Streams.__dataclass_fields__
    own = replace(world, streams=Streams(**{name: random.stream(seed, name) for name in names}))
    target = Loss("worst day", 0, 1, 0, level=float(level))
    law = pilot.fit(own, (target,), random.stream(seed, "sampling"), blocks=1, chunk=CHUNK).law
    (_, out), *_ = blocks.blocks(own, BLOCK, chunk=CHUNK, law=law)
    return Drawn(score(target, out), np.asarray(out.weight, np.float64))


def worst_day_truth(world: World, level: str) -> tuple[float, float]:
    """(VaR, ES) of the worst day: P(none beyond) is the chain's matrices times the chance of a quiet day."""
    share, affine = float(1 - Fraction(level)), np.asarray(world.process.ladder.affine, np.float64)[:, BUCKET]
    mean, spread = affine[:, 0], np.sqrt((affine[:, 1:] ** 2).sum(axis=1))
    chain = np.diff(np.asarray(world.process.regimes.cumulative, np.float64), axis=1, prepend=0.0)
    start = np.diff(np.asarray(world.process.regimes.start, np.float64), prepend=0.0)

    def beyond(loss: float) -> float:
        quiet, at = stats.norm.sf((math.log1p(-loss) - mean) / spread), start
        for _ in range(DAYS):
            at = (at @ chain) * quiet
        return 1 - float(at.sum())

    cut = float(optimize.brentq(lambda x: beyond(x) - share, 1e-6, 0.99, xtol=1e-13))
    return cut, cut + integrate.quad(beyond, cut, 0.6, limit=200)[0] / share


def bounds(drawn: Drawn, level: str, cut: float) -> dict[tuple[str, str], Bounds]:
    """(figure, construction) -> (low, high) of one replication."""
    loss, exact = drawn.loss, Fraction(level)
    weight = drawn.weight / math.fsum(drawn.weight)
    tail = shortfall.tail_of(loss, weight, exact)
    var = interval.value_interval(loss, weight, exact, tail, CONFIDENCE, len(loss))
    es = interval.shortfall_interval(var, tail, CONFIDENCE, interval._rest(loss, weight, tail))
    hit = loss > cut
    chance = event.exact_probability(*event._effective_paths(hit.astype(np.float64), weight), CONFIDENCE)
    after = (
        value_at_risk_interval(loss, weight, level=level, confidence=CONFIDENCE),
        expected_shortfall_interval(loss, weight, level=level, confidence=CONFIDENCE),
        probability(hit, weight, confidence=CONFIDENCE),
    )
    before = ((var[1], var[2]), (es[1], es[2]), (chance.low, chance.high))
    return {
        **{(name, "before"): one for name, one in zip(FIGURES, before, strict=True)},
        **{(name, "after"): (one.low, one.high) for name, one in zip(FIGURES, after, strict=True)},
    }


def study(
    sampling: str,
    level: str,
    truth: tuple[float, float],
    replications: int,
    draw: Callable[[int], Drawn],
) -> Iterator[dict[str, Any]]:
    """A row a figure: coverage before and after, misses on both sides, widths, errors of the weights' sum."""
    found: dict[tuple[str, str], list[Bounds]] = {}
    divided, counted, paths = [], [], 0
    share = float(1 - Fraction(level))
    for number in range(replications):
        drawn = draw(number)
        paths, hit = len(drawn.loss), drawn.loss > truth[0]
        counted.append(float(np.mean(drawn.weight * hit)) / share)
        divided.append(float(np.sum(drawn.weight * hit) / np.sum(drawn.weight)) / share)
        for key, one in bounds(drawn, level, truth[0]).items():
            found.setdefault(key, []).append(one)
    for figure, true in zip(FIGURES, (*truth, share), strict=True):
        row = {"sampling": sampling, "paths": paths, "level": level, "figure": figure}
        row |= {"replications": replications, "truth": true}
        for construction in ("before", "after"):
            low, high = np.array(found[figure, construction]).T
            row |= {
                construction: float(((low <= true) & (true <= high)).mean()),
                f"{construction}_below_truth": float((high < true).mean()),
                f"{construction}_above_truth": float((low > true).mean()),
                f"{construction}_width": float(np.median(high - low)),
            }
        row["standard_error"] = math.sqrt(0.95 * 0.05 / replications)
        yield row | {"error_divided": float(np.std(divided)), "error_as_drawn": float(np.std(counted))}


def rows(scale: float) -> Iterator[dict[str, Any]]:
    """Every cell: fixed tilts of a normal law, then tilts as a run fits them."""
    for paths, level, replications in CELLS:
        for i, (name, tilt, nominal) in enumerate((*TILTS, *MIXED)):
            key = [SEED, paths, round(1e4 * float(level)), i]

            def fixed(n: int, paths=paths, tilt=tilt, nominal=nominal, key=key) -> Drawn:  # type: ignore[no-untyped-def]
                return tilted(paths, tilt, nominal, np.random.default_rng([*key, n]))

            yield from study(name, level, normal_truth(level), max(int(scale * replications), 4), fixed)
    world = one_bucket()
    for level, replications in FITTED:

        def fit(n: int, level=level) -> Drawn:  # type: ignore[no-untyped-def]
            return fitted(world, level, SEED + n)

        truth = worst_day_truth(world, level)
        yield from study("fitted, worst day", level, truth, max(int(scale * replications), 4), fit)


PAGE = """\
# Coverage of the 95 % intervals of weighted paths

Percent of replications whose interval holds the truth, before and after the sum of heavy weights is allowed
for (`tailrisk.tail.heavy_weights`). A pure tilt leaves the middle of the law to a few large weights: their
sum, by which all are divided, is mostly too small, and what was drawn does not say so. A tenth of the paths
from the law itself, as every run has, bounds the weights and leaves nothing to widen. A star marks a cell
more than one point from 95 %, beyond two standard errors.

{table}

Tilts as a run fits them, one fit a replication. Relative standard error of P over the replications, weights
divided by their sum or by the number of paths:

{errors}

Made by `python -m experiments.coverage_weighted`; misses on both sides and widths in table.csv.
"""


def page(table: pd.DataFrame) -> str:
    """Coverage by sampling and figure, and what dividing by the sum costs a fitted tilt."""
    wide = []
    for (sampling, paths, level), own in table.groupby(["sampling", "paths", "level"], sort=False):
        by = own.set_index("figure")
        cells = {
            f"{name} {when}": starred(by.loc[name, when], by.loc[name, "standard_error"])
            for when in ("before", "after")
            for name in FIGURES
        }
        wide.append({"sampling": sampling, "paths": f"{paths:,}", "level": level, **cells})
    run = table[table.sampling.str.startswith("fitted") & (table.figure == "P")]
    errors = pd.DataFrame(
        {
            "level": run.level,
            "over their sum": [f"{100 * one:.1f} %" for one in run.error_divided],
            "over the number of paths": [f"{100 * one:.1f} %" for one in run.error_as_drawn],
        }
    )
    return PAGE.format(table=markdown(pd.DataFrame(wide)), errors=markdown(errors))


def starred(coverage: float, error: float) -> str:
    """Percent, with a star where off nominal."""
    return f"{100 * coverage:.1f}{'*' if abs(coverage - 0.95) > 0.01 + 2 * error else ''}"


@click.command()
@click.option("--scale", default=1.0, show_default=True, help="Multiplies the replications.")
@click.option(
    "-o", "--output", default="results/coverage_weighted", show_default=True, type=click.Path(path_type=Path)
)
def main(scale: float, output: Path) -> None:
    """Coverage of the intervals of weighted VaR, ES and probabilities; sums in NumPy order."""
    for module in (interval, event, heavy, heavy_weights, shortfall):
        module.total = lambda values: float(np.sum(values))  # type: ignore[attr-defined]
    started, found = time.process_time(), []
    for row in rows(scale):
        found.append(row)
        words = f"{row['sampling']}, {row['paths']:,} at {row['level']}, {row['figure']}"
        seconds = time.process_time() - started
        click.echo(f"{words}: {row['before']:.3f} {row['after']:.3f}, {seconds:.0f} s", err=True)
    table = pd.DataFrame(found)
    said = {"command": f"python -m experiments.coverage_weighted --scale {scale:g}", "seed": SEED}
    publish(output, "coverage_weighted", {"table": table}, page(table), said)
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    main()
