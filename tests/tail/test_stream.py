"""Streams: the whole sample's figures from its worst losses and sums, whatever the order of the blocks."""

import numpy as np
import pytest

from tailrisk.core import InputError
from tailrisk.tail import (
    MomentStream,
    TailStream,
    distortion,
    expected_shortfall,
    expected_shortfall_interval,
    floor,
    mean_interval,
    moments,
    probability,
    rate,
    reserve,
    value_at_risk,
    value_at_risk_interval,
)
from tailrisk.tail import stream as streams
from tailrisk.tail.exact import Exact

N, LEVELS = 40_000, (0.95, 0.99, 0.999)
RNG = np.random.default_rng(11)
LOSS = np.stack([RNG.standard_t(3, N), np.round(RNG.normal(size=N), 1), RNG.exponential(size=N)]).astype("f4")
WEIGHT = RNG.lognormal(-0.125, 0.5, N)
CUTS = (0, 8192, 9000, 9001, 20_000, 33_333, N)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch):
    """Cut back often, so that the reserve and not the room decides what is kept."""
    monkeypatch.setattr(streams, "ROOM", 100)


def filled(order, weight=None, spare=1.0):
    it = TailStream(len(LOSS), int(spare * reserve(N, 0.95, 0.95, weighted=weight is not None)))
    for k in order:
        part = slice(CUTS[k], CUTS[k + 1])
        numbers = np.arange(CUTS[k], CUTS[k + 1], dtype=np.uint32)
        it.add(LOSS[:, part], numbers, None if weight is None else weight[part])
    return it


def whole(weight):
    return None if weight is None else weight / weight.sum()


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
@pytest.mark.parametrize("level", LEVELS)
def test_value_at_risk_and_shortfall_are_those_of_the_whole_sample_to_the_bit(weight, level):
    it = filled(range(6), weight)
    for c, loss in enumerate(LOSS.astype(float)):
        found = it.column(c)
        assert len(found.loss) < 0.12 * N
        share = None if weight is None else weight / found.moments.weight
        assert found.value_at_risk(level) == value_at_risk(loss, share, level=level)
        assert found.expected_shortfall(level) == expected_shortfall(loss, share, level=level)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
@pytest.mark.parametrize("level", LEVELS)
def test_intervals_are_those_of_the_whole_sample(weight, level):
    it = filled(range(6), weight)
    for c, loss in enumerate(LOSS.astype(float)):
        found = it.column(c)
        for own, full in (
            (found.value_at_risk_interval, value_at_risk_interval),
            (found.expected_shortfall_interval, expected_shortfall_interval),
        ):
            ours, theirs = own(level=level, confidence=0.95), full(loss, whole(weight), level=level)
            for name in ("estimate", "low", "high", "tail_points"):
                assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9, abs=1e-12), name
            assert ours.indicative == theirs.indicative


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_mean_spread_and_its_interval(weight):
    it = filled(range(6), weight)
    for c, loss in enumerate(LOSS.astype(float)):
        found = it.column(c).moments
        share = np.full(N, 1 / N) if weight is None else whole(weight)
        mean = share @ loss
        assert found.mean == pytest.approx(mean, rel=1e-12, abs=1e-14)
        assert found.sd == pytest.approx(np.sqrt(share @ (loss - mean) ** 2), rel=1e-12)
        ours, theirs = found.mean_interval(confidence=0.9), mean_interval(loss, whole(weight), confidence=0.9)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_the_order_of_blocks_and_of_merging_moves_no_bit(weight):
    one = filled(range(6), weight)
    other = filled((3, 5, 0, 4, 2, 1), weight)
    left, right = filled((4, 1), weight), filled((5,), weight)
    left.merge(right)
    merged = filled((0, 3, 2), weight)
    merged.merge(left)
    apart = filled((2, 0, 3), weight)
    apart.merge(filled((4, 1), weight))
    apart.merge(right)
    for c in range(len(LOSS)):
        want = one.column(c)
        for it in (other, merged, apart):
            found = it.column(c)
            assert found.loss.tobytes() == want.loss.tobytes()
            assert found.path.tobytes() == want.path.tobytes()
            assert found.moments == want.moments
            assert weight is None or found.weight.tobytes() == want.weight.tobytes()


def test_among_equal_losses_the_first_paths_are_kept():
    found = filled((5, 4, 3, 2, 1, 0)).column(1)
    order = np.lexsort((np.arange(N), -LOSS[1]))[: len(found.loss)]
    np.testing.assert_array_equal(found.path, order)
    np.testing.assert_array_equal(found.loss, LOSS[1, order])


