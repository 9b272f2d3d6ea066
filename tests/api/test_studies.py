"""Ladder, calibrate, validate, replay, tune, sweep: frames in, the command's own numbers out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tailrisk as tr
from tailrisk.cli import main
from tailrisk.core import InputError
from tailrisk.core.names import BUCKETS, CODES
from tests.data.test_daily import sound
from tests.small_universe import small_universe


@pytest.fixture(scope="module")
def closes() -> pd.DataFrame:
    return sound("2021-01-04", 420)[list(BUCKETS)]


def test_a_ladder_of_a_frame_is_that_of_the_file(closes: pd.DataFrame, tmp_path: Path) -> None:
    ladder = tr.Ladder(closes)
    pd.testing.assert_frame_equal(ladder.closes[list(BUCKETS)], closes, check_freq=False, check_names=False)
    by_code = closes.rename(columns=dict(zip(BUCKETS, CODES, strict=True)))
    pd.testing.assert_frame_equal(tr.Ladder(by_code).closes, ladder.closes)
    assert ladder.factors.shape == (419, 5)
    np.testing.assert_allclose(ladder.factors.sum(axis=1), ladder.returns["micro"])
    assert "420 days, 2021-01-04" in repr(ladder)
    with pytest.raises(InputError):
        tr.Ladder(closes.replace(closes.iloc[7, 0], -1.0))


@pytest.mark.parametrize("memory", [False, True])
def test_a_fit_is_the_commands_and_simulates(closes: pd.DataFrame, memory: bool, tmp_path: Path) -> None:
    fit = tr.calibrate(closes, states=[1], shocks=["gaussian"], starts=1, memory=memory)
    closes.rename_axis("date").to_csv(tmp_path / "prices.csv")
    words = ["--until", str(closes.index[-1].date()), "--memory" if memory else "--no-memory"]
    words += ["--states", "1", "--shocks", "gaussian", "--starts", "1"]
    with pytest.raises(SystemExit) as stop:
        main(["calibrate", str(tmp_path / "prices.csv"), *words, "-o", str(tmp_path / "a.toml"), "--quiet"])
    assert stop.value.code == 0

    def body(text: str) -> str:
        return text[text.index("[[model]]") :]

    written = (tmp_path / "a.toml").read_text(encoding="utf-8")
    assert body(fit.text) == body(written)
    assert fit.write(tmp_path / "b.toml").read_text(encoding="utf-8") == fit.text
    assert "2021-01-05" in fit.summary()
    own = {"label": "mine", "family": "index_enhanced", "benchmark": "csi500", "weights": {"csi500": 1.0}}
    told = {
        "name": "mine",
        "question": "How much?",
        "market": {"calibrated": fit, "states": 1, "process": "regimes"},
        "run": {"paths": 256, "days": 3},
        "tail": {"levels": [0.9]},
        "products": {"mine": own},
    }
    assert tr.simulate(told).buckets.shape == (256 * 4, 5)


def test_validate_gives_a_row_a_statistic(closes: pd.DataFrame) -> None:
    last = str(closes.index[-1].date())
    found = tr.validate("smoke.toml", closes, until=last, histories=20)
    assert {"series", "family", "data", "low", "high", "outside"} <= set(found.table.columns)
    assert found.record["outside"] == found.table["outside"].sum()
    with pytest.raises(InputError, match="loaded already"):
        tr.validate(tr.load("smoke.toml"), closes)


def test_sweep_has_every_cell(tmp_path: Path) -> None:
    grid = {"run.seed": [1, 2]}
    told = {"run.paths": 256, "run.days": 2, "tail.levels": [0.9], "event": []}
    found = tr.sweep("smoke.toml", grid, tmp_path, fixed=told, page=False)
    assert sorted(found.sweep["run.seed"].unique()) == [1, 2]
    assert "sweep" in repr(found)


def test_tune_of_frames_is_tune_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    codes = [f"{600000 + k}" for k in range(60)]
    stocks = replace(small_universe(), ids=tuple(codes))
    alpha = pd.Series(np.random.default_rng(1).normal(0, 0.1, 60), index=codes)
    table = {
        "name": "mine",
        "question": "Does the tuner keep its budget?",
        "market": "smoke.toml",
        "stocks": "of the universe",
        "paths": 256,
        "level": 0.9,
        "budget": 0.5,
        "product": {"mix": {"csi500": 1.0}, "hedged": False, "long": 1.0},
        "bounds": {"size": [0.2, 0.8]},
        "desk": {"alpha": alpha, "weight": 0.1, "nav": 1e8, "tracking": 0.5, "others": 1.0},
    }
    found = tr.tune(table, universe=stocks)
    assert found.answer["feasible"].all()
    assert len(found.frontier) == 2
    assert found.weights["weight"].sum() == pytest.approx(1, abs=1e-4)
    alpha.rename("alpha").rename_axis("code").to_csv("alpha.csv")
    again = tr.tune({**table, "desk": {**table["desk"], "alpha": "alpha.csv"}}, universe=stocks)
    pd.testing.assert_frame_equal(found.answer, again.answer)
    page = found.page.read_text(encoding="utf-8")
    assert "No bound is needed" in page
    assert "alpha of 60 of 60 stocks" in page


def test_replay_of_frames(tmp_path: Path) -> None:
    config = Path("configs/replay_2014.toml")
    with pytest.raises(InputError):
        tr.replay(config, tmp_path, indices=pd.DataFrame({"date": ["2014-11-03"], "csi300": [1.0]}))
