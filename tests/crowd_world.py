"""The crowd of configs/crowd_2024.toml as parameters, and made-up days of market for it."""

import tomllib
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tailrisk.core.names import BUCKETS, FUTURES, home
from tailrisk.crowd import (
    cohorts,
    ledger,
    margin,
    panic,
    redemption,
    speculators,
    substitution,
    trading,
    triggers,
)

FILE = Path(__file__).resolve().parents[1] / "configs" / "crowd_2024.toml"
CROWD = tomllib.loads(FILE.read_text())["crowd"]
NAMES = tuple(CROWD["cohorts"])
Q = tuple(FUTURES)


def parameters(names=NAMES, rounds=6, width=None, dtype="float64", hedge_first=False, **everywhere):
    """Params of the named cohorts; `everywhere` replaces keys of every block."""
    dtype = jnp.dtype(dtype)

    def array(x):
        return jnp.asarray(np.asarray(x, np.float64), dtype)

    blocks = [{**CROWD["quiet"], **CROWD["cohorts"][name], **everywhere} for name in names]

    def column(*keys):
        rows = []
        for block in blocks:
            for key in keys:
                block = block[key]
            rows.append(block)
        return array(rows)

    def rows(key, labels):
        return array([[block[key].get(label, 0.0) for label in labels] for block in blocks])

    return cohorts.Params(
        assets=column("assets"),
        long=column("long"),
        weights=rows("weights", BUCKETS),
        hedge=column("hedge"),
        mix=rows("mix", Q),
        benchmark=array([[float(block["benchmark"] == bucket) for bucket in BUCKETS] for block in blocks]),
        participation=array([block.get("participation", CROWD["participation"]) for block in blocks]),
        financing_annual=column("financing_annual"),
        cost=array(CROWD["cost"]),
        margin=margin.Params(**{k: column("margin", k) for k in ("call", "reset", "enforced", "intraday")}),
        triggers=triggers.Params(
            basis=column("basis", "strength"),
            basis_threshold=column("basis", "threshold"),
            momentum=column("momentum", "strength"),
            momentum_threshold=column("momentum", "threshold"),
            stop=column("stop", "share"),
            stop_line=column("stop", "line"),
            bucket=BUCKETS.index(CROWD["watched"]),
        ),
        redemption=redemption.Params(
            **{k: column("redemption", k) for k in ("base", "slope", "threshold", "open")},
            lag=column("redemption", "lag").astype(jnp.int32),
            longest=max(block["redemption"]["lag"] for block in blocks),
        ),
        substitution=substitution.Params(
            **{k: column("swap", k) for k in ("out", "start", "home", "end")},
            small=array([float(bucket in CROWD["small"]) for bucket in BUCKETS]),
            who=substitution.span(
                [block["swap"]["out"] > 0 or block["swap"]["home"] > 0 for block in blocks]
            ),
            what=substitution.span([bucket in CROWD["small"] for bucket in BUCKETS]),
        ),
        width=None if width is None else array(width),
        rounds=rounds,
        hedge_first=hedge_first,
    )


def panicking(dtype="float64"):
    """Params of the panic."""
    strength = [CROWD["panic"]["strength"].get(bucket, 0.0) for bucket in BUCKETS]
    rest = {
        name: jnp.asarray(CROWD["panic"][name], dtype)
        for name in ("threshold", "full", "hold", "calm", "build", "relief", "stamina", "tire", "recover")
    }
    return panic.Params(strength=jnp.asarray(strength, dtype), **rest)


def speculating(dtype="float64"):
    """Params of the speculators."""
    block = CROWD["speculators"]
    return speculators.Params(
        strength=jnp.asarray([block["strength"].get(q, 0.0) for q in Q], dtype),
        pace=jnp.asarray(block["pace"], dtype),
        underlying=home().underlying,
    )


VOLUME = np.array([210.0, 110.0, 130.0, 190.0, 15.0])


