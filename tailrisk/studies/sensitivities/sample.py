"""Paths of a run, and those few of them that the derivative of an ES is measured on.

    dES/dx = E[(L(x + h) - v)+ - (L(x - h) - v)+] / (2 h (1 - a)),  v the VaR    (Rockafellar & Uryasev, 2000)

needs the paths that are in the tail, or come to it when x is moved. So the paths of the run are parted by
what they lost, the worst are taken far more often than the rest, and each counts for as many as it stands
for. How many are beyond the VaR is no matter of chance, which the error knows: with d_v the mean derivative
where L = v, the influence of a path is that of (d - d_v) 1{L > v} / (1 - a) (Hong & Liu, 2009).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.names import MEASURES
from ...core.width import NARROW
from ...record.estimates import beyond
from ...simulate import blocks
from ...simulate.blocks import BLOCK
from ...simulate.world import World
from ...tail import expected_shortfall, value_at_risk

Array = NDArray[np.float64]
SHOULDER = 1.0
"""Paths next to the tail, over those in it."""
PARTS = {"tail": 0.5, "shoulder": 0.2, "rest": 0.3}
"""Of the paths simulated again."""


@dataclass(frozen=True)
class Base:
    """The run itself."""

    loss: Array  # [product, path]  over the horizon
    level: str

    @property
    def paths(self) -> int:
        """How many."""
        return self.loss.shape[1]

    def at_risk(self, product: int) -> float:
        """VaR."""
        return float(value_at_risk(self.loss[product], level=self.level))

    def shortfall(self, product: int) -> float:
        """ES."""
        return float(expected_shortfall(self.loss[product], level=self.level))


@dataclass(frozen=True)
class Chosen:
    """Paths to simulate again, by stratum."""

    number: NDArray[np.uint32]  # [path]
    stratum: NDArray[np.int64]  # [path]
    sizes: Array  # [stratum]  paths of the run in it
    paths: int  # of the run

    def mean(self, values: Array, loss: Array, var: float) -> tuple[float, float]:
        """Mean over all paths of the run of values [path] of the chosen, and its standard error.

        loss [path]: of the chosen in the run, var its VaR. Two phases: of every stratum some paths were
        taken, and the paths of the run are themselves a sample of the law.
        """
        tail = loss > var
        near = tail & (loss <= np.median(loss[tail])) if tail.any() else tail
        centred = values - (values[near].mean() if near.any() else 0.0) * tail
        mean, within = 0.0, 0.0
        first, second = 0.0, 0.0
        for k, size in enumerate(self.sizes):
            here, part = self.stratum == k, size / self.paths
            count = int(here.sum())
            if not count:
                continue
            spread = float(values[here].var(ddof=1)) if count > 1 else 0.0
            mean += part * float(values[here].mean())
            within += part**2 * spread * max(1 - count / size, 0.0) / count
            first += part * float(centred[here].mean())
            second += part * float((centred[here] ** 2).mean())
        return mean, float(np.sqrt(within + max(second - first**2, 0.0) / self.paths))


def simulated(world: World, paths: int, chunk: int, level: str) -> Base:
    """The losses of a run."""
    parts = sorted(blocks.blocks(world, paths, chunk=chunk), key=lambda part: part[0])
    place = MEASURES.index("terminal")
    losses = [np.asarray(one.loss[0, place], np.float64) for _, one in parts]
    return Base(np.concatenate(losses, axis=-1), level)


def chosen(base: Base, products: list[int], count: int, seed: int) -> Chosen:
    """`count` paths: of the tails of the products, of what is next to them, and of the rest."""
    tail = int(np.ceil((1 - float(base.level)) * base.paths))
    stratum = np.zeros(base.paths, np.int64)
    shoulder = np.zeros(base.paths, bool)
    for k, product in enumerate(products):
        order = np.argsort(-base.loss[product], kind="stable")
        stratum[order[:tail]] += 2 ** (k + 1)
        shoulder[order[: int((1 + SHOULDER) * tail)]] = True
    stratum[(stratum == 0) & shoulder] = 1
    draw, parts = np.random.default_rng(seed), []
    names, sizes = np.unique(stratum, return_counts=True)
    wanted = _wanted(names, sizes, count)
    for name, some in zip(names, wanted, strict=True):
        parts.append(np.sort(draw.choice(np.flatnonzero(stratum == name), some, replace=False)))
    return Chosen(
        number=np.concatenate(parts).astype(np.uint32),
        stratum=np.repeat(np.arange(len(names)), wanted),
        sizes=sizes.astype(np.float64),
        paths=base.paths,
    )


def _wanted(names: NDArray[np.int64], sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Paths to take of each stratum [stratum]: tails share theirs by size; what one lacks others take."""
    kinds = ["rest" if name == 0 else "shoulder" if name == 1 else "tail" for name in names]
    tails = sizes[[kind == "tail" for kind in kinds]].sum()
    part = np.array(
        [
            PARTS[kind] * (size / tails if kind == "tail" else 1)
            for kind, size in zip(kinds, sizes, strict=True)
        ]
    )
    wanted = np.clip(np.floor(part * count).astype(np.int64), np.minimum(2, sizes), sizes)
    for k in np.argsort(-(sizes - wanted), kind="stable"):
        wanted[k] += np.clip(count - wanted.sum(), -(wanted[k] - min(2, sizes[k])), sizes[k] - wanted[k])
    return wanted


def affordable(paths: int, fields: int, times: float) -> int:
    """Paths to simulate again for each of so many fields, up and down, in all `times` the run's at most."""
    count = int(times * paths / max(2 * fields, 1)) // NARROW * NARROW
    return min(max(count, NARROW), BLOCK, paths)


def losses(world: World, number: NDArray[np.uint32]) -> Array:
    """Losses over the horizon [product, path] of the paths of these numbers, a block at most."""
    nav = blocks.courses(world, len(number), number).nav[-1]
    return np.asarray(1.0 - nav, np.float64)


def over(loss: Array, base: Base, product: int) -> Array:
    """A path's part in ES beyond the run's VaR [path]."""
    return beyond(loss, base.at_risk(product), base.level)
