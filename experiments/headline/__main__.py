"""How likely was the day, and the week? Usual answers, memory, regimes and the data side by side.

    python -m experiments.headline [--config configs/crowd_feb2024.toml ...]

(a) the seven-sigma day: one-day z of CSI 1000 less CSI 300 at or below -7; (b) the week of 5 to 8
February 2024: five-day z of micro-caps less CSI 300 at or below -14, its own worst (mechanism 4.1, 7
February). The week is judged over five days and on micro-caps because its loss came there and over days,
which no one-day z of larger stocks sees. z is ex ante on 250 days, mean removed. A model's probability is
the share of its simulated years with such a day, its return period one over that. Every --config is
simulated a year a path from its long run and adds a row: with a crowd, the interval takes in the spread over
--members of its ensemble. Writes results/headline. Eight minutes of a core; a crowd takes ten more.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from tailrisk.assemble.drawn import drawn as of_draw
from tailrisk.assemble.world import assemble, detector
from tailrisk.config import Config, load
from tailrisk.config.calibrated import Fitted
from tailrisk.core.calendar import YEAR
from tailrisk.data.prices import digest, read_prices
from tailrisk.record.publishing import publish
from tailrisk.simulate.blocks import blocks
from tailrisk.simulate.world import World
from tailrisk.studies.events import baselines
from tailrisk.studies.events.baselines import z_of
from tailrisk.tail import Interval, rate

ROOT = Path(__file__).resolve().parents[2]
LADDER = ROOT / "experiments" / "event_frequency" / "event_frequency.toml"
CALIBRATED = ROOT / "configs" / "calibrated" / "ladder_2023.toml"
UNTIL, LAST = "2023-12-29", "2024-03-29"
EVENTS = (("day", ("csi1000", "csi300"), 1, -7.0), ("week", ("micro", "csi300"), 5, -14.0))
SAID = ", ".join(
    f'{{name = "{name}", pair = ["{small}", "{large}"], days = {days}, threshold = {threshold}}}'
    for name, (small, large), days, threshold in EVENTS
)
DECADE = 10
DRAWS, DRAWN = 40, 8192
"""Sets of regimes drawn within the calibration's errors, and decades simulated under each: a block."""
REFITS = 32
"""Draws of memory that lie beside the calibrated file: refits to days resampled in blocks."""


@dataclass(frozen=True)
class Years:
    """Simulated years of a config: of its own row, and of each of so many members of its ensemble."""

    config_paths: int
    members: int
    member_paths: int

    def options(self) -> str:
        """As the command takes them."""
        return " ".join(f"--{name.replace('_', '-')} {count}" for name, count in asdict(self).items())


@click.command()
@click.option("--paths", default=8192, show_default=True, help="Decades simulated for each law of returns.")
@click.option(
    "--states", default="1,2,3,4", show_default=True, help="Numbers of regimes of the ladder alone."
)
@click.option("--config", "configs", multiple=True, help="A config whose market (and crowd) adds a row.")
@click.option("--config-paths", default=16384, show_default=True, help="Years simulated for each --config.")
@click.option("--members", default=64, show_default=True, help="Of the ensemble of a --config with a crowd.")
@click.option("--member-paths", default=4096, show_default=True, help="Years simulated for each member.")
@click.option("--seed", default=20240205, show_default=True)
@click.option(
    "--data", default="../shared/data/indices_daily.csv", show_default=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o", "--output", default="results/headline", show_default=True, type=click.Path(path_type=Path)
)
def main(
    paths: int,
    states: str,
    configs: tuple[str, ...],
    config_paths: int,
    members: int,
    member_paths: int,
    seed: int,
    data: Path,
    output: Path,
) -> None:
    """The probability a year of the day and of the week, model by model."""
    rows: list[dict[str, Any]] = []
    years = Years(config_paths, members, member_paths)
    numbers = tuple(map(int, states.split(",")))
    for row in every_row(paths, numbers, configs, years, seed, data):
        click.echo(f"{row['model']}: {row['event']} {row['probability']:.3g} a year", err=True)
        rows.append(row)
    table = pd.DataFrame(rows)
    named = f"--states {states}" + "".join(f" --config {Path(name).name}" for name in configs)
    said = {
        "command": f"python -m experiments.headline --paths {paths} --seed {seed} {named} {years.options()}",
        "seed": seed,
        "paths": paths,
        **asdict(years),
        "calibrated_sha256": digest(CALIBRATED),
        "data_sha256": digest(data) if data.exists() else None,
        "config_sha256": {Path(name).name: load(name).digest() for name in configs},
    }
    publish(output, "headline", {"table": table}, page(table, paths, years, worst(data)), said)
    click.echo(f"wrote {output}")


