"""Books as desks export them: every file is the same book, and what is in no bucket is said, never lost."""

import logging
from pathlib import Path

import pytest

from tailrisk.core.errors import InputError
from tailrisk.data.holdings import Book, read_holdings

from .test_exports import text
from .workbook import workbook

STOCKS = (
    "code,bucket,liquidity,size\n600000,csi300,-0.5,0.4\n000001,csi500,0.25,0.1\n300750,csi1000,1,-0.2\n"
    "688001,micro,1.5,-1\n"
)
CODES = ["600000", "000001", "300750", "688001"]
NAMES = ["浦发银行", "平安银行", "宁德时代", "华兴源创"]
VALUES = [400000.0, 300000.0, 200000.0, 100000.0]
PRICES = [10.0, 12.5, 160.0, 25.0]
QUANTITIES = [40000.0, 24000.0, 1250.0, 4000.0]
TRUTH = {"csi300": 0.4, "csi500": 0.3, "csi1000": 0.2, "micro": 0.1}
LIQUIDITY = 0.4 * -0.5 + 0.3 * 0.25 + 0.2 * 1 + 0.1 * 1.5
SUFFIX = [f"{c}.{'SH' if c[0] == '6' else 'SZ'}" for c in CODES]
PREFIX = [f"{'sh' if c[0] == '6' else 'sz'}{c}" for c in CODES]
JOIN = [f"{c}.{'XSHG' if c[0] == '6' else 'XSHE'}" for c in CODES]


def rows(header: list[str], *columns: list[object]) -> list[list[object]]:
    return [list(header), *map(list, zip(*columns, strict=True))]


BROKER = rows(["证券代码", "证券名称", "市值"], CODES, NAMES, VALUES)
FULL = rows(
    [
        "证券代码",
        "证券名称",
        "证券数量",
        "可用数量",
        "成本价",
        "最新价",
        "最新市值",
        "浮动盈亏",
        "仓位占比(%)",
    ],
    CODES,
    NAMES,
    QUANTITIES,
    QUANTITIES,
    PRICES,
    PRICES,
    VALUES,
    [0, 0, 0, 0],
    [40, 30, 20, 10],
)
BOOKS: dict[str, str | bytes] = {
    "code and value": text(rows(["code", "value"], CODES, VALUES)),
    "code and weight": text(rows(["code", "weight"], CODES, [0.4, 0.3, 0.2, 0.1])),
    "a broker's": text(BROKER),
    "a broker's in gbk": text(BROKER).encode("gbk"),
    "a broker's in full": text(FULL),
    "tabs": text(FULL, "\t").encode("gbk"),
    "semicolons": text(BROKER, ";"),
    "shares and price": text(rows(["代码", "持仓数量", "现价"], CODES, QUANTITIES, PRICES)),
    "English shares and price": text(rows(["ticker", "shares", "price"], JOIN, QUANTITIES, PRICES)),
    "thousands": text(rows(["代码", "持仓市值"], CODES, [f"{v:,.2f}" for v in VALUES])),
    "ten thousands": text(rows(["代码", "市值(万元)"], CODES, [v / 1e4 for v in VALUES])),
    "percents": text(rows(["代码", "权重"], CODES, ["40.00%", "30.00%", "20.00%", "10.00%"])),
    "percents in the title": text(rows(["成分券代码", "权重(%)"], CODES, [40, 30, 20, 10])),
    "suffixes": text(rows(["Wind代码", "市值"], SUFFIX, VALUES)),
    "prefixes": text(rows(["code", "value"], PREFIX, VALUES)),
    "apostrophes": text(rows(["代码", "市值"], [f"'{c}" for c in CODES], VALUES)),
    "zeros lost": text(rows(["代码", "市值"], [str(int(c)) for c in CODES], VALUES)),
    "blank lines": text(BROKER).replace("\n", "\n\n"),
    "a total and a source": text(BROKER) + "合计,,1000000\n\n数据来源：柜台\n",
    "a total by name": text(BROKER) + ",总计,1000000\n",
    "a title above": "2024年1月2日持仓\n" + text(BROKER),
    "cash": text(BROKER) + "现金,,50000\n",
    "futures sold": text(BROKER) + "IM2403,,-900000\n",
}


@pytest.fixture
def stocks(tmp_path: Path) -> Path:
    (tmp_path / "stocks.csv").write_text(STOCKS)
    return tmp_path / "stocks.csv"


def check(book: Book) -> None:
    assert book.weights == pytest.approx(TRUTH, abs=1e-12)
    assert book.style_exposure["liquidity"] == pytest.approx(LIQUIDITY)
    assert set(book.style_exposure) == {"liquidity", "size"}
    assert book.remainder == {}


