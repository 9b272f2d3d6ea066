"""The crowd's day: its slow twin path by path, the limits in which it vanishes, the ledger, convergence."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tailrisk.core.names import FUTURES, MEASURES
from tailrisk.simulate import blocks, day, path
from tailrisk.simulate.crowd import day as crowd_day
from tailrisk.tail import running
from tests import plain, plain_day
from tests.conftest import as_a_run
from tests.crowds import OFF, crowded, edit, fetch, numbers, stormy

TWINS, PATHS = 8, 64


@jax.jit
def live(world, path_numbers):
    """Every day's state [day, ...], and what is kept of the crowd and the products after the last."""

    def one_day(state, shocks):
        state, _ = day.step(world, state, shocks)
        return state, state

    days = jnp.arange(1, world.days + 1, dtype=jnp.uint32)
    start = path.begin(world, path_numbers)
    last, states = lax.scan(one_day, start, path.draw(world, path_numbers, days))
    kept = None if world.crowd is None else crowd_day.outcome(world.crowd, last.crowd)
    return states, kept, jnp.stack([running.losses(last.absolute), running.losses(last.excess)])


outcome = jax.jit(path.outcome)


@pytest.fixture(scope="module")
def storm():
    """The engine, and the twin on the first eight paths."""
    world = stormy()
    fast = fetch(live(world, numbers(PATHS)))
    return world, *fast, [plain_day.run(world, n) for n in range(TWINS)]


def agree(fast, slow, rtol=1e-9, atol=1e-11):
    np.testing.assert_allclose(np.asarray(fast), np.asarray(slow), rtol=rtol, atol=atol)


def test_the_engine_matches_the_slow_twin_path_by_path(storm):
    _, states, kept, _, twins = storm
    crowd = states.crowd
    for n, (days, x) in enumerate(twins):
        agree(crowd.price[:, :, n], [d.price for d in days])
        agree(crowd.future[:, :, n], [d.future for d in days])
        agree(crowd.cohorts.worth[-1, :, n], [fund["worth"] for fund in x.funds])
        agree(crowd.cohorts.holdings[-1, :, :, n], [fund["stock"] for fund in x.funds])
        agree(crowd.cohorts.backlog[-1, :, :, n], [fund["order"] for fund in x.funds])
        agree(crowd.cohorts.futures[-1, :, :, n], [fund["future"] for fund in x.funds])
        agree(crowd.cohorts.notices[-1, :, :, n].T, [fund["notices"] for fund in x.funds])
        agree(crowd.speculators.position[-1, :, n], x.short)
        agree(crowd.speculators.worth[-1, n], x.short_worth)
        agree(crowd.followers.seen[-1, :, n], x.seen)
        agree(crowd.gap[-1, :, n], x.gap)
        agree(np.moveaxis(crowd.impact.transient[-1, :, :, n], 0, 1), x.transient)
        agree(crowd.notes.held[-1, :, n], x.notes.held)
        assert crowd.ladder.age[-1, :, n].tolist() == x.ladder["age"]
        agree(kept.peak_discount[n], x.peak_discount)
        agree(kept.knocked_in[:, n], [x.notes.share(q) for q in range(2)])
        agree(kept.state_spent[n], x.bought, atol=1e-9)
        assert kept.called[:, n].tolist() == [c > 0 for c in x.called]


def test_products_are_hedged_with_the_held_future(storm):
    world, _, _, loss, twins = storm
    for n in (0, TWINS - 1):
        growth, futures = (np.array([getattr(d, k) for d in twins[n][0]]) for k in ("price", "future"))
        own = [plain.multivariate_t(world.streams.own, n, t + 1, 1, None)[0] for t in range(world.days)]
        products = len(np.asarray(world.products.alpha))
        slow = [plain.one_product(world, p, growth, None, own, futures)[0] for p in range(products)]
        agree(loss[0, :, :, n], np.array([plain.losses(navs) for navs in slow]).T)


