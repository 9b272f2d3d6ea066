"""How likely a rout is at several leverages of DMA, in the crowd of a point: the same draws for all.

Days of a crisis in which fear takes hold at once, as in the map of `experiments.crowd_attribution`.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from ...assemble.world import assemble
from ...calibrate.ladder import Array
from ...config import Config
from ...core.units import Ratio
from ...simulate.crowd.world import Crowd
from ..crowd.runs import ROUT
from ..match.prior import Prior
from ..weather.simulated import Outside, Watched, courses, drawn, watched
from .actors import Actors
from .crowds import crowd_at

LEVERED = "dma"
DAYS = 3
"""Of a rout."""


@dataclass(frozen=True)
class Crisis:
    """What comes from outside, a chunk an item, and the crowd at its files' figures."""

    crowd: Crowd
    outside: list[Outside]
    watch: Watched

    def chance(self, who: Actors, prior: Prior, point: Array, leverage: float) -> float:
        """Percent of paths on which micro-caps fall by `ROUT` in three days, at a point [coordinate]."""
        row = self.crowd.cohort_names.index(LEVERED)
        books = self.crowd.cohorts
        levered = replace(self.crowd, cohorts=replace(books, long=books.long.at[row].set(leverage)))
        crowd = _moved(who, prior, levered, jnp.asarray(point))
        falls = [_worst(courses(crowd, each, self.watch).returns[:, crowd.micro]) for each in self.outside]
        return 100.0 * float(np.mean(np.concatenate(falls) < -ROUT))


_moved = jax.jit(crowd_at, static_argnums=(0, 1))


def crisis(config: Config, paths: int) -> Crisis:
    """Paths of a config that starts in a crisis, its ensemble forgotten. Raises InputError as `assemble`."""
    bare = config.model_copy()
    files = config.attached.crowd
    assert files is not None
    bare._attached = config.attached._replace(crowd=files._replace(matched={}))
    world = assemble(bare)
    assert world.crowd is not None
    panic = replace(world.crowd.panic, hold=jnp.ones_like(world.crowd.panic.hold))
    return Crisis(replace(world.crowd, panic=panic), drawn(world, paths), watched(world))


def _worst(returns: Ratio) -> Array:
    """Lowest return over `DAYS` days running [path], of daily ones [day, path]."""
    logs = np.log1p(np.asarray(returns, float))
    sums = np.cumsum(np.concatenate([np.zeros((1, logs.shape[1])), logs]), axis=0)
    return np.asarray(np.expm1(np.min(sums[DAYS:] - sums[:-DAYS], axis=0)))