def every_row(
    paths: int, numbers: tuple[int, ...], configs: tuple[str, ...], years: Years, seed: int, data: Path
) -> Iterator[dict[str, Any]]:
    """Baselines and data (where the file is), memory, regimes of the ladder, then the configs named."""
    if data.exists():
        spreads = {name: daily(data, pair, UNTIL) for name, pair, _, _ in EVENTS}
        for name, _, days, threshold in EVENTS:
            for model, found in baselines.every(spreads[name], days, threshold, seed):
                yield row(model, name, found, found)
    for model, own, draws in laws(paths, numbers, seed):
        for (name, _, _, _), found, values in zip(EVENTS, own, draws, strict=True):
            yield row(model, name, found, spread_of(found, values))
    for named in configs:
        yield from of_config(named, years)
    if data.exists():
        for until in (UNTIL, LAST):
            for name, pair, days, threshold in EVENTS:
                found = seen(daily(data, pair, until), days, threshold)
                yield row(f"data to {until}", name, found, found)


def laws(paths: int, numbers: tuple[int, ...], seed: int) -> Iterator[tuple[str, list[Interval], np.ndarray]]:
    """Of every law of returns its name, the odds of each event, and those under other parameters."""
    yield "memory", *of_memory(paths, seed)
    for shocks in ("gaussian", "student"):
        for states in numbers:
            yield f"regimes K = {states}, {shocks}", *of_regimes(paths, seed, states, shocks)


def of_memory(paths: int, seed: int) -> tuple[list[Interval], np.ndarray]:
    """The process with memory: as fitted, and under every refit [event, draw]."""
    law = {"market.process": "memory", "uncertainty.parameters": REFITS}
    config = load(LADDER, settings(DRAWN, seed + 1, law))
    world = assemble(config)
    found = [estimates(simulated(config, of_draw(config, world, k), DECADE)) for k in range(REFITS)]
    config = load(LADDER, settings(paths, seed, {"market.process": "memory"}))
    return simulated(config, assemble(config), DECADE), np.array(found).T


def of_regimes(paths: int, seed: int, states: int, shocks: str) -> tuple[list[Interval], np.ndarray]:
    """Regimes: as fitted, and under parameters drawn within the calibration's errors [event, draw]."""
    law = regimes(states, shocks)
    raw = tomllib.loads(CALIBRATED.read_text(encoding="utf-8"))["model"]
    said = next(model for model in raw if (model["states"], model["shocks"]) == (states, shocks))
    generator = np.random.default_rng([seed, states, shocks == "student"])
    found = []
    for draw in range(DRAWS):
        config = load(LADDER, settings(DRAWN, seed + 1 + draw, law))
        fitted = perturbed(config.fitted, said["error"], generator)
        calibrated = config.calibrated.model_copy(update={"model": (fitted,)})
        config = config.attach(config.attached._replace(calibrated=calibrated))
        found.append(estimates(simulated(config, assemble(config), DECADE)))
    config = load(LADDER, settings(paths, seed, law))
    return simulated(config, assemble(config), DECADE), np.array(found).T


def regimes(states: int, shocks: str) -> dict[str, Any]:
    """Fields of a law of regimes."""
    return {"market.process": "regimes", "market.states": states, "market.shocks": shocks}


