"""Frozen records changed at one place: a config, its files, and what is inside them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from ...config import Config

EVERY = "*"
"""A step that goes to every entry of a table or a list."""
Change = Callable[[Any], Any]
Steps = tuple[str | int, ...]


def placed(record: Any, steps: Steps, change: Change) -> Any:
    """The record with what stands at `steps` passed through `change`; an absent None is left alone."""
    if not steps:
        return None if record is None else change(record)
    first, rest = steps[0], steps[1:]
    if isinstance(record, BaseModel):
        return record.model_copy(update={str(first): placed(getattr(record, str(first)), rest, change)})
    if isinstance(record, Mapping):
        return {
            key: placed(value, rest, change) if first in (EVERY, key) else value
            for key, value in record.items()
        }
    return tuple(
        placed(value, rest, change) if first in (EVERY, k) else value for k, value in enumerate(record)
    )


def numbers(record: Any, steps: Steps) -> list[float]:
    """Every number that `steps` lead to."""
    if not steps:
        return [float(record)] if isinstance(record, float) else []
    first, rest = steps[0], steps[1:]
    if isinstance(record, BaseModel):
        return numbers(getattr(record, str(first)), rest)
    pairs = record.items() if isinstance(record, Mapping) else enumerate(record)
    return [one for key, value in pairs if first in (EVERY, key) for one in numbers(value, rest)]


def groups(record: BaseModel) -> Iterator[Steps]:
    """Places of the record's numbers; the entries of a table or a list are one place."""
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, BaseModel):
            yield from ((name, *rest) for rest in groups(value))
        elif isinstance(value, float):
            yield (name,)
        else:
            yield from ((name, *rest) for rest in _entries(value))


def _entries(value: Any) -> Iterator[Steps]:
    if isinstance(value, Mapping):
        some = list(value.values())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        some = list(value)
    else:
        return
    if some and all(isinstance(one, float) for one in some):
        yield (EVERY,)
    elif some and all(isinstance(one, Mapping | Sequence) and not isinstance(one, str) for one in some):
        yield from dict.fromkeys((EVERY, *rest) for one in some for rest in _entries(one))


def attached(config: Config, part: str, steps: Steps, change: Change) -> Config:
    """The config with one of its files changed; part: crowd, calibrated or accounts."""
    if part == "crowd":
        files, name = config.attached.crowd, str(steps[0])
        assert files is not None
        new = files._replace(**{name: placed(getattr(files, name), steps[1:], change)})
        return config.attach(config.attached._replace(crowd=new))
    new = placed(getattr(config.attached, part), steps, change)
    return config.attach(config.attached._replace(**{part: new}))


def shifted(weights: Mapping[str, float], name: str, by: float) -> dict[str, float]:
    """Weights with `by` more on one name, taken from the others pro rata, so that their sum stays."""
    rest = sum(weights.values()) - weights[name]
    return {key: value + by if key == name else value * (1 - by / rest) for key, value in weights.items()}
