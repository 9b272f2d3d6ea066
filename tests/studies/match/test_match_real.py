"""The committed ensemble on the real record: what its best member must reproduce of February 2024."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.config import load
from tailrisk.config.load import read_ensemble
from tailrisk.core.errors import InputError
from tailrisk.studies.match.config import read_terms
from tailrisk.studies.match.episode import Files, read_episode
from tailrisk.studies.match.moments import fit
from tailrisk.studies.match.run import misses, problem
from tests.config.test_crowd import LIBRARY

QUICK = {"xla_backend_optimization_level": 0}
TERMS = read_terms("episode_feb2024.toml")
L, M, S, T, U = range(5)


@pytest.fixture(scope="module")
def files(market_data):
    return Files(
        market_data / "indices_daily.csv",
        market_data / "index_futures_daily.csv",
        market_data / "etf_daily.csv",
    )


@pytest.fixture(scope="module")
def posed(files):
    return problem(load(LIBRARY / "crowd_feb2024.toml", ["run.precision=float64"]), files, TERMS)


@pytest.fixture(scope="module")
def play():
    return jax.jit(fit, compiler_options=QUICK)


@pytest.fixture(scope="module")
def best(posed, play):
    point = posed.prior.coordinates(read_ensemble(LIBRARY / "calibrated" / "crowd_2024.toml").member(0))
    return point, play(posed.crowd, posed.record, posed.targets, jnp.asarray(point))


def on(posed, fitted, day):
    return np.asarray(fitted.replayed.returns)[posed.episode.at(day)]


def test_the_event_is_reproduced_without_a_days_own_targets(posed, best):
    said = misses(posed, np.asarray(best[1].replayed.returns)[None])
    assert said["event_mae"][0] <= 0.014
    assert said["crash_csi500"][0] < 0
    assert said["crash_csi1000"][0] < -0.03
    assert 0.5 <= said["drift_csi2000"][0] <= 1.5
    assert 0.5 <= said["drift_micro"][0] <= 1.5
    assert float(best[1].replayed.residual) < 1e-9


def test_limits_siphon_and_relief_are_where_they_were(posed, best):
    """Mechanism 9.11 to 9.13."""
    down = np.asarray(best[1].replayed.limit_down)[posed.episode.at("2024-02-05")]
    assert 0.25 <= down[T] <= 0.45
    assert 0.07 <= down[S] <= 0.17
    assert down[M] <= 0.05
    assert down[L] < 0.001
    for day in ("2024-02-06", "2024-02-07"):
        assert on(posed, best[1], day)[M] > 0.02
        assert on(posed, best[1], day)[U] < 0
    assert 0.05 <= on(posed, best[1], "2024-02-08")[T] <= 0.09


def test_the_discount_blows_out_and_closes_within_two_days(posed, best):
    im = np.asarray(best[1].basis)[:, list(TERMS.contracts).index("IM2403")]
    assert im[posed.episode.at("2024-02-05")] < -0.03
    assert im[posed.episode.at("2024-02-07")] > -0.01


def test_without_the_state_csi_500_and_1000_fall_further_and_micro_caps_less(posed, best, play):
    """Mechanism 9.6, and the eighth conclusion: what lifted the middle drained the small."""
    record = posed.record
    idle = replace(record.imposed, purchases=jnp.zeros_like(record.imposed.purchases))
    without = play(posed.crowd, replace(record, imposed=idle), posed.targets, jnp.asarray(best[0]))
    days = slice(posed.episode.at("2024-02-05"), posed.episode.at("2024-02-07") + 1)
    added = np.asarray(best[1].replayed.returns - without.replayed.returns)[days].sum(axis=0)
    assert added[M] > 0.05
    assert added[S] > 0.01
    assert added[U] < -0.05


@pytest.mark.parametrize(
    ("part", "line", "found"),
    [
        (
            "indices",
            "date,code,close\n2024-01-02,000300,3400\n2024-01-03,000300,3400\n",
            "no closes of csi500",
        ),
        ("futures", "date,symbol,close,spot_close\n2024-01-02,IM2402,1,1\n", "no contract IC2403"),
        ("etfs", "date,code\n2024-01-02,510300\n", "no column 'amount'"),
        ("etfs", "date,code,amount\n2023-12-01,510300,1e9\n", "1 days of turnover of 510300"),
    ],
)
def test_a_bad_record_is_refused(files, tmp_path, part, line, found):
    (tmp_path / "bad.csv").write_text(line)
    with pytest.raises(InputError, match=found):
        read_episode(replace(files, **{part: tmp_path / "bad.csv"}), TERMS)
