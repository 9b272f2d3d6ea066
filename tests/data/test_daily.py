"""Closes that cannot be daily data of this market: refused, or said, on both sides of every fence."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import calendar
from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS
from tailrisk.data.daily import COPIED, HOLE, KINDS, STALE, findings
from tailrisk.data.prices import read_prices
from tailrisk.data.styles import read_styles

SESSIONS = pd.DatetimeIndex(calendar.sessions()).as_unit("ns")


def sound(first: str = "2019-01-02", days: int = 400, seed: int = 3) -> pd.DataFrame:
    """Closes of the ladder on sessions, with a common factor and own moves, two decimals."""
    when = SESSIONS[first <= SESSIONS][:days]
    draw = np.random.default_rng(seed)
    move = 0.01 * draw.standard_normal((days, 1)) + 0.006 * draw.standard_normal((days, len(BUCKETS)))
    close = np.round(3000 * np.exp(np.cumsum(np.clip(move, -0.05, 0.05), axis=0)), 2)
    return pd.DataFrame(close, index=when.rename("date"), columns=list(BUCKETS))


def refused(closes: pd.DataFrame) -> list[str]:
    return [one.problem for one in findings(closes) if not one.warn]


def said(closes: pd.DataFrame) -> list[str]:
    return [one.problem for one in findings(closes) if one.warn]


def filled(closes: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    return closes.reindex(closes.index.union(days)).ffill().dropna()


@pytest.mark.parametrize("first", ["1995-01-03", "2005-04-08", "2015-06-01", "2019-01-02", "2024-08-01"])
def test_sound_closes_raise_no_word(first: str) -> None:
    assert findings(sound(first)) == []


@pytest.mark.parametrize(
    ("keep", "apart"),
    [
        (lambda d: d.index.isin(d.groupby(d.index.to_period("W")).apply(lambda w: w.index[-1])), 5),
        (lambda d: np.arange(len(d)) % 5 == 0, 5),
        (lambda d: np.arange(len(d)) % 2 == 0, 2),
        (lambda d: np.arange(len(d)) % 3 == 0, 3),
        (lambda d: d.index.isin(d.groupby(d.index.to_period("M")).apply(lambda w: w.index[-1])), 20),
        (lambda d: d.index.isin(d.groupby(d.index.to_period("Q")).apply(lambda w: w.index[-1])), 60),
    ],
    ids=["weekly", "every fifth", "every second", "every third", "monthly", "quarterly"],
)
def test_closes_that_are_not_daily_are_refused(keep: object, apart: int) -> None:
    closes = sound("2010-01-04", 1500)
    (problem,) = refused(closes[keep(closes)])  # type: ignore[operator]
    number = int(problem.split()[2])
    assert "trading days apart, daily ones are needed" in problem
    assert abs(number - apart) <= 0.1 * apart


def test_one_weekly_index_among_daily_ones_is_refused() -> None:
    closes = sound()
    closes.loc[np.arange(len(closes)) % 5 > 0, "micro"] = np.nan
    assert refused(closes) == ["closes of micro are 5 trading days apart, daily ones are needed"]


def test_weekends_and_holidays_carried_forward_are_refused() -> None:
    closes = sound()
    every = pd.date_range(closes.index[0], closes.index[-1]).as_unit("ns")
    assert any("Saturdays and Sundays equal" in problem for problem in refused(filled(closes, every)))
    weekdays = (
        every[every.dayofweek < 5] if not hasattr(every, "day_of_week") else every[every.day_of_week < 5]
    )
    assert any("holidays equal to the day before" in problem for problem in refused(filled(closes, weekdays)))


def test_closes_that_move_on_days_off_are_said_and_on_weekends_refused() -> None:
    closes = sound()
    weekdays = closes.set_axis(pd.bdate_range("2019-01-02", periods=len(closes)).as_unit("ns"))
    assert refused(weekdays) == []
    assert "closes on days when the exchange was closed, first 2019-02-04" in said(weekdays)[0]
    early = closes.set_axis(closes.index - pd.Timedelta(days=1))
    assert "closes on Saturdays and Sundays, first 2019-01-06" in refused(early)[0]


@pytest.mark.parametrize("length", [1, HOLE, HOLE + 1, 21, 64, 130])
def test_a_hole_is_refused_and_a_few_days_are_said(length: int) -> None:
    closes = sound()
    lost = closes.drop(index=closes.index[100 : 100 + length])
    span = f"from {closes.index[100].date()} to {closes.index[99 + length].date()}"
    if length > HOLE:
        assert refused(lost) == [f"no close {span} ({length} sessions)"]
    else:
        assert refused(lost) == []
        assert said(lost) == [f"{length} sessions without a close, first after {closes.index[99].date()}"]


def test_a_hole_of_one_index_is_said_and_what_was_not_published_yet_is_none() -> None:
    closes = sound()
    closes.iloc[100:160, 3] = np.nan
    assert said(closes) == [
        f"no close of csi2000 (932000) from {closes.index[100].date()} to {closes.index[159].date()}"
        " (60 sessions)"
    ]
    closes = sound()
    closes.iloc[:300, 3] = np.nan
    assert findings(closes) == []


@pytest.mark.parametrize("index", BUCKETS)
@pytest.mark.parametrize("length", [2, 3, STALE - 1, STALE, 11, 101])
def test_a_stale_close_is_refused_and_a_short_run_said(index: str, length: int) -> None:
    closes = sound()
    closes.loc[closes.index[200 : 200 + length], index] = closes[index].iloc[200]
    found = [text for text in refused(closes) + said(closes) if "the same close" in text]
    assert bool(found) == (length > 2)
    assert not found or f"has the same close on {length} days running" in found[0]
    assert any("same close" in text for text in refused(closes)) == (length >= STALE)


@pytest.mark.parametrize("place", [1, 150, 398, 399])
@pytest.mark.parametrize("jump", [0.3, -0.25, 0.16, -0.16, 9.0, -0.9])
def test_a_wrong_close_is_refused(place: int, jump: float) -> None:
    closes = sound()
    closes.iloc[place, 1] *= 1 + jump
    (problem,) = refused(closes)
    assert "csi500 (000905) close goes from" in problem
    assert ("and back the next" in problem) == (place < 399)


def test_a_level_that_shifts_is_refused_and_a_move_within_limits_is_not() -> None:
    shifted = sound()
    shifted.iloc[200:, 2] *= 10
    (problem,) = refused(shifted)
    assert "csi1000 (000852) close goes from" in problem
    assert "back" not in problem
    fall = sound()
    fall.iloc[200:] *= 0.915
    assert refused(fall) == []


@pytest.mark.parametrize(
    ("first", "name", "move", "fine"),
    [
        ("2015-01-05", "csi500", 0.104, True),
        ("2015-01-05", "csi500", 0.106, False),
        ("2015-01-05", "csi500", -0.104, True),
        ("2015-01-05", "csi500", -0.106, False),
        ("2021-01-04", "micro", -0.169, True),
        ("2021-01-04", "micro", -0.171, False),
        ("2021-01-04", "csi300", 0.129, True),
        ("2021-01-04", "csi300", 0.131, False),
        ("1995-01-03", "csi300", 0.3, True),
    ],
)
def test_the_limits_by_day_and_bucket(first: str, name: str, move: float, fine: bool) -> None:
    closes = sound(first)
    closes.loc[closes.index[200] :, name] *= closes[name].iloc[199] * (1 + move) / closes[name].iloc[200]
    assert (refused(closes) == []) == fine


def test_a_move_over_a_hole_has_the_room_of_its_days() -> None:
    closes = sound()
    closes.iloc[100:] *= 0.7
    assert any("close goes from" in text for text in refused(closes))
    assert [text for text in refused(closes.drop(index=closes.index[94:103])) if "goes" in text] == []


def test_an_index_that_jumps_alone_and_back_is_said() -> None:
    closes = sound()
    closes.iloc[200, 0] *= 1.08
    assert refused(closes) == []
    assert any("csi300 moves +7% alone on 2019-10-31" in text for text in said(closes))


@pytest.mark.parametrize(("large", "small"), [(0, 1), (0, 4), (1, 3), (2, 3), (3, 4)])
@pytest.mark.parametrize("factor", [1.0, 1.5, 0.01, 33.3])
def test_a_rescaled_copy_is_refused(large: int, small: int, factor: float) -> None:
    closes = sound()
    closes.iloc[:, small] = np.round(closes.iloc[:, large] * factor, 3)
    assert refused(closes) == [f"{BUCKETS[small]}-{BUCKETS[large]} never moves (beyond rounding)"]


def test_a_copy_a_day_late_or_for_a_while_is_refused_and_a_likeness_is_not() -> None:
    late = sound()
    late["csi2000"] = late["csi500"].shift(1)
    assert "csi2000-csi500 never moves (beyond rounding, a day late)" in refused(late)
    for length, is_refused in ((COPIED - 1, False), (COPIED + 2, True)):
        part = sound()
        move = part["csi1000"] / part["csi1000"].iloc[99]
        part.iloc[100 : 100 + length, 3] = part["csi2000"].iloc[99] * move.iloc[100 : 100 + length]
        later = (
            part["csi2000"].iloc[100 + length :]
            * part["csi2000"].iloc[99 + length]
            / sound()["csi2000"].iloc[99 + length]
        )
        part.iloc[100 + length :, 3] = later
        assert any("csi2000 moves as csi1000 on" in text for text in refused(part)) == is_refused
    near = sound()
    near["csi500"] = near["csi300"] * np.exp(0.001 * np.random.default_rng(1).standard_normal(400))
    assert refused(near) == []


@pytest.mark.parametrize("kind", ["closed-days", "holes", "stale", "spikes", "copies"])
def test_each_kind_may_be_accepted_and_is_then_said(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    closes = sound()
    if kind == "closed-days":
        closes = filled(closes, pd.date_range(closes.index[0], closes.index[-1]).as_unit("ns"))
    elif kind == "holes":
        closes = closes.drop(index=closes.index[100:150])
    elif kind == "stale":
        closes.iloc[100:120, 4] = closes.iloc[100, 4]
    elif kind == "spikes":
        closes.iloc[100, 4] *= 1.3
    else:
        closes.iloc[100:150, 4] = closes.iloc[100:150, 3] / closes.iloc[99, 3] * closes.iloc[99, 4]
        closes.iloc[150:, 4] = sound().iloc[150:, 4] / sound().iloc[149, 4] * closes.iloc[149, 4]
    closes.to_csv(tmp_path / "p.csv")
    with pytest.raises(InputError, match=f"--accept {kind}"):
        read_prices(tmp_path / "p.csv")
    with caplog.at_level(logging.WARNING, "tailrisk.data"):
        read = read_prices(tmp_path / "p.csv", accept=[kind])
    assert len(caplog.records) >= 1
    assert len(read) == (400 if kind != "holes" else 350)
    with pytest.raises(InputError, match="'hole'"):
        read_prices(tmp_path / "p.csv", accept=["hole"])
    assert kind in KINDS


def test_style_rows_on_holidays_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from tailrisk.core.names import STYLES

    table = pd.DataFrame(0.001, index=["2023-12-29", "2024-01-01", "2024-01-02"], columns=list(STYLES))
    table.rename_axis("date").to_csv(tmp_path / "s.csv")
    with caplog.at_level(logging.WARNING, "tailrisk.data"):
        assert len(read_styles(tmp_path / "s.csv")) == 3
    assert "1 rows on days when the exchange was closed, first 2024-01-01" in caplog.text


@pytest.mark.market_data
def test_the_real_closes_raise_no_word(market_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "tailrisk.data"):
        closes = read_prices(market_data / "indices_daily.csv")
    assert caplog.records == []
    assert findings(closes) == []
