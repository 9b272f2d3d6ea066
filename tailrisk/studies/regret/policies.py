"""The fixed policies of the regret study, what each makes of a fund, and the tables of regret."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...policies import books, learned, rule
from ...policies.observation import Book, Decision
from ...products import account
from ...record.estimates import half_width
from ...simulate import managed
from ...simulate.tape import Tape
from .markets import DAY, PRODUCTS, WEEK, Market

DATES, LAGS = (1, 5, 15, 25, 35), (1, 2, 3, 5)
AFTER, LEVEL = 20, 0.95
NEVER = -np.inf

Rules = dict[tuple[str, str], rule.Params]
"""(policy, trigger) -> rule."""


def home(params: account.Params) -> tuple[Any, Any, Any, Any]:
    """Weights, gross, short over stock book, and the book without tilt, of every fund."""
    stock, sold = np.asarray(params.long, float), np.asarray(params.short, float)
    gross = stock.sum(axis=1)
    weights, short = stock / gross[:, None], sold / gross[:, None]
    hedged = np.concatenate([short, np.zeros((len(stock), 2))], axis=1)
    hedged /= np.maximum(hedged.sum(axis=1, keepdims=True), 1e-12)
    index = np.asarray(params.benchmark, float)
    return weights, gross, short, np.where(index.any(axis=1, keepdims=True), index, hedged)


def book(params: account.Params, values: tuple[Any, Any, Any]) -> Book:
    """The book of (weights, gross, short over stock book)."""
    weights, gross, short = (jnp.asarray(value, params.long.dtype) for value in values)
    return Book(weights=weights, gross=gross, short=short)


def ends(params: account.Params) -> tuple[Book, Book]:
    """The book a fund starts with, and the one without tilt."""
    weights, gross, short, flat = home(params)
    return book(params, (weights, gross, short)), book(params, (flat, gross, short))


def rules(params: account.Params, cells: Mapping[str, dict[str, Any]]) -> Rules:
    """Every policy at every trigger, and holding."""
    weights, gross, short, flat = home(params)
    kinds = {**books.all_books(weights, gross, short, flat), "exit": (weights, 0 * gross, short)}
    own = book(params, (weights, gross, short))
    made: Rules = {("hold", ""): one_rule(params, own, own)}
    for when, said in cells.items():
        for kind, values in kinds.items():
            made[kind, when] = one_rule(params, book(params, values), own, **said)
        box = book(params, kinds["style_box"])
        made["hesitate", when] = one_rule(params, box, own, **{**said, "back": 2})
    return made


def one_rule(params: account.Params, away: Book, own: Book, **said: Any) -> rule.Params:
    """A rule that goes `away` when `said` says: date (a number or [path]), threshold, lag, watched, back."""
    whole = {"date": 0, "lag": 1, "lasting": 5, "watched": DAY, "back": 0}
    counts = {name: jnp.asarray({**whole, **said}[name], jnp.int32) for name in whole}
    dtype = params.long.dtype
    threshold, pace = jnp.asarray(said.get("threshold", NEVER), dtype), jnp.asarray(1.0, dtype)
    return rule.Params(**counts, threshold=threshold, pace=pace, away=away, home=own)


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
def under(params: account.Params, tape: Tape, one: rule.Params) -> managed.Managed:
    """Every fund under a rule."""
    mind = rule.init(one, tape.z.shape[-1])
    first = on_the_eve(one, mind, managed.still(params, tape.z.shape[-1]))
    return managed.live(params, tape, partial(rule.step, one), mind, first)


@jax.jit
def unmanaged(params: account.Params, tape: Tape) -> managed.Managed:
    """Every fund, left alone."""
    first = managed.still(params, tape.z.shape[-1])
    return managed.live(params, tape, lambda mind, _: (mind, first), (), first)


@jax.jit
def taught(params: account.Params, tape: Tape, policy: learned.Params) -> managed.Managed:
    """Every fund under the learned policy."""
    mind = learned.init(policy, tape.z.shape[-1], tape.z.shape[1])
    first = managed.still(params, tape.z.shape[-1])
    return managed.live(params, tape, partial(learned.step, policy), mind, first)


def on_the_eve(one: rule.Params, mind: rule.State, first: Decision) -> Decision:
    """The eve's decision: a rule dated the first close trades there."""
    due = (mind.since == 0)[None].astype(first.act.dtype) * jnp.ones_like(first.act)
    return replace(
        first,
        weights=one.away.weights[:, :, None] + first.weights,
        gross=one.away.gross[:, None] + first.gross,
        short=one.away.short[:, :, None] + first.short,
        act=due,
    )


