"""The rules' files, and the folder and page of a watch."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tailrisk.core import seal
from tailrisk.core.errors import InputError
from tailrisk.studies.watch.config import read_rules
from tailrisk.studies.watch.run import watched
from tailrisk.surveillance import Rules

ORDERS = "time,account,action,order\n" + "\n".join(
    f"2024-02-19 09:30:0{k // 300}.{k % 300:03d},{'=A|B' if k < 300 else 'B'},order,{k}" for k in range(599)
)


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS, encoding="utf-8")
    return path


def test_the_folder_has_a_page_that_answers(orders: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[stock]\nsecond = 100\n[report]\nlanguage = "zh"\n', encoding="utf-8")
    for name, language in (("watch.toml", "en"), (str(rules), "zh")):
        folder = tmp_path / language
        watched(orders, folder, rules=name, command="tailrisk watch orders.csv")
        html = (folder / "report.html").read_text(encoding="utf-8")
        assert seal.intact(folder)
        rows = pd.read_csv(folder / "alarms.csv")
        who = rows[rows["rule"] == "stock.second"]["who"].nunique()
        assert who == {"en": 1, "zh": 2}[language]
        told = {
            "en": f"{len(rows)} alarms ring. orders and cancels in a second: {who} accounts",
            "zh": f"共 {len(rows)} 次报警。一秒内的申报与撤单：{who} 个账户",
        }
        assert [key for key, text in told.items() if text in html] == [language]
        assert html.count("<table") >= 3


def test_the_library_s_rules_are_the_defaults() -> None:
    assert read_rules().rules == Rules()
    futures = read_rules("watch_futures.toml").rules
    assert list(futures.watched()) == ["futures"]
    assert (futures.futures and futures.futures.orders, futures.clock.day_begins) == (10, 16)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[stock]\nsecond = 0", r"stock\.second"),
        ("[stock]\nsecond = 300.5", r"stock\.second"),
        ("[stock]\nsecnd = 300", "did you mean 'second'"),
        ("[moves]\nfraction = 1.5", r"moves\.fraction"),
        ("[clock]\nday_begins = 24", r"clock\.day_begins"),
        ("[clock]\ntolerance = -1", r"clock\.tolerance"),
        ("sweep = [0]", "sweep"),
        ("[stok]", "did you mean 'stock'"),
    ],
)
def test_bad_rules_are_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_rules(tmp_path / "rules.toml")


def test_a_folder_is_sealed_and_its_page_is_of_its_tables(orders: Path, tmp_path: Path) -> None:
    seen = watched(orders, tmp_path / "out", command="tailrisk watch orders.csv")
    names = seal.check(tmp_path / "out")
    assert {"alarms.csv", "counts.csv", "sweep.csv", "README.md", "record.json"} <= names
    page = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert (
        "- orders plus cancels in a second: 1 by calendar second, account (1 of them); 1 by sliding" in page
    )
    assert "| =A/B | 300 | 300 |" in page
    assert "not judged" in page
    alarms = pd.read_csv(tmp_path / "out" / "alarms.csv")
    assert list(alarms["who"]) == ["'=A|B"] * 2
    assert list(alarms["value"]) == [300, 300]
    record = json.loads((tmp_path / "out" / "record.json").read_text(encoding="utf-8"))
    assert record["events"] == seen.events == {"order": 599, "cancel": 0, "trade": 0}
    assert record["rules"]["stock"] == {"second": 300, "day": 20_000}


def test_a_folder_that_is_there_is_not_replaced(orders: Path, tmp_path: Path) -> None:
    watched(orders, tmp_path / "out")
    with pytest.raises(InputError, match="is there already"):
        watched(orders, tmp_path / "out")
    watched(orders, tmp_path / "out", force=True)


def test_nothing_is_left_of_a_watch_that_was_refused(orders: Path, tmp_path: Path) -> None:
    orders.write_text(ORDERS + "\nx,A,order,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 600: time: 'x' is no stamp"):
        watched(orders, tmp_path / "out")
    assert not (tmp_path / "out").exists()
