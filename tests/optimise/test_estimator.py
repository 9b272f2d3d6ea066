"""The estimator: pandas and arrays in, weights and a summary out, refusals in words."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tailrisk.core import InputError
from tailrisk.optimise import (
    Budget,
    Positions,
    ShortfallPortfolio,
    TrackingError,
    minimise_shortfall,
    of_matrix,
    of_returns,
)
from tailrisk.tail import expected_shortfall
from tests.optimise_world import returns

ASSETS, COUNT = 6, 300
TABLE = returns(ASSETS, COUNT).T  # [scenario, asset]
FRAME = pd.DataFrame(TABLE, columns=list("abcdef"), index=pd.date_range("2023-01-02", periods=COUNT))
ALPHA = pd.Series(0.001 * np.arange(6), index=list("fedcba"))


def test_pandas_in_and_out() -> None:
    model = ShortfallPortfolio(level=0.95).fit(FRAME)
    assert list(model.weights_.index) == list("abcdef")
    direct = minimise_shortfall(of_returns(TABLE.T), [Budget(), Positions()], level=0.95)
    assert_allclose(model.weights_, direct.weights)
    assert_allclose(ShortfallPortfolio(level=0.95).fit(TABLE).weights_, direct.weights)
    earned = model.predict(FRAME)
    assert earned.index.equals(FRAME.index)
    assert_allclose(expected_shortfall(-earned.to_numpy(), level=0.95), model.summary()["expected_shortfall"])


def test_alpha_is_matched_by_name() -> None:
    model = ShortfallPortfolio(level=0.9, aversion=0.0).fit(FRAME, ALPHA)
    assert_allclose(model.weights_["a"], 1.0, atol=1e-6)  # "a" has the most alpha, last in its own order
    limited = ShortfallPortfolio(level=0.9, limit=0.035).fit(FRAME, ALPHA)
    assert limited.portfolio_.expected_shortfall <= 0.035 + 1e-8
    assert limited.summary()["limit price"] > 0


def test_the_summary_names_what_binds() -> None:
    near = TrackingError(of_matrix(np.cov(TABLE.T)), np.full(6, 1 / 6), 0.002)
    said = ShortfallPortfolio(level=0.95, constraints=[Budget(), Positions(), near]).fit(FRAME).summary()
    assert said["tracking error: limit upper"] < -1e-3  # a wider limit, less ES
    assert said["gap"] < 1e-6


def test_one_asset_equal_scenarios_and_twins_have_an_answer() -> None:
    assert_allclose(ShortfallPortfolio(level=0.9).fit(FRAME[["b"]]).weights_, [1.0])
    same = ShortfallPortfolio(level=0.9).fit(np.tile([[0.01, 0.02]], (20, 1)))
    assert_allclose(same.weights_, [0.0, 1.0], atol=1e-6)
    assert_allclose(same.portfolio_.expected_shortfall, -0.02, atol=1e-8)
    twins = FRAME[["a", "b"]].assign(c=FRAME["b"])
    pair = ShortfallPortfolio(level=0.9).fit(FRAME[["a", "b"]])
    trio = ShortfallPortfolio(level=0.9).fit(twins)
    assert_allclose(trio.weights_["b"] + trio.weights_["c"], pair.weights_["b"], atol=1e-4)
    assert_allclose(trio.portfolio_.expected_shortfall, pair.portfolio_.expected_shortfall, rtol=1e-6)


def test_zero_alpha_is_as_good_anywhere_within_the_limit() -> None:
    least = ShortfallPortfolio(level=0.9).fit(FRAME).portfolio_.expected_shortfall
    found = ShortfallPortfolio(level=0.9, limit=1.2 * least).fit(FRAME, 0 * ALPHA)
    assert found.portfolio_.objective == 0.0
    assert found.portfolio_.expected_shortfall <= 1.2 * least + 1e-8


REFUSED = {
    "300 of 1800 values are not finite": lambda: ShortfallPortfolio().fit(FRAME.assign(b=np.nan)),
    "no number": lambda: ShortfallPortfolio().fit(FRAME.assign(b="x")),
    "two columns are named 'a'": lambda: ShortfallPortfolio().fit(FRAME[["a", "a"]]),
    r"\[scenario, asset\]": lambda: ShortfallPortfolio().fit(FRAME["a"]),
    "alpha: missing": lambda: ShortfallPortfolio(limit=0.1).fit(FRAME),
    "least ES has no use for it": lambda: ShortfallPortfolio().fit(FRAME, ALPHA),
    "has no 'f'": lambda: ShortfallPortfolio(limit=0.1).fit(FRAME, ALPHA.drop("f")),
    "given with aversion": lambda: ShortfallPortfolio(limit=0.1, aversion=1.0),
    "is below what any portfolio has": lambda: ShortfallPortfolio(level=0.9, limit=1e-4).fit(FRAME, ALPHA),
    "is not fitted": lambda: ShortfallPortfolio().summary(),
    "5 assets": lambda: ShortfallPortfolio(level=0.9).fit(FRAME).predict(TABLE[:, :5]),
}


@pytest.mark.parametrize(("problem", "make"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_fitted_is_refused(problem: str, make) -> None:
    with pytest.raises(InputError, match=problem):
        make()
