"""The page and the picture of the benchmarks."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from tailrisk.record.publishing import markdown
from tailrisk.report.figures.svg import svg

LIMIT = "tailrisk: its random numbers alone"
OURS = "tailrisk: paths"
BUSY = 0.5
"""Load of a core, before the run began, from which times are not to be trusted."""
CAPTIONS = {
    "ways": "One model, 4 regimes, 5 factors, Student shocks, float32, from start to the final price of each "
    "index. CPU: one thread of calls; wall: one a core. The first call compiles.",
    "growth": "`feb2024.toml` (paths, days) and `crowd_feb2024.toml` (rounds, cohorts; 4,096 paths), "
    "without events, products and losses included.",
    "devices": "Devices of the CPU in one process, 60 days: blocks in turn, which is what a run does, and "
    "`jax.shard_map`. It needs the partitioner that JAX is about to drop: the new one cannot convert the "
    "generator's `mulhi` (JAX 0.10.2).",
    "processes": "`tailrisk run --processes N`, one on one core, two on two; start and compilation left out. "
    "Efficiency: of two against twice one. Memory is the largest of a process.",
    "cells": "Cells of a sweep that differ in a number: the parameters are arguments of one program.",
    "starts": "Commands with nothing compiled before (cold) and again (warm).",
    "memory": "Largest memory of `tailrisk run feb2024.toml`, 5 days, with its tables and its page.",
}


def page(frames: Mapping[str, pd.DataFrame], facts: Mapping[str, Any]) -> str:
    """The README."""
    lines = ["# Benchmarks", "", at_a_glance(frames), ""]
    lines += [f"{facts['cores']} cores, {facts['processor']}; {facts['wall_seconds']} s in all.", ""]
    if facts["load_before"] > BUSY * facts["cores"]:
        lines += [
            f"**The machine was busy (load {facts['load_before']:.1f}): times are not to be trusted.**",
            "",
        ]
    lines += ["![Path-days a second by each way](ways.svg)", ""]
    for name, frame in frames.items():
        lines += [f"## {name.capitalize()}", "", CAPTIONS[name], "", markdown(_short(frame)), ""]
    lines += [_energy(frames["ways"]), "", f"Made by `{facts['command']}`; see record.json.", ""]
    return "\n".join(lines)


def at_a_glance(frames: Mapping[str, pd.DataFrame]) -> str:
    """What the tables come to, in a few sentences."""
    ways = frames["ways"].dropna(subset=["cpu_ns"]).set_index("way")["cpu_ns"]
    others = {name: ns for name, ns in ways.items() if not str(name).startswith("tailrisk")}
    limit = f"{ways[OURS] / ways[LIMIT]:.2f} times its random numbers alone"
    found = [f"A path-day takes {ways[OURS]:.1f} ns of CPU, {limit}"]
    found += [f"{name} takes {ns / ways[OURS]:.1f} times ours" for name, ns in others.items()]
    absent = frames["ways"].get("absent", pd.Series(dtype=object)).dropna()
    found += [f"{name} is absent here" for name in frames["ways"].loc[absent.index, "way"]]
    text = "; ".join(found) + "."
    divided = frames["processes"]
    if len(divided) == 2:
        text += f" Two processes reach {divided['efficiency'].iloc[1]:.0%} of twice one."
    cells = frames["cells"].set_index("way")
    one, anew = cells.loc["one program"], cells.loc["each compiled anew"]
    return text + (
        f" {int(one['cells'])} cells of a sweep take {one['cpu_seconds']:.1f} s of CPU in one program and "
        f"{anew['cpu_seconds']:.1f} s compiled anew ({int(one['compilations'])} and "
        f"{int(anew['compilations'])} compilations)."
    )


def _short(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers in four digits, nothing for what is not there."""

    def text(value: Any) -> Any:
        if isinstance(value, float):
            return "" if value != value else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        return "" if value is None else value

    shown = frame.dropna(axis=1, how="all")
    return shown.map(text)


def _energy(ways: pd.DataFrame) -> str:
    if "joules" not in ways or ways["joules"].isna().all():
        return "Energy: this platform does not tell (no RAPL counters), so none is given."
    return "Energy is that of the processor packages over all repeats (RAPL)."


def picture(ways: pd.DataFrame) -> str:
    """Path-days a second of one core, a bar a way, the limit of the random numbers a line."""
    rows = ways.dropna(subset=["cpu_ns"])
    rate = dict(zip(rows["way"], 1e3 / rows["cpu_ns"], strict=True))  # millions a second
    names = sorted((name for name in rate if name != LIMIT), key=lambda name: rate[name])
    figure, axes = plt.subplots(figsize=(7, 0.45 * len(names) + 1.2), layout="constrained")
    colours = ["#0072B2" if name == OURS else "#999999" for name in names]
    axes.barh(names, [rate[name] for name in names], color=colours)
    axes.axvline(rate[LIMIT], color="#D55E00", linestyle="--", label="its random numbers alone")
    axes.set_xlabel("million path-days a second of one core")
    axes.legend(loc="lower right")
    said = "; ".join(f"{name} {rate[name]:.1f}" for name in reversed(names))
    words = f"Million path-days a second of one core: {said}; random numbers alone {rate[LIMIT]:.1f}."
    drawn = svg(figure, "ways", "Path-days a second by each way", words)
    plt.close(figure)
    return drawn


def processor() -> str:
    """What the system calls it; empty where it does not say."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return os.environ.get("PROCESSOR_IDENTIFIER", "")
