"""What each policy would have been worth: policy by product by date, on common paths; what leverage does.

    python -m experiments.regret [--config feb2024.toml] [--paths 4096]

Markets are recorded once (simulate/tape.py); every policy trades the same days with its own costs, limits
and margin, and does not move them. Losses are of NAV against the benchmark. Ex ante is over all paths; after
an event is over paths on which one day's CSI 1000 less CSI 300 was at z <= --event, from that close. A config
with a crowd adds the order of rescue and the restriction on sales. The learned policy is trained elsewhere.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from experiments.regret_page import page
from experiments.teach import teach
from tailrisk.assemble import assemble
from tailrisk.assemble_accounts import assemble as assemble_funds
from tailrisk.config import load
from tailrisk.config.replay import load_accounts
from tailrisk.crowd import intervention
from tailrisk.policies import books, learned, rule
from tailrisk.policies.observation import Book, Decision
from tailrisk.products import account
from tailrisk.record import provenance
from tailrisk.record.store import replacing, seal
from tailrisk.simulate import managed
from tailrisk.simulate.tape import Tape, record

PRODUCTS = ("ie500", "ie1000", "neutral", "dma")
LEVERAGES = (1, 2, 4, 5, 8)
DETECTORS = (
    'event=[{name="day", pair=["csi1000", "csi300"], window=250, threshold=-7.0},'
    '{name="week", pair=["csi2000", "csi300"], window=250, days=5, threshold=-6.0}]'
)
DAY, WEEK = 0, 1
DATES, LAGS = (5, 15, 25, 35), (1, 2, 3, 5)
AFTER, RECOVERY, LEVEL, CHUNK = 20, 30, 0.95, 512
NEVER = -jnp.inf


@click.command()
@click.option("--config", "name", default="feb2024.toml", show_default=True)
@click.option("--paths", default=4096, show_default=True, help="Ex ante.")
@click.option("--search", default=16384, show_default=True, help="Paths searched for the event.")
@click.option(
    "--event", default=-5.0, show_default=True, help="z of CSI 1000 less CSI 300 that is the event."
)
@click.option("--steps", default=150, show_default=True, help="Of training.")
@click.option("-o", "--output", default="results/regret", show_default=True, type=click.Path(path_type=Path))
def main(name: str, paths: int, search: int, event: float, steps: int, output: Path) -> None:
    """Compare policies on common paths; write results/regret."""
    config = load(name, [DETECTORS, "market.spread_drift=fitted"])
    world = assemble(config)
    params = funds(config)
    ex_ante = tapes(world, 0, paths)
    click.echo(f"recorded {paths} paths", err=True)
    after, at = eventful(world, paths, search, event)
    click.echo(f"{len(at)} of {search} paths have the event", err=True)
    weights, gross, short, flat = home(params)
    own, safe = book(params, (weights, gross, short)), book(params, (flat, gross, short))
    taught = teach(params, tapes(world, 2**20, min(paths, 2048)), own, safe, steps, LEVEL)
    whole = np.full(paths, -1)
    tables = {
        "ex_ante": matrix(params, ex_ante, whole, dated(params), taught),
        "after_event": matrix(params, after, at, lagged(params, event), taught),
        "leverage": pd.concat(
            [sweep(params, ex_ante, "all paths"), sweep(params, after, "with the event")], ignore_index=True
        ),
        "recovery": recovery(params, after, at, event),
    }
    if world.crowd is not None:
        tables["state"] = levers(world, params, min(paths, 2048))
    command = f"python -m experiments.regret --config {name} --paths {paths} --search {search}"
    command += f" --event {event:g} --steps {steps}"
    words = {"config": name, "paths": paths, "search": search, "event": event, "found": len(at)}
    words |= {"after": AFTER, "recovery": RECOVERY}
    with replacing(output) as folder:
        for key, table in tables.items():
            table.to_csv(folder / f"{key}.csv", index=False, float_format="%.6g")
        (folder / "README.md").write_text(page(tables, words, command), encoding="utf-8")
        commit, dirty = provenance.commit()
        said = {"name": "regret", "command": command, "config_sha256": config.digest(), "commit": commit}
        seal(folder, {**said, "dirty": dirty, "versions": provenance.versions(), **provenance.machine()})
    click.echo(f"wrote {output}")


def funds(config: Any) -> account.Params:
    """The products' own books on the terms of configs/accounts_2024.toml."""
    made = assemble_funds(config, load_accounts("accounts_2024.toml"), 1, 0, precision=config.run.precision)
    rows = np.array([made.own[product] for product in PRODUCTS])
    return jax.tree.map(lambda x: x[rows], made.params)


