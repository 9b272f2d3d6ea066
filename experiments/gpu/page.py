"""The page and the record of what was measured on a card, or of why nothing was."""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tailrisk.record.publishing import markdown, publish

from .cards import Card

Row = dict[str, Any]
PROMISE = 1e-6
"""What the record promises of ES on other hardware, relative."""
COMPILED = "../gpu_compiled/README.md"


@dataclass
class State:
    """What is known of a sitting beside its tables."""

    command: str
    rehearsal: bool
    device: str
    limit: float
    jax: str
    planned: tuple[str, ...]
    card: Card | None = None  # its data sheet
    facts: dict[str, str | float] = field(default_factory=dict)  # by NVML
    no_facts: str = ""  # why there are none
    stages: list[Row] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def missed(self) -> list[str]:
        """What was not reached: stages not begun, items of others."""
        begun = {row["stage"] for row in self.stages}
        items = [f"{row['stage']}: {row['not_reached']}" for row in self.stages if row["not_reached"]]
        return [*items, *(f"{name}: all of it" for name in self.planned if name not in begun)]

    @property
    def problems(self) -> list[str]:
        """What went wrong."""
        return [f"{row['stage']}: {row['problems']}" for row in self.stages if row["problems"]]


SECTIONS = {
    "draws": (
        "Random numbers",
        "Against NumPy: words and uniforms must be the same bits; normals are compared with float64.",
    ),
    "losses": (
        "Losses against the CPU's, path by path",
        "The same paths by XLA on this machine's CPU. `differ`: share of paths with a loss of other bits; "
        "`largest`: relative difference of a NAV; `beyond`: share of paths with one beyond 1e-5; "
        "`otherwise`: share with a flag that falls the other way, because rounding moved it over a "
        "threshold. VaR and ES at 99 %: the largest difference of any product and view, relative and in "
        "standard errors. Seconds are of the first compilation, nothing stored.",
    ),
    "speed": (
        "Speed by program",
        "One call after another, each until it is done; path-days a second of the best, warm-up days not "
        "counted. `host_cpu`: CPU seconds of this process a second, near one where launches bind. Bytes and "
        "launches are of the program compiled here; fractions are of the card's data sheet. Peak memory "
        "since the start.",
    ),
    "runs": (
        "Whole runs",
        "`tailrisk run` without its files: paths, tails, histograms, events. The host's share is what "
        "the calls alone, timed above, do not take.",
    ),
    "kernels": (
        "As one kernel of rows",
        "One launch a call, a thread a path (`core.rows`), by NVRTC and the driver; against the CPU's XLA "
        "as above.",
    ),
    "widths": ("Other widths", "As speed by program."),
    "starts": (
        "Commands, cold and warm",
        "In a process of its own, with nothing compiled before and again; `simulating_seconds` is what its "
        "record says of the paths alone, what was compiled for them included.",
    ),
}
EXACT = {"differ", "largest", "beyond", "otherwise", "var_relative", "es_relative", "es_errors"}
RATES = {"path_days_per_second"}


def write(output: Path, state: State, tables: dict[str, pd.DataFrame]) -> None:
    """The whole folder anew."""
    question = "How fast and how exact are the main programs on a card?"
    facts = {
        "question": f"{question} A rehearsal on a CPU" if state.rehearsal else question,
        "command": state.command,
        "state": "rehearsal" if state.rehearsal else "run",
        "card": None if state.card is None else asdict(state.card),
        "board": {k: None if x != x else x for k, x in state.facts.items()} or state.no_facts,
        "limit_seconds": state.limit,
        "wall_seconds": round(state.seconds, 1),
        "not_reached": state.missed,
        "problems": state.problems,
    }
    every = {"stages": pd.DataFrame(state.stages), **tables}
    publish(output, "gpu", {k: v for k, v in every.items() if len(v)}, words(state, tables), facts)


def words(state: State, tables: dict[str, pd.DataFrame]) -> str:
    """The page."""
    parts = [_title(state), _limits(state), _verdict(tables)]
    for name, (title, text) in SECTIONS.items():
        if name in tables and len(tables[name]):
            parts.append(f"## {title}\n\n{text}\n\n{markdown(_shown(tables[name]))}")
    parts.append("## Time\n\n" + markdown(_shown(pd.DataFrame(state.stages).drop(columns="problems"))))
    parts.append(_missed(state))
    parts.append(f"Made by `{state.command}` in {state.seconds:.0f} s; see record.json.\n")
    return "\n\n".join(part for part in parts if part)


