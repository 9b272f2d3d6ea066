"""Worlds that differ from a config's by a draw of its parameters, or by its law of returns."""

from dataclasses import replace
from typing import Any

import numpy as np

from ..config import Config
from ..config.uncertainty import Law
from ..simulate.world import World
from .world import assemble

Array = np.ndarray[Any, np.dtype[np.float64]]


def drawn(config: Config, world: World, number: int) -> World:
    """`world` with the parameters of draw `number`: its arrays alone differ, so its programs are the same.

    The process is that of the draw, or as it is where the file has none; the crowd that of the ensemble's
    set so numbered, round and round. Raises InputError as `assemble`.
    """
    files = config.attached
    calibrated, crowd = files.calibrated, files.crowd
    if files.draws:
        calibrated = calibrated.model_copy(update={"memory": files.draws[number]})
    if files.members and crowd is not None:
        crowd = crowd._replace(matched=files.members[number % len(files.members)])
    return _like(world, config.attach(files._replace(calibrated=calibrated, crowd=crowd)))


def under(config: Config, world: World, law: Law) -> World:
    """`world` with another law of returns, and all else as it is. Raises InputError as `assemble`."""
    market = config.market.model_copy(update={"process": law})
    return _like(world, config.model_copy(update={"market": market}).attach(config.attached))


def _like(world: World, config: Config) -> World:
    """What the parameters of returns and of the crowd make of a world."""
    other = assemble(config)
    return replace(world, process=other.process, styles=other.styles, crowd=other.crowd)