def test_everything_happens_in_the_storm(storm):
    """Otherwise the twins agree about nothing."""
    world, states, kept, _, twins = storm
    crowd = jax.tree.map(lambda x: x[..., :TWINS], states.crowd)
    kept = jax.tree.map(lambda x: x[..., :TWINS], kept)
    assert kept.called.any()
    assert (kept.knocked_in > 0).any()
    assert (kept.knocked_in < 1).any()
    assert set(kept.stage.tolist()) >= {3}
    assert (kept.state_spent > 0).any()
    assert (np.abs(crowd.gap) > 1e-3).any(), "limits"
    assert (crowd.cohorts.backlog > 1e-3).any()
    assert (crowd.cohorts.notices > 0).any()
    assert (crowd.speculators.worth != 0).any()
    assert (crowd.cohorts.stopped > 0).any()
    assert (crowd.cohorts.futures[:, 2:5, :, :] > 0).any(), "substitution"
    assert any(d.restriction > 0 for days, _ in twins for d in days)
    assert np.asarray(world.crowd.calendar.renewed).any()


SIGNS = {  # one number that turns each wired edge round; the whole engine must notice
    "cohorts sell": ("impact", "impact"),
    "hedges move the basis": ("basis", "flow"),
    "falls move the basis": ("basis", "fall"),
    "gap": ("limits", "carried"),
    "panic": ("panic", "strength"),
    "speculators": ("speculators", "strength"),
    "snowball": ("snowball", "notional"),
    "state": ("state", "pace"),
    "followers": ("followers", "rotation"),
    "depth": ("impact", "evaporation"),
    "given back": ("impact", "share"),
    "carry": ("basis", "carry"),
}


@pytest.mark.parametrize("edge", SIGNS)
def test_every_wired_edge_is_seen_in_prices(storm, edge):
    """A sign turned in one parameter moves prices or futures well beyond the twin's tolerance."""
    world, states, *_ = storm
    turned = fetch(live(edit(world, ".".join(SIGNS[edge]), lambda x: -x), numbers(PATHS)))[0]
    moved = np.abs(turned.crowd.price - states.crowd.price).max()
    assert max(moved, np.abs(turned.crowd.future - states.crowd.future).max()) > 1e-5


def wide(world):
    """Limits out of reach."""
    return edit(world, "limits.limit", lambda x: x * 100)


def test_without_edges_and_limits_prices_are_the_ladders():
    """And with a flat basis the losses too, where no future met its own limit on settlement prices."""
    quiet = wide(crowded(*OFF))
    for field in ("carry", "mean", "noise"):
        quiet = edit(quiet, f"basis.{field}", jnp.zeros_like)
    states, _, loss = fetch(live(quiet, numbers(PATHS)))
    alone, _, without = fetch(live(replace(quiet, crowd=None), numbers(PATHS)))
    agree(states.price, alone.price, rtol=1e-11, atol=1e-13)
    prices = np.concatenate([np.zeros((1, 3, PATHS)), alone.price[:, :3]])
    calm = np.abs(np.diff(prices, axis=0)).max(axis=(0, 1)) < 0.085
    assert calm.sum() > PATHS // 2
    agree(loss[..., calm], without[..., calm])


def test_limits_alone_only_hold_back_what_exceeds_them():
    limited, free = (
        np.exp(fetch(live(world, numbers(PATHS)))[0].price) for world in (crowded(*OFF), wide(crowded(*OFF)))
    )
    daily = np.abs(limited[1:] / limited[:-1] - 1)
    assert daily.max() < 0.2
    assert np.abs(limited - free).max() > 1e-4
    assert np.median(np.abs(limited - free)) < 1e-2


def test_wide_chunks_have_the_same_bits_in_one_or_two(as_shipped):
    """As an accelerator runs them, in float32: no machine function, a thousand paths and more."""
    world, wide = crowded("run.precision=float32"), as_shipped(path.outcome)
    whole = fetch(wide(world, numbers(2000)))
    parts = [fetch(wide(world, numbers(1000, first))) for first in (0, 1000)]
    for one, *two in zip(*map(jax.tree.leaves, (whole, *parts)), strict=True):
        assert one.tobytes() == np.concatenate(two, axis=-1).tobytes()


@pytest.fixture(scope="module")
def whole_run():
    """Two thousand paths as a run simulates them, in float32 and its own chunks; the config's world too."""
    world = crowded("run.precision=float32")
    with pytest.MonkeyPatch.context() as monkeypatch:
        as_a_run(monkeypatch)
        [(_, found)] = blocks.blocks(world, 2000, chunk=2048)
    return world, found


