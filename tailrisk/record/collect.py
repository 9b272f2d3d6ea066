"""What a run retains: the worst losses, sums and counts of all, the first paths' course."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..assemble.world import detector
from ..config import Config
from ..core import Fault
from ..core.names import MEASURES, VIEWS
from ..core.processes import ALONE, Group
from ..market import spread
from ..products.account import LINES
from ..rare.blocks import blocks
from ..rare.choice import Choice
from ..rare.repeats import Estimate
from ..simulate.blocks import BLOCK, courses, dealt
from ..simulate.crowd import day as crowd_day
from ..simulate.path import Course, Outcome
from ..simulate.world import World
from ..tail import MomentStream, TailStream, Worst, reserve
from . import crowd, exchange, risks, sampling
from .tally import Counts

Z_EDGES = np.linspace(-20, 20, 401)
"""Bins of z; the outermost hold everything beyond."""


ROUNDING = {"float32": 1e-3, "float64": 1e-9}
"""Largest difference between the change of NAV and the sum of its lines."""
LOSS_EDGES = np.linspace(-1, 1, 801)
"""Bins of losses, a quarter of a percent each; the outermost hold everything beyond."""


Watch = Callable[[int, NDArray[np.float32], NDArray[np.int64]], object]
"""Sees every block: its first path, loss [view, measure, product, path], days of each event [event, path]."""


@dataclass
class CrowdSample:
    """What a run retains of the crowd, on the host."""

    numbers: TailStream  # rows as in crowd.quantities
    flags: MomentStream  # rows as in crowd.happenings
    tally: Counts  # [stage, loss bin, discount bin]
    residual: float = 0.0  # largest of the ledger

    @property
    def counts(self) -> NDArray[Any]:
        """Paths, or their weights [stage, loss bin, discount bin]."""
        return self.tally.value


@dataclass
class Sample:
    """Losses and events of every path, in memory of their tails, on the host."""

    tails: TailStream  # columns [view, measure asked for, product], the last fastest
    drift: MomentStream  # rows [view, product], the last fastest: loss over the whole horizon
    risks: risks.RiskSample
    events: MomentStream  # [event, then event again]  whether it happened, then on how many days
    accounts: MomentStream  # [product, again, again]  breached, wiped out, owed to the broker
    funds: MomentStream | None  # [row, product]  stopped, redeemed, P&L by line; of products that are funds
    loss_tally: Counts  # [view, measure, product, bin]  weights where paths have them
    z_tally: Counts  # [detector, bin]  over all days of all paths
    seen: NDArray[np.int64]  # [event]  paths with it, whatever their weight
    price: NDArray[np.float32]  # [day, bucket, path]  log price of the first paths
    regime: NDArray[np.int32]  # [day, path]  of the first paths
    detectors: tuple[spread.Params, ...]
    crowd: CrowdSample | None = None
    faults: int = 0  # paths with a loss or a z that is not finite
    unbalanced: int = 0  # further paths whose ledger does not close
    nav: NDArray[np.float32] | None = None  # [day, product, path]  of the first paths, where a risk needs it
    seconds: float = field(default=0.0)
    choice: Choice | None = None  # of the law paths were drawn from
    split: Estimate | None = None  # of one event, by splitting
    weights: dict[int, NDArray[np.float64]] = field(default_factory=dict)  # by number of the first path

    @property
    def loss_counts(self) -> NDArray[Any]:
        """Paths, or their weights [view, measure, product, bin]."""
        return self.loss_tally.value

    @property
    def z_counts(self) -> NDArray[Any]:
        """Days of all paths, or the paths' weights [detector, bin]."""
        return self.z_tally.value

    def weight(self) -> NDArray[np.float64] | None:
        """Every path's weight [path], one on average; None for plain paths."""
        return np.concatenate([self.weights[n] for n in sorted(self.weights)]) if self.weights else None

    def losses(self, view: int, measure: int, product: int) -> Worst:
        """The losses of one product in one view, by one measure of those asked for."""
        views, _, products, _ = self.loss_tally.whole.shape
        measures = self.tails.columns // (views * products)
        return self.tails.column((view * measures + measure) * products + product)


