"""How the paths of a run are drawn: the tilt fitted for it, the choice, what the record says of both."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..assemble import detector
from ..config import Config
from ..config.sampling import Sampling
from ..core import random
from ..core.names import MEASURES
from ..simulate.choice import Choice, choose
from ..simulate.pilot import fit
from ..simulate.score import Fall, Loss, Target
from ..simulate.tilt import Tilt
from ..simulate.world import World
from ..tail import weight_report


def tilt_for(config: Config, world: World) -> tuple[Tilt | None, Choice | None]:
    """The law to draw from, None for the world's own, and why; (None, None) for a plain run."""
    asked = config.sampling or Sampling()
    if asked.method == "plain":
        return None, None
    stream = random.stream(config.run.seed, "sampling")
    wanted = targets(config, world)
    fitted = fit(world, wanted, stream, defensive=asked.defensive, blocks=1, rounds=8, chunk=config.run.chunk)
    choice = choose(world, wanted, fitted, chunk=config.run.chunk, free=asked.method == "automatic")
    return (fitted.law if choice.method == "importance" else None), choice


def targets(config: Config, world: World) -> tuple[Target, ...]:
    """What sampling is to make common, in the order of the config."""
    asked = config.sampling or Sampling()
    names = asked.targets or tuple(event.name for event in config.event)
    events = {event.name: event for event in config.event}
    found: list[Target] = []
    for name in names:
        if name in events:
            sign = 1.0 if events[name].threshold > 0 else -1.0
            place = world.detectors.index(detector(events[name]))
            found.append(Fall(name, place, sign, sign * events[name].threshold))
        else:
            product, _, measure = name.partition(".")
            at = (0, MEASURES.index(measure), list(config.products).index(product))
            found.append(Loss(name, *at, level=max(config.tail.levels)))
    return tuple(found)


def record(choice: Choice | None, weight: NDArray[np.float64] | None) -> dict[str, Any]:
    """What the record says of the sampling."""
    if choice is None:
        return {"method": "plain"}
    said: dict[str, Any] = {"method": choice.method, "reason": choice.reason, "pilot_paths": choice.paths}
    if weight is None:
        return said
    report = {k: v for k, v in asdict(weight_report(weight)).items() if v is not None}
    return said | {"weights": report}
