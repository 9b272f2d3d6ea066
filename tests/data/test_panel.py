"""Stock panels from files: what is read, how returns are adjusted, and every refusal with its row."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import calendar
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
    text = (
        "date,code,pct_bp,turn_bp,amount_10k\n2024-01-03,000001.SZ,900,50,2000\n2024-01-03,sh600001,1,1,1\n"
    )
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


def stocks(days=30, **columns):
    """Three stocks on sessions with plausible values; a column's function gives [day, stock] from those."""
    when = calendar.sessions()
    when = when[when >= np.datetime64("2023-03-01")][:days]
    draw = np.random.default_rng(2)
    close = np.round(10 * np.exp(np.cumsum(0.02 * draw.standard_normal((days, 3)), axis=0)), 2)
    base = {"close": close, "total_shares": np.full((days, 3), 1e9), "amount": np.full((days, 3), 1e8)}
    base |= {name: make(base) for name, make in columns.items()}
    rows = [
        {"date": str(when[t]), "code": code, **{name: values[t, k] for name, values in base.items()}}
        for k, code in enumerate(("000001", "300750", "600000"))
        for t in range(days)
    ]
    return pd.DataFrame(rows)


def saved(folder, table, name="p.csv"):
    table.to_csv(folder / name, index=False)
    return [folder / name]


@pytest.mark.parametrize(
    "code",
    [
        "SH000300", "sh.000905", "000852.SH", "000300.XSHG", "SHSE.000300", "000300.SS", "399300.SZ",
        "SZ399006", "932000.CSI", "8841431.WI", "H00300.CSI", "sh000001", "900901.SH", "SZ200011",
        "830799.BJ", "bj430047", "SZ600000", "000001.SH",
    ],
)  # fmt: skip
def test_what_is_no_a_share_of_its_exchange_is_left_out_and_said(tmp_path, code, caplog):
    table = stocks()
    table["code"] = table["code"].map({"000001": "SZ000001", "300750": "300750.SZ", "600000": "sh600000"})
    index = table[:30].assign(code=code, close=4000.0)
    with caplog.at_level("INFO", "tailrisk.data"):
        panel = read_panel(saved(tmp_path, pd.concat([table, index])))
    assert panel.ids == ("000001", "300750", "600000")
    assert "left out 1 code that is no A-share" in caplog.text


def suspended_for(days, quiet):
    """The panel with `days` days from the eighth on filled for the first stock, said by `quiet`."""

    def fill(base, name, value):
        out = base[name].copy()
        out[7 : 7 + days, 0] = out[6, 0] if value is None else value
        return out

    made = {"close": lambda base: fill(base, "close", None)}
    if quiet == "amount":
        made["amount"] = lambda base: fill(base, "amount", 0.0)
    elif quiet == "blank":
        made["amount"] = lambda base: fill(base, "amount", np.nan)
    elif quiet == "volume":
        made["amount"] = lambda base: fill(base, "amount", np.nan)
        made["vol"] = lambda base: fill({"vol": np.full_like(base["close"], 1e5)}, "vol", 0.0)
    elif quiet == "tradestatus":
        made["tradestatus"] = lambda base: fill({"t": np.ones_like(base["close"])}, "t", 0.0)
    elif quiet == "paused":
        made["paused"] = lambda base: fill({"t": np.zeros_like(base["close"])}, "t", 1.0)
    return stocks(**made)


@pytest.mark.parametrize("days", [1, 5, 20])
@pytest.mark.parametrize("quiet", ["amount", "blank", "volume", "tradestatus", "paused"])
def test_suspended_days_filled_with_the_last_close_are_no_closes(tmp_path, days, quiet):
    panel = read_panel(saved(tmp_path, suspended_for(days, quiet)))
    assert panel.traded.sum() == 90 - days
    assert not panel.traded[7 : 7 + days, 0].any()
    assert np.isnan(panel.returns[7 : 7 + days, 0]).all()
    assert np.isfinite(panel.cap[:, 0]).all(), "the last known value"


def test_a_close_that_happens_to_repeat_with_trade_is_a_close(tmp_path):
    assert read_panel(saved(tmp_path, suspended_for(3, "none"))).traded.all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"total_shares": lambda b: b["total_shares"] / 1e4}, "shares in ten thousands"),
        ({"total_shares": lambda b: b["total_shares"] / 1e8}, "shares in ten thousands"),
        ({"total_shares": lambda b: b["total_shares"] / 100}, "shares in ten thousands"),
        ({"total_shares": lambda b: b["total_shares"] * 1e4}, "in another unit"),
        ({"close": lambda b: b["close"] * 1000}, "in another unit"),
        ({"total_shares": lambda b: b["total_shares"] * np.array([1, 1e-4, 1])}, "300750 is worth"),
        (
            {"total_shares": lambda b: b["total_shares"] * np.where(np.arange(30) < 20, 1, 300)[:, None]},
            "two units",
        ),
        ({"amount": lambda b: b["amount"] * 1e4}, "amounts cannot be yuan"),
        ({"amount": lambda b: b["amount"] / 1e8}, "amounts cannot be yuan"),
        (
            {"turnover": lambda b: np.full((30, 3), 0.02), "amount": lambda b: b["amount"] / 1e3},
            "units disagree",
        ),
    ],
)
def test_units_that_cannot_be_are_refused_and_may_be_accepted(tmp_path, changed, said, caplog):
    path = saved(tmp_path, stocks(**changed))
    with pytest.raises(InputError) as refusal:
        read_panel(path)
    assert said in str(refusal.value)
    assert "--accept units" in str(refusal.value)
    assert read_panel(path, accept=["units"]).traded.all()
    assert caplog.records


@pytest.mark.parametrize(
    ("titles", "factor"),
    [
        ({"total_shares": "total_shares_10k"}, 1e-4),
        ({"total_shares": "total_share", "code": "ts_code", "date": "trade_date"}, 1e-4),
        ({"total_shares": "总股本(万股)", "code": "股票代码", "date": "日期", "close": "收盘"}, 1e-4),
        ({"total_shares": "总股本（亿股）", "code": "代码", "date": "日期", "close": "收盘价(元)"}, 1e-8),
        ({"total_shares": "capitalization", "date": "time"}, 1e-4),
    ],
)
def test_vendors_titles_and_units(tmp_path, titles, factor):
    table = stocks(total_shares=lambda b: b["total_shares"] * factor)
    if "ts_code" in titles.values():
        table["amount"] /= 1e3  # tushare's thousands of yuan
    panel = read_panel(saved(tmp_path, table.rename(columns=titles)[::-1]))
    np.testing.assert_allclose(panel.cap[0] / stocks().query("date == '2023-03-01'")["close"], 1e9, rtol=1e-6)
    np.testing.assert_allclose(panel.amount, 1e8)


def test_days_of_a_panel_that_cannot_be_daily_are_refused(tmp_path):
    table = stocks(60)
    with pytest.raises(InputError, match="5 trading days apart"):
        read_panel(saved(tmp_path, table[np.tile(np.arange(60) % 5 == 0, 3)]))
    sunday = table[table["date"] == "2023-03-03"].assign(date="2023-03-05")
    with pytest.raises(InputError, match="Saturdays and Sundays, first 2023-03-05"):
        read_panel(saved(tmp_path, pd.concat([table, sunday]).sort_values(["code", "date"])))
