"""Stock panels from files: what is read, how returns are adjusted, and every refusal with its row."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.data.panel import read_panel

HEAD = "date,code,close,total_shares,amount\n"
GOOD = "2024-01-02,600000,10,1e8,5e6\n2024-01-03,600000,11,1e8,5e6\n"


def written(folder, text, name="a.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


REFUSED = {
    "no close": (
        "date,code,total_shares,amount\n2024-01-02,600000,1,1\n",
        "no column close or close_raw_cents",
    ),
    "no shares": ("date,code,close,amount\n2024-01-02,600000,1,1\n", "no column total_shares or"),
    "no amount": ("date,code,close,total_shares\n2024-01-02,600000,1,1\n", "no column amount or amount_10k"),
    "no code": ("date,close\n2024-01-02,1\n", "no column 'code' (columns: close)"),
    "no date": ("when,code,close\n2024-01-02,600000,1\n", "no column 'date'"),
    "nothing": ("date,code,colour\n2024-01-02,600000,red\n", "nothing known beside date and code"),
    "twice": (
        HEAD + GOOD + "2024-01-03,600000,12,100,5\n",
        "row 3: date 2024-01-03 for 600000 comes a",
    ),
    "unsorted": (
        HEAD + GOOD + "2023-12-29,600000,12,100,5\n",
        "row 3: date 2023-12-29 for 600000 comes after",
    ),
    "zero close": (HEAD + GOOD + "2024-01-04,600000,0,100,5\n", "row 3 (2024-01-04): 600000 close = 0"),
    "no price": (HEAD + GOOD + "2024-01-04,600000,,100,5\n", "row 3 (2024-01-04): 600000 close = nan"),
    "negative shares": (HEAD + GOOD + "2024-01-04,600000,9,-3,5\n", "600000 total_shares = -3"),
    "negative amount": (HEAD + GOOD + "2024-01-04,600000,9,3,-5\n", "600000 amount = -5"),
    "lost all": (
        "date,code,close,total_shares,amount,return\n2024-01-04,1,9,3,5,-1\n",
        "000001 return = -1",
    ),
    "text": (HEAD + GOOD + "2024-01-04,600000,nine,100,5\n", "close = 'nine' is not a number"),
    "code": (HEAD + GOOD + "2024-01-04,60000X,9,100,5\n", "row 3: code '60000X' is not a stock code"),
    "date": (HEAD + GOOD + "2024-01-32,600000,9,100,5\n", "row 3: date '2024-01-32' cannot be read"),
    "infinite": (HEAD + GOOD + "2024-01-04,600000,inf,100,5\n", "600000 close = inf"),
    "empty": ("", "the file is empty"),
    "B share": (HEAD + "2024-01-04,900901,9,100,5\n", "no A-share of Shanghai or Shenzhen"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_panels_are_refused_with_their_place(tmp_path, name):
    text, said = REFUSED[name]
    with pytest.raises(InputError) as error:
        read_panel([written(tmp_path, text)])
    assert said in str(error.value)
    assert "a.csv" in str(error.value)


def test_a_date_before_the_data_and_a_missing_file_are_refused(tmp_path):
    path = written(tmp_path, HEAD + GOOD)
    with pytest.raises(InputError, match="no row up to 2020-01-01"):
        read_panel([path], until="2020-01-01")
    with pytest.raises(InputError, match="no such file"):
        read_panel([tmp_path / "b.csv"])


def test_files_are_joined_and_units_are_yuan_and_fractions(tmp_path):
    """Cents, ten thousands and basis points, codes as numbers; a second file with another stock."""
    first = pd.DataFrame(
        {
            "date": ["2024-01-02", "2024-01-03", "2024-01-02"],
            "code": np.array([1, 1, 600000], np.int32),
            "close_raw_cents": [1000, 1100, 2000],
            "total_shares_10k": [5e4, 5e4, np.nan],
        }
    )
    first.to_parquet(tmp_path / "a.parquet")
    more = "date,code,close,total_shares\n2024-01-02,830799,9,1\n2024-01-02,200011,9,1\n"
    text = "date,code,pct_bp,turn_bp,amount_10k\n2024-01-03,000001.SZ,900,50,2000\n2024-01-03,sh600001,1,1,1\n"
    panel = read_panel([tmp_path / "a.parquet", written(tmp_path, text), written(tmp_path, more, "b.csv")])
    assert panel.ids == ("000001",)  # 600000 has no shares, 600001 no close
    np.testing.assert_allclose(panel.cap[:, 0], [10 * 5e8, 11 * 5e8])
    np.testing.assert_allclose(panel.returns[:, 0], [np.nan, 0.09])
    np.testing.assert_allclose(panel.turnover[:, 0], [np.nan, 0.005])
    np.testing.assert_allclose(panel.amount[:, 0], [np.nan, 2e7])
    assert panel.st is None
    assert panel.industry is None


def test_until_is_the_last_day_read(tmp_path):
    panel = read_panel([written(tmp_path, HEAD + GOOD)], until="2024-01-02")
    assert [str(day.date()) for day in panel.dates] == ["2024-01-02"]


def test_splits_and_suspensions_do_not_make_returns(tmp_path):
    """A day off, a ten for ten bonus issue, then a jump of price and shares that nobody can explain."""
    rows = [("02", 10, 1e8), ("03", 11, 1e8), ("08", 5.4, 2e8), ("09", 2.7, 2e8)]
    text = HEAD + "".join(f"2024-01-{day},600000,{close},{shares},5e6\n" for day, close, shares in rows)
    text += "".join(f"2024-01-{day},300001,10,1e8,5e6\n" for day in ("02", "03", "04", "08", "09"))
    panel = read_panel([written(tmp_path, text)])
    assert panel.ids == ("300001", "600000")
    np.testing.assert_allclose(panel.returns[:, 1], [np.nan, 0.1, np.nan, 10.8 / 11 - 1, np.nan], atol=1e-12)
    np.testing.assert_allclose(panel.cap[:, 1] / 1e6, [1000, 1100, 1100, 1080, 540])
    assert panel.traded[:, 1].tolist() == [True, True, False, True, True]


def test_chinext_may_move_by_twenty_percent(tmp_path):
    text = HEAD + "2024-01-02,300001,10,1e8,5e6\n2024-01-03,300001,12,1e8,5e6\n"
    text += "2024-01-02,600001,10,1e8,5e6\n2024-01-03,600001,12,1e8,5e6\n"
    panel = read_panel([written(tmp_path, text)])
    np.testing.assert_allclose(panel.returns[1], [0.2, np.nan])


def test_st_industry_and_fundamentals_are_taken_where_given(tmp_path):
    text = "date,code,close,total_shares,amount,st,industry,growth\n"
    text += "2024-01-02,600000,10,1e8,5e6,0,bank,0.1\n2024-01-03,600000,10,1e8,5e6,1,bank,\n"
    panel = read_panel([written(tmp_path, text)])
    assert panel.st[:, 0].tolist() == [False, True]
    assert panel.industry == ("bank",)
    np.testing.assert_allclose(panel.fundamentals["growth"][:, 0], [0.1, 0.1])
