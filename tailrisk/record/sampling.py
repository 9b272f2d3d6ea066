"""How the paths of a run are drawn: the tilt fitted for it, the choice, what the record says of both."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..assemble.world import detector
from ..config import Config
from ..config.sampling import BLOCKS, CLONES, REPLICATES, ROUNDS, TRIAL, Sampling
from ..core import random
from ..core.names import MEASURES
from ..rare.choice import Choice, choose
from ..rare.pilot import fit
from ..rare.repeats import TRIED_FROM, Estimate, estimate
from ..rare.score import Fall, Loss, Target
from ..rare.tilt import Tilt
from ..simulate.world import World
from ..tail import weight_report


def tilt_for(config: Config, world: World) -> tuple[Tilt | None, Choice | None]:
    """The law to draw from, None for the world's own, and why; (None, None) for a plain run.

    InputError: importance sampling of days drawn from history.
    """
    asked = config.sampling or Sampling()
    if asked.method == "plain":
        return None, None
    if asked.method == "splitting":
        return None, Choice("splitting", "asked for", (), 0)
    stream, chunk = random.stream(config.run.seed, "sampling"), config.run.chunk
    wanted, free, trial = targets(config, world), asked.method == "automatic", None
    fitted = fit(world, wanted, stream, defensive=asked.defensive, blocks=BLOCKS, rounds=ROUNDS, chunk=chunk)
    if free and len(wanted) == 1 and isinstance(wanted[0], Fall):
        trial = estimate(world, wanted[0], stream, replicates=TRIAL, paths=CLONES, first=TRIED_FROM)
    choice = choose(world, wanted, fitted, chunk=chunk, free=free, trial=trial)
    return (fitted.law if choice.method == "importance" else None), choice


def split_for(config: Config, world: World, choice: Choice | None) -> Estimate | None:
    """The replicates of splitting, where that is the choice."""
    if choice is None or choice.method != "splitting":
        return None
    (target,) = targets(config, world)
    assert isinstance(target, Fall)
    stream = random.stream(config.run.seed, "sampling")
    return estimate(world, target, stream, replicates=REPLICATES, paths=CLONES)


def targets(config: Config, world: World) -> tuple[Target, ...]:
    """What sampling is to make common, in the order of the config."""
    asked = config.sampling or Sampling()
    names = asked.targets or tuple(event.name for event in config.event)
    events = {event.name: event for event in config.event}
    found: list[Target] = []
    for name in names:
        if name in events:
            sign = 1.0 if events[name].threshold > 0 else -1.0
            place = world.detectors.index(detector(events[name], config.names))
            found.append(Fall(name, place, sign, sign * events[name].threshold))
        else:
            product, _, measure = name.partition(".")
            at = (0, MEASURES.index(measure), list(config.products).index(product))
            found.append(Loss(name, *at, level=max(config.tail.levels)))
    return tuple(found)


def record(
    choice: Choice | None, weight: NDArray[np.float64] | None, split: Estimate | None = None
) -> dict[str, Any]:
    """What the record holds of the sampling; weight [path], one on average."""
    if choice is None:
        return {"method": "plain"}
    entry: dict[str, Any] = {"method": choice.method, "reason": choice.reason, "pilot_paths": choice.paths}
    if split is not None:
        entry["splitting"] = _splitting(split)
        entry["reason"] += f"; {entry['splitting']['note']}"
    if weight is None:
        return entry
    report = {k: v for k, v in asdict(weight_report(weight)).items() if v is not None}
    return entry | {"weights": report}


def _splitting(split: Estimate) -> dict[str, Any]:
    met, count = int((split.probability > 0).sum()), len(split.probability)
    said = f"the odds of {split.event} alone are from {count} replicates, all else from plain paths"
    if not met:
        said = f"no replicate reached {split.event}: its odds are those of the plain paths"
    return {
        "event": split.event,
        "note": said,
        "replicates": count,
        "replicates_with_event": met,
        "levels": [round(level, 4) for level in split.levels],
        "paths": split.paths,
        "path_days": split.path_days,
        "pilot_paths": split.pilot_paths,
    }
