"""What the main programs cost on a GPU, compiled for one that is not there.

    pip install --target FOLDER --no-deps jax-cuda12-plugin jax-cuda12-pjrt nvidia-cuda-nvcc-cu12 \\
        nvidia-cuda-nvrtc-cu12
    PYTHONPATH=FOLDER python -m experiments.gpu [--cards h100,a100,rtx4090] [--programs prices,crowd] [-o ...]

The wheels are those of this jax's version; no driver and no card are needed. Every program is compiled as an
accelerator runs it, 32 blocks of paths at once. Launches and bytes are read from the optimised HLO (hlo.py),
registers and spills are what ptxas says of its PTX. Nothing is run: `path-days/s` is bandwidth over bytes.
The same programs as one kernel of rows (core.rows), by NVRTC, stand in a table of their own (rows.py). With
`--programs ""` the table of XLA's programs stays as it is.
Writes results/gpu_compiled. A change that adds a spill, or doubles bytes, is seen beside the table there.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

DUMP = Path(tempfile.mkdtemp(prefix="gpu_compiled"))
FLAGS = "--xla_gpu_autotune_level=0 --xla_gpu_enable_triton_gemm=false"
os.environ |= {"JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {FLAGS} --xla_dump_to={DUMP}"

import click  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import pandas as pd  # noqa: E402
from jax.experimental import topologies  # noqa: E402
from jax.sharding import SingleDeviceSharding  # noqa: E402

from tailrisk.assemble.world import assemble  # noqa: E402
from tailrisk.config import load  # noqa: E402
from tailrisk.core.units import Count  # noqa: E402
from tailrisk.record.publishing import markdown, publish  # noqa: E402
from tailrisk.simulate import blocks, path  # noqa: E402
from tailrisk.simulate.world import World  # noqa: E402

from .cards import CARDS, Card  # noqa: E402
from .hlo import cost  # noqa: E402
from .rows import KERNELS, written  # noqa: E402
from .rows import compiled as one_kernel  # noqa: E402

SIMULATED = ["market.warmup=simulated"]
"""The history before the first day is not for others: it is simulated."""


def prices(world: World, law: None, number: Count) -> Any:
    """Prices alone."""
    return path.prices(world, number)


def courses(world: World, law: None, number: Count) -> Any:
    """Prices, regimes and NAVs day by day, for pictures."""
    return path.course(world, number)


PROGRAMS: dict[str, tuple[Any, str, list[str]]] = {
    "prices": (prices, "feb2024.toml", ["event=[]", "market.process=regimes"]),
    "exogenous": (blocks.plain, "feb2024.toml", ["event=[]", "market.process=regimes"]),
    "memory": (blocks.plain, "memory_feb2024.toml", ["event=[]"]),
    "memory with events": (blocks.plain, "memory_feb2024.toml", SIMULATED),
    "crowd": (blocks.plain, "crowd_feb2024.toml", ["event=[]"]),
    "courses of a crowd": (courses, "crowd_feb2024.toml", ["event=[]"]),
}
"""What is compiled: the program, its config, what is set."""


@click.command()
@click.option("--cards", default=",".join(CARDS), show_default=True)
@click.option("--programs", default=",".join(PROGRAMS), show_default=True)
@click.option("--kernels", default=",".join(KERNELS), show_default=True, help="As one kernel of rows.")
@click.option("--width", default=blocks.WIDE * blocks.BLOCK, show_default=True, help="Paths at once.")
@click.option(
    "-o", "--output", default="results/gpu_compiled", show_default=True, type=click.Path(path_type=Path)
)
def main(cards: str, programs: str, kernels: str, width: int, output: Path) -> None:
    """Compile every program for every card and write the tables."""
    rows, single, texts = [], [], {}
    for name in filter(None, kernels.split(",")):
        program, config, sets = PROGRAMS[name]
        texts[name] = written(program, assemble(load(config, sets)))
    for card in (CARDS[name] for name in cards.split(",")):
        for name in filter(None, programs.split(",")):
            rows.append({"card": card.name, "program": name, **compiled(card, *PROGRAMS[name], width)})
            click.echo(rows[-1], err=True)
        for name, text in texts.items():
            single.append({"card": card.name, "program": name, **one_kernel(card, text, _ptxas())})
            click.echo(single[-1], err=True)
    shutil.rmtree(DUMP)
    table = pd.DataFrame(rows) if rows else pd.read_csv(output / "table.csv")
    tables = {"table": table, "kernels": pd.DataFrame(single)}
    command = f"python -m experiments.gpu --cards {cards} --programs '{programs}' --kernels '{kernels}'"
    words = page(table, tables["kernels"], width)
    publish(output, "gpu_compiled", tables, words, {"command": f"{command} --width {width}"})
    click.echo(words)


def compiled(card: Card, program: Any, config: str, sets: list[str], width: int) -> dict[str, Any]:
    """One program for one card: launches, bytes, registers, spills, temporaries, seconds to compile."""
    topology = topologies.get_topology_desc(
        platform="cuda", topology_name="", target_config=card.target(), topology="1x1x1"
    )
    place = SingleDeviceSharding(topology.devices[0])
    world = assemble(load(config, sets))

    def shape(x: Any) -> jax.ShapeDtypeStruct:
        x = jnp.asarray(x)
        return jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=place, weak_type=x.weak_type)

    _emptied()
    started = time.process_time()
    with mock.patch.object(jax, "default_backend", return_value="gpu"):  # as an accelerator runs it
        traced = blocks._block.trace(
            program, jax.tree.map(shape, world), shape(jnp.uint32(0)), None, chunk=width, calls=1
        )
        made = traced.lower(lowering_platforms=("cuda",)).compile()
    seconds = time.process_time() - started
    found, sizes, days = cost(made.as_text()), made.memory_analysis(), world.days
    registers, spills = assembled(card)
    moved = found.bytes / width / days
    return {
        "launches": found.launches,
        "bytes_path_day": round(moved),
        "registers": registers,
        "spill_bytes": spills,
        "temporary_bytes_path": round(sizes.temp_size_in_bytes / width),
        "path_days_per_second": card.bandwidth / moved,
        "compile_cpu_seconds": round(seconds, 1),
    }


def assembled(card: Card) -> tuple[int, int]:
    """(most registers of a kernel, bytes of spill stores of all) as ptxas says of what was dumped."""
    ptxas = _ptxas()
    registers, spills = [0], 0
    for source in sorted(DUMP.glob("*_block*.ptx")):
        command = [ptxas, "-v", f"-arch={card.architecture}", str(source), "-o", os.devnull]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        registers += [int(n) for n in re.findall(r"Used (\d+) registers", said)]
        spills += sum(int(n) for n in re.findall(r"(\d+) bytes spill stores", said))
    return max(registers), spills


def page(table: pd.DataFrame, kernels: pd.DataFrame, width: int) -> str:
    """The tables in words."""
    lines = [
        "# The main programs, compiled for a GPU",
        "",
        f"Compiled, not run: no figure here was measured on a card. {width:,} paths at once; launches of one "
        "call; bytes to and from memory by the shapes of every kernel's operands; registers of the hungriest "
        "kernel; spills of all; path-days a second if memory is all that binds.",
        "",
        markdown(table.assign(path_days_per_second=table.path_days_per_second.map("{:.1e}".format))),
        "",
        "## As one kernel of rows",
        "",
        "One launch a call, a thread a path, by NVRTC (core.rows; nothing here launches it). Bytes are the "
        "outputs and what is set aside for a path; spill traffic of a kernel that spills is not among them. "
        "Threads are those a multiprocessor holds by registers and shared memory. Path-days a second: the "
        "less of bandwidth over bytes and instructions over operations, counted row by row: a bound, since "
        "so few threads hide little of what an instruction waits for.",
        "",
        markdown(kernels.assign(path_days_per_second=kernels.path_days_per_second.map("{:.1e}".format))),
        "",
        "Made by `python -m experiments.gpu`; see record.json.",
        "",
    ]
    return "\n".join(lines)


def _ptxas() -> str:
    for folder in sys.path:
        file = Path(folder) / "nvidia" / "cuda_nvcc" / "bin" / "ptxas"
        if file.is_file():
            file.chmod(0o755)
            return str(file)
    found = shutil.which("ptxas")
    if found is None:
        raise click.ClickException("no ptxas: install nvidia-cuda-nvcc-cu12, or put CUDA's own on the path")
    return found


def _emptied() -> None:
    shutil.rmtree(DUMP)
    DUMP.mkdir()


if __name__ == "__main__":
    main()
