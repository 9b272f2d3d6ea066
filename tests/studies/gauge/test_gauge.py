"""A gauge's parts against their definitions, its file, and what the command makes of closes and refuses."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from tailrisk.cli import main as tailrisk
from tailrisk.config import load
from tailrisk.core import seal
from tailrisk.core.calendar import sessions
from tailrisk.core.errors import InputError
from tailrisk.core.names import home
from tailrisk.studies.gauge import history, judge, logistic, markets, scores, seen, state, study
from tests.studies.drawings import left

DAYS = pd.DatetimeIndex(sessions()[3000:3400].astype("M8[ns]"))
BUCKETS = ("csi300", "csi500", "csi1000", "csi2000", "micro")
RNG = np.random.default_rng(3)
COMMON = 0.01 * RNG.standard_normal((len(DAYS), 1))
RETURNS = COMMON + 0.002 * RNG.standard_normal((len(DAYS), 5)) * np.arange(1, 6)
RETURNS[200:203, 4] = -0.08


@pytest.fixture(scope="module")
def law():
    return state.regimes(load("crowd_feb2024.toml", ["market.start=stationary"]).fitted)


def run(*words):
    with pytest.raises(SystemExit) as stop:
        tailrisk(["gauge", *map(str, words)])
    return stop.value.code


def test_features_are_those_of_pandas():
    own = RETURNS[:, [0, 1, 2, 4]]
    log = pd.DataFrame(np.log1p(own), columns=list(seen.ROLES))
    discount = pd.Series(RNG.random(len(DAYS)))
    stress = pd.Series(RNG.random(len(DAYS)))
    days = [64, 200, 399]
    found = seen.features(own[None], stress.to_numpy()[None], discount.to_numpy()[None], days)[0]
    got = pd.DataFrame(found, days, list(seen.LABELS))
    apart, year = log["micro"] - log["large"], np.sqrt(242)
    week = discount.rolling(5).mean()
    wanted = {
        "micro_volatility": np.log(apart.rolling(20).std(ddof=0) * year),
        "micro_volatility_long": np.log(apart.rolling(60).std(ddof=0) * year),
        "spread_volatility": np.log((log["spread"] - log["large"]).rolling(20).std(ddof=0) * year),
        "large_volatility": np.log(log["large"].rolling(20).std(ddof=0) * year),
        "large_correlation": log["micro"].rolling(60).corr(log["large"]),
        "spread_correlation": apart.rolling(60).corr(log["middle"] - log["large"]),
        "micro_gain": apart.rolling(60).sum(),
        "micro_gain_short": apart.rolling(20).sum(),
        "micro_week": log["micro"].rolling(5).sum(),
        "micro_fall": log["micro"].cumsum() - log["micro"].cumsum().rolling(60).max(),
        "stress": stress.rolling(5).mean(),
        "discount": week,
        "discount_rise": week - week.shift(20),
    }
    assert list(wanted) == list(seen.LABELS)
    for name, column in wanted.items():
        np.testing.assert_allclose(got[name], column.loc[days], rtol=1e-9, atol=1e-12, err_msg=name)


def test_features_look_back_and_routs_ahead():
    changed = RETURNS.copy()
    changed[201:] = 0.3
    one, other = (
        seen.features(each[None][:, :, [0, 1, 2, 4]], np.zeros((1, len(DAYS))), None, [200])
        for each in (RETURNS, changed)
    )
    np.testing.assert_array_equal(one, other)
    micro = np.zeros((3, 30))
    micro[0, [9, 10, 11]] = -0.1  # 27.1 % over days 9 to 11
    micro[1, [10, 11, 12]] = -0.1  # the same, wholly after day 9
    micro[2, [19, 20, 21]] = -0.1  # one day too late for ten days ahead of day 9, or eleven
    came = seen.routs(micro, [8, 9, 10], ahead=10, over=3, fall=0.25)
    assert came.tolist() == [[True, False, False], [True, True, False], [False, False, False]]
    assert seen.routs(micro, [10, 11], ahead=11, over=3, fall=0.25)[2].tolist() == [True, True]
    assert not seen.routs(micro, [8], ahead=10, over=3, fall=0.28).any()


def test_the_logistic_gauge_is_the_maximum_of_its_likelihood():
    x = RNG.standard_normal((4000, 3)) * [1.0, 5.0, 0.1]
    truth = np.array([0.8, 0.0, -0.5])
    y = RNG.random(4000) < 1 / (1 + np.exp(2 - (x / [1.0, 5.0, 0.1]) @ truth))
    block = np.repeat(np.arange(40), 100)
    gauge = logistic.learnt(["a", "b", "c"], x, y, block, draws=40, seed=1)
    z = np.column_stack([np.ones(4000), np.clip((x - x.mean(0)) / x.std(0), -4, 4)])

    def cost(b):
        return np.mean(np.logaddexp(0, z @ b) - y * (z @ b)) + logistic.RIDGE * (b[1:] ** 2).sum() / 2

    best = optimize.minimize(cost, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(gauge.coefficients, best, atol=1e-5)
    spread = gauge.draws.std(axis=0)
    assert (spread < 0.1).all()
    assert (np.abs(gauge.coefficients[1:] - truth) < 4 * spread[1:]).all()
    assert gauge.chance(x).mean() == pytest.approx(y.mean(), abs=1e-6)
    far = np.array([[1e9, 0.0, 0.0]])
    assert gauge.chance(far) == gauge.chance(np.array([[x[:, 0].mean() + 4 * x[:, 0].std(), 0.0, 0.0]]))
    with pytest.raises(InputError, match="--fall"):
        logistic.learnt(["a"], x[:, :1], np.zeros(4000), block, draws=0, seed=1)


def test_scores_are_their_definitions():
    score = np.round(RNG.random(60), 1)
    came = (RNG.random(60) < 0.3).astype(float)
    weight = RNG.integers(0, 4, 60).astype(float)
    pairs = [
        (weight[i] * weight[j], 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
        for i in np.flatnonzero(came == 1)
        for j in np.flatnonzero(came == 0)
    ]
    wanted = sum(w * v for w, v in pairs) / sum(w for w, _ in pairs)
    assert scores.area(score, came)(weight) == pytest.approx(wanted, rel=1e-12)
    assert np.isnan(scores.area(score, np.zeros(60))(weight))
    own = np.repeat((score - came) ** 2, weight.astype(int)).mean()
    assert scores.brier(score, came)(weight) == pytest.approx(own)
    assert scores.skill(score, came, 0.3)(weight) == pytest.approx(
        1 - own / np.repeat((0.3 - came) ** 2, weight.astype(int)).mean()
    )


def test_intervals_over_blocks_cover_when_rows_of_a_block_are_one():
    """Rows of a block are the same draw: 95 % intervals must be as wide as 40 draws make them, not 1,200."""
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        came = np.repeat((rng.random(40) < 0.3).astype(float), 30)
        found = scores.by_block(scores._rate(came), np.repeat(np.arange(40), 30), draws=200, seed=seed)
        inside += found.low <= 0.3 <= found.high
    assert 0.88 <= inside / 200 <= 0.98


def test_a_discount_is_read_at_a_month():
    """All contracts lie on F = S exp(-0.06 days / 365): log-linear in days, so a month of it is exact."""
    days = pd.DatetimeIndex(["2024-01-15", "2024-01-16", "2024-01-19"])
    spot = pd.Series([5000.0, 5100.0, 5050.0], days)
    ends = {"IC2401": "2024-01-19", "IC2402": "2024-02-19", "IC2403": "2024-03-15"}
    closes = pd.DataFrame(
        {
            name: spot * np.exp(-0.06 * (pd.Timestamp(end) - days).days.to_numpy() / 365)
            for name, end in ends.items()
        }
    )
    found = history.discounts(closes, "IC", spot, home())
    np.testing.assert_allclose(found, (1 - np.exp(-0.06 * 30 / 365)) * 365 / 30, rtol=1e-12)
    closes.loc[days[1], ["IC2401", "IC2402", "IC2403"]] = np.nan
    assert np.isnan(history.discounts(closes, "IC", spot, home())).tolist() == [False, True, False]


def test_weeks_and_spells_are_the_calendar_s():
    days = pd.DatetimeIndex(["2024-02-01", "2024-02-02", "2024-02-05", "2024-02-08", "2024-02-19"])
    assert history.last_of_weeks(days).tolist() == [1, 3, 4]
    micro = np.zeros(len(DAYS))
    micro[[100, 101, 102]] = -0.06
    micro[[110, 111, 112]] = -0.08
    micro[200] = -0.16
    found = history.spells(micro, DAYS, 3, 0.15)
    assert found["begins"].tolist() == [DAYS[100], DAYS[198]]
    assert found["trough"].tolist() == [DAYS[112], DAYS[200]]
    np.testing.assert_allclose(found["fall"], [0.92**3 - 1, -0.16])


def test_the_filter_is_hamilton_s(law):
    found = state.stress(law, RETURNS[None, :50])[0]
    factors = np.column_stack([np.log1p(RETURNS[:50, 0]), np.diff(np.log1p(RETURNS[:50]), axis=1)])
    chain, mean, scale = (np.asarray(x, float) for x in (law.transition, law.mean, law.scale))
    values, vectors = np.linalg.eig(chain.T)
    chance = np.real(vectors[:, np.argmax(values.real)])
    chance /= chance.sum()
    for day, row in enumerate(factors):
        gap = row - mean
        square = np.einsum("ki,kij,kj->k", gap, np.linalg.inv(scale), gap)
        density = np.exp(-square / 2) / np.sqrt(np.linalg.det(scale))
        chance = (chance if day == 0 else chance @ chain) * density
        chance /= chance.sum()
        assert found[day] == pytest.approx(
            chance[-1], abs=1e-7
        )  # rows of the file sum to one to seven digits


def frozen(path, law, **change):
    """A gauge.json whose chance rises with micro-caps' volatility and nothing else."""
    gauges = {}
    for name, used in judge.NAMES.items():
        b = np.zeros(1 + len(used))
        b[:2] = [-3.0, 2.0]
        gauges[name] = logistic.Gauge(
            used, np.full(len(used), -1.5), np.ones(len(used)), b, np.tile(b, (20, 1))
        )
    about = {
        "market": "markets/china_a.toml",
        "future": "IM",
        "fall": 0.2,
        "over": 3,
        "ahead": 60,
        "base": 0.04,
        "seed": 0,
        "regimes": state.words(law),
    }
    logistic.write(path, gauges, about | change)
    return path


