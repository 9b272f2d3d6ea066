"""Losses as they come in from outside: one convention for arrays, Series and frames.

Losses are positive where they are bad. An array has its paths last, [..., path], and gives values [...].
A Series is one sample and gives a float. A frame, [scenario, strategy], gives a Series, a value a column.
What comes with the losses as a Series (weights, forecasts, a control) is matched to them by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..core import InputError

Array = NDArray[np.float64]

LARGEST = 1e75
"""Magnitude beyond which a value is a placeholder: moments up to the fourth would overflow."""
FEW = 3
"""Names an error message lists."""


@dataclass(frozen=True)
class Losses:
    """Losses [..., path] as float64, and the names they came with."""

    values: Array
    paths: pd.Index | None = None  # of a Series or of a frame's rows
    strategies: pd.Index | None = None  # of a frame's columns

    def named(self, values: Array) -> Any:
        """Values [...] as they are given back: a float for one sample, a Series for a frame."""
        if self.strategies is not None:
            return pd.Series(values, self.strategies)
        return values if values.ndim else values.item()


def received(losses: ArrayLike, name: str = "losses", *, dimensions: int | None = None) -> Losses:
    """Losses under the convention above; a frame comes out as [strategy, path].

    InputError: no losses, values that are not finite real numbers, double names of columns, other dimensions.
    """
    if isinstance(losses, pd.DataFrame):
        once(name, losses.columns)
        found = Losses(finite(name, losses.to_numpy().T), losses.index, losses.columns)
    else:
        found = Losses(finite(name, losses), losses.index if isinstance(losses, pd.Series) else None)
    if dimensions is not None and found.values.ndim != dimensions:
        wanted = {1: "one sample, [path]", 2: "[.., path] with two axes, or a frame with a row a path"}
        raise InputError(name, f"has {found.values.ndim} axes", wanted[dimensions])
    return found


def matched(name: str, values: Any, to: Losses) -> Any:
    """`values` in the order of the losses' paths: a Series or a frame by name, all else as it is.

    Losses without names have the numbers of their places. InputError: names that differ from those of the
    losses or are there twice, a frame where the losses are none.
    """
    if isinstance(values, pd.DataFrame):
        if to.strategies is None or to.paths is None:
            raise InputError(name, "is a frame and the losses are not", "a Series or an array, one a path")
        return ordered(name, ordered(name, values, to.paths).T, to.strategies).to_numpy()
    if not isinstance(values, pd.Series):
        return values
    return ordered(
        name, values, pd.RangeIndex(to.values.shape[-1]) if to.paths is None else to.paths
    ).to_numpy()


def ordered(name: str, values: Any, names: pd.Index) -> Any:
    """A Series, or the rows of a frame, in the order of `names`.

    InputError: a name is missing, unknown or there twice.
    """
    if values.index.equals(names) and names.is_unique:
        return values
    once(name, values.index)
    once("losses", names)
    for problem, absent in (
        ("has no value for", names.difference(values.index)),
        ("has values for what is not among the losses:", values.index.difference(names)),
    ):
        if len(absent):
            raise InputError(name, f"{problem} {_some(absent)}", "the names of the losses, each once")
    return values.reindex(names)


def once(name: str, names: pd.Index) -> None:
    """Refuse names that are there twice: InputError with the first of them."""
    if not names.is_unique:
        raise InputError(name, f"double: {_some(names[names.duplicated()].unique())}", "every name once")


def numbers(name: str, values: Any) -> Array:
    """`values` as float64 of the shape they came in.

    InputError: text, dates, complex numbers, and what is masked or missing.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError(name, f"{int(np.ma.count_masked(values))} values are masked", "finite numbers")
    try:
        array = np.asarray(values)
        real = array.dtype.kind in "fiub" or (
            array.dtype.kind == "O" and all(isinstance(one, Real) for one in array.flat)
        )
        if real:
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError):
        pass
    what = type(values).__name__
    raise InputError(name, f"{what} is not an array of numbers", "real numbers, a list or an array of them")


def finite(name: str, values: Any) -> Array:
    """`values` [..., path] as float64.

    InputError: none, or one that is not finite or of a size no moment survives.
    """
    array = numbers(name, values)
    if array.ndim == 0 or array.size == 0:
        raise InputError(name, "is empty", "an array whose last axis is path")
    bad = int(array.size - np.count_nonzero(np.abs(array) <= LARGEST))
    if bad:
        problem = f"{bad} of {array.size} values are not finite, or beyond {LARGEST:g}"
        raise InputError(name, problem, "finite numbers whose fourth power is one too")
    return array


def number(
    name: str, value: Any, allowed: str = "a finite number", holds: Callable[[float], bool] | None = None
) -> float:
    """One finite real number for which `holds`, as a float. InputError: any other value."""
    if isinstance(value, Real) and np.isfinite(float(value)) and (holds is None or holds(float(value))):
        return float(value)
    raise InputError(name, f"{value!r} cannot be used", allowed)


def below(ceiling: float | None, losses: Losses) -> float:
    """The ceiling of losses, infinite where there is none. InputError: a loss exceeds it."""
    if ceiling is None:
        return np.inf
    top, worst = number("ceiling", ceiling), float(losses.values.max())
    if worst > top:
        raise InputError("ceiling", f"{top:g} is below the worst loss, {worst:g}", "what can be lost at most")
    return top


def _some(names: pd.Index) -> str:
    """The first few names, and how many more."""
    listed = ", ".join(str(name) for name in names[:FEW])
    return listed if len(names) <= FEW else f"{listed} and {len(names) - FEW} more"
