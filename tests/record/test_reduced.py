"""Blocks reduced: in every arithmetic the same bits, and the next call begun before the last is read."""

from dataclasses import replace
from threading import Event

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.products import funds
from tailrisk.products.account import LINES
from tailrisk.record import collect, risks
from tailrisk.record.reduced import Asked, Host, Reduction, figures
from tailrisk.simulate import blocks
from tailrisk.simulate.blocks import BLOCK
from tailrisk.simulate.path import Outcome
from tailrisk.studies.speed.host import Whole
from tailrisk.tail import TailStream
from tests.record.test_crowd import outcome as crowded

PATHS = 2 * BLOCK + 77
ASKED = Asked((0, 1, 2, 3), ((0, -2.0), (0, 2.5)), watched=True)


def met(dtype="float32", paths=PATHS):
    """Paths with a crowd and accounts, drawn at random; lines make up the NAV."""
    rng = np.random.default_rng(5)
    lines, flags = rng.normal(size=(len(LINES), 10, paths)), rng.random((4, 10, paths)) < 0.3
    lines[0] -= lines.sum(axis=0)
    loss = rng.standard_t(3, size=(2, 4, 10, paths)) / 3
    loss[0, 0] = -lines.sum(axis=0)
    found = Outcome(
        loss=loss,
        z=3 * rng.standard_t(3, size=(2, 5, paths)),
        breached=flags[0],
        shortfall=np.where(flags[1], rng.random((10, paths)), 0.0),
        fault=np.zeros(paths, bool),
        crowd=crowded(paths),
        accounts=funds.Outcome(
            wiped_out=flags[2], stopped=flags[3], redeemed=rng.random((10, paths)), pnl=lines
        ),
    )
    return jax.tree.map(lambda x: x.astype(dtype) if x.dtype == np.float64 else x, found)


def reduction(dtype="float32", **how):
    """What reduces such paths."""
    config = load("smoke.toml", [f"run.precision={dtype!r}"])
    tails = {"tails": TailStream(80, 500), "crowd": TailStream(21, 500)}
    return Reduction(config, ASKED, tails, risks.empty(config, 80), **how)


def cut(outcome, *place):
    return jax.tree.map(lambda x: x[..., slice(*place)], outcome)


