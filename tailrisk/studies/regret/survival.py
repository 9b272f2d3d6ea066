"""Leverage, recovery, and the day on which tightening stops paying: three tables of the regret study."""

from typing import Any

import numpy as np
import pandas as pd

from ...policies import books
from ...products import account
from ...record.estimates import half_width
from ...simulate.managed import Managed
from ...simulate.tape import Tape
from ...tail.sample import normal_quantile
from .markets import BEFORE, PRODUCTS, RECOVERY, Market, params_at
from .policies import book, ends, home, one_rule, rules, shortfall_of, under, unmanaged

LEVERAGES = (1.0, 2.0, 4.0, 5.0, 8.0)
SWITCHES = (-5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12)
HORIZONS = (3, 8, 20)
"""Closes after the event: 8 and 23 February and early March of 2024, if the event is the 5th's."""


def sweep(params: account.Params, tape: Tape, over: str) -> pd.DataFrame:
    """Leverage 1 to 8: loss, calls, wipe-outs, what the broker bore, with its calls and without."""
    rows = []
    for calls in (True, False):
        managed = unmanaged(params_at(params, LEVERAGES, calls), tape)
        owed = np.maximum(-np.asarray(managed.state.worth, float), 0)
        nav, called = np.asarray(managed.days.nav, float), np.asarray(managed.days.called)
        for k, leverage in enumerate(LEVERAGES):
            loss, dead = 1 - nav[-1, k], np.asarray(managed.state.lines.dead)[k]
            rows.append(
                {
                    "paths": over,
                    "broker_calls": "yes" if calls else "no",
                    "leverage": leverage,
                    "mean_loss": loss.mean(),
                    "mean_loss_half": half_width(loss),
                    "es_loss": shortfall_of(loss)[0],
                    "called": called[:, k].any(axis=0).mean(),
                    "wiped_out": dead.mean(),
                    "wiped_out_half": half_width(dead.astype(float)),
                    "broker_loss": owed[k].mean(),
                    "broker_loss_half": half_width(owed[k]),
                }
            )
    return pd.DataFrame(rows)


def recovery(params: account.Params, market: Market, event: float) -> pd.DataFrame:
    """Yanfu's statement, for those who hold and those who tighten at the next close, and by leverage."""
    made = rules(params, {"next close": {"threshold": event}})
    rows = []
    for policy in ("hold", "style_box", "top_1800"):
        one = next(one for (kind, _), one in made.items() if kind == policy)
        managed = under(params, market.tape, one)
        rows += [
            {"policy": policy, "fund": product, **recovered(managed, f, market.at)}
            for f, product in enumerate(PRODUCTS)
        ]
    managed = unmanaged(params_at(params, LEVERAGES), market.tape)
    rows += [
        {"policy": "hold", "fund": f"dma at {leverage:g}", **recovered(managed, k, market.at)}
        for k, leverage in enumerate(LEVERAGES)
    ]
    return pd.DataFrame(rows)


def recovered(managed: Managed, fund: int, at: np.ndarray) -> dict[str, float]:
    """Of paths on which a fund lost excess in the five days to the event, what came of it in RECOVERY closes.

    survive: never dead; unforced: nor called by the broker since; half is won back at some close.
    """
    excess = np.asarray(managed.days.excess, float)[:, fund]
    called = np.asarray(managed.days.called)[:, fund]
    column = np.arange(excess.shape[1])
    before, low = excess[at - 5, column], excess[at, column]
    later = at + np.arange(RECOVERY + 1)[:, None]
    after = excess[later, column]
    lost = before - low
    counted, alive = lost > 0.002, after.min(axis=0) > 0
    unforced = alive & ~called[later, column].any(axis=0)
    won = after.max(axis=0) >= low + 0.5 * lost
    return {
        "paths": int(counted.sum()),
        **rate("survive", alive[counted]),
        **rate("unforced", unforced[counted]),
        **rate("recover", won[counted & alive]),
        **rate("recover_unforced", won[counted & unforced]),
        **rate("recover_forced", won[counted & alive & ~unforced]),
    }


def rate(name: str, hits: np.ndarray) -> dict[str, float]:
    """A share and half its 95 % interval (Wilson's, the wider side)."""
    n = len(hits)
    if n == 0:
        return {name: np.nan, f"{name}_half": np.nan}
    p, z = hits.mean(), normal_quantile(0.95)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    width = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return {name: p, f"{name}_half": max(centre + width - p, p - centre + width)}


def flips(params: account.Params, market: Market, drift: str) -> pd.DataFrame:
    """What going away at each close around the event was worth at each horizon, against holding.

    A switch before the event is hindsight: it says what warning would have been worth.
    """
    weights, gross, short, flat = home(params)
    kinds = books.all_books(weights, gross, short, flat)
    own = ends(params)[0]
    still = excess(unmanaged(params, market.tape))
    rows: list[dict[str, Any]] = []
    for policy in ("style_box", "top_1800", "shift_500", "deleverage"):
        for switch in SWITCHES:
            away = book(params, kinds[policy])
            one = one_rule(params, away, own, date=market.at + 1 + switch)
            mine = excess(under(params, market.tape, one))
            for horizon in HORIZONS:
                if horizon <= switch:
                    continue
                rows += [
                    {"drift": drift, "policy": policy, "switch": switch, "closes_later": horizon, **row}
                    for row in gains(still, mine, market.at, horizon)
                ]
    return pd.DataFrame(rows)


def gains(still: np.ndarray, mine: np.ndarray, at: np.ndarray, horizon: int) -> list[dict[str, Any]]:
    """Points of NAV over the benchmark's more than holding has, over that of BEFORE closes before."""
    column = np.arange(len(at))
    rows = []
    for f, product in enumerate(PRODUCTS):
        base = np.maximum(still[at - BEFORE, f, column], 1e-6)
        gain = (mine[at + horizon, f, column] - still[at + horizon, f, column]) / base
        rows.append({"product": product, "gain": gain.mean(), "gain_half": half_width(gain)})
    return rows


def excess(managed: Managed) -> np.ndarray:
    """NAV over the benchmark's [day, fund, path]."""
    return np.asarray(managed.days.excess, float)
