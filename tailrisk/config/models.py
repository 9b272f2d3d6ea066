"""Layers, or one file that extends nothing, as a model of theirs."""

import os
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tailrisk.core.names import Names

from .chain import located
from .ensemble import Ensemble
from .explain import combined, explain
from .layers import Layers, Source
from .market_file import MarketNames
from .schema import Config
from .toml_file import read_toml

BESIDE: dict[str, Any] = {
    "extends": {"type": "string", "description": "a config this one builds on, beside it or in the library"},
    "without": {
        "anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}],
        "description": "products of the config it extends that are dropped",
    },
}
"""Keys of a file that are no fields of the config."""

M = TypeVar("M", bound=BaseModel)


def valid(model: type[M], layers: Layers, names: Names | None = None) -> M:
    """The model of the layers, of a market with these names. Raises InputError listing every problem."""
    try:
        return model.model_validate(layers.values, context=names)
    except ValidationError as error:
        raise combined(*explain(error, _schema(model), layers.label)) from None


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """What a file of the model may say, made where a message needs it: it takes half as long as a load."""
    schema = model.model_json_schema()
    if model is Config:
        schema["properties"] |= BESIDE
    return schema


def read(model: type[M], path: Path, names: Names | None = None) -> M:
    """A file that is one model, extending nothing. Raises InputError listing every problem."""
    return valid(model, Layers.of(Source(str(path), path.parent), read_toml(path)), names)


def read_market(path: str | os.PathLike[str]) -> Names:
    """The names of a market file, of the library where there is none here. Raises InputError."""
    return read(MarketNames, located(path)).names()


def read_ensemble(path: Path) -> Ensemble:
    """An ensemble file. Raises InputError for one that cannot be used."""
    return read(Ensemble, path)
