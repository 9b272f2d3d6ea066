"""Cells run by the workers of a Dask cluster: local processes, or a scheduler's on other machines.

A task is one cell. Workers write their cells into the sweep's folder, which all of them must see; what is
complete is judged from that folder, never from what the scheduler says.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core import Fault, InputError
from .cells import failure, is_done, missing
from .config import Cell, Sweep, key_of

RETRIES = 2
"""Of a task that came back with an error of the cluster."""
DEATHS = 5
"""Workers that may die over one cell before it is recorded as failed."""
PATIENCE = "60s"
LOST = "the same command goes on with those that are not there"


@dataclass(frozen=True)
class Where:
    """The cluster: `jobs` processes here, or the scheduler at an address or named in a file."""

    jobs: int = 1
    scheduler: str | None = None
    file: Path | None = None

    @property
    def here(self) -> bool:
        """Whether cells run in this very process."""
        return self.jobs == 1 and self.scheduler is None and self.file is None

    def words(self) -> str:
        """For the record: no address of a machine."""
        if self.scheduler is not None or self.file is not None:
            return "a Dask scheduler's workers"
        return f"{self.jobs} process{'es' if self.jobs > 1 else ''}"


def checked(where: Where) -> Where:
    """The same. Raises InputError where two are asked for, a file is not there, or Dask is not installed."""
    if where.here:
        return where
    if (where.jobs > 1) + (where.scheduler is not None) + (where.file is not None) > 1:
        raise InputError("--jobs, --scheduler, --scheduler-file", "more than one of them", "one")
    if where.file is not None and not where.file.is_file():
        raise InputError("--scheduler-file", f"{where.file}: no such file", "a file `dask scheduler` wrote")
    try:
        import distributed  # noqa: F401
    except ImportError:
        hint = 'pip install "crowdtail[cluster]"'
        raise InputError("--jobs", "distributed (Dask) is not installed", "one job", hint) from None
    return where


def run_cells(
    plan: Sweep,
    place: Path,
    cells: Sequence[Cell],
    where: Where,
    *,
    command: Callable[[Cell], str],
    tell: Callable[[str], None],
    pages: bool = True,
) -> dict[str, str]:
    """Run cells on a cluster, each by its config's overrides; return what failed, by cell, and with what.

    Raises Fault when the cluster is lost with cells to go.
    """
    from distributed import as_completed

    errors: dict[str, str] = {}
    with _client(where) as client:
        tasks = [{**_task(plan, place, cell, where, command(cell)), "pages": pages} for cell in cells]
        futures = client.map(work, tasks, retries=RETRIES, pure=False, key=[c.name for c in cells])
        names = {future.key: cell.name for future, cell in zip(futures, cells, strict=True)}
        for count, future in enumerate(as_completed(futures), 1):
            error = _error(future)
            if error:
                errors[names[future.key]] = error
            tell(f"{count}/{len(cells)} {names[future.key]}{': failed' if error else ''}")
    left = [cell.name for cell in missing(place, tuple(cells)) if cell.name not in errors]
    if left:
        raise Fault(f"the cluster was lost with {len(left)} of {len(cells)} cells to go: {LOST}")
    return errors


def _error(future: Any) -> str | None:
    """What a task failed with; None where it came back, or where the cluster lost it."""
    from distributed import CancelledError, KilledWorker

    try:
        found: str | None = future.result()
    except KilledWorker:
        return f"KilledWorker: {DEATHS + 1} workers died over it"
    except (CancelledError, TimeoutError, OSError):
        return None
    except Exception as error:
        return failure(error)
    return found


def _task(plan: Sweep, place: Path, cell: Cell, where: Where, command: str) -> dict[str, Any]:
    source = os.path.abspath(plan.source) if os.path.exists(plan.source) else plan.source
    return {
        "source": source,
        "overrides": list(cell.overrides),
        "key": cell.key,
        "place": str(place),
        "command": command,
        "jobs": where.jobs if where.jobs > 1 else 0,
    }


def work(task: dict[str, Any]) -> str | None:
    """Run one cell, write it, return what it failed with; errors of the disk are raised and tried again."""
    _take_cores(task["jobs"])
    try:
        return _written(task)
    except OSError:
        raise
    except Exception as error:
        return failure(error)


def _written(task: dict[str, Any]) -> str | None:
    import jax

    from ...config.load import load
    from ...record.run import run
    from ...report.page import write

    config = load(task["source"], task["overrides"])
    if key_of(config) != task["key"]:
        problem = "is another config here than where the sweep was asked for"
        raise InputError(task["source"], problem, "the same files and the same tailrisk on every machine")
    jax.config.update("jax_enable_x64", config.run.precision == "float64")
    if is_done(Path(task["place"]) / config.name, Cell(config.name, (), (), config)):
        return None  # by a worker that was lost before it could say so
    finish = write if task["pages"] else None
    run(config, Path(task["place"]), force=True, command=task["command"], progress=False, finish=finish)
    return None


def _take_cores(jobs: int) -> None:
    """Let a local worker use its own part of the cores, so that workers do not press on each other."""
    from distributed import get_worker

    if jobs < 2 or not hasattr(os, "sched_setaffinity"):
        return
    try:
        number = int(get_worker().name)
    except (ValueError, TypeError):
        return
    every = _every_core()
    mine = [core for k, core in enumerate(every) if k % jobs == number % jobs]
    os.sched_setaffinity(0, mine or [every[number % len(every)]])


_cores: list[int] = []


def _every_core() -> list[int]:
    """The cores of this process before it took its own."""
    if not _cores:
        _cores.extend(sorted(os.sched_getaffinity(0)))
    return _cores


@contextmanager
def _client(where: Where) -> Iterator[Any]:
    """A client of the cluster. Raises InputError where its scheduler does not answer."""
    import dask
    from distributed import Client

    with dask.config.set({"distributed.scheduler.allowed-failures": DEATHS}):
        if where.scheduler is None and where.file is None:
            with _local(where.jobs) as cluster, Client(cluster) as client:
                yield client
            return
        try:
            file = None if where.file is None else str(where.file)
            client = Client(where.scheduler, scheduler_file=file, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            place = "--scheduler" if where.file is None else "--scheduler-file"
            raise InputError(place, f"no scheduler answers: {' '.join(str(error).split())}") from None
        with client:
            yield client


def _local(jobs: int) -> Any:
    """Processes here. Raises Fault where one of them dies before it has started."""
    from distributed import LocalCluster

    try:
        return LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
    except RuntimeError as error:
        words = " ".join(str(error).split())
        raise Fault(f"the {jobs} processes did not start ({words}): {LOST}") from None
