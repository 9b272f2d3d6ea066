"""Near rows: which rows are, and that eliminating them is solving the whole system."""

import numpy as np
from numpy.testing import assert_allclose
from scipy import sparse

from tailrisk.optimise import Budget, Positions, TradingCost
from tailrisk.optimise.conic.near import Near, near_rows
from tailrisk.optimise.region import region

WEIGHTS = np.array([True, True, True, False, False, False, False, False])
TABLE = np.array(
    [
        [1.0, 0, 0, -1, 1, 0, 0, 0],  # near
        [0, 1.0, 0, 0, 0, -2, 0, 0],  # near
        [0, 1.0, 1, 0, 0, 0, 1, 0],  # two weights
        [0, 0, 1.0, 0, 0, 0, 0, 1],  # shares its own with the next
        [1.0, 0, 0, 0, 0, 0, 0, 1],
        [1.0, 1, 0, 0, 0, 0, 0, 0],  # none of its own
    ]
)


def test_rows_with_variables_of_their_own_are_near() -> None:
    table = sparse.csr_array(TABLE)
    assert near_rows(table, WEIGHTS, np.ones(6, bool)).tolist() == [True, True, False, False, False, False]
    assert not near_rows(table, WEIGHTS, np.zeros(6, bool)).any()  # not where two ends differ
    assert near_rows(table[[0, 1, 3]], WEIGHTS, np.ones(3, bool)).all()


def test_elimination_is_the_whole_system() -> None:
    rng = np.random.default_rng(0)
    table, scale = sparse.csr_array(TABLE[:2]), 0.1 + rng.random(8)
    own = np.array([False] * 3 + [True] * 3 + [False] * 2)
    near = Near(table, own, scale)
    f, h = rng.normal(size=8), rng.normal(size=2)
    kept, pull = near.less(f, h)
    x, y = near.back(kept / (scale + near.added), f, pull)
    whole = np.block([[np.diag(scale), TABLE[:2].T], [TABLE[:2], np.zeros((2, 2))]])
    assert_allclose(np.append(x, y), np.linalg.solve(whole, np.append(f, h)), rtol=1e-10)


def test_other_rows_may_hold_the_own_variables() -> None:
    rng = np.random.default_rng(1)
    scale, wide = 0.1 + rng.random(8), rng.normal(size=(2, 8))
    own = np.array([False] * 3 + [True] * 3 + [False] * 2)
    near = Near(sparse.csr_array(TABLE[:2]), own, scale)
    bent, gained = near.rows(wide)
    schur = bent @ (bent / (scale + near.added)).T + gained
    whole = np.block([[np.diag(scale), TABLE[:2].T], [TABLE[:2], np.zeros((2, 2))]])
    right = np.vstack([wide.T, np.zeros((2, 2))])
    assert_allclose(schur, right.T @ np.linalg.solve(whole, right), rtol=1e-10)
    assert near.rows(np.where(own, 0.0, wide))[1] is None


def test_no_more_is_bought_or_sold_than_bounds_on_weights_ask() -> None:
    held = np.array([0.5, 0.3, 0.2])
    space = region([Budget(), Positions(0.0, 0.6), TradingCost(held, 0.001)], 3)
    assert_allclose(space.box[1], [0.6, 0.6, 0.6, 0.1, 0.3, 0.4, 0.5, 0.3, 0.2])
