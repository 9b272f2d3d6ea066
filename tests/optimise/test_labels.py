"""Names at the border: whatever carries them is put in order by them, and what does not fit is refused."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tailrisk.core import InputError
from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    HedgeRatio,
    Liquidity,
    Margin,
    Positions,
    ShortfallPortfolio,
    TrackingError,
    TradingCost,
    Turnover,
    Universe,
    VarianceCost,
    decide,
    impact_rate,
    industries,
    liquidity_cap,
    maximise_utility,
    mean_variance,
    minimise_shortfall,
    of_factor_model,
    of_factors,
    of_matrix,
    of_returns,
    shortfall_budgets,
    smooth_tail,
)
from tailrisk.optimise.labels import Axis, members, places, vector
from tests.optimise_world import exposures, factor_returns, returns

NAMES = [f"60{i:04d}.SH" for i in (7, 1, 5, 2, 9, 4, 8, 3)]
ASSETS, COUNT = len(NAMES), 200
DAYS = pd.bdate_range("2023-01-02", periods=COUNT)
FRAME = pd.DataFrame(returns(ASSETS, COUNT).T, DAYS, NAMES)
OTHER = sorted(NAMES)  # another order
RNG = np.random.default_rng(2)
HELD = pd.Series(np.arange(1, ASSETS + 1) / 36, NAMES)
RATE = pd.Series(RNG.uniform(0.0, 0.004, ASSETS), NAMES)
STYLE = pd.DataFrame(RNG.normal(size=(ASSETS, 2)), NAMES, ["size", "beta"])
RISK = pd.DataFrame(np.cov(FRAME.T.to_numpy()), NAMES, NAMES)
SECTOR = pd.Series(list("aabbccab"), NAMES)
FACTORS = pd.DataFrame(factor_returns(COUNT), ["market", "x", "y", "z"])
LOADING = pd.DataFrame(exposures(ASSETS), NAMES, FACTORS.index)
SPECIFIC = pd.Series(np.linspace(0.01, 0.02, ASSETS), NAMES)


def turned(values):
    """The same values by name, in another order of both axes."""
    if isinstance(values, pd.DataFrame):
        return values.loc[OTHER[::-1], list(values.columns[::-1])]
    return values.loc[OTHER]


def fitted(*more, frame=FRAME) -> pd.Series:
    return ShortfallPortfolio(level="0.9", constraints=[Budget(), Positions(), *more]).fit(frame).weights_


MADE = {
    "positions": lambda f: Positions(f(0.2 * HELD), f(2 * HELD), name="caps"),
    "active weights": lambda f: ActiveWeights(f(HELD), f(0.5 * HELD)),
    "exposure": lambda f: ActiveExposure(f(STYLE), ["beta", "size"], -0.05, 0.05, f(HELD)),
    "turnover": lambda f: Turnover(f(HELD), 0.1),
    "trading cost": lambda f: TradingCost(f(HELD), f(RATE), f(3 * RATE)),
    "benchmark of tracking error": lambda f: TrackingError(of_matrix(RISK), f(HELD), 0.003),
    "covariance of tracking error": lambda f: TrackingError(of_matrix(f(RISK)), HELD, 0.003),
    "group": lambda f: Group(f(SECTOR == "a"), upper=0.1),
    "universe": lambda f: Universe(f(SECTOR != "b")),
    "liquidity": lambda f: Liquidity(f(HELD * 1e8), 1e8, 5.0, 0.2),
    "margin": lambda f: Margin(f(HELD), 0.08),
    "industries": lambda f: industries(f(SECTOR), f(HELD), 0.02),
    "variance": lambda f: VarianceCost(of_matrix(f(RISK)), 100.0),
    "factor model": lambda f: TrackingError(
        of_factor_model(f(LOADING), f_cov(f), f(SPECIFIC)), f(HELD), 0.003
    ),
}


def f_cov(f) -> pd.DataFrame:
    """The factors' covariance, in another order of factors where assets are in another order."""
    cov = FACTORS.T.cov()
    return cov if f is same else cov.iloc[::-1, ::-1]