recorded = jax.jit(record)


def tapes(world: Any, first: int, paths: int) -> Tape:
    """The tape of consecutive paths, a chunk at a time."""
    parts = [
        jax.device_get(recorded(world, jnp.arange(start, start + CHUNK, dtype=jnp.uint32)))
        for start in range(first, first + paths, CHUNK)
    ]
    return joined(parts)


def joined(parts: list[Tape]) -> Tape:
    """Tapes side by side; what has no path axis is the same in all."""
    return jax.tree.map(
        lambda *x: jnp.asarray(np.concatenate(x, axis=-1) if x[0].shape[-1:] == (CHUNK,) else x[0]), *parts
    )


def eventful(world: Any, first: int, search: int, event: float) -> tuple[Tape, Any]:
    """Paths whose day's z falls to the event early enough to follow it; also the day, from zero."""
    parts, days = [], []
    for start in range(first, first + search, CHUNK):
        tape = jax.device_get(recorded(world, jnp.arange(start, start + CHUNK, dtype=jnp.uint32)))
        hit = tape.z[: world.days - RECOVERY, DAY] <= event
        kept = np.flatnonzero(hit.any(axis=0))
        days.append(hit[:, kept].argmax(axis=0))
        parts.append(jax.tree.map(lambda x, kept=kept: x[..., kept] if x.shape[-1:] == (CHUNK,) else x, tape))
    wide = jax.tree.map(lambda *x: jnp.asarray(np.concatenate(x, axis=-1) if x[0].ndim > 1 else x[0]), *parts)
    return wide, np.concatenate(days)


def home(params: account.Params) -> tuple[Any, Any, Any, Any]:
    """Weights, gross, short over stock book, and the book without tilt, of every fund."""
    stock, sold = np.asarray(params.stock, float), np.asarray(params.short, float)
    gross = stock.sum(axis=1)
    weights, short = stock / gross[:, None], sold / gross[:, None]
    hedged = np.concatenate([short, np.zeros((len(stock), 2))], axis=1)
    hedged /= np.maximum(hedged.sum(axis=1, keepdims=True), 1e-12)
    index = np.asarray(params.benchmark, float)
    return weights, gross, short, np.where(index.any(axis=1, keepdims=True), index, hedged)


def book(params: account.Params, values: tuple[Any, Any, Any]) -> Book:
    weights, gross, short = (jnp.asarray(value, params.stock.dtype) for value in values)
    return Book(weights=weights, gross=gross, short=short)


Rules = dict[tuple[str, str], rule.Params]


def rules(params: account.Params, cells: Mapping[str, dict[str, Any]]) -> Rules:
    """Every policy at every trigger: (policy, trigger) -> its rule."""
    weights, gross, short, flat = home(params)
    kinds = dict(books.all_books(weights, gross, short, flat))
    made: Rules = {}
    basic = {"date": 0, "threshold": NEVER, "lag": 1, "lasting": 5, "watched": DAY}
    own = book(params, (weights, gross, short))

    def one(away: Any, **said: Any) -> rule.Params:
        counts = {k: jnp.int32({**basic, **said}[k]) for k in ("date", "lag", "lasting", "watched")}
        threshold = jnp.asarray({**basic, **said}["threshold"], params.stock.dtype)
        pace = jnp.asarray(1.0, params.stock.dtype)
        back = jnp.int32(said.get("back", 0))
        return rule.Params(**counts, threshold=threshold, pace=pace, back=back, away=away, home=own)

    made["hold", ""] = one(own)
    for when, said in cells.items():
        for kind, values in kinds.items():
            made[kind, when] = one(book(params, values), **said)
        made["hesitate", when] = one(book(params, kinds["style_box"]), **{**said, "back": 2})
    return made


