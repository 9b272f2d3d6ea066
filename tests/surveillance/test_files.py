"""Files: every kind of bad row, refused or set aside and counted; forms that are read; chunks."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.surveillance import Rules, Stock, generate, watch
from tailrisk.surveillance.generate import write
from tailrisk.surveillance.rules import Clock

HEADER = "time,account,action,order,security,side,size,price"
GOOD = [
    "2024-02-19 09:30:00.000,A,order,1,600000.SH,B,100,10.5",
    "2024-02-19 09:30:00.100,B,order,2,600000.SH,S,200,10.5",
    "2024-02-19 09:30:00.200,A,cancel,1,600000.SH,,,",
    "2024-02-19 09:30:00.300,B,trade,2,600000.SH,S,200,10.5",
    "2024-02-19 09:30:05.000,A,order,3,600000.SH,B,100,0",
]
BAD = {
    "time": ("19/02/2024,A,order,9,600000.SH,B,100,10", "'19/02/2024' is no stamp"),
    "time to the day": ("2024-02-19 ,A,order,9,600000.SH,B,100,10", "is no stamp"),
    "a stamp finer than a microsecond": (
        "2024-02-19 09:30:00.1234567,A,order,9,600000.SH,B,1,1",
        "is no stamp",
    ),
    "no such hour": ("2024-02-19 25:30:00.000,A,order,9,600000.SH,B,100,10", "is no stamp"),
    "account": ("2024-02-19 09:30:00.300,,order,9,600000.SH,B,100,10", "account: '' is empty"),
    "action": ("2024-02-19 09:30:00.300,A,amend,9,600000.SH,B,100,10", "action: 'amend' is unknown"),
    "side": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,X,100,10", "side: 'X' is unknown"),
    "no side": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,,100,10", "side: '' is unknown"),
    "negative size": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,B,-100,10", "size: '-100"),
    "size of zero": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,B,0,10", "size: '0"),
    "no size": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,B,,10", "size: '' is no size"),
    "size in words": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,B,many,10", "size: 'many' is no size"),
    "a negative cancel": ("2024-02-19 09:30:00.300,A,cancel,9,600000.SH,B,-5,", "size: '-5"),
    "infinite price": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,B,100,inf", "price: 'inf' is no price"),
    "nan price": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,B,100,nan", "price: 'nan' is no price"),
    "trade without a price": ("2024-02-19 09:30:00.300,A,trade,9,600000.SH,B,100,", "price: '' is no price"),
    "security": ("2024-02-19 09:30:00.300,A,order,9,,B,100,10", "security: '' is empty"),
    "order": ("2024-02-19 09:30:00.300,A,order,,600000.SH,B,100,10", "order: '' is empty"),
    "too few cells": ("2024-02-19 09:30:00.300,A,order", "has more or fewer cells than the header"),
    "too many cells": ("2024-02-19 09:30:00.300,A,order,9,600000.SH,B,100,10,7,8", "has more or fewer cells"),
    "out of order": (
        "2024-02-19 09:30:00.050,A,order,9,600000.SH,B,100,10",
        "out of order: 0.25 s before row 4",
    ),
    "a jump of the clock": ("2024-02-19 14:30:00.000,A,order,9,600000.SH,B,100,10", "a jump of the clock"),
    "a jump back": ("2023-02-19 09:30:00.000,A,order,9,600000.SH,B,100,10", "out of order"),
    "a duplicate": ("2024-02-19 09:30:00.200,A,cancel,1,600000.SH,,,", "order: '1' is a duplicate"),
}
WRONG = {"time to the day": "time", "a duplicate": "order", "a jump of the clock": "time"}


def file(folder: Path, rows: list[str], header: str = HEADER) -> Path:
    path = folder / "orders.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_good_file_is_good(tmp_path: Path) -> None:
    assert watch(file(tmp_path, GOOD)).events == {"order": 3, "cancel": 1, "trade": 1}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_is_refused_by_number_field_and_value(kind: str, tmp_path: Path) -> None:
    row, message = BAD[kind]
    with pytest.raises(InputError) as refused:
        watch(file(tmp_path, [*GOOD[:4], row, GOOD[4]]))
    assert ": row 5: " in str(refused.value)
    assert message in str(refused.value)
    assert "allowed: " in str(refused.value)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_is_set_aside_and_the_others_are_watched(kind: str, tmp_path: Path) -> None:
    row, message = BAD[kind]
    aside = tmp_path / "bad.csv"
    seen = watch(file(tmp_path, [*GOOD[:4], row, GOOD[4]]), set_aside=aside)
    assert seen.events == {"order": 3, "cancel": 1, "trade": 1}
    assert list(seen.refused.values()) == [1]
    with open(aside, encoding="utf-8") as stream:
        written = list(csv.DictReader(stream))
    assert [one["row"] for one in written] == ["5"]
    assert written[0]["reason"]
    assert written[0]["reason"].split(":")[0] in message or message.split(": ")[-1]


def test_two_fills_of_one_order_are_no_duplicate(tmp_path: Path) -> None:
    assert watch(file(tmp_path, [*GOOD[:4], GOOD[3], GOOD[4]])).events["trade"] == 2


def test_a_gap_is_no_jump(tmp_path: Path) -> None:
    """Lunch, and the next day."""
    later = [GOOD[4].replace("09:30:05", "13:00:00"), GOOD[4].replace("19 09", "20 09")]
    assert watch(file(tmp_path, [*GOOD, *later])).events["order"] == 5


def test_a_late_row_names_the_row_it_should_precede(tmp_path: Path) -> None:
    late = GOOD[0].replace("00.000", "01.000")
    with pytest.raises(InputError, match=r"before row 5, which is stamped 2024-02-19 09:30:05.000"):
        watch(file(tmp_path, [*GOOD, late]))
    seen = watch(file(tmp_path, [*GOOD, late]), Rules(clock=Clock(tolerance=4.0)))
    assert seen.events["order"] == 4


def test_every_bad_row_is_counted(tmp_path: Path) -> None:
    rows = [*GOOD[:4], *(row for row, _ in BAD.values()), GOOD[4]]
    aside = tmp_path / "bad.csv"
    seen = watch(file(tmp_path, rows), set_aside=aside)
    total = sum(seen.events.values()) + sum(seen.refused.values())
    assert total == len(rows)
    assert len(aside.read_text(encoding="utf-8").splitlines()) == 1 + sum(seen.refused.values())


def test_a_watch_that_fails_leaves_no_file_aside(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'action'"):
        watch(file(tmp_path, ["x,y"], "time,account"), set_aside=tmp_path / "bad.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_what_a_spreadsheet_would_run_is_quoted(tmp_path: Path) -> None:
    row = "2024-02-19 09:30:00.300,=cmd(),order,9,600000.SH,@x,100,10"
    watch(file(tmp_path, [row]), set_aside=tmp_path / "bad.csv")
    assert "'=cmd()" in (tmp_path / "bad.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"time,account,action\n", "a header but no rows"),
        (b"time,account\n1,2\n", "no column 'action'"),
        (b"time,account,action,Account\n1,2,3,4\n", "column account: is there twice"),
        (b"time,acct,account_id,action\n1,2,3,4\n", "acct and account_id could each be the account"),
        (b"PK\x03\x04abc", "is Excel"),
        (b"PAR1 and nothing", "is damaged"),
        (b"\xff\xfet\x00i\x00m\x00e\x00\n\x00", "UTF-16"),
    ],
)
def test_files_that_are_no_orders(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        watch(tmp_path / "orders.csv")


def test_chinese_titles_words_and_encoding(tmp_path: Path) -> None:
    rows = ["20240219093000000|张三|委托|1|600000|买入|100|10", "20240219093000500|张三|撤单|1|600000|买入||"]
    text = "委托时间|证券账户|委托类型|委托编号|证券代码|买卖方向|委托数量|委托价格\r\n" + "\r\n".join(rows)
    (tmp_path / "a.csv").write_bytes(text.encode("gb18030"))
    seen = watch(tmp_path / "a.csv")
    assert seen.events == {"order": 1, "cancel": 1, "trade": 0}
    assert list(seen.counts["who"]) == ["张三"]
    assert list(seen.counts["quick_cancels"]) == [1]


def test_stamps_of_a_zone_are_turned_into_china_s(tmp_path: Path) -> None:
    rows = ["2024-02-19T01:30:00.000Z,A,order", "2024-02-19T09:30:00.100+08:00,A,order"]
    rules = Rules(stock=Stock(second=2))
    seen = watch(file(tmp_path, rows, "time,account,action"), rules)
    assert set(seen.alarms["time"]) == {"2024-02-19 09:30:00.100"}


def test_whole_seconds_are_noted(tmp_path: Path) -> None:
    rows = ["2024-02-19 09:30:00,A,order", "2024-02-19 09:30:01,A,order"]
    assert watch(file(tmp_path, rows, "time,account,action")).facts["whole_second_stamps"]
    assert not watch(file(tmp_path, GOOD)).facts["whole_second_stamps"]


def test_names_of_orders_may_be_text(tmp_path: Path) -> None:
    rows = ["2024-02-19 09:30:00.0,A,order,x-1", "2024-02-19 09:30:00.9,A,cancel,x-1"]
    seen = watch(file(tmp_path, rows, "time,account,action,order"))
    assert list(seen.counts["quick_cancels"]) == [1]


@pytest.mark.parametrize("name", ["day.csv", "day.parquet"])
def test_any_chunk_gives_the_same_answer(name: str, tmp_path: Path) -> None:
    planted = generate(6_000, 5, late=0.08, controllers=1, rules=SMALL)
    write(planted, tmp_path / name)
    first = watch(tmp_path / name, SMALL)
    for block, rows in ((777, 61), (9_000, 1_000)):
        other = watch(tmp_path / name, SMALL, block=block, rows=rows)
        pd.testing.assert_frame_equal(other.alarms, first.alarms)
        pd.testing.assert_frame_equal(other.counts, first.counts)
        assert other.events == first.events


@pytest.mark.parametrize("block", [200, 5_000, 10**6])
def test_rows_have_the_same_numbers_in_any_chunk(block: int, tmp_path: Path) -> None:
    rows = [f"2024-02-19 09:30:{k // 10:02d}.{k % 10}00,A,order,{k},600000.SH,B,100,10" for k in range(300)]
    rows[123] = rows[123].replace(",B,", ",?,")
    rows[200:200] = ["", "2024-02-19 09:30:20.000,A"]
    rows[250] = rows[249]
    aside = tmp_path / "bad.csv"
    watch(file(tmp_path, rows), set_aside=aside, block=block)
    assert sorted(pd.read_csv(aside)["row"]) == [124, 202, 251]


SMALL = Rules(stock=Stock(second=20, day=60))


@pytest.mark.parametrize("name", ["day.csv", "day.parquet"])
def test_planted_breaches_ring_and_nothing_else_does(name: str, tmp_path: Path) -> None:
    planted = generate(500_000, 11, late=0.05)
    write(planted, tmp_path / name)
    seen = watch(tmp_path / name)
    got = set(zip(*(seen.alarms[c] for c in ("rule", "window", "by", "who")), strict=True))
    assert got == planted.alarms


def test_a_generator_too_small_for_its_plants_is_refused() -> None:
    with pytest.raises(InputError, match="which the plants need"):
        generate(1_000, 1)


def test_control_from_a_file(tmp_path: Path) -> None:
    rows = [f"2024-02-19 09:30:00.{k:03d},P{k},order" for k in range(3)]
    path = file(tmp_path, rows, "time,account,action")
    (tmp_path / "control.csv").write_text("account,controller\nP0,M\nP1,M\nP2,M\n")
    rules = Rules(stock=Stock(second=3))
    assert watch(path, rules).alarms.empty
    seen = watch(path, rules, controllers=tmp_path / "control.csv")
    assert set(seen.alarms["who"]) == {"M"}
    (tmp_path / "control.csv").write_text("account,controller\nP0,M\nP0,N\n")
    with pytest.raises(InputError, match="row 2: controller: 'N' is not the controller of 'P0'"):
        watch(path, rules, controllers=tmp_path / "control.csv")


def test_two_controllers_of_one_account_in_a_stream(tmp_path: Path) -> None:
    rows = ["2024-02-19 09:30:00.0,A,order,M", "2024-02-19 09:30:00.1,A,order,N"]
    with pytest.raises(InputError, match="row 2: controller: 'N' is not the controller of this account"):
        watch(file(tmp_path, rows, "time,account,action,controller"))


@pytest.mark.parametrize("block", [60, 10**6])
def test_an_empty_controller_is_nobody(block: int, tmp_path: Path) -> None:
    """In the first row of an account: nobody then controls it. Later: the row says nothing."""
    rows = [f"2024-02-19 09:30:00.{k},A,order,{'M' if k == 0 else ''}" for k in range(3)]
    seen = watch(
        file(tmp_path, rows, "time,account,action,controller"), Rules(stock=Stock(second=3)), block=block
    )
    assert set(seen.alarms["who"]) == {"A", "M"}
    rows = ["2024-02-19 09:30:00.0,A,order,", "2024-02-19 09:30:00.1,A,order,N"]
    with pytest.raises(InputError, match="row 2: controller: 'N' is not the controller of this account"):
        watch(file(tmp_path, rows, "time,account,action,controller"), block=block)


@pytest.mark.parametrize(("late", "refused"), [(100, False), (101, True)])
@pytest.mark.parametrize("block", [60, 10**6])
def test_a_row_may_be_late_by_the_tolerance(late: int, refused: bool, block: int, tmp_path: Path) -> None:
    rows = ["2024-02-19 09:30:01.000,A,order", f"2024-02-19 09:30:00.{1000 - late:03d},A,order"]
    path = file(tmp_path, [*rows, "2024-02-19 09:30:09.000,A,order"], "time,account,action")
    seen = watch(path, set_aside=tmp_path / "bad.csv", block=block)
    assert seen.refused == ({"time: out of order": 1} if refused else {})


def test_the_file_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    with pytest.raises(InputError, match="is a file that is read"):
        watch(path, set_aside=path)
    assert watch(path).events["order"] == 3
