"""The search for an actor's least and largest share, where the answer is known."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from tailrisk.studies.who.search import Admitted, Limit, Quest, admits, members, share, spread

SIZE = 6


@dataclass
class Line:
    """Two actors whose shares are .5 + x / 10 and .5 - x / 10 of one, x the first coordinate; cost |y|^2."""

    wall: float = np.inf  # ordinary years are not, beyond this x
    asks: int = 0
    size: int = SIZE
    actors = SimpleNamespace(names=("one", "other"))

    def costs(self, points):
        return (points**2).sum(axis=1), np.abs(points[:, 1])

    def values(self, points, there):
        parts = np.stack([0.5 + points[:, 0] / 10, 0.5 - points[:, 0] / 10], axis=1)
        return (parts * there).sum(axis=1, keepdims=True)

    def weather(self, years, point):
        self.asks += 1
        return 100.0 if abs(point[0]) > self.wall else 0.0


def sought(line, sign, actor=0, error=10.0):
    start = Admitted("member 0", np.zeros(SIZE), 0.0, 0.0, 0.0)
    return Quest(line, None, Limit(9.0, error), 0, actor, sign).extreme(start, np.eye(SIZE), 40)


@pytest.mark.parametrize(("sign", "actor", "x"), [(1, 0, 3.0), (-1, 0, -3.0), (1, 1, -3.0)])
def test_the_ends_are_where_the_cost_is_all_spent(sign, actor, x):
    line = Line()
    found = sought(line, sign, actor)
    assert found.point[0] == pytest.approx(x, abs=0.15)
    assert found.cost <= 9
    assert found.source == f"{'largest' if sign > 0 else 'least'} of {('one', 'other')[actor]}"
    assert line.asks <= 80


def test_ordinary_years_end_a_search_where_they_are_not_ordinary():
    found = sought(Line(wall=2.0), 1)
    assert 1.7 < found.point[0] <= 2.0
    assert found.weather == 0


def test_who_cannot_move_stays_where_he_was():
    assert sought(Line(wall=-1.0), 1).source == "member 0"


def test_the_share_is_the_mean_of_first_and_last():
    points = np.random.default_rng(0).normal(size=(3, SIZE))
    np.testing.assert_allclose(share(Line(), points, 0, 0), 0.5 + points[:, 0] / 10)


def test_members_beyond_the_limit_are_left_out_and_equal_ones_count_once():
    draws = np.zeros((5, SIZE - 1))
    draws[:, 0] = [1.0, 0.5, 0.5, 3.0, 2.0]
    draws[4, 1] = 1.5
    inside, limit = members(Line(wall=2.5), None, draws, slack=8.0, error=1.0)
    assert [one.source for one in inside] == ["member 1", "member 0"], "3 costs too much, 4 misses the event"
    assert limit.cost == pytest.approx(8.25)
    assert all(admits(limit, one) for one in inside)
    assert inside[0].point.shape == (SIZE,)


def test_steps_have_the_members_spread_and_an_actors_own():
    points = np.random.default_rng(1).normal(size=(50, SIZE)) * [3, 1, 1, 1, 0, 0]
    found = spread([Admitted("", p, 0.0, 0.0, 0.0) for p in points], SIZE - 2)
    assert found[0, 0] > 4 * found[1, 1]
    assert (np.diag(found)[-2:] == 1).all()
    np.linalg.cholesky(found)
