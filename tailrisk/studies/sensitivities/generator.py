"""The numbers of the law of returns: drift, volatility by regime and by factor, chains, memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...config import Config
from ...core.calendar import YEAR
from .edit import EVERY, Steps, attached, numbers

SOURCES = ("long_run", "days_5", "days_17", "days_100", "common")
"""What a variance is made of; mean squares by the days their decay leaves, 1 / (1 - h)."""


@dataclass(frozen=True)
class Moved:
    """A number of the law."""

    name: str
    value: float
    unit: str
    move: Callable[[Config, float], Config]
    most: float


def generator(config: Config) -> Iterator[Moved]:
    """Every number of the law that the config's process reads."""
    memory = config.market.process != "regimes" and config.calibrated.memory is not None
    if config.market.process == "days":
        yield from _memory(config)
        return
    place: Steps = ("memory", "residuals") if memory else ("model", _model(config))
    law: Any = _at(config, place)
    names = config.names.buckets
    drift: Steps = ("memory", "mean") if memory else (*place, "mean", EVERY)
    yield Moved(
        "generator.drift", float(np.array(_at(config, drift[:2])).flat[0]) if memory else law.mean[0][0],
        "+1 point a year", partial(_drifted, drift), 0.01,
    )  # fmt: skip
    for k in range(law.states):
        yield Moved(
            f"generator.volatility.regime_{k + 1}", 1.0, "+1 %",
            partial(_volatile, (*place, "covariance", k), None), 0.1,
        )  # fmt: skip
    for f in range(len(law.mean[0])):
        label = names[0] if f == 0 else f"{names[f]}_over_{names[f - 1]}"
        yield Moved(
            f"generator.volatility.{label}", 1.0, "+1 %",
            partial(_volatile, (*place, "covariance", EVERY), f), 0.1,
        )  # fmt: skip
    if law.states > 1:
        for k in range(law.states):
            stay = law.transition[k][k]
            yield Moved(
                f"generator.stay.regime_{k + 1}", stay, "+1 %", partial(_staying, (*place, "transition"), k),
                0.5 * (1 - stay) / stay,
            )  # fmt: skip
    if law.nu is not None:
        yield _times("generator.nu", (*place, "nu"), law.nu)
    if memory:
        yield from _memory(config)


def _memory(config: Config) -> Iterator[Moved]:
    """What turns residuals into returns, and where it stood on the eve."""
    block = config.calibrated.memory
    assert block is not None
    for name in ("phi", "kappa", "leverage", "long_run"):
        values = numbers(block, (name, EVERY))
        if any(values):
            yield _times(f"generator.{name}", ("memory", name, EVERY), max(map(abs, values)))
    for k, source in enumerate(SOURCES):
        values = numbers(block, ("weight", EVERY, k))
        if any(values):
            yield _times(f"generator.weight.{source}", ("memory", "weight", EVERY, k), max(values))
    yield _times("generator.cap", ("memory", "cap"), block.cap)
    yield _times("generator.stress", ("memory", "stress"), block.stress)
    if config.market.start == "filtered":
        yield Moved("generator.variance_on_the_eve", 1.0, "+1 %", _eve, 0.1)


def _model(config: Config) -> int:
    return list(config.calibrated.model).index(config.fitted)


def _at(config: Config, steps: Steps) -> Any:
    record: Any = config.calibrated
    for step in steps:
        record = record[step] if isinstance(step, int) else getattr(record, step)
    return record


def _times(name: str, steps: Steps, value: float) -> Moved:
    def move(config: Config, by: float) -> Config:
        return attached(config, "calibrated", steps, lambda x: x * (1 + by))

    return Moved(name, value, "+1 %", move, 0.1)


def _drifted(steps: Steps, config: Config, by: float) -> Config:
    """The first factor, and with it every bucket, gains so much a year."""

    def change(mean: tuple[float, ...]) -> tuple[float, ...]:
        return (mean[0] + by / YEAR, *mean[1:])

    return attached(config, "calibrated", steps, change)


def _volatile(steps: Steps, factor: int | None, config: Config, by: float) -> Config:
    """Deviations of a regime, or of one factor in all, times 1 + by."""

    def change(covariance: Any) -> Any:
        sigma = np.array(covariance)
        scale = np.ones(len(sigma))
        scale[slice(None) if factor is None else factor] = 1 + by
        return tuple(map(tuple, (sigma * scale[:, None] * scale).tolist()))

    return attached(config, "calibrated", steps, change)


def _staying(steps: Steps, regime: int, config: Config, by: float) -> Config:
    """The chance to stay in a regime times 1 + by, those to leave pro rata."""

    def change(rows: Any) -> Any:
        chain = np.array(rows)
        row = chain[regime]
        stay = row[regime] * (1 + by)
        left = row * (1 - stay) / (1 - row[regime])
        left[regime] = stay
        chain[regime] = left
        return tuple(map(tuple, chain.tolist()))

    return attached(config, "calibrated", steps, change)


def _eve(config: Config, by: float) -> Config:
    """Mean squares and the common variance of the last day, times 1 + by."""

    def change(value: float) -> float:
        return value * (1 + by)

    config = attached(config, "calibrated", ("memory", "eve", "square", EVERY, EVERY), change)
    return attached(config, "calibrated", ("memory", "eve", "common"), change)
