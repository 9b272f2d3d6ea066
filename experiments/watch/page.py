"""The page in words; every number in it comes from the tables."""

import os

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tailrisk.calibrate.picture import drawn
from tailrisk.record.publishing import markdown
from tailrisk.report.figures.prints import printed
from tailrisk.report.figures.scale import logarithmic

from .legs import ACCOUNTS, CHILD, LEGS

QUESTION = "Would an order monitor have flagged 19 February 2024?"
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

## A gigabyte

The command on a tenth of the stream, on all of it, and on two days of it in one file: memory does not grow
with the file, and a file of two days has each alarm twice.

{memory}

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
        memory=markdown(tables["memory"].map(figure)),
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
    axes.set(xlabel="child order, thousand yuan", ylabel="most orders in a second")
    for axis in (axes.xaxis, axes.yaxis):
        logarithmic(axis)
    axes.legend(fontsize=8, frameon=False)
    printed(chart, "child_size")
    return drawn(chart)
