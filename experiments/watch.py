"""Would an order monitor have flagged 19 February 2024, and does this one miss or invent anything?

    python -m experiments.watch [--events 10_000_000]

Writes results/watch: february.csv (Lingjun's two legs by size of a child order: orders a second, which rules
ring), accounts.csv (the same at 30,000 yuan by number of accounts), types.csv (abnormal types at other
thresholds), planted.csv (breaches planted, missed, invented), speed.csv, and child_size.svg. Speed is of the
machine in the record, at the time; every other figure is the same on any.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tailrisk.calibrate.picture import drawn
from tailrisk.core.errors import InputError
from tailrisk.record.publishing import markdown, publish
from tailrisk.surveillance import Monitor, Planted, Rules, Watched, generate, sweep, watch
from tailrisk.surveillance.events import TRADE, Events, Registers
from tailrisk.surveillance.generate import OPEN, write
from tailrisk.surveillance.minutes import MANY, Market
from tailrisk.surveillance.rules import MINUTE
from tailrisk.surveillance.sequence import Refused
from tailrisk.surveillance.source import chunks

QUESTION = "Would an order monitor have flagged 19 February 2024?"
ACCOUNTS = 400
"""More than 400 products (mechanism, fact 66)."""
CHILDREN = (
    1_000, 3_000, 5_000, 10_000, 20_000, 30_000, 50_000, 59_750, 60_000, 66_388, 66_400, 68_600, 68_601,
    100_000, 108_888, 109_000, 200_000, 500_000, 1_000_000,
)  # fmt: skip
GROUPS = (1, 2, 3, 4, 5, 10, 40, 100, 400)
CHILD = 30_000
CHUNK = 2**19


class Leg(NamedTuple):
    """What one exchange saw (mechanism 1.4, facts 58 to 61)."""

    exchange: str
    amount: float  # yuan sold
    seconds: int
    index: str
    move: float  # of the index in the minute
    turnover: float  # of the exchange in the minute, yuan


LEGS = (
    Leg("SZSE", 1.372e9, 42, "399001.SZ", 8871.65 / 8957.28 - 1, 32.542e9),
    Leg("SSE", 1.195e9, 60, "000001.SH", 2868.02 / 2886.59 - 1, 22.528e9),
)


@click.command()
@click.option("--events", default=10_000_000, show_default=True, help="Orders of the planted stream.")
@click.option("-o", "--output", default="results/watch", show_default=True, type=click.Path(path_type=Path))
def main(events: int, output: Path) -> None:
    """The minute of 19 February by child size; planted breaches; orders a second."""
    planted = generate(events, seed=20240219, controllers=10)
    tables = {
        "february": pd.DataFrame(
            february(leg, child, ACCOUNTS, how)
            for leg in LEGS
            for child in CHILDREN
            for how in ("even", "random")
        ),
        "accounts": pd.DataFrame(february(leg, CHILD, many, "even") for leg in LEGS for many in GROUPS),
        "types": pd.concat([types(leg) for leg in LEGS], ignore_index=True),
        "planted": pd.DataFrame(found(planted)),
        "speed": pd.DataFrame(speed(planted)),
    }
    facts = {
        "question": QUESTION,
        "command": "python -m experiments.watch",
        "events": events,
        "seed": 20240219,
    }
    publish(output, "watch", tables, page(tables, events), facts, {"child_size": picture(tables["february"])})
    click.echo(f"wrote {output}")


def february(leg: Leg, child: int, accounts: int, how: str) -> dict[str, object]:
    """One leg as child orders of one size over so many accounts in turn: what the monitor says."""
    seen = watched(selling(leg, child, accounts, how), registers(accounts))
    counts = seen.counts.groupby("by")[["most_in_calendar_second", "most_in_sliding_second"]].max()
    many = seen.counts.groupby("by")["orders"].max()
    row: dict[str, object] = {
        "exchange": leg.exchange,
        "child_yuan": child,
        "accounts": accounts,
        "spacing": how,
    }
    row["orders"] = int(many["controller"])
    row["orders_a_second"] = many["controller"] / leg.seconds
    row["manager_most_in_sliding_second"] = int(counts.loc["controller", "most_in_sliding_second"])
    row["account_most_in_sliding_second"] = int(counts.loc["account", "most_in_sliding_second"])
    for by in ("account", "controller"):
        name = "manager" if by == "controller" else by
        rings = seen.alarms[seen.alarms["by"] == by]
        for window in ("calendar second", "sliding second"):
            mine = (rings["rule"] == "stock.second") & (rings["window"] == window)
            row[f"{name}_{window.split()[0]}_second_rings"] = bool(mine.any())
        row[f"{name}_day_rings"] = bool((rings["rule"] == "stock.day").any())
    return row


def selling(leg: Leg, child: int, accounts: int, how: str) -> Events:
    """Orders at even spacing, or at random stamps, over the leg's seconds, at millisecond stamps."""
    many = max(1, round(leg.amount / child))
    random = np.random.default_rng(1)
    share = np.arange(many) / many if how == "even" else np.sort(random.random(many))
    stamps = OPEN + np.floor(share * leg.seconds * 1000).astype(np.int64) * 1000
    account = np.arange(many) % accounts
    return Events(np.arange(1, many + 1), stamps, account, np.zeros(many, np.int8))


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