def not_run() -> str:
    """The page of a machine without a card."""
    listed = "\n".join(f"- {title.lower() if k else title}" for k, (title, _) in enumerate(SECTIONS.values()))
    return f"""# The main programs on a card: not run

No card could be had: no figure of this repository was measured on one. The programs are compiled for an
H100, an A100 and a consumer card without a device: launches, bytes, registers, spills and what they allow by
the data sheets are in [gpu_compiled]({COMPILED}).

On a machine with a card one command fills this folder, in eight minutes at most:

    python -m experiments.gpu.measure

It prints and writes, each with the card's name and the fraction of its limits:

{listed}

The command itself is rehearsed on a CPU (`--cpu`) by the tests; so is what launches a kernel of rows, against
a driver that computes on the CPU. Made by `python -m experiments.gpu.measure --not-run`; see record.json.
"""


def one_line(stage: Row) -> str:
    """What became of a stage, for the terminal."""
    said = [f"{stage['rows']} rows in {stage['seconds']:.0f} s"]
    said += [f"not reached: {stage['not_reached']}"] if stage["not_reached"] else []
    return "; ".join(said + ([stage["problems"]] if stage["problems"] else []))


def _title(state: State) -> str:
    if state.rehearsal:
        return (
            "# A rehearsal on a CPU: no figure here was measured on a card\n\n"
            "Every stage of the command, small: it shows that the command works and nothing else."
        )
    return f"# The main programs on a card: {state.device}"


def _limits(state: State) -> str:
    """The card in words."""
    lines = [f"Device: {state.device}; jax {state.jax}."]
    if state.card is not None:
        it = state.card
        lines.append(
            f"Limits by the data sheet of {it.name}: {it.bandwidth:.3g} B/s, {it.operations:.3g} single-"
            "precision instructions a second."
        )
    elif not state.rehearsal:
        lines.append("A card not known here (experiments/gpu/cards.py): no fractions of its limits.")
    if state.facts:
        lines.append(
            f"Driver {state.facts['driver']}, power limit {state.facts['watts_limit']:g} W, highest clock "
            f"{state.facts['clock_max']:g} MHz."
        )
    else:
        lines.append(f"No power, clocks or energy: {state.no_facts}.")
    return " ".join(lines)


def _verdict(tables: dict[str, pd.DataFrame]) -> str:
    """Whether draws are the CPU's and ES keeps the promise of the record."""
    lines = []
    if len(draws := tables.get("draws", pd.DataFrame())):
        exact = draws[draws["draw"] != "normals"]
        same = "the same bits as" if (exact["differ"] == 0).all() else "NOT the same bits as"
        lines.append(f"Random words and uniforms are {same} on a CPU.")
    losses = tables.get("losses", pd.DataFrame())
    if "es_relative" in losses:
        es = losses.dropna(subset=["es_relative"])
        good = int((es["es_relative"] <= PROMISE).sum())
        lines.append(
            f"ES at 99 % is within the promised {PROMISE:g} of the CPU's in {good} of {len(es)} programs, "
            f"and within {es['es_errors'].max():.2g} of its standard errors in all."
        )
    return " ".join(lines)


def _missed(state: State) -> str:
    parts = []
    for title, lines in (("Not reached", state.missed), ("Problems", state.problems)):
        if lines:
            parts.append(f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines))
    return "\n\n".join(parts)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """A table as it is read: few digits, nothing where there is no figure."""
    return pd.DataFrame({name: [_cell(name, x) for x in table[name]] for name in table})


def _cell(name: str, x: Any) -> str:
    if not isinstance(x, float):
        return f"{x:,}" if isinstance(x, int) else str(x)
    if math.isnan(x):
        return ""
    if name in EXACT:
        return f"{x:.1e}" if x else "0"
    return f"{x:.2e}" if name in RATES else f"{x:.3g}" if abs(x) < 1000 else f"{x:,.0f}"
