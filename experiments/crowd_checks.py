"""Acceptance checks of mechanism 9 on the crowd: 4, 5, 7, 11 to 15 and 22 to 26, with figure and fence.

    python -m experiments.crowd_checks [--data ../shared/data]

Simulated checks are twenty days from the crisis regime in which fear takes hold at once; those of the replay
are the best member's. A check that fails is written down as one that fails.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import lax
from scipy.stats import ks_2samp

from tailrisk.config import load
from tailrisk.config.load import read_ensemble
from tailrisk.core.names import BUCKETS
from tailrisk.crowd import intervention, snowball
from tailrisk.data.prices import read_prices
from tailrisk.market import basis
from tailrisk.record.publishing import markdown, publish
from tailrisk.simulate import day, path
from tailrisk.simulate.world import World
from tailrisk.studies.crowd import runs
from tailrisk.studies.crowd.edges import PLACES, ROUT_START, off
from tailrisk.studies.match.config import read_terms
from tailrisk.studies.match.episode import Files
from tailrisk.studies.match.run import problem

L, M, S, T, U = range(len(BUCKETS))
ENSEMBLE = Path("configs/calibrated/crowd_2024.toml")
PATHS, MANY = 4096, 100_000


@click.command()
@click.option("--data", default="../shared/data", show_default=True, type=Path)
@click.option("-o", "--output", default="results/crowd_checks", show_default=True, type=Path)
def main(data: Path, output: Path) -> None:
    """Write the table of checks."""
    rows = []
    for row in checks(data):
        rows.append(row)
        click.echo(row, err=True)
    table = pd.DataFrame(rows, columns=["check", "what", "found", "asked", "holds"])
    text = "\n".join(["# Acceptance checks on the crowd", "", markdown(table), "", MADE, ""])
    publish(output, "crowd_checks", {"table": table}, text, {"command": "python -m experiments.crowd_checks"})


MADE = "Made by `python -m experiments.crowd_checks`; 10 is in results of the products, 6 in crowd_ablation."


def checks(data: Path) -> Iterator[tuple[Any, ...]]:
    """(number, what, found, asked, whether it holds)."""
    world = runs.world_of(ROUT_START)[1]
    world = runs.edited(world, "panic.hold", jnp.ones_like)
    yield dealers(world)
    yield knocked_in(world, data)
    yield conventions()
    yield from replayed(data)
    base = live(world)
    yield ordered(base, live(reordered(world)))
    yield from restricted(world, base)
    yield from conserved(world)
    yield limit_of_nothing(world)
    yield from amplified(world)
    yield rounds()


def dealers(world: World) -> tuple[Any, ...]:
    """4: the sign of the hedge toward the barrier and through it.

    From 5 % to 2 % above it the deltas of mechanism 3.4 are level themselves, so the way is longer here.
    """
    notes = alone(world.crowd.snowball, 5)
    today = snowball.today(notes, 0)
    barrier = np.asarray(notes.barrier)[0, 5]
    state = snowball.init(notes, 1)
    wanted = []
    for above in (1.20, 1.02):
        price = jnp.full((2, 1), barrier * above, notes.barrier.dtype)
        free, _ = snowball.step(notes, today, state, price)
        wanted.append(float(free.held[0, 0]))
    through = snowball.close(notes, today, state, jnp.full((2, 1), barrier, notes.barrier.dtype))
    after, _ = snowball.step(notes, today, through, jnp.full((2, 1), barrier, notes.barrier.dtype))
    toward, sold = wanted[1] - wanted[0], float(after.held[0, 0]) - wanted[1]
    found = f"{toward:+.1f} and {sold:+.1f} bn of index"
    return 4, "IC dealers from 20 % to 2 % above a barrier, then at it", found, "+ then -", toward > 0 > sold


def alone(notes: snowball.Params, bin_: int) -> snowball.Params:
    """The notes of one barrier, without a limit to a round's trade."""
    chosen = jnp.arange(notes.notional.shape[1]) == bin_
    return replace(notes, notional=notes.notional * chosen, limit=jnp.full_like(notes.limit, 1e6))


def knocked_in(world: World, data: Path) -> tuple[Any, ...]:
    """5: the cumulative share of CSI 500 notes on the closes that were."""
    closes = read_prices(data / "indices_daily.csv")["csi500"]
    notes = world.crowd.snowball
    level = float(closes.loc["2023-12-29"])
    share = []
    for day_ in ("2024-01-17", "2024-01-22", "2024-01-31", "2024-02-02", "2024-02-05"):
        low = float(closes.loc["2024-01-01":day_].min()) / level
        weight = np.asarray(notes.notional)[0]
        share.append(100 * weight[np.asarray(notes.barrier)[0] >= low].sum() / weight.sum())
    asked = np.array([10, 57, 68, 75, 83])
    return (
        5,
        "CSI 500 notes knocked in, %",
        "/".join(f"{x:.0f}" for x in share),
        "10/57/68/75/83 +-1",
        bool((np.abs(np.array(share) - asked) <= 1).all()),
    )


