"""The command from file to folder, its tests of the forecasts, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tailrisk.cli import commands
from tailrisk.cli import main as tailrisk
from tailrisk.core import seal
from tailrisk.core.errors import InputError
from tailrisk.studies.backtest import judge, pictures
from tailrisk.studies.backtest.forecast import Forecasts, Plan
from tailrisk.studies.backtest.study import FORECASTS, History, by_day, calendar, moves
from tailrisk.studies.backtest.targets import Target
from tailrisk.studies.monitor.mended import mended
from tailrisk.studies.monitor.read import watched

from .worlds import closes

PLAN = Plan(
    aims=tuple(Target(name, name, np.zeros(5), np.zeros(5)) for name in ("a", "b")),
    days=np.arange(1000),
    refits=np.array([0]),
    horizons=(1, 10),
    levels=("0.95",),
    states=(1,),
    shocks=("gaussian",),
    starts=1,
    seed=0,
)


def run(*words):
    with pytest.raises(SystemExit) as stop:
        tailrisk(["backtest", *map(str, words)])
    return stop.value.code


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "closes.csv"
    closes(420).to_csv(path)
    return path


SHORT = (
    "--to",
    "2016-06-30",
    "--levels",
    "0.9",
    "--horizons",
    "1,2",
    "--states",
    "1",
    "--shocks",
    "gaussian",
)


def test_forecasts_of_every_day_can_be_watched(data, tmp_path):
    folder = tmp_path / "out"
    words = (data, "--from", "2016-02-15", *SHORT, "--starts", 1, "-o", folder, "--quiet")
    assert run(*words, "--daily") == 0
    daily = pd.read_parquet(folder / "forecasts.parquet")
    table = pd.read_csv(folder / "table.csv")
    assert len(daily) == table.days.sum()
    hits = (
        (daily.loss > daily.value_at_risk).groupby([daily[c] for c in ("horizon", "model", "product")]).sum()
    )
    for row in table.itertuples():
        assert hits[row.horizon, row.model, row.target] == row.hits
    with pytest.raises(SystemExit) as stop:
        tailrisk(["monitor", str(folder), "-o", str(tmp_path / "watch"), "--quiet"])
    assert stop.value.code == 0
    record = json.loads((tmp_path / "watch" / "record.json").read_text())
    assert record["made_by"].startswith("tailrisk backtest closes.csv")


def test_chances_of_regimes_are_written_day_by_day_beside_the_forecasts(tmp_path):
    """Those of the memory process, on the days whose loss came, as `tailrisk monitor --conformal` reads."""
    days, rng = 60, np.random.default_rng(0)
    plan = replace(PLAN, days=np.arange(days), memory=True)
    chances = rng.dirichlet(np.ones(3), days)
    risks = np.abs(rng.normal(2, 0.1, (2, len(plan.models), 2, 1, 2, days)))
    when = pd.bdate_range("2015-01-05", periods=days)
    known = History(when=when, returns=np.zeros((days, 5)), gain=rng.normal(size=(days, 2)), plan=plan)
    made = Forecasts(*risks, 0, chances)
    daily, names = by_day(known, made), ["regime_0", "regime_1", "regime_2"]
    for horizon, came in ((1, days), (10, days - 9)):
        for model in ("memory", "hs_250"):
            own = daily[(daily.horizon == horizon) & (daily.model == model) & (daily["product"] == "b")]
            assert list(own.date) == list(when[:came])
            np.testing.assert_array_equal(own[names], chances[:came])
    assert not [name for name in by_day(known, replace(made, regimes=None)) if name.startswith("regime")]
    daily.to_parquet(tmp_path / FORECASTS)
    rows = mended(watched(tmp_path, None, None, ("memory",)).rows, None)
    assert set(rows.model) == {"memory", "memory+conformal", "memory+regime"}


def test_from_file_to_folder(data, tmp_path, capsys):
    folder = tmp_path / "out"
    words = (data, "--from", "2016-02-15", *SHORT, "--starts", 1, "-o", folder)
    assert run(*words) == 0
    said = capsys.readouterr().out
    assert "2 days, 90 %" in said
    record = json.loads((folder / "record.json").read_text())
    assert seal.check(folder) == {
        "record.json",
        "README.md",
        *(f"{name}.{kind}" for name in ("coverage", "exceedances") for kind in ("svg", "png", "pdf")),
        "report.html",
        "ranking.csv",
        "table.csv",
    }
    assert record["command"].startswith("tailrisk backtest closes.csv --from 2016-02-15 --to 2016-06-30")
    assert record["refits"] == ["2016-02-15"]
    table = pd.read_csv(folder / "table.csv")
    assert len(table) == 2 * 8 * 16
    assert table.days.max() == record["days"][2]
    assert run(*words) == 2
    assert "is there already" in capsys.readouterr().err


def test_the_picture_shows_memory_where_it_is_asked_for():
    assert pictures.headline(PLAN) == "gaussian_k1"
    assert pictures.headline(replace(PLAN, memory=True)) == "memory"


def test_refusals_name_the_day_and_the_series(data, tmp_path, capsys):
    assert run(data, "--from", "2015-06-01", *SHORT, "-o", tmp_path / "a") == 2
    assert "csi500-csi300 before 2015-06-01" in capsys.readouterr().err
    gap = closes(420)
    gap.iloc[300, 3] = np.nan
    gap.to_csv(data)
    assert run(data, "--from", "2016-02-15", *SHORT, "-o", tmp_path / "a") == 2
    assert f"{gap.index[300].date()}: no return of csi2000-csi300" in capsys.readouterr().err
    assert run(data, "--from", "2016-02-15", *SHORT, "--levels", "0.3", "-o", tmp_path / "a") == 2
    assert not list(tmp_path.glob("*a*"))


def scored(gain_scale, seed=0):
    """(forecasts, loss by horizon) of normal losses forecast `gain_scale` times as wide as they are."""
    generator = np.random.default_rng(seed)
    one = generator.standard_normal((1000, 2))
    ten = np.full((1000, 2), np.nan)
    ten[:991] = np.lib.stride_tricks.sliding_window_view(one, 10, axis=0).sum(axis=-1)
    width = np.array([1.0, np.sqrt(10)])[None, :, None, None, None] * np.ones((8, 1, 1, 2, 1000))
    scale = np.append(1.0 + 1e-3 * np.arange(7), gain_scale)[:, None, None, None, None]
    return Forecasts(1.6449 * width * scale, 2.0627 * width * scale, 0), {1: one, 10: ten}


def test_what_is_right_passes_and_half_of_it_is_caught():
    forecasts, loss = scored(0.5)
    table = judge.judged(PLAN, forecasts, loss)
    right, half = table[table.model == "hs_250"], table[table.model == "gaussian_k1"]
    for horizon in (1, 10):
        good, bad = (own[own.horizon == horizon] for own in (right, half))
        assert ((good.rate_low < 0.05) & (good.rate_high > 0.05)).all()
        assert (good[["coverage_p", "z2_p"]] > 0.01).all(axis=None)
        assert (bad[["coverage_p", "z2_p"]] < 0.01).all(axis=None)
        assert (bad.rate_low > 0.05).all()
        assert (bad.fz0.to_numpy() > good.fz0.to_numpy()).all()
    assert (half[half.horizon == 1].red > 0).all()
    ranks = judge.ranking(PLAN, table, forecasts, loss)
    last = ranks[ranks.model == "gaussian_k1"]
    assert not last.in_set.any()
    assert (last.behind_p < 0.01).all()


def test_overlap_widens_the_interval():
    forecasts, loss = scored(1.0)
    table = judge.judged(PLAN, forecasts, loss)
    width = (table.rate_high - table.rate_low).groupby(table.horizon).mean()
    assert width[10] > 1.5 * width[1]


def test_days_that_are_not_known_yet_are_not_judged():
    forecasts, loss = scored(1.0)
    table = judge.judged(PLAN, forecasts, loss)
    assert set(table[table.horizon == 10].days) == {991}
    none = replace(PLAN, horizons=(1,))
    assert set(judge.judged(none, forecasts, loss).days) == {1000}


def test_a_refit_falls_on_the_first_day_of_its_period():
    days = pd.bdate_range("2020-03-30", "2021-01-08")
    assert [str(days[i].date()) for i in calendar(days, "quarter")] == [
        "2020-03-30",
        "2020-04-01",
        "2020-07-01",
        "2020-10-01",
        "2021-01-01",
    ]
    assert len(calendar(days, "year")) == 2


def test_the_command_is_there():
    assert "backtest" in commands.commands


def test_equal_models_stand_or_fall_together():
    generator = np.random.default_rng(0)
    score = generator.normal(size=300)
    worse = score + 1 + generator.normal(size=300)
    both = pd.DataFrame({"a": score, "b": score + 1e-16, "c": score})
    assert judge.confidence_set(both, 3, 0) == (["a", "b", "c"], {"a": 1.0, "b": 1.0, "c": 1.0})
    inside, p_values = judge.confidence_set(
        pd.DataFrame({"a": worse, "b": score, "c": worse, "d": score}), 3, 0
    )
    assert inside == ["b", "d"]
    assert p_values["b"] == p_values["d"] == 1.0
    assert p_values["a"] == p_values["c"] < 0.01
    alone = judge.confidence_set(pd.DataFrame({"a": worse, "b": score}), 3, 0)
    assert alone == (["b"], {"a": p_values["a"], "b": 1.0})


PASSIVE = """
name = "passive"
question = "q?"
[run]
paths = 1024
days = 5
chunk = 512
[market]
calibrated = "calibrated/ladder_2023.toml"
states = 2
[tail]
levels = [0.95]
measures = ["terminal"]
[products.{name}]
label = "x"
family = "index_enhanced"
benchmark = "csi500"
weights = {{ csi500 = {weight} }}
"""


def test_a_fund_that_never_leaves_its_benchmark_is_named(data, tmp_path, capsys):
    config = tmp_path / "one.toml"
    config.write_text(PASSIVE.format(name="tracker", weight=1.0))
    words = (data, "--from", "2016-02-15", *SHORT, "--starts", 1, "--config", config, "-o", tmp_path / "out")
    assert run(*words) == 2
    said = capsys.readouterr().err
    assert "tracker" in said
    assert "never moves before 2016-02-15" in said
    assert not (tmp_path / "out").exists()


def test_two_series_that_are_one_are_named(data, tmp_path, capsys):
    both = closes(420)
    both["csi2000"] = both["csi1000"]
    both.to_csv(data)
    assert run(data, "--from", "2016-02-15", *SHORT, "-o", tmp_path / "out") == 2
    assert "csi2000-csi1000 never moves" in capsys.readouterr().err


@pytest.mark.parametrize("apart", [1e-9, 1e-11])
def test_a_target_must_have_moved_before_the_first_day(apart):
    aim = Target("a", "a fund", np.zeros(5), np.zeros(5))
    past = np.array([np.nan, 0.01, 0.01 + apart, 0.01])
    if apart > 1e-10:
        moves(aim, past, "2016-02-15")
    else:
        with pytest.raises(InputError, match="a fund never moves"):
            moves(aim, past, "2016-02-15")