def days(count, rounds, paths, cohort_count, seed=0, stress=1.0):
    """A made-up market: per day and round returns, fills, basis, restriction, mass; wild enough to kill."""
    rng = np.random.default_rng(seed)
    shape = (count, rounds)
    mean = -np.array([0.0, 0.002, 0.004, 0.007, 0.010]) * stress
    returns = mean[:, None] + rng.normal(size=(*shape, 5, paths)) * 0.01 * stress
    futures = 0.3 * returns[:, :, :3] + (0.004 + rng.normal(size=(*shape, 3, paths)) * 0.01) * stress
    return {
        "returns": returns,
        "futures": futures,
        "sell_fill": rng.uniform(0, 1, (*shape, 5, paths)),
        "buy_fill": rng.uniform(0, 1, (*shape, 5, paths)),
        "basis": rng.normal(-0.12, 0.15, (*shape, 3, paths)),
        "momentum": rng.normal(-0.08, 0.08, (*shape, 5, paths)),
        "volume": VOLUME[:, None] * rng.uniform(0.0, 2.0, (*shape, 5, paths)),
        "restriction": np.clip(rng.uniform(-0.7, 1.3, (*shape, cohort_count, paths)), 0, 1),
        "mass": rng.uniform(0, 50, (*shape, 3, paths)),
        "rescued": rng.uniform(size=(count, paths)) < 0.5,
        "cap": np.where(np.arange(count) % 2 == 0, 3.0, 1e6),
        "renewed": rng.uniform(0, 1, (count, cohort_count)) * (rng.uniform(size=(count, cohort_count)) < 0.5),
        "years": np.full(count, 1 / 242),
    }


def replaced(params, part, **changes):
    """Params with fields of one part changed."""
    return replace(params, **{part: replace(getattr(params, part), **changes)})


@jax.jit
def drive(params, market):
    """The engine over a market of `days`: final state, ledger's residual, and what each round did.

    Returns (state, residual, log): flows of each round [day, round, ..., path], the state after each day.
    """
    market = jax.tree.map(lambda x: jnp.asarray(x, params.assets.dtype), market)
    state = cohorts.init(params, market["returns"].shape[-1])
    scale = jnp.sum(params.assets)

    def one_round(carry, seen):
        state, book, growth = carry
        state, sent = trading.submit(
            params,
            state,
            trading.Seen(
                annual_basis=seen["basis"],
                momentum=seen["momentum"],
                volume=seen["volume"],
                restriction=seen["restriction"],
            ),
        )
        fills = (seen["sell_fill"], seen["buy_fill"])
        state, done = trading.fill(params, state, sent, fills, seen["returns"])
        state = trading.settle(state, done, seen["futures"])
        book = ledger.trade(
            book, sent.placed, done.filled, done.sold, done.bought, done.cost, seen["returns"]
        )
        book = ledger.settle(book, done.flow, seen["futures"])
        log = {
            "sells": sent.sells,
            "standings": sent.standings,
            "buys": sent.buys,
            "flow": done.flow,
            "sold": done.sold,
            "bought": done.bought,
            "filled": done.filled,
            "cancelled": done.cancelled,
            "futures": done.futures,
        }
        return (state, book, growth * (1.0 + seen["returns"])), log

    def one_day(carry, today):
        state, book = carry
        state, paid = cohorts.open(params, state, today.pop("cap"), today.pop("renewed"))
        book = ledger.pay(book, paid)
        years, _, _ = today.pop("years"), today.pop("rescued"), today.pop("mass")
        start = (state, book, jnp.ones_like(today["returns"][0]))
        (state, book, growth), log = lax.scan(one_round, start, today)
        state, interest = cohorts.close(params, state, growth - 1.0, years)
        book = ledger.pay(book, interest)
        residual = ledger.residual(book, cohorts.books(state), scale)
        return (state, book), (residual, {**log, "paid": paid, "interest": interest, "state": state})

    (state, _), (residual, log) = lax.scan(one_day, (state, ledger.init(cohorts.books(state))), market)
    return state, residual, log


def quiet(count, rounds, paths, cohort_count, **changes):
    """A market in which nothing happens: everything fills, no restriction, no discount."""
    shape = (count, rounds)
    base = {
        "returns": np.zeros((*shape, 5, paths)),
        "futures": np.zeros((*shape, 3, paths)),
        "sell_fill": np.ones((*shape, 5, paths)),
        "buy_fill": np.ones((*shape, 5, paths)),
        "basis": np.full((*shape, 3, paths), -0.08),
        "momentum": np.zeros((*shape, 5, paths)),
        "volume": np.broadcast_to(VOLUME[:, None], (*shape, 5, paths)) * 1e3,
        "restriction": np.zeros((*shape, cohort_count, paths)),
        "mass": np.zeros((*shape, 3, paths)),
        "rescued": np.zeros((count, paths), bool),
        "cap": np.full(count, 1e6),
        "renewed": np.zeros((count, cohort_count)),
        "years": np.zeros(count),
    }
    return {**base, **changes}
