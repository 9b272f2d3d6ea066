"""A run repeated: under draws of its parameters, the same random numbers in each, and under other laws.

Each repeat gives the figures of the run's tables from its own few paths, of all of them and without each of
GROUPS groups, so that `tail.nested` can tell what the parameters do from what few paths do. A path's number
decides its group, and blocks are put in the order of their paths: the same bits whatever the chunk.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..assemble.drawn import drawn, under
from ..assemble.world import detector
from ..config import Config
from ..core.calendar import YEAR
from ..core.names import MEASURES, VIEWS
from ..core.processes import ALONE, Group, gathered
from ..simulate.blocks import blocks
from ..simulate.path import Outcome
from ..simulate.world import World
from ..tail.nested import Spread, jackknife, spread
from ..tail.sample import exact_level
from .exchange import as_bytes, of_bytes

Array = NDArray[np.float64]
GROUPS = 16
RATE = "rate_per_10y"
ROOM = 1.5
"""Losses sorted of a column, over those beyond the lowest level: a group's may all be among the best."""


class Key(NamedTuple):
    """Which figure of which table: of a product, in a view, of a loss, at a level; of an event."""

    table: str
    subject: str
    figure: str
    view: str = ""
    measure: str = ""
    level: float | None = None


@dataclass(frozen=True)
class Repeats:
    """The figures of every repeat of a run."""

    keys: tuple[Key, ...]
    parameters: Spread | None  # [figure]; None: nothing was drawn
    laws: dict[str, tuple[Array, Array]]  # law: estimates [figure] and their standard errors
    what: tuple[str, ...]  # was drawn
    paths: int


def repeats(config: Config, world: World, *, progress: bool = False, group: Group = ALONE) -> Repeats | None:
    """The repeats that [uncertainty] asks for; None for a config without it.

    Their paths are plain, however the run's are drawn: weights against a tilt of other parameters degenerate.
    The processes of a `group` take repeats in turn, and all have every one in the end.
    """
    if config.uncertainty is None:
        return None
    count, keys = config.draws, tuple(every(config))
    worlds: list[Callable[[], World]] = [partial(drawn, config, world, k) for k in range(count)]
    worlds += [partial(under, config, world, name) for name in config.other_laws]
    mine = [worlds[k] for k in group.dealt(range(len(worlds)))]
    own = [figures(config, make()) for make in tqdm(mine, unit=" repeats", delay=2, disable=not progress)]
    found = _of_all(own, len(worlds), group)
    whole, without = (
        np.stack(part) if found else np.empty((0, 0))
        for part in ([one[0] for one in found], [one[1] for one in found])
    )
    return Repeats(
        keys=keys,
        parameters=spread(whole[:count], without[:count]) if count else None,
        laws={
            name: (whole[count + k], jackknife(without[count + k]))
            for k, name in enumerate(config.other_laws)
        },
        what=_what(config),
        paths=config.paths_of_a_draw,
    )


def _of_all(own: list[tuple[Array, Array]], count: int, group: Group) -> list[tuple[Array, Array]]:
    """The figures of all repeats in order, from those of every process."""
    if group.count == 1:
        return own
    (theirs,) = gathered(
        [as_bytes({f"{k}.{n}": x for k, pair in enumerate(own) for n, x in enumerate(pair)})], group
    )
    arrays = [of_bytes(data)[0] for data in theirs]
    places = [divmod(k, group.count) for k in range(count)]
    return [(arrays[number][f"{at}.0"], arrays[number][f"{at}.1"]) for at, number in places]


def _what(config: Config) -> tuple[str, ...]:
    files = config.attached
    found = ["the market's fit"] if files.draws else []
    return (*found, "the crowd's ensemble") if files.members else tuple(found)


def every(config: Config) -> Iterator[Key]:
    """The figures of a repeat in order: of each loss, of each event, of each account."""
    for view in VIEWS:
        for measure in config.tail.losses:
            for product in config.products:
                yield Key("tail", product, "mean", view, measure)
                for level in config.tail.levels:
                    yield Key("tail", product, "var", view, measure, level)
                    yield Key("tail", product, "es", view, measure, level)
    for view in VIEWS:
        yield from (Key("tail", product, "drift", view=view) for product in config.products)
    for figure in ("probability", RATE):
        yield from (Key("events", event.name, figure) for event in config.event)
    for figure in ("margin_breach", "wipe_out"):
        yield from (Key("accounts", product, figure) for product in config.products)


