"""Several processes that compute one result: who this one is, what it sends, whether all are alike.

They find each other by `jax.distributed`; bytes go by JAX's collectives (gloo between CPUs). A path knows
only its number and sums are exact, so the number of processes decides the speed and never a digit.
"""

import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import Fault, InputError

if TYPE_CHECKING:  # a command's help does not wait for NumPy
    import numpy as np
    from numpy.typing import NDArray

LOST = "another process of this run was lost: the same command on every machine starts it again"
PIECE = 2**24
"""Bytes of one exchange at most, of each process."""
LEAST = 2**12
"""Bytes of one exchange at least: sizes are powers of two, so that few programs are compiled."""
RETRY = 0.2
"""Seconds between two looks for the first process."""
AUTOMATIC = "auto"
"""In place of an address: what Slurm, Open MPI or Kubernetes say."""


@dataclass(frozen=True)
class Group:
    """The processes of a run, and which of them this one is; the first writes the result."""

    number: int = 0
    count: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process writes the result."""
        return self.number == 0

    def dealt(self, items: range) -> range:
        """Every `count`-th of them, from the `number`-th on."""
        return items[self.number :: self.count]


ALONE = Group()


def join(place: str, group: Group, *, wait: float) -> Group:
    """Meet the other processes at `place`, the host and port of the first; wait so many seconds for them.

    With AUTOMATIC the group is what the cluster's environment says. JAX must not have begun. Raises
    InputError where the port is taken, nothing answers there, or no cluster is found.
    """
    import jax

    if place == AUTOMATIC:
        return _automatic(wait)
    host, port = address(place)
    if group.writes:
        _free(place, port)
    else:
        _answers(place, host, port, wait)
    local = host in ("127.0.0.1", "localhost")
    jax.distributed.initialize(
        place,
        group.count,
        group.number,
        initialization_timeout=max(1, round(wait)),
        coordinator_bind_address=f"127.0.0.1:{port}" if local and group.writes else None,
        cluster_detection_method="deactivate",
    )
    return group


def leave() -> None:
    """Part from the other processes, once nothing is left to send."""
    import jax

    jax.distributed.shutdown()


def address(place: str) -> tuple[str, int]:
    """Host and port. Raises InputError where `place` is not HOST:PORT."""
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError("--coordinator", repr(place), f"HOST:PORT of the first process, or {AUTOMATIC}")
    return host.strip("[]"), int(port)


def _automatic(wait: float) -> Group:
    import jax

    try:
        jax.distributed.initialize(initialization_timeout=max(1, round(wait)))
    except (ValueError, KeyError) as error:
        problem = f"{AUTOMATIC}: no cluster is found ({' '.join(str(error).split())[:100]})"
        allowed = "a job of Slurm, Open MPI or Kubernetes; or HOST:PORT, --process and --processes"
        raise InputError("--coordinator", problem, allowed) from None
    return Group(jax.process_index(), jax.process_count())


def _free(place: str, port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("", port))
        except OSError:
            raise InputError("--coordinator", f"{place}: the port is taken", "a free port") from None


def _answers(place: str, host: str, port: int, wait: float) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            socket.create_connection((host, port), timeout=max(wait, RETRY)).close()
            return
        except OSError as error:
            if time.monotonic() > until:
                problem = f"{place}: nothing answers within {wait:g} s ({error.strerror or error})"
                raise InputError(
                    "--coordinator", problem, "where --process 0 runs, reached from here"
                ) from None
        time.sleep(RETRY)


def alike(digest: bytes, group: Group) -> None:
    """Check that every process would compute the same. Raises InputError where one has another digest."""
    (found,) = gathered([digest], group)
    other = [str(number) for number, theirs in enumerate(found) if theirs != found[0]]
    if other:
        problem = f"process {', '.join(other)} has another config, data, version or device than process 0"
        raise InputError("--processes", problem, "the same files and the same installation everywhere")


def gathered(parts: Sequence[bytes], group: Group) -> Iterator[list[bytes]]:
    """Of each part in turn what every process has of it, in the order of processes.

    All processes give as many parts. Raises Fault where one of them was lost.
    """
    if group.count == 1:
        yield from ([part] for part in parts)
        return
    import numpy as np

    sizes = np.array([len(part) for part in parts], np.int64)
    table = np.stack([each.view(np.int64) for each in _exchanged(sizes.view(np.uint8))])
    for k, part in enumerate(parts):
        found = [bytearray() for _ in range(group.count)]
        for start in range(0, int(table[:, k].max()), PIECE):
            widest = min(PIECE, int(table[:, k].max()) - start)
            mine = np.zeros(max(LEAST, 1 << (widest - 1).bit_length()), np.uint8)
            piece = np.frombuffer(part, np.uint8)[start : start + PIECE]
            mine[: len(piece)] = piece
            for whole, theirs in zip(found, _exchanged(mine), strict=True):
                whole += theirs[:widest].tobytes()
        yield [bytes(whole[: table[number, k]]) for number, whole in enumerate(found)]


def _exchanged(mine: "NDArray[np.uint8]") -> "NDArray[Any]":
    """What every process has [process, byte]."""
    import jax
    import numpy as np
    from jax.experimental.multihost_utils import process_allgather

    try:
        return np.ascontiguousarray(process_allgather(mine))
    except (ValueError, jax.errors.JaxRuntimeError) as error:
        raise Fault(LOST) from error
