"""Three ways to a derivative of ES, each with its standard error; the least is taken.

differences   every chosen path is simulated again with the number a step up and a step down, its shocks
              the same
pathwise      the derivative of a path's loss by forward accumulation, where the loss moves with the number
              and does not jump: no crowd, no accounts, no number of a chain
ratio         the likelihood ratio: paths stay, their weights move (scores.py)
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ...core.units import Count, Ratio
from ...simulate import path
from ...simulate.world import World
from ...tail.sample import normal_quantile
from .fields import Field
from .sample import Base, Chosen, losses, over

Array = NDArray[np.float64]
DIFFERENCES, PATHWISE, RATIO = "differences", "pathwise", "likelihood ratio"


@dataclass(frozen=True)
class Slope:
    """dES/dx of one product by one method, x a part of the number or the number itself."""

    product: int
    method: str
    value: float
    error: float


@dataclass(frozen=True)
class Worlds:
    """A field a step down and a step up."""

    field: Field
    down: World
    up: World
    step: float

    @property
    def still(self) -> bool:
        """Nothing of the world moves: the number is not used, or another replaces it."""
        pairs = zip(jax.tree.leaves(self.down), jax.tree.leaves(self.up), strict=True)
        return all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in pairs)


def differences(found: Worlds, base: Base, some: Chosen, products: list[int]) -> list[Slope]:
    """Central differences on the chosen paths."""
    up, down = losses(found.up, some.number), losses(found.down, some.number)
    slopes = []
    for p in products:
        gap = (over(up[p], base, p) - over(down[p], base, p)) / (2 * found.step)
        slopes.append(Slope(p, DIFFERENCES, *_mean(gap, base, some, p)))
    return slopes


def _mean(values: Array, base: Base, some: Chosen, product: int) -> tuple[float, float]:
    """Mean of values [path] of the chosen paths over the run, and its error."""
    loss = base.loss[product, some.number]
    return some.mean(values, loss, base.at_risk(product))


def smooth(world: World, found: Worlds) -> bool:
    """Whether a loss moves with the number and never jumps."""
    if world.crowd is not None or world.funds is not None:
        return False
    chains = zip(*(jax.tree.leaves(one.process.regimes) for one in (found.up, found.down)), strict=True)
    return all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in chains)


def pathwise(world: World, found: Worlds, base: Base, some: Chosen, products: list[int]) -> list[Slope]:
    """Derivatives of the losses of the chosen paths beyond VaR."""

    def slope(a: Any, b: Any) -> Any:
        return (jnp.asarray(a) - jnp.asarray(b)) / (2 * found.step)

    along = [
        slope(a, b)
        for a, b in zip(jax.tree.leaves(found.up), jax.tree.leaves(found.down), strict=True)
        if jnp.issubdtype(jnp.result_type(a), jnp.inexact)
    ]
    loss, moved = (np.asarray(x, np.float64) for x in jax.device_get(_forward(world, along, some.number)))
    slopes = []
    for p in products:
        tail = 1 / (1 - float(base.level)) * (loss[p] > base.at_risk(p))
        slopes.append(Slope(p, PATHWISE, *_mean(tail * moved[p], base, some, p)))
    return slopes


@jax.jit
def _forward(world: World, along: list[Ratio], number: Count) -> tuple[Ratio, Ratio]:
    """Losses [product, path], and their derivatives as the world's real arrays move `along`."""
    leaves, shape = jax.tree.flatten(world)
    real = [k for k, leaf in enumerate(leaves) if jnp.issubdtype(leaf.dtype, jnp.inexact)]

    def loss(values: list[Ratio]) -> Ratio:
        all_ = list(leaves)
        for k, value in zip(real, values, strict=True):
            all_[k] = value
        return 1.0 - path.course(jax.tree.unflatten(shape, all_), number).nav[-1]

    return jax.jvp(loss, ([leaves[k] for k in real],), (along,))


def ratio(score: Array, base: Base, products: list[int]) -> list[Slope]:
    """E[(pull - its mean) score]: a score has mean zero, so the mean of the pulls is taken off (control)."""
    paths = len(score)
    slopes = []
    for p in products:
        pull = over(base.loss[p, :paths], base, p)
        parts = (pull - pull.mean()) * score
        slopes.append(Slope(p, RATIO, float(parts.mean()), float(parts.std(ddof=1) / np.sqrt(paths))))
    return slopes


def least(slopes: list[Slope], product: int) -> Slope:
    """The one of a product with the least error."""
    return min((one for one in slopes if one.product == product), key=lambda one: one.error)


def half_width(slope: Slope, confidence: float) -> float:
    """Half its interval."""
    return float(normal_quantile(confidence)) * slope.error
