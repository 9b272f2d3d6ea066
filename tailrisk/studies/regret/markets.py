"""The markets of the regret study: what is recorded, on which paths, and the funds that live in them."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...assemble.funds import assemble as assemble_funds
from ...assemble.world import assemble
from ...config import Config, load
from ...core.names import home
from ...products import account
from ...simulate.tape import Tape, chosen, tapes, together
from ...simulate.world import World
from ..replay.config import load_accounts

PRODUCTS = ("ie500", "ie1000", "neutral", "dma")
LARGE, SPREAD, SMALL = (home().played(role) for role in ("large", "spread", "small"))
DETECTORS = (
    f'event=[{{name="day", pair=["{SPREAD}", "{LARGE}"], window=250, threshold=-7.0}},'
    f'{{name="week", pair=["{SMALL}", "{LARGE}"], window=250, days=5, threshold=-6.0}}]'
)
DAY, WEEK = 0, 1
RECOVERY = 30
BEFORE = 6
"""Closes there must be before an event, so that a switch on its eve is on the tape."""
BLOCK = 2048


@dataclass(frozen=True)
class Market:
    """Paths of every world, one after the other; `at` is each path's day of the event, from zero, or -1."""

    tape: Tape
    at: np.ndarray  # [path]
    world: np.ndarray  # [path]  which member of the ensemble


def worlds(name: str, drift: str, members: int, *more: str) -> tuple[Config, list[World]]:
    """The config and a world for each member of its ensemble; without a crowd there is one."""
    said = [DETECTORS, f"market.spread_drift={drift}", *more]
    config = load(name, said)
    if config.crowd is None:
        return config, [assemble(config)]
    return config, [assemble(load(name, [*said, f"crowd.member={k}"])) for k in range(members)]


def ex_ante(them: list[World], first: int, paths: int) -> Market:
    """`paths` paths, shared out among the worlds; no two worlds meet the same shocks."""
    each = paths // len(them)
    parts = [tapes(world, first + k * each, each) for k, world in enumerate(them)]
    member = np.repeat(np.arange(len(them)), each)
    return Market(together(parts), np.full(each * len(them), -1), member)


def eventful(them: list[World], first: int, search: int, event: float) -> Market:
    """Paths on which a day's z falls to the event in time to be followed, among `search` over all worlds."""
    parts, days, member = [], [], []
    for k, world in enumerate(them):
        each = search // len(them)
        for start in range(first + k * each, first + (k + 1) * each, BLOCK):
            tape = tapes(world, start, min(BLOCK, first + (k + 1) * each - start))
            hit = tape.z[: world.days - RECOVERY, DAY] <= event
            day = hit.argmax(axis=0)
            kept = np.flatnonzero(hit.any(axis=0) & (day >= BEFORE))
            parts.append(chosen(tape, kept))
            days.append(day[kept])
            member.append(np.full(len(kept), k))
    return Market(together(parts), np.concatenate(days), np.concatenate(member))


def funds(config: Config) -> account.Params:
    """The products' own books on the terms of configs/accounts_2024.toml."""
    made = assemble_funds(config, load_accounts("accounts_2024.toml"), 1, 0, precision=config.run.precision)
    rows = np.array([made.own[product] for product in PRODUCTS])
    return jax.tree.map(lambda x: x[rows], made.params)


def exempt(tape: Tape) -> Tape:
    """The same market for one whose own sales nobody refuses."""
    return replace(tape, days=replace(tape.days, refused=jnp.zeros_like(tape.days.refused)))


def params_at(params: account.Params, leverages: tuple[float, ...], calls: bool = True) -> account.Params:
    """The DMA book at every leverage; margins keep their ratio to the equity a book starts with.

    calls: False is a broker who never calls, and so bears whatever is lost beyond the equity.
    """
    row: Any = jax.tree.map(lambda x: x[PRODUCTS.index("dma")][None], params)
    copies = []
    for leverage in leverages:
        scale = leverage / float(row.long.sum())
        terms = replace(
            row.lines,
            call=jnp.minimum(row.lines.call / scale, 0.6 if calls else 0.0),
            reset=jnp.minimum(row.lines.reset / scale, 0.8),
        )
        trade = replace(row.trade, initial=jnp.minimum(row.trade.initial / scale, 1.0))
        book = {"long": row.long * scale, "short": row.short * scale}
        copies.append(replace(row, **book, lines=terms, trade=trade))
    return jax.tree.map(lambda *x: jnp.concatenate(x), *copies)