def test_two_thousand_paths_are_finite_and_their_ledgers_close(whole_run):
    """In float32."""
    _, kept = whole_run
    assert kept.loss.shape[-1] == 2000
    assert not kept.fault.any()
    assert kept.loss.dtype == np.float32
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(kept))
    assert kept.crowd.residual.max() < 1e-5


def test_blocks_have_the_same_bits_in_narrow_chunks_and_wider_ones(whole_run, monkeypatch, as_shipped):
    """Through the machine functions of a run, in float32."""
    world, usual = whole_run
    monkeypatch.setattr(blocks, "NARROW", 64)
    begun = []
    [(_, narrow)] = blocks.blocks(world, 256, chunk=2048, begun=begun)
    for a, b in zip(*map(jax.tree.leaves, (narrow, usual)), strict=True):
        assert a.tobytes() == np.ascontiguousarray(b[..., :256]).tobytes()
    programs = blocks._with_course._cache_size()
    picture = blocks.courses(world, 256)
    of_some = blocks.courses(world, 256, np.array([3, 200, 131], np.uint32))
    for one, other in zip(jax.tree.leaves(begun), jax.tree.leaves(picture), strict=True):
        assert one.tobytes() == other.tobytes(), "the first block's course is the picture's"
    assert blocks._with_course._cache_size() == programs, "a picture compiles nothing"
    terminal = MEASURES.index("terminal")
    np.testing.assert_allclose(narrow.loss[0, terminal], 1 - picture.nav[-1], atol=1e-6)
    for whole, part in zip(*map(jax.tree.leaves, (picture, of_some)), strict=True):
        assert whole[..., [3, 200, 131]].tobytes() == part.tobytes()


def test_the_last_block_is_simulated_as_far_as_there_are_paths(monkeypatch):
    """Three paths beyond a block cost one chunk, and no other path is in the outcome."""
    world, asked = crowded("run.precision=float32"), []

    def lived(world, chunk):
        asked.append(chunk)
        return {"number": chunk}, {"number": chunk + 1}

    monkeypatch.setattr(blocks, "_with_course", lived)
    found = dict(blocks.blocks(world, blocks.BLOCK + 3, chunk=2048))
    for first, last in ((0, blocks.BLOCK), (blocks.BLOCK, blocks.BLOCK + 3)):
        assert (found[first]["number"] == np.arange(first, last)).all()
    assert len(asked) == blocks.BLOCK // blocks.NARROW + 1


def test_the_ledger_closes_to_rounding_and_a_fault_is_one_that_does_not(storm):
    kept = storm[2]
    assert kept.residual.max() < 1e-12
    for residual, closes in ((0.9e-11, True), (1.1e-11, False)):
        off = replace(kept, residual=jnp.full(PATHS, residual))
        assert (np.asarray(crowd_day.closes(off)) == closes).all()


def test_new_seeds_and_parameters_do_not_trace_again():
    traces = 0

    def counted(world, path_numbers):
        nonlocal traces
        traces += 1
        return path.outcome(world, path_numbers)

    lowered = jax.jit(counted)
    for overrides in ((), ("run.seed=3",), ("crowd.edges.snowball=0", "crowd.kappa_crisis=0.5")):
        lowered.trace(crowded(*overrides), numbers(4))
    assert traces == 1


def rounds(count):
    """Prices of five days off the crisis, where no trigger is near, in so many rounds a day."""
    calm = ("market.start=calm", "crowd.edges.panic=0")
    return fetch(live(crowded(f"crowd.rounds={count}", *calm), numbers(PATHS)))[0].price[:5]


def test_another_number_of_rounds_changes_little():
    """0.1 % of a price after five days. The storm has six too."""
    moved = np.abs(rounds(6) - rounds(3))
    assert 0 < np.median(moved) < 1e-3


def test_more_rounds_come_nearer():
    fine, *coarser = (rounds(count) for count in (12, 6, 3))
    errors = [np.median(np.abs(coarse - fine)) for coarse in coarser]
    assert errors[0] < errors[1] < 1e-3


def test_without_a_crowd_nothing_of_it_is_drawn_or_kept():
    world = replace(crowded(), crowd=None)
    assert jax.eval_shape(path.outcome, world, numbers(4)).crowd is None
    assert jax.eval_shape(path.draw, world, numbers(4), numbers(2, 1)).crowd is None
    assert jax.eval_shape(path.begin, world, numbers(4)).crowd is None
    assert world.products.short.shape[1] == len(FUTURES)
