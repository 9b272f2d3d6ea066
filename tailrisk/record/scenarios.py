"""What the worst paths look like, and the components of their losses: the tail's own paths, simulated again.

A draw knows only its path's number, so the paths beyond VaR are simulated a second time and nothing of them
need be stored before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import jax
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..config import Config
from ..products.account import LINES
from ..simulate.blocks import BLOCK, courses
from ..simulate.path import Course
from ..simulate.world import World
from ..tail import Worst, component_shortfall
from ..tail.sample import exact_level
from .collect import Sample

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the fans."""
FEWEST, MOST = 50, 4096
"""Tail paths of a product that make a fan, and the most simulated again: of more, every k-th by rank."""
TERMINAL = "terminal"
OWED = ("interest", "financing", "cost", "forced", "fees", "broker")
"""Lines of an account that are parts of their own."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scenarios:
    """Of each product, given that its loss over the horizon lies beyond VaR at `level`."""

    level: float
    fan: NDArray[np.float64]  # [product, quantile, day, bucket]  cumulative return
    nav: NDArray[np.float64]  # [product, quantile, day]
    medoid: NDArray[np.float64]  # [product, day, bucket]  cumulative return of the path nearest the mean
    medoid_path: NDArray[np.int64]  # [product]  its number
    components: pd.DataFrame  # product, part, component of ES with its interval

    def curves(self) -> dict[str, NDArray[Any]]:
        """What the figures are drawn from."""
        return {
            "scenario_level": np.array(self.level),
            "scenario_quantiles": np.array(LEVELS),
            "scenario_fan": self.fan,
            "scenario_nav": self.nav,
            "scenario_medoid": self.medoid,
            "scenario_medoid_path": self.medoid_path,
        }


def scenarios(config: Config, world: World, sampled: Sample) -> Scenarios | None:
    """Fans, medoids and components at the level that leads.

    None where it has too few tail paths, of weighted paths, and without the loss over the horizon.
    """
    level = config.leading
    if (1 - level) * config.run.paths < FEWEST or TERMINAL not in config.tail.losses:
        return None
    place, products = config.tail.losses.index(TERMINAL), range(len(config.products))
    worst = [sampled.losses(0, place, p) for p in products]
    if worst[0].weight is not None:
        return None
    wanted = [chosen(one, level) for one in worst]
    simulated, course = live(world, config.run.paths, np.concatenate([numbers for numbers, _ in wanted]))
    found = []
    for p, (numbers, paths) in zip(products, wanted, strict=True):
        own = jax.tree.map(itemgetter((..., np.searchsorted(simulated, numbers))), course)
        found.append(_product(config, world, p, level, own, numbers, paths))
    fan, nav, middle, number, tables = zip(*found, strict=True)
    return Scenarios(
        level=level,
        fan=np.stack(fan),
        nav=np.stack(nav),
        medoid=np.stack(middle),
        medoid_path=np.array(number),
        components=pd.concat(tables, ignore_index=True),
    )


def live(world: World, paths: int, numbers: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], Course]:
    """(the paths of these numbers [path], each once and in order, their course), a block at a time."""
    once = np.unique(numbers)
    width = min(paths, BLOCK)
    pieces = [courses(world, paths, once[first : first + width]) for first in range(0, len(once), width)]
    return once, jax.tree.map(lambda *fields: np.concatenate(fields, axis=-1), *pieces)


def chosen(worst: Worst, level: float) -> tuple[NDArray[np.uint32], int]:
    """(numbers of paths from the worst to just below VaR, of how many paths they are the worst).

    Just below, t^(2/3) ranks of the tail's t, is where the components are read off at VaR. Where there are
    too many, every k-th by rank stands for k, as in a sample of a k-th of the paths.
    """
    tail = worst.tail(level).mass
    ranks = min(math.ceil(tail) + round(tail ** (2 / 3)) + 1, len(worst.path))
    step = math.ceil(ranks / MOST)
    return worst.path[:ranks:step], worst.paths // step


def medoid(price: NDArray[np.floating]) -> int:
    """The path [day, bucket, path] nearest the mean path, days and buckets over their own deviation.

    argmin_i  sum_tb ((x_tbi - m_tb) / s_tb)^2
    """
    centre, spread = price.mean(axis=-1, keepdims=True), price.std(axis=-1, keepdims=True)
    apart = (price - centre) / np.where(spread > 0, spread, 1.0)
    return int(np.argmin((apart**2).sum(axis=(0, 1))))


def parts(world: World, p: int, course: Course, styles: Sequence[str] = ()) -> dict[str, Array]:
    """Loss over the horizon of one product as a sum of parts [path]: by bucket, by mechanism, by style.

    G_b, S_q, F_q are the values of bucket, index and future over their start, and a ring is that of the same
    days had nobody traded on them (without a crowd, G_b itself):

    stocks of bucket b: -w_b (G_b' - 1); hedge: sum_q h_q (S_q' - 1)           ' for the ring
    crowd: sum_b w_b (G_b' - G_b) - sum_q h_q (S_q' - S_q), the moves of forced sellers, desks, the state
    basis: sum_q h_q (F_q - S_q)
    style k: -sum_t A_{t-1} x_k phi_kt, A the long book's value, `styles` the names of those in use
    account lines, of products that are accounts: interest, financing, costs, forced trading, fees, broker
    rest: alpha, interest, fees, own risk, and what a dead account does not lose; of an account, what its
    stocks and hedges do otherwise than those of the eve bought and held.
    """
    price = np.asarray(course.price, np.float64)
    growth = np.exp(price[-1])
    alone = growth if course.outside is None else np.exp(np.asarray(course.outside, np.float64))
    long, short = (np.asarray(x, np.float64)[p] for x in (world.products.long, world.products.short))
    on = list(world.names.underlying)
    index, tracked = growth[on], alone[on]
    found = {
        f"stocks {bucket}": -long[b] * (alone[b] - 1)
        for b, bucket in enumerate(world.names.buckets)
        if long[b]
    }
    if short.any():
        found["hedge"] = short @ (tracked - 1)
    if course.outside is not None and (long.any() or short.any()):
        found["crowd"] = long @ (alone - growth) - short @ (tracked - index)
    if course.future is not None and short.any():
        found["basis"] = short @ (np.asarray(course.future, np.float64) - index)
    if course.style is not None:
        eve = np.concatenate([np.zeros_like(price[:1]), price[:-1]])
        held = np.einsum("b,dbn->dn", long, np.exp(eve))
        for k, name in enumerate(styles):
            exposure = float(world.products.style[p, k])
            if exposure:
                found[f"style {name}"] = -exposure * (held * course.style[:, k]).sum(axis=0)
    loss = 1 - np.asarray(course.nav[-1, p], np.float64)
    if course.pnl is not None:
        pnl = np.asarray(course.pnl[:, p], np.float64)
        found |= {f"account {line}": -pnl[LINES.index(line)] for line in OWED if pnl[LINES.index(line)].any()}
    found["rest"] = loss - sum(found.values(), np.zeros_like(loss))
    return found


def _product(
    config: Config,
    world: World,
    p: int,
    level: float,
    course: Course,
    numbers: NDArray[np.uint32],
    paths: int,
) -> tuple[Any, ...]:
    tail = math.ceil((1 - exact_level(level)) * paths)
    price = np.asarray(course.price[..., :tail], np.float64)
    growth, nav = np.expm1(price), np.asarray(course.nav[:, p, :tail], np.float64)
    middle = medoid(price)
    split = parts(world, p, course, config.styles_in_use)
    found = component_shortfall(
        np.stack(list(split.values())), level=level, confidence=config.tail.confidence, paths=paths
    )
    table = pd.DataFrame(
        {
            "product": list(config.products)[p],
            "level": level,
            "part": list(split),
            "component": found.estimate,
            "component_low": found.low,
            "component_high": found.high,
            "tail_points": found.tail_points,
            "indicative": found.indicative,
        }
    )
    fan = _from_zero(np.quantile(growth, LEVELS, axis=-1), 0.0)
    bands = _from_zero(np.quantile(nav, LEVELS, axis=-1), 1.0)
    return fan, bands, _from_zero(growth[None, ..., middle], 0.0)[0], int(numbers[middle]), table


def _from_zero(values: NDArray[np.float64], start: float) -> NDArray[np.float64]:
    """[quantile, day, ...] with the eve of the first day in front."""
    eve = np.full_like(values[:, :1], start)
    return np.concatenate([eve, values], axis=1)