def types(leg: Leg) -> pd.DataFrame:
    """Which of the abnormal types ring at which multiple of the guessed thresholds: one sale, filled."""
    known = registers(ACCOUNTS)
    security = known.securities.code("000002.SZ" if leg.exchange == "SZSE" else "600000.SH")
    index = known.securities.code(leg.index)
    orders = selling(leg, CHILD, ACCOUNTS, "even")
    many = len(orders)
    fills = Events(
        row=np.repeat(orders.row, 2),
        time=np.repeat(orders.time, 2),
        account=np.repeat(orders.account, 2),
        action=np.tile(np.array([0, TRADE], np.int8), many),
        order=np.repeat(np.arange(many), 2),
        security=np.full(2 * many, security),
        side=np.full(2 * many, -1),
        size=np.full(2 * many, leg.amount / many),
        price=np.ones(2 * many),
    )
    minute = OPEN // MINUTE
    mark = np.array([minute * MANY + index])
    suffix = frozenset(["SZ" if leg.exchange == "SZSE" else "SH"])
    market = Market(mark, np.array([leg.move]), np.array([leg.turnover]), {index: suffix})
    rules = Rules(moves=None, sweep=(0.25, 0.5, 1.0, 1.5, 2.0, 4.0))
    monitor = Monitor(rules, known, never, market)
    monitor.feed(fills)
    table = sweep(monitor.finish(), rules)
    table = table[table["rule"].isin(["stock.second", "burst", "cancels", "trades"])]
    return table.assign(exchange=leg.exchange)[["exchange", *(c for c in table.columns)]]


def found(planted: Planted) -> Iterator[dict[str, object]]:
    """Breaches planted, missed and invented, by rule, window and who, for chunks of three sizes."""
    for chunk in (CHUNK, 3 * CHUNK + 7, 100_003):
        known = Registers(control=dict(planted.registers.control), controlled=True)
        known.accounts, known.securities = planted.registers.accounts, planted.registers.securities
        seen = watched(planted.events, known, chunk)
        columns = ("rule", "window", "by", "who")
        rang = [tuple(row) for row in seen.alarms[list(columns)].itertuples(index=False)]
        for kind in sorted({alarm[:3] for alarm in (*planted.alarms, *rang)}):
            wanted = {alarm for alarm in planted.alarms if alarm[:3] == kind}
            got = [alarm for alarm in rang if alarm[:3] == kind]
            row: dict[str, object] = {"chunk": chunk, **dict(zip(columns, kind, strict=False))}
            row |= {"planted": len(wanted), "alarms": len(got)}
            yield row | {"missed": len(wanted - set(got)), "false": len(got) - len(wanted & set(got))}


