"""Arguments that are no names: numbers, a level, objects of a kind; each refused by its own name."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from ..core import InputError
from ..tail.sample import Level, exact_level
from .conic import Array

T = TypeVar("T")


def plain(place: str, values: Any) -> Array:
    """`values` as numbers in double precision; NaN where something is missing.

    InputError: text, dates, None and whatever else is no number, or rows of different lengths.
    """
    try:
        if isinstance(values, np.ma.MaskedArray):
            return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
        if isinstance(values, pd.Series | pd.DataFrame):
            text = any(isinstance(v, str) for v in np.ravel(values.to_numpy(dtype=object)[:1]))
            kinds = {values.dtype.kind} if isinstance(values, pd.Series) else {d.kind for d in values.dtypes}
            if not text and kinds <= set("biufO"):
                return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
        array = np.asarray(values)
        if array.dtype.kind in "biuf":
            return np.asarray(array, dtype=np.float64)
        if array.dtype.kind == "O" and not any(v is None or isinstance(v, str) for v in array.flat):
            return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    raise InputError(place, f"holds something that is no number: {brief(values)}", "numbers")


def brief(value: Any) -> str:
    """A value in a message, cut short."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def number(
    place: str, field: str, value: Any, allowed: str, least: float = -np.inf, *, strict: bool = False
) -> float:
    """One finite number, at least `least` or, if strict, above it. InputError: any other value."""
    found = value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
    try:
        if isinstance(found, bool | str | bytes) or not np.isscalar(found):
            found = float(found) if isinstance(found, Fraction) else np.nan
        real = float(cast(float, found))
    except (TypeError, ValueError, OverflowError):
        real = np.nan
    if not np.isfinite(real) or real < least or (strict and real == least):
        raise InputError(f"{place}: {field}" if place else field, brief(value), allowed)
    return real


def confidence(level: Level) -> Fraction:
    """The level of VaR and ES as an exact fraction: a confidence above one half.

    InputError: no number, or one that is not between 0.5 and 1.
    """
    if isinstance(level, bool | np.bool_) or not isinstance(level, str | int | float | Fraction | np.number):
        raise InputError("level", f"{brief(level)} is no number", "a confidence above 0.5, such as 0.99")
    exact = exact_level(level if isinstance(level, str | Fraction) else str(level))
    if exact <= Fraction(1, 2):
        raise InputError(
            "level",
            f"{level} is not above 0.5",
            "the confidence, above 0.5 and below 1, such as 0.99",
            f"for the worst {float(exact):.3g} of all scenarios: level={float(1 - exact):.6g}",
        )
    return exact


def a(kind: type[T], place: str, value: Any, hint: str) -> T:
    """`value`, if it is of a kind. InputError: it is not."""
    if not isinstance(value, kind):
        raise InputError(place, f"{brief(value)} is none", kind.__name__, hint)
    return value


def many(place: str, values: Any, needed: tuple[str, ...], allowed: str) -> list[Any]:
    """`values` as a list of objects that have the `needed` attributes.

    InputError: no list, or one has not.
    """
    if isinstance(values, str | bytes | dict) or not isinstance(values, Iterable):
        raise InputError(place, f"{brief(values)} is no list", allowed)
    listed = list(values)
    for value in listed:
        if isinstance(value, type) or not all(hasattr(value, name) for name in needed):
            raise InputError(place, f"{brief(value)} is none", allowed)
    return listed
