"""Does the futures' basis answer to the index? In calm times, and in the first quarter of 2024.

    python -m experiments.basis_response [--data ../shared/data]

The day's change of the log basis of the second-nearest contract is regressed on the index's return and on the
basis of the day before, for falls and rises apart. It is why market/basis.py lets the dislocation follow the
index in a rout alone, and both ways.
"""

from itertools import pairwise
from pathlib import Path

import click
import numpy as np
import pandas as pd

from tailrisk.core.names import FUTURES
from tailrisk.data.prices import digest, read_prices
from tailrisk.record.publishing import markdown, publish

WINDOWS = (("2022-08-01", "2023-12-31"), ("2024-01-02", "2024-03-29"))


@click.command()
@click.option("--data", default="../shared/data", show_default=True, type=Path)
@click.option("-o", "--output", default="results/basis_response", show_default=True, type=Path)
def main(data: Path, output: Path) -> None:
    """Write the table of slopes."""
    closes, quotes = read_prices(data / "indices_daily.csv"), pd.read_csv(data / "index_futures_daily.csv")
    rows = [
        {"future": future, "from": first, "to": last, **slopes}
        for future, bucket in FUTURES.items()
        for first, last in WINDOWS
        for slopes in regressed(second(quotes, future), closes[bucket], first, last)
    ]
    table = pd.DataFrame(rows)
    said = {
        "command": "python -m experiments.basis_response",
        "data_sha256": {
            name: digest(data / name) for name in ("indices_daily.csv", "index_futures_daily.csv")
        },
    }
    publish(output, "basis_response", {"table": table}, page(table), said)
    click.echo(page(table))


def second(quotes: pd.DataFrame, future: str) -> dict[str, dict[str, float]]:
    """Closes by contract on each day, nearest first."""
    mine = quotes[quotes["symbol"].str.startswith(future)].sort_values(["date", "symbol"])
    return {day: dict(zip(x["symbol"], x["close"], strict=True)) for day, x in mine.groupby("date")}


def regressed(
    contracts: dict[str, dict[str, float]], index: pd.Series, first: str, last: str
) -> list[dict[str, object]]:
    """Slopes on the index's return and on yesterday's basis, with standard errors; falls, then rises."""
    days = [day for day in contracts if day in index.index.strftime("%Y-%m-%d")]
    spot = index.set_axis(index.index.strftime("%Y-%m-%d"))
    moves, changes, before = [], [], []
    for yesterday, today in pairwise(days):
        names = list(contracts[yesterday])
        if not first <= today <= last or len(names) < 2 or names[1] not in contracts[today]:
            continue
        was, now = (np.log(contracts[day][names[1]] / spot[day]) for day in (yesterday, today))
        moves.append(spot[today] / spot[yesterday] - 1)
        changes.append(now - was)
        before.append(was)
    x, y, b = map(np.array, (moves, changes, before))
    found = []
    for side, chosen in (("falls", x < 0), ("rises", x > 0)):
        design = np.column_stack([x[chosen], b[chosen], np.ones(chosen.sum())])
        slope, *_ = np.linalg.lstsq(design, y[chosen], rcond=None)
        error = np.sqrt(np.linalg.inv(design.T @ design)[0, 0] * (y[chosen] - design @ slope).var(ddof=3))
        found.append(
            {"side": side, "days": int(chosen.sum()), "slope": slope[0], "error": error, "pull": slope[1]}
        )
    return found


def page(table: pd.DataFrame) -> str:
    """The page in words."""
    lines = [
        "# Does the basis answer to the index?",
        "",
        "Change of the log basis of the second-nearest contract per unit of its index's return that day,",
        "its standard error, and per unit of the basis the day before (pull).",
        "",
        markdown(table.round(3)),
        "",
        "Made by `python -m experiments.basis_response`.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
