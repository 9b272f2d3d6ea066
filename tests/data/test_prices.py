"""Prices from files: every spelling that is accepted gives the same table."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS, CODES, STYLES
from tailrisk.data.codes import bucket
from tailrisk.data.prices import digest, read_prices, read_styles

DAYS = ("2024-02-01", "2024-02-02", "2024-02-05")
TRUTH = pd.DataFrame(
    {"csi300": [3217.0, 3179.6, 3200.4], "csi1000": [4750.0, 4574.7, 4293.1]},
    index=pd.DatetimeIndex(DAYS, name="date").as_unit("ns"),
)


def long_table(codes: tuple[str, str], day: str = "%Y-%m-%d") -> pd.DataFrame:
    """Rows by date, then code, with a column nobody asked for."""
    rows = [
        (when.strftime(day), code, close, "-")
        for when, row in zip(TRUTH.index, TRUTH.to_numpy(), strict=True)
        for code, close in zip(codes, row, strict=True)
    ]
    return pd.DataFrame(rows, columns=["date", "code", "close", "note"])


@pytest.mark.parametrize(
    "codes",
    [
        ("000300", "000852"),
        ("000300.SH", "000852.SH"),
        ("sh000300", "sh000852"),
        ("sh.000300", "sh.000852"),
        ("000300.XSHG", "000852.XSHG"),
        ("000300.CSI", "SH000852"),
        ("csi300", "csi1000"),
    ],
)
@pytest.mark.parametrize("day", ["%Y-%m-%d", "%Y%m%d"])
def test_long_csv_in_every_spelling(tmp_path: Path, codes: tuple[str, str], day: str) -> None:
    long_table(codes, day).to_csv(tmp_path / "p.csv", index=False)
    pd.testing.assert_frame_equal(read_prices(tmp_path / "p.csv"), TRUTH, check_freq=False)


def test_parquet_is_known_by_its_content(tmp_path: Path) -> None:
    table = long_table(("000300", "000852"))
    table["date"] = pd.to_datetime(table["date"])
    table["code"] = table["code"].astype("category")
    table.to_parquet(tmp_path / "p.data")
    pd.testing.assert_frame_equal(read_prices(tmp_path / "p.data"), TRUTH, check_freq=False)


def test_parquet_with_dates_in_the_index_or_as_whole_numbers(tmp_path: Path) -> None:
    TRUTH.to_parquet(tmp_path / "index.parquet")
    numbered = TRUTH.reset_index().assign(date=[20240201, 20240202, 20240205])
    numbered.to_parquet(tmp_path / "number.parquet")
    zoned = TRUTH.tz_localize("Asia/Shanghai")
    zoned.to_parquet(tmp_path / "zone.parquet")
    for name in ("index", "number", "zone"):
        pd.testing.assert_frame_equal(read_prices(tmp_path / f"{name}.parquet"), TRUTH, check_freq=False)


def test_wide_csv_by_name_or_code_with_blanks_where_an_index_did_not_exist(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(
        "﻿Date,000300, csi2000 ,000016.SH\n2024-02-01,3217.0,,2300\n2024-02-02,3179.6,1782.6,2310\n"
    )
    prices = read_prices(tmp_path / "p.csv")
    assert list(prices.columns) == ["csi300", "csi2000", "000016"]
    np.testing.assert_array_equal(prices["csi2000"], [np.nan, 1782.6])


def test_columns_come_in_the_order_of_the_ladder(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(
        "date,micro,399006.SZ,csi500,csi300\n20240201,1,2,3,4\n20240202,1,2,3,4\n"
    )
    assert list(read_prices(tmp_path / "p.csv").columns) == ["csi300", "csi500", "micro", "399006.SZ"]


def test_every_code_of_the_ladder_is_known_and_shenzhen_numbers_are_not_it() -> None:
    assert [bucket("", code) for code in CODES] == list(BUCKETS)
    assert bucket("", "8841431.WI") == "micro"
    assert bucket("", "932000.CSI") == "csi2000"
    assert bucket("", "000905.SZ") == "000905.SZ"
    assert bucket("", "sz000300") == "000300.SZ"


@pytest.mark.parametrize("move", [1.129, 1 - 0.129])
def test_a_move_just_inside_the_limit_passes_and_just_outside_does_not(tmp_path: Path, move: float) -> None:
    for factor, passes in ((move, True), (move**1.03, False)):
        (tmp_path / "p.csv").write_text(f"date,csi300\n2024-02-01,1000\n2024-02-02,{1000 * factor}\n")
        if passes:
            assert len(read_prices(tmp_path / "p.csv")) == 2
        else:
            with pytest.raises(InputError, match=r"2024-02-02.*csi300 \(000300\) close goes from 1000"):
                read_prices(tmp_path / "p.csv")


def test_digest_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"abc")
    assert digest(tmp_path / "p.csv") == hashlib.sha256(b"abc").hexdigest()


def test_styles_come_in_the_order_of_names(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(0, 0.01, (3, len(STYLES)))
    table = pd.DataFrame(values, columns=list(STYLES), index=TRUTH.index)
    table[list(STYLES)[::-1]].to_csv(tmp_path / "s.csv")
    pd.testing.assert_frame_equal(read_styles(tmp_path / "s.csv"), table, check_freq=False)


@pytest.mark.market_data
def test_the_real_files_read_as_their_readme_says(market_data: Path) -> None:
    prices = read_prices(market_data / "indices_daily.csv")
    assert tuple(prices.columns) == BUCKETS
    assert len(prices) == 4616
    day = pd.Timestamp("2024-02-05")
    simple = prices.pct_change().loc[day]
    assert prices.loc[day, "csi1000"] == pytest.approx(4293.0695)
    np.testing.assert_allclose(
        100 * simple[["csi1000", "csi2000", "micro"]], [-6.16, -9.49, -13.70], atol=0.006
    )
    assert prices["csi2000"].first_valid_index() == pd.Timestamp("2013-12-31")
    assert len(read_styles(market_data / "style_factors_daily.csv")) == 1412
