"""A stream through the monitor, where no row is to be refused."""

from tailrisk.core.errors import InputError
from tailrisk.surveillance import Monitor, Rules, Watched
from tailrisk.surveillance.events import Events, Registers
from tailrisk.surveillance.sequence import Refused

CHUNK = 2**19


def registers(accounts: int) -> Registers:
    """So many products of one manager; the manager stands for all of them."""
    made = Registers(controlled=True)
    made.accounts.all(f"product {k:03d}" for k in range(accounts))
    made.control = dict.fromkeys(made.accounts.names, "Lingjun")
    return made


def watched(events: Events, known: Registers, chunk: int = CHUNK, rules: Rules | None = None) -> Watched:
    """A stream through the monitor, where no row is to be refused."""
    monitor = Monitor(rules or Rules(), known, never)
    for start in range(0, len(events), chunk):
        monitor.feed(events.take(slice(start, start + chunk)))
    return monitor.finish()


def never(one: Refused) -> None:
    """Raises InputError: a stream made here has no bad row."""
    raise InputError(f"row {one.row}", one.reason, "a good row")
