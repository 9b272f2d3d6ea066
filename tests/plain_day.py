"""The crowd's day on one path, written out in the order of mechanism 8: loops over plain numbers.

Parameters are those of the engine; each mechanism is its own plain twin.
What it must match is simulate/crowd/day.py.
"""

import math
from types import SimpleNamespace

import jax
import numpy as np

from tests import (
    plain,
    plain_basis,
    plain_cohorts,
    plain_followers,
    plain_impact,
    plain_intervention,
    plain_limits,
    plain_snowball,
)

BUCKETS, FUTURES = range(5), range(3)
NOTES = (1, 2)  # bucket, and so future, of each snowball book
IM, T = 2, 3


def run(world, path):
    """All days of one path: a list of what each day was, and the state at the end."""
    it = jax.tree.map(np.asarray, world.crowd)
    x, days = begin(it), []
    regime = plain.regime(
        np.asarray(world.process.regimes.start), plain.uniform(world.streams.regimes, path, 0)
    )
    calmer = SimpleNamespace(process=it.process)
    for day in range(1, world.days + 1):
        regime, log_returns = plain.market(
            calmer, regime, path, day, world.streams.regimes, world.streams.ladder
        )
        exogenous = [math.exp(r) - 1 for r in log_returns]
        pairs = (3 * it.rounds + 1) // 2
        noise = plain.multivariate_t(it.noise, path, day, pairs, None)
        fear = plain.uniform(it.fear, path, day)
        days.append(one_day(it, x, regime, exogenous, noise, fear, day - 1))
    return days, x


def begin(it):
    """The evening before the first day."""
    before = [float(d) for d in it.calendar.contracts.before[0]]
    return SimpleNamespace(
        price=[1.0] * 5,
        future=[1.0] * 3,
        gap=[0.0] * 5,
        momentum=[0.0] * 5,
        transient=[[0.0] * len(it.impact.share) for _ in BUCKETS],
        basis=[plain_basis.init(it.basis, q, float(it.basis.mean[q]), before) for q in FUTURES],
        funds=plain_cohorts.begin(it.cohorts),
        notes=plain_snowball.Path(it.snowball),
        short=[0.0] * 3,
        short_worth=0.0,
        ladder=plain_intervention.init(it.state),
        seen=[0.0] * 5,
        mood=float(it.panic.calm),
        worn=0.0,
        rout=float(it.followers.always),
        fear=False,
        bought=0.0,
        peak_discount=0.0,
        called=[0.0] * len(it.cohorts.assets),
    )


def one_day(it, x, regime, exogenous, noise, fear, day):
    """Open, rounds, close; `x` is changed in place. What the day showed comes back."""
    c = it.calendar
    contracts = SimpleNamespace(**{k: v[day] for k, v in vars(c.contracts).items()})
    m = SimpleNamespace(day=day, exogenous=[r / it.rounds for r in exogenous])

    # open
    renewed = [float(c.renewed[day])] * len(x.funds)
    plain_cohorts.morning(it.cohorts, x.funds, float(it.long_cap), renewed)
    scatter = [dispersion(it, x, b, x.gap[b]) for b in BUCKETS]
    shown = [plain_limits.observe(it.limits, b, x.gap[b], scatter[b])[0] for b in BUCKETS]
    for fund in x.funds:
        for b in BUCKETS:
            fund["worth"] += fund["stock"][b] * shown[b]
            for kind in ("stock", "order", "locked"):
                fund[kind][b] *= 1 + shown[b]
    m.opening, m.latent, m.shown = list(shown), list(x.gap), shown
    m.listed, m.today, m.held = [], [], list(contracts.held).index(1.0)
    for q in FUTURES:
        listed, today = plain_basis.open(it.basis, q, x.basis[q], contracts)
        m.listed.append(listed)
        m.today.append(today)
    m.futures = [0.0] * 3
    m.annual = [plain_basis.monthly(it.basis, q, m.today[q]["u"]) for q in FUTURES]
    m.flow = [0.0] * 3
    fired = [k for k in range(3) if x.ladder["age"][k] > 0]
    m.rescued = bool(fired) and max(fired) >= 1
    age = x.ladder["age"][it.restriction.stage]
    m.restriction = float(it.restriction.share) if 0 < age <= int(it.restriction.days) else 0.0
    x.fear = regime == len(it.process.ladder.affine) - 1 and (x.fear or fear < float(it.panic.hold))
    calm, tends = float(it.panic.calm), float(it.panic.calm)
    x.worn = x.worn + 1 if x.fear else max(x.worn - float(it.panic.recover), 0.0)
    if x.fear:
        beyond = max(x.worn - float(it.panic.stamina), 0.0)
        tends = max(1 - float(it.panic.tire) * beyond, calm)
    x.mood += float(it.panic.build) * (tends - x.mood)
    x.rout = plain_followers.rout(it.followers, x.rout, x.mood, plain_intervention.lag(x.ladder))
    m.willing = x.mood * (1 - m.restriction)
    m.plan = plain_intervention.open(it.state, x.ladder, [0.0] * 5)
    x.seen = plain_followers.open(it.followers, x.seen)

    for j in range(it.rounds):
        one_round(it, x, m, j, noise[3 * j : 3 * j + 3])

    # close
    x.price = [x.price[b] * (1 + m.shown[b]) for b in BUCKETS]
    x.future = [x.future[q] * (1 + m.futures[q]) for q in FUTURES]
    for b in BUCKETS:
        x.gap[b], dropped = plain_limits.carry(it.limits, m.latent[b], m.shown[b])
        plain_impact.close(it.impact, x.transient[b], dropped)
        x.momentum[b] = plain_impact.momentum(it.impact, x.momentum[b], m.shown[b])
    x.basis = [plain_basis.close(it.basis, q, m.listed[q], m.today[q], m.shown[q]) for q in FUTURES]
    x.notes.close(day, [x.price[b] for b in NOTES])
    plain_cohorts.evening(it.cohorts, x.funds, m.shown, float(c.years[day]))
    discount = m.annual[IM]
    plain_intervention.close(it.state, x.ladder, m.plan, m.shown, discount, m.down[T])
    x.peak_discount = max(x.peak_discount, -m.annual[IM])
    x.called = [max(was, fund["called"]) for was, fund in zip(x.called, x.funds, strict=True)]
    m.price, m.future = list(x.price), list(x.future)
    return m


