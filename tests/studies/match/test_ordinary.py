"""Ordinary weather in the search: what a miss counts, the years all live, both costs together."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.core import InputError
from tailrisk.studies.match import ordinary as module
from tailrisk.studies.match.ordinary import Years, miss, ordinary
from tailrisk.studies.match.run import match
from tailrisk.studies.match.search import Budget, Searched, Surrogate, known_best, refine, sample
from tailrisk.studies.weather.config import Targets, read_targets
from tailrisk.studies.weather.measure import statistics
from tailrisk.studies.weather.simulated import courses, drawn, watched, weather
from tailrisk.studies.weather.table import books
from tests.crowds import config

from .priors import NAMES, PRIOR

SHORT = 44
QUIET, AFRAID = (
    np.zeros(len(NAMES)),
    PRIOR.coordinates({"panic.calm": 0.9, "panic.micro": 3.0, "panic.csi2000": 3.0}),
)


def nothing(done, what):
    """No progress."""


@pytest.fixture(scope="module")
def targets():
    table = {
        "rout_15": {"label": "routs", "low": 0.2, "high": 1.6},
        "siphon_q99": {"label": "siphon", "low": 7.0, "high": 25.0},
        "watched_z5": {"label": "z", "low": 1.5, "high": 6.0},
    }
    return Targets(books=("ie500",), target=table)


@pytest.fixture(scope="module")
def crowd():
    return config("market.start=stationary")


@pytest.fixture(scope="module", autouse=True)
def short():
    """Paths of two months."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DAYS", SHORT)
        with jax.enable_x64(True):
            yield


@pytest.fixture(scope="module")
def few(crowd, targets):
    return ordinary(crowd, targets, 128, 1.0)


@pytest.mark.parametrize(
    ("value", "counts"), [(2.0, 0), (3.0, 4), (1.0, 4), (4.5, 25), (7.0, 59.65736), (float("nan"), 4)]
)
def test_a_miss_is_in_quarters_of_what_is_accepted(value, counts):
    assert miss(value, 1.0, 3.0) == pytest.approx(counts)


def test_the_years_are_those_that_validation_lives(few, crowd, targets):
    """The crowd at the files' own figures, on the paths `validate` begins with."""
    world = assemble(module._of_years(crowd))
    plain = statistics(
        weather([courses(world.crowd, each, watched(world)) for each in drawn(world, 128)]),
        books(crowd, targets),
    )
    here = dict.fromkeys(NAMES, 1.0)
    files = world.crowd
    here |= {
        "impact.persistence": float(files.impact.persistence),
        "impact.fast": float(files.impact.share[0]),
        "impact.slow": float(files.impact.share[1] / (1 - files.impact.share[0])),
        "impact.slow_decay": float(1 - (1 - files.impact.decay[1]) ** files.rounds),
        "limits.carried": float(files.limits.carried),
        "panic.calm": float(files.panic.calm),
        "panic.build": float(files.panic.build),
        "panic.relief": float(files.panic.relief),
        "followers.memory": float(files.followers.memory),
        "followers.memory_of_rout": max(float(files.followers.memory_of_rout), 1e-12),
        "basis.discount_pull": float(1 - (1 - files.basis.discount_pull) ** files.rounds),
        "basis.premium_pull": float(1 - (1 - files.basis.premium_pull) ** files.rounds),
        "impact.least": max(float(files.impact.least), 1e-12),  # a share of nothing has no logit
        "record.refused": 0.5,
    }
    seen = few.seen(PRIOR.coordinates(here))
    for name in targets.target:
        assert seen[name] == pytest.approx(plain[name], rel=1e-3, abs=1e-3), name


def test_a_crowd_that_makes_crises_of_ordinary_years_costs_more(few):
    quiet, afraid = few.cost(np.stack([QUIET, AFRAID]))
    assert afraid > quiet + 10
    assert few.seen(AFRAID)["rout_15"] > few.seen(QUIET)["rout_15"]


def test_weight_zero_asks_nothing_of_ordinary_years(few):
    assert replace(few, weight=0.0).cost(AFRAID[None]) == 0


def test_few_years_say_of_the_first_crowd_what_many_say(crowd, targets, few):
    shifted = ordinary(crowd, targets, 128, 1.0, like=QUIET)
    many = ordinary(crowd, targets, 128 * module.MANY, 1.0)
    for name in targets.target:
        assert shifted.seen(QUIET)[name] == pytest.approx(many.seen(QUIET)[name], abs=1e-9)
    assert any(few.seen(QUIET)[name] != shifted.seen(QUIET)[name] for name in targets.target)


def test_members_are_judged_on_years_no_search_has_seen(crowd, targets, few):
    judged = Years(targets, 128, judging=128).judged(crowd, np.stack([QUIET, AFRAID]), nothing)
    assert list(judged.table["statistic"]) == list(targets.target)
    assert judged.cost[1] > judged.cost[0]
    assert judged.table["simulated"].iloc[1] != pytest.approx(few.seen(QUIET)["siphon_q99"], rel=1e-6)


