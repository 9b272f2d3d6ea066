"""Malformed data files: each is refused on one screen that names the place and the value."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tailrisk.calibrate import calibrate
from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS, STYLES
from tailrisk.data.prices import read_prices, read_styles

HEAD = "date,code,close\n"
GOOD = "2024-02-01,000300,3217.0\n2024-02-02,000300,3179.6\n"

LONG = {
    "missing close": ("date,code,open\n2024-02-01,000300,1\n", ["no column 'close'", "code, open", "rename"]),
    "missing code": ("date,close\n2024-02-01,1\n", ["no column 'code'", "000300.csv"]),
    "missing date": (
        "when,code,close\n2024-02-01,000300,1\n",
        ["no column 'date'", "when, code, close", "rename column 'when' to 'date'"],
    ),
    "two dates": (
        "日期,交易日期,code,close\n2024-02-01,2024-02-01,000300,1\n",
        ["日期 and 交易日期 could each be the date", "rename the one"],
    ),
    "two closes": (
        "date,code,收盘,收盘价\n2024-02-01,000300,1,2\n",
        ["收盘 and 收盘价 could each be the close"],
    ),
    "adjusted": ("date,code,收盘价(后复权)\n2024-02-01,000300,1\n", ["a unit that is not known", "'close'"]),
    "decimal commas": (
        "date;code;close\n2024-02-01;000300;3217,5\n",
        ["row 1 (2024-02-01)", "'3217,5' is not a number"],
    ),
    "decimal commas or thousands": (
        "date;code;close\n2024-02-01;000300;3,217\n2024-02-02;000300;3,179\n",
        ["may be thousands or a decimal comma", "'3,217'"],
    ),
    "no close at all": (HEAD + "2024-02-01,000300,--\n", ["no row has a close"]),
    "infinite": (HEAD + GOOD + "2024-02-05,000300,inf\n", ["row 3 (2024-02-05)", "close = inf"]),
    "zero": (HEAD + "2024-02-01,000852,0\n" + GOOD, ["row 1 (2024-02-01)", "csi1000 close = 0"]),
    "negative": (HEAD + GOOD + "2024-02-05,000300,-3.5\n", ["row 3 (2024-02-05)", "close = -3.5"]),
    "text price": (HEAD + GOOD + "2024-02-05,000300,3200x\n", ["row 3 (2024-02-05)", "'3200x'", "number"]),
    "percent price": (HEAD + GOOD + "2024-02-05,000300,3.2%\n", ["row 3 (2024-02-05)", "'3.2%'"]),
    "twice": (HEAD + GOOD + "2024-02-02,000300,3179.6\n", ["row 3", "2024-02-02 for csi300", "second time"]),
    "two spellings": (HEAD + GOOD + "2024-02-02,sh000300,3179.6\n", ["row 3", "2024-02-02 for csi300"]),
    "unsorted": (HEAD + GOOD + "2024-01-31,000300,3215\n", ["row 3", "2024-01-31", "after a later date"]),
    "no order": (
        HEAD + "2024-02-05,000300,3200\n" + GOOD,
        ["row 2", "2024-02-01", "oldest first"],
    ),
    "bad month": (HEAD + GOOD + "2024-13-05,000300,3200\n", ["row 3", "'2024-13-05'", "YYYYMMDD"]),
    "day first": (HEAD + GOOD + "05/02/2024,000300,3200\n", ["row 3", "'05/02/2024'", "YYYY-MM-DD"]),
    "a spreadsheet's number": (HEAD + "45323,000300,3200\n", ["row 1", "'45323'", "day number"]),
    "year 1": (HEAD + "0001-01-01,000300,3200\n" + GOOD, ["row 1", "0001-01-01 is before"]),
    "year 9999": (HEAD + GOOD + "9999-12-31,000300,3200\n", ["row 3", "9999-12-31 is after", "placeholder"]),
    "year 3000": (HEAD + GOOD + "3000-12-31,000300,3200\n", ["row 3", "3000-12-31 is after", "newer"]),
    "no date": (HEAD + GOOD + ",000300,3200\n", ["row 3", "date ''"]),
    "lost zeros": (HEAD + "2024-02-01,16,3217\n", ["row 1", "'16'", "leading zeros", "'000016'"]),
    "float code": (HEAD + "2024-02-01,1.0,3217\n", ["row 1", "'1.0'", "'000001'"]),
    "unknown form": (HEAD + GOOD + "2024-02-05,SPX500,3200\n", ["row 3", "'SPX500'", "000300.SH"]),
    "unknown market": (HEAD + "2024-02-01,000300.NY,3217\n", ["row 1", "'000300.NY'"]),
    "two markets": (HEAD + "2024-02-01,sh000300.SZ,3217\n", ["row 1", "'sh000300.SZ'"]),
    "no bucket": (HEAD + "2024-02-01,000016,1\n2024-02-02,000016,1\n", ["000016", "000300 (csi300)"]),
    "one day": (HEAD + "2024-02-01,000300,3217\n", ["1 days", "at least 2"]),
    "header only": (HEAD, ["a header but no rows"]),
    "empty": ("", ["the file is empty"]),
    "blank": ("\n \n", ["the file is empty"]),
    "jump": (HEAD + GOOD + "2024-02-05,000300,32\n", ["2024-02-05", "csi300", "3179.6 to 32", "-99%"]),
    "short row": (HEAD + GOOD + "2024-02-05,000300\n", ["row 3", "2 cells, 3 in the header", "cut"]),
    "long row": (HEAD + GOOD + "2024-02-05,000300,3200,1\n", ["row 3", "4 cells", "3"]),
    "all rows long": (HEAD + "2024-02-01,000300,3217,1\n", ["row 1", "more cells than the header"]),
    "column twice": ("date,code,close,Close\n2024-02-01,000300,1,1\n", ["column 'close' appears twice"]),
    "wide unknown": ("date,csi300,comment\n2024-02-01,1,x\n", ["column 'comment'", "not an index code"]),
    "wide twice": ("date,csi300,000300\n2024-02-01,1,1\n", ["column '000300'", "second column for csi300"]),
    "wide zero": (
        "date,csi300,micro\n20240201,1,2\n20240202,1,0\n",
        ["row 2 (2024-02-02)", "micro close = 0"],
    ),
    "wide text": ("date,csi300,micro\n20240201,1,2\n20240202,1,x\n", ["row 2 (2024-02-02)", "micro = 'x'"]),
    "wide lost zeros": ("date,16\n20240201,1\n20240202,1\n", ["column '16'", "leading zeros"]),
    "wide no index": ("date\n20240201\n20240202\n", ["no bucket", "none"]),
}


def refused(read: Callable[[], object]) -> str:
    """The message, which must fit a screen and come as InputError."""
    with pytest.raises(InputError) as refusal:
        read()
    text = str(refusal.value)
    assert 1 <= len(text.splitlines()) <= 4
    assert len(text) < 1200
    return text


@pytest.mark.parametrize("case", LONG)
def test_a_malformed_price_file_is_refused_with_place_and_value(tmp_path: Path, case: str) -> None:
    content, words = LONG[case]
    path = tmp_path / "prices.csv"
    path.write_text(content)
    text = refused(lambda: read_prices(path))
    for word in (str(path), "allowed:", *words):
        assert word in text, text


def test_a_file_that_is_not_there_and_a_folder(tmp_path: Path) -> None:
    assert "nothing.csv: no such file" in refused(lambda: read_prices(tmp_path / "nothing.csv"))
    assert f"{tmp_path}: is a folder" in refused(lambda: read_prices(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\x00\x00xlsx", "an Excel file, and damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
        (b"date,code\x00,close\n", "binary"),
        (b"PAR1 then nothing of the kind", "damaged Parquet"),
        ("date,code,close\n2024-02-01,沪深,1\n".encode("gbk")[:-4], "neither UTF-8 nor GBK"),
    ],
)
def test_a_file_of_another_kind(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "prices.csv").write_bytes(content)
    text = refused(lambda: read_prices(tmp_path / "prices.csv"))
    assert "prices.csv" in text
    assert words in text


def test_whole_number_codes_in_parquet(tmp_path: Path) -> None:
    table = pd.DataFrame({"date": ["2024-02-01"] * 2, "code": [300, 1], "close": [1.0, 2.0]})
    table.to_parquet(tmp_path / "p.parquet")
    text = refused(lambda: read_prices(tmp_path / "p.parquet"))
    for word in ("p.parquet: row 2", "'1' has lost its leading zeros", "000001"):
        assert word in text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("growth", "2.5", "growth = 2.5"),
        ("growth", "-0.5", "growth = -0.5"),
        ("book_to_price_ratio", "", "book_to_price_ratio = nan"),
        ("size", "big", "size = 'big'"),
    ],
)
def test_a_malformed_style_file(tmp_path: Path, name: str, value: str, words: str) -> None:
    cells = [value if style == name else "0.001" for style in STYLES]
    (tmp_path / "styles.csv").write_text(f"date,{','.join(STYLES)}\n2024-02-01,{','.join(cells)}\n")
    text = refused(lambda: read_styles(tmp_path / "styles.csv"))
    for word in ("styles.csv: row 1 (2024-02-01)", words, "allowed:"):
        assert word in text, text


def test_a_style_file_without_a_style(tmp_path: Path) -> None:
    (tmp_path / "styles.csv").write_text("date\n2024-02-01\n")
    assert "no column beside date" in refused(lambda: read_styles(tmp_path / "styles.csv"))
    (tmp_path / "styles.csv").write_text("date,动量,momentum\n2024-02-01,0.1,0.1\n")
    assert "is a second column of momentum" in refused(lambda: read_styles(tmp_path / "styles.csv"))
    (tmp_path / "styles.csv").write_text("date,low vol\n2024-02-01,0.1\n")
    assert "column 'low vol': is no name of a style" in refused(lambda: read_styles(tmp_path / "styles.csv"))


def test_styles_bear_the_names_the_user_gives_them(tmp_path: Path) -> None:
    (tmp_path / "styles.csv").write_text("date,quality,crowding\n2024-02-01,0.01,-0.02\n")
    assert list(read_styles(tmp_path / "styles.csv").columns) == ["crowding", "quality"]


def wide_file(path: Path, days: int, **columns: str) -> Path:
    """A zigzag of every bucket over business days; a bucket given by name has that text all along."""
    when = pd.bdate_range("2020-01-01", periods=days)
    lines = ["date," + ",".join(BUCKETS)]
    for i, day in enumerate(when):
        cells = [columns.get(name, str(1000 + 10 * b + (i * (7 + b)) % 13)) for b, name in enumerate(BUCKETS)]
        lines.append(f"{day.date()},{','.join(cells)}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("days", "columns", "window", "words"),
    [
        (200, {}, {}, ["199 daily returns of csi300", "at least 250", "2020-01-01 to 2023-12-31"]),
        (400, {}, {"since": "2021-01-01"}, ["daily returns of csi300", "2021-01-01 to"]),
        (400, {}, {"until": "2019-12-31"}, ["0 daily returns of csi300", "to 2019-12-31"]),
        (400, {"csi2000": ""}, {}, ["0 daily returns of csi2000"]),
        (400, {}, {"until": "last week"}, ["until", "'last week'", "YYYY-MM-DD"]),
    ],
)
def test_a_window_that_cannot_carry_a_fit(
    tmp_path: Path, days: int, columns: dict, window: dict, words: list[str]
) -> None:
    path = wide_file(tmp_path / "prices.csv", days, **columns)
    arguments = {"until": "2023-12-31", "output": tmp_path / "out.toml", **window}
    text = refused(lambda: calibrate(path, **arguments))
    for word in words:
        assert word in text, text
    assert not (tmp_path / "out.toml").exists()


def test_an_index_that_is_a_copy_of_another_or_absent(tmp_path: Path) -> None:
    path = wide_file(tmp_path / "prices.csv", 400)
    table = pd.read_csv(path)
    table.assign(micro=table["csi2000"]).to_csv(path, index=False)
    text = refused(lambda: calibrate(path, until="2023-12-31", output=tmp_path / "out.toml"))
    assert "micro-csi2000 never moves" in text
    table.drop(columns="csi500").to_csv(path, index=False)
    text = refused(lambda: calibrate(path, until="2023-12-31", output=tmp_path / "out.toml"))
    assert "no closes of csi500" in text


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "folder cannot be made" in refused(
        lambda: calibrate(tmp_path / "none.csv", until="2023-12-31", output=tmp_path / "file" / "out.toml")
    )
    assert f"{tmp_path}: is a folder" in refused(
        lambda: calibrate(tmp_path / "none.csv", until="2023-12-31", output=tmp_path)
    )
