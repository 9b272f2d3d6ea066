"""The engine against its slow twin, for any chunk, traced once, and in the limits."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from tailrisk.core import random
from tailrisk.simulate import blocks, path
from tests import plain
from tests.worlds import world

U32 = jnp.uint32
outcome = jax.jit(path.outcome)
PATHS = 24
"""Where the number of paths does not matter: one program a world."""


RAGGED = 7 if jax.__version_info__ < (0, 12) else 14
"""A chunk that ends within a vector. Newer XLA rounds otherwise up to 8 paths; a run has 64 or more."""


def numbers(n, start=0):
    return jnp.arange(start, start + n, dtype=U32)


VARIANTS = {
    "everything": {},
    "gaussian": {"nu": None},
    "no styles": {"with_styles": False},
    "ruinous leverage": {"leverage": 40.0, "days": 25},
    "one detector": {"detectors": world().detectors[:1]},
    "no detector": {"detectors": ()},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_engine_matches_the_slow_twin_path_by_path(variant):
    it = world(**VARIANTS[variant])
    fast = outcome(it, numbers(PATHS))
    for n in range(PATHS):
        loss, z, breached, shortfall = plain.outcome(it, n)
        np.testing.assert_allclose(fast.loss[..., n], loss, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(fast.z[..., n], z.reshape(fast.z.shape[:2]), rtol=1e-7, atol=1e-9)
        assert (np.asarray(fast.breached[:, n]) == breached).all()
        np.testing.assert_allclose(fast.shortfall[:, n], shortfall, rtol=1e-9, atol=1e-12)
    if variant == "ruinous leverage":
        assert (np.asarray(fast.shortfall[1]) > 0).any(), "no path was wiped out: the case tests nothing"


def test_arithmetic_excess_matches_the_twin():
    it = replace(world(), arithmetic_excess=True)
    fast = outcome(it, numbers(PATHS))
    for n in range(4):
        np.testing.assert_allclose(fast.loss[..., n], plain.outcome(it, n)[0], rtol=1e-9, atol=1e-12)


def test_history_fills_the_window_in_place_of_simulated_days():
    base = world()
    history = np.random.default_rng(3).normal(size=(base.warmup, 2)) * 0.01
    it = world(history=history)
    fast = outcome(it, numbers(PATHS))
    for n in range(5):
        np.testing.assert_allclose(fast.z[..., n], plain.outcome(it, n)[1], rtol=1e-7)
    assert (np.asarray(fast.loss) == np.asarray(outcome(base, numbers(PATHS)).loss)).all()


@pytest.mark.parametrize(
    ("dtype", "chunk"),
    [("float32", RAGGED), ("float32", 168), ("float64", 24)],
    ids=["ragged", "even", "double"],
)
def test_bits_are_the_same_for_any_chunk(dtype, chunk, as_shipped):
    it, outcome = world(dtype, days=8), as_shipped(path.outcome)

    def run(chunk):
        parts = [jax.device_get(outcome(it, numbers(chunk, start))) for start in range(0, 840, chunk)]
        fields = zip(*map(jax.tree.leaves, parts), strict=True)
        return [np.concatenate(field, axis=-1) for field in fields]

    for a, b in zip(run(840), run(chunk), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("chunk", [2048, 8192])
def test_blocks_are_cut_at_the_last_path_and_do_not_depend_on_the_chunk(chunk, as_shipped):
    it, paths = world("float32", days=3, detectors=()), blocks.BLOCK + 5
    found = sorted(blocks.blocks(it, paths, chunk=chunk), key=lambda pair: pair[0])
    assert [first for first, _ in found] == [0, blocks.BLOCK]
    loss = np.concatenate([out.loss for _, out in found], axis=-1)
    assert loss.shape[-1] == paths
    [(_, alone)] = blocks.blocks(it, 10, chunk=2048)
    assert loss[..., :10].tobytes() == alone.loss.tobytes()
    np.testing.assert_allclose(
        loss[..., 8000:8010], outcome(it, numbers(10, 8000)).loss, rtol=1e-5, atol=1e-6
    )


def test_wide_chunks_of_an_accelerator_give_the_same_bits(monkeypatch, as_shipped):
    it = world("float32", days=3, detectors=())
    monkeypatch.setattr(blocks, "WIDE", 2)
    threaded = dict(blocks.blocks(it, 2 * blocks.BLOCK + 7, chunk=2048))
    wide = dict(blocks._wide(blocks.plain, it, 2 * blocks.BLOCK + 7))
    assert sorted(wide) == [0, 2 * blocks.BLOCK]
    joined = np.concatenate([threaded[0].loss, threaded[blocks.BLOCK].loss], axis=-1)
    assert wide[0].loss.tobytes() == joined.tobytes()
    assert wide[2 * blocks.BLOCK].loss.tobytes() == threaded[2 * blocks.BLOCK].loss.tobytes()


def test_a_chunk_that_does_not_fit_is_halved(monkeypatch):
    it, tried = world("float32", days=2, detectors=()), []
    monkeypatch.setattr(blocks, "WIDE", 4)
    whole = blocks._block

    def fussy(program, world, first, law, *, chunk, calls):
        tried.append(chunk // blocks.BLOCK)
        if tried[-1] > 1:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory")
        return whole(program, world, first, law, chunk=chunk, calls=calls)

    monkeypatch.setattr(blocks, "_block", fussy)
    assert (
        sum(out.fault.shape[0] for _, out in blocks._wide(blocks.plain, it, 3 * blocks.BLOCK))
        == 3 * blocks.BLOCK
    )
    assert tried == [3, 2, 1, 1, 1]


def test_new_seeds_and_parameters_do_not_trace_again():
    traces = 0

    def counted(world, path_numbers):
        nonlocal traces
        traces += 1
        return path.outcome(world, path_numbers)

    compiled = jax.jit(counted)
    for seed, nu in ((1, 5.0), (2, 7.0), (3, 4.0)):
        compiled(world(seed=seed, nu=nu, days=2, leverage=nu), numbers(4))
    assert traces == 1


def test_streams_are_independent_of_each_other():
    """Switching the styles off leaves prices, regimes and every other draw as they were."""
    with_styles, without = (
        outcome(world(), numbers(PATHS)),
        outcome(world(with_styles=False), numbers(PATHS)),
    )
    unaffected = [0, 1, 3]
    assert (
        np.asarray(with_styles.loss)[:, :, unaffected] == np.asarray(without.loss)[:, :, unaffected]
    ).all()
    assert (np.asarray(with_styles.loss)[:, :, 2] != np.asarray(without.loss)[:, :, 2]).any()


def test_courses_show_the_same_paths_as_outcomes():
    it = world("float64", days=5, detectors=())
    shown = blocks.courses(it, 6)
    nav_0 = np.exp(np.asarray(shown.price)[-1, 1])  # benchmark of product 0
    loss = np.asarray(outcome(it, numbers(6)).loss)
    growth = np.exp(np.asarray(shown.price))
    rebuilt = [plain.one_product(it, 0, growth[:, :, n], None, None)[0][-1] for n in range(6)]
    np.testing.assert_allclose(1 - loss[0, 0, 0], rebuilt, rtol=1e-9)
    np.testing.assert_allclose(1 - loss[1, 0, 0], rebuilt / nav_0, rtol=1e-9)


@pytest.mark.parametrize("days", [1, 7, 64, 127, 130])
def test_days_in_segments_are_the_same_days(days):
    """Any number of days, prime or not, draws and lives each day once, in order."""
    it = world("float64", days=1, detectors=(), with_styles=False)

    def one_day(total, shocks):
        return total * 0.5 + shocks.regime, shocks.regime

    def draw(numbered):
        return path.market_shocks(it, numbers(3), numbered)

    @jax.jit
    def both():
        numbered = jnp.arange(1, days + 1, dtype=U32)
        return path.over_days(one_day, jnp.zeros(3), days, draw), draw(numbered).regime

    (total, seen), want = jax.device_get(both())
    assert (seen == want).all()
    np.testing.assert_allclose(total, sum(0.5 ** (days - 1 - t) * want[t] for t in range(days)))


@pytest.mark.parametrize(
    ("days", "length"), [(60, 60), (64, 64), (250, 50), (254, 64), (2420, 55), (1, 1), (127, 64)]
)
def test_a_segment_divides_the_days_where_it_can(days, length):
    assert path.segment_length(days) == length


def test_the_bare_kernel_ends_where_the_full_one_does():
    it = world("float64", days=5, detectors=())
    bare = np.asarray(path.prices(it, numbers(6)))
    np.testing.assert_allclose(bare, np.asarray(blocks.courses(it, 6).price)[-1], rtol=1e-12)


def test_a_path_that_is_not_finite_is_flagged():
    it = world(days=2)
    ladder = replace(it.process.ladder, affine=it.process.ladder.affine * jnp.nan)
    broken = replace(it, process=replace(it.process, ladder=ladder))
    assert np.asarray(outcome(broken, numbers(3)).fault).all()
    assert not np.asarray(outcome(it, numbers(3)).fault).any()


def test_one_gaussian_regime_is_a_random_walk_with_the_right_law():
    it = world(nu=None, days=20, detectors=(), with_styles=False)
    law = it.process
    ladder = replace(law.ladder, affine=law.ladder.affine[:1])
    chain = replace(law.regimes, cumulative=jnp.ones((1, 1)), start=jnp.ones(1))
    one = replace(it, process=replace(law, ladder=ladder, regimes=chain, long_run=jnp.ones(1)))
    price = np.asarray(blocks.courses(one, 8000).price)[-1]  # [bucket, path]
    mean, loading = (
        np.asarray(one.process.ladder.affine)[0, :, 0],
        np.asarray(one.process.ladder.affine)[0, :, 1:],
    )
    for b in range(5):
        law = stats.norm(20 * mean[b], np.sqrt(20) * np.linalg.norm(loading[b]))
        assert stats.kstest(price[b], law.cdf).pvalue > 1e-3


def test_t_shocks_have_the_covariance_of_the_regime():
    """The loading carries the t scale: covariance of the shocks is loading loading' nu / (nu - 2)."""
    nu, n = 8.0, 200_000
    stream = random.stream(9, "ladder")
    unit = random.unit_pairs(
        stream, numbers(n), jnp.asarray([1], U32), 3, jnp.asarray(1 / nu), jnp.dtype("float64")
    )
    z = np.stack([np.asarray(x) for x in random.student(unit[0], jnp.asarray(1 / nu))])
    variance, error = z.var(axis=1), np.sqrt(((z**2).var(axis=1)) / n)
    assert (error < 0.02).all()
    assert (np.abs(variance - nu / (nu - 2)) < 5 * error).all()
