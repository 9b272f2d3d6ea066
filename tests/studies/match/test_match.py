"""Matching: prior and coordinates, exogenous expectation, feedback, search, sampling, identification."""

import tomllib
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.calibrate.conditional import expected
from tailrisk.config import load
from tailrisk.core import InputError
from tailrisk.core.names import home
from tailrisk.simulate.crowd.free import SHARES, moved, parameters
from tailrisk.studies.match.identify import identify
from tailrisk.studies.match.moments import radius
from tailrisk.studies.match.prior import prior, prior_of
from tailrisk.studies.match.search import Budget, Searched, sample, search
from tests.crowds import config, crowded, edit
from tests.markets import CONFIGS

from .priors import NAMES, PRIOR

BUCKETS = {"csi300": "giants", "csi500": "big", "csi1000": "mid", "csi2000": "small", "micro": "dust"}
COHORTS = {"dma": "swaps", "margin_retail": "borrowers"}
"""China's names -> those of a made-up market that is otherwise the same."""


def quiet(done, what):
    """No progress."""


def test_every_parameter_of_the_prior_is_one_that_can_be_moved():
    crowd = {name for name in NAMES if not name.startswith("record.")}
    assert crowd <= set(parameters(crowded().crowd))
    assert {name for name, belief in PRIOR.beliefs if belief.share and name in crowd} == set(SHARES)


def test_the_home_market_has_the_names_that_its_ensemble_has():
    """In that order; medians and widths as in the file."""
    file = tomllib.loads((CONFIGS / "calibrated" / "crowd_2024.toml").read_text(encoding="utf-8"))
    assert list(NAMES) == file["parameters"] == list(file["parameter"])
    for name, belief in PRIOR.beliefs:
        said = file["parameter"][name]
        kind = "share" if belief.share else "factor"
        assert (kind, belief.median, belief.sd) == (said["kind"], said["prior"], said["prior_sd"])


def test_another_market_has_a_prior_of_its_own_names():
    """China's under other names: the same beliefs in the same order, of what that crowd can move."""
    here, cohorts = home(), config().attached.crowd.participants.cohorts
    names = replace(
        here,
        buckets=tuple(BUCKETS[name] for name in here.buckets),
        roles=tuple((role, BUCKETS.get(name, name)) for role, name in here.roles),
    )
    found = prior(names, {COHORTS.get(name, name): one for name, one in cohorts.items()})
    known = {"assets.retail": "assets.borrowers", "assets.dma": "assets.swaps"}
    for name in NAMES:
        own = [f"{name.removesuffix(old)}{new}" for old, new in BUCKETS.items() if name.endswith(old)]
        known.setdefault(name, own[0] if own else name)
    assert found.names == tuple(known[name] for name in NAMES)
    assert [belief for _, belief in found.beliefs] == [belief for _, belief in PRIOR.beliefs]
    there = tuple(COHORTS.get(name, name) for name in crowded().crowd.cohort_names)
    crowd = replace(crowded().crowd, names=names, cohort_names=there)
    assert {name for name in found.names if not name.startswith("record.")} <= set(parameters(crowd))
    some = moved(crowd, {"panic.dust": jnp.asarray(2.0), "assets.swaps": jnp.asarray(3.0)})
    dust, swaps = names.bucket("dust"), there.index("swaps")
    assert some.panic.strength[dust] == 2 * crowd.panic.strength[dust]
    assert some.cohorts.assets[swaps] == 3 * crowd.cohorts.assets[swaps]


def test_a_market_of_three_buckets_has_what_it_has():
    """The smallest plays two roles, nobody is levered, and there is one bucket between."""
    names = replace(
        home(),
        buckets=("big", "mid", "tiny"),
        labels=("Big", "Mid", "Tiny"),
        roles=(("large", "big"), ("micro", "tiny"), ("small", "tiny")),
    )
    found = prior(names, {}).names
    assert found[:3] == ("impact.middle", "impact.tiny", "impact.evaporation")
    assert {"panic.mid", "panic.tiny", "followers.half_tiny"} < set(found)
    assert not {"panic.big", "panic.csi500"} & set(found)
    assert not [name for name in found if name.startswith("assets.")]
    two = replace(names, buckets=("big", "tiny"), labels=("Big", "Tiny"))
    assert "impact.middle" not in prior(two, {}).names
    with pytest.raises(InputError, match=r"roles\.large"):
        prior(replace(names, roles=()), {})


