"""Euler's contributions to ES at the levels of `tail.risks`: of a product's parts, of a book's products.

    C_j = E[L_j | L in the tail of L = sum_j L_j],    sum_j C_j = ES        Tasche (1999), equation 4

Parts of a product are its buckets and legs (`scenarios.parts`); the book holds every product in equal parts.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..config import Config
from ..core.figures import CONTRIBUTIONS
from ..core.risks import risk
from ..simulate.world import World
from ..tail import Interval, component_shortfall
from .collect import Sample
from .scenarios import TERMINAL, chosen, live, parts

BOOK = "all products"
"""What the book of every product is called; no product's name has a space."""
Array = NDArray[np.float64]


def asked(config: Config) -> tuple[str, ...]:
    """The levels, as their decimal text, lowest first."""
    found = {one.texts[0] for one in map(risk, config.tail.risks) if one.kind == "contribution"}
    return tuple(sorted(found, key=float))


def table(config: Config, world: World, sampled: Sample) -> pd.DataFrame | None:
    """contributions.csv: a row a product, level and part, then a row a level and product of the book.

    None where no level is asked for.
    """
    levels = asked(config)
    if not levels:
        return None
    rows = []
    for level in levels:
        rows += [*_of_products(config, world, sampled, level), *_of_book(config, sampled, level)]
    return pd.DataFrame(CONTRIBUTIONS.rows(rows))


def _of_products(config: Config, world: World, sampled: Sample, level: str) -> list[dict[str, Any]]:
    """Of each product, by the paths of its own tail, lived again."""
    place, rows = config.tail.losses.index(TERMINAL), []
    for p, product in enumerate(config.products):
        numbers, paths = chosen(sampled.losses(0, place, p), float(level))
        once, course = live(world, config.run.paths, numbers)
        split = parts(world, p, course, config.styles_in_use)
        order = np.searchsorted(once, numbers)
        losses = np.stack(list(split.values()))[:, order]
        sure = config.tail.confidence
        found = component_shortfall(losses, level=level, confidence=sure, paths=paths)
        rows += _rows(product, level, list(split), found, config.run.paths)
    return rows


def _of_book(config: Config, sampled: Sample, level: str) -> list[dict[str, Any]]:
    """Of the products in a book of all, on the run's first paths, whose losses are stored whole."""
    place, count = config.tail.losses.index(TERMINAL), len(config.products)
    losses = sampled.risks.first[place * count : (place + 1) * count].astype(np.float64) / count
    paths = losses.shape[1]
    sure = config.tail.confidence
    found = component_shortfall(losses, level=level, confidence=sure)
    return _rows(BOOK, level, list(config.products), found, paths)


def _rows(product: str, level: str, names: list[str], found: Interval, paths: int) -> list[dict[str, Any]]:
    return [
        {
            **{"product": product, "level": float(level), "part": name, "paths": paths},
            **{"contribution": found.estimate[j], "contribution_low": found.low[j]},
            **{"contribution_high": found.high[j], "tail_points": found.tail_points[j]},
            "indicative": bool(found.indicative[j]),
        }
        for j, name in enumerate(names)
    ]
