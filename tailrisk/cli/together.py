"""A command in several processes: options, and a parent that looks after those it starts here.

JAX ends a process from within (SIGABRT) where another one is lost. So the work is done in a child, and the
parent says in a line what happened; a child whose parent is gone ends too. Windows has no such children.
"""

import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any

import click

from ..core.errors import InputError
from ..core.processes import ALONE, AUTOMATIC, LOST, Group, address, join
from .ending import ended
from .options import say

PROCESSES = click.option(
    "--processes",
    type=click.IntRange(1, 4096),
    help="Processes that divide the paths; without --coordinator all on this machine.",
)
COORDINATOR = click.option(
    "--coordinator",
    metavar="HOST:PORT",
    help=f"Where process 0 is met; {AUTOMATIC} in a job of Slurm or MPI.",
)
PROCESS = click.option("--process", type=click.IntRange(0), help="Number of this process, from 0.")
WAIT = click.option(
    "--wait",
    default=60.0,
    show_default=True,
    type=click.FloatRange(1),
    help="Seconds to wait for the others.",
)
GRACE = 5.0
"""Seconds the other processes of this machine have to end by themselves once one has failed."""
LOOK = 0.05
JOINED = b"j"


@dataclass(frozen=True)
class Asked:
    """The processes of a command: those started here, of how many, and where they meet."""

    groups: tuple[Group, ...]
    place: str
    wait: float

    @property
    def several(self) -> bool:
        """Whether there is more than one process, or may be."""
        return self.place == AUTOMATIC or self.groups[0].count > 1


def asked(processes: int | None, coordinator: str | None, process: int | None, wait: float) -> Asked:
    """What the options ask for. Raises InputError where they do not fit together, or there are no forks."""
    if coordinator is None and process is not None:
        raise InputError("--process", "without --coordinator", "HOST:PORT of process 0, the same for all")
    if coordinator is None and (processes or 1) == 1:
        return Asked((ALONE,), "", wait)
    if not hasattr(os, "fork"):
        raise InputError("--processes", "this system cannot divide a run", "Linux or macOS")
    if coordinator == AUTOMATIC:
        return Asked((ALONE,), AUTOMATIC, wait)
    if coordinator is None:
        assert processes is not None
        return Asked(tuple(Group(k, processes) for k in range(processes)), f"127.0.0.1:{_port()}", wait)
    address(coordinator)
    if processes is None or process is None or process >= processes:
        problem = f"process {process} of {processes}"
        raise InputError("--process", problem, "with --coordinator: --processes N and --process 0 to N - 1")
    return Asked((Group(process, processes),), coordinator, wait)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Child:
    """A process started here."""

    group: Group
    pid: int
    status: int  # the end of a pipe: a byte once it has met the others
    log: IO[Any]  # what JAX's runtime printed
    code: int | None = None  # negative: the signal that ended it
    joined: bool = field(default=False)


def divided(wanted: Asked, work: Callable[[Group], object]) -> int:
    """Do the work in a process for each group started here; return the exit code once all have ended."""
    life, alive = os.pipe()
    children: list[Child] = []
    for group in wanted.groups:
        children.append(_started(wanted, group, work, life, alive))
    os.close(life)
    try:
        _wait(children)
    finally:
        os.close(alive)
        for child in children:
            if child.code is None:
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)
    return _judged(children, wanted)


def _started(wanted: Asked, group: Group, work: Callable[[Group], object], life: int, alive: int) -> Child:
    sys.stdout.flush()
    sys.stderr.flush()
    log = TemporaryFile()  # noqa: SIM115
    status, told = os.pipe()
    pid = os.fork()
    if pid:
        os.close(told)
        os.set_blocking(status, False)
        return Child(group, pid, status, log)
    os.close(alive)
    threading.Thread(target=_with_parent, args=(life,), daemon=True).start()
    _own_output(log)
    code = 1
    try:
        code = ended(lambda: work(_joined(wanted, group, told)))
    except BaseException:  # a fault of ours: it must not go on in the parent's place
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    if code:
        os._exit(code)  # the others may be gone: nothing of JAX is waited for
    sys.exit(0)


def _joined(wanted: Asked, group: Group, told: int) -> Group:
    if len(wanted.groups) > 1 and hasattr(os, "sched_setaffinity"):
        every = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, every[group.number :: group.count] or [every[group.number % len(every)]])
    found = join(wanted.place, group, wait=wanted.wait)
    os.write(told, JOINED)
    return found


def _with_parent(life: int) -> None:
    """End this process when its parent does: the pipe is at its end then."""
    os.read(life, 1)
    os._exit(1)


def _own_output(log: IO[Any]) -> None:
    """Python's output where it went before, what JAX's runtime prints by itself in `log`."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        own = os.fdopen(os.dup(number), "w", encoding=stream.encoding, errors=stream.errors, buffering=1)
        setattr(sys, name, own)
        os.dup2(log.fileno(), number)


def _wait(children: list[Child]) -> None:
    """Until all have ended, or GRACE after one has failed."""
    until = float("inf")
    while any(child.code is None for child in children) and time.monotonic() < until:
        for child in children:
            with suppress(OSError):
                child.joined = child.joined or os.read(child.status, 1) == JOINED
            if child.code is None:
                pid, status = os.waitpid(child.pid, os.WNOHANG)
                child.code = os.waitstatus_to_exitcode(status) if pid else None
                if child.code:
                    until = min(until, time.monotonic() + GRACE)
        time.sleep(LOOK)


def _judged(children: list[Child], wanted: Asked) -> int:
    """The exit code of all; a process ended by a signal has said nothing, so it is said here."""
    codes = [child.code for child in children if child.code]
    own = [code for code in codes if code > 0]
    for child in children:
        if child.code in (-signal.SIGABRT, -signal.SIGKILL) and not own:
            say(f"tailrisk: nothing was published: {_words(child, wanted)}", err=True)
            break
    return own[0] if own else 1 if codes else 0


def _words(child: Child, wanted: Asked) -> str:
    if child.code == -signal.SIGKILL:
        return f"process {child.group.number} was killed (SIGKILL): by someone, or for want of memory"
    if not child.joined:
        return f"not all processes were there within {wanted.wait:g} s: start each, or give a longer --wait"
    return LOST
