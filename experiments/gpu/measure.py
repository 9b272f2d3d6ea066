"""The main programs on a card: right or not, how fast, what binds them. One command, eight minutes at most.

    pip install '.[cuda12]'                           # or '.[cuda13]'
    python -m experiments.gpu.measure                 # writes results/gpu
    python -m experiments.gpu.measure --cpu -o FOLDER # a rehearsal, for a machine without a card

Stages, in order of what they are worth: random words to the bit; losses of every program against the CPU's
path by path, VaR and ES beside them (the CPU computes in a process of its own); speed, launches, memory and
energy by program; whole runs and the host's part of them; programs as one kernel of rows, compiled by NVRTC
and launched through the driver; other widths; commands cold and warm. Each has a budget, nothing is begun in
the last eighth of `--limit` and nothing outlasts it; the page is written anew after each stage, whole or not
at all, so what ends the command leaves what it had. What was not reached the page says. Fractions are of
the card's data sheet (cards.py), of bytes as read from the compiled program (hlo.py) and of instructions as
counted in its rows (rows.py). No network and no package beside jax's is needed; power, clocks and energy are
NVML's (board.py). Counters of a profiler are not asked for. Without a card it refuses; `--not-run` writes the
page that says so.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import jax
import pandas as pd

from tailrisk.record.publishing import publish

from . import cards, page
from .board import Board
from .programs import MEASURED
from .reference import Reference
from .session import CARD, REHEARSAL, Session
from .stages import STAGES, Row, Stage

OUTPUT = Path("results/gpu")
LIMIT, LAST = 480.0, 7 / 8
"""Seconds in all, and the part of them in which something is begun."""
CAREFUL = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
"""Several processes share the card, and NVML and CUDA number cards alike."""
QUICK = "--xla_backend_optimization_level=0"


@click.command()
@click.option("--cpu", is_flag=True, help="A rehearsal: every stage, small, on the CPU; needs -o.")
@click.option("--not-run", "not_run", is_flag=True, help="Write the page that says there was no card.")
@click.option("--limit", default=LIMIT, show_default=True, help="Seconds in all.")
@click.option("--programs", default=",".join(MEASURED), show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help=f"[default: {OUTPUT}]")
def main(cpu: bool, not_run: bool, limit: float, programs: str, output: Path | None) -> None:
    """Measure on a card, write the page."""
    names = tuple(programs.split(","))
    if unknown := set(names) - set(MEASURED):
        raise click.ClickException(f"no program {', '.join(sorted(unknown))}: {', '.join(MEASURED)}")
    if cpu and output is None:
        raise click.ClickException("a rehearsal goes to a folder of its own: -o FOLDER")
    if not_run:
        absent(output or OUTPUT)
        return
    prepared(cpu)
    if not cpu:
        refuse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what ends it lets it end its processes
    words = f"{' --cpu' if cpu else ''}{'' if names == MEASURED else f' --programs {programs!r}'}"
    measured(names, limit, cpu, output or OUTPUT, f"python -m experiments.gpu.measure{words}")


def prepared(cpu: bool) -> None:
    """Set what JAX reads when it first looks for devices, here and in what is started; nothing is stored."""
    for name, value in CAREFUL.items():
        os.environ.setdefault(name, value)
    os.environ["TAILRISK_COMPILED"] = "off"
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
    jax.config.update("jax_compilation_cache_dir", None)
    if cpu:
        os.environ["JAX_PLATFORMS"] = "cpu"
        os.environ.setdefault("XLA_FLAGS", QUICK)
        jax.config.update("jax_platforms", "cpu")


def refuse() -> None:
    """Raises ClickException where JAX sees no accelerator."""
    asked = os.environ.get("JAX_PLATFORMS")
    why = f"JAX_PLATFORMS={asked}" if asked else "JAX sees no accelerator: pip install '.[cuda12]'"
    try:
        there = jax.default_backend() != "cpu"
    except RuntimeError as error:
        there, why = False, f"{why}: {' '.join(str(error).split())[:200]}"
    if not there:
        raise click.ClickException(f"no card: {why}; --cpu rehearses, --not-run writes that there was none")


def absent(output: Path) -> None:
    """The page of a machine without a card. Raises ClickException where a card's figures lie there."""
    there = output / "record.json"
    if there.exists() and json.loads(there.read_text(encoding="utf-8")).get("state") == "run":
        raise click.ClickException(f"{output} has what was measured on a card: it stays")
    facts = {
        "question": "How fast and how exact are the main programs on a card? Not run: no card could be had",
        "command": "python -m experiments.gpu.measure --not-run",
        "state": "not run",
    }
    words = page.not_run()
    publish(output, "gpu", {}, words, facts)
    click.echo(words)


def measured(names: tuple[str, ...], limit: float, cpu: bool, output: Path, command: str) -> None:
    """Every stage in turn, the folder written after each."""
    started, sizes = time.perf_counter(), REHEARSAL if cpu else CARD
    device = jax.devices()[0]
    planned = tuple(stage.name for stage in STAGES)
    state = page.State(command, cpu, device.device_kind, limit, jax.__version__, planned)
    tables: dict[str, pd.DataFrame] = {}
    with TemporaryDirectory(prefix="gpu") as name, Board() as board:
        scratch = Path(name)
        state.facts, state.no_facts = board.facts, board.reason
        state.card = None if cpu else cards.find(device.device_kind)
        reference = Reference(scratch, names, sizes.paths, sizes.sets, device.device_kind)
        session = Session(sizes, names, board, reference, scratch, state.card)
        session.architecture = architecture(device, session.architecture)
        stopped(limit, reference)
        try:
            for stage in STAGES:
                done, rows = walked(stage, session, started + LAST * limit, sizes.patience)
                state.stages.append(done)
                tables[stage.name] = pd.DataFrame(rows)
                state.seconds = time.perf_counter() - started
                page.write(output, state, tables)
                click.echo(f"{stage.name}: {page.one_line(done)}", err=True)
        finally:
            reference.close()
    click.echo((output / "README.md").read_text(encoding="utf-8"))


def stopped(limit: float, reference: Reference) -> None:
    """End this process and the one beside it after so many seconds, whatever it is doing."""

    def end() -> None:
        click.echo(f"stopped after {limit:g} s: the page has what was done", err=True)
        reference.close()
        os._exit(1)

    timer = threading.Timer(limit, end)
    timer.daemon = True
    timer.start()


def walked(stage: Stage, session: Any, deadline: float, patience: float = 1.0) -> tuple[Row, list[Row]]:
    """(what became of a stage, its rows): items are begun while its budget and the whole's last."""
    begun = time.perf_counter()
    end = min(begun + patience * stage.budget, deadline)
    rows: list[Row] = []
    missed, problems = [], []
    for label, work in stage.items(session):
        if time.perf_counter() >= end:
            missed.append(label)
            continue
        try:
            rows += work()
        except Exception as error:  # one item's fault stops no other
            problems.append(f"{label}: {type(error).__name__}: {' '.join(str(error).split())[:200]}")
    seconds = time.perf_counter() - begun
    found = {"stage": stage.name, "budget": stage.budget, "seconds": seconds, "rows": len(rows)}
    return found | {"not_reached": "; ".join(missed), "problems": "; ".join(problems)}, rows


def architecture(device: Any, otherwise: str) -> str:
    """What ptxas calls the device; `otherwise` for one that is no NVIDIA card."""
    capability = str(getattr(device, "compute_capability", "")).replace(".", "")
    return f"sm_{capability}{'a' * (capability == '90')}" if capability else otherwise


if __name__ == "__main__":
    main()
