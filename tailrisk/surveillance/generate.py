"""A made-up day of orders with known breaches: each, and each near miss, has accounts of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.errors import InputError
from .alarms import CALENDAR, SLIDING, WHOLE_DAY
from .events import CANCEL, ORDER, Events, Registers
from .rules import SECOND, Rules, Stock

OPEN = 1_708_335_000 * SECOND
"""19 February 2024, 9:30:00 in China, in microseconds of exchange time since 1970."""
SESSION = 7_200 * SECOND
"""The morning; the background and every plant are inside it."""
BUSIEST = 4_000
"""Most events of a background account, at random stamps: twenty in one second have a chance below 1e-20."""
LEAST = 20
"""Orders in a second; with a lower threshold the background itself might ring."""
SECURITIES = 200


@dataclass(frozen=True)
class Planted:
    """A stream and what a monitor without fault says of it."""

    events: Events  # [event] in file order
    registers: Registers
    alarms: frozenset[tuple[str, str, str, str]]  # rule, window, account or controller, name


Stamps = tuple[str, np.ndarray, list[tuple[str, str]]]
"""An account, its stamps from the open on [event], and the (rule, window) that ring for it."""


def generate(
    events: int, seed: int, *, controllers: int = 3, late: float = 0.0, rules: Rules | None = None
) -> Planted:
    """A stream of about so many events with breaches planted, the same for a seed.

    controllers: managers of forty accounts each that together breach what none of the accounts does; late:
    seconds by which rows may be late in the file. Breaches and near misses are exact: one second holds
    n - 1 or n events, a day holds n - 1 or n, n events span one second but for a millisecond, or exactly.

    InputError: fewer events than the plants need, or no rule for stocks, or one of few orders.
    """
    rule = (rules or Rules()).stock
    if rule is None or rule.second < LEAST:
        raise InputError("rules.stock", f"{rule}", f"thresholds for stocks, at least {LEAST} in a second")
    random = np.random.default_rng(seed)
    registers = Registers(controlled=controllers > 0)
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    rung: set[tuple[str, str, str, str]] = set()
    for name, stamps, rings in (*_plants(rule), *_groups(rule, controllers, registers, rung)):
        parts.append((np.full(len(stamps), registers.accounts.code(name)), stamps))
        rung |= {(r, window, "account", name) for r, window in rings}
    left = events - sum(len(stamps) for _, stamps in parts)
    if left < 0:
        raise InputError("events", f"{events:,}", f"at least {events - left:,}, which the plants need")
    busiest = max(1, min(BUSIEST, rule.day // 5))
    first, many = len(registers.accounts), -(-max(left, 1) // busiest)
    registers.accounts.all(f"B{k:06d}" for k in range(many))
    parts.append((first + np.arange(left) % many, random.integers(0, SESSION // 1000, left) * 1000))
    account, time = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Planted(_filled(account, time + OPEN, random, late, registers), registers, frozenset(rung))


def _plants(rule: Stock) -> Iterator[Stamps]:
    """Breaches and near misses of single accounts, ten of each kind over the morning."""
    n, day = rule.second, rule.day
    both = [("stock.second", CALENDAR), ("stock.second", SLIDING)]
    for k in range(10):
        at = (60 + 600 * k) * SECOND
        yield f"FULL{k}", at + _spread(n, 0, 999), both
        yield f"SHORT{k}", at + _spread(n - 1, 0, 999), []
        yield f"ASTRIDE{k}", at + _spread(n, 500, 1499), [("stock.second", SLIDING)]
        yield f"WIDE{k}", at + _spread(n, 500, 1500), []
        yield f"TIED{k}", at + np.full(n, 999_000), both
        yield f"DAY{k}", _over_the_day(day), [("stock.day", WHOLE_DAY)]
        yield f"LESS{k}", _over_the_day(day - 1), []


def _groups(rule: Stock, controllers: int, registers: Registers, rung: set) -> Iterator[Stamps]:
    """Managers of forty accounts each: together in one second, astride two, or over the day; none alone."""
    for k in range(controllers):
        for kind, low, high, rings in (
            ("TOGETHER", 0, 999, [CALENDAR, SLIDING]),
            ("SPLIT", 500, 1499, [SLIDING]),
            ("APART", 500, 1500, []),
        ):
            who = f"{kind}{k}"
            rung |= {("stock.second", window, "controller", who) for window in rings}
            stamps = (120 + 600 * k) * SECOND + _spread(rule.second, low, high)
            for j in range(40):
                registers.control[f"{who}.{j}"] = who
                yield f"{who}.{j}", stamps[j::40], []
        who = f"DAILY{k}"
        rung.add(("stock.day", WHOLE_DAY, "controller", who))
        for j in range(40):
            registers.control[f"{who}.{j}"] = who
            yield f"{who}.{j}", _over_the_day(rule.day)[j::40], []


def _spread(n: int, low: int, high: int) -> np.ndarray:
    """Stamps [event] from one millisecond to another, both taken, in microseconds."""
    return np.rint(np.linspace(low, high, n)).astype(np.int64) * 1000


def _over_the_day(n: int) -> np.ndarray:
    """Stamps [event] spread evenly over the morning."""
    return np.arange(n) * (SESSION // n // 1000) * 1000


def _filled(
    account: np.ndarray, time: np.ndarray, random: np.random.Generator, late: float, registers: Registers
) -> Events:
    """Events in file order: by time, or by time and a lateness of their own."""
    many = len(time)
    registers.securities.all(f"{600000 + k}.SH" for k in range(SECURITIES))
    shown = time + random.integers(0, round(late * SECOND) + 1, many) if late else time
    place = np.argsort(shown, kind="stable")
    action = np.where(random.random(many) < 0.2, CANCEL, ORDER).astype(np.int8)
    return Events(
        row=np.arange(1, many + 1),
        time=time[place],
        account=account[place].astype(np.int32),
        action=action,
        order=np.arange(1, many + 1),
        security=random.integers(0, SECURITIES, many).astype(np.int32),
        side=np.where(random.random(many) < 0.5, 1, -1),
        size=(random.integers(1, 50, many) * 100).astype(float),
        price=np.rint(random.uniform(3, 60, many) * 100) / 100,
    )


def write(planted: Planted, path: Path) -> None:
    """The stream as a file, CSV or Parquet by its name, with the controllers in a column of their own."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    events, known = planted.events, planted.registers
    side = np.zeros(len(events), np.int64) if events.side is None else events.side
    names = {
        "account": (events.account, known.accounts.names),
        "action": (events.action, ["order", "cancel", "trade"]),
        "security": (events.security, known.securities.names),
    }
    columns = {
        "time": pa.array(events.time, pa.timestamp("us")).cast(pa.timestamp("ms")),
        **{name: pa.array(words).take(pa.array(code)) for name, (code, words) in names.items()},
        "order": pa.array(events.order),
        "side": pa.array(["sell", "", "buy"]).take(pa.array(side + 1)),
        "size": pa.array(events.size),
        "price": pa.array(events.price),
        "controller": pa.array([known.control.get(name, "") for name in known.accounts.names]).take(
            pa.array(events.account)
        ),
    }
    table = pa.table(columns)
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=2**18)
    else:
        csv.write_csv(table, path, csv.WriteOptions(quoting_style="none"))
