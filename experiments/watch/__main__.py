"""Would an order monitor have flagged 19 February 2024, and does this one miss or invent anything?

    python -m experiments.watch [--events 10_000_000]

Writes results/watch: february.csv (Lingjun's two legs by size of a child order: orders a second, which rules
ring), accounts.csv (the same at 30,000 yuan by number of accounts), types.csv (abnormal types at other
thresholds), planted.csv (breaches planted, missed, invented), speed.csv, memory.csv (files up to more than a
gigabyte: the most memory held), child_size.svg and the page. Speed and memory are of the machine in the
record, at the time; every other figure is the same on any. Two minutes on two idle
cores, and 3 GB of scratch space.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pandas as pd

from tailrisk.core import disk
from tailrisk.record.publishing import publish
from tailrisk.report import study
from tailrisk.report.figures.prints import BOTH, printing
from tailrisk.surveillance import Monitor, Planted, Rules, generate, sweep
from tailrisk.surveillance.events import TRADE, Events, Registers
from tailrisk.surveillance.generate import OPEN
from tailrisk.surveillance.minutes import MANY, Market
from tailrisk.surveillance.rules import MINUTE

from .legs import ACCOUNTS, CHILD, CHILDREN, GROUPS, LEGS, Leg
from .monitor import CHUNK, never, registers, watched
from .page import QUESTION, page, picture
from .speed import bounded, speed


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
        "memory": pd.DataFrame(bounded(planted)),
    }
    facts = {
        "question": QUESTION,
        "command": "python -m experiments.watch",
        "events": events,
        "seed": 20240219,
    }

    def finish(folder: Path) -> None:
        with printing(folder, BOTH):
            disk.write(folder / "child_size.svg", picture(tables["february"]))
        study.write(folder)

    publish(output, "watch", tables, page(tables, events), facts, finish=finish)
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


if __name__ == "__main__":
    main()
