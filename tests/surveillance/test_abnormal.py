"""The four abnormal types, on both sides of each threshold."""

from pathlib import Path

import pytest

from tailrisk.core.errors import InputError
from tailrisk.surveillance import Burst, Cancels, Moves, Rules, Trades, sweep, watch

from .streams import NOW, rang, stream, watched

HEADER = "time,account,action,order,security,side,size,price"


def rules(**wanted: object) -> Rules:
    none = dict.fromkeys(("stock", "burst", "cancels", "moves", "trades"))
    return Rules(**{**none, **wanted})  # type: ignore[arg-type]


@pytest.mark.parametrize(("many", "rings"), [(499, 0), (500, 2)])
def test_type_1_a_burst(many: int, rings: int) -> None:
    one = rules(clock=NOW, burst=Burst())
    seen, _ = watched(*stream([k * 2 for k in range(many)]), one)
    assert len(rang(seen, "burst")) == rings


def cancelled(folder: Path, gaps: list[int], orders: int) -> Path:
    """Orders five seconds apart, the first cancelled after so many milliseconds; another's between."""

    def stamp(milliseconds: int) -> str:
        minutes, left = divmod(milliseconds, 60_000)
        return f"2024-02-19 09:{30 + minutes:02d}:{left // 1000:02d}.{left % 1000:03d}"

    lines = []
    for k in range(orders):
        lines.append(f"{stamp(5000 * k + 100)},A,order,{k},600000.SH,B,100,10")
        for after in (900, 1500):
            lines.append(f"{stamp(5000 * k + after)},B,order,{k + after},600000.SH,B,100,10")
        if k < len(gaps):
            lines.append(f"{stamp(5000 * k + 100 + gaps[k])},A,cancel,{k},600000.SH,B,,")
    lines.sort(key=lambda line: line[:23])  # keeps an order before a cancel of the same stamp
    (folder / "orders.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return folder / "orders.csv"


@pytest.mark.parametrize(
    ("gaps", "orders", "rings"),
    [
        ([0, 500, 999], 6, True),
        ([0, 500, 1000], 6, False),
        ([0, 500, 999], 7, False),
        ([0, 500, 999, 3000], 7, True),
    ],
)
@pytest.mark.parametrize("block", [90, 10**6])
def test_type_2_cancels_within_a_second_and_the_day_s_ratio(
    gaps: list[int], orders: int, rings: bool, block: int, tmp_path: Path
) -> None:
    path = cancelled(tmp_path, gaps, orders)
    seen = watch(path, rules(cancels=Cancels(times=3, ratio=0.5)), block=block)
    assert rang(seen, "cancels") == [("day", "account", "A")] * rings


def test_a_cancel_of_another_account_s_order_is_none_of_its_own(tmp_path: Path) -> None:
    path = cancelled(tmp_path, [10], 1)
    path.write_text(path.read_text().replace("A,cancel", "B,cancel"))
    assert not watch(path, rules(cancels=Cancels(times=1))).counts["quick_cancels"].any()


def traded(folder: Path, minutes: list[str], trades: list[str]) -> tuple[Path, Path]:
    (folder / "orders.csv").write_text("\n".join([HEADER, *trades]) + "\n")
    (folder / "minutes.csv").write_text("\n".join(["minute,code,return,amount", *minutes]) + "\n")
    return folder / "orders.csv", folder / "minutes.csv"


def sale(minute: int, amount: int, account: str = "A", security: str = "000001.SZ", side: str = "S") -> str:
    return f"2024-02-19 09:{minute}:10.000,{account},trade,1,{security},{side},{amount},1"


@pytest.mark.parametrize(
    ("move", "amount", "side", "minutes", "rings"),
    [
        ("-0.01", 200, "S", 3, True),
        ("0.01", 200, "B", 3, True),
        ("0.01", 200, "S", 3, False),
        ("-0.0099", 200, "S", 3, False),
        ("-0.01", 199, "S", 3, False),
        ("-0.01", 200, "S", 2, False),
    ],
)
def test_type_3_minutes_that_moved_a_stock(
    move: str, amount: int, side: str, minutes: int, rings: bool, tmp_path: Path
) -> None:
    market = [f"2024-02-19 09:3{k}:00,000001.SZ,{move},1000" for k in range(3)]
    orders, beside = traded(tmp_path, market, [sale(30 + k, amount, side=side) for k in range(minutes)])
    seen = watch(orders, rules(moves=Moves(move=0.01, fraction=0.2, times=3)), minutes=beside)
    assert rang(seen, "moves") == [("minute", "account", "A")] * rings


@pytest.mark.parametrize(
    ("move", "amount", "security", "rings"),
    [
        ("-0.005", 100, "000001.SZ", True),
        ("-0.0049", 100, "000001.SZ", False),
        ("-0.005", 99, "000001.SZ", False),
        ("0.005", 100, "000001.SZ", False),
        ("-0.005", 100, "600000.SH", False),
    ],
)
def test_type_4_large_trades_while_an_index_moved(
    move: str, amount: int, security: str, rings: bool, tmp_path: Path
) -> None:
    market = [
        f"2024-02-19 09:30:00,399001.SZ,{move},2000",
        "2024-02-19 09:30:00,000001.SZ,-0.1,2000",
        "2024-02-19 09:30:00,600000.SH,-0.1,2000",
    ]
    trades = [sale(30, amount // 2, security=security), sale(30, amount - amount // 2, security=security)]
    orders, beside = traded(tmp_path, market, trades)
    one = rules(trades=Trades(move=0.005, amount=100, fraction=0.05))
    seen = watch(orders, one, minutes=beside)
    assert rang(seen, "trades") == [("minute", "account", "A")] * rings
    if rings:
        assert "399001.SZ -0.50% in the minute from 09:30, sold 100 yuan, 5.00%" in seen.alarms["evidence"][0]


def test_trades_without_a_minute_of_the_market_are_counted(tmp_path: Path) -> None:
    orders, beside = traded(tmp_path, ["2024-02-19 09:30:00,000001.SZ,0,1000"], [sale(30, 1), sale(31, 1)])
    assert watch(orders, rules(moves=Moves()), minutes=beside).facts["trades_without_market_minute"] == 1


def test_an_amount_in_other_units_is_seen(tmp_path: Path) -> None:
    orders, beside = traded(tmp_path, ["2024-02-19 09:30:00,000001.SZ,0,10"], [sale(30, 100)])
    with pytest.raises(
        InputError, match=r"000001.SZ, 09:30:00.000: amount: 10, less than the 100 that A traded"
    ):
        watch(orders, rules(moves=Moves()), minutes=beside)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2024-02-19,000001.SZ,0,10", "row 1: minute: '2024-02-19' is no stamp"),
        ("2024-02-19 09:30:30,000001.SZ,0,10", "is no whole minute"),
        ("2024-02-19 09:30:00,000001.SZ,-0.96,10", "'-0.96' is no return"),
        ("2024-02-19 09:30:00,000001.SZ,x,10", "'x' is no return"),
        ("2024-02-19 09:30:00,000001.SZ,0,-1", "'-1' is no amount"),
    ],
)
def test_bad_minutes_are_refused(row: str, message: str, tmp_path: Path) -> None:
    orders, beside = traded(tmp_path, [row], [sale(30, 100)])
    with pytest.raises(InputError, match=message):
        watch(orders, rules(moves=Moves()), minutes=beside)


def test_a_minute_twice_is_refused(tmp_path: Path) -> None:
    orders, beside = traded(tmp_path, ["2024-02-19 09:30:00,000001.SZ,0,10"] * 2, [sale(30, 1)])
    with pytest.raises(InputError, match=r"row 2: code: '000001\.SZ' is there twice"):
        watch(orders, rules(moves=Moves()), minutes=beside)


def test_a_sweep_at_one_is_the_alarms(tmp_path: Path) -> None:
    market = [f"2024-02-19 09:3{k}:00,000001.SZ,-0.01,1000" for k in range(3)]
    market += [f"2024-02-19 09:3{k}:00,399001.SZ,-0.01,1000" for k in range(3)]
    trades = [sale(30 + k, 200 + k) for k in range(3)]
    orders, beside = traded(tmp_path, market, trades)
    one = Rules(moves=Moves(times=3), trades=Trades(amount=201), sweep=(0.5, 1.0, 2.0))
    table = sweep(watch(orders, one, minutes=beside), one)
    ring = {(r.rule, r.threshold_name, r.multiple): r.ring for r in table.itertuples() if r.by == "account"}
    assert ring["moves", "times", 1.0] == 1
    assert [ring["trades", "amount", x] for x in (0.5, 1.0, 2.0)] == [3, 2, 0]
    assert [ring["moves", "fraction", x] for x in (0.5, 1.0, 2.0)] == [1, 1, 0]
    assert ring["moves", "move", 2.0] == 0
    assert ring["moves", "times", 2.0] == 0
