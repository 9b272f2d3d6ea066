"""The folder of a match: an ensemble file that a config can read, tables in order, a picture."""

import json
import tomllib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tailrisk.config.load import read_ensemble
from tailrisk.core.names import home
from tailrisk.studies.match.config import read_terms
from tailrisk.studies.match.document import Matched, ensemble_document
from tailrisk.studies.match.folder import publish
from tailrisk.studies.match.identify import identify
from tailrisk.studies.match.ordinary import Judged
from tailrisk.studies.match.run import misses

from .priors import NAMES, PRIOR

DAYS = ("2024-01-26", "2024-01-29", "2024-02-02", "2024-02-05", "2024-02-08", "2024-02-19")
RNG = np.random.default_rng(0)
RECORD = RNG.normal(0.01, 0.02, (len(DAYS), 5))
MEMBERS = 6
REPLAYS = RECORD + RNG.normal(0, 0.01, (MEMBERS, *RECORD.shape))


@pytest.fixture
def posed():
    pinned = np.zeros((len(DAYS), 5), bool)
    pinned[0] = pinned[:, 0] = True
    episode = SimpleNamespace(days=DAYS, returns=RECORD, at=DAYS.index)
    record = SimpleNamespace(imposed=SimpleNamespace(pinned=pinned))
    crowd = SimpleNamespace(names=home())
    return SimpleNamespace(
        episode=episode, record=record, terms=read_terms("episode_feb2024.toml"), crowd=crowd
    )


@pytest.fixture
def matched(posed):
    draws = RNG.normal(size=(MEMBERS, len(NAMES)))
    slope = RNG.normal(size=(len(NAMES), RECORD.size))
    return Matched(
        prior=PRIOR,
        draws=draws,
        costs=np.arange(MEMBERS) * 1.5,
        identified=identify(draws, draws[0], lambda z: z @ slope, NAMES),
        error=misses(posed, REPLAYS),
        window=(DAYS[0], DAYS[-1]),
        digests={"indices": "ab" * 32},
        command="tailrisk match 'a \"b\".toml'",
        seed=3,
        acceptance=0.2,
        autocorrelation=50.0,
        effective=432.0,
        posterior=RNG.normal(size=(40, len(NAMES))),
    )


def test_the_file_is_one_that_a_config_reads(matched, tmp_path):
    (tmp_path / "ensemble.toml").write_text(ensemble_document(matched))
    ensemble = read_ensemble(tmp_path / "ensemble.toml")
    assert ensemble.parameters == NAMES
    np.testing.assert_allclose(ensemble.members, PRIOR.tabulated(matched.draws), rtol=1e-5)


@pytest.fixture
def judged():
    rows = {
        "statistic": ["rout_20", "siphon_q99"],
        "label": ["falls of 20 %", "siphon, 99 %"],
        "history": [np.nan, np.nan],
        "simulated": [0.144, 12.5],
        "low": [0.05, 7.0],
        "high": [0.4, 11.0],
        "inside": [True, False],
    }
    return Judged(
        years=512,
        weight=1.0,
        table=pd.DataFrame(rows),
        outside=(1, 0, 2, 1, 1, 1),
        cost=(9.0, 1.0, 20.0, 8.0, 8.0, 8.0),
    )


def test_ordinary_years_are_in_the_folder_and_in_the_ensemble(matched, judged, posed, tmp_path):
    (tmp_path / "match").mkdir()
    both = replace(matched, weather=judged)
    text = publish(both, posed, REPLAYS, tmp_path / "ensemble.toml", tmp_path / "match")
    assert "| siphon, 99 % | 12.5 | 7 to 11 | **outside** |" in text
    assert "| falls of 20 % | 0.144 | 0.05 to 0.4 |  |" in text
    assert "Outside by member: 0 to 2 of 2, 1 in the median." in text
    table = pd.read_csv(tmp_path / "match" / "weather.csv")
    assert list(table["statistic"]) == ["rout_20", "siphon_q99"]
    said = tomllib.loads((tmp_path / "ensemble.toml").read_text())["match"]
    assert said["weather_outside"] == [1, 0, 2, 1, 1, 1]
    assert said["weather_cost"][1] == 1.0
    assert read_ensemble(tmp_path / "ensemble.toml").parameters == NAMES


