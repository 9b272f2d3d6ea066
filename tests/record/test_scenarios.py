"""The tail's own paths, lived again: closed forms with one regime, medoids, and components that sum to ES."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.record import collect, scenarios
from tailrisk.simulate.blocks import courses

PATHS, DAYS, LEVEL = 16_000, 12, 0.95


@pytest.fixture(scope="module")
def run():
    """One regime, Gaussian: log prices are random walks."""
    said = [
        "market.process=regimes",
        f"run.paths={PATHS}",
        f"run.days={DAYS}",
        "run.precision=float64",
        "market.states=1",
        "event=[]",
    ]
    config = load("feb2024.toml", [*said, "tail.levels=[0.95]", 'tail.losses=["terminal"]'])
    world = assemble(config)
    kept = collect.sample(config, world, progress=False)
    return config, world, kept


def product(config, name):
    return list(config.products).index(name)


def test_paths_lived_again_are_the_paths_of_the_tail(run):
    config, world, kept = run
    for name in ("dma", "neutral", "cta"):
        p = product(config, name)
        worst = kept.losses(0, 0, p)
        numbers, paths = scenarios.chosen(worst, LEVEL)
        assert paths == PATHS
        course = courses(world, PATHS, numbers)
        loss = 1 - course.nav[-1, p]
        np.testing.assert_allclose(loss, worst.loss[: len(numbers)], atol=1e-7)


def test_the_mean_path_of_the_tail_is_the_gaussian_bridge(run):
    """E[S_t | S_T <= q] = mu t + (t / T) (E[S_T | S_T <= q] - mu T) for the walk, and beta times that beside.

    The product is long CSI 2000 alone, so its tail is the tail of S_T; the loss is monotone in it.
    """
    config, world, kept = run
    p = product(config, "micro_passive")
    numbers, _ = scenarios.chosen(kept.losses(0, 0, p), LEVEL)
    tail = round((1 - LEVEL) * PATHS)
    course = courses(world, PATHS, numbers[:tail])
    step = np.asarray(world.process.ladder.affine[0])  # [bucket, 1 + factor]
    drift, root = step[:, 0], step[:, 1:]
    covariance = root @ root.T
    watched = 3
    sd = np.sqrt(covariance[watched, watched] * DAYS)
    beyond = -sd * norm.pdf(norm.ppf(1 - LEVEL)) / (1 - LEVEL)  # E[S_T - mu T | tail]
    beta = covariance[:, watched] / covariance[watched, watched]
    for day in (1, 6, 12):
        for bucket in range(5):
            values = course.price[day - 1, bucket]
            error = values.std() / np.sqrt(tail)
            truth = drift[bucket] * day + beta[bucket] * beyond * day / DAYS
            assert abs(values.mean() - truth) < 4 * error
            assert day < 12 or error < 0.05 * abs(beyond)


def test_fans_are_quantiles_of_the_tail_and_the_medoid_is_one_of_its_paths(run):
    config, world, kept = run
    found = scenarios.scenarios(config, world, kept)
    p = product(config, "ie500")
    numbers, _ = scenarios.chosen(kept.losses(0, 0, p), LEVEL)
    course = courses(world, PATHS, numbers[: round((1 - LEVEL) * PATHS)])
    growth = np.expm1(course.price)
    np.testing.assert_allclose(found.fan[p, :, 1:], np.quantile(growth, scenarios.LEVELS, axis=-1), atol=1e-9)
    np.testing.assert_allclose(
        found.nav[p, :, 1:], np.quantile(course.nav[:, p], scenarios.LEVELS, axis=-1), atol=1e-9
    )
    assert (found.fan[:, :, 0] == 0).all()
    assert (found.nav[:, :, 0] == 1).all()
    place = list(numbers).index(found.medoid_path[p])
    np.testing.assert_allclose(found.medoid[p, 1:], growth[..., place], atol=1e-9)


def test_the_medoid_is_nearest_to_the_mean_over_each_days_deviation():
    rng = np.random.default_rng(2)
    price = rng.normal(size=(4, 2, 9)) * np.array([1.0, 100.0])[None, :, None]
    price[..., 6] = np.delete(price, 6, axis=-1).mean(axis=-1)
    assert scenarios.medoid(price) == 6
    price[0, 1, 6] += 500
    assert scenarios.medoid(price) != 6


def test_components_sum_to_the_shortfall_and_are_what_the_book_says(run):
    config, world, kept = run
    table = scenarios.scenarios(config, world, kept).components
    for p, name in enumerate(config.products):
        rows = table[table["product"] == name].set_index("part")
        es = kept.losses(0, 0, p).expected_shortfall(LEVEL)
        assert rows.component.sum() == pytest.approx(es, abs=1e-6)
        assert (rows.component_low <= rows.component).all()
        assert (rows.component <= rows.component_high).all()
    dma = table[table["product"] == "dma"].set_index("part")
    assert dma.component["hedge"] * dma.component["stocks csi1000"] < 0, "the hedge works against the stocks"
    assert "basis" not in dma.index
    cta = table[table["product"] == "cta"].set_index("part")
    assert list(cta.index) == ["rest"]


def test_intervals_of_components_are_those_of_the_whole_sample(run):
    from tailrisk.tail import component_shortfall

    config, world, kept = run
    p = product(config, "dma")
    numbers, paths = scenarios.chosen(kept.losses(0, 0, p), LEVEL)
    lived, course = scenarios.live(world, PATHS, np.arange(PATHS, dtype=np.uint32))
    split = np.stack(list(scenarios.parts(world, p, course).values()))
    full = component_shortfall(split, level=LEVEL)
    order = np.searchsorted(lived, numbers)
    part = component_shortfall(split[:, order], level=LEVEL, paths=paths)
    for name in ("estimate", "low", "high"):
        np.testing.assert_allclose(
            getattr(part, name), getattr(full, name), rtol=1e-7, atol=1e-12, err_msg=name
        )


def test_of_too_many_every_kth_by_rank_is_taken(run, monkeypatch):
    worst = run[2].losses(0, 0, 0)
    all_of_them, _ = scenarios.chosen(worst, LEVEL)
    monkeypatch.setattr(scenarios, "MOST", 300)
    some, paths = scenarios.chosen(worst, LEVEL)
    np.testing.assert_array_equal(some, all_of_them[::3])
    assert paths == PATHS // 3
    assert len(some) <= 300


def test_too_few_tail_paths_make_no_fan(run):
    _, world, kept = run
    few = load("feb2024.toml", ["run.paths=400", "tail.levels=[0.95]", "event=[]"])
    assert scenarios.scenarios(few, world, kept) is None


def test_a_style_is_a_part_of_its_own_and_adds_up_to_what_it_earned(run):
    """One day, no alpha: a style's part is exposure times its return on the book of the day before."""
    said = ["tail.levels=[0.9]", "run.paths=64", "run.days=1", "run.precision=float64", "event=[]"]
    book = 'products.own={family="index_enhanced", label="Own", benchmark="csi500", alpha_annual=0.0, '
    book += "weights={csi500=0.6, csi1000=0.4}, style_exposure={size=-0.5, momentum=0.25}}"
    config = load("feb2024.toml", [*said, book])
    world, p = assemble(config), product(config, "own")
    course = courses(world, 64)
    split = scenarios.parts(world, p, course, config.styles_in_use)
    returned = np.asarray(course.style[0])  # in the order of names
    np.testing.assert_allclose(split["style momentum"], -0.25 * returned[0], atol=1e-12)
    np.testing.assert_allclose(split["style size"], 0.5 * returned[1], atol=1e-12)
    flat = load("feb2024.toml", [*said, book.replace("size=-0.5, momentum=0.25", "size=0.0")])
    bare = scenarios.parts(assemble(flat), p, courses(assemble(flat), 64))
    np.testing.assert_allclose(split["rest"], bare["rest"], atol=1e-12)


def test_what_the_crowd_moved_is_a_part_and_without_its_trades_nothing():
    said = [
        "tail.levels=[0.9]",
        "run.paths=32",
        "run.days=15",
        "run.precision=float64",
        "event=[]",
        "run.seed=3",
    ]
    config = load("crowd_feb2024.toml", [*said, "accounts.every_path=false"])
    world, p = assemble(config), product(config, "dma")
    course = courses(world, 32)
    split = scenarios.parts(world, p, course)
    growth = np.exp(np.asarray(course.price[-1]))
    long, short = np.asarray(world.products.long[p]), np.asarray(world.products.short[p])
    stocks = sum(x for name, x in split.items() if name.startswith("stocks"))
    hedged = stocks + split["hedge"] + split["crowd"]
    np.testing.assert_allclose(hedged, -long @ (growth - 1) + short @ (growth[:3] - 1), atol=1e-12)
    assert np.abs(split["crowd"]).max() > 1e-3
    alone = courses(replace(world, crowd=None, process=world.crowd.process), 32)
    np.testing.assert_allclose(course.outside, alone.price[-1], atol=1e-12)
