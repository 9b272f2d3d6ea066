"""From a price file to the calibrated file, its picture and its table."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk import __version__
from tailrisk.calibrate import Calibration, calibrate, digest, summary
from tailrisk.calibrate.document import write
from tailrisk.calibrate.picture import picture
from tailrisk.config.calibrated import Calibrated
from tailrisk.core.names import BUCKETS, FACTORS, STYLES

from . import worlds

DAYS = 420


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Calibration, list[tuple[float, str]]]:
    """Two regimes fitted to a drawn history whose fourth bucket begins late."""
    folder = tmp_path_factory.mktemp("calibrate")
    moves = worlds.returns(worlds.draw(worlds.regimes(2, 5), DAYS, seed=31))
    index = pd.DatetimeIndex(pd.bdate_range("2021-01-01", periods=DAYS + 60), name="date")
    closes = 1000.0 * np.exp(np.cumsum(np.vstack([np.zeros((1, 5)), moves, np.zeros((59, 5))]), axis=0))
    prices = pd.DataFrame(closes, index, BUCKETS)
    prices.iloc[:100, 3] = np.nan
    prices.to_csv(folder / "prices.csv")
    factors = worlds.draw(worlds.regimes(1, 5), DAYS, seed=32)
    noise = np.random.default_rng(33).normal(0.0, 0.001, (DAYS, len(STYLES)))
    styles = factors @ np.ones((5, len(STYLES))) * 0.1 + noise
    pd.DataFrame(styles, index[1 : DAYS + 1], STYLES).to_csv(folder / "styles.csv")
    told: list[tuple[float, str]] = []
    result = calibrate(
        folder / "prices.csv",
        until=str(index[DAYS].date()),
        states=(2,),
        shocks=("student",),
        styles_path=folder / "styles.csv",
        starts=2,
        seed=3,
        output=folder / "deep" / "out.toml",
        figure=folder / "regimes.svg",
        progress=lambda done, what: told.append((done, what)),
        command='tailrisk calibrate "my prices.csv" -o out.toml',
    )
    return folder, result, told


def close(written: object, truth: object) -> None:
    """As near as the digits written allow, counted from the largest of a table."""
    truth = np.asarray(truth)
    np.testing.assert_allclose(written, truth, rtol=0, atol=5.1e-7 * np.nanmax(np.abs(truth)))


def test_the_file_is_what_the_config_reads_and_gives_back_every_number(made: tuple) -> None:
    folder, result, _ = made
    raw = tomllib.loads((folder / "deep" / "out.toml").read_text())
    read = Calibrated.model_validate(raw)
    for model in result.models:
        chosen, block = read.choose(model.states, "student"), raw["model"][0]
        for name in ("transition", "mean", "covariance"):
            close(getattr(chosen, name), getattr(model, name))
        close(chosen.filtered, model.filtered[-1])
        for name in ("transition", "mean", "standard_deviation", "nu"):
            close(block["error"][name], getattr(model.error, name))
        for name in ("log_likelihood", "parameters", "bic", "occupancy", "nu"):
            close(block[name], getattr(model, name))
    assert read.styles is not None
    close(read.styles.loading, result.styles.loading)
    close(raw["styles"]["error"]["loading"], result.styles.loading_error)


def test_the_file_says_where_it_came_from(made: tuple) -> None:
    folder, result, _ = made
    fit = tomllib.loads((folder / "deep" / "out.toml").read_text())["fit"]
    assert fit["data_sha256"] == digest(folder / "prices.csv")
    assert fit["window"] == [str(result.prices.index[1].date()), str(result.prices.index[-1].date())]
    assert (fit["days"], fit["version"], fit["starts"], fit["seed"]) == (DAYS, __version__, 2, 3)
    assert fit["command"] == result.command == 'tailrisk calibrate "my prices.csv" -o out.toml'


def test_the_window_ends_where_it_should_and_days_before_the_late_bucket_count(made: tuple) -> None:
    _, result, _ = made
    assert len(result.prices) == DAYS + 1
    assert len(result.model(2, "student").smoothed) == DAYS
    with pytest.raises(KeyError):
        result.model(3, "student")


def test_progress_never_falls_and_ends_at_one(made: tuple) -> None:
    done = [share for share, _ in made[2]]
    assert done[0] == 0.0
    assert done[-1] == 1.0
    assert (np.diff(done) >= 0).all()
    assert {what for _, what in made[2]} == {"2 states, student", "done"}


def test_the_table_shows_every_model_and_regime(made: tuple) -> None:
    text = summary(made[1])
    assert max(map(len, text.splitlines())) <= 120
    for name in FACTORS:
        assert name in text
    assert f"{made[1].models[0].log_likelihood:.2f}" in text
    assert f"{100 * made[1].models[0].standard_deviation[1, 0]:.2f} (" in text


def test_the_picture_is_the_same_bytes_twice_small_and_undated(made: tuple) -> None:
    drawn = (made[0] / "regimes.svg").read_text()
    assert drawn == picture(made[1])
    assert len(drawn) < 150_000
    assert "<text" in drawn
    assert "dc:date" not in drawn


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "out.toml"
    write(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write(target, "new \ud800")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.toml"]
