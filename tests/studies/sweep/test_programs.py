"""Cells of a sweep that differ in numbers alone run one compiled program."""

import jax
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import InputError
from tailrisk.studies.sweep import run as sweeps
from tailrisk.studies.sweep.config import expand

SHAPES = {"run.days", "crowd.rounds", "market.states"}
"""Numbers that decide a shape, and so a program."""
WORLDS = {
    "crowd_feb2024.toml": ("crowd.", ["event=[]"]),
    "feb2024.toml": ("", ["event=[]", "market.process=regimes"]),
}
"""Config: the beginning of the numbers that are changed, and what is set."""
COMPILED = "/jax/core/compile/backend_compile_duration"


def numbers(table, key=""):
    """Dotted names of the numbers of a config with their values."""
    for name, value in table.items():
        place = f"{key}.{name}" if key else name
        if isinstance(value, dict):
            yield from numbers(value, place)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield place, value


def other(name, sets, key, value):
    """The config with another value of a number; None where no near value is allowed (weights sum to one)."""
    near = (value * 1.01, value * 0.99, value + 0.01) if isinstance(value, float) else (value + 1, value - 1)
    for new in near:
        try:
            return load(name, [*sets, f"{key}={new!r}"])
        except InputError:
            continue
    return None


def program(config):
    """What a program is compiled for: the world's structure, constants and all, and the arrays' shapes."""
    leaves, structure = jax.tree.flatten(assemble(config, None))
    return structure, [(x.shape, x.dtype, getattr(x, "weak_type", False)) for x in leaves]


@pytest.mark.parametrize("name", WORLDS)
def test_every_number_but_those_of_shapes_is_an_argument(name):
    start, sets = WORLDS[name]
    config = load(name, sets)
    usual, moved, tried = program(config), set(), 0
    for key, value in numbers(config.model_dump(mode="json")):
        changed = other(name, sets, key, value) if key.startswith(start) and ".weights." not in key else None
        if changed is not None:
            tried += 1
            moved |= {key} if program(changed) != usual else set()
    assert tried > 15
    assert len(moved) > 0, "the test sees a program that differs"
    assert moved <= SHAPES


def test_a_sweep_compiles_once_however_many_cells_it_has(tmp_path):
    compiled, counts = [], []
    sets = ("run.paths=300", "run.days=2", "tail.levels=[0.9]", "event=[]", "products.dma.long=2.5,3.0,3.5")

    def listen(event, seconds, **more):
        compiled.extend([event] if event == COMPILED else [])

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        sweeps.sweep(
            expand("smoke.toml", sets, "numbers"), tmp_path, force=False, command=lambda cell: "test",
            progress=False, tell=lambda line: counts.append(len(compiled)),
        )  # fmt: skip
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    assert len(counts) == 3
    assert counts[1] - counts[0] > 0, "the first cell compiles"
    assert len(compiled) == counts[1], "the others do not"