def sample(
    config: Config, world: World, *, progress: bool, watch: Watch | None = None, group: Group = ALONE
) -> Sample:
    """Simulate every path of `config`; `watch` sees the losses [path] and events of each block.

    Of a `group` of processes each simulates its own blocks, and the first has what all of them met. Raises
    Fault when a loss or a z is not a finite number, or the crowd's ledger does not close: such a run has no
    tail to report; and where a process of the group was lost.
    """
    started, paths = time.perf_counter(), config.run.paths
    law, choice = sampling.tilt_for(config, world)
    sampled = _empty(config, world, weighted=law is not None)
    sampled.choice, sampled.split = choice, sampling.split_for(config, world, choice)
    begun: list[Course] = []
    own = sum(part.stop - part.start for part in dealt(paths, group))
    with tqdm(total=own, unit=" paths", unit_scale=True, delay=2, disable=not progress) as bar:
        for first, outcome in blocks(world, paths, chunk=config.run.chunk, law=law, group=group, begun=begun):
            _keep(sampled, config, first, outcome, watch)
            bar.update(outcome.fault.shape[0])
    exchange.together(sampled, group)
    _refuse(sampled, paths)
    if not group.writes:
        return sampled
    course = begun[0] if begun else courses(world, paths)
    sampled.price, sampled.regime = np.asarray(course.price), np.asarray(course.regime)
    sampled.nav = np.asarray(course.nav) if config.tail.of_days else None
    sampled.seconds = time.perf_counter() - started
    return sampled


def _empty(config: Config, world: World, *, weighted: bool = False) -> Sample:
    products = len(config.products)
    return Sample(
        tails=TailStream(len(VIEWS) * len(config.tail.losses) * products, reserve_of(config, weighted)),
        drift=MomentStream(len(VIEWS) * products),
        risks=risks.empty(config, len(VIEWS) * len(config.tail.losses) * products),
        events=MomentStream(2 * len(config.event)),
        accounts=MomentStream(3 * products),
        funds=MomentStream((2 + len(LINES)) * products) if config.as_accounts else None,
        loss_tally=Counts((len(VIEWS), len(MEASURES), products, len(LOSS_EDGES) - 1), weighted=weighted),
        z_tally=Counts((len(world.detectors), len(Z_EDGES) - 1), weighted=weighted),
        seen=np.zeros(len(config.event), np.int64),
        price=np.empty((0, 0, 0), np.float32),
        regime=np.empty((0, 0), np.int32),
        detectors=world.detectors,
        crowd=_no_crowd(config, weighted) if config.crowd is not None else None,
    )


def _no_crowd(config: Config, weighted: bool) -> CrowdSample:
    numbers, flags = len(crowd.quantities(config)), len(crowd.happenings(config))
    return CrowdSample(
        numbers=TailStream(numbers, reserve_of(config, weighted)),
        flags=MomentStream(flags),
        tally=Counts(crowd.MAP, weighted=weighted),
    )


def reserve_of(config: Config, weighted: bool = False) -> int:
    """How many worst losses of each column are stored: what the lowest level and its interval need."""
    tail = config.tail
    return reserve(config.run.paths, str(tail.lowest), tail.confidence, weighted=weighted)


def _keep(sampled: Sample, config: Config, first: int, outcome: Outcome, watch: Watch | None = None) -> None:
    arrays = jax.tree.map(np.asarray, outcome)
    _check(sampled, arrays)
    for start in range(0, arrays.fault.shape[0], BLOCK):
        block = jax.tree.map(itemgetter((..., slice(start, start + BLOCK))), arrays)
        _keep_block(sampled, config, first + start, block, watch)


