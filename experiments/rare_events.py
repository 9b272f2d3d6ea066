"""What rare-event methods are worth on a model: variance times CPU seconds against plain paths.

    python -m experiments.rare_events [--config crowd_feb2024.toml] [--paths 16384] [--plain 131072]

For a fall of the spread and a loss, at probabilities from one brute force reaches down to one in a million:
the estimate and error of importance sampling and of splitting, and how many times less variance times
CPU seconds they need than plain paths, whose variance at p is p (1 - p). Seconds are of the process, of
programs already compiled, pilots aside in one figure and counted in another. Also: ES, what ES 99 % to 1 %
costs, the exogenous twin as a control variate, and strata. Writes results/rare_events/<label>.
About ten minutes with a crowd on two free cores.
"""

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import disk, random
from tailrisk.rare import blocks, entropy, missed, pilot, splitting
from tailrisk.rare.score import Fall, Loss, score
from tailrisk.record import provenance
from tailrisk.record.files import write_csv
from tailrisk.record.store import replacing, write_record
from tailrisk.simulate.blocks import BLOCK
from tailrisk.tail import expected_shortfall_interval

ROOT = Path(__file__).resolve().parents[1]
CHANCES = (1e-4, 1e-6, 1e-3, 1e-2)
SPLIT = (1e-4, 1e-6)
"""Of those, for splitting too."""
DEEPER = 1e-2
"""As likely as VaR is the second loss that a tilt for ES is fitted to."""
REPLICATES, CLONES = 16, 512
STRATA = 256
"""Of the sum of shocks."""
PRECISE = 0.01
"""Relative half-width of ES 99 % that is asked for."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--config", default="crowd_feb2024.toml")
    parser.add_argument("--paths", type=int, default=2 * BLOCK, help="of a weighted run")
    parser.add_argument("--plain", type=int, default=16 * BLOCK, help="of the plain run")
    parser.add_argument("--pilot", type=int, default=2, help="blocks of 8,192 paths a round")
    parser.add_argument("--product", default="ie500")
    parser.add_argument("--label", default="")
    asked = parser.parse_args()
    config = load(asked.config, [f"run.paths={asked.paths}"])
    loss = Loss("loss", 0, 0, list(config.products).index(asked.product), level=0.999)
    targets = [("spread", Fall("spread", 0, -1.0, None)), ("loss", loss)]
    study = Study(config, asked, [target for _, target in targets])
    rows = []
    for row in _rows(study, targets):
        rows.append(row)
        print(pd.DataFrame(rows[-1:]).to_string(), flush=True)
        _write(asked, config, study, pd.DataFrame(rows))
    print(_page(config, asked, pd.DataFrame(rows)))


def _rows(study: "Study", targets):
    """Every row, those that matter most first: what is written is valid after each."""
    found, (_, loss) = {}, targets[1]
    for chance in CHANCES:
        for name, target in targets:
            found[name, chance] = study.importance(name, replace(target, level=1 - chance), chance)
            yield found[name, chance]
    yield study.shortfall(loss, 0.999)
    yield study.shortfall(loss, 0.99)
    yield from study.twin(targets)
    yield from study.strata(targets)
    for name, target in targets:
        for chance in SPLIT:
            yield study.splitting(name, target, found[name, chance])


class Study:
    """One world, its plain paths, and what each method makes of a target."""

    def __init__(self, config, asked, targets) -> None:
        self.world, self.asked, self.chunk = assemble(config), asked, config.run.chunk
        self.stream = random.stream(config.run.seed, "rare_events")
        self.plain, _, seconds = self._run(self.world, targets, asked.plain, None)
        self.second = seconds / asked.plain
        print(f"plain: {seconds:.3g} CPU s for {asked.plain:,} paths", flush=True)

    def _run(self, world, targets, paths, law):
        """(scores [path] of each target, weights or None, CPU seconds of a compiled run)."""
        list(blocks.blocks(world, BLOCK, chunk=self.chunk, law=law))
        started, parts = time.process_time(), {}
        for first, out in blocks.blocks(world, paths, chunk=self.chunk, law=law):
            parts[first] = ([score(target, out) for target in targets], out.weight)
        seconds = time.process_time() - started
        ordered = [parts[n] for n in sorted(parts)]
        scores = [np.concatenate([own[i] for own, _ in ordered]) for i in range(len(targets))]
        weight = None if law is None else np.concatenate([w for _, w in ordered]).astype(np.float64)
        return dict(zip((t.name for t in targets), scores, strict=True)), weight, seconds

    def _fit(self, *targets):
        """(tilt, CPU seconds spent on it, those of compiling it too if it is the first)."""
        started = time.process_time()
        fitted = pilot.fit(self.world, targets, self.stream, blocks=self.asked.pilot, chunk=self.chunk)
        return fitted, time.process_time() - started

    def _gain(self, p: float, variance: float, seconds: float) -> float:
        """Plain variance times seconds over that of a method whose estimate has this variance."""
        return p * (1 - p) * self.second / (variance * seconds) if variance > 0 else math.nan

    def importance(self, name, target, chance):
        fitted, fitting = self._fit(target)
        scores, weight, seconds = self._run(self.world, [target], self.asked.paths, fitted.law)
        level = fitted.reached[0]
        value = (scores[target.name] >= level) * weight
        p, variance = float(value.mean()), float(value.var()) / self.asked.paths
        seen = float((self.plain[target.name] >= level).mean())
        plain_error = math.sqrt(max(seen, p) * (1 - p) / self.asked.plain)
        return {
            "method": "importance",
            "target": name,
            "asked": chance,
            "threshold": level,
            "reached": fitted.complete[0],
            "estimate": p,
            "error": math.sqrt(variance),
            "plain": seen,
            "apart": (p - seen) / math.hypot(math.sqrt(variance), plain_error) if seen else math.nan,
            "missed": missed.apart(fitted.untilted[0], scores[target.name], weight, level),
            "cpu_seconds": seconds,
            "pilot_seconds": fitting,
            "pilot_paths": fitted.paths,
            "gain_paths": p * (1 - p) / self.asked.paths / variance if variance > 0 else math.nan,
            "gain": self._gain(p, variance, seconds),
            "gain_with_pilot": self._gain(p, variance, seconds + fitting),
        }

    def splitting(self, name, target, other):
        threshold, started = other["threshold"], time.process_time()
        levels = splitting.levels_for(self.world, target, threshold, self.stream, CLONES)
        fitting = time.process_time() - started
        values, started = [], time.process_time()
        for r in range(REPLICATES):
            done = splitting.replicate(self.world, target, levels, self.stream, r, CLONES).outcome
            values.append(float((done.weight * (score(target, done) >= threshold)).sum()))
        seconds = time.process_time() - started
        p, variance = float(np.mean(values)), float(np.var(values, ddof=1)) / REPLICATES
        return {
            "method": "splitting",
            "target": name,
            "asked": other["asked"],
            "threshold": threshold,
            "reached": p > 0,
            "estimate": p,
            "error": math.sqrt(variance),
            "plain": other["plain"],
            "apart": (p - other["estimate"]) / math.hypot(math.sqrt(variance), other["error"]),
            "cpu_seconds": seconds,
            "pilot_seconds": fitting,
            "pilot_paths": 2 * CLONES * (len(levels) + 1),
            "gain": self._gain(other["estimate"], variance, seconds),
            "gain_with_pilot": self._gain(other["estimate"], variance, seconds + fitting),
        }

    def shortfall(self, target, level):
        """ES: squared width of the interval times seconds, plain over weighted; and paths to 1 %.

        The tilt is fitted to VaR and to a loss a DEEPER part as likely: what lies far beyond VaR decides ES,
        and a tilt fitted to VaR alone leaves it to a few heavy weights.
        """
        fitted, fitting = self._fit(*(replace(target, level=1 - (1 - level) * part) for part in (1, DEEPER)))
        scores, weight, seconds = self._run(self.world, [target], self.asked.paths, fitted.law)
        said = f"{level:g}"
        found = expected_shortfall_interval(scores[target.name], weight / math.fsum(weight), level=said)
        plain = expected_shortfall_interval(self.plain[target.name], level=said)
        wide, narrow = plain.high - plain.low, found.high - found.low
        ratio = wide**2 * self.asked.plain / (narrow**2 * self.asked.paths)
        cost = seconds / self.asked.paths
        days = self.world.days + self.world.warmup
        needed = [
            paths * (width / 2 / (PRECISE * it.estimate)) ** 2
            for paths, width, it in ((self.asked.plain, wide, plain), (self.asked.paths, narrow, found))
        ]
        return {
            "method": f"importance, ES {100 * level:g} %",
            "target": "loss",
            "estimate": found.estimate,
            "error": narrow / 3.92,
            "plain": plain.estimate,
            "apart": (found.estimate - plain.estimate) / math.hypot(wide / 3.92, narrow / 3.92),
            "cpu_seconds": seconds,
            "pilot_seconds": fitting,
            "pilot_paths": fitted.paths,
            "gain_paths": ratio,
            "gain": ratio * self.second / cost,
            "plain_path_days": needed[0] * days,
            "plain_cpu_seconds": needed[0] * self.second,
            "weighted_path_days": (needed[1] + fitted.paths) * days,
            "weighted_cpu_seconds": needed[1] * cost + fitted.paths * cost,
        }

    def twin(self, targets):
        """Gain of the event at 1 % from the same event of the path without its crowd, means from its own run.

        With correlation rho and the twin's cost c in paths of the crowd, the best split of a budget between
        pairs and twins alone has 1 / gain = (sqrt((1 - rho^2) (1 + c)) + sqrt(rho^2 c))^2.
        """
        if self.world.crowd is None:
            return []
        calm = replace(self.world, crowd=None, process=self.world.crowd.process)
        twins, _, seconds = self._run(calm, [target for _, target in targets], self.asked.plain, None)
        cost, rows = seconds / self.asked.plain / self.second, []
        for name, target in targets:
            pair = (self.plain[target.name], twins[target.name])
            rho = float(np.corrcoef(*[one >= np.quantile(one, 0.99) for one in pair])[0, 1])
            worth = 1 / (math.sqrt((1 - rho**2) * (1 + cost)) + math.sqrt(rho**2 * cost)) ** 2
            rows.append(
                {
                    "method": "twin as control",
                    "target": name,
                    "asked": 0.01,
                    "gain_paths": 1 / (1 - rho**2),
                    "gain": worth,
                }
            )
        return rows

    def strata(self, targets):
        """p (1 - p) over the mean variance within strata: what strata or quasi-random numbers could gain.

        Strata of the number of days in the last state, and of the sum over days of the ladder's normals in
        the direction that moves the target most, in equal parts: the best that numbers even in that one
        coordinate can do, by any construction.
        """
        law = entropy.mixture(self.world, [], 0.5, self.stream)
        outcome, trace = blocks.traces(self.world, law, 0, self.asked.paths, chunk=self.chunk)
        last = (trace.state[1:] == trace.state.max()).sum(axis=0)
        sums = np.asarray(trace.shock, np.float64).sum(axis=0)  # [shock, path]
        rows = []
        for name, target in targets:
            found = score(target, outcome)
            hit = found >= np.quantile(found, 0.99)
            slope = np.linalg.lstsq(sums.T, found - found.mean(), rcond=None)[0]
            rank = np.argsort(np.argsort(slope @ sums)) * STRATA // len(found)
            for said, stratum in (("crisis days", last), ("the sum of shocks", rank)):
                inside = sum((stratum == k).mean() * hit[stratum == k].var() for k in np.unique(stratum))
                rows.append(
                    {
                        "method": f"strata of {said}",
                        "target": name,
                        "asked": 0.01,
                        "gain_paths": hit.var() / inside,
                    }
                )
        return rows


def _write(asked, config, study: Study, table: pd.DataFrame) -> None:
    folder = ROOT / "results" / "rare_events" / (asked.label or config.name)
    command = f"python -m experiments.rare_events --config {Path(asked.config).name} --paths {asked.paths}"
    command += f" --plain {asked.plain} --pilot {asked.pilot} --product {asked.product}"
    record = {
        "command": command,
        "config_sha256": config.digest(),
        "seed": config.run.seed,
        "plain_cpu_seconds": round(study.second * asked.plain, 3),
        "paths": asked.paths,
        **provenance.stamp(),
    }
    with replacing(folder, force=True) as scratch:
        write_csv(table, scratch / "table.csv", digits="%.6g", missing="")
        write_record(scratch, record)
        disk.write(scratch / "README.md", _page(config, asked, table))


def _page(config, asked, table: pd.DataFrame) -> str:
    names = ("asked", "estimate", "error", "plain", "apart", "missed", "pilot_paths", "gain_paths", "gain")
    names += ("gain_with_pilot",)
    lines = [
        f"# Rare events on {config.name}",
        "",
        f"{asked.plain:,} plain paths, {asked.paths:,} weighted, {REPLICATES} replicates of {CLONES} clones "
        "a stage. `gain`: plain variance times CPU seconds over the method's, pilots aside; with them in the "
        "last column (for so many paths, compiling counted where it was the first); `gain paths`: for as "
        "many paths. `apart`: from plain (importance) or from importance (splitting), in standard errors. "
        "`missed`: standard errors by which pilots of the model's own law come there, or to a level before, "
        f"more often than the tilt says; from {missed.SUSPECT:g} on it may miss a way, its error too small. "
        "`reached` no: the fit stopped short, and the row is about the threshold it came to.",
        "",
        "| method | target | reached | " + " | ".join(name.replace("_", " ") for name in names) + " |",
        "|---" * (len(names) + 3) + "|",
    ]
    for row in table.to_dict("records"):
        cells = ["" if pd.isna(row.get(name)) else f"{row[name]:.3g}" for name in names]
        reached = "" if pd.isna(row.get("reached")) else "yes" if row["reached"] else "no"
        lines.append(f"| {row['method']} | {row['target']} | {reached} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_cost(asked, table), "Made by the command in record.json.", ""])


def _cost(asked, table: pd.DataFrame) -> list[str]:
    """What ES 99 % to one percent costs."""
    row = table[table["method"] == "importance, ES 99 %"]
    if row.empty:
        return []
    row = row.iloc[0]
    lines = [
        f"ES 99 % of {asked.product} to {PRECISE:.0%} (half-width of a 95 % interval), warm-up days and "
        "pilots counted; seconds of two cores are CPU seconds over two, on the machine of record.json:",
        "",
        "| paths | path-days | CPU seconds | seconds on two cores |",
        "|---|---|---|---|",
    ]
    for name in ("plain", "weighted"):
        days, seconds = row[f"{name}_path_days"], row[f"{name}_cpu_seconds"]
        lines.append(f"| {name} | {days:.3g} | {seconds:.3g} | {seconds / 2:.3g} |")
    return [*lines, ""]


if __name__ == "__main__":
    main()