def same(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("paths", [BLOCK, 3616, 5])
def test_a_few_rows_at_a_time_are_the_bits_of_whole_arrays(paths, weighted):
    weight = np.random.default_rng(1).exponential(size=paths) if weighted else None
    block = met(paths=paths)
    same(figures(ASKED, block, Host(weight)), figures(ASKED, block, Whole(weight)))


HALVES = BLOCK + 4103
"""Paths whose last block numpy halves into groups of 128 and, beside them, of 64 and 71."""


@pytest.mark.parametrize(
    ("dtype", "paths"), [("float64", PATHS), *(("float32", it) for it in (2 * BLOCK, HALVES, 5))]
)
def test_a_program_has_the_bits_of_the_host(dtype, paths):
    it = met(dtype, paths)
    with jax.enable_x64(dtype == "float64"):
        made = jax.device_get(reduction(dtype, on_device=True).begin(jax.tree.map(jnp.asarray, it)))
    on_device, rest = made
    starts = range(0, paths, BLOCK)
    parts = [figures(ASKED, cut(it, at, at + BLOCK), Host()) for at in starts]
    assert rest is None
    for name, sums in on_device.sums.items():
        assert sums.dtype == np.float64
        np.testing.assert_array_equal(sums, np.concatenate([part.sums[name] for part in parts]), err_msg=name)
    for name, counts in on_device.counts.items():
        np.testing.assert_array_equal(counts, sum(part.counts[name] for part in parts), err_msg=name)
    np.testing.assert_array_equal(on_device.seen, sum(part.seen for part in parts))
    for name in ("asked", "numbers"):
        joined = np.concatenate([getattr(part, name) for part in parts], axis=-1)
        np.testing.assert_array_equal(getattr(on_device, name), joined)
    joined = [np.concatenate(both, axis=-1) for both in zip(*(part.every for part in parts), strict=True)]
    same(on_device.every, tuple(joined))
    assert on_device.residual == max(part.residual for part in parts)


def test_a_program_without_events_or_detectors_has_them_too():
    it = replace(met(paths=BLOCK), crowd=None, accounts=None)
    it, by = replace(it, z=it.z[:0]), replace(reduction(on_device=True), asked=Asked((1,), (), watched=False))
    with jax.enable_x64(False):
        made, _ = jax.device_get(by.begin(jax.tree.map(jnp.asarray, it)))
    same(made, figures(by.asked, it, Host()))


def test_faults_are_counted_on_the_device_and_nothing_else_is_kept():
    it = met()
    residual, loss = it.crowd.residual.copy(), it.loss.copy()
    residual[[3, BLOCK + 5]], loss[1, 2, 3, 7] = 0.25, np.nan
    bad = np.isin(np.arange(PATHS), (3, 7, BLOCK + 5))
    it = replace(it, loss=loss, fault=bad, crowd=replace(it.crowd, residual=residual))
    by = reduction(on_device=True)
    with jax.enable_x64(False):
        (wide,) = by.end(0, jax.device_get(by.begin(jax.tree.map(jnp.asarray, it))))
    assert (int(wide.figures.faults), int(wide.figures.unbalanced), wide.worst) == (1, 2, {})
    assert float(wide.figures.residual) == 0.25
    parts = reduction().end(0, (None, it))
    assert [one.figures.faults for one in parts] == [1, 0, 0]
    assert [one.figures.unbalanced for one in parts] == [1, 1, 0]


@pytest.fixture(scope="module")
def small():
    """A config of three blocks, the last cut short, and its world."""
    event = 'event=[{name="s", pair=["csi1000","csi300"], window=20, threshold=-3.0}]'
    sets = ["run.paths=20000", "run.days=3", "tail.levels=[0.9, 0.99]", "market.warmup=simulated", event]
    config = load("smoke.toml", [*sets, 'tail.risks=["entropic:5", "wang:0.3"]'])
    return config, assemble(config, None)


def retained(config, parts, by, sampled, seen):
    for _, found in parts:
        for one in found:
            collect._keep(sampled, config, one, lambda *block: seen.append(block))
    columns = [sampled.tails.column(c) for c in range(sampled.tails.columns)]
    return (
        [(c.loss, c.path, c.moments.sums) for c in columns],
        [stream.state() for stream in sampled.moments().values()],
        [counts.whole for counts in sampled.tallies().values()],
        sampled.seen,
        sampled.risks.first,
        sorted(seen, key=lambda block: block[0]),
    )


def test_calls_of_many_blocks_reduced_on_the_device_retain_what_threads_do(small, monkeypatch):
    config, world = small
    monkeypatch.setattr(blocks, "WIDE", 2)
    kept = []
    for on_device in (False, True):
        sampled = collect._empty(config, world)
        by = replace(collect.reduction(sampled, config, watched=True), on_device=on_device)
        paths = config.run.paths
        if on_device:
            parts = blocks._wide(blocks.plain, world, paths, reduction=by)
        else:
            parts = blocks.reduced(world, paths, by, chunk=2048)
        kept.append(retained(config, parts, by, sampled, []))
    same(*kept)
    assert sum(block[1].shape[-1] for block in kept[0][-1]) == 20_000


class Waiting:
    """A reduction whose first call is not read before the next has begun."""

    def __init__(self):
        self.begun, self.second = [], Event()

    def begin(self, outcome):
        self.begun.append(outcome.fault.shape[0])
        if len(self.begun) == 2:
            self.second.set()
        return outcome.fault

    def end(self, first, arrived):
        met = self.second.wait(timeout=60)
        return met, len(self.begun)


def test_the_next_call_begins_before_the_last_is_read_and_no_more_than_that(small, monkeypatch):
    monkeypatch.setattr(blocks, "WIDE", 1)
    found = dict(blocks._wide(blocks.plain, small[1], 3 * BLOCK, reduction=Waiting()))
    assert sorted(found) == [0, BLOCK, 2 * BLOCK]
    assert all(met for met, _ in found.values())
    assert min(begun for _, begun in found.values()) == blocks.AHEAD
