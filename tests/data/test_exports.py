"""Ordinary exports of index closes, as vendors and spreadsheets make them: every one is the same table."""

import csv
import io
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS, CODES
from tailrisk.data.prices import read_prices

from .workbook import workbook

DAYS = pd.DatetimeIndex(
    ["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02", "2024-02-05", "2024-02-06"], name="date"
).as_unit("ns")
STEPS = np.array([0, 0.011, -0.004, 0.007, -0.013, 0.009])
LEVEL = np.array([3237.5, 4890.25, 5079.75, 1892.5, 251234.5])
TRUTH = pd.DataFrame(
    np.round(LEVEL * (1 + np.cumsum(np.outer(STEPS, [1.0, 1.3, -0.7, 1.7, 0.6]), axis=0)), 2),
    index=DAYS,
    columns=list(BUCKETS),
)
DIGITS = list(CODES)
NAMES = ["沪深300", "中证500", "中证1000", "中证2000", "万得微盘股指数"]
Rows = list[list[object]]


def long(
    header: list[str],
    code: Callable[[str], object] = str,
    day: Callable[[pd.Timestamp], object] = lambda t: t.strftime("%Y-%m-%d"),
    close: Callable[[float], object] = str,
) -> Rows:
    """Rows of code, day and close under three titles, then a column nobody asked for."""
    rows: Rows = [[*header, "涨跌幅"]]
    for k, digits in enumerate(DIGITS):
        rows += [[code(digits), day(t), close(float(TRUTH.iloc[i, k])), "0.5"] for i, t in enumerate(DAYS)]
    return rows


def wide(
    names: list[object],
    first: str = "date",
    day: Callable[[pd.Timestamp], object] = lambda t: t.strftime("%Y-%m-%d"),
    close: Callable[[float], object] = str,
) -> Rows:
    rows: Rows = [[first, *names]]
    return rows + [[day(t), *(close(float(v)) for v in TRUTH.iloc[i])] for i, t in enumerate(DAYS)]


