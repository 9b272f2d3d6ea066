"""The main programs on the CPU, in a process beside the card's: what its losses are compared with.

    python -m experiments.gpu.reference FOLDER --paths 65536 --programs prices,crowd --card H100 [--set ..]

Writes NAME.npz, the first paths' outcome leaf by leaf, and NAME.rows, the program as one kernel (rows.py); in
their place NAME.npz.problem or NAME.rows.problem, which say why there is none. Each file appears whole.
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from tailrisk.core import disk

from .rows import Written

ROOT = Path(__file__).resolve().parents[2]
WIDE = 4096
"""Paths side by side on a CPU without a crowd or accounts."""


class Reference:
    """The process, and what it has written so far."""

    def __init__(
        self, folder: Path, names: Sequence[str], paths: int, sets: Sequence[str], card: str
    ) -> None:
        self.folder = folder
        words = [sys.executable, "-m", "experiments.gpu.reference", str(folder), "--paths", str(paths)]
        words += [
            "--programs",
            ",".join(names),
            "--card",
            card,
            *(word for one in sets for word in ("--set", one)),
        ]
        environment = {**os.environ, "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
        self._process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)

    def outcome(self, name: str, seconds: float) -> list[NDArray[Any]]:
        """Leaves [..., path] of a program's outcome. Raises RuntimeError where there is none in that time."""
        with np.load(BytesIO(self._waited(f"{name}.npz", seconds))) as found:
            return [found[key] for key in found.files]

    def rows(self, name: str, seconds: float) -> Written:
        """A program as one kernel. Raises RuntimeError where there is none in that time."""
        it: Written = pickle.loads(self._waited(f"{name}.rows", seconds))  # our own process wrote it
        return it

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()

    def _waited(self, name: str, seconds: float) -> bytes:
        file, end = self.folder / name, time.monotonic() + seconds
        problem = self.folder / f"{name}.problem"
        while True:
            over = self._process.poll() is not None or time.monotonic() > end
            if file.exists():
                return file.read_bytes()
            if problem.exists():
                raise RuntimeError(f"on the CPU: {problem.read_text(encoding='utf-8')}")
            if over:
                raise RuntimeError(f"the CPU's {name} was not there in {seconds:.0f} s")
            time.sleep(0.05)


def computed(name: str, paths: int, sets: Sequence[str]) -> bytes:
    """The outcome of the first paths of a program."""
    import jax

    from tailrisk.simulate import blocks

    from .programs import PROGRAMS

    main = PROGRAMS[name]
    world = main.world(*sets)
    chunk = min(paths, WIDE if world.crowd is None and world.funds is None else blocks.NARROW)
    how = {"chunk": chunk, "calls": -(-paths // chunk)}
    parts = blocks._block(main.program, world, np.uint32(0), main.law(world), **how)
    leaves = jax.tree.leaves(blocks._gather(jax.device_get(parts), paths))
    made = BytesIO()
    np.savez(made, **{f"leaf{k:03d}": leaf for k, leaf in enumerate(leaves)})
    return made.getvalue()


def as_rows(name: str, sets: Sequence[str], card: str) -> bytes:
    """The program as one kernel for a card, an H100 where it is not known, pickled."""
    from .cards import CARDS, find
    from .programs import PROGRAMS
    from .rows import written

    main = PROGRAMS[name]
    return pickle.dumps(written(main, main.world(*sets), find(card) or CARDS["h100"]))


def store(file: Path, work: Callable[[], bytes]) -> None:
    """Write what work gives, or why it gives nothing."""
    try:
        disk.replace(file, work())
    except Exception as error:  # one program's fault is said there and stops no other
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        disk.replace(file.with_name(f"{file.name}.problem"), text)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--paths", required=True, type=int)
@click.option("--programs", required=True)
@click.option("--card", required=True)
@click.option("--set", "sets", multiple=True)
def main(folder: Path, paths: int, programs: str, card: str, sets: tuple[str, ...]) -> None:
    """Compute every program in turn."""
    os.nice(5)  # the card's process goes first
    for name in programs.split(","):
        store(folder / f"{name}.npz", lambda name=name: computed(name, paths, sets))
        store(folder / f"{name}.rows", lambda name=name: as_rows(name, sets, card))


if __name__ == "__main__":
    main()
