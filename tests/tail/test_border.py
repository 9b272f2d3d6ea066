"""What comes in from outside: arrays, Series and frames, matched by name, and what is no sample refused."""

import math

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from tailrisk.core import InputError
from tailrisk.tail import (
    backtest,
    component_shortfall,
    conditional_drawdown,
    controlled_mean,
    entropic,
    expected_shortfall,
    expected_shortfall_interval,
    expectile,
    fit_pareto,
    incremental_shortfall,
    mean_excess,
    mean_interval,
    pareto_interval,
    partial_moment,
    probability,
    proportional_hazard,
    rate,
    replicate_interval,
    return_period,
    saturated,
    stability,
    value_at_risk,
    value_at_risk_interval,
    wang,
    weight_report,
)

LEVEL = "0.95"
POINTS = {
    "value_at_risk": lambda x, w=None: value_at_risk(x, w, level=LEVEL),
    "expected_shortfall": lambda x, w=None: expected_shortfall(x, w, level=LEVEL),
    "expectile": lambda x, w=None: expectile(LEVEL)(x, w),
    "wang": lambda x, w=None: wang(0.5)(x, w),
    "saturated": lambda x, w=None: saturated(x, w, level=LEVEL),
}
INTERVALS = {
    "value_at_risk": lambda x, w=None: value_at_risk_interval(x, w, level=LEVEL),
    "expected_shortfall": lambda x, w=None: expected_shortfall_interval(x, w, level=LEVEL),
    "mean": mean_interval,
    "expectile": lambda x, w=None: expectile(LEVEL).interval(x, w),
    "distortion": lambda x, w=None: proportional_hazard(0.8).interval(x, w),
}
ONE_SAMPLE = {
    "fit_pareto": lambda x, w=None: fit_pareto(x, w, threshold=0.5).shape,
    "pareto_interval": lambda x, w=None: pareto_interval(x, w, threshold=0.5, level=LEVEL).high,
    "mean_excess": lambda x, w=None: mean_excess(x, [0.5], w).value[0],
    "stability": lambda x, w=None: stability(x, [0.5], w)[0].value[0],
    "probability": lambda x, w=None: probability(x > 0.5, w).high,
    "rate": lambda x, w=None: rate(abs(x), 1.0, w).high,
}
EVERY = {**POINTS, **INTERVALS, **ONE_SAMPLE}


def sample(seed=0, size=400):
    random = np.random.default_rng(seed)
    weight = random.random(size)
    dates = pd.bdate_range("2022-01-03", periods=size)
    return pd.Series(random.normal(size=size), dates), pd.Series(weight / math.fsum(weight), dates)


def bounds(found):
    return found if not hasattr(found, "low") else (found.estimate, found.low, found.high)


@pytest.mark.parametrize("measure", EVERY.values(), ids=EVERY)
def test_weights_meet_their_losses_by_name(measure):
    losses, weight = sample()
    right = bounds(measure(losses.to_numpy(), weight.to_numpy()))
    for order in (slice(None), slice(None, None, -1), np.random.default_rng(1).permutation(400)):
        assert bounds(measure(losses, weight.iloc[order])) == right
    numbered = pd.Series(weight.to_numpy())[::-1]
    assert bounds(measure(losses.to_numpy(), numbered)) == right
    assert bounds(measure(losses, weight.to_numpy())) == right


@pytest.mark.parametrize("measure", EVERY.values(), ids=EVERY)
def test_names_that_are_missing_double_or_other_are_refused(measure):
    losses, weight = sample()
    other = weight.set_axis([weight.index[0] - pd.Timedelta(days=1), *weight.index[1:]])
    twice = weight.set_axis([weight.index[1], *weight.index[1:]])
    first = "has no value for 2022-01-03"
    for wrong, says in ((weight[1:], first), (other, first), (twice, "double: 2022-01-04")):
        with pytest.raises(InputError, match=f"weight: {says}"):
            measure(losses, wrong)
    with pytest.raises(InputError, match="losses: double: 2022-01-04"):
        measure(losses.set_axis(twice.index), weight)
    with pytest.raises(InputError, match="weight: has no value for 0, 1, 2 and 397 more"):
        measure(losses.to_numpy(), weight)  # dates that the losses do not have


def table(size=400):
    random = np.random.default_rng(2)
    dates = pd.bdate_range("2022-01-03", periods=size)
    return pd.DataFrame(random.normal(size=(size, 3)), dates, ["a", "b", "c"])


@pytest.mark.parametrize("measure", POINTS.values(), ids=POINTS)
def test_a_frame_gives_a_value_a_column(measure):
    frame, (_, weight) = table(), sample()
    for w in (None, weight[::-1]):
        found = measure(frame, w)
        assert isinstance(found, pd.Series)
        assert list(found.index) == ["a", "b", "c"]
        assert [found[name] for name in frame] == [measure(frame[name], w) for name in frame]
    by_column = pd.DataFrame({"c": weight, "b": weight[::-1], "a": weight})
    assert measure(frame, by_column).equals(measure(frame, weight))