def of_config(named: str, years: Years) -> Iterator[dict[str, Any]]:
    """A config's rows, members of its crowd's ensemble beside them."""

    def asked(paths: int, *more: str) -> Config:
        said = [f"run.paths={paths}", f"run.days={YEAR}", "market.start=stationary"]
        return load(named, [*said, f"event=[{SAID}]", "market.warmup=simulated", *more])

    config, drawn = asked(years.config_paths), None
    if config.crowd is not None and config.crowd.ensemble is not None and years.members:
        sets = [asked(years.member_paths, f"crowd.member={m}") for m in range(years.members)]
        drawn = np.array([estimates(simulated(one, assemble(one), 1)) for one in sets]).T
    for i, ((name, _, _, _), found) in enumerate(
        zip(EVENTS, simulated(config, assemble(config), 1), strict=True)
    ):
        yield row(config.name, name, found, None if drawn is None else spread_of(found, drawn[i]))


def estimates(found: list[Interval]) -> list[float]:
    """The estimate of every event, zero where none was seen."""
    return [float(np.nan_to_num(one.estimate)) for one in found]


def row(model: str, event: str, found: Interval, whole: Interval | None) -> dict[str, Any]:
    """One line: the probability a year, its Monte Carlo interval, and that with parameters uncertain too."""
    wide = whole or Interval(np.nan, np.nan, np.nan, 0.95, 0.0, False)
    return {
        "model": model,
        "event": event,
        "probability": float(np.nan_to_num(found.estimate)),
        "low": found.low,
        "high": found.high,
        "parameters_low": wide.low,
        "parameters_high": wide.high,
    }


def settings(paths: int, seed: int, law: dict[str, Any]) -> list[str]:
    """Overrides of the ladder's config, of a law's fields."""
    said = {"run.paths": paths, "run.seed": seed, **law}
    return [*(f"{key}={value}" for key, value in said.items()), f"event=[{SAID}]"]


def simulated(config: Config, world: World, years: int) -> list[Interval]:
    """For each event, the share of years in which it happens, with the interval of the simulation."""
    counts = np.zeros((len(config.event), config.run.paths))
    for first, outcome in blocks(world, config.run.paths, chunk=config.run.chunk):
        for i, event in enumerate(config.event):
            z = np.asarray(outcome.z[world.detectors.index(detector(event, config.names))])
            hit = (z <= event.threshold).reshape(years, -1, z.shape[1]).any(axis=1)
            counts[i, first : first + z.shape[1]] = hit.sum(axis=0)
    return [rate(count, float(years)) for count in counts]


def perturbed(fitted: Fitted, error: dict[str, Any], generator: np.random.Generator) -> Fitted:
    """Parameters moved by their standard errors, one at a time independent; nan (an edge) stays put.

    Means move normally; volatilities, moves between regimes and nu - 2 by the normal of their logs.
    """

    def relative(value: np.ndarray, spread: Any) -> np.ndarray:
        wide = np.nan_to_num(np.asarray(spread, dtype=float)) / np.where(value > 0, value, 1.0)
        return np.exp(np.minimum(wide, 1.0) * generator.standard_normal(value.shape))

    mean = np.array(fitted.mean)
    mean = mean + np.nan_to_num(np.array(error["mean"])) * generator.standard_normal(mean.shape)
    covariance = np.array(fitted.covariance)
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    scale = relative(sd, error["standard_deviation"])
    covariance = covariance * scale[:, :, None] * scale[:, None, :]
    moves = np.array(fitted.transition)
    off = moves * relative(moves, error["transition"]) * (1 - np.eye(len(moves)))
    off = off / np.maximum(off.sum(axis=1, keepdims=True), 1.0)
    moves = off + np.diag(1 - off.sum(axis=1))
    nu = fitted.nu
    if nu is not None:
        nu = 2 + (nu - 2) * float(np.exp(error["nu"] / (nu - 2) * generator.standard_normal()))
    return fitted.model_copy(
        update={
            "mean": tuple(map(tuple, mean)),
            "covariance": tuple(tuple(map(tuple, one)) for one in covariance),
            "transition": tuple(map(tuple, moves)),
            "nu": nu,
        }
    )