def conventions() -> tuple[Any, ...]:
    """7: the market's annualisation."""
    found = 100 * float(basis.annualised(jnp.asarray(1 - 0.0147), jnp.asarray(17.0)))
    return 7, "-1.47 % with 17 days left, annualised, %", f"{found:.1f}", "-31.6", abs(found + 31.6) < 0.05


def replayed(data: Path) -> Iterator[tuple[Any, ...]]:
    """11 to 13 on the replay."""
    names = ("indices_daily.csv", "index_futures_daily.csv", "etf_daily.csv")
    posed = problem(
        load(runs.CONFIG), Files(*(data / name for name in names)), read_terms("episode_feb2024.toml")
    )
    point = posed.prior.coordinates(read_ensemble(ENSEMBLE).member(0))
    fitted = posed.fit(point)
    down = 100 * fitted.replayed.limit_down[posed.episode.at("2024-02-05")]
    fences = 25 <= down[T] <= 45 and 7 <= down[S] <= 17 and down[M] <= 5
    yield (
        11,
        "limit-down on 5 February, CSI 2000/1000/500, %",
        f"{down[T]:.0f}/{down[S]:.0f}/{down[M]:.1f}",
        "25-45/7-17/<=5",
        fences,
    )
    returns = 100 * fitted.replayed.returns
    rise = returns[posed.episode.at("2024-02-08"), T]
    yield 12, "CSI 2000 on the day its ETF was bought, %", f"{rise:+.1f}", "+5 to +9", 5 <= rise <= 9
    siphon = returns[posed.episode.at("2024-02-06")]
    yield (
        13,
        "CSI 500 and micro-caps on 6 February, %",
        f"{siphon[M]:+.1f} and {siphon[U]:+.1f}",
        "+ and -",
        siphon[M] > 0 > siphon[U],
    )
    yield swapped(posed, point)


def swapped(posed: Any, point: np.ndarray) -> tuple[Any, ...]:
    """14, on the replay: what was spent on the middle and on CSI 2000 changes places on every day."""
    imposed = posed.record.imposed
    middle = imposed.purchases[:, M] + imposed.purchases[:, S]
    split = jnp.array([0.6, 0.4]) * imposed.purchases[:, T][:, None]
    other = imposed.purchases.at[:, T].set(middle).at[:, jnp.array([M, S])].set(split)
    turned = replace(posed, record=replace(posed.record, imposed=replace(imposed, purchases=other)))
    lowest = [lowest_micro(posed, posed.fit(point)), lowest_micro(turned, turned.fit(point))]
    found = f"{lowest[0]:.0f} % and {lowest[1]:.0f} %"
    return (
        14,
        "micro-caps' low since 26 January as it was, and CSI 2000 first",
        found,
        "less deep",
        lowest[1] > lowest[0],
    )


def lowest_micro(posed: Any, fitted: Any) -> float:
    """Lowest cumulative return of the micro-caps from the day the crowd is let go, percent."""
    free = int(np.argmin(np.asarray(posed.record.imposed.pinned)[:, U]))
    return 100 * float(np.cumprod(1 + fitted.replayed.returns[free:, U]).min() - 1)


