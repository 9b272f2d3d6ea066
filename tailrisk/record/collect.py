"""What a run retains: the worst losses, sums and counts of all, the first paths' course."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..config import Config
from ..core import Fault
from ..core.names import MEASURES, VIEWS
from ..core.processes import ALONE, Group
from ..market import spread
from ..products.account import LINES
from ..rare.blocks import reduced
from ..rare.choice import Choice
from ..rare.repeats import Estimate
from ..simulate.blocks import BLOCK, courses, dealt
from ..simulate.path import Course
from ..simulate.world import World
from ..tail import MomentStream, TailStream, Worst, reserve
from . import crowd, exchange, risks, sampling
from .reduced import LOSS_EDGES, Z_EDGES, Asked, Reduced, Reduction
from .tally import Counts

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

    def streams(self) -> dict[str, TailStream]:
        """The streams of tails by the names of `reduced.Figures`."""
        return {"tails": self.tails} | ({} if self.crowd is None else {"crowd": self.crowd.numbers})

    def moments(self) -> dict[str, MomentStream]:
        """The streams of moments by the names of `reduced.Figures`, those of the tails included."""
        found = {"drift": self.drift, "events": self.events, "accounts": self.accounts}
        found["risks"] = self.risks.sums
        if self.funds is not None:
            found["funds"] = self.funds
        if self.crowd is not None:
            found["flags"] = self.crowd.flags
        return found | {name: tail.moments for name, tail in self.streams().items()}

    def tallies(self) -> dict[str, Counts]:
        """The tallies by the names of `reduced.Figures`."""
        found = {"loss": self.loss_tally, "z": self.z_tally}
        return found if self.crowd is None else found | {"crowd": self.crowd.tally}

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
        by = reduction(sampled, config, watched=watch is not None)
        for _, found in reduced(world, paths, by, chunk=config.run.chunk, law=law, group=group, begun=begun):
            for one in found:
                _keep(sampled, config, one, watch)
                bar.update(one.paths)
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


def reduction(sampled: Sample, config: Config, *, watched: bool = False) -> Reduction:
    """How the blocks of a run are reduced; watched: with losses and events of every path."""
    asked, on_device = Asked.of(config, sampled.detectors, watched=watched), jax.default_backend() != "cpu"
    return Reduction(config, asked, sampled.streams(), sampled.risks, on_device)


def _keep(sampled: Sample, config: Config, one: Reduced, watch: Watch | None = None) -> None:
    """Add what is left of some blocks to what is retained."""
    made = one.figures
    sampled.faults += int(made.faults)
    sampled.unbalanced += int(made.unbalanced)
    if sampled.crowd is not None:
        sampled.crowd.residual = max(sampled.crowd.residual, float(made.residual))
    if sampled.faults or sampled.unbalanced:
        return
    _sum(sampled, config, one)
    for name, tail in sampled.streams().items():
        for column, part in one.worst[name]:
            tail.take(column, part)
    for name, counts in sampled.tallies().items():
        if name in made.counts:
            counts.add(made.counts[name])
    sampled.seen += made.seen
    if one.weight is not None:
        sampled.weights[one.first] = one.weight
    if made.asked is not None:
        sampled.risks.add(one.first, made.asked)
    if watch is not None:
        losses, days = made.every
        for start in range(0, one.paths, BLOCK):
            at = (..., slice(start, start + BLOCK))
            watch(one.first + start, losses[at], days[at])


def _sum(sampled: Sample, config: Config, one: Reduced) -> None:
    """Add the sums of every block to the streams of moments."""
    sums = one.figures.sums
    if "drift" not in sums:
        sums = sums | {"drift": _terminal(config, sums["tails"])}
    for name, blocks in sums.items():
        stream = sampled.moments()[name]
        for start, block in zip(range(0, one.paths, BLOCK), blocks, strict=True):
            stream.take(block, min(BLOCK, one.paths - start), weighted=one.weight is not None)


def _terminal(config: Config, sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the sums of all losses asked for [block, column, power] those of the terminal ones."""
    by_measure = sums.reshape(len(sums), len(VIEWS), len(config.tail.losses), -1, sums.shape[-1])
    return by_measure[:, :, config.tail.losses.index("terminal")].reshape(len(sums), -1, sums.shape[-1])


def _refuse(sampled: Sample, paths: int) -> None:
    if sampled.faults:
        raise Fault(f"{sampled.faults:,} of {paths:,} paths have a loss or a z that is not a finite number")
    if sampled.unbalanced and sampled.crowd is not None:
        worst = sampled.crowd.residual
        raise Fault(
            f"the crowd's ledger does not close on {sampled.unbalanced:,} of {paths:,} paths: books and "
            f"ledger differ by up to {worst:.2g} of initial holdings, which is more than rounding"
        )