def test_coordinates_and_values_are_inverse_and_shares_stay_inside():
    z = np.random.default_rng(0).normal(size=(5, len(NAMES))) * 3
    table = PRIOR.tabulated(z)
    for row, point in zip(table, z, strict=True):
        np.testing.assert_allclose(PRIOR.coordinates(dict(zip(NAMES, row, strict=True))), point, atol=1e-9)
        one = PRIOR.values(jnp.asarray(point))
        np.testing.assert_allclose([float(one[name]) for name in NAMES], row, rtol=1e-9)
    shares = table[:, [belief.share for _, belief in PRIOR.beliefs]]
    assert ((shares > 0) & (shares < 1)).all()
    np.testing.assert_allclose(
        PRIOR.tabulated(np.zeros((1, len(NAMES))))[0], [b.median for _, b in PRIOR.beliefs]
    )


def test_factors_find_buckets_and_cohorts_by_name():
    crowd = crowded().crowd
    known = parameters(crowd)
    assert {f"assets.{name}" for name in crowd.cohort_names} < set(known)
    assert {f"panic.{name}" for name in crowd.names.buckets} < set(known)
    turned = replace(crowd, cohort_names=crowd.cohort_names[::-1])
    here, there = (
        leaves(moved(x, {"assets.dma": jnp.asarray(2.0)}), "cohorts.assets") for x in (crowd, turned)
    )
    np.testing.assert_allclose(here / leaves(crowd, "cohorts.assets"), [2.0] + [1.0] * 7)
    np.testing.assert_allclose(there / leaves(crowd, "cohorts.assets"), [1.0] * 7 + [2.0])


def test_a_config_without_a_crowd_has_no_prior():
    with pytest.raises(InputError, match="crowd: no"):
        prior_of(load("smoke.toml"))


def test_a_factor_of_a_cohort_that_is_not_there_is_refused():
    crowd = replace(crowded().crowd, cohort_names=tuple("abcdefgh"))
    with pytest.raises(InputError, match=r"crowd\.ensemble: unknown parameter 'assets\.dma'"):
        moved(crowd, {"assets.dma": jnp.asarray(2.0)})


def leaves(crowd, place):
    for step in place.split("."):
        crowd = getattr(crowd, step)
    return np.asarray(crowd)


@pytest.mark.parametrize(
    ("name", "place", "rows"),
    [
        ("impact.middle", "impact.impact", [1, 2]),
        ("panic.micro", "panic.strength", [4]),
        ("followers.half_csi2000", "followers.half", [3]),
        ("assets.dma", "cohorts.assets", [0]),
        ("assets.retail", "cohorts.assets", [7]),
        ("selling.momentum", "cohorts.triggers.momentum", range(8)),
    ],
)
def test_a_factor_multiplies_its_rows_and_leaves_the_rest(name, place, rows):
    crowd = crowded().crowd
    before, after = leaves(crowd, place), leaves(moved(crowd, {name: jnp.asarray(2.0)}), place)
    here = np.isin(np.arange(len(before)), list(rows))
    np.testing.assert_array_equal(after[here], 2 * before[here])
    np.testing.assert_array_equal(after[~here], before[~here])
    assert before[here].any()


def test_an_edge_that_is_off_stays_off():
    off = crowded("crowd.edges.panic=0").crowd
    for name in ("panic.csi500", "panic.csi1000", "panic.csi2000", "panic.micro"):
        off = moved(off, {name: jnp.asarray(3.0)})
    assert not np.asarray(off.panic.strength).any()


def test_shares_of_impact_are_of_what_is_left_and_decay_is_a_days():
    crowd = crowded().crowd
    some = moved(crowd, {"impact.fast": jnp.asarray(0.6), "impact.slow": jnp.asarray(0.25)})
    np.testing.assert_allclose(some.impact.share, [0.6, 0.1], rtol=1e-12)
    again = moved(some, {"impact.fast": jnp.asarray(0.2)})
    np.testing.assert_allclose(again.impact.share, [0.2, 0.2], rtol=1e-12)
    slow = moved(crowd, {"impact.slow_decay": jnp.asarray(0.3)}).impact.decay
    np.testing.assert_allclose(1 - (1 - slow[1]) ** crowd.rounds, 0.3, rtol=1e-12)
    np.testing.assert_array_equal(slow[0], crowd.impact.decay[0])


def test_the_expectation_is_the_regression_on_csi_300():
    mean = np.array([[0.01, 0.02, 0.0, 0.0, 0.0]])
    covariance = np.diag([4.0, 1.0, 1.0, 1.0, 1.0])[None] * 1e-4
    covariance[0, 0, 1] = covariance[0, 1, 0] = 1e-4
    large = np.array([0.01, -0.03])
    seen = np.log1p(expected(mean, covariance, np.zeros(2, int), large))
    np.testing.assert_allclose(seen[:, 0], large, atol=1e-15)
    np.testing.assert_allclose(seen[:, 1], large + 0.02 + 0.25 * (large - 0.01), rtol=1e-12)
    np.testing.assert_allclose(seen[:, 4], seen[:, 1], rtol=1e-12)