def ordered(base: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> tuple[Any, ...]:
    """14, in simulated routs: the state buys CSI 2000 at its second stage and the middle at its third."""
    change = 100 * float((other["price"][:, U].min(axis=0) - base["price"][:, U].min(axis=0)).mean())
    return (
        14,
        "lowest micro price in simulated routs, CSI 2000 first less last, points",
        f"{change:+.2f}",
        "> 0",
        change > 0,
    )


def reordered(world: World) -> World:
    """The state buys CSI 2000 at its second stage and the middle at its third."""
    state = intervention.reordered(world.crowd.state, (0, 2, 1))
    return replace(world, crowd=replace(world.crowd, state=state))


def restricted(world: World, base: dict[str, np.ndarray]) -> Iterator[tuple[Any, ...]]:
    """15: what a sell restriction does for three days after the state's second stage."""
    held = live(runs.edited(world, "restriction.share", lambda x: jnp.full_like(x, 0.88)))
    met = (base["stage"][-1] >= 2) & (held["stage"][-1] >= 2)
    lowest = [x["price"][:, U].min(axis=0)[met].mean() for x in (held, base)]
    waiting = [x["backlog"].max(axis=0)[met].mean() for x in (held, base)]
    yield (
        15,
        "lowest micro price with a restriction less without, points",
        f"{100 * (lowest[0] - lowest[1]):+.2f}",
        "> 0",
        lowest[0] > lowest[1],
    )
    yield (
        15,
        "largest backlog, bn, with and without",
        f"{waiting[0]:.1f}, {waiting[1]:.1f}",
        "more with",
        waiting[0] > waiting[1],
    )


def conserved(world: World) -> Iterator[tuple[Any, ...]]:
    """22 and 26."""
    kept = runs.simulated(world, MANY)
    residual = float(np.max(kept.outcome.crowd.residual))
    yield (
        22,
        f"largest residual of the ledger on {MANY:,} paths, float32",
        f"{residual:.1e}",
        "< 1e-4",
        residual < 1e-4,
    )
    finite = all(np.isfinite(np.asarray(x)).all() for x in jax.tree.leaves(kept.outcome))
    owed = float(np.max(kept.outcome.crowd.shortfall))
    yield (
        26,
        "every number finite; largest shortfall owed to a broker, bn",
        f"{finite}; {owed:.1f}",
        "True; >= 0",
        finite,
    )


def limit_of_nothing(world: World) -> tuple[Any, ...]:
    """23: with every edge off, the exogenous law but for the limits."""
    bare = off(world, tuple(PLACES))
    bare = runs.edited(runs.edited(bare, "limits.limit", lambda x: 100 * x), "impact.impact", jnp.zeros_like)
    quiet, alone = live(bare)["price"][-1, U], live(replace(bare, crowd=None))["price"][-1, U]
    p = float(ks_2samp(quiet, alone).pvalue)
    return (
        23,
        "micro price at the end, edges off against exogenous: p of Kolmogorov and Smirnov",
        f"{p:.2f}",
        "> 0.05",
        p > 0.05,
    )


def amplified(world: World) -> Iterator[tuple[Any, ...]]:
    """24: amplification falls to one with impact."""
    ratios = []
    bare = shortfall_of(runs.edited(world, "impact.impact", jnp.zeros_like))
    for scale in (0.0, 0.25, 0.5, 0.75, 1.0):
        scaled = runs.edited(world, "impact.impact", lambda x, by=scale: x * by)
        ratios.append(shortfall_of(scaled) / bare)
    rising = bool((np.diff(ratios) > 0).all()) and ratios[0] == 1.0
    yield (
        24,
        "ES 95 % of micro's worst 3 days over that without impact, at 0, 1/4, 1/2, 3/4, 1 of it",
        "/".join(f"{x:.2f}" for x in ratios),
        "rising from 1",
        rising,
    )


def shortfall_of(world: World) -> float:
    kept = runs.simulated(world, 2 * PATHS)
    return runs.shortfall(-np.asarray(kept.outcome.crowd.worst_3_days), 0.95)


def rounds() -> tuple[Any, ...]:
    """25: daily bucket returns in 8 and in 16 rounds."""
    found = []
    for count in (8, 16):
        _, world = runs.world_of([*ROUT_START, f"crowd.rounds={count}", "run.days=10"])
        world = runs.edited(runs.edited(world, "panic.hold", jnp.ones_like), "basis.noise", jnp.zeros_like)
        price = live(world, 1024)["price"]
        found.append(np.diff(np.log(np.concatenate([np.ones_like(price[:1]), price])), axis=0))
    apart = 100 * np.abs(found[1] - found[0])
    return (
        25,
        "daily bucket return, 8 against 16 rounds: mean and 95 % quantile of the difference, points",
        f"{apart.mean():.3f}, {np.quantile(apart, 0.95):.3f}",
        "mean < 0.3",
        bool(apart.mean() < 0.3),
    )


def live(world: World, paths: int = PATHS) -> dict[str, np.ndarray]:
    """Prices [day, bucket, path], and with a crowd backlog and stage [day, path], a chunk at a time."""
    chunks = [
        jax.device_get(_live(world, jnp.arange(first, first + 256, dtype=jnp.uint32)))
        for first in range(0, paths, 256)
    ]
    return {name: np.concatenate([chunk[name] for chunk in chunks], axis=-1) for name in chunks[0]}


@jax.jit
def _live(world: World, numbers: jax.Array) -> dict[str, jax.Array]:
    def one_day(state: day.State, shocks: day.Shocks) -> tuple[day.State, dict[str, jax.Array]]:
        state = day.step(world, state, shocks)[0]
        if state.crowd is None:
            return state, {"price": jnp.exp(state.price)}
        crowd = state.crowd
        waiting = crowd.cohorts.backlog.sum(axis=(0, 1))
        return state, {"price": crowd.price, "backlog": waiting, "stage": (crowd.ladder.age > 0).sum(axis=0)}

    days = jnp.arange(1, world.days + 1, dtype=jnp.uint32)
    return lax.scan(one_day, path.begin(world, numbers), partial(path.draw, world, numbers)(days))[1]


if __name__ == "__main__":
    main()
