"""Floors: what is let go is none of the reserve, whatever a sample made of the losses believe."""

from fractions import Fraction

import numpy as np
import pytest

from tailrisk.tail import floor
from tailrisk.tail.exact import Exact

N, RESERVE = 40_000, 3000
RNG = np.random.default_rng(3)
STEP = N // floor.SAMPLE
EVERY = np.arange(N) % STEP == 0
LOSSES = {
    "heavy": RNG.standard_t(2, N),
    "alike": np.full(N, 0.25),
    "few values": np.round(RNG.normal(size=N), 0),
    "rising": np.arange(N) / N,
    "a sample far above the rest": np.where(EVERY, 5.0, 0.0) + RNG.random(N),
    "a sample far below the rest": np.where(EVERY, -5.0, 0.0) + RNG.random(N),
}
WEIGHTS = {
    "counted": None,
    "weighted": RNG.lognormal(-0.125, 0.5, N),
    "heavy weights": RNG.pareto(1.2, N),
    "hardly any": np.full(N, 0.01),
}


def part(loss, weight):
    fields = (LOSSES[loss].astype("f4"), np.arange(N, dtype=np.uint32))
    return fields if WEIGHTS[weight] is None else (*fields, WEIGHTS[weight])


def worst(whole):
    """The fewest worst that make up the reserve, path numbers."""
    loss, path, *weight = whole
    order = np.lexsort((path, -loss))
    return path[order[: floor.enough(weight[0][order], RESERVE) if weight else RESERVE]]


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("loss", LOSSES)
def test_nothing_of_the_reserve_is_let_go(loss, weight):
    whole = part(loss, weight)
    least, left = floor.cut(
        [tuple(field[at] for field in whole) for at in (slice(9000), slice(9000, N))], RESERVE
    )
    assert np.isin(worst(whole), left[1]).all()
    np.testing.assert_array_equal(left[0], whole[0][left[1]])
    np.testing.assert_array_equal(left[1], np.flatnonzero(whole[0] >= least))
    if loss in ("heavy", "rising") and weight in ("counted", "weighted"):
        assert len(left[0]) < 1.6 * len(worst(whole))
    if loss == "a sample far above the rest" and weight == "counted":  # no guess holds
        assert least == whole[0][worst(whole)].min()


def test_what_is_less_than_the_reserve_is_stored_whole():
    for weight in WEIGHTS:
        whole = tuple(field[:20] for field in part("heavy", weight))
        assert floor.cut([whole], RESERVE)[0] == -np.inf
        np.testing.assert_array_equal(floor.cut([whole], RESERVE)[1][1], np.arange(20))


def test_sums_are_whole_numbers_never_rounded():
    values = np.array([1e300, -1e300, 1 / 3, -5e-324, 2.5e-310, 1.7976931348623157e308, -0.0, 4096.25])
    blocks = [RNG.permutation(values) * sign for sign in (1.0, 1.0, -1.0, 1.0)]
    it = Exact((2, 4))
    for block in blocks:
        it.add(block.reshape(2, 4))
    wanted = [sum(Fraction(block[k]) for block in blocks) * 2**1074 for k in range(8)]
    assert [total for row in it.sums() for total in row] == wanted
    with pytest.raises(ValueError, match="added to sums of shape"):
        it.add(values)