def test_a_spread_that_no_event_watches_is_no_target(targets):
    other = config(
        "market.start=stationary", 'event=[{name="m", pair=["micro", "csi300"], window=20, threshold=-7.0}]'
    )
    assert set(ordinary(other, targets, 128, 1.0)._wanted({"rout_15": 0.0, "siphon_q99": 0.0})) == {
        "rout_15",
        "siphon_q99",
    }


@pytest.mark.parametrize("years", [1, 100, 129])
def test_years_come_in_chunks(years):
    with pytest.raises(InputError, match="a multiple of 128"):
        Years(read_targets(), years)


def cheap(z):
    return ((z - 1) ** 2).sum(axis=1) / 0.25


def dear(z):
    return (z**2).sum(axis=1) / 0.25


BUDGET = Budget(population=16, walkers=24, steps=6000, members=400, careful=60, few=12, moves=10)


def test_the_sample_has_the_moments_of_both_costs_together():
    found = Searched(points=np.ones((1, 3)), costs=np.zeros(1))
    drawn = sample(cheap, found, BUDGET, 2, nothing, dear)
    independent = BUDGET.walkers * BUDGET.steps / 2 / drawn.autocorrelation
    spread = np.sqrt(0.125)
    error = spread / np.sqrt(min(independent, BUDGET.members))
    assert error < 0.05
    np.testing.assert_allclose(drawn.draws.mean(axis=0), 0.5, atol=4 * error)
    np.testing.assert_allclose(drawn.draws.std(axis=0), spread, atol=4 * error)


def test_a_set_that_is_kept_is_sampled_around_on_both_costs():
    point = np.full(3, 0.4)
    found = known_best(cheap, dear, point, replace(BUDGET, shaping=400), 2, nothing)
    np.testing.assert_array_equal(found.points, [point])
    assert found.costs[0] == pytest.approx(cheap(point[None])[0] + dear(point[None])[0])
    np.testing.assert_allclose(found.shape, 0.25 * np.eye(3), atol=0.06)  # of the cheap posterior
    drawn = sample(cheap, found, BUDGET, 2, nothing, dear)
    np.testing.assert_allclose(drawn.draws.mean(axis=0), 0.5, atol=0.1)


@pytest.mark.parametrize("given", [{"begin": np.zeros((1, 3))}, {"years": Years(read_targets())}])
def test_a_set_to_be_kept_needs_a_start_and_years(given):
    with pytest.raises(InputError, match="a set to keep, and ordinary years"):
        match(None, None, None, BUDGET, seed=1, command="", tell=nothing, keep=True, **given)


def test_the_dear_cost_is_asked_once_a_chain_of_moves():
    asked = []

    def counted(z):
        asked.append(len(z))
        return dear(z)

    found = Searched(points=np.ones((1, 3)), costs=np.zeros(1))
    sample(cheap, found, replace(BUDGET, steps=100), 2, nothing, counted)
    assert sum(asked) == 24 * (1 + 100 // BUDGET.moves)


def test_a_chain_too_short_for_an_autocorrelation_says_so():
    found = Searched(points=np.ones((1, 3)), costs=np.zeros(1))
    assert sample(cheap, found, replace(BUDGET, steps=100), 2, nothing, dear).effective == 0
    assert sample(cheap, found, BUDGET, 2, nothing, dear).autocorrelation < 200


def test_a_proposal_carries_the_cheap_costs_change():
    random = np.random.RandomState(0)
    at, others = random.randn(12, 3), random.randn(12, 3)
    move = Surrogate(cheap, 5)
    move.setup(at)
    end, factor = move.get_proposal(at, [others], random)
    assert (end != at).any()
    np.testing.assert_allclose(factor, 0.5 * (cheap(end) - cheap(at)), rtol=1e-12)


def test_the_search_ends_at_the_least_of_the_sum_and_spares_the_hopeless():
    asked = []

    def watched_dear(z):
        asked.append(cheap(z))
        return dear(z)

    start = Searched(points=np.ones((1, 3)), costs=np.zeros(1))
    found = refine(cheap, watched_dear, start, BUDGET, 1, nothing, begin=np.full((1, 3), 40.0))
    np.testing.assert_allclose(found.points[0], 0.5, atol=0.02)
    np.testing.assert_allclose(found.costs[0], 6.0, atol=0.01)
    np.testing.assert_allclose(found.shape, 0.25 * np.eye(3), atol=0.08)
    assert (np.diff(found.costs) >= 0).all()
    assert max(costs.max() for costs in asked[2:] if costs.size) < 12 + 100


def test_a_search_never_ends_worse_than_it_began():
    start = Searched(points=np.full((1, 3), 0.5), costs=np.zeros(1))
    found = refine(cheap, dear, start, replace(BUDGET, careful=1, steps=60), 1, nothing)
    assert found.costs[0] == pytest.approx(6.0)


def test_more_parameters_than_half_the_walkers_have_more_walkers():
    few = Budget(walkers=4, steps=60, members=8, moves=2)
    drawn = sample(cheap, Searched(points=np.ones((1, 9)), costs=np.zeros(1)), few, 3, nothing, dear)
    assert drawn.posterior.shape == (15 * 18, 9)