@pytest.fixture
def closes(tmp_path):
    wealth = 1000 * np.exp(np.cumsum(np.log1p(RETURNS), axis=0))
    path = tmp_path / "closes.csv"
    pd.DataFrame(wealth, DAYS.rename("date"), list(BUCKETS)).to_csv(path)
    return path


def test_a_frozen_gauge_on_closes(law, closes, tmp_path, capsys):
    path, folder = frozen(tmp_path / "gauge.json", law), tmp_path / "out"
    assert run(path, closes, "-o", folder, "--weekly", "--quiet") == 0
    assert seal.check(folder) >= {
        "gauge.json",
        "weeks.csv",
        "spells.csv",
        "real.csv",
        "history.svg",
        "history.png",
        "README.md",
        "report.html",
    }
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "A gauge of crowding" in page
    assert "How it was done" in page
    with pytest.raises(SystemExit) as stop:
        tailrisk(["show", str(folder)])
    assert stop.value.code == 0
    assert "Frozen, on" in capsys.readouterr().out
    assert (folder / "gauge.json").read_bytes() == path.read_bytes()
    week = pd.read_csv(folder / "weeks.csv", parse_dates=["date"]).set_index("date")["chance"]
    spread = pd.read_csv(closes, index_col=0, parse_dates=True)
    log = np.log(spread["micro"] / spread["csi300"]).diff()
    wanted = 1 / (1 + np.exp(3 - 2 * (np.log(log.rolling(20).std(ddof=0) * np.sqrt(242)) + 1.5)))
    np.testing.assert_allclose(week, wanted.loc[week.index], rtol=1e-3)
    spells = pd.read_csv(folder / "spells.csv")
    row = spells[spells["fall"] <= -0.2]
    assert len(row) == 1
    begins = pd.Timestamp(row["begins"].item())
    assert DAYS[198] <= begins <= DAYS[200]
    last = week[week.index < begins]
    assert row["before"].item() == pytest.approx(last.iloc[-1], rel=1e-3)
    assert row["before_rank"].item() == pytest.approx(
        (last.iloc[:-1] < last.iloc[-1]).sum() / len(last), abs=1e-4
    )
    record = json.loads((folder / "record.json").read_text())
    assert record["real"]["deep"] == (spells["fall"] <= -0.2).sum()
    assert "regimes" not in record


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        ({}, ("--futures", "none.csv"), "none.csv"),
        ({"fall": 0.9}, (), "--fall"),
        ({"regimes": {}}, (), "regimes"),
        ({"ahead": 1}, (), "--over"),
        ({}, ("--draws", "3"), "--draws"),
        ({}, ("--over", "0"), "--over"),
        ({}, ("--ahead", "500"), "--ahead"),
    ],
)
def test_what_is_refused_of_a_frozen_gauge(law, closes, tmp_path, capsys, change, words, said):
    path = frozen(tmp_path / "gauge.json", law, **change)
    assert run(path, closes, "-o", tmp_path / "out", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "{}", '{"gauges": {"prices": {}}}', '{"gauges": 3}', "[1]"])
