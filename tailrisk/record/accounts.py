"""The products of a run as funds: what fees, margins, lines, redemptions and forced trading make of them.

Books are held but for what brokers, lines and investors force, and move no price. A product's own fund lives
on every path of a run with a crowd (`Config.as_accounts`), else on the run's first (simulate/tape.py), where
the funds drawn around it live too (products/panel.py). A figure of the product's own fund is an average over
paths; one of its funds, over funds and paths, with the interval of the paths' averages.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..assemble.funds import Funds, assemble
from ..assemble.products import own_scale
from ..config import Config
from ..config.accounts import AccountsFile
from ..core import random
from ..core.errors import Fault
from ..core.figures import FUNDS, estimate
from ..core.ready import ready
from ..core.width import width
from ..products import account
from ..simulate import managed
from ..simulate.tape import CHUNK, Tape, chosen, path_bytes, tapes
from ..simulate.world import World
from ..tail import Moments, event, expected_shortfall, value_at_risk
from . import estimates
from .collect import Sample
from .reduced import ROUNDING

Array = NDArray[np.float64]
QUANTILES = (0.05, 0.5, 0.95)
FUND_DAY = 16
"""Bytes of what moves one fund alone on a path-day, and its copies."""


def outcomes(config: Config, world: World, sampled: Sample | None = None) -> pd.DataFrame | None:
    """A row per product and figure, with its interval; None for a config without [accounts].

    Where products are accounts on every path, a product's own fund is `sampled`, the run's own figures.
    Losses as fractions of starting NAV. InputError: a level that so few paths cannot support.
    """
    said, terms = config.accounts, config.attached.accounts
    if said is None or terms is None:
        return None
    every_path = sampled is not None and sampled.funds is not None
    rows = list(every(config, sampled)) if sampled is not None and every_path else []
    if not every_path or said.funds > 1:
        rows += _lived(config, world, terms, own_too=not every_path)
    return pd.DataFrame(FUNDS.rows(rows))


def _lived(config: Config, world: World, terms: AccountsFile, *, own_too: bool) -> list[dict[str, Any]]:
    """Rows of the funds that live on the run's first paths."""
    said, precision = config.accounts, config.run.precision
    assert said is not None
    funds = assemble(config, terms, said.funds, config.run.seed, precision=precision)
    simulated = live(config, world, funds, said.paths)
    off = np.abs(1 + simulated["pnl"].sum(axis=0) - simulated["nav"]).max()
    if not off <= ROUNDING[precision]:
        raise Fault(f"the lines of a fund miss its NAV by {off:.3g}")
    rows: list[dict[str, Any]] = []
    for product, first in funds.own.items():
        mine = np.array([f for f, name in enumerate(funds.product) if name == product])
        own_rows = own(config, simulated, first) if own_too else ()
        rows += [{"product": product, "funds": "own", **one} for one in own_rows]
        rows += [{"product": product, "funds": "all", **one} for one in panel(config, simulated, mine)]
    return rows


def live(config: Config, world: World, funds: Funds, paths: int) -> dict[str, Array]:
    """Every fund at the end of every path: NAV and the like [fund, path], P&L per unit [line, fund, path]."""
    parts = []
    tape = tapes(world, 0, paths)
    wide = width(paths, CHUNK, path_bytes(world) + FUND_DAY * world.days * len(funds.product))
    for first in range(0, paths, wide):
        part = chosen(tape, np.arange(first, min(first + wide, paths)))
        own = moved(config, funds, part, first)
        parts.append(jax.device_get(ready(_ended, funds.params, own)(funds.params, own)))
    return {name: np.concatenate([part[name] for part in parts], axis=-1).astype(float) for name in parts[0]}