def dated(params: account.Params) -> Rules:
    """Policies on fixed dates, and on the two signals of the reports."""
    cells: dict[str, dict[str, Any]] = {f"day {date}": {"date": date} for date in DATES}
    cells["week z <= -6, 3 days"] = {"threshold": -6.0, "lag": 3, "watched": WEEK}
    cells["day z <= -3"] = {"threshold": -3.0}
    return rules(params, cells)


def lagged(params: account.Params, event: float) -> Rules:
    """Policies some closes after the event."""
    return rules(params, {f"{lag} closes later": {"threshold": event, "lag": lag} for lag in LAGS})


@jax.jit
def outcomes(params: account.Params, tape: Tape, at: Any, stacked: rule.Params) -> dict[str, Any]:
    """Of every rule [rule, fund, path]: what is kept of a fund from close `at` on (-1: from the start)."""
    return jax.lax.map(lambda one: summary(params, tape, at, rule.step, one, *begun(one, tape)), stacked)


def begun(one: rule.Params, tape: Tape) -> tuple[Any, Any]:
    mind = rule.init(one, tape.z.shape[-1])
    return partial(rule.step, one), mind


def summary(
    params: account.Params, tape: Tape, at: Any, _: Any, one: Any, act: Any, mind: Any
) -> dict[str, Any]:
    """Live the tape; keep the excess from `at` to AFTER closes later or the end, and the fund's fate."""
    first = managed.still(params, tape.z.shape[-1])
    if isinstance(one, rule.Params):
        first = act_on_eve(one, mind, first)
    lived = managed.live(params, tape, act, mind, first)
    days = lived.days.excess
    start = jnp.where(at < 0, 1.0, pick(days, jnp.maximum(at, 0)))
    stop = jnp.where(at < 0, days.shape[0] - 1, jnp.minimum(at + AFTER, days.shape[0] - 1))
    gone = lived.state.lines
    return {
        "value": pick(days, stop) / jnp.maximum(start, 1e-6) - 1.0,
        "called": lived.days.called.any(axis=0),
        "dead": gone.dead,
        "shortfall": account.shortfall(lived.state),
    }


def act_on_eve(one: rule.Params, mind: rule.State, first: Decision) -> Decision:
    """The eve's decision: a rule dated the first close trades there."""
    due = (mind.since == 0)[None].astype(first.act.dtype) * jnp.ones_like(first.act)
    return replace(
        first,
        weights=one.away.weights[:, :, None] + first.weights,
        gross=one.away.gross[:, None] + first.gross,
        short=one.away.short[:, :, None] + first.short,
        act=due,
    )


def pick(days: Any, at: Any) -> Any:
    """days [day, fund, path] at each path's own day: [fund, path]."""
    return jnp.take_along_axis(days, jnp.broadcast_to(at, days.shape[1:])[None].astype(jnp.int32), axis=0)[0]


def shortfall_of(loss: Any) -> tuple[float, Any]:
    """ES at LEVEL, and each path's part in it, whose mean it is (Rockafellar and Uryasev, 2000)."""
    line = np.quantile(loss, LEVEL)
    part = line + np.maximum(loss - line, 0) / (1 - LEVEL)
    return float(part.mean()), part


