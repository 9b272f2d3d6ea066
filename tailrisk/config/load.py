"""From TOML files to a Config: what a file extends, what is overridden, and the files it names."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tailrisk.core.errors import InputError
from tailrisk.core.names import HOME

from . import library
from .chain import chain, extended, located, parsed
from .layers import Source
from .market_file import MarketNames
from .models import read, read_ensemble, read_market, valid
from .named import attached, calibrated_file, check_styles, fewer, market_file, sha256, with_holdings
from .provenance import episodes, own, shipped
from .schema import Config
from .toml_file import read_toml

__all__ = ["TABLE", "load", "located", "parsed", "read", "read_ensemble", "read_market", "read_toml", "valid"]

TABLE = "config"
"""How a config without a file is called."""


def load(path: str | os.PathLike[str] | Mapping[str, Any], overrides: Sequence[str] = ()) -> Config:
    """Read a config, what it extends and the files it names, apply `a.b=value` overrides, check everything.

    A mapping is a config without a file, whose names of files start here. Raises InputError listing every
    problem, each with the file that set the field.
    """
    try:
        if isinstance(path, Mapping):
            layers = extended(dict(path), Source(TABLE, Path()), ())
        else:
            layers = chain(located(path), ())
        for override in overrides:
            layers = layers.over(*parsed(override))
        place = market_file(layers)
        names = None if place is None else read(MarketNames, place).names()
        if names is not None:
            layers, names = fewer(layers, names)
        config = valid(Config, layers, names)
        assert place is not None  # a config is not valid without
        assert names is not None
        calibrated, digest = calibrated_file(config, layers, names)
        layers, digests = with_holdings(config, layers, names, calibrated)
        config = valid(Config, layers, names) if digests else config
        check_styles(config, calibrated, layers)
        return config.attach(
            attached(config, layers, names, calibrated)._replace(
                holdings=digests,
                calibrated_sha256=digest,
                market_sha256=None if place == library.find(HOME) else sha256(place),
                library=shipped(config, layers),
                own=own(config, layers),
                episodes=episodes(config, layers),
            )
        )
    except RecursionError:
        where = TABLE if isinstance(path, Mapping) else os.fspath(path)
        raise InputError(where, "is nested too deep", "tables and lists a few levels deep") from None
