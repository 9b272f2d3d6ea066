"""Any width gives the same bits: tapes, accounts, traces, scenarios and replicates, narrow and wide."""

import jax
import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import random
from tailrisk.market import spread
from tailrisk.optimise import paths as scenarios
from tailrisk.rare import blocks as weighted
from tailrisk.rare import repeats, splitting
from tailrisk.rare.entropy import mixture
from tailrisk.rare.score import Fall
from tailrisk.record import accounts
from tailrisk.simulate import tape
from tailrisk.simulate.blocks import BLOCK
from tests.rare_worlds import bare
from tests.worlds import world

DETECTOR = spread.Params(small=2, large=0, window=20, days=1, mean_removed=True)


def same(a, b):
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert np.asarray(x).tobytes() == np.asarray(y).tobytes()


def fixed(monkeypatch, room, paths):
    """Calls of `room` are so wide."""
    monkeypatch.setattr(room, "width", lambda *asked: paths)


def test_a_tape(monkeypatch, as_shipped):
    it = world("float32", days=6)
    narrow = tape.tapes(it, 5, 640)
    fixed(monkeypatch, tape, 256)
    same(narrow, tape.tapes(it, 5, 640))


def test_accounts(monkeypatch, as_shipped):
    monkeypatch.setattr(accounts, "_ended", as_shipped(accounts._ended.__wrapped__))
    sets = ["run.days=6", "run.paths=1000", "accounts={terms='accounts_2024.toml', funds=2, paths=384}"]
    config = load("smoke.toml", sets)
    it = assemble(config, None)
    funds = accounts.assemble(config, config.attached.accounts, 2, config.run.seed, precision="float32")
    narrow = accounts.live(config, it, funds, 384)
    fixed(monkeypatch, accounts, 256)
    wide = accounts.live(config, it, funds, 384)
    assert narrow.keys() == wide.keys()
    same([narrow[name] for name in narrow], [wide[name] for name in narrow])


def test_scenarios(monkeypatch):
    it, names = world("float32", days=4), ("beta", "momentum", "size")
    narrow = scenarios.simulate(it, 500, names, chunk=128)
    fixed(monkeypatch, scenarios, 512)
    wide = scenarios.simulate(it, 500, names, chunk=128)
    for name in ("bucket", "future", "style"):
        same(getattr(narrow, name), getattr(wide, name))


def test_traces(monkeypatch):
    it = bare("float32", days=3, detectors=(DETECTOR,))
    law = mixture(it, [], 0.1, random.stream(1, "sampling"))
    narrow = weighted.traces(it, law, 7, 2 * BLOCK, chunk=2048)
    fixed(monkeypatch, weighted, 2 * BLOCK)
    same(narrow, weighted.traces(it, law, 7, 2 * BLOCK, chunk=2048))


@pytest.mark.parametrize("wide", [512, 1280])
def test_replicates(monkeypatch, wide):
    """Two at a time, and all: some end early, since nobody reaches a level."""
    it, stream = bare("float32", days=8, detectors=(DETECTOR,)), random.stream(3, "splitting")
    target, levels = Fall("fall", 0, -1.0, threshold=4.0), (3.0, 6.5, 8.0)
    alone = [splitting.replicate(it, target, levels, stream, k, 256) for k in range(5)]
    beside = splitting.replicates(it, target, levels, stream, range(5), 256)
    assert len({len(one.reached) for one in alone}) > 1, "all went as far: the case tests less"
    assert [one.reached for one in alone] == [one.reached for one in beside]
    assert [one.path_days for one in alone] == [one.path_days for one in beside]
    same([one.outcome for one in alone], [one.outcome for one in beside])
    narrow = repeats.estimate(it, target, stream, replicates=5, paths=256)
    fixed(monkeypatch, repeats, wide)
    same(vars(narrow), vars(repeats.estimate(it, target, stream, replicates=5, paths=256)))
