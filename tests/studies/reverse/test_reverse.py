"""`tailrisk reverse` from a config to a folder, with a crowd and without; what it refuses."""

import json

import pandas as pd
import pytest

from tailrisk.cli import main as tailrisk
from tailrisk.core import seal


def run(*words):
    with pytest.raises(SystemExit) as stop:
        tailrisk(["reverse", *map(str, words)])
    return stop.value.code


SMALL = ("--set", "run.days=20", "--set", "run.paths=2048")


def test_from_config_to_folder(tmp_path, capsys):
    folder = tmp_path / "out"
    words = ("smoke.toml", "--product", "ie500", "--product", "dma", "--loss", "0.1", "--method", "plain")
    assert run(*words, *SMALL, "-o", folder, "--ways", "2") == 0
    said = capsys.readouterr().out
    assert "loses 10 % of NAV over 20 days" in said
    assert seal.check(folder) == {
        "README.md",
        "record.json",
        "ways.csv",
        "paths.csv",
        "report.html",
        *(f"{name}_10.{kind}" for name in ("ie500", "dma") for kind in ("svg", "png", "pdf")),
    }
    ways = pd.read_csv(folder / "ways.csv")
    record = json.loads((folder / "record.json").read_text())
    for told in record["losses"]:
        own = ways[ways["case"] == told["case"]]
        assert own["probability"].sum() == pytest.approx(told["probability"])
        assert (own["probability"].diff().dropna() <= 0).all()
        assert (own["loss"] >= 0.1).all()
        assert own["half_of_loss_day"].between(1, 20).all()
    paths = pd.read_csv(folder / "paths.csv")
    assert set(paths["kind"]) == {"modal", "mean"}
    ends = paths[(paths["kind"] == "modal") & (paths["day"] == 20)]
    assert (ends["nav"] <= 0.9).all()
    mean = paths[(paths["kind"] == "mean") & (paths["day"] == 20)].set_index(["case", "way"])["nav"]
    loss = ways.set_index(["case", "way"])["loss"]
    pd.testing.assert_series_equal(1 - mean, loss, check_names=False, atol=1e-4)


def test_a_crowd_sells_and_the_state_buys(tmp_path):
    folder = tmp_path / "out"
    words = ("crowd_feb2024.toml", "--product", "dma", "--loss", "0.3", "--method", "plain", "--quiet")
    start = ("--set", "market.start=crisis", "--set", "run.days=10", "--set", "run.paths=1024")
    assert run(*words, *start, "-o", folder, "--member", "1") == 0
    ways = pd.read_csv(folder / "ways.csv")
    sold = pd.read_csv(folder / "sellers.csv")
    assert ways["first_seller"].notna().all()
    assert (ways["first_seller_day"] <= 10).all()
    for row in ways.itertuples():
        own = sold[(sold["case"] == row.case) & (sold["way"] == row.way)].set_index("cohort")
        assert row.first_seller == own["first_on"].idxmax()
        assert own["sold"].between(-0.5, 1.0).all()
        assert own.loc["dma", "sold"] > 0.05
        assert row.state_spent >= 0
    record = json.loads((folder / "record.json").read_text())
    assert [row["member"] for row in record["members"]] == [0, 1]
    assert record["members"][0]["dma_30"] != record["members"][1]["dma_30"]


def test_an_event_is_asked(tmp_path):
    words = ("--event", "five_sigma", "--method", "plain", *SMALL, "-o", tmp_path / "a", "--quiet")
    assert run("smoke.toml", *words) == 0
    ways = pd.read_csv(tmp_path / "a" / "ways.csv")
    assert ways["loss"].isna().all()
    assert (ways["probability"] > 0).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--product", "mine", "--loss", "0.3"), "--product"),
        (("--product", "dma", "--loss", "30"), "--loss"),
        (("--product", "dma"), "--loss"),
        (("--loss", "0.3"), "--loss"),
        ((), "--loss"),
        (("--event", "war"), "--event"),
        (("--product", "cta", "--loss", "0.99", "--method", "plain"), "no path of"),
        (("--product", "dma", "--loss", "0.1", "--member", "1"), "--member"),
    ],
)
def test_what_is_refused(tmp_path, capsys, words, said):
    assert run("smoke.toml", *SMALL, *words, "-o", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