def spread_of(found: Interval, drawn: np.ndarray) -> Interval:
    """The estimate between the 2.5 % and 97.5 % points over parameter draws."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(found.estimate, min(low, found.low), max(high, found.high), 0.95, len(drawn), False)


def daily(data: Path, pair: tuple[str, str], until: str) -> np.ndarray:
    """Daily spreads of simple returns up to a day."""
    returns = read_prices(data).loc[:until].pct_change(fill_method=None)
    return (returns[pair[0]] - returns[pair[1]]).dropna().to_numpy()


def worst(data: Path) -> dict[str, float]:
    """The lowest z of each event in history; zero where the file is absent."""
    if not data.exists():
        return {name: 0.0 for name, *_ in EVENTS}
    return {name: float(z_of(daily(data, pair, LAST)[:, None], days).min()) for name, pair, days, _ in EVENTS}


def seen(spreads: np.ndarray, days: int, threshold: float) -> Interval:
    """Spells of the event a year in history, exact Poisson; days within ten of each other are one spell."""
    z = z_of(spreads[:, None], days)[:, 0]
    hit = np.flatnonzero(z <= threshold)
    spells = int((np.diff(hit, prepend=-100) > 10).sum()) if len(hit) else 0
    return rate(spells, len(z) / YEAR)


PAGE = """\
# How likely were the day and the week?

Probability a year, and its return period in years. The day: z of CSI 1000 less CSI 300 at or below
-7{day}. The week: five-day z of micro-caps less CSI 300 at or below -14{week}. z on the 250 days before,
mean removed. Models know data to {until}; memory and regimes simulate {paths:,} decades each. In brackets
95 % intervals, parameters uncertain where the method has errors for them (memory: {refits} refits to days
resampled in blocks; regimes: {draws} sets drawn within the calibration's standard errors, as if independent;
{drawn:,} decades for each), else of the simulation alone. The data's rows count spells, with exact Poisson
intervals; the week's threshold is its own size, so that its count of one says nothing.

| model | day: a year | years | week: a year | years |
|---|---|---|---|---|
"""


def page(table: pd.DataFrame, paths: int, years: Years, came: dict[str, float]) -> str:
    """The table in words."""
    worst = {name: f" ({z:.1f} in February 2024)" if z else "" for name, z in came.items()}
    lines = [
        PAGE.format(until=UNTIL, paths=paths, draws=DRAWS, drawn=DRAWN, refits=REFITS, **worst).rstrip("\n")
    ]
    for model in dict.fromkeys(table.model):
        cells = []
        for name, *_ in EVENTS:
            own = table[(table.model == model) & (table.event == name)]
            cells += figures(own.iloc[0].to_dict()) if len(own) else ["", ""]
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    if "crowd" in " ".join(table.model):
        lines += [
            "",
            f"Configs: {years.config_paths:,} years each. The row of one with a crowd takes in the spread",
            f"over {years.members} sets of its ensemble, {years.member_paths:,} years each, noise of the",
            "simulation among it.",
        ]
    return "\n".join([*lines, "", "Made by `python -m experiments.headline`; numbers in table.csv.", ""])


def figures(row: dict[str, Any]) -> list[str]:
    """Probability and return period with the wider interval there is."""
    low = row["parameters_low"] if np.isfinite(row["parameters_low"]) else row["low"]
    high = row["parameters_high"] if np.isfinite(row["parameters_high"]) else row["high"]
    if not row["probability"] > 0:
        return [f"0 [0, {high:.2g}]", f"above {1 / high:,.3g}"]
    top = f"{1 / low:,.3g}" if low > 0 else "no bound"
    return [
        f"{row['probability']:.2g} [{low:.2g}, {high:.2g}]",
        f"{1 / row['probability']:,.3g} [{1 / high:,.3g}, {top}]",
    ]


if __name__ == "__main__":
    main()
