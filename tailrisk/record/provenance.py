"""Where a result came from: commit, versions, machine."""

import hashlib
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from .. import __version__
from ..config.schema import Config, canonical
from ..core import random
from ..core.processes import ALONE, Group
from ..simulate.blocks import devices_used

PROMISES = (
    "Same lock, backend, kind of device and flags: identical bits, for any chunk, thread, device or process "
    "count.",
    "Other hardware: the same random bits, expected shortfall within 1e-6 relative.",
    "Other library versions: another rng_version where the bits differ, agreement within 5 standard errors.",
)


def study(name: str, question: str, command: str, config: Config, source: str) -> dict[str, Any]:
    """What the record of a study of a config begins with: what was asked, when, and of which paths."""
    return {
        "name": name,
        "question": question,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "config": Path(source).name,
        "config_sha256": config.digest(),
        "seed": config.run.seed,
        "paths": config.run.paths,
        "days": config.run.days,
    }


def stamp() -> dict[str, Any]:
    """What every record of a result ends with: commit, versions, machine, and what may be expected again."""
    head, dirty = commit()
    return {"commit": head, "dirty": dirty, "versions": versions(), **machine(), **sameness()}


def commit() -> tuple[str | None, bool | None]:
    """(commit of the code, whether files differ from it); (None, None) outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None, None
    head = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results")
    return head, None if changed is None else bool(changed)


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    names = ("jax", "jaxlib", "numpy", "scipy")
    return {
        "tailrisk": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }


def machine() -> dict[str, Any]:
    """The device that computed, of how many there are (the others are idle), and its system."""
    used = next(iter(jax.numpy.zeros(()).devices()))
    there = len(jax.devices())
    return {
        "device": f"1{f' of {there}' if there > 1 else ''} x {used.device_kind}",
        "platform": f"{used.platform}, {platform.system()} {platform.machine()}",
    }


def devices(paths: int, group: Group = ALONE) -> str:
    """The devices that so many paths were spread over, of how many there are in all processes of a group."""
    used, there = devices_used(paths, group), group.count * len(jax.local_devices())
    return f"{used}{f' of {there}' if there > used else ''} x {jax.local_devices()[0].device_kind}"


def engine() -> dict[str, Any]:
    """The versions that decide a result beside its config and data."""
    return {"tailrisk": __version__, "rng_version": random.VERSION}


def alike(config: Config) -> bytes:
    """A digest of all that processes which divide a run must have in common for its bits."""
    kind = machine()
    said = {"config": config.digest(), **versions(), **engine(), "platform": kind["platform"]}
    text = canonical({**said, "kind": kind["device"].rpartition(" x ")[2]})
    return hashlib.sha256(text.encode()).digest()


def sameness() -> dict[str, Any]:
    """The generator's version and what may be expected to be the same."""
    return {"rng_version": random.VERSION, "promises": list(PROMISES)}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
