"""An analyst: index files as akshare saves them, a broker's export, and the loss of his own book."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import seal
from tailrisk.core.names import BUCKETS, CODES
from tests.data.test_books import BROKER, STOCKS
from tests.data.test_daily import sound
from tests.data.test_exports import text

from . import asked, record

INDICES = [f"{code}.csv" for code in CODES]
MINE = """
[products.mine]
label = "自己的组合 Own book"
family = "index_enhanced"
benchmark = "csi500"
holdings = "持仓.csv"
universe = "stocks.csv"
"""


def saved(folder: Path) -> None:
    """What he has: a file an index, newest last, Chinese columns; a broker's export; a file of stocks."""
    draw = np.random.default_rng(1)
    for name, code in zip(BUCKETS, CODES, strict=True):
        close = sound("2021-01-04", 500)[name]
        opened = (close * np.exp(0.002 * draw.standard_normal(len(close)))).round(2)
        table = {"日期": close.index.strftime("%Y-%m-%d"), "开盘": opened, "收盘": close, "成交额": 1e11}
        pd.DataFrame(table).to_csv(folder / f"{code}.csv", index=False, encoding="utf-8-sig")
    (folder / "持仓.csv").write_text(text(BROKER) + "现金,,50000\n合计,,1050000\n", encoding="gbk")
    (folder / "stocks.csv").write_text("\n".join(",".join(row.split(",")[:2]) for row in STOCKS.split()))


def written(path: Path, **values: str) -> None:
    """The starter config with lines of his own, fewer products, and his book."""
    kept = path.read_text(encoding="utf-8").split("[products.stock_selection]")[0]
    for key, value in values.items():
        kept, count = re.subn(rf"(?m)^{key}( *)=.*$", f"{key} = {value}", kept, count=1)
        assert count == 1, key
    path.write_text(kept + MINE, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path)
    return tmp_path


def test_from_index_files_and_a_brokers_export_to_the_loss_of_his_book(folder: Path) -> None:
    seen = asked("look", *INDICES)
    assert "500 days, 2021-01-04" in seen
    assert "read 收盘 as close" in seen
    fit = asked(
        "calibrate", *INDICES, "--until", "2022-12-30", "--states", "1", "--shocks", "gaussian",
        "--starts", "1", "--histories", "0", "-o", "mine.toml",
    )  # fmt: skip
    assert "2021-01-05 to 2022-12-30" in fit
    asked("init", "my.toml")
    written(Path("my.toml"), calibrated='"mine.toml"', states="1", paths="256", days="10", levels="[0.9]")
    plan = asked("check", "my.toml")
    assert "mine.toml, data 2021-01-05 to 2022-12-30" in plan
    assert "csi300 40.0%, csi500 30.0%, csi1000 20.0%, micro 10.0%" in plan, (
        "cash and the total are no stocks"
    )
    asked("run", "my.toml")
    shown = asked("show", "results/my_run")
    table = (
        pd.read_csv("results/my_run/tail.csv").query("measure == 'terminal'").set_index(["product", "view"])
    )
    for view, said in zip(("absolute", "excess"), shown.split("EXCESS"), strict=True):
        row = next(line for line in said.splitlines() if line.startswith("mine "))
        drift, value, _, es, _ = (float(number) for number in re.findall(r"-?\d+\.\d+", row))
        own = table.loc[("mine", view)]
        assert (value, es) == (round(100 * own["var"], 2), round(100 * own["es"], 2))
        assert drift < 0.1 < value < es < 20, "a loss of ten days"
    seal.check(Path("results/my_run"))
    assert record(Path("results/my_run"))["command"] == "tailrisk run my.toml"
