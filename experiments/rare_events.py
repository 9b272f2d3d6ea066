"""What rare-event methods are worth on the full model: variance times time against plain paths.

    python -m experiments.rare_events [--config crowd_feb2024.toml] [--paths 16384] [--label NAME]

For a fall of the spread and a loss, at probabilities from one brute force reaches down to one in a million:
the estimate and error of importance sampling and of splitting, and how many times less variance times
seconds they need than plain paths, whose variance at p is p (1 - p). Seconds are those of compiled runs of
this process, pilots aside; pilots are given in paths. Also: ES, the exogenous twin as a control variate, and
strata of crisis days. Writes results/rare_events/<label>. About ten minutes with a crowd on two free cores.
"""

import argparse
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tailrisk.assemble import assemble
from tailrisk.config import load
from tailrisk.core import random
from tailrisk.record import provenance
from tailrisk.simulate import blocks, entropy, pilot, splitting
from tailrisk.simulate.score import Fall, Loss, score
from tailrisk.tail import expected_shortfall_interval

ROOT = Path(__file__).resolve().parents[1]
CHANCES = (1e-2, 1e-4, 1e-6)
REPLICATES, CLONES = 16, 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--config", default="crowd_feb2024.toml")
    parser.add_argument("--paths", type=int, default=2 * blocks.BLOCK)
    parser.add_argument("--product", default="ie500")
    parser.add_argument("--label", default="")
    parser.add_argument("--no-splitting", action="store_true")
    asked = parser.parse_args()
    config = load(asked.config, [f"run.paths={asked.paths}"])
    study = Study(config, asked.paths)
    targets = [("spread", Fall("spread", 0, -1.0, None)), ("loss", _loss(config, asked.product))]
    rows = []
    for name, target in targets:
        for chance in CHANCES:
            rows += study.importance(name, replace(target, level=1 - chance), chance)
            if not asked.no_splitting:
                rows += study.splitting(name, target, rows[-1])
            print(pd.DataFrame(rows).to_string(), flush=True)
    rows += [study.shortfall(targets[1][1]), *study.twin(targets), *study.strata(targets)]
    _write(asked, config, study, pd.DataFrame(rows))


def _loss(config, product: str) -> Loss:
    return Loss("loss", 0, 0, list(config.products).index(product), level=0.999)


