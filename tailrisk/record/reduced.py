"""What a run retains of some blocks of paths: counts, sums, and the losses that may be among the worst.

What is retained is written once, in `figures`; how it is counted and summed is an arithmetic: NumPy's here,
or an accelerator's (on_device.py), with the same bits, since counts are whole numbers and a sum has one order
(tail.moments). Blocks are reduced by the thread that computed them; the thread that collects only adds up.
"""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from ..assemble.world import detector
from ..config import Config
from ..core import Fault
from ..core.names import MEASURES
from ..market import spread
from ..simulate.blocks import BLOCK
from ..simulate.crowd import day as crowd_day
from ..simulate.path import Outcome
from ..tail import TailStream, block_sums
from ..tail.stream import Part
from . import crowd, on_device
from .risks import RiskSample
from .tally import cells, tally

Array = NDArray[np.float64]

Z_EDGES = np.linspace(-20, 20, 401)
"""Bins of z; the outermost hold everything beyond."""
LOSS_EDGES = np.linspace(-1, 1, 801)
"""Bins of losses, a quarter of a percent each; the outermost hold everything beyond."""
ROUNDING = {"float32": 1e-3, "float64": 1e-9}
"""Largest difference between the change of NAV and the sum of its lines."""


class Figures(NamedTuple):
    """Of some blocks, the last of which may be cut short; NumPy arrays or a device's."""

    faults: Any  # []  paths with a loss or a z that is not finite
    unbalanced: Any  # []  further paths whose ledger does not close
    residual: Any  # []  largest of the ledger
    missed: Any  # []  largest difference between a NAV and the sum of its lines
    sums: dict[str, Any]  # of each stream of `Sample` [block, row, power]
    counts: dict[str, Any]  # of each tally of `Sample`, paths or their weights
    seen: Any  # [event]  paths with it
    asked: Any  # [column, path]  float32, the losses asked for
    numbers: Any = None  # [quantity, path]  of the crowd
    every: Any = None  # losses [view, measure, product, path] and days [event, path], where watched


class Arithmetic(Protocol):
    """How paths are counted and summed."""

    @property
    def xp(self) -> Any:
        """numpy, or jax.numpy."""

    def sums(self, values: Any) -> Any:
        """`tail.block_sums` of values [row, path], block by block [block, row, power]."""

    def tally(self, values: Any, edges: Array) -> Any:
        """`tally.tally` of values [..., path] in evenly spaced bins: [..., bin]."""

    def cells(self, places: Any, shape: tuple[int, ...]) -> Any:
        """How many paths are in each cell of a map of this shape, given places [axis][path]."""


