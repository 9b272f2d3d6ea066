"""A date beside a time of day: one stamp in every form of the vendors, or refused by row and field."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from tailrisk.core.errors import InputError
from tailrisk.surveillance import Rules, Stock, watch

RULES = Rules(stock=Stock(second=2), burst=None, cancels=None, moves=None, trades=None)
WANTED = {"2024-02-19 09:30:00.100"}
"""When the second of two orders in a second came."""
FORMS = {
    "text": ("date,time", ["2024-02-19,09:30:00.000", "2024-02-19,09:30:00.100"]),
    "one digit of the hour": ("date,time", ["2024-02-19,9:30:00.000", "2024-02-19,9:30:00.100"]),
    "slashes": ("date,time", ["2024/2/19,09:30:00.000", "2024/2/19,09:30:00.100"]),
    "integers": ("trade_date,time", ["20240219,93000000", "20240219,93000100"]),
    "integers with zeros": ("MDDate,MDTime", ["20240219,093000000", "20240219,093000100"]),
    "Chinese": ("交易日期,委托时间", ["2024年2月19日,09:30:00.000", "2024年2月19日,09:30:00.100"]),
    "quoted": ("date,time", ["'20240219,093000000", "'20240219,093000100"]),
    "whole stamps beside their date": (
        "date,time",
        ["20240219,2024-02-19 09:30:00.000", "20240219,2024-02-19 09:30:00.100"],
    ),
    "mixed": ("date,time", ["2024-02-19,09:30:00.000", "20240219,20240219093000100"]),
}


def file(folder: Path, header: str, cells: list[str]) -> Path:
    path = folder / "orders.csv"
    rows = [f"{cell},A,order" for cell in cells]
    path.write_text("\n".join([f"{header},account,action", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("block", [70, 10**6])
def test_every_form_gives_the_same_stamp(name: str, block: int, tmp_path: Path) -> None:
    seen = watch(file(tmp_path, *FORMS[name]), RULES, block=block)
    assert seen.events["order"] == 2
    assert set(seen.alarms["time"]) == WANTED


def test_whole_seconds_as_numbers(tmp_path: Path) -> None:
    seen = watch(file(tmp_path, "date,time", ["20240219,93000", "20240219,93000", "20240219,145900"]), RULES)
    assert set(seen.alarms["time"]) == {"2024-02-19 09:30:00.000"}
    assert seen.facts["whole_second_stamps"]


@pytest.mark.parametrize(
    "columns",
    [
        {"date": [20240219, 20240219], "time": [93000000, 93000100]},
        {"date": pd.to_datetime(["2024-02-19"] * 2).date, "time": ["09:30:00.000", "09:30:00.100"]},
        {
            "date": pd.to_datetime(["2024-02-19"] * 2),
            "time": pa.array([34_200_000, 34_200_100], pa.time32("ms")),
        },
        {
            "date": ["20240219"] * 2,
            "time": pd.to_datetime(["2024-02-19 09:30:00.0", "2024-02-19 09:30:00.1"]),
        },
    ],
)
def test_typed_columns_of_parquet(columns: dict, tmp_path: Path) -> None:
    table = pa.table({**columns, "account": ["A", "A"], "action": ["order", "order"]})
    parquet.write_table(table, tmp_path / "orders.parquet")
    assert set(watch(tmp_path / "orders.parquet", RULES, rows=1).alarms["time"]) == WANTED


def test_after_midnight_numbers_are_short(tmp_path: Path) -> None:
    """The first row says how numbers are written: 100000 is then 00:01:00.000 and not ten o'clock."""
    cells = ["20240219,235959900", "20240220,000000100", "20240220,100000"]
    seen = watch(file(tmp_path, "date,time", cells), Rules(stock=Stock(day=2), burst=None, cancels=None))
    assert set(seen.alarms["time"]) == {"2024-02-20 00:01:00.000"}


GOOD = "20240219,93000000"
BAD = {
    "no such hour": ("20240219,253000000", "time: '253000000' is no time of the row's date"),
    "no such minute": ("20240219,93061", "time: '93061' is no time"),
    "a number of another form": ("20240219,93000", "time: '93000' is no time"),
    "no time": ("20240219,", "time: '' is no time"),
    "no such day": ("20240231,93000100", "date: '20240231' is no date"),
    "no date": (",93000100", "date: '' is no date"),
    "another day in the stamp": ("20240219,2024-02-20 09:30:00.100", "time: '2024-02-20 09:30:00.100'"),
    "finer than a microsecond": ("20240219,09:30:00.1234567", "time: '09:30:00.1234567' is no time"),
    "a date with a time": ("2024-02-19 09:30:00,93000100", "date: '2024-02-19 09:30:00' is no date"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_stamp_is_refused_by_row_and_field(name: str, tmp_path: Path) -> None:
    cell, message = BAD[name]
    path = file(tmp_path, "date,time", [GOOD, cell, GOOD])
    with pytest.raises(InputError) as refused:
        watch(path, RULES)
    assert ": row 2: " in str(refused.value)
    assert message in str(refused.value)
    seen = watch(path, RULES, set_aside=tmp_path / "bad.csv")
    assert seen.events["order"] == 2
    assert sum(seen.refused.values()) == 1
    date = cell.split(",")[0]
    assert date in (tmp_path / "bad.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("first", ["1", "1234", "time"])
def test_a_file_whose_first_time_has_no_form_is_refused(first: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)row 1: time: .*HHMMSSmmm or HHMMSS as the first row has it"):
        watch(file(tmp_path, "date,time", [f"20240219,{first}", GOOD]), RULES)


def test_a_time_of_day_without_a_date_says_that_one_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)'09:30:00.000' is no stamp.*beside a date"):
        watch(file(tmp_path, "time", ["09:30:00.000"]), RULES)


def test_two_dates_are_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "交易日期,委托日期,time", ["20240219,20240219,93000000"])
    with pytest.raises(InputError, match="could each be the date"):
        watch(path, RULES)