def speed(planted: Planted) -> Iterator[dict[str, object]]:
    """Orders a second: detection from memory, and reading and both from files."""
    many = len(planted.events)
    alone = Registers(accounts=planted.registers.accounts, securities=planted.registers.securities)
    both = Registers(accounts=alone.accounts, securities=alone.securities, controlled=True)
    both.control = planted.registers.control
    yield timed("detection, accounts", many, lambda: watched(planted.events, alone))
    yield timed("detection, accounts and controllers", many, lambda: watched(planted.events, both))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("orders.csv", "orders.parquet"):
            path = Path(folder) / name
            write(planted, path)
            kind = path.suffix[1:].replace("csv", "CSV").replace("parquet", "Parquet")
            megabytes = path.stat().st_size / 1e6
            read = timed(
                f"reading {kind}", many, lambda path=path: sum(map(len, chunks(path, Registers(), never)))
            )
            yield read | {"megabytes": megabytes}
            yield timed(f"{kind} to alarms", many, lambda path=path: watch(path)) | {"megabytes": megabytes}
            yield commanded(path, many) | {"megabytes": megabytes}


COMMAND = """
import sys
from tailrisk.cli import commands
commands.main(sys.argv[1:], standalone_mode=False)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) / 1024)
"""
"""The command, and then the most memory that its own process held, in megabytes (Linux)."""


def commanded(path: Path, many: int) -> dict[str, object]:
    """The command itself in a process of its own, with the most memory it held."""
    words = ["watch", str(path), "--output", str(path.parent / "out"), "--force", "--quiet"]
    wall, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words], check=True, stdout=subprocess.PIPE, text=True
    )
    wall, after = time.perf_counter() - wall, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    row: dict[str, object] = {"what": f"`tailrisk watch {path.name}`", "orders": many, "seconds": wall}
    row |= {
        "cpu_seconds": cpu,
        "millions_a_second": many / wall / 1e6,
        "millions_a_cpu_second": many / cpu / 1e6,
    }
    return row | {"peak_memory_mb": float(done.stdout)}


def timed(what: str, many: int, work: object) -> dict[str, object]:
    """The best of three: seconds by the wall and of the processor."""
    best = (float("inf"), float("inf"))
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        work()  # type: ignore[operator]
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    row: dict[str, object] = {"what": what, "orders": many, "seconds": best[0], "cpu_seconds": best[1]}
    return row | {"millions_a_second": many / best[0] / 1e6, "millions_a_cpu_second": many / best[1] / 1e6}


PAGE = """\
# {question}

![Orders a second by size of a child order](child_size.svg)

**By the order rates the manager would have rung, and no account.** Lingjun sold {sold} bn yuan, in {legs}.
With child orders of 30,000 yuan that is {rate} orders a second on the SZSE and {other} on the SSE: above
300 for the manager, and {account} at most in any second for one of {accounts} products. The rule counts by
account; it rings for one only up to {least} yuan a child.

Largest child order, of even spacing, at which the manager still rings:

{limits}

At 30,000 yuan, by number of accounts that the orders go to in turn:

{spread}

**By the fourth type the manager would have rung whatever the child size**, at the thresholds guessed: the
index moved {moves}, and the sale was {parts} of the minute's trading. No account rings: each sold one part in
{accounts} of it. Minutes and seconds that ring for the manager at multiples of each guessed threshold, with
orders of 30,000:

{types}

Orders by stamps at random instead of evenly spaced, and every child size, are in february.csv.

## Is the monitor right?

{events:,} made-up orders and cancels, with breaches and near misses planted on accounts and managers of
their own: one second of 299 and of 300, 300 astride two seconds, 300 that span exactly one second, 19,999 and
20,000 in a day. Chunks of three sizes; `missed` and `false` count alarms.

{planted}

## How fast?

Best of three on {cores} cores that other work shares. Detection is from memory, with both windows, day
counts, duplicates and quick cancels. The command reads, watches and writes its folder; its memory is the most
it held.

{speed}

Made by `python -m experiments.watch`.
"""


