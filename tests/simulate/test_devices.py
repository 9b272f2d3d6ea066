"""Several devices: the same bits for 1, 2 and 4 of them, of plain and weighted paths, and who took part."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import hashlib, jax, numpy as np
from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.record import provenance
from tailrisk.simulate import blocks

config = load("smoke.toml", ["run.paths=30000", "run.days=3", "event=[]"])
world = assemble(config, None)
paths, seen = config.run.paths, set()
turn = blocks._turn
blocks._turn = lambda number: seen.add(turn(number)) or turn(number)

def digest(parts):
    whole = hashlib.sha256()
    for first, outcome in sorted(parts, key=lambda part: part[0]):
        for leaf in jax.tree.leaves(outcome):
            whole.update(np.ascontiguousarray(leaf).tobytes())
    return whole.hexdigest()

blocks.WIDE = 1
print(digest(blocks.blocks(world, paths, chunk=4096)), digest(blocks._wide(blocks.plain, world, paths)))
print(len(seen), provenance.devices(paths))
"""


def asked(devices: int) -> tuple[str, str]:
    """(digests of all outcomes, devices that took part) in a process with so many CPU devices."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    bits, used = done.stdout.splitlines()
    return bits, used


@pytest.fixture(scope="module")
def alone() -> tuple[str, str]:
    return asked(1)


@pytest.mark.parametrize("devices", [2, 4])
def test_any_number_of_devices_gives_the_same_bits(alone: tuple[str, str], devices: int) -> None:
    bits, used = asked(devices)
    assert bits == alone[0]
    assert alone[1] == "1 1 x cpu"
    assert used == f"{devices} {devices} x cpu"
