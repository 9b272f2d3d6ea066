"""Shapley's values: their axioms, and closed forms."""

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.intraday.shapley import coalitions, values


def game(flows, exponent):
    return (coalitions(len(flows)) @ np.asarray(flows)) ** exponent


@pytest.mark.parametrize("exponent", [0.5, 0.6, 1.0])
def test_they_sum_to_the_whole_and_do_not_depend_on_labels(exponent):
    flows = np.array([1.2, 0.3, 2.0, 0.7])
    share = values(game(flows, exponent))
    assert share.sum() == pytest.approx(flows.sum() ** exponent, rel=1e-13)
    order = np.array([2, 0, 3, 1])
    np.testing.assert_allclose(values(game(flows[order], exponent)), share[order], rtol=1e-12)


def test_a_linear_game_gives_everyone_his_own_and_equals_are_equal():
    np.testing.assert_allclose(values(game([1.0, 3.0, 0.0], 1.0)), [1.0, 3.0, 0.0], atol=1e-14)
    share = values(game([2.0, 1.0, 1.0], 0.5))
    assert share[1] == pytest.approx(share[2], rel=1e-14)


def test_two_sellers_by_hand():
    first, second = values(np.array([0.0, 3.0, 5.0, 6.0]))
    assert (first, second) == ((3.0 + 1.0) / 2, (5.0 + 3.0) / 2)


def test_many_small_sellers_tend_to_their_flow():
    share = values(game(np.full(10, 0.1), 0.5))
    assert share == pytest.approx(0.1)


def test_games_that_are_none_are_refused():
    with pytest.raises(InputError, match="power of two"):
        values(np.zeros(3))
    with pytest.raises(InputError, match="1 to 12"):
        coalitions(13)
