"""Figures at an edge: many paths at exactly VaR."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import InputError
from tailrisk.tail import TailStream, saturated, value_at_risk
from tailrisk.tail.saturation import is_saturated
from tailrisk.tail.shortfall import weighted_tail


def capped(share, size=10_000, seed=0):
    """Normal losses of which the worst `share` are all the loss at that rank."""
    loss = np.random.default_rng(seed).normal(size=size)
    return np.minimum(loss, np.quantile(loss, 1 - share))


def test_a_cap_inside_the_tail_is_seen_and_one_beyond_it_is_not():
    assert not saturated(np.random.default_rng(0).normal(size=10_000), level="0.99")
    assert saturated(capped(0.02), level="0.99")
    assert saturated(capped(0.02), level="0.985")
    assert not saturated(capped(0.02), level="0.95")  # VaR lies below the cap
    assert not saturated(capped(2e-4), level="0.999")


def test_the_edge_counts_from_a_tenth_of_the_tail_and_three_paths():
    loss = np.arange(1000.0)
    for together, edge in ((9, False), (10, True)):
        tied = loss.copy()
        tied[900 : 900 + together] = 900.0
        assert value_at_risk(tied, level="0.9") == 900
        assert saturated(tied, level="0.9") is edge
    assert saturated(tied, level="0.9", fraction=0.11) is False
    few = np.arange(100.0)
    few[98] = 99.0
    assert not saturated(few, level="0.98")
    few[97] = 99.0
    assert saturated(few, level="0.98")


def test_rounding_of_single_precision_is_the_same_loss():
    loss = capped(0.02) * 0.01
    near = loss * (1 + 1e-6 * np.random.default_rng(1).uniform(-1, 1, len(loss)))
    assert saturated(near, level="0.99")
    assert not saturated(loss * (1 + 1e-3 * np.random.default_rng(1).uniform(-1, 1, len(loss))), level="0.99")


def test_weights_count_and_paths_without_weight_do_not():
    loss = np.concatenate([np.arange(90.0), np.full(4, 90.0), np.arange(91.0, 97.0)])
    assert value_at_risk(loss, level="0.9") == 90
    assert saturated(loss, level="0.9")
    weight = np.concatenate([np.full(90, (0.9 - 2e-4) / 90), np.full(4, 1e-4), np.full(6, (0.1 - 2e-4) / 6)])
    assert value_at_risk(loss, weight, level="0.9") == 90
    assert not saturated(loss, weight, level="0.9")  # four thousandths of the tail
    assert saturated(loss, weight, level="0.9", fraction=0.004)
    weight[90:94] = 0.0, 0.0, 4e-4, 0.0
    assert value_at_risk(loss, weight, level="0.9") == 90
    assert not saturated(loss, weight, level="0.9", fraction=0.004)  # one path, and three that are none


def test_a_frame_and_a_stack_say_it_of_each():
    frame = pd.DataFrame({"free": np.random.default_rng(0).normal(size=10_000), "stopped": capped(0.02)})
    assert saturated(frame, level="0.99").to_dict() == {"free": False, "stopped": True}
    assert saturated(frame.to_numpy().T, level="0.99").tolist() == [False, True]
    assert saturated(frame["stopped"], level="0.99") is True
    with pytest.raises(InputError, match="level"):
        saturated(frame, level=0.01)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_stream_knows_it_from_the_worst_alone(weighted):
    loss = np.stack([np.random.default_rng(0).normal(size=10_000), capped(0.02)])
    stream = TailStream(2, 300)
    weight = np.random.default_rng(1).uniform(0.5, 1.5, 10_000) if weighted else None
    stream.add(loss, np.arange(10_000, dtype=np.uint32), weight)
    assert [stream.column(c).saturated("0.99") for c in (0, 1)] == [False, True]


def test_what_has_no_weight_makes_no_edge():
    loss, weight = np.array([9.0, 5.0, 5.0, 5.0, 1.0]), np.array([0.05, 0.1, 0.1, 0.0, 0.75])
    tail = weighted_tail(loss, weight, Fraction("0.8"))
    assert tail.value_at_risk == 5
    assert not is_saturated(loss, weight, tail)
    assert is_saturated(loss, np.array([0.05, 0.1, 0.05, 0.05, 0.75]), tail)