def matrix(params: account.Params, tape: Tape, at: Any, made: Rules, taught: learned.Params) -> pd.DataFrame:
    """A row per policy, trigger and product: mean and ES, each against holding on the same paths."""
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *made.values())
    found = jax.device_get(outcomes(params, tape, jnp.asarray(at), stacked))
    values = dict(zip(made, found["value"], strict=True))
    dead = dict(zip(made, found["dead"], strict=True))
    learnt = jax.device_get(judged(params, tape, jnp.asarray(at), taught))
    values["learned", ""], dead["learned", ""] = learnt["value"], learnt["dead"]
    rows = []
    for (policy, when), value in values.items():
        for f, product in enumerate(PRODUCTS):
            mine, still = -value[f].astype(float), -values["hold", ""][f].astype(float)
            es, part = shortfall_of(mine)
            gain, tail = still - mine, shortfall_of(still)[1] - part
            root = np.sqrt(len(mine))
            rows.append(
                {
                    "policy": policy,
                    "trigger": when,
                    "product": product,
                    "mean": -mine.mean(),
                    "gain": gain.mean(),
                    "gain_half": 1.96 * gain.std() / root,
                    "es": es,
                    "es_saved": tail.mean(),
                    "es_saved_half": 1.96 * tail.std() / root,
                    "wiped_out": dead[policy, when][f].mean(),
                }
            )
    table = pd.DataFrame(rows)
    best = table.groupby("product")["mean"].transform("max")
    table["regret"] = best - table["mean"]
    table["es_regret"] = table["es"] - table.groupby("product")["es"].transform("min")
    return table


@jax.jit
def judged(params: account.Params, tape: Tape, at: Any, taught: learned.Params) -> dict[str, Any]:
    """The learned policy with hard triggers."""
    mind = learned.init(taught, tape.z.shape[-1], tape.z.shape[1])
    return summary(params, tape, at, None, None, partial(learned.step, taught), mind)


def levered(params: account.Params) -> account.Params:
    """The DMA book at every leverage; margins keep their ratio to the equity the book starts with."""
    row = jax.tree.map(lambda x: x[PRODUCTS.index("dma")][None], params)
    copies = []
    for leverage in LEVERAGES:
        scale = leverage / 4
        lines = replace(row.lines, call=row.lines.call / scale, reset=row.lines.reset / scale)
        lines = replace(lines, call=jnp.minimum(lines.call, 0.6), reset=jnp.minimum(lines.reset, 0.8))
        trade = replace(row.trade, initial=jnp.minimum(row.trade.initial / scale, 1.0))
        book_ = {"stock": row.stock * scale, "short": row.short * scale}
        copies.append(replace(row, **book_, lines=lines, trade=trade))
    return jax.tree.map(lambda *x: jnp.concatenate(x), *copies)


@jax.jit
def held(params: account.Params, tape: Tape) -> managed.Managed:
    """Every fund, left alone."""
    first = managed.still(params, tape.z.shape[-1])
    return managed.live(params, tape, lambda mind, _: (mind, first), (), first)


def sweep(params: account.Params, tape: Tape, over: str) -> pd.DataFrame:
    """Leverage 1 to 8: loss, calls, wipe-outs, what the broker bore."""
    lived = jax.device_get(held(levered(params), tape))
    owed = np.maximum(-lived.state.worth, 0)
    rows = []
    for k, leverage in enumerate(LEVERAGES):
        loss = 1 - lived.days.nav[-1, k].astype(float)
        dead = lived.state.lines.dead[k]
        rows.append(
            {
                "paths": over,
                "leverage": leverage,
                "mean_loss": loss.mean(),
                "es_loss": shortfall_of(loss)[0],
                "called": lived.days.called[:, k].any(axis=0).mean(),
                "wiped_out": dead.mean(),
                "wiped_out_half": 1.96 * dead.std() / np.sqrt(len(dead)),
                "broker_loss": owed[k].mean(),
            }
        )
    return pd.DataFrame(rows)


