"""The bounds' study on cases whose answers are known: snapping, the filter, the contract that is held."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tailrisk.studies.bounds import realised, study, watch


def test_weights_next_to_their_bounds_are_put_on_them():
    region = SimpleNamespace(lower=np.zeros(4), upper=np.array([0.5, 0.5, 0.5, 9.0]))
    chosen = SimpleNamespace(weights=np.array([2e-8, 0.3, 0.5 - 3e-8]), region=region)
    np.testing.assert_array_equal(study.snapped(chosen), [0.0, 0.3, 0.5])


def test_the_filter_is_hamiltons():
    """Two regimes of one factor, days by hand."""
    moves = np.array([[0.9, 0.1], [0.2, 0.8]])
    fitted = SimpleNamespace(
        mean=[[0.0], [-0.01]], covariance=[[[1e-4]], [[9e-4]]], transition=moves, filtered=[0.7, 0.3]
    )
    returns = np.array([0.005, -0.06, 0.01])
    found = watch.filtered(returns[:, None, None], fitted)
    law = np.array([0.7, 0.3])
    for day, r in enumerate(returns):
        sd, mean = np.array([0.01, 0.03]), np.array([0.0, -0.01])
        law = law @ moves * np.exp(-0.5 * ((r - mean) / sd) ** 2) / sd
        law /= law.sum()
        assert found[day, 0] == pytest.approx(law[1], rel=1e-9)


def test_the_contract_is_the_first_listed_at_both_ends():
    listed = pd.DataFrame(
        {"IC2403": [100.0, np.nan], "IC2406": [50.0, 45.0]}, index=["2024-01-02", "2024-03-29"]
    )
    assert realised.rolled(listed, "IC", "2024-01-02", "2024-03-29") == pytest.approx(-0.1)
    with pytest.raises(KeyError, match="no contract of IC"):
        realised.rolled(listed.assign(IC2406=np.nan), "IC", "2024-01-02", "2024-03-29")