@pytest.mark.parametrize(
    ("mood", "full", "least"), [(0, 1, 0), (0.3, 1, 0), (1, 1, 0), (1, 0.06, 0), (1, 1, 0.85)]
)
def test_growth_of_panic_without_reversion_is_a_power(mood, full, least):
    """persistence (1 + k psi / (M D))^M a day, D the depth after a fall of a fifth, or when all have sold."""
    world = edit(crowded(), "impact.share", jnp.zeros_like)
    world = edit(world, "impact.least", lambda x: x * 0 + least)
    crowd = edit(world, "panic.full", lambda x: x * 0 + full).crowd
    fall = min(0.2, float(crowd.panic.threshold) + full)
    thin = max(1 / (1 + float(crowd.impact.evaporation) * (fall - float(crowd.impact.threshold))), least)
    assert thin < 0.95
    gain = float(crowd.impact.impact[3] * crowd.panic.strength[3]) * mood / thin
    growth = float(crowd.impact.persistence) * (1 + gain / crowd.rounds) ** crowd.rounds
    np.testing.assert_allclose(radius(crowd, 3, mood), growth, rtol=1e-9)


def test_what_is_given_back_slows_panic():
    world = crowded()
    firm = edit(world, "impact.share", jnp.zeros_like).crowd
    assert float(radius(world.crowd, 3, 1.0)) < float(radius(firm, 3, 1.0)) - 0.01


def bowl(z):
    """Two valleys, the deeper around 1 with standard deviation a half."""
    deep, shallow = ((z - 1) ** 2).sum(axis=1) / 0.25, 6 + ((z + 2) ** 2).sum(axis=1)
    return np.minimum(deep, shallow)


SMALL = Budget(starts=4, generations=60, population=16, walkers=24, steps=1500, members=400)


def test_the_search_finds_the_deeper_valley_and_says_the_same_again():
    found = search(bowl, 3, SMALL, 1, quiet)
    np.testing.assert_allclose(found.points[0], 1.0, atol=0.02)
    assert (np.diff(found.costs) >= 0).all()
    np.testing.assert_array_equal(search(bowl, 3, SMALL, 1, quiet).points, found.points)


def test_a_known_point_is_searched_from_as_well():
    few = replace(SMALL, starts=1, generations=30)
    near = search(lambda z: bowl(z - 8), 3, few, 1, quiet, begin=np.full((1, 3), 9.1))
    np.testing.assert_allclose(near.points[0], 9.0, atol=0.05)


def test_the_sample_has_the_moments_of_the_posterior():
    found = Searched(points=np.ones((1, 3)), costs=np.zeros(1))
    drawn = sample(lambda z: ((z - 1) ** 2).sum(axis=1) / 0.25, found, SMALL, 2, quiet)
    independent = drawn.effective
    assert independent == pytest.approx(SMALL.walkers * SMALL.steps / 2 / drawn.autocorrelation)
    assert len(drawn.posterior) == SMALL.walkers * SMALL.steps // 2
    error = 0.5 / np.sqrt(min(independent, SMALL.members))
    assert error < 0.1
    np.testing.assert_allclose(drawn.draws.mean(axis=0), 1.0, atol=4 * error)
    np.testing.assert_allclose(drawn.draws.std(axis=0), 0.5, atol=4 * error)
    assert 0.1 < drawn.acceptance < 0.9


def test_what_the_data_see_only_as_a_product_is_said_so():
    """Two parameters whose sum is known to 0.1, one that is known, and the rest at their prior."""
    rng = np.random.default_rng(3)
    draws = rng.normal(size=(4000, len(NAMES)))
    draws[:, 1] = -draws[:, 0] + 0.1 * draws[:, 1]
    draws[:, 2] *= 0.2
    slope = rng.normal(size=(len(NAMES), 7))
    said = identify(draws, np.zeros(len(NAMES)), lambda z: z @ slope, NAMES)
    assert said.verdict(0) == f"with {NAMES[1]}"
    assert said.verdict(1) == f"with {NAMES[0]}"
    assert said.verdict(2) == "identified"
    assert said.verdict(3) == "not identified"
    np.testing.assert_allclose(said.sensitivity, slope, rtol=1e-9)
