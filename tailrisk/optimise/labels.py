"""The border: what comes in by name is matched by name, and what is no number is refused.

A Series, a dict or a DataFrame carries names; it is put in the order of the assets (or styles, or scenarios)
by them. A name that is missing or there twice is refused. Plain arrays and lists are taken in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import InputError
from .arguments import brief, plain
from .conic import Array

BY_ORDER = "plain arrays are taken in order: .to_numpy() of what is already in the order of the assets"


class Axis(int):
    """How many assets there are (or styles, or scenarios), and their names where they have some."""

    names: pd.Index | None
    noun: str

    def __new__(cls, count: int, names: pd.Index | None = None, noun: str = "asset") -> "Axis":
        """InputError: two of one name, or a number of names that is not the count."""
        axis = super().__new__(cls, count)
        axis.names, axis.noun = names, noun
        if names is not None:
            if len(names) != count:
                raise InputError("names", f"{len(names)} for {count} {noun}s", f"a name for each {noun}")
            once(f"{noun}s", names)
        return axis

    def label(self, place: int) -> str:
        """What a message calls one of them."""
        return f"{self.noun} {place}" if self.names is None else str(self.names[place])

    @property
    def labels(self) -> tuple[str, ...]:
        """What messages call each."""
        return tuple(self.label(i) for i in range(self))


def axis(count: int) -> Axis:
    """A count as an axis, its names kept where it has some."""
    return count if isinstance(count, Axis) else Axis(count)


def once(place: str, names: pd.Index) -> None:
    """Refuses a name that is there twice. InputError: the first of them."""
    if names.has_duplicates:
        raise InputError(place, f"{names[names.duplicated()][0]!r} is there twice", "each name once")


def vector(
    place: str, field: str, values: Any, length: int, *, holding: bool = False, missing: bool = False
) -> Array:
    """`values` as [length], from one number, an array, or a Series or dict by name.

    holding: weights, of which none that is not zero may be outside the names; missing: NaN may stand.
    InputError: another shape, no numbers, NaN, a name that is missing or there twice.
    """
    along, where = axis(length), f"{place}: {field}" if place else field
    if isinstance(values, pd.Series | Mapping):
        values = matched(where, values, along, holding=holding)
    elif isinstance(values, pd.DataFrame):
        raise InputError(where, "is a DataFrame", f"a Series: one number for each {along.noun}")
    array = plain(where, values)
    if array.shape not in ((), (along,)):
        raise InputError(where, f"has shape {array.shape}", f"one number, or ({int(along)},)")
    lost = np.flatnonzero(np.isnan(np.atleast_1d(array)))
    if len(lost) and not missing:
        first = "" if array.ndim == 0 else f", the first of {along.label(int(lost[0]))}"
        raise InputError(where, f"{len(lost)} values are NaN{first}", "numbers")
    return np.broadcast_to(array, (along,))


def not_negative(place: str, field: str, values: Any, length: int) -> Array:
    """`values` as [length], all of them zero or more. InputError: one below zero, and as `vector`."""
    row = vector(place, field, values, length)
    if (row < 0).any():
        worst = (
            axis(length).label(int(row.argmin())) if np.ndim(values) or isinstance(values, Mapping) else ""
        )
        raise InputError(
            place, f"the least {field} is {row.min():g}{worst and ', of ' + worst}", f"{field} >= 0"
        )
    return row


def matched(where: str, values: Any, along: Axis, *, holding: bool = False) -> Any:
    """The values of a Series or dict in the order of the axis.

    InputError: a name is missing or there twice; if `holding`, one that is not zero has no place.
    """
    row = values if isinstance(values, pd.Series) else pd.Series(dict(values), dtype=object)
    place = places(where, row.index, along)
    left = np.setdiff1d(np.arange(len(row)), place)
    if holding and len(left):
        lost = left[plain(where, row.iloc[left]) != 0]
        if len(lost):
            raise InputError(
                where,
                f"holds {row.index[lost[0]]!r}, which is none of the {along.noun}s",
                f"weights of the {along.noun}s, or zero",
            )
    return row.iloc[place]


def places(where: str, names: pd.Index, along: Axis) -> NDArray[np.intp]:
    """Where each of the axis is among `names` [axis]; without names of its own it counts from zero.

    InputError: a name of the axis is missing, or one is there twice.
    """
    once(where, names)
    mine = pd.RangeIndex(along) if along.names is None else along.names
    place = names.get_indexer(mine)
    if (place < 0).any():
        lost = mine[place < 0][0]
        if along.names is None:
            raise InputError(
                where,
                f"has names, such as {names[0]!r}" if len(names) else "is empty",
                f"names only where the {along.noun}s have some: returns as a DataFrame",
                BY_ORDER,
            )
        raise InputError(where, f"has no {lost!r}", f"one for each {along.noun}, by name", BY_ORDER)
    return np.asarray(place, dtype=np.intp)


def table(place: str, values: Any, rows: int, columns: int, axes: str) -> Array:
    """`values` as [rows, columns], a DataFrame put in order by the names of both.

    InputError: another shape, no finite numbers, a name that is missing or there twice.
    """
    down, across = axis(rows), axis(columns)
    if isinstance(values, pd.DataFrame):
        values = values.iloc[places(place, values.index, down), places(place, values.columns, across)]
    array = plain(place, values)
    if array.shape != (down, across):
        raise InputError(place, f"exposure has shape {array.shape}", f"({int(down)}, {int(across)}) {axes}")
    bad = ~np.isfinite(array).all(axis=1)
    if bad.any():
        first = down.label(int(bad.argmax()))
        raise InputError(place, f"a coefficient is not finite, of {first}", "finite numbers")
    return array


def members(place: str, field: str, values: Any, length: int) -> NDArray[np.bool_]:
    """Who is inside [length]: true or false for each (an array, or a Series or dict by name), or names.

    InputError: codes, one text, names that are unknown.
    """
    along, where = axis(length), f"{place}: {field}"
    if (isinstance(values, pd.Series) and not _listed(values, along)) or isinstance(values, Mapping):
        values = _flags(where, matched(where, values, along), along)
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise _no_members(where, values, along)
    listed = list(values)
    if all(isinstance(v, bool | np.bool_) for v in listed) or not any(isinstance(v, str) for v in listed):
        known = along.names is not None and len(listed) > 0 and all(_in(v, along.names) for v in listed)
        if not known or (len(listed) == along and set(listed) <= {0, 1}):
            return _flags(where, listed, along)
    return _named(where, listed, along)


def _in(value: Any, names: pd.Index) -> bool:
    try:
        return value in names
    except TypeError:
        return False


def _listed(values: pd.Series, along: Axis) -> bool:
    """Whether a Series is a list of names: text, and its own labels are no assets."""
    own = along.names is not None and any(_in(label, along.names) for label in values.index)
    return not own and any(isinstance(v, str) for v in values)


def _named(where: str, listed: Sequence[Any], along: Axis) -> NDArray[np.bool_]:
    if along.names is None:
        raise InputError(
            where,
            f"names {listed[0]!r}, and the assets have no names",
            f"true or false for each of {int(along)} assets",
            "give returns as a DataFrame, and members may be names",
        )
    unknown = [name for name in listed if not _in(name, along.names)]
    if unknown:
        raise _no_members(where, unknown[0], along)
    once(where, pd.Index(listed))
    return np.asarray(along.names.isin(listed))


def _flags(where: str, values: Any, along: Axis) -> NDArray[np.bool_]:
    array = np.asarray(values, dtype=object)
    if array.shape != (along,):
        raise InputError(where, f"has shape {array.shape}", f"true or false for each of {int(along)} assets")
    for value in array:
        if not isinstance(value, bool | int | float | np.bool_ | np.number) or value not in (0, 1):
            raise _no_members(where, value, along)
    return array.astype(bool)


def _no_members(where: str, value: Any, along: Axis) -> InputError:
    names = "" if along.names is None else ", or names of assets"
    return InputError(
        where,
        f"{brief(value)} is no member",
        f"members are true or false (or 0 and 1) for each asset{names}",
        "of a code or a label: codes == 2; every industry at once: industries(labels, benchmark, limit)",
    )
