"""Style bounds that hold whichever crowd is the true one: what a Wasserstein radius covers and costs.

    python -m experiments.robust_bounds [--tune configs/tune_robust.toml] [--repeats 400]

A neutral product's bounds are chosen from so many paths: the most alpha whose ES, the largest within the
radius, is in the budget. That is done again and again, on paths of every member of the ensemble in turn, and
judged on all paths of that member (is the budget kept?) and of all others (is it kept there?). The manager's
decisions do not see the paths, so that they are made once for each bound. Writes results/robust_bounds/
(some minutes).
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import jax
import numpy as np
import pandas as pd

from tailrisk.assemble.world import assemble
from tailrisk.core.calendar import YEAR
from tailrisk.optimise.paths import of_universe, simulate
from tailrisk.optimise.robust import spread
from tailrisk.optimise.tuner import evaluate, resampled
from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.tune.book import book_of, read_inputs
from tailrisk.studies.tune.config import Loaded, load_tune, universe_of
from tailrisk.studies.tune.robust import regrets
from tailrisk.studies.tune.run import CALM, _daily, _theta
from tailrisk.tail import expected_shortfall, probability

GRID = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5)
COUNTS = (128, 512, 2048)
"""Paths at hand; each counts twice, with specific risk of both signs."""
RADII = (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)
ASKED = 0.95
PAGE = """# Style bounds that hold whichever crowd is the true one

{answer}

`{config}`: a market-neutral product, {stocks:,} synthetic stocks, ES {level:g} % over {days} days within
{budget:.2g} % of NAV (the middle between the ES of the loosest and of the tightest bounds under the best
member), {paths:,} paths of each of {members} members. A radius is that of the Wasserstein ball around the
paths that are at hand, in standard deviations of their returns; the largest ES in it is ES + radius x sd /
{tail:g}, which a law in the ball attains. 95 % intervals are Wilson's over {repeats} draws of paths out of
these.

## What a radius covers

Paths of the members in turn are at hand. `own crowd`: part of the draws whose chosen bound keeps the budget
on all paths of the crowd they came from, % (the error of few paths); `every crowd`: under every member (the
error of the crowd too). `alpha`: a year, of the bound chosen, mean; `none`: draws on which no bound was
within the budget and the tightest was taken, %.

{coverage}

## The frontier and its regret

At a radius of {radius:g}, on all paths. `regret`: alpha a year given up against the best bound had the
crowd been known, the most over members; `overrun`: ES beyond the budget under the worst. ES of the loosest
bound by member, with the simulation's 95 % intervals: {by_member}.

{frontier}

Made by `{command}`; all figures are in coverage.csv and frontier.csv.
"""


def laws(loaded: Loaded, universe: Any) -> tuple[Any, list[Any], Any]:
    """(book, scenarios by member, days): the market's own member first."""
    said, styles = loaded.tune, tuple(loaded.market.styles_in_use)
    horizons = [
        simulate(assemble(one), said.paths, styles, chunk=one.run.chunk)
        for one in (loaded.market, *loaded.others)
    ]
    calm = replace(assemble(loaded.calm), crowd=None)
    daily = _daily(simulate(calm, CALM, styles), universe)
    book = book_of(said, universe, read_inputs(loaded, universe), horizons[0].days, daily)
    return book, [of_universe(universe, one, futures=True) for one in horizons], horizons[0].days


def chosen(risk: np.ndarray, alpha: np.ndarray, budget: float) -> tuple[int, bool]:
    """(place of most alpha with risk [bound] within the budget, else the tightest; whether there is one)."""
    within = np.flatnonzero(risk <= budget)
    return (int(within[np.argmax(alpha[within])]), True) if len(within) else (0, False)


def covered(
    losses: list[np.ndarray], alpha: np.ndarray, level: float, budget: float, repeats: int
) -> pd.DataFrame:
    """A row a count of paths and radius: how often the choice holds; losses [member][bound, scenario]."""
    truth = np.array([_shortfall(member, level) for member in losses])
    pairs, members = losses[0].shape[1] // 2, len(losses)
    model = np.arange(repeats) % members  # whose paths are at hand
    rng, rows = np.random.default_rng(11), []
    for count in COUNTS:
        seen = []
        for member in model:
            draw = rng.choice(pairs, count, replace=False)
            few = losses[member][:, np.append(draw, draw + pairs)]
            seen.append((_shortfall(few, level), np.array([spread(one, None) for one in few])))
        for radius in RADII:
            found = [chosen(es + radius * sd / (1 - level), alpha, budget) for es, sd in seen]
            at = np.array([place for place, _ in found])
            holds = truth[:, at] <= budget  # [member, draw]
            own, other = holds[model, np.arange(repeats)], holds.all(axis=0)
            rows.append(
                {"paths": count, "radius": radius}
                | _part("own", own)
                | _part("other", other)
                | {"alpha_year": alpha[at].mean(), "none": 1 - np.mean([there for _, there in found])}
            )
    return pd.DataFrame(rows)


def _shortfall(losses: np.ndarray, level: float) -> np.ndarray:
    return np.array([float(expected_shortfall(one, level=level)) for one in losses])


