"""What is measured, each in a process of its own that prints JSON.

    python -m experiments.benchmarks.measures NAME NUMBER ...

Times are of this process: CPU seconds are those of all its threads.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmarks import peers
from tailrisk.assemble.world import assemble
from tailrisk.config import Config, load
from tailrisk.simulate import blocks, path
from tailrisk.simulate.world import World
from tailrisk.studies.speed import ways as speed

Row = dict[str, Any]
BARE = ["event=[]", "market.process=regimes"]
COMPILED = "/jax/core/compile/backend_compile_duration"


def ways(paths: int, days: int, repeat: int) -> list[Row]:
    """The same model in every way, each the best of `repeat`, their moments checked against each other."""
    world, model = speed.modelled(days)
    every = {name: run for name, run in speed.every(world, model).items() if "4,096" not in name}
    rows: list[Row] = []
    try:
        every |= peers.ways(model)
    except (ImportError, OSError) as error:
        rows.append({"way": "PyTorch", "absent": " ".join(str(error).split())[:80]})
    moments = {}
    for name, run in every.items():
        since = time.perf_counter()
        try:
            moments[name] = run(0, paths)
        except Exception as error:  # a compiler that is not there
            rows.append(
                {"way": name, "absent": f"{type(error).__name__}: {' '.join(str(error).split())[:60]}"}
            )
            continue
        first, joules = time.perf_counter() - since, energy()
        found = speed.timed(run, paths, days, repeat)
        spent = None if joules is None else (energy() or 0.0) - joules
        rows.append({"way": name, "first_call_seconds": first, "joules": spent, **found})
    speed.check(moments)
    return rows


def energy() -> float | None:
    """Joules the processor packages have taken (RAPL); None where the platform does not tell."""
    files = sorted(Path("/sys/class/powercap").glob("intel-rapl:?/energy_uj"))
    try:
        return sum(int(file.read_text()) for file in files) / 1e6 if files else None
    except OSError:
        return None


def growth(small: int) -> list[Row]:
    """Path-days a second of wall and CPU time as one thing grows at a time; the first of each where small."""
    rows: list[Row] = []
    for axis, value, config, paths in _cases():
        if small and (config.crowd is not None or any(row["axis"] == axis for row in rows)):
            continue
        world = assemble(config)
        run = partial(_all, world, paths)
        compiling = _cpu(lambda world=world: _all(world, 128 if world.crowd is not None else 1))
        rows.append(
            {
                "axis": axis,
                "value": value,
                **_timed(run, paths * config.run.days),
                "compile_cpu_seconds": compiling,
            }
        )
    return rows


def _cases() -> Iterator[tuple[str, int, Config, int]]:
    plain = partial(load, "feb2024.toml")
    for paths in (8_192, 32_768, 131_072, 524_288):
        yield "paths", paths, plain([*BARE, "run.days=20"]), paths
    for days in (5, 20, 60, 250):
        yield "days", days, plain([*BARE, f"run.days={days}"]), 65_536
    for rounds in (2, 12):
        yield (
            "rounds",
            rounds,
            load("crowd_feb2024.toml", ["event=[]", "run.days=10", f"crowd.rounds={rounds}"]),
            4096,
        )
    whole = load("crowd_feb2024.toml", ["event=[]", "run.days=10"])
    yield "cohorts", 4, _with_cohorts(whole, 4), 4096
    yield "cohorts", len(_cohorts(whole)), whole, 4096


def _cohorts(config: Config) -> dict[str, Any]:
    assert config.attached.crowd is not None
    return config.attached.crowd.participants.cohorts


def _with_cohorts(config: Config, count: int) -> Config:
    """The config with the first so many cohorts of its crowd."""
    files = config.attached.crowd
    assert files is not None
    few = dict(list(files.participants.cohorts.items())[:count])
    participants = files.participants.model_copy(update={"cohorts": few})
    changed = files._replace(participants=participants, matched={})  # which names cohorts
    return config.model_copy().attach(config.attached._replace(crowd=changed))


def _all(world: World, paths: int) -> None:
    for _ in blocks.blocks(world, paths, chunk=4096):
        pass


def _timed(run: Callable[[], Any], path_days: int, repeat: int = 2) -> Row:
    cpu, wall = [], []
    for _ in range(repeat):
        since, started = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - since)
        cpu.append(time.process_time() - started)
    return {"path_days_per_second": path_days / min(wall), "cpu_ns_path_day": 1e9 * min(cpu) / path_days}


def _cpu(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def devices(paths: int) -> list[Row]:
    """Blocks in turn over the devices of this process, and the same by `jax.shard_map`; with their bits."""
    jax.config.update("jax_use_shardy_partitioner", False)  # it cannot convert `mulhi` (JAX 0.10.2)
    config = load("feb2024.toml", [*BARE, "run.days=60"])
    world, rows, known = assemble(config), [], {}
    every: dict[str, Callable[[], Any]] = {"in turn": lambda: _in_turn(world, paths)}
    if len(jax.devices()) > 1:
        every["shard_map"] = partial(_sharded(world, len(jax.devices())), paths)
    for name, run in every.items():
        compiling = _cpu(run)
        known[name] = run()
        measured = _timed(run, paths * config.run.days)
        same = bool(np.array_equal(known[name], known["in turn"]))
        rows.append(
            {
                "devices": len(jax.devices()),
                "way": name,
                **measured,
                "first_cpu_seconds": compiling,
                "same_bits": same,
            }
        )
    return rows


def _in_turn(world: World, paths: int) -> np.ndarray:
    parts = sorted(blocks.blocks(world, paths, chunk=4096), key=lambda part: part[0])
    return np.concatenate([np.asarray(part.loss) for _, part in parts], axis=-1)


def _sharded(world: World, count: int) -> Callable[[int], np.ndarray]:
    """All losses by one program over a mesh of devices: a block of each at a time.

    Without the mark of `core.kernel`, which a mesh's program cannot bear.
    """
    mesh = jax.make_mesh((count,), ("device",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec("device")

    def block(firsts: jax.Array) -> Any:
        found = blocks.chunks(partial(blocks.plain, world, None), firsts[0], 4096, blocks.BLOCK // 4096)
        return jax.tree.map(lambda x: x[None], found)

    program = jax.jit(jax.shard_map(block, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False))

    def run(paths: int) -> np.ndarray:
        found = []
        for first in range(0, paths, count * blocks.BLOCK):
            firsts = first + blocks.BLOCK * jnp.arange(count, dtype=jnp.uint32)
            for part in jax.device_get(program(firsts)).loss:
                found.append(blocks._gather(part, blocks.BLOCK))
        return np.concatenate(found, axis=-1)[..., :paths]

    return run


def cells(count: int) -> list[Row]:
    """A sweep's cells that differ in a number: one program for all, and each compiled anew."""
    configs = [
        load("feb2024.toml", [*BARE, "run.days=20", f"products.dma.long={2 + k / 10:g}"])
        for k in range(count)
    ]
    compiled: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **more: compiled.append(event) if event == COMPILED else None
    )
    rows = []
    for name, before in (("each compiled anew", jax.clear_caches), ("one program", lambda: None)):
        jax.clear_caches()
        compiled.clear()
        started = time.process_time()
        for config in configs:
            before()
            _all(assemble(config), blocks.BLOCK)
        spent = time.process_time() - started
        rows.append({"cells": count, "way": name, "compilations": len(compiled), "cpu_seconds": spent})
    return rows


MEASURES: dict[str, Callable[..., list[Row]]] = {
    "ways": ways,
    "growth": growth,
    "devices": devices,
    "cells": cells,
}


def main() -> None:
    """Print the rows of one measure, called with the numbers that follow its name."""
    jax.config.update("jax_enable_compilation_cache", False)
    name, *numbers = sys.argv[1:]
    rows = MEASURES[name](*map(int, numbers))
    print(json.dumps({"rows": rows, "load": os.getloadavg(), "path": path.__name__}))


if __name__ == "__main__":
    main()