def outcomes(run: managed.Managed, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Excess return from close `at` to AFTER closes later (all days where -1), and death, [fund, path]."""
    days = np.asarray(run.days.excess, float)
    start = np.where(at < 0, 1.0, along(days, np.maximum(at, 0)))
    stop = np.where(at < 0, len(days) - 1, np.minimum(at + AFTER, len(days) - 1))
    return along(days, stop) / np.maximum(start, 1e-6) - 1.0, np.asarray(run.state.lines.dead)


def along(days: np.ndarray, at: np.ndarray) -> np.ndarray:
    """days [day, fund, path] at each path's own day: [fund, path]."""
    return np.take_along_axis(days, np.broadcast_to(at, days.shape[1:])[None], axis=0)[0]


def shortfall_of(loss: np.ndarray) -> tuple[float, np.ndarray]:
    """ES at LEVEL, and each path's part in it, whose mean it is (Rockafellar and Uryasev, 2000)."""
    line = np.quantile(loss, LEVEL)
    part = line + np.maximum(loss - line, 0) / (1 - LEVEL)
    return float(part.mean()), part


Values = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]
"""(policy, trigger) -> excess return and death [fund, path]."""


def values(
    params: account.Params, market: Market, made: Rules, policy: learned.Params | None = None
) -> Values:
    """What every rule, and the learned policy, make of every fund on every path."""
    results = {key: outcomes(under(params, market.tape, one), market.at) for key, one in made.items()}
    if policy is not None:
        results["learned", ""] = outcomes(taught(params, market.tape, policy), market.at)
    return results


def matrix(results: Values) -> pd.DataFrame:
    """A row per policy, trigger and product: mean and ES, each against holding on the same paths."""
    rows = []
    for (policy, when), (value, dead) in results.items():
        for f, product in enumerate(PRODUCTS):
            mine, still = -value[f], -results["hold", ""][0][f]
            es, part = shortfall_of(mine)
            gain, tail = still - mine, shortfall_of(still)[1] - part
            rows.append(
                {
                    "policy": policy,
                    "trigger": when,
                    "product": product,
                    "mean": -mine.mean(),
                    "gain": gain.mean(),
                    "gain_half": half_width(gain),
                    "es": es,
                    "es_saved": tail.mean(),
                    "es_saved_half": half_width(tail),
                    "wiped_out": dead[f].mean(),
                }
            )
    table = pd.DataFrame(rows)
    best = table.groupby("product")["mean"].transform("max")
    table["regret"] = best - table["mean"]
    table["es_regret"] = table["es"] - table.groupby("product")["es"].transform("min")
    return table


def by_member(results: Values, market: Market) -> pd.DataFrame:
    """The gain of each policy, averaged over its triggers, in each member of the ensemble."""
    rows = []
    for policy in dict.fromkeys(key[0] for key in results if key[0] != "hold"):
        for f, product in enumerate(PRODUCTS):
            gains = [results[key][0][f] - results["hold", ""][0][f] for key in results if key[0] == policy]
            gain = np.mean(gains, axis=0)
            row: dict[str, Any] = {"policy": policy, "product": product}
            for k in np.unique(market.world):
                mine = gain[market.world == k]
                row |= {f"member_{k}": mine.mean(), f"member_{k}_half": half_width(mine)}
            rows.append(row)
    return pd.DataFrame(rows)


def verdict(results: Values, over: str) -> pd.DataFrame:
    """The learned policy against each product's best fixed one, by mean loss plus ES, path by path."""
    rows = []
    for f, product in enumerate(PRODUCTS):

        def cost(key: tuple[str, str], f: int = f) -> np.ndarray:
            loss = -results[key][0][f]
            return loss + shortfall_of(loss)[1]

        costs = {key: cost(key) for key in results}
        mine = costs.pop(("learned", ""))
        best = min(costs, key=lambda key: costs[key].mean())
        gap = costs[best] - mine
        beaten = sum((c - mine).mean() > half_width(c - mine) for c in costs.values())
        rows.append(
            {
                "paths": over,
                "product": product,
                "learned": mine.mean(),
                "best_fixed": " ".join(filter(None, best)),
                "fixed": costs[best].mean(),
                "better_by": gap.mean(),
                "better_by_half": half_width(gap),
                "beaten": int(beaten),
                "of": len(costs),
                "beats_every_one": bool(beaten == len(costs)),
            }
        )
    return pd.DataFrame(rows)