def test_a_chain_that_was_stopped_early_says_what_its_widths_are(matched, posed, tmp_path):
    (tmp_path / "match").mkdir()
    short = replace(matched, autocorrelation=np.inf, effective=0.0)
    text = publish(short, posed, REPLAYS, tmp_path / "ensemble.toml", tmp_path / "match")
    assert "stopped too early to tell its autocorrelation" in text
    assert tomllib.loads((tmp_path / "ensemble.toml").read_text())["match"]["autocorrelation"] == np.inf


def test_widths_are_of_all_draws_of_the_posterior_and_they_are_written(matched, posed, tmp_path):
    (tmp_path / "match").mkdir()
    text = publish(matched, posed, REPLAYS, tmp_path / "ensemble.toml", tmp_path / "match")
    assert "50 steps: 432 effective draws, of the parameter that mixes worst" in text
    drawn = pd.read_csv(tmp_path / "match" / "posterior.csv")
    np.testing.assert_allclose(drawn, PRIOR.tabulated(matched.posterior), rtol=1e-5)
    low, high = np.quantile(drawn["impact.micro"], [0.05, 0.95])
    said = tomllib.loads((tmp_path / "ensemble.toml").read_text())
    assert said["match"]["effective"] == 432
    np.testing.assert_allclose(said["parameter"]["impact.micro"]["interval"], [low, high], rtol=1e-3)
    table = pd.read_csv(tmp_path / "match" / "parameters.csv").set_index("parameter")
    np.testing.assert_allclose(
        table.loc["impact.micro", ["low", "high"]].astype(float), [low, high], atol=1e-4
    )


def test_misses_are_of_the_free_buckets_on_their_days(posed):
    said = misses(posed, REPLAYS)
    event = [DAYS.index("2024-02-05"), DAYS.index("2024-02-08")]
    off = np.abs(REPLAYS - RECORD)[:, event, 1:]
    np.testing.assert_allclose(said["event_mae"], off.mean(axis=(1, 2)), rtol=1e-12)
    np.testing.assert_allclose(said["drift_micro"], REPLAYS[:, -1, 4] / RECORD[-1, 4], rtol=1e-12)
    np.testing.assert_array_equal(said["crash_csi500"], REPLAYS[:, event[0], 1])


def test_the_folder_is_whole(matched, posed, tmp_path):
    (tmp_path / "match").mkdir()
    text = publish(matched, posed, REPLAYS, tmp_path / "ensemble.toml", tmp_path / "match")
    assert {file.name for file in (tmp_path / "match").iterdir()} == {
        "README.md",
        "parameters.csv",
        "posterior.csv",
        "record.json",
        "replay.pdf",
        "replay.png",
        "replay.svg",
        "report.html",
        "sensitivity.csv",
    }
    assert f"{100 * matched.error['event_mae'][0]:.2f} [" in text
    table = pd.read_csv(tmp_path / "match" / "parameters.csv")
    assert tuple(table["parameter"]) == NAMES
    assert (table["low"] <= table["high"]).all()
    slopes = pd.read_csv(tmp_path / "match" / "sensitivity.csv")
    day = 100 * matched.identified.sensitivity.reshape(len(NAMES), len(DAYS), 5)[:, 3, 2]
    np.testing.assert_allclose(slopes["2024-02-05 csi1000"], day, atol=6e-4)
    drawing = (tmp_path / "match" / "replay.svg").read_text()
    assert all(name in drawing for name in ("CSI 500", "Micro-cap", "record"))
    assert json.loads((tmp_path / "match" / "record.json").read_text())["episode"]["free"] == "2024-01-29"
    assert "5 February to 8 February" in text


def test_the_page_has_the_name_the_folder_will_have(matched, posed, tmp_path):
    scratch = tmp_path / ".mine.abcdefgh.tmp"
    scratch.mkdir()
    publish(matched, posed, REPLAYS, tmp_path / "ensemble.toml", scratch, {"name": "mine"})
    page = (scratch / "report.html").read_text(encoding="utf-8")
    assert "<title>mine" in page
    assert ".tmp" not in page