def test_a_spectral_measure_with_support_in_the_tail():
    twice = distortion("ES 95 and ES 99", lambda s: (np.minimum(s / 0.05, 1) + np.minimum(s / 0.01, 1)) / 2)
    for weight in (None, WEIGHT):
        found = filled(range(6), weight).column(0)
        wanted = twice(LOSS[0].astype(float), whole(weight))
        assert found.spectral(twice, 0.95) == pytest.approx(wanted, rel=1e-12)


def test_what_reaches_below_the_reserve_is_refused():
    for weight in (None, WEIGHT):
        found = filled(range(6), weight).column(0)
        with pytest.raises(InputError, match="below the stored losses"):
            found.value_at_risk(0.8)
    with pytest.raises(InputError, match="cannot be estimated"):
        filled(range(6)).column(0).value_at_risk(0.99999)


def test_the_reserve_holds_the_low_bound_and_no_more_than_all():
    for level in LEVELS:
        wanted = reserve(N, level, 0.95)
        assert (1 - level) * N < wanted < (1 - level) * N + 5 * np.sqrt((1 - level) * N) + 2
    assert reserve(1000, 0.6, 0.999) <= 1000
    assert reserve(10, 0.51, 0.9999) == 10


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_probabilities_and_rates_of_events(weight):
    days = RNG.poisson(0.02, N) * RNG.integers(1, 4, N)
    rows = np.stack([days > 0, days, np.zeros(N), np.ones(N)])
    it = MomentStream(4)
    for k in (2, 0, 5, 3, 1, 4):
        part = slice(CUTS[k], CUTS[k + 1])
        it.add(rows[:, part], None if weight is None else weight[part])
    share = whole(weight)
    pairs = [(it.row(r).probability(confidence=0.95), probability(rows[r], share)) for r in (0, 2, 3)]
    pairs += [(it.row(r).rate(0.25, confidence=0.95), rate(rows[r], 0.25, share)) for r in (1, 2)]
    for ours, theirs in pairs:
        assert [ours.estimate, ours.low, ours.high, ours.tail_points] == pytest.approx(
            [theirs.estimate, theirs.low, theirs.high, theirs.tail_points], rel=1e-9, nan_ok=True
        )


def test_streams_of_another_kind_do_not_mix():
    weighted, plain = filled((0,), WEIGHT), filled((0,))
    with pytest.raises(InputError, match="reserve"):
        plain.merge(weighted)
    with pytest.raises(InputError, match="all of them, or none"):
        plain.moments.merge(weighted.moments)
    empty = MomentStream(3)
    plain.moments.merge(empty)
    empty.merge(plain.moments)
    assert empty.row(0) == plain.moments.row(0)


@pytest.mark.parametrize("value", [0.1, 1 / 3, -0.7, 1e-9])
def test_values_all_alike_have_no_spread_below_zero(value):
    stream = MomentStream(1)
    stream.add(np.full((1, 4096), value))
    found = stream.row(0).mean_interval(confidence=0.95)
    assert found.high - found.low == pytest.approx(0, abs=1e-9)
    assert found.estimate == pytest.approx(value, abs=1e-15)


def test_the_order_is_worst_first_and_then_by_path():
    """Of single precision too, whose order is told by its bits: zeros of both signs are one value."""
    loss = np.concatenate([LOSS[1, :500], [0.0, -0.0, 0.0, -0.0, np.inf, -np.inf, 1e-45, -1e-45]]).astype(
        "f4"
    )
    path = RNG.permutation(len(loss)).astype(np.uint32)
    for values in (loss, loss.astype(np.float64)):
        np.testing.assert_array_equal(floor.order(values, path), np.lexsort((path, -values)))


@pytest.mark.parametrize("value", [1.0, -0.1, 0.0, -0.0, 3e300, 5e-324, -2.5e-310, 2.0**-1022, 1 / 3, -1e17])
def test_a_float_is_a_whole_number_of_the_smallest_there_is(value):
    numerator, denominator = value.as_integer_ratio()
    it = Exact((1, 1))
    it.add(np.array([[value]]))
    assert it.sums() == [[numerator * (moments.UNIT // denominator)]]


@pytest.mark.parametrize("n", [1, 7, 8, 129, 3616, 8192])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_sums_of_a_block_are_those_of_its_rows_alone(n, weight):
    rows = np.concatenate([LOSS[:, :n], LOSS[:, :n] > 0.5])
    own = None if weight is None else weight[:n]
    for values in (rows, rows > 0, rows.astype(int)):
        found = moments.block_sums(values, own)
        for row, sums in zip(values.astype(float), found, strict=True):
            powers = (np.ones_like(row), row, row * row, row * row * row)
            if own is None:
                assert list(sums) == [np.sum(powers[b]) for _, b in moments.PLAIN]
            else:
                assert list(sums) == [np.sum(own**a * powers[b]) for a, b in moments.POWERS]
