"""Daily turnover of exchange-traded funds, from a file."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import InputError
from .codes import clean, parted
from .daily import require_days
from .table import Table, ascending, listed, read_table, where


def read_turnover(path: str | Path, accept: Collection[str] = ()) -> pd.DataFrame:
    """Yuan traded [day, fund], NaN before a fund was listed; columns date, code, amount.

    Raises InputError with file, row and value for an amount that is not positive and finite.
    """
    table = read_table(path, ("date", "code", "amount"))
    for name in ("code", "amount"):
        if name not in table.frame.columns:
            problem = f"no column {name!r} ({listed(table.frame)})"
            raise InputError(str(path), problem, "columns date, code, amount (yuan)")
    names = pd.Series(funds(table), index=table.frame.index)
    coded = table.frame.assign(code=names)
    table = ascending(Table(table.path, coded, table.when, table.columns, table.reading), names)
    require_days(table, accept)
    amount = table.numbers("amount")
    bad = ~(np.isfinite(amount) & (amount > 0)).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        problem = f"{table.frame['code'].iloc[row]} amount = {amount.iloc[row]:g}"
        place = where(path, amount.index[row], table.when[row].date())
        raise InputError(
            place, problem, "a positive finite number of yuan; leave out the row of a day without"
        )
    frame = pd.DataFrame(
        {"date": table.when, "code": table.frame["code"].to_numpy(), "amount": amount.to_numpy()}
    )
    table.reading.tell()
    return frame.pivot(index="date", columns="code", values="amount").rename_axis(columns=None)


def funds(table: Table) -> list[str]:
    """Six-digit codes of funds [row]. Raises InputError for what is none."""
    known: dict[str, str] = {}
    for row, cell in enumerate(table.frame["code"].astype(str)):
        if cell not in known:
            code = parted(clean(cell))
            if code is None or len(code.digits) != 6:
                place = where(table.path, table.frame.index[row])
                raise InputError(place, f"code {cell!r} is not a fund's", "six digits, such as 510300")
            known[cell] = code.digits
    return [known[cell] for cell in table.frame["code"].astype(str)]