@dataclass(frozen=True)
class Host:
    """One block in NumPy, its paths plain or weighted [path]."""

    weight: Array | None = None
    xp: Any = np

    def sums(self, values: Any) -> Any:
        """As in `Arithmetic`; values [row, path] of one block."""
        return block_sums(values, self.weight)[None]

    def tally(self, values: Any, edges: Array) -> Any:
        """As in `Arithmetic`; values [..., path]."""
        if self.weight is None or values.shape[-1] == len(self.weight):
            return tally(values, edges, self.weight)
        return tally(values, edges, np.tile(self.weight, values.shape[-1] // len(self.weight)))

    def cells(self, places: Any, shape: tuple[int, ...]) -> Any:
        """As in `Arithmetic`; places [axis][path]."""
        return cells(places, shape, self.weight)


@dataclass(frozen=True)
class Asked:
    """What a config wants of every path; the same for an accelerator's program, which is traced for it."""

    measures: tuple[int, ...]
    events: tuple[tuple[int, float], ...]  # detector and threshold
    watched: bool  # whether losses and events of every path are wanted

    @classmethod
    def of(cls, config: Config, detectors: tuple[spread.Params, ...], *, watched: bool = False) -> "Asked":
        """What `config` asks for."""
        events = [(detectors.index(detector(it, config.names)), it.threshold) for it in config.event]
        return cls(tuple(map(MEASURES.index, config.tail.losses)), tuple(events), watched)


def figures(asked: Asked, block: Outcome, by: Arithmetic) -> Figures:
    """What is retained of paths none of which is at fault, but for their numbers and weights."""
    xp = by.xp
    loss = xp.asarray(block.loss, np.float32)
    paths, terminal = loss.shape[-1], MEASURES.index("terminal")
    wanted = xp.stack([loss[:, m] for m in asked.measures], axis=1).reshape(-1, paths)
    days = [(block.z[d] <= at if at < 0 else block.z[d] >= at).sum(axis=0) for d, at in asked.events]
    days = xp.stack(days).astype(np.int64) if days else xp.zeros((0, paths), np.int64)
    ruined = block.shortfall > 0 if block.accounts is None else block.accounts.wiped_out
    sums = {"tails": by.sums(wanted), "events": _together(by, [days > 0, days])}
    sums["accounts"] = _together(by, [block.breached, ruined, block.shortfall])
    if terminal not in asked.measures:
        sums["drift"] = by.sums(loss[:, terminal].reshape(-1, paths))
    counts = {"loss": by.tally(loss, LOSS_EDGES)}
    if block.z.shape[0]:
        counts["z"] = by.tally(block.z.reshape(block.z.shape[0], -1), Z_EDGES)
    missed = xp.zeros(())
    if block.accounts is not None:
        sums["funds"], missed = _funds(block, by)
    numbers = None
    if block.crowd is not None:
        numbers = crowd.columns(block.crowd, xp)
        sums |= {"crowd": by.sums(numbers), "flags": by.sums(crowd.flags(block.crowd, xp))}
        counts["crowd"] = by.cells(crowd.places(block.crowd, xp), crowd.MAP)
    every, seen = (loss, days) if asked.watched else None, (days > 0).sum(axis=1)
    faults, unbalanced, residual = faulty(block, xp)
    return Figures(faults, unbalanced, residual, missed, sums, counts, seen, wanted, numbers, every)


def faulty(block: Outcome, xp: Any = np) -> tuple[Any, Any, Any]:
    """(paths not finite, further paths whose ledger does not close, the ledger's largest residual)."""
    if block.crowd is None:
        return block.fault.sum(), xp.zeros((), int), xp.zeros(())
    finite = xp.isfinite(block.crowd.residual) & xp.isfinite(block.loss).all(axis=(0, 1, 2))
    gaping = block.fault & finite & ~crowd_day.closes(block.crowd)
    return (block.fault & ~gaping).sum(), gaping.sum(), xp.nan_to_num(block.crowd.residual).max()


def _together(by: Arithmetic, rows: list[Any]) -> Any:
    """Sums of rows of several kinds, one kind after the other [block, row, power]."""
    return by.xp.concatenate([by.sums(one) for one in rows], axis=1)


def _funds(block: Outcome, by: Arithmetic) -> tuple[Any, Any]:
    """Sums of the rows of `Sample.funds`, and by how much lines miss a NAV.

    A NAV stays at zero, and an account that was wiped out may repay its broker: those are left out.
    """
    it, xp = block.accounts, by.xp
    assert it is not None
    pnl = xp.asarray(it.pnl, np.float64)
    off = xp.abs(pnl.sum(axis=0) + xp.asarray(block.loss[0, MEASURES.index("terminal")], np.float64))
    missed = xp.where(it.wiped_out, 0.0, off).max()
    return _together(by, [it.stopped, it.redeemed, pnl.reshape(-1, pnl.shape[-1])]), missed


@dataclass(frozen=True)
class Reduced:
    """What is left of some paths from number `first` on; where any is at fault, their count alone matters."""

    first: int
    paths: int
    figures: Figures
    worst: dict[str, list[tuple[int, Part]]]  # of each tail: (column, what may be among its worst)
    weight: Array | None  # [path]


@dataclass(frozen=True)
class Reduction:
    """How the blocks of a run are reduced (simulate.blocks.reduced)."""

    config: Config
    asked: Asked
    tails: dict[str, TailStream]  # whose floor a loss must reach
    risks: RiskSample
    on_device: bool = False  # whether plain paths are reduced where they were computed

    def begin(self, outcome: Outcome) -> Any:
        """What is brought to the host of paths [.., path]: their figures, or the paths as they are.

        Of weighted paths the paths: their bins hold sums of weights in the order of paths.
        """
        if not self.on_device or outcome.weight is not None:
            return None, outcome
        return on_device.figures(figures, self.asked, outcome), None

    def end(self, first: int, arrived: Any) -> list[Reduced]:
        """The blocks of paths from number `first` on, given what `begin` made of them, in NumPy arrays.

        Raises Fault where the lines of a fund miss its NAV.
        """
        made, outcome = arrived
        if made is not None:
            return [self.worst(first, made.asked.shape[-1], made, None)]
        starts = range(0, outcome.fault.shape[0], BLOCK)
        blocks = [jax.tree.map(itemgetter((..., slice(at, at + BLOCK))), outcome) for at in starts]
        return [self._block(first + at, block) for at, block in zip(starts, blocks, strict=True)]

    def _block(self, first: int, block: Outcome) -> Reduced:
        """One block, or a last one cut short, in NumPy."""
        weight = None if block.weight is None else np.asarray(block.weight, np.float64)
        faults, unbalanced, residual = faulty(block)
        if faults or unbalanced:
            nothing = Figures(faults, unbalanced, residual, 0.0, {}, {}, None, None)
            return Reduced(first, block.fault.shape[0], nothing, {}, weight)
        return self.worst(first, block.fault.shape[0], figures(self.asked, block, Host(weight)), weight)

    def worst(self, first: int, paths: int, made: Figures, weight: Array | None) -> Reduced:
        """With what may be among the worst losses, and the sums that need every loss; weight [path].

        Raises Fault where the lines of a fund miss its NAV.
        """
        if made.faults or made.unbalanced:
            return Reduced(first, paths, made, {}, weight)
        if not made.missed <= ROUNDING[self.config.run.precision]:
            raise Fault(f"the lines of a fund miss its NAV by {made.missed:.3g}")
        numbers = np.arange(first, first + paths, dtype=np.uint32)
        losses = {"tails": made.asked, "crowd": made.numbers}
        worst = {name: tail.near(losses[name], numbers, weight) for name, tail in self.tails.items()}
        sums = made.sums | self.risks.sums_of(made.asked, weight)
        made = made._replace(sums=sums, asked=self.risks.whole(first, made.asked), numbers=None)
        return Reduced(first, paths, made, worst, weight)
