"""The real spreads before the first day, for events whose window begins in history."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..assemble.world import detector, warmup_days
from ..config import Config
from ..core import InputError
from ..core.oddities import ODDITIES
from ..data.prices import read_prices


def spreads(config: Config) -> NDArray[np.float64]:
    """Daily spreads [day, detector] of the days up to the end of the calibration window, oldest first.

    Raises InputError when the file lacks an index, or days enough, for an event.
    """
    assert config.history is not None
    last: Any = config.calibrated.fit.get("window", [None, None])[1]
    prices = _closes(config, last and str(last))
    returns = prices.loc[:last].pct_change(fill_method=None)
    days, columns = warmup_days(config), []
    for event in {detector(event, config.names): event for event in config.event}.values():
        absent = [bucket for bucket in event.pair if bucket not in returns]
        if absent:
            raise InputError(
                str(config.market.history), f"has no {absent[0]}", f"what event {event.name} compares"
            )
        spread = (returns[event.pair[0]] - returns[event.pair[1]]).dropna().to_numpy()
        if len(spread) < event.warmup_days:
            problem = f"has {len(spread)} daily spreads for event {event.name} up to {last or 'its end'}"
            raise InputError(str(config.market.history), problem, f"at least {event.warmup_days}")
        columns.append(np.concatenate([np.zeros(max(days - len(spread), 0)), spread[-days:]]))
    return np.stack(columns, axis=1)


def _closes(config: Config, last: str | None) -> pd.DataFrame:
    """The closes up to a day; what is odd about them is refused unless market.accept names it."""
    assert config.history is not None
    try:
        return read_prices(config.history, names=config.names, until=last, accept=config.market.accept)
    except InputError as error:
        hint = error.hint
        for kind in ODDITIES:
            hint = hint.replace(f"--accept {kind}", f'market.accept = ["{kind}"]')
        raise InputError(error.place, error.problem, error.allowed, hint) from None