def _keep_block(
    sampled: Sample, config: Config, first: int, block: Outcome, watch: Watch | None = None
) -> None:
    """One block, the unit whose sums are rounded, so that a wider call gives the same digits."""
    loss, owed = np.asarray(block.loss, np.float32), np.asarray(block.shortfall)
    paths = loss.shape[-1]
    numbers = np.arange(first, first + paths, dtype=np.uint32)
    if sampled.faults or sampled.unbalanced:
        return
    weight = None if block.weight is None else np.asarray(block.weight, np.float64)
    if weight is not None:
        sampled.weights[first] = weight
    asked = loss[:, [MEASURES.index(measure) for measure in config.tail.losses]]
    sampled.tails.add(asked.reshape(-1, paths), numbers, weight)
    sampled.drift.add(loss[:, MEASURES.index("terminal")].reshape(-1, paths), weight)
    sampled.risks.add(first, asked.reshape(-1, paths), weight)
    sampled.loss_tally.add(tally(loss, LOSS_EDGES, weight))
    ruined = owed > 0 if block.accounts is None else np.asarray(block.accounts.wiped_out)
    sampled.accounts.add(np.concatenate([np.asarray(block.breached), ruined, owed]), weight)
    if sampled.funds is not None and block.accounts is not None:
        sampled.funds.add(_fund_rows(config, block), weight)
    days = np.zeros((len(config.event), paths), np.int64)
    for i, event in enumerate(config.event):
        z = np.asarray(block.z[sampled.detectors.index(detector(event, config.names))])
        days[i] = (z <= event.threshold if event.threshold < 0 else z >= event.threshold).sum(axis=0)
    sampled.events.add(np.concatenate([days > 0, days]), weight)
    sampled.seen += (days > 0).sum(axis=1)
    if watch is not None:
        watch(first, loss, days)
    z = np.asarray(block.z)  # [detector, day, path]
    often = [tally(one.ravel(), Z_EDGES, None if weight is None else np.tile(weight, len(one))) for one in z]
    if often:
        sampled.z_tally.add(np.stack(often))
    if sampled.crowd is not None and block.crowd is not None:
        sampled.crowd.numbers.add(crowd.columns(block.crowd), numbers, weight)
        sampled.crowd.flags.add(crowd.flags(block.crowd), weight)
        sampled.crowd.tally.add(crowd.map_counts(block.crowd, weight))


def _check(sampled: Sample, arrays: Outcome) -> None:
    """Count the faults; a path whose figures are finite and whose ledger is not closed is unbalanced."""
    fault = np.asarray(arrays.fault)
    open_ledger = np.zeros_like(fault)
    if arrays.crowd is not None:
        open_ledger = (
            fault & np.isfinite(arrays.crowd.residual) & np.isfinite(arrays.loss).all(axis=(0, 1, 2))
        )
        open_ledger &= ~np.asarray(crowd_day.closes(arrays.crowd))
        if sampled.crowd is not None:
            sampled.crowd.residual = max(
                sampled.crowd.residual, float(np.nan_to_num(arrays.crowd.residual).max())
            )
    sampled.unbalanced += int(open_ledger.sum())
    sampled.faults += int((fault & ~open_ledger).sum())


def _refuse(sampled: Sample, paths: int) -> None:
    if sampled.faults:
        raise Fault(f"{sampled.faults:,} of {paths:,} paths have a loss or a z that is not a finite number")
    if sampled.unbalanced and sampled.crowd is not None:
        worst = sampled.crowd.residual
        raise Fault(
            f"the crowd's ledger does not close on {sampled.unbalanced:,} of {paths:,} paths: books and "
            f"ledger differ by up to {worst:.2g} of initial holdings, which is more than rounding"
        )


def _fund_rows(config: Config, block: Outcome) -> NDArray[np.float64]:
    """Rows of `Sample.funds` [row and product, path]. Raises Fault where lines do not add up to a NAV."""
    it = block.accounts
    assert it is not None
    pnl = np.asarray(it.pnl, np.float64)
    off = np.abs(pnl.sum(axis=0) + np.asarray(block.loss[0, MEASURES.index("terminal")]))
    off = off[~np.asarray(it.wiped_out)].max(
        initial=0.0
    )  # NAV stays at zero, an account may repay its broker
    if not off <= ROUNDING[config.run.precision]:
        raise Fault(f"the lines of a fund miss its NAV by {off:.3g}")
    rows = [np.asarray(it.stopped, np.float64)[None], np.asarray(it.redeemed, np.float64)[None], pnl]
    return np.concatenate(rows).reshape(-1, pnl.shape[-1])


def tally(
    values: NDArray[np.floating], edges: NDArray[np.float64], weight: NDArray[np.float64] | None = None
) -> NDArray[Any]:
    """How many values [..., path] fall into each of evenly spaced bins [..., bin], or how much weight [path].

    The outermost bins take what lies beyond, the middle one what is no number.
    """
    bins, rows = len(edges) - 1, int(np.prod(values.shape[:-1]))
    place = (values.reshape(rows, -1) - edges[0]) * (bins / (edges[-1] - edges[0]))
    place = np.clip(np.nan_to_num(place, nan=0.0), 0, bins - 1).astype(np.int64)
    every = None if weight is None else np.tile(weight, rows)
    counts = np.bincount((place + np.arange(rows)[:, None] * bins).ravel(), every, minlength=rows * bins)
    return counts.reshape(*values.shape[:-1], bins)
