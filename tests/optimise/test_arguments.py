"""Arguments of the wrong kind: refused in words that name them, in every public function and class."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from tailrisk import optimise
from tailrisk.core import InputError
from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Book,
    Bound,
    Budget,
    Covariance,
    Group,
    HedgeRatio,
    Liquidity,
    Margin,
    Positions,
    Scenarios,
    ShortfallPortfolio,
    TrackingError,
    TradingCost,
    Turnover,
    Universe,
    VarianceCost,
    decide,
    evaluate,
    frontier,
    impact_rate,
    industries,
    liquidity_cap,
    maximise_alpha,
    maximise_utility,
    mean_variance,
    minimise_shortfall,
    minimise_variance,
    of_factor_model,
    of_factors,
    of_matrix,
    of_returns,
    shortfall_budgets,
    smooth_tail,
    tune,
)
from tailrisk.optimise.arguments import brief, confidence, number, plain
from tests.optimise_world import returns

TABLE = returns(4, 60)
SCENARIOS = of_returns(TABLE)
RISK = of_matrix(np.cov(TABLE))
LONG = [Budget(), Positions()]
EVEN = np.full(4, 0.25)
BOOK = Book(EVEN, lambda theta: LONG, (Bound("budget"),), np.zeros(4))


def solved(*more) -> None:
    minimise_shortfall(SCENARIOS, [*LONG, *more], level=0.9)


WRONG = {
    "scenarios": lambda: minimise_shortfall(TABLE, LONG, level=0.9),
    "scenarios of budgets: scenarios": lambda: shortfall_budgets(TABLE, level=0.9),
    "constraints: Budget": lambda: minimise_shortfall(SCENARIOS, Budget(), level=0.9),
    "constraints: <class": lambda: minimise_shortfall(SCENARIOS, [Budget], level=0.9),
    "constraints: None": lambda: minimise_shortfall(SCENARIOS, None, level=0.9),
    "constraints: 'budget'": lambda: ShortfallPortfolio(constraints="budget"),
    "constraints of a manager: constraints": lambda: decide(EVEN, [1.0]),
    "level: None": lambda: minimise_shortfall(SCENARIOS, LONG, level=None),
    r"level: \[0.9\]": lambda: ShortfallPortfolio(level=[0.9]),
    "level: 0.05 is not above 0.5": lambda: ShortfallPortfolio(level=0.05),
    "level: 0.5 is not above": lambda: maximise_utility(SCENARIOS, EVEN, LONG, level="0.5", aversion=1.0),
    "level: 95": lambda: shortfall_budgets(SCENARIOS, level=95),
    "level: True": lambda: smooth_tail([0.1], 0.1, level=True),
    "level: 'high'": lambda: evaluate(BOOK, [SCENARIOS], [0.1], level="high"),
    "tolerance": lambda: minimise_shortfall(SCENARIOS, LONG, level=0.9, tolerance="small"),
    "alpha: 'a'": lambda: maximise_alpha(SCENARIOS, "a", LONG, level=0.9, limit=0.1),
    "alpha: holds something": lambda: maximise_alpha(SCENARIOS, ["1"] * 4, LONG, level=0.9, limit=0.1),
    "alpha: has shape": lambda: maximise_alpha(SCENARIOS, EVEN[:3], LONG, level=0.9, limit=0.1),
    "alpha: None": lambda: maximise_utility(SCENARIOS, None, LONG, level=0.9, aversion=1.0),
    "alpha: 1.0": lambda: decide(1.0, LONG),
    "alpha: 1 values": lambda: decide([0.1, np.nan, 0.1, 0.1], LONG),
    "limit: '5%'": lambda: ShortfallPortfolio(limit="5%"),
    "limit: nan": lambda: maximise_alpha(SCENARIOS, EVEN, LONG, level=0.9, limit=np.nan),
    "aversion: -1": lambda: maximise_utility(SCENARIOS, EVEN, LONG, level=0.9, aversion=-1),
    "aversion: 'much'": lambda: ShortfallPortfolio(aversion="much"),
    "budget 2: lower: holds": lambda: solved(Budget("1", name="budget 2")),
    "budget 2: sum of weights: lower inf": lambda: solved(Budget(np.inf, np.inf, name="budget 2")),
    "caps: upper": lambda: solved(Positions(0.0, "all", name="caps")),
    "active weights: benchmark": lambda: solved(ActiveWeights(None, 0.1)),
    "active weights: the least limit": lambda: solved(ActiveWeights(EVEN, -0.1)),
    "style exposure: holds something": lambda: solved(ActiveExposure("x", ("size",), -1, 1)),
    "style exposure: styles: 'size'": lambda: solved(ActiveExposure(EVEN[:, None], "size", -1, 1)),
    "styles: 'a' is there twice": lambda: solved(ActiveExposure(np.zeros((4, 2)), ("a", "a"), -1, 1)),
    "style exposure: upper": lambda: solved(ActiveExposure(EVEN[:, None], ("size",), -1, [1, 2])),
    "group: members: 3": lambda: solved(Group(3)),
    "group: upper": lambda: solved(Group([1, 0, 0, 0], upper="0.2")),
    "universe: members": lambda: solved(Universe(None)),
    "turnover: previous": lambda: solved(Turnover("even", 0.1)),
    "turnover: limit: 'low'": lambda: solved(Turnover(EVEN, "low")),
    "turnover: limit: -0.1": lambda: solved(Turnover(EVEN, -0.1)),
    "trading cost: rate": lambda: solved(TradingCost(EVEN, None)),
    "trading cost: impact": lambda: solved(TradingCost(EVEN, 0.1, np.zeros(3))),
    "tracking error: covariance": lambda: solved(TrackingError(np.eye(4), EVEN, 0.1)),
    "tracking error: limit": lambda: solved(TrackingError(RISK, EVEN, "5%")),
    "tracking error: limit: 0": lambda: solved(TrackingError(RISK, EVEN, 0)),
    "tracking error: covariance of 2": lambda: solved(TrackingError(of_matrix(np.eye(2)), EVEN, 0.1)),
    "variance: aversion": lambda: solved(VarianceCost(RISK, None)),
    "variance: covariance": lambda: solved(VarianceCost("risk")),
    "covariance": lambda: minimise_variance(np.eye(4), LONG),
    "covariance of matrix: covariance": lambda: of_matrix("risk"),
    "covariance: specific": lambda: of_factor_model(EVEN[:, None], [[1.0]], "own"),
    "covariance: specific: has infinite": lambda: of_factor_model(EVEN[:, None], [[1.0]], np.inf),
    "factors": lambda: of_factor_model(EVEN[:, None], np.eye(2), 0.1),
    "variance: aversion: '1'": lambda: mean_variance(RISK, EVEN, LONG, aversion="1"),
    "liquidity: nav": lambda: solved(Liquidity(1e8, "a lot", 1, 0.1)),
    "liquidity: days": lambda: solved(Liquidity(1e8, 1e9, None, 0.1)),
    "hedge ratio: lower": lambda: solved(HedgeRatio([1, 0, 0, 0], "1")),
    "hedge ratio: futures": lambda: solved(HedgeRatio("IC")),
    "margin: rate": lambda: solved(Margin("12%")),
    "margin: limit": lambda: solved(Margin(0.1, "1")),
    "industry: labels: 7": lambda: industries(7, EVEN, 0.1),
    "industry: labels: 2 has none": lambda: industries(["a", "b", None, "b"], EVEN, 0.1),
    "industry: limit": lambda: industries(list("abab"), EVEN, "1%"),
    "impact rate: traded": lambda: impact_rate(0.02, ["1"], 1e9),
    "impact rate: the least traded": lambda: impact_rate(0.02, [-1.0], 1e9),
    "impact rate: nav": lambda: impact_rate(0.02, [1.0], "1e9"),
    "impact rate: volatility and traded have other": lambda: impact_rate([0.02] * 3, [1.0] * 2, 1e9),
    "liquidity cap: participation": lambda: liquidity_cap([1.0], 1e9, 5, None),
    "returns: holds something": lambda: of_returns("returns"),
    "returns: has shape": lambda: of_returns(0.1),
    "exposures: holds something": lambda: of_factors([["a"]], [[0.1]]),
    "specific: has shape": lambda: of_factors([[1.0]], [[0.1]], specific=[0.1, 0.2]),
    "seed: 'one'": lambda: of_factors([[1.0]], [[0.1]], specific=[0.1], seed="one"),
    "weight: has shape": lambda: of_returns(TABLE, 1.0),
    "weight: holds something": lambda: of_returns(TABLE, ["even"] * 60),
    "budgets: budget": lambda: shortfall_budgets(SCENARIOS, "even", level=0.9),
    "loss": lambda: smooth_tail("losses", 0.1, level=0.9),
    "specific: '1%'": lambda: smooth_tail([0.1], "1%", level=0.9),
    "weight: the weights sum": lambda: smooth_tail([0.1, 0.2], 0.1, [0.5, 0.1], level=0.9),
    "book": lambda: evaluate("book", [SCENARIOS], [0.1], level=0.9),
    "sets: Scenarios": lambda: evaluate(BOOK, SCENARIOS, [0.1], level=0.9),
    "theta: holds": lambda: evaluate(BOOK, [SCENARIOS], "tight", level=0.9),
    r"theta: \[0.1, 0.2\]": lambda: evaluate(BOOK, [SCENARIOS], [0.1, 0.2], level=0.9),
    "book: constraints": lambda: Book(EVEN, LONG, (), np.zeros(4)),
    "book: bounds": lambda: Book(EVEN, lambda theta: LONG, ("size",), np.zeros(4)),
    "book: gross": lambda: Book(EVEN, lambda theta: LONG, (), np.zeros(4), gross="2"),
    "book: hedge": lambda: Book(EVEN, lambda theta: LONG, (), "IC"),
    "measure": lambda: tune("evaluate", 0.0, 1.0, 0.1),
    "measure of a frontier: measure": lambda: frontier(None, [[0.1]]),
    "grid": lambda: frontier(lambda theta: theta, 0.1),
    "budget: '5%'": lambda: tune(lambda theta: theta, 0.0, 1.0, "5%"),
    "theta: lower": lambda: tune(lambda theta: theta, "low", 1.0, 0.1),
    "scenarios: returns": lambda: Scenarios([[0.1]]),
    "covariance: loading": lambda: Covariance("x", np.ones(2)),
    "group: members: 'a' is there twice": lambda: ShortfallPortfolio(
        level=0.9, constraints=[*LONG, Group(["a", "a"], upper=0.2)]
    ).fit(pd.DataFrame(TABLE.T, columns=list("abcd"))),
    "returns: hold": lambda: ShortfallPortfolio(level=0.9).fit([["a", "b"]] * 60),
    "returns: holds something that is no number: None": lambda: ShortfallPortfolio(level=0.9).fit(None),
}
SAID = {key: key.split(": ", 1)[1] if " of " in key.split(": ")[0] else key for key in WRONG}


@pytest.mark.parametrize("key", WRONG, ids=WRONG)
def test_the_argument_is_named(key: str) -> None:
    with pytest.raises(InputError, match=rf"^{SAID[key]}"):
        WRONG[key]()


def test_every_public_name_is_tried() -> None:
    """A new public function comes with its refusals."""
    source = __import__("pathlib").Path(__file__).read_text(encoding="utf-8")
    answers = {"Decision", "Portfolio", "Sensitivity", "Tuned"}
    assert [name for name in set(optimise.__all__) - answers if f"{name}(" not in source] == []


def test_what_is_a_number_and_what_is_not() -> None:
    for good in (1, 1.0, np.float32(1), np.int8(1), np.array(1.0), np.array([1.0]), Fraction(1)):
        assert number("", "x", good, "a number") == 1.0
    for bad in ("1", b"1", True, None, [1.0], np.array([1.0, 2.0]), 1j, np.nan, np.inf, {}, 10**400):
        with pytest.raises(InputError, match=r"^x: "):
            number("", "x", bad, "a number")
    assert number("", "x", 0.0, "0 or more", 0.0) == 0.0
    with pytest.raises(InputError, match="allowed: above 0"):
        number("", "x", 0.0, "above 0", 0.0, strict=True)
    assert plain("x", [1, 2]).dtype == np.float64
    for bad in ([1j], ["1"], [None], [[1], [1, 2]], np.array(["2023-01-02"], dtype="M8[D]"), {1, 2}):
        with pytest.raises(InputError, match=r"^x: "):
            plain("x", bad)
    assert brief("x" * 100) == "'" + "x" * 56 + "..."


def test_a_level_is_a_confidence() -> None:
    assert confidence("0.99") == confidence(0.99) == confidence(np.float64(0.99)) == Fraction(99, 100)
    assert confidence(np.float32(0.95)) == Fraction(95, 100)
    with pytest.raises(InputError, match=r"level.0\.95"):
        confidence(0.05)
    for bad in (0.5, "0.01", 1, 0, "1%", None, [], True):
        with pytest.raises(InputError, match=r"^level: "):
            confidence(bad)
