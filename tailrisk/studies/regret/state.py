"""The state's levers in the regret study: who loses what under each, on the same shocks.

Twenty days from the crisis regime in which fear takes hold at once. Funds are held; the crowd's own cohorts
answer to everything. A ladder's order moves what each stage buys, not what fires it.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...config import Config
from ...crowd import intervention
from ...policies import books
from ...products import account
from ...record.estimates import half_width
from ...simulate.tape import Tape, chosen, tapes
from ...simulate.world import World
from ..crowd.edges import ROUT_START
from ..crowd.runs import ROUT
from .markets import PRODUCTS, exempt, worlds
from .policies import book, ends, home, one_rule, shortfall_of, under, unmanaged
from .survival import sweep

BOUGHT = ("300", "middle", "2000")
REFUSED = 0.88
"""Share of sales refused while window guidance lasts (mechanism 6)."""
CAPS = (1.0, 2.0, 4.0)


def rout(name: str, drift: str) -> tuple[Config, World]:
    """The config, and the best member's world from the crisis regime, in fear."""
    config, [world] = worlds(name, drift, 1, *ROUT_START)
    crowd: Any = world.crowd
    fear = replace(crowd.panic, hold=jnp.ones_like(crowd.panic.hold))
    return config, replace(world, crowd=replace(crowd, panic=fear))


def variants(world: World) -> Mapping[str, World]:
    """Every order of purchases, the restriction on sales, and caps on leverage when swaps are renewed."""
    crowd: Any = world.crowd
    off = restricted(world, 0.0)
    base: Any = off.crowd
    made = {}
    for order in permutations(range(3)):
        state = intervention.reordered(crowd.state, order)
        made[", ".join(BOUGHT[k] for k in order)] = replace(off, crowd=replace(base, state=state))
    made["no purchases"] = replace(
        off, crowd=replace(base, state=replace(crowd.state, pace=0.0 * crowd.state.pace))
    )
    made["sales restricted"] = restricted(world, REFUSED)
    for cap in CAPS:
        limit = jnp.full_like(crowd.long_cap, cap)
        made[f"leverage cap {cap:g}"] = replace(off, crowd=replace(base, long_cap=limit))
    return made


def restricted(world: World, refused: float) -> World:
    """The world with that share of sales refused while guidance lasts."""
    crowd: Any = world.crowd
    rule = replace(crowd.restriction, share=jnp.full_like(crowd.restriction.share, refused))
    return replace(world, crowd=replace(crowd, restriction=rule))


def levers(params: account.Params, recorded: Mapping[str, Tape], cohorts: list[str]) -> pd.DataFrame:
    """A row per lever and loser: loss against the first lever's, path by path."""
    rows: list[dict[str, Any]] = []
    base: dict[str, np.ndarray] = {}
    for lever, tape in recorded.items():
        found = losses(params, tape, cohorts)
        base = base or found
        for who, loss in found.items():
            es, part = shortfall_of(loss)
            saved, tail = base[who] - loss, shortfall_of(base[who])[1] - part
            rows.append(
                {
                    "lever": lever,
                    "loser": who,
                    "mean_loss": loss.mean(),
                    "saved": saved.mean(),
                    "saved_half": half_width(saved),
                    "es": es,
                    "es_saved": tail.mean(),
                    "es_saved_half": half_width(tail),
                }
            )
    return pd.DataFrame(rows)


def losses(params: account.Params, tape: Tape, cohorts: list[str]) -> dict[str, np.ndarray]:
    """Loss of NAV of each product, of each cohort from its peak, of micro-caps in three days [path]."""
    nav = np.asarray(unmanaged(params, tape).days.nav, float)[-1]
    crowd: Any = tape.crowd
    worst = -np.asarray(crowd.worst_3_days, float)
    found = {product: 1 - nav[f] for f, product in enumerate(PRODUCTS)}
    found |= {f"cohort: {name}": np.asarray(crowd.drawdown[k], float) for k, name in enumerate(cohorts)}
    return found | {"micro-caps, 3 days": worst}


def outcomes(recorded: Mapping[str, Tape]) -> pd.DataFrame:
    """A row per lever: chance of a stampede, the cohorts' debts to brokers and the state's spending, bn."""
    rows = []
    for lever, tape in recorded.items():
        crowd: Any = tape.crowd
        stampede = (np.asarray(crowd.worst_3_days) < -ROUT).astype(float)
        owed = np.asarray(crowd.shortfall, float).sum(axis=0)
        spent = np.asarray(crowd.state_spent, float)
        row: dict[str, Any] = {
            "lever": lever,
            "stampede": stampede.mean(),
            "stampede_half": half_width(stampede),
        }
        row |= {"brokers_bn": owed.mean(), "brokers_bn_half": half_width(owed)}
        rows.append(row | {"state_bn": spent.mean(), "state_bn_half": half_width(spent)})
    return pd.DataFrame(rows)


def trapped(params: account.Params, free: Tape, bound: Tape) -> pd.DataFrame:
    """What refusal costs who wants out on the first day that sales are refused, where they ever are.

    refusal: against his own orders exempt in the same market; restriction: against the market without one.
    """
    refused = np.asarray(bound.days.refused) > 0
    kept = np.flatnonzero(refused.any(axis=0))
    bound, free, date = chosen(bound, kept), chosen(free, kept), refused[:, kept].argmax(axis=0) + 1
    weights, gross, short, flat = home(params)
    kinds = {"hold": (weights, gross, short), **books.all_books(weights, gross, short, flat)}
    own = ends(params)[0]
    rows = []
    for policy in ("hold", "style_box", "top_1800", "deleverage"):
        when: Any = 0 * date if policy == "hold" else date
        one = one_rule(params, book(params, kinds[policy]), own, date=when)
        mine, let, never = (
            1 - np.asarray(under(params, tape, one).days.nav, float)[-1]
            for tape in (bound, exempt(bound), free)
        )
        for f, product in enumerate(PRODUCTS):
            cost, guidance = mine[f] - let[f], mine[f] - never[f]
            worse = shortfall_of(mine[f])[1] - shortfall_of(let[f])[1]
            rows.append(
                {
                    "policy": policy,
                    "product": product,
                    "paths": len(kept),
                    "loss": mine[f].mean(),
                    "refusal_cost": cost.mean(),
                    "refusal_cost_half": half_width(cost),
                    "refusal_es": worse.mean(),
                    "refusal_es_half": half_width(worse),
                    "restriction_cost": guidance.mean(),
                    "restriction_cost_half": half_width(guidance),
                }
            )
    return pd.DataFrame(rows)


def study(name: str, drift: str, params: account.Params, paths: int) -> dict[str, pd.DataFrame]:
    """The tables of the levers and of those trapped, and the leverage sweep in a rout."""
    config, world = rout(name, drift)
    recorded = {lever: tapes(changed, 0, paths) for lever, changed in variants(world).items()}
    first = recorded[next(iter(recorded))]
    assert config.attached.crowd is not None
    cohorts = list(config.attached.crowd.participants.cohorts)
    return {
        "state": levers(params, recorded, cohorts),
        "state_money": outcomes(recorded),
        "trapped": trapped(params, first, recorded["sales restricted"]),
        "leverage": sweep(params, first, "in a rout, 20 days"),
    }