class Study:
    """One world, its plain paths, and what each method makes of a target."""

    def __init__(self, config, paths: int) -> None:
        self.world, self.paths, self.chunk = assemble(config), paths, config.run.chunk
        self.stream = random.stream(config.run.seed, "rare_events")
        self.plain, self.second = self._timed(None)
        print(f"plain: {self.second:.3g} s for {paths} paths", flush=True)

    def _timed(self, law):
        """(outcome of every path, seconds of a second, compiled run)."""
        for _ in range(2):
            started = time.perf_counter()
            parts = dict(blocks.blocks(self.world, self.paths, chunk=self.chunk, law=law))
            seconds = time.perf_counter() - started
        return [parts[n] for n in sorted(parts)], seconds

    def scores(self, target, outcomes):
        return np.concatenate([score(target, out) for out in outcomes])

    def gain(self, p: float, variance: float, seconds: float) -> float:
        """Plain variance times seconds over that of a method whose estimate has this variance."""
        return p * (1 - p) / self.paths * self.second / (variance * seconds) if variance > 0 else math.nan

    def importance(self, name, target, chance):
        fitted = pilot.fit(self.world, (target,), self.stream, blocks=1, chunk=self.chunk)
        outcomes, seconds = self._timed(fitted.law)
        level = fitted.reached[0]
        hit = self.scores(target, outcomes) >= level
        value = hit * np.concatenate([out.weight for out in outcomes]).astype(np.float64)
        p, variance = float(value.mean()), float(value.var()) / self.paths
        seen = float((self.scores(target, self.plain) >= level).mean())
        plain_error = math.sqrt(max(seen, p) * (1 - p) / self.paths)
        row = {
            "method": "importance",
            "target": name,
            "asked": chance,
            "threshold": level,
            "reached": fitted.complete[0],
            "estimate": p,
            "error": math.sqrt(variance),
            "plain": seen,
            "apart": (p - seen) / math.hypot(math.sqrt(variance), plain_error) if seen else math.nan,
            "seconds": seconds,
            "pilot_paths": fitted.paths,
            "gain_paths": p * (1 - p) / self.paths / variance if variance > 0 else math.nan,
            "gain": self.gain(p, variance, seconds),
        }
        return [row]

    def splitting(self, name, target, other):
        threshold = other["threshold"]
        levels = splitting.levels_for(self.world, target, threshold, self.stream, CLONES)
        values, started = [], time.perf_counter()
        for r in range(REPLICATES):
            done = splitting.replicate(self.world, target, levels, self.stream, r, CLONES).outcome
            values.append(float((done.weight * (score(target, done) >= threshold)).sum()))
        seconds = time.perf_counter() - started
        p, variance = float(np.mean(values)), float(np.var(values, ddof=1)) / REPLICATES
        apart = (p - other["estimate"]) / math.hypot(math.sqrt(variance), other["error"])
        row = {
            "method": "splitting",
            "target": name,
            "asked": other["asked"],
            "threshold": threshold,
            "reached": p > 0,
            "estimate": p,
            "error": math.sqrt(variance),
            "plain": other["plain"],
            "apart": apart,
            "seconds": seconds,
            "pilot_paths": 2 * CLONES * (len(levels) + 1),
            "gain": self.gain(other["estimate"], variance, seconds),
        }
        return [row]

    def shortfall(self, target):
        """ES 99.9 %: the squared width of its interval times seconds, plain over weighted."""
        fitted = pilot.fit(self.world, (target,), self.stream, blocks=1, chunk=self.chunk)
        outcomes, seconds = self._timed(fitted.law)
        weight = np.concatenate([out.weight for out in outcomes]).astype(np.float64)
        found = expected_shortfall_interval(
            self.scores(target, outcomes), weight / math.fsum(weight), level="0.999"
        )
        plain = expected_shortfall_interval(self.scores(target, self.plain), level="0.999")
        ratio = ((plain.high - plain.low) / (found.high - found.low)) ** 2
        return {
            "method": "importance, ES 99.9 %",
            "target": "loss",
            "estimate": found.estimate,
            "error": (found.high - found.low) / 3.92,
            "plain": plain.estimate,
            "apart": (found.estimate - plain.estimate) / ((plain.high - plain.low) / 3.92),
            "seconds": seconds,
            "pilot_paths": fitted.paths,
            "gain_paths": ratio,
            "gain": ratio * self.second / seconds,
        }

    def twin(self, targets):
        """1 / (1 - rho^2) of 1{score >= its 1 % quantile} with the same of the path without its crowd."""
        if self.world.crowd is None:
            return []
        calm = replace(self.world, crowd=None, ladder=self.world.crowd.ladder)
        parts = dict(blocks.blocks(calm, self.paths, chunk=self.chunk))
        rows = []
        for name, target in targets:
            pair = [self.scores(target, self.plain), self.scores(target, [parts[n] for n in sorted(parts)])]
            hits = [one >= np.quantile(one, 0.99) for one in pair]
            rho = float(np.corrcoef(*hits)[0, 1])
            rows.append(
                {"method": "twin as control", "target": name, "asked": 0.01, "gain_paths": 1 / (1 - rho**2)}
            )
        return rows

    def strata(self, targets):
        """p (1 - p) over the mean variance within strata of the number of days in the last regime."""
        law = entropy.mixture(self.world, [], 0.5, self.stream)
        outcome, trace = blocks.traces(self.world, law, 0, self.paths, chunk=self.chunk)
        last = (trace.regime[1:] == trace.regime.max()).sum(axis=0)
        rows = []
        for name, target in targets:
            found = score(target, outcome)
            hit = found >= np.quantile(found, 0.99)
            inside = sum((last == k).mean() * hit[last == k].var() for k in np.unique(last))
            rows.append(
                {
                    "method": "strata of crisis days",
                    "target": name,
                    "asked": 0.01,
                    "gain_paths": hit.var() / inside,
                }
            )
        return rows


def _write(asked, config, study: Study, table: pd.DataFrame) -> None:
    folder = ROOT / "results" / "rare_events" / (asked.label or config.name)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "table.csv", index=False, float_format="%.6g")
    commit, dirty = provenance.commit()
    command = f"python -m experiments.rare_events --config {Path(asked.config).name} --paths {asked.paths}"
    command += f" --product {asked.product}" + " --no-splitting" * asked.no_splitting
    record = {
        "command": command,
        "config_sha256": config.digest(),
        "seed": config.run.seed,
        "commit": commit,
        "dirty": dirty,
        "plain_seconds": round(study.second, 3),
        "paths": asked.paths,
        "versions": provenance.versions(),
        **provenance.machine(),
    }
    (folder / "record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_page(config, asked, table), encoding="utf-8")
    print(_page(config, asked, table))


def _page(config, asked, table: pd.DataFrame) -> str:
    lines = [
        f"# Rare events on {config.name}",
        "",
        f"{asked.paths:,} paths a method. `gain`: plain variance times seconds over the method's, pilots "
        "aside; `gain (paths)`: the same for as many paths. `apart`: from plain (importance) or from "
        "importance (splitting), in standard errors.",
        "",
        "| method | target | estimate | error | plain | apart | pilot paths | gain (paths) | gain |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    names = ("estimate", "error", "plain", "apart", "pilot_paths", "gain_paths", "gain")
    for row in table.to_dict("records"):
        cells = ["" if pd.isna(row.get(name)) else f"{row[name]:.3g}" for name in names]
        lines.append(f"| {row['method']} | {row['target']} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Made by `python -m experiments.rare_events`; see record.json.", ""])


if __name__ == "__main__":
    main()
