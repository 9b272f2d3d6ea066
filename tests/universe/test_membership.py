"""Indices by rank: buffers, review days, the smallest stocks, and who is not eligible."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.data.panel import Panel
from tailrisk.universe.membership import FRESH, Sizes, eligible, membership, review, review_days
from tailrisk.universe.universe import OUTSIDE

SMALL = Sizes(ladder=(2, 3, 4, 5), micro=3)


def panel(cap, traded=None, st=None, start="2023-01-02"):
    """A panel [day, stock] of these caps on weekdays."""
    cap = np.asarray(cap, float)
    empty = np.full_like(cap, np.nan)
    return Panel(
        dates=pd.bdate_range(start, periods=len(cap)),
        ids=tuple(map(str, range(600000, 600000 + cap.shape[1]))),
        traded=np.isfinite(cap) if traded is None else traded,
        cap=cap,
        returns=empty,
        turnover=empty,
        amount=empty,
        st=st,
        fundamentals={},
        industry=None,
    )


def test_a_first_review_is_the_ranking():
    cap = np.arange(20.0, 0, -1)
    members = review(cap, np.full(20, OUTSIDE, np.int8), SMALL)
    assert members.tolist() == [0] * 2 + [1] * 3 + [2] * 4 + [3] * 5 + [OUTSIDE] * 6


def test_members_stay_within_the_buffer_and_newcomers_must_clear_it():
    """Ten places: rank 8 is in whoever it is, 9 to 12 only members, who are taken by rank."""
    sizes = Sizes(ladder=(10, 1, 1, 1), micro=1)
    before = np.full(20, OUTSIDE, np.int8)
    before[[11, 12]] = 0  # ranked 12th and 13th today
    members = review(np.arange(20.0, 0, -1), before, sizes)
    assert np.flatnonzero(members == 0).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 11]
    assert members[9] == 1  # ranked 10th, and crowded out into the next index


def test_places_left_are_filled_by_rank_and_unknown_caps_stay_out():
    cap = np.array([5.0, np.nan, 4.0, 3.0, 2.0, 1.0, 0.9, 0.8])
    members = review(cap, np.full(8, OUTSIDE, np.int8), Sizes(ladder=(1, 1, 1, 1), micro=1))
    assert members.tolist() == [0, OUTSIDE, 1, 2, 3, OUTSIDE, OUTSIDE, OUTSIDE]


def test_reviews_follow_the_second_friday_of_june_and_december():
    days = pd.bdate_range("2023-01-02", "2023-12-29")
    found = [(str(days[last].date()), str(days[begin].date())) for last, begin in review_days(days)[1:]]
    assert found == [("2023-04-28", "2023-06-09"), ("2023-10-31", "2023-12-08")]


def test_an_index_is_held_between_reviews():
    """Two stocks swap places in March: the index learns of it in June, micro the same day."""
    cap = np.tile(np.arange(20.0, 0, -1), (180, 1))
    cap[50:, [1, 19]] = cap[50:, [19, 1]]
    it = panel(cap)
    found = membership(it, SMALL)
    june = it.dates.get_loc(pd.Timestamp("2023-06-09"))
    assert (found.index[:june, 1] == 0).all()
    assert (found.index[june:, 1] == 2).all()  # 50 days at 19 and 35 at 1 are 11.6 on average: ninth
    assert found.micro[49].nonzero()[0].tolist() == [17, 18, 19]
    assert found.micro[50].nonzero()[0].tolist() == [1, 17, 18]
    assert found.bucket[50, 1] == 4


def test_fresh_st_and_delisted_names_are_not_eligible():
    cap = np.tile(np.arange(20.0, 0, -1), (200, 1))
    traded, st = np.ones(cap.shape, bool), np.zeros(cap.shape, bool)
    traded[:100, 0] = False  # listed on day 100
    cap[:100, 0] = np.nan
    traded[50:, 1] = False  # gone since day 50
    st[120:, 2] = True
    able = eligible(panel(cap, traded, st))
    assert able[:, 0].nonzero()[0].min() == 100 + FRESH - 1
    assert able[:, 1].nonzero()[0].max() == 49 + FRESH - 1
    assert able[:, 2].nonzero()[0].max() == 119
    assert able[:, 3].all()


def test_a_panel_too_small_is_refused():
    with pytest.raises(InputError, match="16 stocks listed"):
        membership(panel(np.ones((3, 16))), SMALL)
