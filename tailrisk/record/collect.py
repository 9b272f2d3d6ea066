"""What is kept of a run: every loss, the counts of z, the first paths' course."""

import time
from dataclasses import dataclass, field

import jax
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..assemble import detector
from ..config import Config
from ..core import Fault
from ..core.names import MEASURES, VIEWS
from ..market import spread
from ..simulate import crowd_day
from ..simulate.blocks import blocks, courses
from ..simulate.path import Outcome
from ..simulate.world import World

Z_EDGES = np.linspace(-20, 20, 401)
"""Bins of z; the outermost hold everything beyond."""


@dataclass
class Sample:
    """Losses and events of every path, on the host."""

    loss: NDArray[np.float32]  # [view, measure, product, path]
    event_days: NDArray[np.int32]  # [event, path]  days on which the event happened
    breached: NDArray[np.bool_]  # [product, path]
    shortfall: NDArray[np.float32]  # [product, path]
    z_counts: NDArray[np.int64]  # [detector, bin]  over all days of all paths
    price: NDArray[np.float32]  # [day, bucket, path]  log price of the first paths
    regime: NDArray[np.int32]  # [day, path]  of the first paths
    detectors: tuple[spread.Params, ...]
    crowd: crowd_day.Outcome | None = None  # of every path
    faults: int = 0  # paths with a loss or a z that is not finite
    unbalanced: int = 0  # further paths whose ledger does not close
    seconds: float = field(default=0.0)


def sample(config: Config, world: World, *, progress: bool) -> Sample:
    """Simulate every path of `config`.

    Raises Fault when a loss or a z is not a finite number, or the crowd's ledger does not close: such a run
    has no tail to report.
    """
    started, paths = time.perf_counter(), config.run.paths
    kept = _empty(config, world)
    with tqdm(total=paths, unit=" paths", unit_scale=True, delay=2, disable=not progress) as bar:
        for first, outcome in blocks(world, paths, chunk=config.run.chunk):
            _keep(kept, config, first, outcome)
            bar.update(outcome.fault.shape[0])
    _refuse(kept, paths)
    course = courses(world, paths)
    kept.price, kept.regime = np.asarray(course.price), np.asarray(course.regime)
    kept.seconds = time.perf_counter() - started
    return kept


def _empty(config: Config, world: World) -> Sample:
    paths, products, events = config.run.paths, len(config.products), len(config.event)
    return Sample(
        loss=np.empty((len(VIEWS), len(MEASURES), products, paths), np.float32),
        event_days=np.empty((events, paths), np.int32),
        breached=np.empty((products, paths), bool),
        shortfall=np.empty((products, paths), np.float32),
        z_counts=np.zeros((len(world.detectors), len(Z_EDGES) - 1), np.int64),
        price=np.empty((0, 0, 0), np.float32),
        regime=np.empty((0, 0), np.int32),
        detectors=world.detectors,
    )


def _keep(kept: Sample, config: Config, first: int, outcome: Outcome) -> None:
    arrays = jax.tree.map(np.asarray, outcome)
    part = slice(first, first + arrays.fault.shape[0])
    kept.loss[..., part] = arrays.loss
    kept.breached[:, part] = arrays.breached
    kept.shortfall[:, part] = arrays.shortfall
    _check(kept, arrays)
    if arrays.crowd is not None:
        kept.crowd = _joined(kept.crowd, arrays.crowd, config.run.paths, part)
    for i, event in enumerate(config.event):
        z = arrays.z[kept.detectors.index(detector(event))]
        kept.event_days[i, part] = (
            z <= event.threshold if event.threshold < 0 else z >= event.threshold
        ).sum(axis=0)
    for k, z in enumerate(arrays.z):
        kept.z_counts[k] += tally(z, Z_EDGES)


def _check(kept: Sample, arrays: Outcome) -> None:
    """Count the faults; a path whose figures are finite and whose ledger is not closed is unbalanced."""
    fault = np.asarray(arrays.fault)
    open_ledger = np.zeros_like(fault)
    if arrays.crowd is not None:
        open_ledger = (
            fault & np.isfinite(arrays.crowd.residual) & np.isfinite(arrays.loss).all(axis=(0, 1, 2))
        )
        open_ledger &= ~np.asarray(crowd_day.closes(arrays.crowd))
    kept.unbalanced += int(open_ledger.sum())
    kept.faults += int((fault & ~open_ledger).sum())


def _refuse(kept: Sample, paths: int) -> None:
    if kept.faults:
        raise Fault(f"{kept.faults:,} of {paths:,} paths have a loss or a z that is not a finite number")
    if kept.unbalanced and kept.crowd is not None:
        worst = float(kept.crowd.residual.max())
        raise Fault(
            f"the crowd's ledger does not close on {kept.unbalanced:,} of {paths:,} paths: books and ledger "
            f"differ by up to {worst:.2g} of the stock first held, which is more than rounding"
        )


def _joined(
    kept: crowd_day.Outcome | None, block: crowd_day.Outcome, paths: int, part: slice
) -> crowd_day.Outcome:
    """The crowd's outcome of all paths with that of a block in its place."""
    if kept is None:
        kept = jax.tree.map(lambda x: np.empty((*x.shape[:-1], paths), x.dtype), block)
    jax.tree.map(lambda whole, x: whole.__setitem__((..., part), x), kept, block)
    return kept


def tally(values: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many values fall into each of evenly spaced bins, the outermost taking what lies beyond."""
    bins = len(edges) - 1
    place = (values.ravel() - edges[0]) * (bins / (edges[-1] - edges[0]))
    place = np.clip(np.nan_to_num(place, nan=0.0), 0, bins - 1).astype(np.int64)
    return np.bincount(place, minlength=bins)
