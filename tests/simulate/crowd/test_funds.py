"""Products as accounts inside a path with a crowd: what they are on the tape of the same path."""

from dataclasses import replace
from functools import partial

import jax
import numpy as np

from tailrisk.assemble.world import assemble
from tailrisk.products.account import LINES
from tailrisk.simulate import managed
from tailrisk.simulate.path import outcome
from tailrisk.simulate.tape import record
from tests.crowds import config, fetch, numbers

PATHS = 64
outcome, record = jax.jit(outcome), jax.jit(record)
"""Compiled for a world that is given: test_managed.py and tests/test_markets.py use the same programs."""


def test_accounts_in_the_path_are_those_on_its_tape_and_move_no_price():
    said = config("accounts={terms='accounts_2024.toml', every_path=true, funds=1}")
    world = assemble(said)
    early = replace(world.funds.lines, call=0.98 * world.funds.lines.call / 0.15 * 0.25)
    world = replace(world, funds=replace(world.funds, lines=early))
    bare = replace(world, funds=None)
    kept = fetch(outcome(world, numbers(PATHS)))
    held = fetch(outcome(bare, numbers(PATHS)))
    tape = record(bare, numbers(PATHS))
    scale = world.products.own[:, None]
    tape = replace(tape, days=replace(tape.days, other=scale[None] * tape.own[:, None]))
    alone = fetch(jax.jit(partial(managed.undecided, world.funds))(tape))
    np.testing.assert_allclose(1 - np.asarray(alone.nav), kept.loss[0, 0], atol=1e-9)
    assert (np.asarray(alone.breached) == kept.breached).all()
    np.testing.assert_allclose(kept.accounts.pnl.sum(axis=0), -kept.loss[0, 0], atol=1e-9)
    np.testing.assert_allclose(kept.z, held.z, atol=1e-12)
    np.testing.assert_allclose(kept.crowd.residual, held.crowd.residual, atol=1e-12)
    dma = list(said.products).index("dma")
    assert kept.breached[dma].any()
    assert kept.accounts.pnl[LINES.index("forced"), dma].any()
    assert not np.allclose(kept.loss[0, 0, dma], held.loss[0, 0, dma], atol=1e-3)
