"""A file of orders, watched from its first row to its last."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..core.errors import InputError
from .aside import Aside, stop
from .events import Registers
from .market import read_control, read_market
from .monitor import Monitor, Watched
from .rules import Rules
from .sequence import Refused
from .source import BLOCK, ROWS, chunks, rows_about


def watch(
    path: str | Path,
    rules: Rules | None = None,
    *,
    controllers: str | Path | None = None,
    minutes: str | Path | None = None,
    set_aside: str | Path | None = None,
    block: int = BLOCK,
    rows: int = ROWS,
    progress: Callable[[float, int], None] | None = None,
) -> Watched:
    """Alarms and counts of a CSV or Parquet file of orders, cancels and trades, in bounded memory.

    rules: thresholds, by default those in force with guesses of the confidential ones; controllers: a file
    account, controller; minutes: the market's own minutes, without which moves and trades are not judged;
    set_aside: a file for rows that cannot be used. block, rows: bytes of CSV, rows of Parquet read at once;
    progress: told the part that is done and the rows.

    InputError: the first row that cannot be used, by number, field and value, unless set aside; a file that
    is no table or has no column time, account or action.
    """
    rules, registers = rules or Rules(), Registers()
    if controllers is not None:
        registers.control, registers.controlled = read_control(Path(controllers)), True
    market = read_market(Path(minutes), registers) if minutes is not None else None
    if set_aside is not None and Path(set_aside).exists():
        for other in (path, controllers, minutes):
            if other is not None and Path(other).exists() and Path(other).samefile(set_aside):
                raise InputError(str(set_aside), "is a file that is read", "another file for rows set aside")
    whole = rows_about(Path(path)) if progress is not None else 1
    aside = Aside(Path(set_aside)) if set_aside is not None else None
    refuse: Callable[[Refused], None] = aside if aside is not None else partial(stop, str(path))
    monitor = Monitor(rules, registers, refuse, market)
    try:
        for events in chunks(Path(path), registers, refuse, block=block, rows=rows):
            monitor.feed(events)
            if progress is not None:
                row = int(events.row[-1]) if len(events) else 0
                progress(min(row / whole, 1.0), row)
        watched = monitor.finish()
        if aside is not None:
            aside.done()
            watched.refused = dict(aside.reasons)
    except BaseException:
        if aside is not None:
            aside.drop()
        raise
    return watched
