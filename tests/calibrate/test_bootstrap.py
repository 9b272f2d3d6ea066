"""Draws of a fit: blocks of days, and how far means and variances of refits lie apart."""

import tomllib

import jax
import numpy as np
import pandas as pd
import pytest

from tailrisk.calibrate import bootstrap, memory
from tailrisk.calibrate.calibration import Calibration
from tailrisk.calibrate.draws import companion, document, write_draws
from tailrisk.calibrate.ladder import ladder, log_returns
from tailrisk.calibrate.memory_law import fit_law
from tailrisk.cli import main
from tailrisk.config.draws import Draws
from tailrisk.core.names import home

DAYS, SD = 900, np.array([0.016, 0.009, 0.004, 0.0035, 0.005])


@pytest.fixture(scope="module")
def factors():
    """Independent Gaussian days, the last two factors missing at first."""
    made = np.random.default_rng(5).normal(2e-4, 1.0, (DAYS, 5)) * SD
    made[:200, 3:] = np.nan
    return made


@pytest.fixture(scope="module")
def law(factors):
    with jax.enable_x64(True):
        return fit_law(factors, starts=2, with_errors=False)


def test_blocks_are_stretches_of_days_of_the_length_asked_for():
    rng = np.random.default_rng(1)
    order = np.concatenate([bootstrap.resampled(5000, rng, block=50) for _ in range(20)])
    follows = np.diff(order) % 5000 == 1
    assert follows.mean() == pytest.approx(1 - 1 / 50, abs=0.003)
    assert np.bincount(order, minlength=5000).mean() == pytest.approx(20)
    once = bootstrap.resampled(300, rng, block=1.0000001)
    assert (np.diff(once) == 1).mean() < 0.1


def test_days_in_their_own_order_give_the_fit_back(law, factors):
    again = bootstrap.refitted(law, factors, np.arange(DAYS))
    np.testing.assert_allclose(again.fit.mean, law.fit.mean)
    np.testing.assert_allclose(again.fit.variance, law.fit.variance)
    for i in range(5):
        mine, theirs = again.fit.value[i], law.fit.value[i]
        moved = (factors[:, i] - law.fit.mean[i]) / np.sqrt(law.fit.variance[i])
        shared = np.append(1.0, memory.common(factors - law.fit.mean, law.fit.variance)[:-1])
        args = memory._arguments(moved, shared, float(law.fit.kappa[i]))
        assert float(memory.cost(mine, *args)) <= float(memory.cost(theirs, *args)) + 0.01
    assert again.residuals.log_likelihood == pytest.approx(law.residuals.log_likelihood, abs=2.0)


def test_means_and_variances_lie_apart_as_of_independent_days(law, factors):
    """sd / sqrt(n) of a mean and sqrt(2 / n) of a variance, of Gaussian days, whatever the blocks."""
    rng, seen = np.random.default_rng(2), np.isfinite(factors)
    found = []
    for _ in range(400):
        counted = np.bincount(bootstrap.resampled(DAYS, rng, block=10), minlength=DAYS).astype(float)
        found.append(bootstrap.moments(factors, counted))
    mean, variance = (np.stack(part) for part in zip(*found, strict=True))
    days = seen.sum(axis=0)
    np.testing.assert_allclose(mean.std(axis=0), SD / np.sqrt(days), rtol=0.25)
    np.testing.assert_allclose(variance.std(axis=0) / SD**2, np.sqrt(2 / days), rtol=0.25)


def test_draws_are_written_beside_the_fit_and_read_back(law, factors, tmp_path):
    closes = 100 * np.exp(np.cumsum(np.nan_to_num(np.cumsum(factors, axis=1)), axis=0))
    closes[:200, 3:] = np.nan
    names = home()
    prices = pd.DataFrame(
        np.vstack([np.full(5, 100.0), closes]),
        index=pd.bdate_range("2015-01-01", periods=DAYS + 1),
        columns=names.buckets,
    )
    calibration = Calibration(
        models=(), styles=None, names=names, prices=prices, window=("2015-01-02", "2018-06-01"), days=DAYS,
        digest="0" * 64, command="tailrisk calibrate", version="0", starts=1, seed=3, memory=law,
    )  # fmt: skip
    told = []
    path = write_draws(tmp_path / "own.toml", calibration, 2, lambda done, what: told.append(done))
    assert path == companion(tmp_path / "own.toml") == tmp_path / "own_draws.toml"
    read = Draws.model_validate(tomllib.loads(path.read_text()))
    assert len(read.draw) == 2
    assert read.draw[0].variance != read.draw[1].variance
    assert told == [0.0, 0.5]
    again = bootstrap.draws(law, ladder(log_returns(prices.to_numpy())), count=2, seed=3)
    assert document(calibration, law, again).count("[[draw]]") == 2
    # seven digits of the largest
    np.testing.assert_allclose(read.draw[0].variance, again[0].fit.variance, rtol=5e-6)


@pytest.mark.parametrize("asked", [["--draws", "1"], ["--draws", "8", "--no-memory"]])
def test_one_draw_or_draws_of_no_memory_are_refused(asked, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["calibrate", "x.csv", "--until", "2023-12-31", "-o", str(tmp_path / "x.toml"), *asked])
    assert stopped.value.code
    assert "--draws" in capsys.readouterr().err
