"""From paths to scenarios: the simulator's own prices, and losses that no stocks x paths array gave."""

from dataclasses import replace
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tailrisk.assemble.world import assemble
from tailrisk.config.load import load
from tailrisk.core import InputError
from tailrisk.optimise.paths import Horizon, of_universe, simulate
from tailrisk.simulate.path import prices
from tailrisk.tail import expected_shortfall
from tailrisk.universe import Universe
from tests.worlds import world

STYLES = ("beta", "momentum", "size")
PATHS = 300


def universe() -> Universe:
    """Ten stocks, two in each bucket, with three styles."""
    rng = np.random.default_rng(4)
    bucket = np.repeat(np.arange(5, dtype=np.int8), 2)
    ladder = (np.arange(5) <= bucket[:, None]).astype(float)
    style = rng.normal(size=(10, 3))
    style -= np.repeat(style.reshape(5, 2, 3).mean(axis=1), 2, axis=0)
    return Universe(
        label="ten", date="2023-12-29", ids=tuple("abcdefghij"), styles=("size", "beta", "value"),
        cap=np.ones(10), bucket=bucket, benchmark=0.5 * np.eye(5)[bucket], style=style,
        loading=np.hstack([ladder, style]), specific_sd=np.full(10, 0.02), adv=np.ones(10),
        alpha=np.zeros(10),
    )  # fmt: skip


@lru_cache(1)
def horizon() -> Horizon:
    return simulate(world(days=6), PATHS, STYLES, chunk=128)


def test_buckets_are_the_simulators_prices_and_chunks_do_not_matter() -> None:
    found = horizon()
    price = prices(world(days=6), jnp.arange(PATHS, dtype=jnp.uint32))
    assert_allclose(found.bucket, np.expm1(np.asarray(price)), rtol=1e-12)
    assert_allclose(found.future, found.bucket[:3])
    other = simulate(world(days=6), PATHS, STYLES, chunk=64)
    np.testing.assert_array_equal(found.style, other.style)
    assert found.style.std() > 1e-3


def test_a_benchmark_earns_its_bucket_and_stocks_their_styles() -> None:
    ten, found = universe(), horizon()
    scenarios = of_universe(ten, found, specific=False)
    for index in range(5):
        assert_allclose(-scenarios.losses(ten.benchmark[:, index]), found.bucket[index], atol=1e-12)
    one = -scenarios.losses(np.eye(10)[7]) - found.bucket[3]
    by_hand = ten.style[7, 0] * found.style[2] + ten.style[7, 1] * found.style[0]  # value is not simulated
    assert_allclose(one, by_hand, atol=1e-12)


def test_specific_risk_grows_with_the_root_of_the_days_and_futures_have_none() -> None:
    scenarios = of_universe(universe(), horizon(), futures=True)
    assert scenarios.assets == 13
    assert_allclose(scenarios.specific, [0.02 * np.sqrt(6)] * 10 + [0.0] * 3)
    assert_allclose(-scenarios.losses(np.eye(13)[11]), np.tile(horizon().bucket[1], 2), atol=1e-12)


def test_importance_weights_are_honoured() -> None:
    weight = np.random.default_rng(0).random(PATHS)
    weight /= weight.sum()
    weighted = replace(horizon(), weight=weight)
    scenarios = of_universe(universe(), weighted, specific=False)
    loss = scenarios.losses(np.full(10, 0.1))
    found = expected_shortfall(loss, scenarios.weight, level=0.9)
    assert_allclose(found, expected_shortfall(loss, weight, level=0.9), rtol=1e-12)
    assert found != expected_shortfall(loss, level=0.9)
    split = weighted.part(slice(0, 100))
    assert_allclose(split.weight.sum(), 1.0)


def test_names_that_are_not_the_worlds_styles_are_refused() -> None:
    with pytest.raises(InputError, match="2 names"):
        simulate(world(days=2), 8, STYLES[:2])


def test_a_style_free_world_has_none() -> None:
    found = simulate(world(days=2, with_styles=False), 8, ())
    assert found.style.shape == (0, 8)
    assert replace(found, days=3).factors.shape == (5, 8)


def test_styles_are_checked_by_name_not_by_number() -> None:
    two = world(days=2)
    named = replace(two, styles=replace(two.styles, names=STYLES))
    assert simulate(named, 8, list(STYLES)).styles == STYLES
    with pytest.raises(InputError, match=r"styles: 'size' is not in its place\n.*: beta, momentum, size"):
        simulate(named, 8, ("size", "momentum", "beta"))
    with pytest.raises(InputError, match="'value' is not in its place"):
        simulate(named, 8, ("beta", "value", "size"))
    with pytest.raises(InputError, match="'beta' is there twice"):
        simulate(two, 8, ("beta", "beta", "size"))
    with pytest.raises(InputError, match="styles: 'size' is no list"):
        simulate(two, 8, "size")
    for weight in (np.ones(8), np.ones(7) / 7, "even"):
        with pytest.raises(InputError, match=r"^weight"):
            simulate(two, 8, STYLES, weight)
    with pytest.raises(InputError, match="paths: 0"):
        simulate(two, 0, STYLES)


def test_an_assembled_world_knows_its_styles() -> None:
    probe = 'label="probe", family="stock_selection", benchmark="csi300", weights={csi300=1.0}'
    said = f"products.probe={{{probe}, style_exposure={{size=1e-9, beta=1e-9}}}}"
    config = load("feb2024.toml", ['run.precision="float64"', said])
    made = assemble(config)
    assert made.styles is not None
    assert made.styles.names == tuple(config.styles_in_use)
    assert {"size", "beta"} <= set(made.styles.names)
    assert assemble(load("feb2024.toml", ['run.precision="float64"'])).styles is None
