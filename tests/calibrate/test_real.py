"""The committed calibration against the real data it was fitted to."""

import tomllib
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from tailrisk.calibrate.fit import windowed
from tailrisk.calibrate.ladder import log_returns, observe
from tailrisk.calibrate.regimes import Regimes
from tailrisk.calibrate.switching import probabilities
from tailrisk.data.prices import digest, read_prices

FILE = Path(__file__).parents[2] / "configs" / "calibrated" / "ladder_2023.toml"


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())


@pytest.fixture(scope="module")
def models(committed: dict[str, Any]) -> dict[tuple[int, str], dict[str, Any]]:
    return {(model["states"], model["shocks"]): model for model in committed["model"]}


@pytest.fixture(scope="module")
def prices(market_data: Path) -> pd.DataFrame:
    path = market_data / "indices_daily.csv"
    return windowed(path, read_prices(path), None, "2023-12-31")


def deviation(model: dict[str, Any]) -> np.ndarray:
    """% per day. [regime, factor]."""
    return 100.0 * np.sqrt(np.diagonal(np.array(model["covariance"]), axis1=1, axis2=2))


@pytest.mark.market_data
@pytest.mark.parametrize("which", [(4, "student"), (4, "gaussian"), (1, "student")])
def test_the_likelihood_and_the_last_probabilities_are_reproduced(
    market_data: Path, committed: dict, models: dict, prices: pd.DataFrame, which: tuple[int, str]
) -> None:
    assert digest(market_data / "indices_daily.csv") == committed["fit"]["data_sha256"]
    model, student = models[which], which[1] == "student"
    shrink = (model["nu"] - 2.0) / model["nu"] if student else 1.0
    regimes = Regimes(
        transition=jnp.array(model["transition"]),
        mean=jnp.array(model["mean"]),
        scale=jnp.array(model["covariance"]) * shrink,
        nu=jnp.asarray(np.float64(model.get("nu", np.inf))),
        student=student,
    )
    value, so_far, chance = probabilities(observe(log_returns(prices.to_numpy())), regimes)
    np.testing.assert_allclose(value, model["log_likelihood"], atol=1e-4)
    np.testing.assert_allclose(so_far[-1], model["filtered"], atol=1e-5)
    np.testing.assert_allclose(chance.mean(axis=0), model["occupancy"], atol=1e-5)
    assert len(chance) == committed["fit"]["days"] == 4557


def test_bic_prefers_more_states_and_student_shocks(models: dict) -> None:
    for shocks in ("gaussian", "student"):
        bic = [models[k, shocks]["bic"] for k in (1, 2, 3, 4)]
        assert (np.diff(bic) < -100).all()
    assert all(models[k, "student"]["bic"] < models[k, "gaussian"]["bic"] - 500 for k in (1, 2, 3, 4))


@pytest.mark.parametrize("shocks", ["gaussian", "student"])
def test_four_regimes_look_like_those_of_the_mechanism(models: dict, shocks: str) -> None:
    found = deviation(models[4, shocks])
    assert found[3, 0] > 2.5 * found[0, 0]
    assert 2.5 < found[3, 0] < 3.7
    assert 0.8 < found[0, 0] < 1.2
    assert (np.diff(np.trace(np.array(models[4, shocks]["covariance"]), axis1=1, axis2=2)) > 0).all()
    stay = 1.0 / (1.0 - np.diagonal(np.array(models[4, shocks]["transition"])))
    assert stay[3] == stay.min()


def test_the_gaussian_crisis_is_the_brief_fall_of_small_after_large_that_the_mechanism_reports(
    models: dict,
) -> None:
    crisis = models[4, "gaussian"]
    np.testing.assert_allclose(np.array(crisis["mean"])[3, :3] * 100, [-0.99, -0.77, -0.30], atol=0.15)
    np.testing.assert_allclose(crisis["transition"][3][3], 0.642, atol=0.05)


def test_no_degrees_of_freedom_sit_at_a_bound_and_the_best_start_was_not_alone(models: dict) -> None:
    for (_, shocks), model in models.items():
        assert model["starts_at_maximum"] >= 2
        if shocks == "student":
            assert 3 < model["nu"] < 10
            assert 0 < model["error"]["nu"] < 1
