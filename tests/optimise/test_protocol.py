"""The estimator by scikit-learn's protocol: parameters by name, clones, scores, a search."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import InputError
from tailrisk.optimise import Budget, Positions, ShortfallPortfolio
from tailrisk.tail import expected_shortfall

sklearn = pytest.importorskip("sklearn", reason="scikit-learn comes with hmmlearn, of the test extra")


@pytest.fixture
def returns() -> pd.DataFrame:
    draw = np.random.default_rng(4)
    return pd.DataFrame(draw.normal(0, [0.01, 0.02, 0.03], (600, 3)), columns=["a", "b", "c"])


def test_a_clone_has_the_same_parameters_and_no_fit(returns: pd.DataFrame) -> None:
    limits = [Budget(), Positions(0.0, 0.5)]
    one = ShortfallPortfolio(level="0.95", constraints=limits).fit(returns)
    two = sklearn.base.clone(one)
    assert two.get_params().keys() == one.get_params().keys()
    assert two.get_params()["level"] == "0.95"
    assert not hasattr(two, "weights_")
    pd.testing.assert_series_equal(two.fit(returns).weights_, one.weights_)
    assert sklearn.base.clone(ShortfallPortfolio()).constraints is None


def test_parameters_are_set_by_name_and_checked() -> None:
    one = ShortfallPortfolio()
    assert one.set_params(level="0.9").level == "0.9"
    with pytest.raises(InputError, match="is no parameter"):
        one.set_params(levels="0.9")
    with pytest.raises(InputError, match="level"):
        one.set_params(level="0.1")


def test_the_score_is_minus_the_shortfall(returns: pd.DataFrame) -> None:
    least = ShortfallPortfolio(level="0.95").fit(returns)
    earned = returns.to_numpy() @ least.weights_.to_numpy()
    assert least.score(returns) == pytest.approx(-float(expected_shortfall(-earned, level="0.95")))
    even = ShortfallPortfolio(level="0.95", constraints=[Budget(), Positions(1 / 3, 1 / 3)]).fit(returns)
    assert least.score(returns) > even.score(returns)


def test_a_search_finds_the_better_limits(returns: pd.DataFrame) -> None:
    from sklearn.model_selection import GridSearchCV

    grid = {"constraints": [[Budget(), Positions(1 / 3, 1 / 3)], None]}
    search = GridSearchCV(ShortfallPortfolio(level="0.9"), grid, cv=3).fit(returns)
    assert search.best_params_ == {"constraints": None}