def text(rows: Rows, separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue()


def newest(rows: Rows) -> Rows:
    """Each index newest first, as tushare gives it."""
    return rows[:1] + rows[:0:-1]


TUSHARE = ["ts_code", "trade_date", "close"]
EXPORTS: dict[str, str | bytes] = {
    "tushare": text(newest(long(TUSHARE, lambda c: f"{c}.SH", lambda t: t.strftime("%Y%m%d")))),
    "akshare": text(long(["代码", "日期", "收盘"])),
    "csindex": text(
        long(["指数代码Index Code", "日期Date", "收盘Close"], day=lambda t: t.strftime("%Y%m%d"))
    ),
    "baostock": text(long(["code", "date", "close"], lambda c: f"sh.{c}", close=lambda v: f"{v:.10f}")),
    "rqdata": text(long(["order_book_id", "date", "close"], lambda c: f"{c}.XSHG")),
    "rqdata wide": text(wide([f"{c}.XSHG" for c in DIGITS])),
    "joinquant": text(
        [[*row[:1], *row[1:]] for row in long(["code", "time", "close"], lambda c: f"{c}.XSHG")]
    ),
    "wind database": text(
        long(["S_INFO_WINDCODE", "TRADE_DT", "S_DQ_CLOSE"], day=lambda t: t.strftime("%Y%m%d"))
    ),
    "wind": (
        text(long(["代码", "日期", "收盘价(元)"], lambda c: f"{c}.WI" if len(c) > 6 else f"{c}.SH"))
        + "\n\n数据来源：Wind\n"
    ).encode("gbk"),
    "wind names": text(wide(NAMES, "日期")) + "数据来源：Wind,2024\n",
    "wind data browser": text(
        [["指标名称", *NAMES], ["频率", *["日"] * 5], ["单位", *["点"] * 5], *wide(NAMES)[1:]]
    ),
    "names in rows": text(long(["指数简称", "日期", "收盘"], lambda c: NAMES[DIGITS.index(c)])),
    "gbk": text(wide(NAMES, "日期")).encode("gbk"),
    "mark of utf-8": text(wide(DIGITS)).encode("utf-8-sig"),
    "unicode text": text(wide(DIGITS), "\t").encode("utf-16"),
    "slashes": text(wide(DIGITS, day=lambda t: f"{t.year}/{t.month}/{t.day}")),
    "points": text(wide(DIGITS, day=lambda t: f"{t.year}.{t.month}.{t.day}")),
    "midnight": text(wide(DIGITS, day=lambda t: f"{t:%Y-%m-%d} 00:00:00")),
    "close of day": text(wide(DIGITS, day=lambda t: f"{t:%Y-%m-%d}T15:00:00+08:00")),
    "chinese days": text(wide(DIGITS, day=lambda t: f"{t.year}年{t.month}月{t.day}日")),
    "thousands": text(wide(DIGITS, close=lambda v: f"{v:,.2f}")),
    "apostrophe": text(long(["code", "date", "close"], lambda c: f"'{c}")),
    "formula": text(long(["code", "date", "close"], lambda c: f'="{c}"')),
    "yahoo": text(long(["code", "date", "close"], lambda c: f"{c}.SS")),
    "gm": text(long(["symbol", "date", "close"], lambda c: f"SHSE.{c}")),
    "counted": text(
        [["", *long(["code", "date", "close"])[0]], *([k, *r] for k, r in enumerate(long([])[1:]))]
    ),
    "numbers": text(long(["code", "date", "close"], lambda c: str(int(c)))),
    "floats": text(long(["code", "date", "close"], lambda c: f"{int(c)}.0")),
    "twins": text(
        long(["code", "date", "close"], lambda c: {"000300": "399300.SZ", "000905": "399905.SZ"}.get(c, c))
    ),
    "tabs": text(long(["code", "date", "close"]), "\t"),
    "semicolons": text(long(["code", "date", "close"]), ";"),
    "newest first": text(newest(wide(DIGITS))),
    "blank lines and a title": "指数行情\n\n" + text(wide(NAMES, "日期")).replace("\n", "\n\n") + ",,,,,\n",
    "full width": text(wide(["０００３００", *DIGITS[1:]], "Ｄａｔｅ")),
    "titles with what they are": text(wide([f"{n}:收盘价" for n in NAMES], "日期")),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_ordinary_export_is_read(tmp_path: Path, name: str) -> None:
    content = EXPORTS[name]
    (tmp_path / "p.csv").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    pd.testing.assert_frame_equal(read_prices(tmp_path / "p.csv"), TRUTH, check_freq=False)


@pytest.mark.parametrize("mark", ["", "--", "None", "#N/A", "NaN", "null", "N/A", "-"])
def test_marks_of_what_is_missing(tmp_path: Path, mark: str) -> None:
    rows = wide(DIGITS)
    rows[1][4] = mark
    (tmp_path / "wide.csv").write_text(text(rows))
    listed = long(["code", "date", "close"])
    listed[1 + 3 * len(DAYS)][2] = mark
    (tmp_path / "long.csv").write_text(text(listed))
    truth = TRUTH.copy()
    truth.iloc[0, 3] = np.nan
    for file in ("wide.csv", "long.csv"):
        pd.testing.assert_frame_equal(read_prices(tmp_path / file), truth, check_freq=False)


def test_excel_with_days_and_numbers(tmp_path: Path) -> None:
    rows = wide(NAMES, "日期", lambda t: t.date(), float)
    workbook(tmp_path / "p.xlsx", Sheet1=[*rows, ["数据来源：Wind"]], Sheet2=[])
    pd.testing.assert_frame_equal(read_prices(tmp_path / "p.xlsx"), TRUTH, check_freq=False)
    typed = long(["代码", "日期", "收盘"], lambda c: int(c), lambda t: int(t.strftime("%Y%m%d")), float)
    workbook(tmp_path / "q.xlsx", 行情=typed)
    pd.testing.assert_frame_equal(read_prices(tmp_path / "q.xlsx"), TRUTH, check_freq=False)


def test_an_excel_file_with_two_tables_is_refused(tmp_path: Path) -> None:
    workbook(tmp_path / "p.xlsx", 一=wide(DIGITS), 二=wide(DIGITS))
    with pytest.raises(InputError, match="2 sheets hold cells: 一, 二"):
        read_prices(tmp_path / "p.xlsx")
    with pytest.raises(InputError, match="the file is empty"):
        read_prices(workbook(tmp_path / "q.xlsx", 一=[]))


def test_a_file_an_index_named_after_it(tmp_path: Path) -> None:
    names = ("000300.csv", "sh000905_daily.csv", "中证1000.csv", "932000.CSI.csv", "8841431.csv")
    for k, name in enumerate(names):
        rows = [["", "open", "close", "high"]]
        rows += [[f"{t:%Y-%m-%d}", "1", str(TRUTH.iloc[i, k]), "9"] for i, t in enumerate(DAYS)]
        (tmp_path / name).write_text(text(rows))
    pd.testing.assert_frame_equal(read_prices([tmp_path / n for n in names]), TRUTH, check_freq=False)
    (tmp_path / "closes.csv").write_text((tmp_path / "000300.csv").read_text())
    with pytest.raises(InputError, match=r"name the file after its code, such as 000300\.csv"):
        read_prices(tmp_path / "closes.csv")


def test_files_of_one_ladder_are_joined_and_may_not_differ(tmp_path: Path) -> None:
    TRUTH.iloc[:4].to_csv(tmp_path / "old.csv")
    TRUTH.iloc[3:].to_csv(tmp_path / "new.csv")
    files = [tmp_path / "old.csv", tmp_path / "new.csv"]
    pd.testing.assert_frame_equal(read_prices(files), TRUTH, check_freq=False)
    TRUTH.iloc[3:].mul(1.001).to_csv(tmp_path / "new.csv")
    with pytest.raises(InputError, match=r"new.csv: 2024-02-02: csi300 close = .* in old.csv"):
        read_prices(files)


def test_parquet_with_an_index_without_a_name_and_numbers_for_columns(tmp_path: Path) -> None:
    bare = TRUTH.rename_axis(None)
    bare.columns = pd.Index(DIGITS)
    bare.to_parquet(tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(read_prices(tmp_path / "p.parquet"), TRUTH, check_freq=False)


def test_what_was_understood_is_said_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "p.csv").write_text(text(newest(long(["代码", "日期", "收盘"]))))
    with caplog.at_level(logging.INFO, "tailrisk.data"):
        read_prices(tmp_path / "p.csv")
    (line,) = [record.getMessage() for record in caplog.records]
    for part in ("read 日期 as date", "read 收盘 as close", "6 days", "newest first, reversed"):
        assert part in line


@pytest.mark.parametrize(
    ("day", "right"),
    [
        (lambda t: (t - pd.Timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S+00:00"), True),
        (lambda t: (t - pd.Timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ"), True),
        (lambda t: t.strftime("%Y-%m-%d %H:%M:%S+08:00"), True),
        (lambda t: t.strftime("%Y-%m-%d 02:00:00-05:00"), True),
        (lambda t: (t - pd.Timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"), False),
    ],
)
def test_stamps_are_days_of_shanghai_or_need_a_zone(
    tmp_path: Path, day: Callable[[pd.Timestamp], object], right: bool
) -> None:
    (tmp_path / "p.csv").write_text(text(wide(DIGITS, day=day)))
    if right:
        pd.testing.assert_frame_equal(read_prices(tmp_path / "p.csv"), TRUTH, check_freq=False)
    else:
        with pytest.raises(InputError, match="16:00:00 without a zone"):
            read_prices(tmp_path / "p.csv")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_parquet_stamps_with_a_zone_are_days_of_shanghai(tmp_path: Path, zone: str) -> None:
    TRUTH.tz_localize("Asia/Shanghai").tz_convert(zone).to_parquet(tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(read_prices(tmp_path / "p.parquet"), TRUTH, check_freq=False)
    naive = TRUTH.tz_localize("Asia/Shanghai").tz_convert("UTC").tz_localize(None)
    naive.to_parquet(tmp_path / "q.parquet")
    with pytest.raises(InputError, match="without a zone"):
        read_prices(tmp_path / "q.parquet")
