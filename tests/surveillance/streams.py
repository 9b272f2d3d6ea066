"""Small streams of events, and a monitor fed with one in chunks."""

from collections.abc import Sequence

import numpy as np

from tailrisk.surveillance.events import Events, Registers
from tailrisk.surveillance.monitor import Monitor, Watched
from tailrisk.surveillance.rules import SECOND, Clock, Rules
from tailrisk.surveillance.sequence import Refused

OPEN = 1_708_335_000 * SECOND
"""19 February 2024, 9:30:00."""


def stream(
    milliseconds: Sequence[int], accounts: Sequence[str] | str = "A", registers: Registers | None = None
) -> tuple[Events, Registers]:
    """Orders of accounts at milliseconds after the open, in the order given."""
    registers = registers or Registers()
    names = [accounts] * len(milliseconds) if isinstance(accounts, str) else list(accounts)
    many = len(milliseconds)
    time = OPEN + np.array(milliseconds, np.int64) * 1000
    code = registers.accounts.all(names)
    return Events(np.arange(1, many + 1), time, code, np.zeros(many, np.int8)), registers


def watched(
    events: Events, registers: Registers, rules: Rules, chunk: int = 10**9
) -> tuple[Watched, list[Refused]]:
    """What a monitor gives for a stream cut into chunks, and the rows it refused."""
    refused: list[Refused] = []
    monitor = Monitor(rules, registers, refused.append)
    for start in range(0, len(events), chunk):
        monitor.feed(events.take(slice(start, start + chunk)))
    return monitor.finish(), refused


def rang(watched: Watched, rule: str) -> list[tuple[str, str, str]]:
    """(window, account or controller, name) of a rule's alarms."""
    mine = watched.alarms[watched.alarms["rule"] == rule]
    return list(zip(mine["window"], mine["by"], mine["who"], strict=True))


NOW = Clock(tolerance=0.0)