@pytest.mark.parametrize("name", BOOKS)
def test_a_desks_file_is_read(tmp_path: Path, stocks: Path, name: str) -> None:
    content = BOOKS[name]
    (tmp_path / "book.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    check(read_holdings(tmp_path / "book.csv", universe=stocks))


def test_excel_and_parquet_are_read(tmp_path: Path, stocks: Path) -> None:
    import pandas as pd

    typed = rows(["证券代码", "证券名称", "市值"], [int(c) for c in CODES], NAMES, VALUES)
    check(read_holdings(workbook(tmp_path / "book.xlsx", 持仓=typed), universe=stocks))
    pd.DataFrame({"code": CODES, "value": VALUES}).to_parquet(tmp_path / "book.parquet")
    check(read_holdings(tmp_path / "book.parquet", universe=stocks))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("830799,,50000", "of Beijing"),
        ("430047.BJ,,50000", "of Beijing"),
        ("920002,,50000", "of Beijing"),
        ("600001,,50000", "unknown to the file of stocks"),
        ("510500,,50000", "fund"),
        ("113050,,50000", "bond"),
        ("SH000300,,50000", "no A-share"),
        ("900901,,50000", "B share"),
        ("00700.HK,,50000", "of Hong Kong"),
    ],
)
def test_what_is_in_no_bucket_is_a_remainder_with_its_weight(
    tmp_path: Path, stocks: Path, line: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "book.csv").write_text(text(BROKER) + line + "\n")
    with caplog.at_level(logging.WARNING, "tailrisk.data"):
        book = read_holdings(tmp_path / "book.csv", universe=stocks)
    assert book.weights == pytest.approx(TRUTH, abs=1e-12)
    assert book.remainder == {kind: pytest.approx(50 / 1050)}
    assert f"4.76% of the book is in no bucket, taken to be as the rest: 1 {kind} (4.76%)" in caplog.text


def test_a_remainder_that_is_the_book_is_refused(tmp_path: Path, stocks: Path) -> None:
    (tmp_path / "book.csv").write_text(text(BROKER) + "830799,,250001\n")
    with pytest.raises(InputError, match=r"20\.0% of the book is in no bucket"):
        read_holdings(tmp_path / "book.csv", universe=stocks)
    (tmp_path / "book.csv").write_text(text(BROKER) + "830799,,249999\n")
    assert read_holdings(tmp_path / "book.csv", universe=stocks).remainder["of Beijing"] < 0.2


REFUSED = {
    "no universe": (
        text(BROKER),
        None,
        ["no column bucket or cap_rank", "tailrisk universe PANEL", "--stocks"],
    ),
    "quantity alone": (text(rows(["代码", "数量"], CODES, QUANTITIES)), STOCKS, ["a quantity needs a price"]),
    "short": (text(BROKER) + "600004,,-1\n", STOCKS, ["row 5: value = -1 is a short position"]),
    "no price": (
        text(rows(["代码", "数量", "最新价"], CODES, QUANTITIES, [10, "--", 160, 25])),
        STOCKS,
        ['row 2: price = "--"'],
    ),
    "two values": (
        text(rows(["代码", "市值", "持仓市值"], CODES, VALUES, VALUES)),
        STOCKS,
        ["市值 and 持仓市值"],
    ),
    "weights and values": (
        text(rows(["代码", "市值", "权重"], CODES, VALUES, [0.1, 0.2, 0.3, 0.4])),
        STOCKS,
        ["row 1: has both weight and value, and they disagree"],
    ),
    "a code of no kind": (text(BROKER) + "6000X0,,1\n", STOCKS, ['row 5: code = "6000X0"']),
    "twice": (text(BROKER) + "sz000001,,1\n", STOCKS, ["row 5: code 000001 again, after row 2"]),
    "weights short of one": (
        text(rows(["代码", "权重"], CODES, [0.4, 0.3, 0.2, 0.05])),
        STOCKS,
        ["sums to 0.95", "exposure"],
    ),
    "percents without a sign": (
        text(rows(["代码", "权重"], CODES, [40, 30, 20, 10])),
        STOCKS,
        ["sums to 100", "divide by 100"],
    ),
    "stocks without a bucket": (text(BROKER), "code,size\n600000,1\n", ["stocks.csv", "no column bucket"]),
    "no stock known": (text(BROKER), "code,bucket\n600009,micro\n", ["100.0% of the book is in no bucket"]),
    "unit unknown": (text(rows(["代码", "市值(港币)"], CODES, VALUES)), STOCKS, ["a unit that is not known"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_book_that_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    content, stocks, words = REFUSED[name]
    (tmp_path / "book.csv").write_text(content, encoding="utf-8")
    (tmp_path / "stocks.csv").write_text(stocks or "")
    with pytest.raises(InputError) as refusal:
        read_holdings(tmp_path / "book.csv", universe=tmp_path / "stocks.csv" if stocks else None)
    for word in words:
        assert word in str(refusal.value)


def test_rounded_weights_are_scaled_and_said(
    tmp_path: Path, stocks: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "book.csv").write_text(text(rows(["代码", "权重"], CODES, [0.4001, 0.3, 0.2, 0.1])))
    with caplog.at_level(logging.INFO, "tailrisk.data"):
        book = read_holdings(tmp_path / "book.csv", universe=stocks)
    assert sum(book.weights.values()) == pytest.approx(1, abs=1e-12)
    assert "weights sum to 1.0001, scaled to 1" in caplog.text