@pytest.mark.parametrize("interval", INTERVALS.values(), ids=INTERVALS)
def test_the_interval_of_a_frame_is_of_series(interval):
    frame = table()
    found = interval(frame)
    for name in frame:
        one = interval(frame[name].to_numpy())
        for field in ("estimate", "low", "high", "tail_points", "indicative"):
            assert getattr(found, field)[name] == getattr(one, field)
    assert isinstance(interval(frame["a"]).low, float)


def test_columns_that_are_double_are_refused():
    frame = table().set_axis(["a", "b", "a"], axis=1)
    with pytest.raises(InputError, match="losses: double: a"):
        expected_shortfall(frame, level=LEVEL)
    with pytest.raises(InputError, match="weight: is a frame and the losses are not"):
        expected_shortfall(table()["a"], table().abs(), level=LEVEL)


def test_parts_of_a_frame_are_named():
    frame, (_, weight) = table(), sample()
    plain = component_shortfall(frame.to_numpy().T, weight.to_numpy(), level=LEVEL)
    found = component_shortfall(frame, weight[::-1], level=LEVEL)
    assert list(found.estimate.index) == ["a", "b", "c"]
    np.testing.assert_array_equal(found.low, plain.low)
    saved = incremental_shortfall(frame, weight[::-1], level=LEVEL)
    assert saved["b"] == incremental_shortfall(frame.to_numpy().T, weight.to_numpy(), level=LEVEL)[1]


def test_series_of_forecasts_are_matched_by_day():
    losses, _ = sample()
    forecast = losses.abs() + 0.1
    wrong = forecast[::-1]
    plain = (losses.to_numpy(), forecast.to_numpy())
    hit = backtest.hits(losses, wrong)
    assert hit.equals(pd.Series(backtest.hits(*plain), losses.index))
    score = backtest.fz0_score(losses, wrong, wrong + 1, level=LEVEL)
    np.testing.assert_array_equal(score, backtest.fz0_score(*plain, plain[1] + 1, level=LEVEL))
    assert backtest.quantile_score(losses, wrong, level=LEVEL).index.equals(losses.index)
    assert backtest.diebold_mariano(score, 0.5 * score[::-1]) == backtest.diebold_mariano(
        score.to_numpy(), 0.5 * score.to_numpy()
    )
    draws = pd.DataFrame(np.random.default_rng(3).normal(size=(50, 400)), columns=losses.index)
    settings = {"level": LEVEL, "scenarios": draws.iloc[:, ::-1]}
    right = backtest.acerbi_szekely(*plain, plain[1] + 1, level=LEVEL, scenarios=draws.to_numpy())
    assert backtest.acerbi_szekely(losses, wrong, wrong + 1, **settings) == right
    with pytest.raises(InputError, match="value_at_risk: has no value for 2022-01-03"):
        backtest.hits(losses, forecast[1:])


def test_a_control_is_paired_by_name():
    value, control = sample()
    right = controlled_mean(value.to_numpy(), control.to_numpy(), 0.1)
    assert controlled_mean(value, control[::-1], 0.1) == right


@pytest.mark.parametrize("level", [0.05, "0.5", 0.01])
def test_a_level_is_a_confidence_everywhere(level):
    for call in (
        lambda: value_at_risk(np.arange(100.0), level=level),
        lambda: expected_shortfall(np.arange(100.0), level=level),
        lambda: value_at_risk_interval(np.arange(100.0), level=level),
        lambda: expected_shortfall_interval(np.arange(100.0), level=level),
        lambda: expectile(level),
        lambda: conditional_drawdown(np.ones((2, 50)), level=level),
        lambda: component_shortfall(np.ones((2, 50)), level=level),
        lambda: saturated(np.ones(50), level=level),
        lambda: backtest.kupiec(np.ones(50), level=level),
        lambda: backtest.quantile_score(np.ones(50), np.ones(50), level=level),
        lambda: pareto_interval(np.arange(100.0) ** 3, threshold=10.0, level=level),
    ):
        with pytest.raises(InputError, match=r"^level: 0\.\d+ is not above 0\.5"):
            call()