def _part(name: str, hits: np.ndarray) -> dict[str, float]:
    found = probability(hits)
    return {name: float(hits.mean()), f"{name}_low": float(found.low), f"{name}_high": float(found.high)}


def answer(table: pd.DataFrame, loosest: list[float]) -> str:
    """The least radius that covers, by count of paths, what it costs, and how far members differ."""
    said = []
    for count, own in table.groupby("paths"):
        free = own.iloc[0]
        parts = [
            f"With {count:,} paths and no ball the chosen bound keeps the budget on {100 * free['own']:.0f} "
            f"% of draws and under every crowd on {100 * free['other']:.0f} %"
        ]
        parts += [_enough(own, name, what) for name, what in (("own", "its own"), ("other", "every"))]
        said.append("; ".join(parts) + ".")
    said.append(
        f"Over the members the ES of the loosest bound runs from {100 * min(loosest):.2f} to "
        f"{100 * max(loosest):.2f} %."
    )
    return " ".join(said)


def by_member(members: tuple[int, ...], losses: list[np.ndarray], level: float) -> str:
    """ES of one bound under the market's own member and each other, as text; losses [member][scenario]."""
    words = []
    for name, one in zip(("the market's", *map(str, members)), losses, strict=True):
        draws = resampled([one], level=level, pairs=True)[:, 0]
        low, high = np.quantile(draws, [0.025, 0.975])
        es = float(expected_shortfall(one, level=level))
        words.append(f"{name} {100 * es:.2f} ({100 * low:.2f} to {100 * high:.2f}) %")
    return ", ".join(words)


def _enough(own: pd.DataFrame, name: str, what: str) -> str:
    enough = own[own[name] >= ASKED]
    if enough.empty:
        return f"no radius tried gives {100 * ASKED:g} % under {what} crowd"
    row = enough.iloc[0]
    lost = 100 * (own.iloc[0]["alpha_year"] - row["alpha_year"])
    return (
        f"{100 * ASKED:g} % under {what} crowd takes a radius of {row['radius']:g}, for {lost:.2f} points of "
        "alpha a year"
    )


@click.command()
@click.option(
    "--tune", "path", default="configs/tune_robust.toml", show_default=True, type=click.Path(path_type=Path)
)
@click.option("--repeats", default=400, show_default=True, type=click.IntRange(20))
@click.option(
    "-o", "--output", default="results/robust_bounds", show_default=True, type=click.Path(path_type=Path)
)
def main(path: Path, repeats: int, output: Path) -> None:
    """Simulate every member, decide at every bound, draw paths, count, write the folder."""
    started = time.perf_counter()
    jax.config.update("jax_enable_x64", True)
    universe = universe_of(path)
    loaded = load_tune(path, universe.styles)
    book, sets, days = laws(loaded, universe)
    said, level = loaded.tune, loaded.tune.level
    points = [evaluate(book, sets[:1], _theta(said, bound), level=level) for bound in GRID]
    losses = [np.stack([point.losses(one) for point in points]) for one in sets]
    ends = [float(expected_shortfall(losses[0][k], level=level)) for k in (0, -1)]
    budget = float(np.mean(ends))
    year = YEAR / days
    alpha = np.array([point.alpha for point in points]) * year
    table = covered(losses, alpha, level, budget, repeats)
    asked = said.model_copy(update={"budget": budget})
    frontier = regrets(asked, points, sets[0], sets[1:], year)
    shown = pd.DataFrame(
        {
            "paths": table["paths"],
            "radius": table["radius"],
            **{
                f"{label} crowd": [
                    f"{100 * r[name]:.0f} ({100 * r[f'{name}_low']:.0f} to {100 * r[f'{name}_high']:.0f})"
                    for r in table.to_dict("records")
                ]
                for name, label in (("own", "own"), ("other", "every"))
            },
            "alpha": [f"{100 * one:.2f} %" for one in table["alpha_year"]],
            "none": [f"{100 * one:.0f}" for one in table["none"]],
        }
    )
    cells = frontier.drop(columns="keeps").rename(columns=lambda name: str(name).replace("_", " "))
    cells = cells.assign(
        **{name: [f"{100 * one:.2f} %" for one in cells[name]] for name in cells.columns[1:]}
    )
    command = "python -m experiments.robust_bounds"
    page = PAGE.format(
        answer=answer(table, [float(expected_shortfall(one[-1], level=level)) for one in losses]),
        config=said.market, stocks=len(universe.ids), level=100 * level, days=days,
        budget=100 * budget, paths=said.paths, members=len(sets), tail=1 - level, repeats=repeats,
        coverage=markdown(shown), radius=said.robust.radius, frontier=markdown(cells), command=command,
        by_member=by_member(said.robust.members, [one[-1] for one in losses], level),
    )  # fmt: skip
    facts = {
        "question": "Which bounds hold whichever crowd is the true one, and what radius covers that?",
        "command": command,
        "tune": said.model_dump(mode="json"),
        "budget": budget,
        "market_sha256": loaded.market.digest(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    publish(output, output.name, {"coverage": table, "frontier": frontier}, page, facts)


if __name__ == "__main__":
    main()
