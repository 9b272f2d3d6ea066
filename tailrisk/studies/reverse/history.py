"""Every evening of the paths that came to a loss, simulated again under the law they were drawn from."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ...core import struct
from ...core.arrays import accumulate
from ...core.units import Count, LogReturn, Ratio, Yuan
from ...core.width import NARROW, width
from ...market import process
from ...rare import importance
from ...rare.tilt import Tilt
from ...simulate import day, path
from ...simulate.blocks import compiled
from ...simulate.tape import path_bytes
from ...simulate.world import World

Array = NDArray[np.float64]


@struct
class Evening:
    """One evening; [day, ...] in front of every field once the days are joined."""

    price: LogReturn  # [bucket, path]  log price since the start
    nav: Ratio  # [product, path]
    regime: Count  # [path]
    held: Ratio | None  # [cohort, path]  stock held over that of the start, at the start's prices
    state: Yuan | None  # [path]  bought by the state so far, billions
    mood: Ratio | None  # [path]  of investors outside the cohorts: the part of their selling strength


def see(world: World, at: day.State) -> Evening:
    """What is worth telling of a day's end."""
    crowd, held, state, mood = at.crowd, None, None, None
    if world.crowd is not None and crowd is not None:
        stock = accumulate(crowd.cohorts.holdings / crowd.price[None], axis=1)
        held = stock / jnp.maximum(world.crowd.cohorts.assets, 1e-6)[:, None]
        state, mood = accumulate(crowd.bought), crowd.panic.mood
    return Evening(
        price=at.price,
        nav=at.books.nav,
        regime=process.pictured(world.process, at.process),
        held=held,
        state=state,
        mood=mood,
    )


def histories(world: World, law: Tilt | None, numbers: NDArray[np.uint32]) -> Evening:
    """Every evening of the paths of these numbers [path], drawn from `law`, or the world's own where None."""
    wide = width(len(numbers), NARROW, path_bytes(world))
    rows = -(-len(numbers) // wide)
    filled = jnp.asarray(np.resize(numbers, rows * wide).reshape(rows, wide))
    seen = jax.device_get(_histories(world, law, filled))

    def join(field: Any) -> Any:
        joined = np.moveaxis(np.asarray(field), 0, -2)
        return joined.reshape(*joined.shape[:-2], -1)[..., : len(numbers)]

    return jax.tree.map(join, seen)


@jax.jit
def _histories(world: World, law: Tilt | None, numbers: Count) -> Evening:
    compute = partial(_plain, world) if law is None else partial(_tilted, world, law)
    return jax.lax.map(compiled(world, compute, law is not None), numbers)


def _plain(world: World, number: Count) -> Evening:
    def one_day(state: day.State, shocks: day.Shocks) -> tuple[day.State, Evening]:
        state, _ = day.step(world, state, shocks)
        return state, see(world, state)

    start, draws = path.begin(world, number), partial(path.draw, world, number)
    return path.over_days(one_day, start, world.days, draws)[1]


def _tilted(world: World, law: Tilt, number: Count) -> Evening:
    return importance.watched(world, law, number, partial(see, world))[2]
