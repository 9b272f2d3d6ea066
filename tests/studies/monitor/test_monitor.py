"""`tailrisk monitor`: rejects a wrong model on a day and keeps the right one; what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tailrisk.cli import main as tailrisk
from tailrisk.core import seal

VAR = float(stats.norm.ppf(0.975))
ES = float(stats.norm.pdf(VAR) / 0.025)
DAYS = pd.bdate_range("2020-01-06", periods=400)


def run(*words):
    with pytest.raises(SystemExit) as stop:
        tailrisk(["monitor", *map(str, words)])
    return stop.value.code


def forecasts(**factors):
    """Forecasts of two products by models that are so many times the right ones, from day 200 on."""
    rng = np.random.default_rng(0)
    parts = []
    for product in ("one", "two"):
        loss = 0.01 * rng.standard_normal(len(DAYS))
        for model, factor in factors.items():
            times = np.where(np.arange(len(DAYS)) < 200, 1.0, factor) * 0.01
            parts.append(
                pd.DataFrame(
                    {
                        "date": DAYS,
                        "product": product,
                        "model": model,
                        "level": 0.975,
                        "value_at_risk": times * VAR,
                        "expected_shortfall": times * ES * (1 + 1e-3 * rng.random(len(DAYS))),
                        "loss": loss,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "forecasts.csv"
    forecasts(right=1.0, low=0.5).to_csv(path, index=False)
    return path


def test_from_file_to_folder(file, tmp_path, capsys):
    folder = tmp_path / "out"
    assert run(file, "-o", folder, "--picture", "two") == 0
    said = capsys.readouterr().out
    assert "rejected products of 2" in said
    assert seal.check(folder) == {
        *("record.json", "README.md", "report.html", "table.csv"),
        *(f"{name}.{kind}" for name in ("wealth", "murphy") for kind in ("svg", "png", "pdf")),
    }
    table = pd.read_csv(folder / "table.csv").set_index(["model", "product"])
    assert table.loc["right", "es_rejected"].isna().all()
    assert table.loc["right", "var_rejected"].isna().all()
    for product in ("one", "two"):
        row = table.loc[("low", product)]
        assert str(DAYS[200].date()) <= row["es_warning_5"] <= row["es_rejected"] <= str(DAYS[-1].date())
        assert row["es_peak"] >= 20
        assert row["es_p"] < 0.05
        assert row["esr_intercept_p"] < 0.05 < table.loc[("right", product), "esr_intercept_p"]
        assert row["es_rejected"] in (folder / "README.md").read_text()
    record = json.loads((folder / "record.json").read_text())
    assert record["command"].startswith("tailrisk monitor forecasts.csv")
    assert record["rows"] == 4 * len(DAYS)
    assert str(tmp_path) not in json.dumps(record)


def test_losses_may_be_in_a_file_of_their_own(file, tmp_path):
    whole = pd.read_csv(file)
    whole.drop(columns="loss").to_csv(tmp_path / "f.csv", index=False)
    came = whole[whole["model"] == "right"][["date", "product", "loss"]]
    came.sample(frac=1, random_state=0).sort_values("date").to_csv(tmp_path / "came.csv", index=False)
    assert run(file, "-o", tmp_path / "a", "--quiet") == 0
    assert run(tmp_path / "f.csv", tmp_path / "came.csv", "-o", tmp_path / "b", "--quiet") == 0
    assert (tmp_path / "a" / "table.csv").read_text() == (tmp_path / "b" / "table.csv").read_text()


def test_overlapping_losses_count_every_hth(file, tmp_path):
    whole = pd.read_csv(file).assign(horizon=10)
    whole.to_csv(tmp_path / "ten.csv", index=False)
    assert run(tmp_path / "ten.csv", "-o", tmp_path / "a", "--quiet", "--models", "right") == 0
    table = pd.read_csv(tmp_path / "a" / "table.csv")
    assert set(table["days"]) == {len(DAYS) // 10}
    assert set(table["model"]) == {"right"}


def test_a_var_alone_is_watched(file, tmp_path):
    whole = pd.read_csv(file).drop(columns=["expected_shortfall", "level", "model"])[: len(DAYS)]
    whole.to_csv(tmp_path / "var.csv", index=False)
    assert run(tmp_path / "var.csv", "--level", "0.975", "-o", tmp_path / "a", "--quiet") == 0
    table = pd.read_csv(tmp_path / "a" / "table.csv")
    assert len(table) == 1
    assert "es_rejected" not in table


def change(frame, **columns):
    return frame.assign(**columns)


@pytest.mark.parametrize(
    ("edit", "words", "said"),
    [
        (lambda f: f.drop(columns="loss"), (), "has no column loss"),
        (lambda f: f.drop(columns="level"), (), "--level"),
        (lambda f: f.drop(columns="value_at_risk"), (), "value_at_risk"),
        (lambda f: pd.concat([f, f[-1:]]), (), "comes twice"),
        (lambda f: change(f, level=97.5), (), "level"),
        (lambda f: change(f, horizon=0), (), "horizon"),
        (lambda f: change(f, loss=f["loss"].where(f.index != 7)), (), "loss is missing"),
        (lambda f: change(f, loss="x"), (), "is not a number"),
        (lambda f: change(f, expected_shortfall=f["value_at_risk"]), (), "not above their VaR"),
        (lambda f: f, ("--models", "wrong"), "--models"),
        (lambda f: f, ("--picture", "wrong"), "--picture"),
        (lambda f: f, ("--reject", "1"), "--reject"),
        (lambda f: f, ("--level", "97.5"), "--level"),
    ],
)
def test_what_is_refused(file, tmp_path, capsys, edit, words, said):
    edit(pd.read_csv(file)).to_csv(tmp_path / "bad.csv", index=False)
    assert run(tmp_path / "bad.csv", "-o", tmp_path / "out", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_folder_without_forecasts_is_refused(tmp_path, capsys):
    assert run(tmp_path, "-o", tmp_path / "out") == 2
    assert "--daily" in capsys.readouterr().err


def test_a_forecast_mended_by_its_errors_stands(tmp_path):
    """A VaR of a third is rejected; with the buffer of its past errors, weighted by regime, it is not."""
    rng = np.random.default_rng(4)
    days = pd.bdate_range("2016-01-04", periods=1500)
    stress = (np.arange(1500) // 250 % 2).astype(float)
    loss = 0.01 * rng.standard_normal(1500) * (1 + stress)
    frame = pd.DataFrame(
        {"date": days, "product": "one", "model": "low", "loss": loss, "value_at_risk": 0.01 * VAR / 3}
    ).assign(expected_shortfall=0.01 * ES / 3, regime_calm=1 - stress, regime_stress=stress)
    frame.to_csv(tmp_path / "f.csv", index=False)
    words = (tmp_path / "f.csv", "--level", "0.975", "--conformal", "--quiet", "-o")
    assert run(*words, tmp_path / "out") == 0
    table = pd.read_csv(tmp_path / "out" / "table.csv").set_index("model")
    assert sorted(table.index) == ["low", "low+conformal", "low+regime"]
    assert isinstance(table.loc["low", "var_rejected"], str)
    assert table.loc[["low+regime"], "var_rejected"].isna().all()
    assert table.loc["low+conformal", "var_peak"] > table.loc["low+regime", "var_peak"]  # errs in each stress
    assert table.loc["low+regime", "days"] == 1500 - 39 - 39  # 39 days of each regime have no 97.5 %
    assert run(*words, tmp_path / "no", "--half-life", "0") == 2
    assert run(tmp_path / "f.csv", "--level", "0.975", "--half-life", "9", "-o", tmp_path / "no") == 2
