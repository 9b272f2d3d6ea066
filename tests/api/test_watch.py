"""`tailrisk.watch`: frames in, alarms out, the same as the command."""

from pathlib import Path

import pandas as pd
import pytest

import tailrisk as tr
from tailrisk.core.errors import InputError


def frame() -> pd.DataFrame:
    """300 orders of two accounts in a second."""
    time = pd.Timestamp("2024-02-19 09:30") + pd.to_timedelta(range(0, 900, 3), unit="ms")
    return pd.DataFrame({"time": time, "account": ["A", "B"] * 150, "action": "order", "order": range(300)})


def test_frames_in_alarms_out() -> None:
    control = pd.DataFrame({"account": ["A", "B"], "controller": "M"})
    assert tr.watch(frame()).alarms.empty
    seen = tr.watch(frame(), controllers=control)
    assert set(seen.alarms["who"]) == {"M"}
    assert set(seen.alarms["window"]) == {"calendar second", "sliding second"}
    assert seen.counts.set_index(["by", "who"]).loc[("account", "A"), "orders"] == 150
    assert seen.record["command"].startswith("tailrisk watch")


def test_a_file_is_what_the_frame_is(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "orders.csv", index=False)
    pd.testing.assert_frame_equal(tr.watch(tmp_path / "orders.csv").counts, tr.watch(frame()).counts)


def test_a_bad_row_is_named_or_set_aside(tmp_path: Path) -> None:
    bad = frame()
    bad.loc[7, "action"] = "amend"
    with pytest.raises(InputError, match="row 8: action: 'amend' is unknown"):
        tr.watch(bad)
    assert tr.watch(bad, set_aside=tmp_path / "bad.csv").record["set_aside"] == {"action: is unknown": 1}


def test_minutes_as_a_frame() -> None:
    trades = frame().head(1).assign(action="trade", security="000001.SZ", side="S", size=100, price=2.0)
    minute = pd.DataFrame({"minute": [pd.Timestamp("2024-02-19 09:30")], "code": ["000001.SZ"]})
    minute = minute.assign(**{"return": -0.02, "amount": 900.0})
    assert list(tr.watch(trades, minutes=minute).minutes["fraction"].round(4)) == [0.2222]
