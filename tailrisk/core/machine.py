"""The machine a run is on, and how much of it this process may use."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

UNLIMITED = 2**60
"""Bytes; a limit above is how a system says that there is none."""


def cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> float | None:
    """Bytes this process may use, the least of machine, control groups and ulimit; None where unknown."""
    known = [*_physical(), *groups(), *_ulimits()]
    return min(known, default=None)


def groups(root: Path = Path("/")) -> Iterator[float]:
    """Limits of the control groups this process is in and of those around them, of version 1 and 2, bytes."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers == "":
                yield from _above(root / "sys/fs/cgroup", name, "memory.max")
            elif "memory" in controllers.split(","):
                yield from _above(root / "sys/fs/cgroup/memory", name, "memory.limit_in_bytes")


def _above(mount: Path, name: str, file: str) -> Iterator[float]:
    here = PurePosixPath(name)
    for group in (here, *here.parents):
        with suppress(OSError, ValueError):  # "max" is no number; a group of the host is not seen inside
            limit = float((mount / str(group).lstrip("/") / file).read_text())
            if limit < UNLIMITED:
                yield limit


def _physical() -> Iterator[float]:
    with suppress(AttributeError, OSError, ValueError):
        yield float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")


def _ulimits() -> Iterator[float]:
    with suppress(ImportError):
        import resource

        for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            soft = resource.getrlimit(kind)[0]
            if soft != resource.RLIM_INFINITY and soft < UNLIMITED:
                yield float(soft)