def one_round(it, x, m, j, noise):
    """Everyone acts on the last round; then prices, fills, futures."""
    n, volume = it.rounds, [float(v) for v in it.impact.volume]
    momentum = [plain_impact.momentum(it.impact, x.momentum[b], m.shown[b]) for b in BUCKETS]
    depth = [plain_impact.depth(it.impact, momentum[b]) for b in BUCKETS]

    # orders
    sent = [
        plain_cohorts.order(it.cohorts, c, fund, m.annual, momentum, volume, m.restriction)
        for c, fund in enumerate(x.funds)
    ]
    eyes = plain_followers.attention(it.followers, x.seen)
    sells = plain_cohorts.panic(it.panic, momentum, volume, eyes, m.willing, n)
    buying = plain_intervention.step(it.state, m.plan, j, m.shown, m.opening)
    others = plain_followers.step(it.followers, x.seen, buying, volume, x.rout)
    for b in FUTURES:
        others[b] += float(it.arbitrage) * m.flow[b]
    buys = list(buying)
    for b in BUCKETS:
        sells[b] += sum(orders[2][b] for orders in sent) + max(-others[b], 0.0)
        buys[b] += sum(orders[3][b] for orders in sent) + max(others[b], 0.0)

    # prices and limits
    before, m.down, fills, change = list(m.shown), [0.0] * 5, [], []
    for b in BUCKETS:
        m.latent[b] += plain_impact.step(
            it.impact, b, x.transient[b], m.exogenous[b], buys[b] - sells[b], depth[b]
        )
        spread = plain_limits.dispersion(it.limits, b, momentum[b])
        m.shown[b], m.down[b], up = plain_limits.observe(it.limits, b, m.latent[b], spread)
        capacity = depth[b] * volume[b] / n
        fills.append(plain_limits.fills(it.limits, m.down[b], up, capacity, sells[b], buys[b]))
        change.append((1 + m.shown[b]) / (1 + before[b]) - 1)

    # fills
    selling, purchases = [f[0] for f in fills], [f[1] for f in fills]
    hedges = [
        plain_cohorts.trade(it.cohorts, c, fund, sent[c], selling, purchases, change)[0]
        for c, fund in enumerate(x.funds)
    ]
    filled = [purchases[b] * buying[b] for b in BUCKETS]
    plain_intervention.fill(m.plan, filled)
    x.bought += sum(filled)

    # futures
    spot = [x.price[b] * (1 + before[b]) for b in NOTES]
    near = [0.0, *(x.notes.near(k, spot[k], 0.05) for k in range(2))]
    dealers = [0.0, *x.notes.step(m.day, spot)[0]]
    for q in FUTURES:
        target = -float(it.speculators.strength[q]) * near[q] if momentum[q] < 0 and not m.rescued else 0.0
        shorted = float(it.speculators.pace) / n * (target - x.short[q])
        m.flow[q] = sum(h[q] for h in hedges) + shorted + dealers[q]
        moved = (m.shown[q], m.shown[q] - before[q], momentum[q])
        settling = float(it.settling[j])
        plain_basis.step(it.basis, q, m.today[q], *moved, m.flow[q], noise[q], settling)
        held, was = m.listed[q][m.held], m.futures[q]
        m.futures[q], _ = plain_basis.mark(it.basis, q, held, m.today[q]["u"], m.shown[q])
        m.annual[q] = plain_basis.monthly(it.basis, q, m.today[q]["u"])
        r = (1 + m.futures[q]) / (1 + was) - 1
        x.short_worth += x.short[q] * r
        x.short[q] = (x.short[q] + shorted) * (1 + r)
        for h, fund in zip(hedges, x.funds, strict=True):
            fund["worth"] += fund["future"][q] * r
            fund["future"][q] = (fund["future"][q] + h[q]) * (1 + r)


def dispersion(it, x, b, returns):
    return plain_limits.dispersion(it.limits, b, plain_impact.momentum(it.impact, x.momentum[b], returns))