def figures(config: Config, world: World) -> tuple[Array, Array]:
    """The figures of `every` in one world, of all paths [figure] and without each group [group, figure]."""
    paths = config.paths_of_a_draw
    parts = sorted(blocks(world, paths, chunk=config.run.chunk), key=itemgetter(0))
    found = [_seen(config, world, jax.tree.map(np.asarray, part)) for _, part in parts]
    loss, flags = (np.concatenate([one[k] for one in found], axis=-1) for k in (0, 1))
    each = [*(_of_loss(config, column) for column in loss), _means(flags)]
    whole, without = (np.concatenate([one[k] for one in each], axis=-1) for k in (0, 1))
    return whole, without


def _seen(config: Config, world: World, block: Outcome) -> tuple[NDArray[Any], Array]:
    """Losses [column, path]; drifts, and what becomes of events and accounts [row, path]."""
    asked = [MEASURES.index(measure) for measure in config.tail.losses]
    loss = np.asarray(block.loss, np.float32)[:, asked]
    days = np.zeros((len(config.event), loss.shape[-1]))
    for i, event in enumerate(config.event):
        z = np.asarray(block.z[world.detectors.index(detector(event, config.names))])
        days[i] = (z <= event.threshold if event.threshold < 0 else z >= event.threshold).sum(axis=0)
    ruined = block.shortfall > 0 if block.accounts is None else block.accounts.wiped_out
    often = days * (10 * YEAR / config.run.days)
    drift = np.concatenate(np.asarray(block.loss, np.float32)[:, MEASURES.index("terminal")])
    flags = np.concatenate([drift, days > 0, often, np.asarray(block.breached), np.asarray(ruined)]).astype(
        np.float64
    )
    return loss.reshape(-1, loss.shape[-1]), flags


def _of_loss(config: Config, loss: NDArray[Any]) -> tuple[Array, Array]:
    """Mean, and VaR and ES at every level, of one column [path]."""
    whole, without = _means(loss[None].astype(np.float64))
    part = _worst(loss, config.tail.lowest)
    kept = [_tail(config, part, None), *(_tail(config, part, b) for b in range(GROUPS))]
    return np.concatenate([whole, kept[0]]), np.concatenate([without, np.stack(kept[1:])], axis=1)


@dataclass(frozen=True)
class _Worst:
    """The worst of a column, worst first, and the paths of every group."""

    loss: Array  # [kept]
    group: NDArray[np.int64]  # [kept]
    paths: NDArray[np.int64]  # [group]


def _worst(loss: NDArray[Any], lowest: float) -> _Worst:
    number = np.arange(len(loss))
    count = min(len(loss), int(ROOM * (1 - lowest) * len(loss)) + 4 * GROUPS)
    kept = np.argpartition(loss, len(loss) - count)[len(loss) - count :] if count < len(loss) else number
    kept = kept[np.lexsort((kept, -loss[kept]))]
    return _Worst(
        loss[kept].astype(np.float64), kept % GROUPS, np.bincount(number % GROUPS, minlength=GROUPS)
    )


def _tail(config: Config, part: _Worst, left_out: int | None) -> Array:
    """VaR and ES at every level of the paths of all groups but one, as `tail.shortfall` has them."""
    loss = part.loss if left_out is None else part.loss[part.group != left_out]
    paths = int(part.paths.sum() - (0 if left_out is None else part.paths[left_out]))
    found = []
    for level in config.tail.levels:
        share = (1 - exact_level(str(level))) * paths
        at = math.ceil(share) - 1
        var = loss[at]
        found += [var, var + float((loss[:at] - var).sum()) / float(share)]
    return np.array(found)


def _means(rows: Array) -> tuple[Array, Array]:
    """Means of rows [row, path], of all paths [row] and without each group [group, row]."""
    sums = np.stack([rows[:, b::GROUPS].sum(axis=1) for b in range(GROUPS)])
    paths = np.bincount(np.arange(rows.shape[-1]) % GROUPS, minlength=GROUPS)
    every = sums.sum(axis=0)
    return every / paths.sum(), (every - sums) / (paths.sum() - paths)[:, None]
