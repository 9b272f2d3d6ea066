"""A broker's risk officer: a day of orders from the database, some rows bad, one manager of many accounts."""

import csv
from pathlib import Path

import pytest

from tailrisk.cli import main


def code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return stop.value.code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [("20240219093000", 300, 3), ("20240219093100", 299, 3), ("20240219093200", 10, 100)]
    with open("orders.csv", "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["委托时间", "证券账户", "委托类型", "委托编号", "证券代码", "买卖方向", "数量", "价格"]
        )
        for start, many, step in rows:
            for k in range(many):
                writer.writerow(
                    [f"{start}{k * step:03d}", f"P{k % 40}", "委托", k, "000001.SZ", "卖", 100, 10]
                )
    with open("control.csv", "w", encoding="utf-8") as stream:
        stream.write("account,controller\n" + "".join(f"P{k},Lingjun\n" for k in range(40)))
    return tmp_path


def test_from_orders_to_a_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code("watch", "orders.csv") == 0
    said = capsys.readouterr().out
    assert "- orders plus cancels in a second: no alarm" in said
    assert "609 orders" in said
    assert code("watch", "orders.csv", "--controllers", "control.csv") == 2
    assert "results/orders: is there already" in capsys.readouterr().err
    assert code("watch", "orders.csv", "--controllers", "control.csv", "-o", "results/managers") == 0
    said = capsys.readouterr().out
    assert "1 by calendar second, controller (1 of them); 1 by sliding second, controller (1 of them)" in said
    assert "| Lingjun |" in (folder / "results" / "managers" / "README.md").read_text(encoding="utf-8")


def test_bad_rows_are_named_then_set_aside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Path("orders.csv").read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].replace(",卖,", ",沽,")
    lines[7] = lines[7].replace(",100,10", ",-100,10")
    Path("orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert code("watch", "orders.csv") == 2
    error = capsys.readouterr().err
    assert "orders.csv: row 5: side: '沽' is unknown" in error
    assert "--set-aside" in error
    assert "Traceback" not in error
    assert not Path("results/orders").exists()
    assert code("watch", "orders.csv", "--set-aside", "bad.csv") == 0
    said = capsys.readouterr().out
    assert "1 row set aside, side: is unknown" in said
    assert "1 row set aside, size: is no size" in said
    assert "607 orders" in said
    with open("bad.csv", encoding="utf-8") as stream:
        assert [row["row"] for row in csv.DictReader(stream)] == ["5", "7"]


def test_other_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text("[stock]\nsecond = 8\nday = 16\n")
    assert code("watch", "orders.csv", "--rules", "mine.toml", "--quiet") == 0
    assert capsys.readouterr().out == ""
    assert code("watch", "orders.csv", "--rules", "watch_futures.toml", "--force") == 0
    assert "seconds of many orders or cancels" in capsys.readouterr().out
    assert code("watch", "orders.csv", "--rules", "nowhere.toml", "--force") == 2
    assert code("watch", "nowhere.csv") == 2
