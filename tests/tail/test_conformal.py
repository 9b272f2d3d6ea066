"""Conformal bounds: exact coverage in finite samples, in each regime, by hand; what is refused."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.tail import conformal

REPEATS = 20_000


def covered(series, level, **words):
    """Whether the last loss of each series [repeat, day] lies within its bound."""
    zero = np.zeros(series.shape[1])
    return np.array(
        [
            series[k, -1] <= conformal.buffers(series[k], zero, level=level, **words).buffer[-1]
            for k in range(len(series))
        ]
    )


@pytest.mark.parametrize(("days", "level"), [(19, "0.95"), (25, "0.9"), (59, "0.95")])
def test_coverage_of_exchangeable_days_is_exact(days, level):
    """P = ceil(a (n + 1)) / (n + 1), however heavy the tails and however dependent exchangeable days are."""
    rng = np.random.default_rng(days)
    repeats = REPEATS // 4
    series = rng.standard_cauchy((repeats, days + 1)) + 5 * rng.standard_normal((repeats, 1))
    truth = np.ceil(float(level) * (days + 1) - 1e-9) / (days + 1)
    stderr = np.sqrt(truth * (1 - truth) / repeats)
    assert stderr < 0.005
    assert abs(covered(series, level).mean() - truth) < 4 * stderr
    assert truth >= float(level)


def test_each_regime_is_covered_where_regimes_are_known():
    """Days of two regimes, one three times as wild: equal weights cover both together and neither alone."""
    rng = np.random.default_rng(5)
    n, level, warm = 40_000, 0.95, 2000
    wild = rng.random(n) < 0.3
    losses = rng.standard_normal(n) * np.where(wild, 3.0, 1.0)
    known = np.column_stack([~wild, wild]).astype(float)
    parts = [slice(k * 4000, (k + 1) * 4000) for k in range(10)]
    hit = {}
    for name, words in (("equal", False), ("regime", True)):
        inside = [
            losses[s]
            <= conformal.buffers(
                losses[s], np.zeros(4000), level=level, regimes=known[s] if words else None
            ).buffer
            for s in parts
        ]
        hit[name] = np.concatenate([one[warm:] for one in inside])
    apart = np.concatenate([wild[s][warm:] for s in parts])
    for regime in (False, True):
        own = hit["regime"][apart == regime]
        stderr = np.sqrt(0.05 * 0.95 / len(own))
        assert abs(own.mean() - level) < 5 * stderr + 1 / 600  # at most 1 / (n + 1) above
    assert hit["equal"][apart].mean() < 0.9 < 0.98 < hit["equal"][~apart].mean()


def test_by_hand():
    """At 0.6: 1.2 of one day needed, 1.8 of the two (1, 3), 2.4 of the three (1, 2, 3)."""
    error = np.array([3.0, 1.0, 2.0, 9.0])
    found = conformal.buffers(error + 7, np.full(4, 7.0), level=0.6)
    assert found.buffer.tolist() == [np.inf, np.inf, 3.0, 3.0]
    assert found.days.tolist() == [0.0, 1.0, 2.0, 3.0]

    def last(**words):
        one = conformal.buffers(error, np.zeros(4), level=0.6, **words)
        return float(one.buffer[3]), float(one.days[3])

    assert last(half_life=1.0)[0] == np.inf  # weights 1/8, 1/4, 1/2: 0.6 of 1.875 is more than there is
    assert last(half_life=4.0)[0] == 3.0  # 0.71 of 1, 0.84 of 2, 0.59 of 3: 1.89 of 2.14 needed
    p = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [1.0, 0.0]])  # likeness 1, 1/2, 0: 1.5 of 1.5 needed
    assert last(regimes=p) == (3.0, pytest.approx(1.5**2 / 1.25))
    p[0] = [0.0, 1.0]  # 1/2 of error 1 alone: 0.9 needed
    assert last(regimes=p)[0] == np.inf
    longer = conformal.buffers(np.append(error, 0.0), np.zeros(5), level=0.6)
    assert longer.buffer[4] == 3.0  # three of four


def test_days_are_matched_and_kept():
    days = pd.bdate_range("2024-01-01", periods=50)
    losses = pd.Series(np.arange(50.0), days)
    found = conformal.buffers(losses, pd.Series(0.0, days[::-1]), level=0.9)
    assert found.buffer.index.equals(days)
    assert found.buffer.iloc[-1] == 44.0  # the 45th of 49


def test_a_wrong_forecast_is_mended():
    rng = np.random.default_rng(2)
    losses = rng.standard_normal(3000)
    low = np.full(3000, 0.5)
    bound = low + conformal.buffers(losses, low, level=0.975).buffer
    assert abs((losses[500:] > bound[500:]).mean() - 0.025) < 4 * np.sqrt(0.025 * 0.975 / 2500)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"regimes": np.full((3, 2), 0.5)}, "regimes"),
        ({"regimes": np.full((4, 2), 0.4)}, "sum to one"),
        ({"regimes": np.array([[1.5, -0.5]] * 4)}, "regimes"),
        ({"half_life": 0.0}, "half_life"),
        ({"level": 0.2}, "level"),
    ],
)
def test_what_is_refused(words, said):
    with pytest.raises(InputError, match=said):
        conformal.buffers(np.zeros(4), np.zeros(4), **({"level": 0.9} | words))
