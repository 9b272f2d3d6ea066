"""The comments that declare axes are read and held against real states."""

import dataclasses
import inspect
import re

import jax
import jax.numpy as jnp
import pytest

from tailrisk.market import ladder, memory, regimes, styles
from tailrisk.products import account, book, dealing, lines, market_day, trade
from tailrisk.simulate import day, path
from tailrisk.tail import running
from tests import accounts, memories
from tests.worlds import world

PATHS, DAYS = 5, 3
COMMENT = re.compile(r"^\s+(\w+): [^#\n]*#\s*\[([\w, ]*|\.\.\., path)\]", re.MULTILINE)


def sizes(it):
    return {
        "path": PATHS,
        "day": DAYS,
        "bucket": 5,
        "regime": 3,
        "product": 4,
        "future": 3,
        "style": 3,
        "term": 6,
        "pair": 3,
        "view": 2,
        "measure": 4,
        "detector": 2,
        "fund": 2,
        "line": len(account.LINES),
        "wait": 3,
        "horizon": 3,
        "factor": 5,
        "source": 5,
    }


def declared(record):
    return dict(COMMENT.findall(inspect.getsource(type(record))))


def records():
    it = world(days=DAYS)
    numbers = jnp.arange(PATHS, dtype=jnp.uint32)
    one_day = jax.tree.map(lambda x: x[0], path.draw(it, numbers, numbers[:1] + 1))
    state, _ = day.step(it, path.begin(it, numbers), one_day)
    market = dataclasses.replace(one_day, styles=None, own=None)
    products = dataclasses.replace(one_day, regime=None, ladder=None)
    yield it, it.process.regimes, {}
    yield it, it.process.ladder, {}
    yield it, it.styles, {"shock": 3}
    yield it, it.products, {}
    yield it, state, {}
    yield it, state.books, {}
    yield it, market, {}
    yield it, products, {"pair": 2}
    yield it, path.outcome(it, numbers), {}
    yield it, path.course(it, numbers), {}
    yield it, memories.filter_(), {}
    yield it, memories.states(PATHS), {}
    yield it, state.styles, {}
    yield from ((it, record, {"style": 2}) for record in funds())


def funds():
    params = accounts.params(accounts.fund(), accounts.fund())
    today = accounts.day([0.01] * 5, paths=PATHS)
    state = accounts.live(params, [today], paths=PATHS)[-1]
    yield from (params, params.trade, params.lines, params.dealing)
    yield from (state, state.lines, state.dealing, today, accounts.hold(params, PATHS))


CASES = list(records())


@pytest.mark.parametrize("case", range(len(CASES)), ids=[type(record).__qualname__ for _, record, _ in CASES])
def test_every_declared_axis_has_its_size(case):
    it, record, special = CASES[case]
    known, comments, seen = {**sizes(it), **special}, declared(record), 0
    for name, axes in comments.items():
        value = getattr(record, name)
        if value is None or axes == "..., path":
            continue
        want = tuple(known[axis] for axis in axes.replace(" ", "").split(",") if axis)
        for leaf in jax.tree.leaves(value):
            assert leaf.shape == want, f"{type(record).__qualname__}.{name}: {leaf.shape}, declared [{axes}]"
        seen += 1
    assert seen, "no comment was read"


@pytest.mark.parametrize(
    "record",
    [
        regimes.Params,
        ladder.Params,
        styles.Params,
        memory.Filter,
        memory.State,
        book.Params,
        book.State,
        running.RunningLoss,
        day.State,
        account.Params,
        account.State,
        trade.Params,
        trade.Target,
        trade.Order,
        trade.Fill,
        lines.Params,
        lines.State,
        dealing.Params,
        dealing.State,
        market_day.MarketDay,
    ],
)
def test_every_array_declares_its_axes(record):
    source = inspect.getsource(record)
    fields = [f.name for f in dataclasses.fields(record) if not f.metadata.get("static")]
    arrays = [name for name in fields if not re.search(rf"^\s+{name}: (\w+\.)+\w+", source, re.MULTILINE)]
    arrays = [name for name in arrays if name not in ("absolute", "excess", "books", "target", "memory")]
    assert set(arrays) <= set(dict(COMMENT.findall(source)))
