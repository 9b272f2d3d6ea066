"""What the main programs cost on a GPU, compiled for one that is not there.

    pip install --target FOLDER --no-deps jax-cuda12-plugin==JAX jax-cuda12-pjrt==JAX \\
        nvidia-cuda-nvcc-cu12 nvidia-cuda-nvrtc-cu12
    PYTHONPATH=FOLDER python -m experiments.gpu [--cards h100,a100,rtx4090] [--programs prices,crowd] [-o ...]
    PYTHONPATH=FOLDER python -m experiments.gpu --compare results/gpu_compiled [--cards h100]

JAX is the version of the jax that is installed: `python -c "import jax; print(jax.__version__)"`. The two
jax-cuda12 wheels hold XLA's compiler for a card, nvcc's holds ptxas, the last NVRTC; some 700 MB, beside the
environment and not in it. No driver and no card are needed. A CUDA toolkit's own ptxas and NVRTC will do.

Every program is compiled as an accelerator runs it, 32 blocks of paths at once. Launches and bytes are read
from the optimised HLO (hlo.py), registers and spills are what ptxas says of its PTX. Nothing is run:
`path-days/s` is bandwidth over bytes. The same programs as one kernel of rows (core.rows), by NVRTC, stand in
a table of their own (rows.py). With `--programs ""` the table of XLA's programs stays as it is.

Writes results/gpu_compiled. With `--compare` it writes nothing: what is published there is compiled anew, and
a row with more spills, or with more than half as many bytes or launches again, is named and ends it with
exit code 1 (compare.py). Two minutes of one core a card.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

DUMP = Path(tempfile.mkdtemp(prefix="gpu_compiled"))
FLAGS = "--xla_gpu_autotune_level=0 --xla_gpu_enable_triton_gemm=false"
os.environ |= {"JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)  # a program out of a store is not compiled, and not dumped
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {FLAGS} --xla_dump_to={DUMP}"

import click  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import pandas as pd  # noqa: E402
from jax.experimental import topologies  # noqa: E402
from jax.sharding import SingleDeviceSharding  # noqa: E402

from tailrisk.record.publishing import markdown, publish  # noqa: E402
from tailrisk.simulate import blocks  # noqa: E402

from .cards import CARDS, Card  # noqa: E402
from .compare import worse  # noqa: E402
from .hlo import cost  # noqa: E402
from .programs import MEASURED, PROGRAMS, Main  # noqa: E402
from .rows import ISSUED, LASTING, MOST, NEARER, roomy, written  # noqa: E402
from .rows import compiled as one_kernel  # noqa: E402
from .tools import assembled, ptxas  # noqa: E402

TABLES = {"table": tuple(PROGRAMS), "kernels": MEASURED}
"""What is published, and the programs that may stand in it."""
RATES = ("by_memory", "by_shared", "by_instructions", "path_days_per_second")


@click.command()
@click.option("--cards", default=",".join(CARDS), show_default=True)
@click.option("--programs", help="Of XLA; all of them unless said, or those published.")
@click.option("--kernels", help="As one kernel of rows; likewise.")
@click.option("--width", default=blocks.WIDE * blocks.BLOCK, show_default=True, help="Paths at once.")
@click.option("--compare", type=click.Path(path_type=Path), help="Write nothing; fail where this was better.")
@click.option(
    "-o", "--output", default="results/gpu_compiled", show_default=True, type=click.Path(path_type=Path)
)
def main(
    cards: str, programs: str | None, kernels: str | None, width: int, compare: Path | None, output: Path
) -> None:
    """Compile every program for every card; write the tables, or compare them with those of a folder."""
    published = {name: _table(compare, name) for name in TABLES} if compare else {}
    wanted = {
        name: _wanted(asked, published.get(name), every)
        for (name, every), asked in zip(TABLES.items(), (programs, kernels), strict=True)
    }
    asked = [CARDS[_known(name, CARDS)] for name in cards.split(",")]
    _tools(bool(wanted["table"]))
    *both, rooms = made(asked, *wanted.values(), width)
    tables = dict(zip(TABLES, both, strict=True))
    shutil.rmtree(DUMP)
    if compare:
        compared(published, tables)
        return
    if tables["table"].empty:
        tables["table"] = pd.read_csv(output / "table.csv")
    said = [
        f"--{option} '{','.join(names)}'"
        for option, names in zip(("programs", "kernels"), wanted.values(), strict=True)
    ]
    tables |= {} if rooms.empty else {"rooms": rooms}
    words = page(width, **tables)
    command = f"python -m experiments.gpu --cards {cards} {' '.join(said)} --width {width}"
    publish(output, "gpu_compiled", tables, words, {"command": command})
    click.echo(words)


def made(cards: list[Card], programs: list[str], kernels: list[str], width: int) -> tuple[pd.DataFrame, ...]:
    """All tables: programs by XLA, as one kernel, and what a thread's room comes to with a crowd."""
    rows, single, rooms = [], [], []
    worlds = {name: PROGRAMS[name].world() for name in kernels}
    for card in cards:
        for name in programs:
            rows.append({"card": card.name, "program": name, **compiled(card, PROGRAMS[name], width)})
            click.echo(rows[-1], err=True)
        for name, world in worlds.items():
            text = written(PROGRAMS[name], world, card)
            single.append({"card": card.name, "program": name, **one_kernel(card, text)})
            rooms += roomy(card, text) if name == "crowd" else []
            click.echo(single[-1], err=True)
    return pd.DataFrame(rows), pd.DataFrame(single), pd.DataFrame(rooms)