def moved(config: Config, funds: Funds, tape: Tape, first: int) -> Tape:
    """The tape with what moves each fund alone: stock picking, and a CTA's own return."""
    days, paths = tape.z.shape[0], tape.z.shape[-1]
    dtype = funds.params.long.dtype
    numbers = first + jnp.arange(paths, dtype=jnp.uint32)
    stream = random.stream(config.run.seed, "accounts.specific")
    draw = partial(random.unit_pairs, stream, numbers, jnp.arange(1, days + 1, dtype=jnp.uint32))
    count = len(funds.product)
    pairs = draw((count + 1) // 2, None, dtype)
    specific = jnp.concatenate([pairs.real, pairs.imag], axis=1)[:, :count]
    other = None
    if tape.own is not None:
        scale = [own_scale(config.products[name]) for name in funds.product]
        other = jnp.asarray(scale, dtype)[None, :, None] * tape.own[:, None]
    return replace(tape, days=replace(tape.days, specific=specific, other=other))


@jax.jit
def _ended(params: account.Params, tape: Tape) -> dict[str, jax.Array]:
    ended = managed.undecided(params, tape)
    state = ended.account
    return {
        "nav": ended.nav,
        "benchmark": state.benchmark,
        "called": ended.breached,
        "wiped_out": state.lines.dead,
        "stopped": state.lines.stopped,
        "shortfall": account.shortfall(state),
        "redeemed": 1.0 - state.dealing.units,
        "pnl": state.pnl,
    }


def own(config: Config, simulated: dict[str, Array], fund: int) -> Iterator[dict[str, Any]]:
    """The product's own fund: losses, chances, the broker's loss, and the lines that make up its NAV.

    Losses as fractions of starting NAV. InputError: a level that so few paths cannot support.
    """
    sure, level = config.tail.confidence, config.tail.levels[0]
    nav = simulated["nav"][fund]
    loss = 1 - nav
    yield row("loss", estimates.mean(loss, confidence=sure, most=1.0))
    against = estimates.mean(1 - nav / simulated["benchmark"][fund], confidence=sure, most=1.0)
    yield row("excess_loss", against)
    yield row("es", estimates.shortfall(loss, level=level, confidence=sure), level=level)
    yield from chances(config, simulated, np.array([fund]))
    yield row("redeemed", estimates.mean(simulated["redeemed"][fund], confidence=sure))
    worst = loss >= value_at_risk(loss, level=level)
    for k, name in enumerate(account.LINES):
        pnl = simulated["pnl"][k, fund]
        yield row("line", estimates.mean(pnl, confidence=sure), part=name)
        yield row("line_worst", estimates.mean(pnl[worst], confidence=sure), part=name, level=level)


def every(config: Config, sampled: Sample) -> Iterator[dict[str, Any]]:
    """The same of products that are accounts on every path of the run, product after product."""
    sure, count = config.tail.confidence, len(config.products)
    losses = config.tail.losses
    assert sampled.funds is not None
    for p, name in enumerate(config.products):
        rows = []
        if "terminal" in losses:
            held, excess = (sampled.losses(v, losses.index("terminal"), p) for v in (0, 1))
            rows.append(row("loss", estimates.mean(held.moments, confidence=sure, most=1.0)))
            rows.append(row("excess_loss", estimates.mean(excess.moments, confidence=sure, most=1.0)))
            rows += [
                row("es", estimates.shortfall(held, level=level, confidence=sure), level=level)
                for level in config.tail.levels
            ]
        flags = {"called": sampled.accounts.row(p), "wiped_out": sampled.accounts.row(count + p)}
        flags["stopped"] = sampled.funds.row(p)
        rows += [row(what, _chance(found, sure)) for what, found in flags.items()]
        rows.append(row("shortfall", estimates.mean(sampled.accounts.row(2 * count + p), confidence=sure)))
        rows.append(row("redeemed", estimates.mean(sampled.funds.row(count + p), confidence=sure)))
        for k, part in enumerate(account.LINES):
            pnl = sampled.funds.row((2 + k) * count + p)
            rows.append(row("line", estimates.mean(pnl, confidence=sure), part=part))
        yield from ({"product": name, "funds": "own", **one} for one in rows)


def panel(config: Config, simulated: dict[str, Array], mine: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """All funds of a product [fund]: losses over funds and paths, how far funds differ, chances.

    InputError: a level that so few paths cannot support.
    """
    sure, worst = config.tail.confidence, config.tail.levels[0]
    loss = 1 - simulated["nav"][mine]
    yield row("loss", estimates.mean(loss.mean(axis=0), confidence=sure, most=1.0))
    for level in QUANTILES:
        yield row("quantile", estimates.quantile(loss, level, confidence=sure), level=level)
    yield row("deviation", estimates.mean(loss.std(axis=0), confidence=sure))
    spread = expected_shortfall(loss, level=worst)
    yield row("es_least", estimates.plain(spread.min()), level=worst)
    yield row("es_largest", estimates.plain(spread.max()), level=worst)
    yield from chances(config, simulated, mine)


def chances(
    config: Config, simulated: dict[str, Array], funds: NDArray[np.int64]
) -> Iterator[dict[str, Any]]:
    """Chances over funds [fund] and paths, and what the broker loses per yuan of starting NAV."""
    sure = config.tail.confidence
    for name in ("called", "wiped_out", "stopped"):
        hits = simulated[name][funds]
        if len(funds) == 1 or not hits.any():  # the funds of a path are not independent: a bound is of paths
            yield row(name, _share(hits[0], sure))
        else:
            yield row(name, estimates.mean(hits.mean(axis=0), confidence=sure, most=1.0))
    yield row("shortfall", estimates.mean(simulated["shortfall"][funds].mean(axis=0), confidence=sure))


def row(figure: str, value: estimates.Figure, *, part: str = "", level: float = np.nan) -> dict[str, Any]:
    """One figure of funds.csv, product and funds apart."""
    cells = {"figure": figure, "part": part, "level": level, "saturated": value.saturated}
    return cells | estimate("value", value)


def _share(hits: Array, confidence: float) -> estimates.Figure:
    found = event.probability(hits, confidence=confidence)
    return estimates.Figure(float(hits.mean()), found.low, found.high)


def _chance(flags: Moments, confidence: float) -> estimates.Figure:
    found = flags.probability(confidence=confidence)
    return estimates.Figure(flags.mean, found.low, found.high)
