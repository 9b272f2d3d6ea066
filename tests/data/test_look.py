"""`tailrisk look`, and files walked through the command line to an answer or a refusal."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tailrisk.cli import commands, main
from tailrisk.core.names import BUCKETS, CODES

from .test_books import BROKER, STOCKS
from .test_daily import filled, sound
from .test_exports import NAMES, text
from .test_panel import stocks


def looked(*arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        main(["look", *map(str, arguments)])
    return int(str(end.value.code)), ""


def seen(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(commands, ["look", *map(str, arguments)], standalone_mode=False)
    assert done.exception is None
    return int(done.return_value or 0), done.output


def test_prices_are_shown_as_they_would_be_read(tmp_path: Path) -> None:
    closes = sound()
    table = closes.set_axis(NAMES, axis=1).rename_axis("日期")[::-1]
    table.to_csv(tmp_path / "p.csv", encoding="gbk")
    code, said = seen(tmp_path / "p.csv")
    assert code == 0
    for part in (
        "daily closes of indices",
        "GBK text",
        "read 日期 as date",
        "read 沪深300 as csi300",
        "400 days",
    ):
        assert part in said
    assert "newest first, reversed" in said
    assert looked(tmp_path / "p.csv")[0] == 0


def test_every_finding_is_shown_and_the_exit_code_says_so(tmp_path: Path) -> None:
    closes = sound()
    closes.iloc[100:120, 4] = closes.iloc[100, 4]
    closes.iloc[200, 1] *= 1.3
    closes.drop(index=closes.index[300:330]).to_csv(tmp_path / "p.csv")
    code, said = seen(tmp_path / "p.csv")
    assert code == 2
    for part in ("the same close on 20 days", "and back the next", "(30 sessions)", "--accept holes"):
        assert part in said
    assert looked(tmp_path / "p.csv")[0] == 2
    assert seen(tmp_path / "nothing.csv")[0] == 2


def test_several_files_are_one_ladder(tmp_path: Path) -> None:
    for name, digits in zip(BUCKETS, CODES, strict=True):
        sound()[[name]].set_axis(["收盘"], axis=1).to_csv(tmp_path / f"{digits}.csv")
    code, said = seen(*(tmp_path / f"{digits}.csv" for digits in CODES))
    assert code == 0
    assert "400 days, 2019-01-02" in said
    code, said = seen(tmp_path / "000300.csv")
    assert code == 0
    assert "without csi500, csi1000, csi2000, micro" in said


def test_other_files_are_known_by_their_columns(tmp_path: Path) -> None:
    stocks().to_csv(tmp_path / "panel.csv", index=False)
    (tmp_path / "book.csv").write_text(text(BROKER))
    (tmp_path / "sized.csv").write_text("bucket,weight\ncsi300,0.4\nmicro,0.6\n")
    day = sound().index[:5].strftime("%Y-%m-%d")
    symbols = pd.DataFrame({"date": day, "symbol": "IF1903", "close": [1.0, 2, 3, 4, 5]})
    symbols.to_csv(tmp_path / "futures.csv", index=False)
    one = pd.DataFrame({"date": day, "symbol": "AU", "open": 1.0, "close": 1.0, "hold": 9})
    one.to_csv(tmp_path / "metals.csv", index=False)
    funds = pd.DataFrame({"date": day, "code": "510300", "close": 1.0, "amount": 9.0})
    funds.to_csv(tmp_path / "funds.csv", index=False)
    styles = pd.DataFrame(0.001, index=pd.Index(day, name="date"), columns=["size", "beta", "momentum"])
    styles.to_csv(tmp_path / "styles.csv")
    for name, code, words in (
        ("panel", 0, "3 stocks worth"),
        ("book", 2, "tailrisk universe PANEL"),
        ("sized", 0, "csi300 40.0%, micro 60.0%"),
        ("futures", 0, "1 contracts: IF1903"),
        ("metals", 0, "1 products"),
        ("funds", 0, "1 funds: 510300"),
        ("styles", 0, "3 styles: beta, momentum, size"),
    ):
        got, said = seen(tmp_path / f"{name}.csv")
        assert (got, words in said) == (code, True), said
    assert seen(tmp_path / "futures.csv", "--as", "prices")[0] == 2


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as a user gives it, from his folder."""
    code = "import sys; from tailrisk.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True, timeout=600
    )


FIT = (
    "--until",
    "2040-12-31",
    "--states",
    "1",
    "--shocks",
    "gaussian",
    "--starts",
    "1",
    "--no-memory",
    "-o",
    "out.toml",
)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("weekly", lambda c: c[np.arange(len(c)) % 5 == 0], "5 trading days apart"),
        (
            "filled",
            lambda c: filled(c, pd.date_range(c.index[0], c.index[-1]).as_unit("ns")),
            "Saturdays and Sundays",
        ),
        ("copy", lambda c: c.assign(micro=(c["csi500"] * 1.7).round(3)), "micro-csi500 never moves"),
    ],
)
def test_a_users_file_that_cannot_be_daily_is_refused_by_the_command(
    tmp_path: Path, name: str, make: object, words: str
) -> None:
    make(sound()).to_csv(tmp_path / "closes.csv")  # type: ignore[operator]
    done = run(tmp_path, "calibrate", "closes.csv", *FIT)
    assert done.returncode == 2, name
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.toml").exists()


def test_five_exports_of_a_vendor_walk_to_regimes_and_a_book_to_a_plan(tmp_path: Path) -> None:
    for name, digits in zip(BUCKETS, CODES, strict=True):
        table = sound()[[name]].set_axis(["收盘"], axis=1).rename_axis("日期").reset_index()
        table.assign(代码=int(digits))[::-1].to_csv(tmp_path / f"{digits}.csv", index=False, encoding="gbk")
    done = run(tmp_path, "calibrate", *(f"{digits}.csv" for digits in CODES), *FIT)
    assert done.returncode == 0, done.stderr
    assert "newest first, reversed" in done.stderr
    fitted = (tmp_path / "out.toml").read_text()
    assert "days = 399" in fitted
    assert "tailrisk calibrate 000300.csv 000905.csv" in fitted
    (tmp_path / "book.csv").write_bytes((text(BROKER) + "830799,,50000\n合计,,1050000\n").encode("gbk"))
    (tmp_path / "stocks.csv").write_text(STOCKS)
    (tmp_path / "own.toml").write_text(
        'extends = "base.toml"\nname = "own"\nquestion = "q?"\n[products.mine]\nlabel = "mine"\n'
        'family = "index_enhanced"\nbenchmark = "csi500"\nholdings = "book.csv"\nuniverse = "stocks.csv"\n'
    )
    done = run(tmp_path, "check", "own.toml")
    assert done.returncode == 0, done.stderr
    assert "csi300 40.0%, csi500 30.0%, csi1000 20.0%, micro 10.0%" in done.stdout
    assert "4.76% of the book is in no bucket" in done.stderr