def compared(published: dict[str, pd.DataFrame], tables: dict[str, pd.DataFrame]) -> None:
    """Say how tables made anew compare with published ones. Exits with 1 where one is worse."""
    lines = [f"{name}.csv: {line}" for name in tables for line in worse(published[name], tables[name])]
    count = sum(map(len, tables.values()))
    click.echo("\n".join([*lines, f"{count} rows compared, {len(lines)} figures worse than published"]))
    if lines or not count:
        raise SystemExit(1)


def _tools(plugin: bool) -> None:
    """Raises ClickException where ptxas, or XLA's plugin if that is needed, is not here."""
    ptxas()
    if plugin and not any(find_spec(f"jax_cuda{version}_plugin") for version in (12, 13)):
        raise click.ClickException("no XLA for a card: install jax-cuda12-plugin and jax-cuda12-pjrt")


def _table(folder: Path, name: str) -> pd.DataFrame:
    file = folder / f"{name}.csv"
    if not file.is_file():
        raise click.ClickException(f"{file} is not there: nothing to compare with")
    return pd.read_csv(file)


def _wanted(asked: str | None, published: pd.DataFrame | None, every: tuple[str, ...]) -> list[str]:
    """Names of programs: those asked for, else those published, else all."""
    if asked is None:
        names = list(every if published is None else dict.fromkeys(published["program"]))
    else:
        names = list(filter(None, asked.split(",")))
    return [_known(name, PROGRAMS) for name in names]


def _known(name: str, names: Collection[str]) -> str:
    if name not in names:
        raise click.ClickException(f"{name!r} is none of {', '.join(names)}")
    return name


def compiled(card: Card, main: Main, width: int) -> dict[str, Any]:
    """One program for one card: launches, bytes, registers, spills, temporaries, seconds to compile."""
    topology = topologies.get_topology_desc(
        platform="cuda", topology_name="", target_config=card.target(), topology="1x1x1"
    )
    place = SingleDeviceSharding(topology.devices[0])
    world = main.world()

    def shape(x: Any) -> jax.ShapeDtypeStruct:
        x = jnp.asarray(x)
        return jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=place, weak_type=x.weak_type)

    _emptied()
    started = time.process_time()
    with mock.patch.object(jax, "default_backend", return_value="gpu"):  # as an accelerator runs it
        given = jax.tree.map(shape, (world, jnp.uint32(0), main.law(world)))
        traced = blocks._block.trace(main.program, *given, chunk=width, calls=1)
        made = traced.lower(lowering_platforms=("cuda",)).compile()
    seconds = time.process_time() - started
    found, sizes, days = cost(made.as_text()), made.memory_analysis(), world.days
    registers, spills = hungriest(card)
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


def hungriest(card: Card) -> tuple[int, int]:
    """(most registers of a kernel, bytes of spill stores of all) as ptxas says of what was dumped."""
    kernels = [assembled(source, card.architecture) for source in sorted(DUMP.glob("*_block*.ptx"))]
    if not kernels:
        raise click.ClickException("XLA dumped no PTX: nothing is known of registers and spills")
    return max(it.registers for it in kernels), sum(it.spills for it in kernels)


def page(width: int, table: pd.DataFrame, kernels: pd.DataFrame, rooms: pd.DataFrame | None = None) -> str:
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
        "One launch a call, a thread a path, by NVRTC (core.rows; nothing here launches it), for worlds with "
        "this one's zeros and ones. What registers cannot hold is set aside by the text itself: in shared "
        "memory, what is left in a thread's own (the card's, through L2). `own_moved` and `shared_moved` are "
        "bytes to and from them; `spill_bytes` is what the compiler adds of its own. Threads are those a "
        "multiprocessor holds by registers and shared memory. `bytes` go to the card's memory: outputs, and "
        f"`own_moved` where the threads in flight need more than {LASTING:g} of L2 for it.",
        "",
        "Path-days a second by memory (or L2, taken for "
        f"{NEARER:g} times as fast), by shared memory at 128 bytes a clock and multiprocessor, by "
        "instructions counted row by row. `path_days_per_second` is the least of them, of the last the share "
        f"that so few threads can issue: {ISSUED:g} a clock for each warp of a scheduler, {MOST:g} at most. "
        "The room of a thread is the one of six for which that is best.",
        "",
        markdown(kernels.assign(**{name: kernels[name].map("{:.1e}".format) for name in RATES})),
        "",
        *([] if rooms is None else _rooms(rooms)),
        "Made by `python -m experiments.gpu`; see record.json.",
        "",
    ]
    return "\n".join(lines)


def _rooms(rooms: pd.DataFrame) -> list[str]:
    return [
        "With a crowd, the rooms to choose from, by plan and not compiled: few threads with all they need in "
        "shared memory and L2 move no more than their outputs, and issue too little; more threads use the "
        "card's memory.",
        "",
        markdown(rooms.assign(path_days_per_second=rooms.path_days_per_second.map("{:.1e}".format))),
        "",
    ]


def _emptied() -> None:
    shutil.rmtree(DUMP)
    DUMP.mkdir()


if __name__ == "__main__":
    main()