@pytest.mark.parametrize(
    "losses",
    [
        ["1", "2"],
        np.array(["2024-01-01"], dtype="datetime64[D]"),
        np.array([1 + 2j, 3]),
        [[1.0], [1.0, 2.0]],
        {"a": 1.0},
        None,
        "losses",
        [None, 1.0],
        np.ma.masked_array([1.0, 2.0], [True, False]),
        pd.Series([1.0, None], dtype="Float64"),
        pd.Series(["a", "b"]),
        np.zeros((0, 5)),
        [],
        [np.nan, 1.0],
        [np.inf, 1.0],
    ],
    ids=repr,
)
def test_what_is_no_sample_is_an_input_error(losses):
    flags = {
        "fit_pareto": lambda x: fit_pareto(x, threshold=0.5),
        "probability": probability,
        "rate": lambda x: rate(x, 1.0),
        "weights": weight_report,
        "replicates": replicate_interval,
        "components": lambda x: component_shortfall(x, level=LEVEL),
        "hits": lambda x: backtest.hits(x, 1.0),
        "weight": lambda x: value_at_risk(np.arange(2.0), "none" if x is None else x, level=LEVEL),
    }
    for measure in {**POINTS, **INTERVALS, **flags}.values():
        with pytest.raises(InputError, match=r"^[a-z]+: .*(number|finite|empty|mask|axes)"):
            measure(losses)


@pytest.mark.parametrize(
    "losses",
    [jnp.arange(100.0), list(range(100)), np.arange(100, dtype=np.int8)],
)
def test_numbers_of_other_kinds_are_taken(losses):
    assert expected_shortfall(losses, level="0.9") == 94.5


def test_weights_in_single_precision_are_taken_and_divided_by_their_sum():
    losses, _ = sample(size=2000)
    for seed in range(50):
        single = np.random.default_rng(seed).random(2000).astype("float32")
        single /= single.sum()
        exact = single.astype(np.float64) / math.fsum(single.tolist())
        assert value_at_risk(losses, single, level="0.9") == value_at_risk(losses, exact, level="0.9")
        found = expected_shortfall(losses, pd.Series(single, losses.index), level="0.9")
        assert found == pytest.approx(expected_shortfall(losses, exact, level="0.9"), rel=1e-12)
        assert expected_shortfall(losses, jnp.asarray(single), level="0.9") == found
    with pytest.raises(InputError, match="as float64, divide them by their sum"):
        value_at_risk(losses, (1 + 1e-4) * single, level="0.9")
    with pytest.raises(InputError, match="sum"):
        value_at_risk(losses, (1 + 1e-7) * exact, level="0.9")


def test_weights_of_another_shape_are_refused():
    with pytest.raises(InputError, match="weight: has shape"):
        expected_shortfall(np.zeros((2, 4)), np.full((3, 4), 0.25), level=LEVEL)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: value_at_risk_interval(np.arange(100.0), level=LEVEL, confidence="0.95"), "confidence"),
        (lambda: value_at_risk_interval(np.arange(100.0), level=LEVEL, confidence=95), "confidence"),
        (lambda: mean_interval(np.arange(100.0), ceiling=math.nan), "ceiling"),
        (lambda: mean_interval(np.arange(100.0), ceiling=98.9), "ceiling"),
        (lambda: fit_pareto(np.arange(100.0), threshold=math.nan), "threshold"),
        (lambda: fit_pareto(np.arange(100.0), threshold="1"), "threshold"),
        (lambda: partial_moment(math.inf), "threshold"),
        (lambda: entropic(math.inf), "aversion"),
        (lambda: entropic(math.nan), "aversion"),
        (lambda: wang(math.nan), "price"),
        (lambda: saturated(np.arange(100.0), level=LEVEL, fraction=0.0), "fraction"),
        (lambda: rate(3, math.inf), "exposure_years"),
        (lambda: return_period(rate(3, 1.0), years=0.0), "years"),
        (lambda: replicate_interval([0.1, 0.2], most=math.nan), "most"),
        (lambda: controlled_mean(np.arange(9.0), np.arange(9.0), math.nan), "known"),
        (lambda: controlled_mean(np.arange(9.0), np.arange(9.0), 1.0, -1.0), "known_error"),
        (lambda: weight_report([0.0, 0.0]), "weight"),
        (lambda: weight_report([1.0, -1.0]), "weight"),
        (lambda: conditional_drawdown(pd.DataFrame(np.ones((5, 50))), level=LEVEL), "drawdown"),
        (lambda: backtest.independence([1.0]), "hit"),
        (lambda: backtest.independence([0.5, 1.0]), "hit"),
        (lambda: backtest.diebold_mariano(np.arange(9.0), np.zeros(9), horizon=1.5), "horizon"),
        (lambda: component_shortfall(np.ones((2, 50)), level=LEVEL, paths=49), "paths"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(call, names):
    with pytest.raises(InputError, match=f"^{names}: "):
        call()


def test_a_distortion_that_is_none_is_refused():
    from tailrisk.tail import distortion

    for wrong in (lambda s: 1 - s, lambda s: 2 * s, lambda s: s * (2.5 - 1.5 * s), lambda s: 1.0):
        with pytest.raises(InputError, match="distort"):
            distortion("wrong", wrong)
    assert distortion("mean", lambda s: s)(np.arange(5.0)) == pytest.approx(2.0)
