"""A file that is read and watched takes the memory of a few blocks, however long it is."""

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.surveillance import Rules, Stock, watch

RULES = Rules(stock=Stock(second=20, day=10**6))
BLOCK, ROWS = 2**16, 2_000


def peak(path: Path) -> tuple[int, int]:
    """(bytes of arrays and objects held at once, rows waiting at once)."""
    tracemalloc.start()
    try:
        seen = watch(path, RULES, block=BLOCK, rows=ROWS)
        return tracemalloc.get_traced_memory()[1], seen.facts["most_rows_waiting"]
    finally:
        tracemalloc.stop()


def write(rows: int, path: Path) -> None:
    """A thousand orders a second of fifty accounts, every fifth row the cancel of the row before."""
    row = np.arange(rows)
    again = row % 5 == 4
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("2024-02-19 09:30") + pd.to_timedelta(row, unit="ms"),
            "account": [f"A{k}" for k in (row - again) % 50],
            "action": np.where(again, "cancel", "order"),
            "order": row - again,
        }
    )
    if path.suffix == ".parquet":
        table.to_parquet(path, row_group_size=ROWS)
    else:
        table.to_csv(path, index=False, date_format="%Y-%m-%d %H:%M:%S.%f")


@pytest.mark.parametrize("name", ["day.csv", "day.parquet"])
def test_eight_times_the_file_takes_the_same_memory(name: str, tmp_path: Path) -> None:
    held = []
    for rows in (20_000, 160_000):
        path = tmp_path / f"{rows}_{name}"
        write(rows, path)
        held.append(peak(path))
    (few, waiting), (many, more) = held
    assert many < 1.5 * few, held
    assert more < 10 * ROWS, "the rows of a second or a block, not of the file"
    assert waiting <= more
