"""Whether a panel's market values and amounts are in yuan: no company of the exchange is worth a million."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .reading import Reading

Array = NDArray[np.float64]

USUAL = (2e8, 2e12)
"""Yuan; the median company lies between, by far (5e9 in 2023)."""
ANY = (1e7, 5e13)
"""Yuan; every company lies between, by far: the smallest of those leaving are at 5e7, the largest at 3e12."""
TRADED = (1e-6, 1.0)
"""Share of its market value that the median company trades in a day, by far (1 % in 2023)."""
CIRCULATING = (0.7, 50.0)
"""Market value over what amount and turnover say that circulates, of the median company, by far."""
STEP = 100.0
"""A market value that grows so many times in a day has changed its unit."""


def judge_units(
    place: str,
    cap: Array,
    amount: Array,
    turnover: Array,
    ids: Sequence[str],
    reading: Reading,
    accept: Collection[str],
    money: str | None = "yuan",
) -> None:
    """Refuse market values and amounts that cannot be of one unit, all [day, stock]. Raises InputError.

    money: "yuan", whose usual values are known, or None for any: then amounts need only fit the values.
    """
    for problem, hint in [*(values(cap, ids) if money else ()), *amounts(cap, amount, turnover)]:
        if "units" in accept:
            reading.odd.append(problem)
        else:
            allowed = "closes and amounts in yuan, shares in shares, or a title that says the unit"
            raise InputError(place, problem, allowed, f"{hint}; to go on with it: --accept units")


def values(cap: Array, ids: Sequence[str]) -> list[tuple[str, str]]:
    """What is wrong with the unit of market values [day, stock], and why it may be so."""
    known = np.asarray(np.isfinite(cap).any(axis=0))
    if not known.any():
        return []
    each = np.full(len(known), np.nan)
    each[known] = np.nanmedian(cap[:, known], axis=0)
    out = []
    for name, value, (low, high) in (
        ("the median company", float(np.nanmedian(each)), USUAL),
        (ids[int(np.nanargmin(each))], float(np.nanmin(each)), ANY),
        (ids[int(np.nanargmax(each))], float(np.nanmax(each)), ANY),
    ):
        if value < low:
            hint = "shares in ten thousands? name the column total_shares_10k"
            out.append((f"market values cannot be yuan: {name} is worth {value:,.0f}", hint))
        if value > high:
            hint = "shares or closes in another unit?"
            out.append((f"market values cannot be yuan: {name} is worth {value:,.0f}", hint))
    with np.errstate(invalid="ignore"):
        step = np.abs(np.diff(np.log(cap), axis=0)) > np.log(STEP)
    if step.any():
        stock = ids[int(step.any(axis=0).argmax())]
        out.append((f"the market value of {stock} changes {STEP:.0f} times in a day", "shares in two units?"))
    return out


def amounts(cap: Array, amount: Array, turnover: Array) -> list[tuple[str, str]]:
    """What is wrong with the unit of amounts, beside market values and turnover, all [day, stock]."""
    traded = (amount > 0) & np.isfinite(cap)
    if not traded.any():
        return []
    rate = float(np.median(amount[traded] / cap[traded]))
    hint = "amount in thousands or ten thousands? name the column amount_10k"
    if not TRADED[0] <= rate <= TRADED[1]:
        return [(f"amounts cannot be yuan: the median company trades {rate:.3g} of its value a day", hint)]
    traded &= turnover > 0
    if not traded.any():
        return []
    whole = float(np.median(cap[traded] * turnover[traded] / amount[traded]))
    if not CIRCULATING[0] <= whole <= CIRCULATING[1]:
        problem = (
            f"units disagree: the median company is worth {whole:.3g} times what amount over turnover says"
        )
        return [(problem, "shares, amount or turnover in another unit?")]
    return []
