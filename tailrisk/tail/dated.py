"""Series of days: losses and what was forecast of them, matched by day to the first that has days."""

from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from ..core import InputError
from .border import Array, Losses, finite, ordered


def series(**named: ArrayLike) -> list[Array]:
    """Named series [day] as float64, finite and of one length, by the days of the first Series.

    InputError: values that are not finite, several lengths, other days.
    """
    return [one.values for one in dated(**named)]


def dated(**named: ArrayLike) -> list[Losses]:
    """As `series`, with the days of the first Series among them, if there is one.

    Series are [day]; InputError: values that are not finite, several lengths, other days.
    """
    days = next((values.index for values in named.values() if isinstance(values, pd.Series)), None)
    if days is not None:
        named = {
            name: ordered(name, values, days) if isinstance(values, pd.Series) else values
            for name, values in named.items()
        }
    arrays = {name: finite(name, values) for name, values in named.items()}
    lengths = {array.shape for array in arrays.values()}
    if len(lengths) != 1 or any(array.ndim != 1 for array in arrays.values()):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise InputError(next(iter(named)), f"shapes differ: {shapes}", "series [day] of one length")
    return [Losses(array, days) for array in arrays.values()]


def as_given(values: Array, like: Losses) -> Any:
    """Values [day] with the days they belong to, where these are known."""
    return values if like.paths is None else pd.Series(values, like.paths)


def forecast(losses: ArrayLike, value_at_risk: ArrayLike, expected_shortfall: ArrayLike) -> list[Losses]:
    """(losses, VaR, ES) [day] of one set of days.

    InputError: an ES that is not above zero, and as in `series`.
    """
    matched = dated(losses=losses, value_at_risk=value_at_risk, expected_shortfall=expected_shortfall)
    short = int((matched[2].values <= 0).sum())
    if short:
        raise InputError("expected_shortfall", f"{short} forecasts are not positive", "> 0")
    return matched
