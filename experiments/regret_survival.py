"""Leverage, recovery, and the day on which tightening stops paying: three tables of the regret study."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.regret_markets import BEFORE, PRODUCTS, RECOVERY, Market, params_at
from experiments.regret_policies import Z, book, ends, half, held, home, one_rule, rules, shortfall_of, under
from tailrisk.policies import books
from tailrisk.products import account
from tailrisk.simulate.managed import Managed
from tailrisk.simulate.tape import Tape

LEVERAGES = (1.0, 2.0, 4.0, 5.0, 8.0)
SWITCHES = (-5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12)
HORIZONS = (3, 8, 20)
"""Closes after the event: 8 and 23 February and early March of 2024, if the event is the 5th's."""


def sweep(params: account.Params, tape: Tape, over: str) -> pd.DataFrame:
    """Leverage 1 to 8: loss, calls, wipe-outs, what the broker bore, with its calls and without."""
    rows = []
    for calls in (True, False):
        lived = held(params_at(params, LEVERAGES, calls), tape)
        owed = np.maximum(-np.asarray(lived.state.worth, float), 0)
        nav, called = np.asarray(lived.days.nav, float), np.asarray(lived.days.called)
        for k, leverage in enumerate(LEVERAGES):
            loss, dead = 1 - nav[-1, k], np.asarray(lived.state.lines.dead)[k]
            rows.append(
                {
                    "paths": over,
                    "broker_calls": "yes" if calls else "no",
                    "leverage": leverage,
                    "mean_loss": loss.mean(),
                    "mean_loss_half": half(loss),
                    "es_loss": shortfall_of(loss)[0],
                    "called": called[:, k].any(axis=0).mean(),
                    "wiped_out": dead.mean(),
                    "wiped_out_half": half(dead.astype(float)),
                    "broker_loss": owed[k].mean(),
                    "broker_loss_half": half(owed[k]),
                }
            )
    return pd.DataFrame(rows)


def recovery(params: account.Params, market: Market, event: float) -> pd.DataFrame:
    """Yanfu's statement, for those who hold and those who tighten at the next close, and by leverage."""
    made = rules(params, {"next close": {"threshold": event}})
    rows = []
    for policy in ("hold", "style_box", "top_1800"):
        one = next(one for (kind, _), one in made.items() if kind == policy)
        lived = under(params, market.tape, one)
        rows += [
            {"policy": policy, "fund": product, **recovered(lived, f, market.at)}
            for f, product in enumerate(PRODUCTS)
        ]
    lived = held(params_at(params, LEVERAGES), market.tape)
    rows += [
        {"policy": "hold", "fund": f"dma at {leverage:g}", **recovered(lived, k, market.at)}
        for k, leverage in enumerate(LEVERAGES)
    ]
    return pd.DataFrame(rows)


def recovered(lived: Managed, fund: int, at: np.ndarray) -> dict[str, float]:
    """Of paths on which a fund lost excess in the five days to the event, what came of it in RECOVERY closes.

    survive: never dead; unforced: nor called by the broker since; half is won back at some close.
    """
    excess = np.asarray(lived.days.excess, float)[:, fund]
    called = np.asarray(lived.days.called)[:, fund]
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
        **share("survive", alive[counted]),
        **share("unforced", unforced[counted]),
        **share("recover", won[counted & alive]),
        **share("recover_unforced", won[counted & unforced]),
        **share("recover_forced", won[counted & alive & ~unforced]),
    }


def share(name: str, hits: np.ndarray) -> dict[str, float]:
    """A share and half its 95 % interval (Wilson's, the wider side)."""
    n = len(hits)
    if n == 0:
        return {name: np.nan, f"{name}_half": np.nan}
    p = hits.mean()
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    width = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return {name: p, f"{name}_half": max(centre + width - p, p - centre + width)}


def flips(params: account.Params, market: Market, drift: str) -> pd.DataFrame:
    """What going away at each close around the event was worth at each horizon, against holding.

    A switch before the event is hindsight: it says what warning would have been worth.
    """
    weights, gross, short, flat = home(params)
    kinds = books.all_books(weights, gross, short, flat)
    own = ends(params)[0]
    still = excess(held(params, market.tape))
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
        rows.append({"product": product, "gain": gain.mean(), "gain_half": half(gain)})
    return rows


def excess(lived: Managed) -> np.ndarray:
    """NAV over the benchmark's [day, fund, path]."""
    return np.asarray(lived.days.excess, float)
