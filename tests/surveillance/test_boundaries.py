"""Both sides of every fence, in both windows, to the millisecond."""

import numpy as np
import pytest

from tailrisk.surveillance.events import CANCEL, TRADE, Registers
from tailrisk.surveillance.rules import Burst, Futures, Rules, Stock

from .streams import NOW, rang, stream, watched

STOCK = Rules(clock=NOW, burst=None, cancels=None, moves=None, trades=None)


def spread(n: int, low: int, high: int) -> list[int]:
    return [int(t) for t in np.rint(np.linspace(low, high, n))]


@pytest.mark.parametrize(
    ("stamps", "windows"),
    [
        (spread(300, 0, 999), ["calendar second", "sliding second"]),
        (spread(299, 0, 999), []),
        (spread(300, 500, 1499), ["sliding second"]),
        (spread(299, 500, 1499), []),
        (spread(300, 500, 1500), []),
        (spread(300, 0, 1000), []),
        ([999] * 300, ["calendar second", "sliding second"]),
        ([999] * 299 + [1000], ["sliding second"]),
        ([999] * 299 + [1998], ["sliding second"]),
        ([999] * 299 + [1999], []),
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 299, 10**6])
def test_299_and_300_in_a_second(stamps: list[int], windows: list[str], chunk: int) -> None:
    seen, _ = watched(*stream(stamps), STOCK, chunk)
    assert sorted(window for window, *_ in rang(seen, "stock.second")) == windows


@pytest.mark.parametrize(("many", "rings"), [(19_999, False), (20_000, True), (20_001, True)])
@pytest.mark.parametrize("chunk", [997, 10**6])
def test_19999_and_20000_in_a_day(many: int, rings: bool, chunk: int) -> None:
    seen, _ = watched(*stream(range(0, many * 100, 100)), STOCK, chunk)
    assert rang(seen, "stock.day") == [("day", "account", "A")] * rings
    if rings:
        alarm = seen.alarms.iloc[0]
        assert (alarm["value"], alarm["time"]) == (many, "2024-02-19 10:03:19.900")


def test_cancels_count_and_trades_do_not() -> None:
    events, registers = stream(spread(310, 0, 999))
    events.action[:150] = CANCEL
    events.action[150:160] = TRADE
    assert rang(watched(events, registers, STOCK)[0], "stock.second")
    events.action[160:161] = TRADE
    assert not rang(watched(events, registers, STOCK)[0], "stock.second")


def test_an_alarm_says_when_and_how_many() -> None:
    seen, _ = watched(*stream([*spread(300, 0, 299), 299, 900]), STOCK)
    table = seen.alarms.set_index("window")
    assert list(table["value"]) == [302, 302]
    assert set(table["time"]) == {"2024-02-19 09:30:00.299"}
    assert set(table["until"]) == {"2024-02-19 09:30:00.900"}
    assert table.loc["calendar second", "evidence"].startswith(
        "302 orders and cancels in the second from 09:30:00"
    )


@pytest.mark.parametrize("controlled", [True, False])
def test_a_manager_rings_whose_accounts_do_not(controlled: bool) -> None:
    registers = Registers(controlled=controlled)
    registers.control = {f"P{k}": "M" for k in range(400)} if controlled else {}
    names = [f"P{k % 400}" for k in range(300)]
    seen, _ = watched(*stream(spread(300, 0, 999), names, registers), STOCK)
    rings = rang(seen, "stock.second")
    wanted = [("calendar second", "controller", "M"), ("sliding second", "controller", "M")]
    assert rings == (wanted if controlled else [])


def test_an_account_is_not_its_namesake_controller() -> None:
    """Account M is controlled by nobody; manager M controls P."""
    registers = Registers(controlled=True)
    registers.control = {"P": "M"}
    names = ["M"] * 150 + ["P"] * 150
    assert not rang(watched(*stream(spread(300, 0, 999), names, registers), STOCK)[0], "stock.second")


FUTURES = Rules(clock=NOW, stock=None, futures=Futures(), burst=None, cancels=None, moves=None, trades=None)


def test_ten_times_ten_within_a_second_of_common_control() -> None:
    registers = Registers(controlled=True)
    registers.control = {"A": "M", "B": "M"}
    full = [5_000 * k + 100 * j for k in range(10) for j in range(10)]
    names = ["A" if j % 2 else "B" for j in range(100)]
    both = [("calendar second", "controller", "M"), ("sliding second", "controller", "M")]
    assert rang(watched(*stream(full, names, registers), FUTURES)[0], "futures") == both
    assert not rang(watched(*stream(full[:-1], names[:-1], registers), FUTURES)[0], "futures")
    alone = watched(*stream(full, names), FUTURES)[0]
    assert not rang(alone, "futures")


@pytest.mark.parametrize("chunk", [1, 13, 10**6])
def test_sliding_seconds_of_futures_are_disjoint(chunk: int) -> None:
    """Ten straddling windows ring sliding only; one crowd of a hundred in a second is one window."""
    astride = [5_000 * k + 550 + 100 * j for k in range(10) for j in range(10)]
    wanted = [("sliding second", "controller", "A")]
    assert rang(watched(*stream(astride), FUTURES, chunk)[0], "futures") == wanted
    assert not rang(watched(*stream([5] * 100), FUTURES, chunk)[0], "futures")


def test_thresholds_are_parameters() -> None:
    rules = Rules(clock=NOW, stock=Stock(second=3, day=5), burst=Burst(orders=4), cancels=None)
    seen, _ = watched(*stream([0, 1, 2, 5000, 9000]), rules)
    assert set(seen.alarms["rule"]) == {"stock.second", "stock.day"}
    seen, _ = watched(*stream([0, 1, 2, 3]), rules)
    assert set(seen.alarms["rule"]) == {"stock.second", "burst"}
