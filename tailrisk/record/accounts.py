"""The products of a run as funds: what fees, margins, lines, redemptions and forced trading make of them.

Funds live on the run's first paths (simulate/tape.py) without moving them, books held but for what brokers,
lines and investors force. Of each product the first fund has its own book, the others are drawn around it
(products/panel.py). A figure of the product's own fund is an average over paths; one of its funds, over funds
and paths, with the interval of the paths' averages.
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
from ..core import random
from ..core.errors import Fault
from ..products import account
from ..simulate import managed
from ..simulate.tape import CHUNK, Tape, chosen, tapes
from ..simulate.world import World
from ..tail import event

Array = NDArray[np.float64]
Z = 1.959964
LEVEL = 0.95
QUANTILES = (0.05, 0.5, 0.95)
ROUNDING = {"float32": 1e-3, "float64": 1e-9}
"""Largest difference between the change of NAV and the sum of its lines."""


def outcomes(config: Config, world: World) -> pd.DataFrame | None:
    """A row per product and figure, with its interval; None for a config without [accounts]."""
    said, terms = config.accounts, config.attached.accounts
    if said is None or terms is None:
        return None
    precision = config.run.precision
    funds = assemble(config, terms, said.funds, config.run.seed, precision=precision)
    lived = live(config, world, funds, said.paths)
    off = np.abs(1 + lived["pnl"].sum(axis=0) - lived["nav"]).max()
    if not off <= ROUNDING[precision]:
        raise Fault(f"the lines of a fund miss its NAV by {off:.3g}")
    rows = []
    for product, first in funds.own.items():
        mine = np.array([f for f, name in enumerate(funds.product) if name == product])
        rows += [{"product": product, "funds": "own", **row} for row in own(lived, first)]
        rows += [{"product": product, "funds": "all", **row} for row in panel(lived, mine)]
    return pd.DataFrame(rows)


def live(config: Config, world: World, funds: Funds, paths: int) -> dict[str, Array]:
    """Every fund at the end of every path: NAV and the like [fund, path], P&L per unit [line, fund, path]."""
    parts = []
    tape = tapes(world, 0, paths)
    for first in range(0, paths, CHUNK):
        part = chosen(tape, np.arange(first, first + CHUNK))
        parts.append(jax.device_get(_ended(funds.params, moved(config, funds, part, first))))
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
    first = managed.still(params, tape.z.shape[-1])
    lived = managed.live(params, tape, lambda mind, _: (mind, first), (), first)
    state = lived.state
    return {
        "nav": account.nav(state),
        "benchmark": state.benchmark,
        "called": lived.days.called.any(axis=0),
        "wiped_out": state.lines.dead,
        "stopped": state.lines.stopped,
        "shortfall": account.shortfall(state),
        "redeemed": 1.0 - state.dealing.units,
        "pnl": state.pnl,
    }


def own(lived: dict[str, Array], fund: int) -> Iterator[dict[str, Any]]:
    """The product's own fund: losses, chances, the broker's loss, and the lines that make up its NAV."""
    nav = lived["nav"][fund]
    loss = 1 - nav
    line, part = shortfall(loss)
    yield figure("loss", loss)
    yield figure("excess_loss", 1 - nav / lived["benchmark"][fund])
    yield figure("es_95", part)
    yield from chances(lived, np.array([fund]))
    yield figure("redeemed", lived["redeemed"][fund])
    worst = loss >= line
    for k, name in enumerate(account.LINES):
        pnl = lived["pnl"][k, fund]
        yield figure(f"line: {name}", pnl)
        yield figure(f"line on the worst paths: {name}", pnl[worst])


def panel(lived: dict[str, Array], mine: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """All funds of a product: losses over funds and paths, how far funds differ, chances."""
    loss = 1 - lived["nav"][mine]
    yield figure("loss", loss.mean(axis=0))
    for level in QUANTILES:
        yield from quantile(loss, level)
    yield figure("loss, deviation among funds", loss.std(axis=0))
    spread = np.array([shortfall(one)[1].mean() for one in loss])
    yield plain("es_95, least among funds", spread.min())
    yield plain("es_95, largest among funds", spread.max())
    yield from chances(lived, mine)


def chances(lived: dict[str, Array], funds: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """Chances over funds and paths, and what the broker loses per yuan of starting NAV."""
    for name in ("called", "wiped_out", "stopped"):
        hits = lived[name][funds]
        if len(funds) == 1:
            found = event.probability(hits[0], confidence=LEVEL)
            yield {"figure": name, "value": hits.mean(), "low": found.low, "high": found.high}
        else:
            yield figure(name, hits.mean(axis=0))
    yield figure("shortfall", lived["shortfall"][funds].mean(axis=0))


def figure(name: str, values: Array) -> dict[str, Any]:
    """A mean over paths [path] and its 95 % interval."""
    mean, half = values.mean(), Z * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return {"figure": name, "value": mean, "low": mean - half, "high": mean + half}


def plain(name: str, value: float) -> dict[str, Any]:
    """A figure without an interval."""
    return {"figure": name, "value": value, "low": np.nan, "high": np.nan}


def quantile(loss: Array, level: float) -> Iterator[dict[str, Any]]:
    """A quantile over funds and paths; paths are resampled in ten batches for its interval."""
    batches = [np.quantile(part, level) for part in np.array_split(loss, 10, axis=1)]
    value, half = np.quantile(loss, level), 2.262157 * np.std(batches, ddof=1) / np.sqrt(10)  # t, 9 degrees
    name = f"loss, quantile {100 * level:g} %"
    yield {"figure": name, "value": value, "low": value - half, "high": value + half}


def shortfall(loss: Array) -> tuple[float, Array]:
    """VaR at LEVEL, and each path's part in ES, whose mean it is (Rockafellar and Uryasev, 2000)."""
    line = float(np.quantile(loss, LEVEL))
    return line, line + np.maximum(loss - line, 0) / (1 - LEVEL)
