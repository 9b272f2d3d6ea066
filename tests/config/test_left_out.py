"""A file of four indices: the bucket without closes is left out of ladder, books and events, and said."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from tailrisk.cli import main
from tailrisk.config import left_out, load
from tailrisk.core import calendar
from tailrisk.core.errors import InputError
from tailrisk.core.names import home

CODES = ("000300", "000905", "000852", "932000")


def asked(*words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


@pytest.fixture
def four(tmp_path):
    """Closes of all but the micro-caps, under their codes."""
    days = calendar.sessions()
    days = days[(np.datetime64("2021-06-01") <= days) & (np.datetime64("2023-12-29") >= days)].astype(str)
    draw = np.random.default_rng(2)
    calm = np.where(np.arange(len(days)) % 100 < 80, 0.008, 0.02)[:, None]
    step = np.clip(calm * draw.standard_normal((len(days), 4)), -0.03, 0.03) * [1.0, 0.4, 0.4, 0.4]
    level = 3000 * np.exp(step.cumsum(axis=1).cumsum(axis=0))
    frame = pd.DataFrame(level.round(2), pd.Index(days, name="date"), list(CODES))
    frame.to_csv(tmp_path / "four.csv")
    return tmp_path


def test_four_indices_are_calibrated_and_run(four, capsys, caplog):
    fit = ("--until", "2023-12-29", "--states", "1", "--shocks", "gaussian", "--starts", "1", "--no-memory")
    own = four / "own.toml"
    assert asked("calibrate", four / "four.csv", *fit, "--limits", "0.1", "-o", own, "--quiet") == 0
    said = capsys.readouterr().err
    assert "no closes of micro, left out: the ladder is csi300, csi500, csi1000, csi2000" in said
    assert 'buckets = ["csi300", "csi500", "csi1000", "csi2000"]' in own.read_text()
    sets = [f"market.calibrated={own}", "market.process=regimes", "market.states=1", "run.paths=512"]
    more = [*sets, "run.days=5", "tail.levels=[0.9]"]
    words = [word for one in more for word in ("--set", one)]
    assert asked("run", "feb2024.toml", "-o", four, "--quiet", *words) == 0
    said = caplog.text
    assert "own.toml: without micro" in said
    assert "products.ie500 gives the 6% it has there to its other buckets" in said
    assert "products.micro_active is left out: its benchmark is micro" in said
    resolved = json.loads((four / "feb2024" / "config.json").read_text())
    assert "micro_active" not in resolved["products"]
    book = resolved["products"]["ie500"]["weights"]
    assert math.fsum(book.values()) == pytest.approx(1)
    assert book["csi500"] == pytest.approx(0.38 / 0.94)
    record = json.loads((four / "feb2024" / "record.json").read_text(encoding="utf-8"))
    assert list(record["market"]["buckets"]) == ["csi300", "csi500", "csi1000", "csi2000"]
    assert "CSI 2000" in (four / "feb2024" / "report.html").read_text(encoding="utf-8")


def test_a_gap_in_the_middle_is_refused(four, capsys):
    table = pd.read_csv(four / "four.csv").drop(columns="000905")
    table.to_csv(four / "three.csv", index=False)
    assert asked("calibrate", four / "three.csv", "--until", "2023-12-29", "-o", four / "own.toml") == 2
    assert "no closes of csi500" in capsys.readouterr().err


def test_a_market_of_some_buckets_has_their_futures_codes_and_roles():
    names = home().only(("csi300", "csi500"))
    assert names.contracts == ("IF", "IC")
    assert names.role("large") == "csi300"
    assert names.role("micro") is None
    assert names.role("discount") is None
    assert names.smallest is None
    assert dict(names.codes) == {"000300": "csi300", "000905": "csi500"}
    assert home().only(home().buckets) == home()


def test_what_is_left_out_of_a_config():
    said = {
        "products": {
            "most": {"benchmark": "csi2000", "weights": {"csi2000": 0.4, "micro": 0.6}},
            "some": {"benchmark": "csi500", "weights": {"csi500": 0.6, "micro": 0.4}},
            "none": {"benchmark": "csi500", "weights": {"csi500": 1.0}},
            "by": {"benchmark": "micro"},
        },
        "event": [{"name": "a", "pair": ["micro", "csi300"]}, {"name": "b", "pair": ["csi500", "csi300"]}],
    }
    found = left_out.without(said, ("micro",), "own.toml")
    assert list(found["products"]) == ["some", "none"]
    assert found["products"]["some"]["weights"] == {"csi500": pytest.approx(1.0)}
    assert [event["name"] for event in found["event"]] == ["b"]
    assert left_out.missing({"buckets": list(home().buckets)}, home()) == ()
    assert left_out.missing({"buckets": ["csi500", "csi300"]}, home()) == (), (
        "another order is another ladder"
    )
    assert left_out.missing({"buckets": ["csi300", "other"]}, home()) == ()


def test_a_ladder_of_another_market_is_still_refused():
    with pytest.raises(InputError, match="fitted on"):
        load("feb2024.toml", ["market.calibrated=calibrated/us_2018.toml"])
