"""The search of constants: what is chosen on early days, rows drawn of a law, all of it on a small market."""

from dataclasses import replace

import jax
import numpy as np
import pandas as pd
import pytest

from experiments.constants import choose, later, laws, past, score
from experiments.constants.keep import Kept
from experiments.constants.market import Market, without
from experiments.constants.page import frontier, page, verdict
from experiments.constants.variants import NOW, TRIED, Variant, together
from tailrisk.calibrate.ladder import log_returns
from tailrisk.calibrate.memory import Constants, Filtered, Fit, filtered
from tailrisk.calibrate.memory_law import Law
from tailrisk.calibrate.switching import Switching
from tailrisk.config import load
from tailrisk.core.names import home
from tailrisk.studies.backtest.targets import targets
from tailrisk.studies.validate.statistics import Watched
from tests.studies.backtest.worlds import closes


def regimes(factors=2, nu=6.0, days=4000, skew=0.0):
    """A law of a calm regime and one of shocks, and residuals drawn from it [day, factor]."""
    rng = np.random.default_rng(1)
    shock = rng.random(days) < 0.25
    size, middle = np.where(shock, 1.5, 0.75)[:, None], np.where(shock, -0.3, 0.1)[:, None]
    t = (
        rng.standard_normal((days, factors))
        / np.sqrt(rng.chisquare(nu, (days, 1)) / nu)
        * np.sqrt((nu - 2) / nu)
    )
    t = np.where(shock[:, None], laws_skewed(t, skew, nu), t)
    chance = np.column_stack([~shock, shock]).astype(float)
    law = Switching(
        states=2,
        shocks="student",
        nu=nu,
        transition=np.array([[0.75, 0.25], [0.75, 0.25]]),
        mean=np.array([[0.1] * factors, [-0.3] * factors]),
        covariance=np.stack([np.eye(factors) * s**2 for s in (0.75, 1.5)]),
        filtered=chance,
        smoothed=chance,
        log_likelihood=0.0,
        parameters=0,
        bic=0.0,
        occupancy=np.array([0.75, 0.25]),
        error=None,
        reached=np.zeros(1),
    )
    return law, middle + size * t


def laws_skewed(t, g, nu):
    if not g:
        return t
    out = np.column_stack([laws.two_piece(x, g, nu) for x in t.T])
    return (out - out.mean(axis=0)) / out.std(axis=0)


def test_rows_of_the_law_have_its_moments():
    law, residual = regimes()
    rows = laws.as_regimes(law, residual)
    np.testing.assert_allclose(rows.mean(axis=0), 0.0, atol=0.02)
    want = 0.75 * 0.75**2 + 0.25 * 1.5**2 + 0.75 * 0.1**2 + 0.25 * 0.3**2
    np.testing.assert_allclose(rows.var(axis=0), want, rtol=0.08)
    assert abs(np.corrcoef(rows.T)[0, 1] - (rows.mean(axis=0) ** 2).mean()) < 0.1


def test_pareto_tails_are_those_of_the_residuals_side_by_side():
    """Residuals whose falls are three times as far: so are the rows', and rises and bodies stay."""
    law, residual = regimes()
    plain = laws.as_regimes(law, residual)
    far = residual.copy()
    cut = np.quantile(far[:, 0], 0.05)
    far[far[:, 0] < cut, 0] = cut + 3 * (far[far[:, 0] < cut, 0] - cut)
    one, two = laws.pareto(law, residual), laws.pareto(law, far)

    def beyond(rows):
        edge = np.quantile(rows[:, 0], 0.05)
        return (edge - rows[rows[:, 0] < edge, 0]).mean()

    assert beyond(one) == pytest.approx(beyond(plain), rel=0.15)
    assert beyond(two) == pytest.approx(3 * beyond(one), rel=0.1)
    rise = [np.quantile(x, 0.97, axis=0) - np.median(x, axis=0) for x in (one, two)]
    np.testing.assert_allclose(*rise, atol=1e-9)
    np.testing.assert_allclose(two.mean(axis=0), plain.mean(axis=0), atol=1e-9)
    assert (two[:, 1].argsort() == plain[:, 1].argsort()).all(), "what falls together still does"