def test_a_file_that_is_no_gauge_is_refused(tmp_path, capsys, text):
    path = tmp_path / "gauge.json"
    path.write_text(text)
    assert run(path, "-o", tmp_path / "out") == 2
    assert "gauge.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "words", "said"),
    [
        ("smoke.toml", (), "[crowd]"),
        ("crowd_feb2024.toml", ("--years", "1000"), "--years"),
        ("crowd_feb2024.toml", ("--members", "1"), "--members"),
        ("crowd_feb2024.toml", ("--members", "1000"), "--members"),
        ("none.toml", (), "none.toml"),
    ],
)
def test_what_is_refused_of_a_config(tmp_path, capsys, config, words, said):
    assert run(config, "-o", tmp_path / "out", *words) == 2
    assert said in capsys.readouterr().err


def test_learning_from_markets(tmp_path):
    folder = tmp_path / "out"
    words = ("--members", 2, "--years", 512, "--draws", 20, "--fall", 0.15, "--quiet")
    words += ("--set", "report.language=zh")
    assert run("crowd_feb2024.toml", "-o", folder, *words) == 0
    table = pd.read_csv(folder / "scores.csv").set_index(["weeks", "gauge"])
    row = table.loc[("all", "prices")]
    assert row["area_low"] > 0.55  # volatility clusters, so that something is seen
    assert row["rows"] == 256 * 25
    assert table.loc[("all", "large_correlation"), "area_low"] < 0.6
    gauges, about = logistic.read(folder / "gauge.json")
    assert gauges["prices"].names == judge.NAMES["prices"]
    assert gauges["futures"].draws.shape == (20, 14)
    assert about["base"] == pytest.approx(row["base"], rel=1e-3)
    study.checked("it", gauges, about)
    assert "language" not in about
    assert json.loads((folder / "record.json").read_text())["language"] == "zh"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'lang="zh-Hans"' in page
    assert "在真相已知处评判" in page
    assert not left((folder / "reliability.svg").read_text(encoding="utf-8"))


def test_a_market_without_books(tmp_path):
    """Size zero: nothing is left of funds and notes, and member 0 of size one is the config's own crowd."""
    config, made = markets.simulated(
        "crowd_feb2024.toml", [], years=512, members=2, future="IC", tell=lambda *_: None
    )
    assert made.size[::128].tolist() == [0.0, 0.5, 1.5, 2.0]
    assert made.member[::128].tolist() == [0, 1, 0, 1]
    fall = np.log1p(made.roles(config)[:, :, -1]).cumsum(axis=1)
    assert np.isfinite(fall).all()
    assert made.discount[made.size == 0].max() < made.discount[made.size == 2].max()


@pytest.mark.market_data
def test_the_published_gauge_on_real_weeks(market_data, tmp_path):
    published = Path(__file__).resolve().parents[3] / "results" / "gauge"
    assert (
        run(f"{published}/gauge.json", market_data / "indices_daily.csv", "-o", tmp_path / "out", "--quiet")
        == 0
    )
    found, wanted = (pd.read_csv(f"{place}/spells.csv") for place in (tmp_path / "out", published))
    days = ["2007-05-30", "2015-06-25", "2015-08-20", "2024-02-01"]
    assert set(days) <= set(found["begins"])
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-3)