def same(values):
    return values


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_the_order_of_names_does_not_matter(make) -> None:
    right = fitted(make(same))
    assert_allclose(right, fitted(make(turned)), atol=1e-12)
    free = fitted()
    assert np.abs(right - free).max() > 1e-3  # the constraint matters, so would its order
    assert_allclose(fitted(make(turned), frame=FRAME[OTHER]).loc[NAMES], right, atol=1e-5)


@pytest.mark.parametrize(
    "name", ["positions", "turnover", "trading cost", "group", "liquidity", "industries"]
)
def test_a_dict_works_where_a_series_does(name: str) -> None:
    right = fitted(MADE[name](same))
    assert_array_equal(right, fitted(MADE[name](lambda values: turned(values).to_dict())))


def lacking(values):
    """A name left out, on whatever axis is of assets."""
    return values.drop(index=NAMES[3])


def doubled(values):
    return pd.concat([values, values.iloc[[3]]])


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
@pytest.mark.parametrize(("change", "said"), [(lacking, "has no"), (doubled, "is there twice")])
def test_a_name_missing_or_double_is_refused_by_name(make, change, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        fitted(make(change))
    assert NAMES[3] in str(refused.value)


def test_a_holding_outside_the_assets_is_refused_unless_it_is_zero() -> None:
    wide = pd.concat([HELD, pd.Series({"000001.SZ": 0.0})])
    assert_array_equal(fitted(Turnover(wide, 0.1)), fitted(Turnover(HELD, 0.1)))
    wide["000001.SZ"] = 0.1
    with pytest.raises(InputError, match=r"holds '000001.SZ', which is none of the assets"):
        fitted(Turnover(wide, 0.1))
    assert_array_equal(
        fitted(Positions(0, 3 * wide, name="caps")), fitted(Positions(0, 3 * HELD, name="caps"))
    )


def test_members_are_flags_or_names() -> None:
    right = fitted(Group(SECTOR == "a", upper=0.1))
    for said in (
        list(SECTOR[SECTOR == "a"].index),
        set(SECTOR[SECTOR == "a"].index),
        [1, 1, 0, 0, 0, 0, 1, 0],
    ):
        assert_array_equal(fitted(Group(said, upper=0.1)), right)
    assert_array_equal(fitted(Group(pd.Series(NAMES)[[0, 1, 6]], upper=0.1)), right)
    along = Axis(3, pd.Index([600000, 1, 0]))
    assert members("g", "members", [600000, 0], along).tolist() == [True, False, True]
    assert members("g", "members", [1, 0, 1], along).tolist() == [True, False, True]  # flags come first
    assert not members("g", "members", [], Axis(0)).any()


@pytest.mark.parametrize(
    "wrong",
    [[0, 1, 2, 2, 0, 1, 2, 2], SECTOR, "bank", 3, ["600007.SH", "bank"], [0.5] * 8, [None] * 8, [1, 0]],
)
@pytest.mark.parametrize("make", [Group, Universe, HedgeRatio])
def test_codes_and_labels_are_no_members(make, wrong) -> None:
    with pytest.raises(InputError, match=r"members|futures"):
        fitted(make(wrong))


def test_names_need_assets_with_names() -> None:
    plain = of_returns(FRAME.to_numpy().T)
    for constraint in (Turnover(HELD, 0.1), Group(NAMES[:2], upper=0.1)):
        with pytest.raises(InputError, match="names"):
            minimise_shortfall(plain, [Budget(), Positions(), constraint], level=0.9)
    counted = pd.Series(HELD.to_numpy()).sample(frac=1, random_state=0)  # its index counts the assets
    one = minimise_shortfall(plain, [Budget(), Positions(), Turnover(counted, 0.1)], level=0.9)
    assert_allclose(one.weights, fitted(Turnover(HELD, 0.1)), atol=1e-12)
    with pytest.raises(InputError, match=f"has no '{NAMES[0]}'"):
        fitted(Turnover(counted, 0.1))


def test_alpha_and_scenario_weights_are_matched() -> None:
    alpha = pd.Series(RNG.normal(size=ASSETS) * 1e-3, NAMES)
    weight = pd.Series(RNG.random(COUNT), DAYS)
    weight /= weight.sum()
    model = ShortfallPortfolio(level="0.9", aversion=0.1)
    right = model.fit(FRAME, alpha, weight).weights_
    assert_array_equal(model.fit(FRAME, turned(alpha), weight.iloc[::-1]).weights_, right)
    assert_array_equal(model.fit(FRAME, alpha.to_dict(), weight.to_dict()).weights_, right)
    assert np.abs(model.fit(FRAME, alpha, weight.to_numpy()[::-1]).weights_ - right).max() > 1e-4
    with pytest.raises(InputError, match="weight: has no"):
        model.fit(FRAME, alpha, weight.iloc[1:])
    with pytest.raises(InputError, match=r"weight: .* is there twice"):
        model.fit(FRAME, alpha, pd.concat([weight, weight.iloc[:1]]))


def test_weights_in_single_precision_are_accepted() -> None:
    for seed in range(50):
        weight = np.random.default_rng(seed).random(COUNT).astype("float32")
        weight /= weight.sum()
        assert_allclose(of_returns(FRAME.to_numpy().T, weight).weight.sum(), 1.0, rtol=1e-15)
    with pytest.raises(InputError, match="sum to"):
        of_returns(FRAME.to_numpy().T, weight * np.float32(1.0001))
    with pytest.raises(InputError, match="sum to"):
        of_returns(FRAME.to_numpy().T, weight.astype(float) * 1.00000001)


def test_predict_matches_columns() -> None:
    model = ShortfallPortfolio(level="0.9").fit(FRAME)
    assert_array_equal(model.predict(FRAME[OTHER]), model.predict(FRAME))
    assert_array_equal(model.predict(FRAME.assign(more=0.1)), model.predict(FRAME))
    with pytest.raises(InputError, match=f"returns: has no '{NAMES[0]}'"):
        model.predict(FRAME.drop(columns=NAMES[0]))
    with pytest.raises(InputError, match="is there twice"):
        model.predict(FRAME[[*NAMES, NAMES[0]]])
    with pytest.raises(InputError, match="not finite"):
        model.predict(FRAME.assign(**{NAMES[0]: np.nan}))
    with pytest.raises(InputError, match="has names"):
        ShortfallPortfolio(level="0.9").fit(FRAME.to_numpy()).predict(FRAME)


def test_factors_and_assets_of_scenarios_are_matched() -> None:
    right = of_factors(LOADING, FACTORS, specific=SPECIFIC, seed=1)
    other = of_factors(LOADING[LOADING.columns[::-1]], FACTORS, specific=turned(SPECIFIC), seed=1)
    held = HELD.to_numpy()
    assert_allclose(other.losses(held), right.losses(held), rtol=1e-12)
    assert list(other.names) == NAMES
    with pytest.raises(InputError, match="factor_returns: has no 'z'"):
        of_factors(LOADING, FACTORS.rename({"z": "q"}))
    with pytest.raises(InputError, match="dates for assets"):
        of_returns(FRAME)
    turned_back = minimise_shortfall(
        of_returns(FRAME.T), [Budget(), Positions(0, 3 * turned(HELD))], level=0.9
    )
    assert_allclose(turned_back.weights, fitted(Positions(0, 3 * HELD, name="caps")), atol=1e-9)
    assert list(turned_back.names) == NAMES


def test_the_other_portfolios_match_by_name() -> None:
    alpha = pd.Series(RNG.normal(size=ASSETS) * 1e-3, NAMES)
    one = mean_variance(of_matrix(RISK), alpha, [Budget(), Positions()], aversion=5.0)
    assert_array_equal(
        mean_variance(of_matrix(RISK), turned(alpha), [Budget(), Positions()], aversion=5.0).weights,
        one.weights,
    )
    assert_allclose(
        of_matrix(turned(RISK)).variance(HELD), of_matrix(RISK).variance(HELD.to_numpy()), rtol=1e-9
    )
    scenarios = of_returns(FRAME.T)
    budgets = shortfall_budgets(scenarios, HELD, level=0.9)
    assert_array_equal(shortfall_budgets(scenarios, turned(HELD), level=0.9), budgets)
    useful = maximise_utility(scenarios, turned(alpha), [Budget(), Positions()], level=0.9, aversion=0.1)
    same_ = maximise_utility(scenarios, alpha.to_numpy(), [Budget(), Positions()], level=0.9, aversion=0.1)
    assert_array_equal(useful.weights, same_.weights)
    chosen = decide(alpha, [Budget(), Positions(), TradingCost(turned(HELD), turned(RATE))])
    assert_array_equal(
        decide(alpha.to_dict(), [Budget(), Positions()]).weights,
        decide(alpha, [Budget(), Positions()]).weights,
    )
    by_order = decide(
        alpha.to_numpy(), [Budget(), Positions(), TradingCost(HELD.to_numpy(), RATE.to_numpy())]
    )
    assert_array_equal(chosen.weights, by_order.weights)
    loss, weight = pd.Series(FRAME.to_numpy() @ HELD, DAYS), pd.Series(np.arange(1.0, COUNT + 1), DAYS)
    weight /= weight.sum()
    assert smooth_tail(loss, 0.01, weight.iloc[::-1], level=0.9) == smooth_tail(loss, 0.01, weight, level=0.9)


def test_costs_of_two_series_are_matched_and_keep_their_names() -> None:
    traded = 1e8 * HELD
    rate = impact_rate(turned(RATE), traded, 1e9)
    assert_allclose(rate[NAMES], impact_rate(RATE.to_numpy(), traded.to_numpy(), 1e9))
    assert_allclose(liquidity_cap(traded, 1e9, 5, 0.2), 0.1 * HELD)
    with pytest.raises(InputError, match="has no"):
        impact_rate(RATE, lacking(traded), 1e9)


def test_the_summary_names_assets() -> None:
    model = ShortfallPortfolio(level="0.9", constraints=[Budget(), Positions(0, 0.2), Turnover(HELD, 0.2)])
    said = model.fit(FRAME).summary()
    assert f"positions: {NAMES[-1]} upper" in said.index
    assert any(text.startswith("turnover: trade of 60") for text in said.index)
    assert not any("asset " in text for text in said.index)
    with pytest.raises(InputError, match=f"caps \\({NAMES[0]}, {NAMES[1]}"):
        fitted(Positions(0, 0.01, name="caps"))


def test_an_axis_refuses_names_that_do_not_fit() -> None:
    with pytest.raises(InputError, match="2 for 3 assets"):
        Axis(3, pd.Index(["a", "b"]))
    with pytest.raises(InputError, match="'a' is there twice"):
        Axis(2, pd.Index(["a", "a"]))
    assert places("x", pd.Index(["b", "a"]), Axis(2, pd.Index(["a", "b"]))).tolist() == [1, 0]
    assert vector("x", "y", pd.Series([1, 2], dtype="Int64"), 2).tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="x: y: 1 values are NaN, the first of asset 1"):
        vector("x", "y", pd.Series([1, None], dtype="Int64"), 2)
    with pytest.raises(InputError, match="1 values are NaN"):
        vector("x", "y", np.ma.masked_equal([1.0, 2.0], 2.0), 2)