@pytest.mark.parametrize("g", [0.0, 0.3, -0.3])
def test_a_skewed_regime_is_found_and_keeps_its_moments(g):
    law, residual = regimes(skew=g)
    shock = law.smoothed[:, 1] > 0.5
    z = (residual[shock, 0] + 0.3) / 1.5
    assert laws.asymmetry(z, np.ones(len(z)), 6.0) == pytest.approx(g, abs=0.08)
    rows, plain = laws.skewed(law, residual), laws.as_regimes(law, residual)
    np.testing.assert_allclose(rows.mean(axis=0), plain.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(rows.var(axis=0), plain.var(axis=0), rtol=0.1)
    if g:
        falls, rises = (np.abs(rows[side]).sum() for side in (rows < -3.5, rows > 3.5))
        other = [np.abs(plain[side]).sum() for side in (plain < -3.5, plain > 3.5)]
        assert (falls / rises > other[0] / other[1]) == (g > 0)


def table(**points):
    """Rows as `choose.table` makes them: point -> (of, criterion, statistics outside)."""
    rows = [
        {
            "point": name,
            "of": of,
            "candidate": name != NOW.name and not name.startswith("drawn"),
            "criterion": value,
            "gap": value + 3.0,
            "gap_low": np.nan if name == NOW.name else value + 3.0 - 0.02,
            "gap_high": np.nan if name == NOW.name else value + 3.0 + 0.02,
            "outside": outside,
        }
        for name, (of, value, outside) in points.items()
    ]
    return pd.DataFrame(rows)


def test_the_best_early_point_is_chosen_but_not_one_whose_histories_are_worse():
    rows = table(
        today=(NOW.name, -3.0, 20),
        a1=("a", -3.03, 22),
        a2=("a", -3.02, 18),
        b1=("b", -3.05, 31),  # best score, but more outside than the slack
        b2=("b", -3.002, 20),  # ahead by less than a standard error
        drawn=("drawn rows", -3.2, 0),  # a control
    )
    assert choose.chosen(rows) == "a1"
    assert choose.ahead(rows) == ["a1"]
    assert choose.combined(rows, {}) is None
    assert choose.preferred(rows) == {"a": "a1", "b": "b1"}
    more = pd.concat([rows, table(today=(NOW.name, -3.0, 20), c1=("c", -3.015, 25)).iloc[1:]])
    both = choose.combined(
        more, {name: Variant(of=name, to="", constants={name: 1}) for name in ("a1", "c1")}
    )
    assert dict(both.constants) == {"a1": 1, "c1": 1}
    worse = table(today=(NOW.name, -3.0, 20), a1=("a", -2.9, 20), a2=("a", -2.8, 20))
    assert choose.chosen(worse) == "a1", "the best of what is tried is judged though nothing is ahead"
    assert choose.preferred(worse) == {"a": "today"}


def test_every_point_is_one_that_a_fit_takes():
    names = [one.name for one in (NOW, *TRIED)]
    assert len(set(names)) == len(names)
    for one in TRIED:
        assert Constants(**one.constants) != Constants() or one.law or not one.limited, one.name
    pair = together((TRIED[0], TRIED[-1]))
    assert (dict(pair.constants), pair.limited) == ({"kappa": 0.0}, False)


def test_an_interval_covers_as_often_as_it_says():
    rng, inside = np.random.default_rng(5), 0
    for _ in range(400):
        gap = score.between(rng.normal(0.2, 1, 80), np.zeros(80), 2)
        assert gap.low < gap.mean < gap.high
        inside += gap.low <= 0.2 <= gap.high
    assert 0.91 < inside / 400 < 0.98
    same = np.ones(30)
    assert np.isnan(score.between(same, same, 2).low)
    assert [verdict(-2, -1), verdict(1, 2)] == ["it holds later", "it is worse later"]
    assert verdict(-1, 1) == "later the two cannot be told apart"


def small(days=421):
    """Four buckets of the small world, and what can be forecast of them."""
    names = home()
    place = [0, 1, 2, 4]
    prices = closes(days).iloc[:, place]
    aims = tuple(without(aim, place) for aim in targets(load("base.toml")) if aim.name == "csi1000-csi300")
    return Market(
        when=pd.DatetimeIndex(prices.index[1:]),
        returns=log_returns(prices.to_numpy()),
        buckets=tuple(names.buckets[p] for p in place),
        aims=aims,
        watched=Watched("csi300", "csi1000", "micro"),
    )


def fitted(wide=1.0, rows=None):
    """A stand-in for a fit: the moments, a filter written down, residuals `wide` times as wide."""

    def fit(factors, *, starts, seed, with_errors=False, **_):
        count = factors.shape[1]
        found = Fit(
            mean=factors.mean(axis=0),
            variance=factors.var(axis=0),
            kappa=np.zeros(count),
            value=np.tile([0.0, 0.1, 0.4, 0.2, 0.1, 0.0, 1.0, 0.1], (count, 1)),
            error=np.full((count, 8), np.nan),
            log_likelihood=0.0,
            days=np.full(count, len(factors)),
        )
        law, _ = regimes(count)
        law = replace(law, covariance=wide**2 * law.covariance, mean=np.zeros((2, count)))
        run: Filtered = filtered(found, factors)
        table = None if rows is None else rows(law, run.residual)
        return Law(fit=found, filtered=run, residuals=law, limit=None, long_run=found.variance, rows=table)

    return fit


@pytest.fixture(scope="module")
def scores():
    market = small()
    with jax.enable_x64(True):
        yield [
            score.scored(market, [290], 10, fitted(wide, rows), starts=1)
            for wide, rows in ((1.0, None), (2.5, None), (1.0, laws.as_regimes))
        ]


def test_a_law_that_is_far_too_wide_scores_and_predicts_worse(scores):
    right, wide, _ = scores
    assert right.one.shape == (130, 3)
    assert right.ten.shape == (13, 3)
    assert score.criterion(wide) > score.criterion(right) + 0.2
    assert score.behind(wide, right).mean > 0.2
    assert score.likelier(wide, right).mean < -0.2
    assert (wide.rate <= right.rate).all()


def test_the_law_drawn_as_rows_forecasts_as_the_law_does(scores):
    right, _, rows = scores
    np.testing.assert_allclose(rows.one.mean(axis=0), right.one.mean(axis=0), atol=0.04)
    np.testing.assert_allclose(rows.ten.mean(axis=0), right.ten.mean(axis=0), atol=0.15)
    assert np.isnan(rows.height).all()
    assert np.isnan(score.likelier(rows, right).low)


def test_what_later_days_hold_is_not_looked_at_before():
    market = small()
    early = market.until(str(market.when[199].date()))
    assert len(early.returns) == len(early.when) == 200
    assert early.row(str(market.when[150].date())) == 150


def test_what_is_kept_is_not_made_again(tmp_path, scores):
    kept = Kept(tmp_path, "abc")
    kept.scores("one / two", lambda: scores[0])
    again = kept.scores("one / two", lambda: pytest.fail("made again"))
    np.testing.assert_array_equal(again.one, scores[0].one)
    assert again.targets == 1
    kept.figures("x", lambda: {"outside": 3})
    assert kept.figures("x", lambda: pytest.fail("made again")) == {"outside": 3}
    assert Kept(tmp_path, "other").figures("x", lambda: {"outside": 4}) == {"outside": 4}


def test_the_page_says_what_the_tables_say(scores):
    names = (NOW, TRIED[0], TRIED[-4])
    figures = {"statistics": 100, "outside": 5, "leverage_outside": 2, "nu": 8.0, "z_5": 2.0, "z_7": 0.2}
    figures |= {"falls_to_a_rise": 4.0, "volatility": 13.0}
    rows = choose.table(dict(zip(names, scores, strict=True)), dict.fromkeys(names, figures))
    market = small(600)
    tables = {
        "table": rows,
        "judged": later.cells({"today": scores[0], "other": scores[1]}),
        "targets": later.targets({"today": figures, "other": figures | {"volatility": 15.0}}),
        "frontier": past.frontier(rows, market),
    }
    facts = {"chosen": names[1].name, "histories": 100, "command": "python -m experiments.constants"}
    text = page(tables, facts)
    assert f"**{names[1].name}**" in text
    assert "it is worse later" in text or "cannot be told apart" in text
    assert "13 **missed** | 15 |" in text
    assert frontier(tables["frontier"]).count("| data |") == 1
    assert tables["targets"].set_index("figure").today["z_5"] == 2.0