def page(tables: dict[str, pd.DataFrame], events: int) -> str:
    """The page in words; every number in it comes from the tables or the facts."""
    even = tables["february"].query("spacing == 'even'")
    at = even[even["child_yuan"] == CHILD].set_index("exchange")
    moves = " and ".join(f"{leg.move:.2%} ({leg.exchange})" for leg in LEGS)
    types_ = tables["types"].query("by == 'controller' and rule in ('trades', 'burst')")
    wide = types_.pivot_table(
        index=["exchange", "rule", "threshold_name", "window"], columns="multiple", values="ring", sort=False
    )
    wide.columns = pd.Index([f"x {multiple:g}" for multiple in wide.columns])
    shown = ["exchange", "accounts", "account_most_in_sliding_second", "account_sliding_second_rings"]
    planted = tables["planted"]
    return PAGE.format(
        question=QUESTION,
        sold=f"{sum(leg.amount for leg in LEGS) / 1e9:.3f}",
        legs=" and ".join(
            f"{leg.seconds} s on the {leg.exchange} ({leg.amount / 1e9:.3f} bn)" for leg in LEGS
        ),
        rate=f"{at.loc['SZSE', 'orders_a_second']:,.0f}",
        other=f"{at.loc['SSE', 'orders_a_second']:,.0f}",
        account=int(at["account_most_in_sliding_second"].max()),
        accounts=ACCOUNTS,
        least=f"{max(leg.amount / leg.seconds / 300 / ACCOUNTS for leg in LEGS):,.0f}",
        limits=markdown(limits().map(figure)),
        spread=markdown(tables["accounts"][shown].map(figure)),
        moves=moves,
        parts=" and ".join(f"{leg.amount / leg.turnover:.2%}" for leg in LEGS),
        types=markdown(wide.reset_index().map(figure)),
        events=events,
        planted=markdown(planted.map(figure)),
        cores=len(os.sched_getaffinity(0)),
        speed=markdown(tables["speed"].map(figure)),
    )


def limits() -> pd.DataFrame:
    """Yuan of the largest child order that gives 300 in a second, or 20,000 in the day, by who is counted."""
    rows = []
    for leg in LEGS:
        for who, many in (("manager", 1), (f"one of {ACCOUNTS} accounts", ACCOUNTS)):
            second, day = (leg.amount / many / n for n in (300 * leg.seconds, 20_000))
            rows.append({"exchange": leg.exchange, "who": who, "300 a second": second, "20,000 a day": day})
    return pd.DataFrame(rows)


def figure(cell: object) -> object:
    """A figure for reading."""
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, float) and np.isnan(cell):
        return ""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 or cell == round(cell) else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int | np.integer) else cell


def picture(table: pd.DataFrame) -> str:
    """SVG: most orders in a sliding second by child size, of the manager and of one account, and the rule."""
    chart = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = chart.subplots()
    even = table[table["spacing"] == "even"]
    styles = {"SZSE": ("#0072B2", "-"), "SSE": ("#D55E00", "--")}
    for name, (colour, style) in styles.items():
        mine = even[even["exchange"] == name]
        child = mine["child_yuan"] / 1000
        axes.plot(
            child, mine["manager_most_in_sliding_second"], style, color=colour, label=f"manager, {name}"
        )
        label = f"one of {ACCOUNTS} accounts, {name}"
        axes.plot(child, mine["account_most_in_sliding_second"], style, color=colour, alpha=0.45, label=label)
    axes.axhline(300, color="black", linewidth=0.8)
    axes.text(1.0, 330, "300 a second", fontsize=8)
    axes.axvline(CHILD / 1000, color="grey", linewidth=0.8, linestyle=":")
    axes.set(
        xscale="log", yscale="log", xlabel="child order, thousand yuan", ylabel="most orders in a second"
    )
    axes.legend(fontsize=8, frameon=False)
    return drawn(chart)


if __name__ == "__main__":
    main()