def recovery(params: account.Params, tape: Tape, at: Any, event: float) -> pd.DataFrame:
    """Yanfu's statement: half of the excess lost in the five days to the event won back in time."""
    tight = {
        k: v
        for k, v in rules(params, {"next close": {"threshold": event}}).items()
        if k[0] in ("hold", "style_box")
    }
    rows = []
    for (policy, _), one in tight.items():
        days = jax.device_get(lived_days(params, tape, one))
        excess = days.excess.astype(float)
        rows += [
            {"policy": policy, "fund": product, **recovered(excess[:, f], at)}
            for f, product in enumerate(PRODUCTS)
        ]
    swept = jax.device_get(held(levered(params), tape)).days.excess.astype(float)
    rows += [
        {"policy": "hold", "fund": f"dma at {leverage}", **recovered(swept[:, k], at)}
        for k, leverage in enumerate(LEVERAGES)
    ]
    return pd.DataFrame(rows)


@jax.jit
def lived_days(params: account.Params, tape: Tape, one: rule.Params) -> managed.Days:
    act, mind = begun(one, tape)
    return managed.live(params, tape, act, mind, managed.still(params, tape.z.shape[-1])).days


def recovered(excess: Any, at: Any) -> dict[str, float]:
    """P(survive), and P(half won back | survive), of one fund's excess [day, path]."""
    days, paths = excess.shape
    column = np.arange(paths)
    before = np.where(at >= 5, excess[np.maximum(at - 5, 0), column], 1.0)
    low = excess[at, column]
    best, last = low.copy(), low.copy()
    for k in range(1, RECOVERY + 1):
        now = excess[np.minimum(at + k, days - 1), column]
        best, last = np.maximum(best, now), np.minimum(last, now)
    lost = before - low
    counted, alive = lost > 0.002, last > 0
    won = best >= low + 0.5 * lost
    live = counted & alive
    share = won[live].mean() if live.any() else np.nan
    return {
        "paths": int(counted.sum()),
        "survive": alive[counted].mean() if counted.any() else np.nan,
        "recover": share,
        "recover_half": 1.96 * np.sqrt(share * (1 - share) / max(live.sum(), 1)),
    }


def levers(world: Any, params: account.Params, paths: int) -> pd.DataFrame:
    """The state's order of purchases and the restriction on sales: who loses what, on the same shocks."""
    crowd = world.crowd
    off = replace(crowd.restriction, share=jnp.zeros_like(crowd.restriction.share))
    full = replace(crowd.restriction, share=jnp.full_like(crowd.restriction.share, 0.88))
    variants = {
        "300, 500 and 1000, 2000": replace(crowd, restriction=off),
        "sales restricted": replace(crowd, restriction=full),
        "500 and 1000 first": replace(
            crowd, restriction=off, state=intervention.reordered(crowd.state, (1, 0, 2))
        ),
        "2000 first": replace(crowd, restriction=off, state=intervention.reordered(crowd.state, (2, 1, 0))),
        "2000 before 500 and 1000": replace(
            crowd, restriction=off, state=intervention.reordered(crowd.state, (0, 2, 1))
        ),
    }
    for cap in (1.0, 2.0, 4.0):
        variants[f"leverage cap {cap:g}"] = replace(
            crowd, restriction=off, leverage_cap=jnp.full_like(crowd.leverage_cap, cap)
        )
    rows, base = [], None
    for lever, changed in variants.items():
        lived = jax.device_get(held(params, tapes(replace(world, crowd=changed), 0, paths)))
        loss = 1 - lived.days.nav[-1].astype(float)
        base = loss if base is None else base
        for f, product in enumerate(PRODUCTS):
            es, part = shortfall_of(loss[f])
            saved, tail = base[f] - loss[f], shortfall_of(base[f])[1] - part
            rows.append(
                {
                    "lever": lever,
                    "product": product,
                    "mean_loss": loss[f].mean(),
                    "saved": saved.mean(),
                    "saved_half": 1.96 * saved.std() / np.sqrt(paths),
                    "es": es,
                    "es_saved": tail.mean(),
                    "es_saved_half": 1.96 * tail.std() / np.sqrt(paths),
                }
            )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
