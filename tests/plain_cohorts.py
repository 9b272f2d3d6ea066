"""The cohorts' day on one path, written out: loops over cohorts, buckets and futures, nothing vectorised.

A quant should be able to check this by eye against mechanism 5.2 and 8. Parameters are those of the engine.
"""

import math

import numpy as np


def begin(p):
    """Books on the eve of the first day: one dictionary a cohort."""
    everyone = []
    for c in range(len(p.assets)):
        book = float(p.assets[c])
        worth = book / float(p.long[c])
        everyone.append(
            {
                "stock": [book * float(w) for w in p.weights[c]],
                "order": [0.0] * 5,
                "locked": [0.0] * 5,
                "future": [-book * float(p.hedge[c]) * float(m) for m in p.mix[c]],
                "worth": worth,
                "high_water": worth,
                "pace": worth,
                "called": 0.0,
                "dead": 0.0,
                "stopped": 0.0,
                "asked": 0.0,
                "due": 0.0,
                "notices": [0.0] * p.redemption.longest,
            }
        )
    return everyone


def below(value, line, scale, width):
    """Is value below line: yes or no, or how much so."""
    if width is None:
        return 1.0 if value < line else 0.0
    distance = (line - value) / scale if scale > 0 else 0.0
    x = distance / float(width)
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def morning(p, everyone, cap, renewed):
    """Unlock, redeem, cap; returns the cash that left."""
    paid_by_all = 0.0
    for c, a in enumerate(everyone):
        a["locked"] = [0.0] * 5
        redeemed = a["notices"].pop(0)
        a["notices"].append(0.0)
        paid = redeemed * max(a["worth"], 0.0)
        a["worth"] -= paid
        a["high_water"] *= 1 - redeemed
        a["pace"] *= 1 - redeemed
        held, waiting = sum(a["stock"]), sum(a["order"])
        too_much = max(held - waiting - cap * max(a["worth"], 0.0), 0.0)
        a["due"] = max(redeemed, renewed[c] * (too_much / held if held > 0 else 0.0))
        a["asked"] = 0.0
        paid_by_all += paid
    return paid_by_all


def wanted(p, c, a, basis, momentum):
    """Yuan of stock a cohort orders sold in this round, for the most pressing of its reasons."""
    t, m = p.triggers, p.margin
    held, waiting, equity = sum(a["stock"]), sum(a["order"]), max(a["worth"], 0.0)
    discount = -sum(float(p.mix[c][q]) * basis[q] for q in range(3))

    cheap = float(t.basis[c]) * max(discount - float(t.basis_threshold[c]), 0.0)
    fall = float(t.momentum[c]) * max(-momentum[t.bucket] - float(t.momentum_threshold[c]), 0.0)
    signal = min(max(cheap, fall, a["due"]), 1.0)
    hit = float(t.stop[c]) * below(
        a["worth"], float(t.stop_line[c]) * a["high_water"], a["high_water"], p.width
    )

    now = float(m.intraday[c]) * below(equity, float(m.call[c]) * held, held, p.width)
    alive = equity * (1 - a["dead"])
    demand = float(m.enforced[c]) * max(a["called"], now) * max(held - alive / float(m.reset[c]), 0.0)

    amount = max((signal - a["asked"]) * held, (hit - a["stopped"]) * held, demand - waiting, 0.0)
    a["asked"], a["stopped"] = max(a["asked"], signal), max(a["stopped"], hit)
    return amount, discount


def order(p, c, a, basis, momentum, volume, restriction):
    """Orders of one cohort in one round: placed, standing orders sent, all sales sent, purchases sent."""
    amount, discount = wanted(p, c, a, basis, momentum)
    s, rounds = p.substitution, p.rounds
    unordered = sum(a["stock"]) - sum(a["order"])
    share = min(amount / unordered, 1.0) if unordered > 0 else 0.0
    swapping = float(s.out[c]) / rounds * below(float(s.start[c]), discount, 1.0, p.width)
    returning = float(s.home[c]) / rounds * below(discount, float(s.end[c]), 1.0, p.width)
    home = returning * sum(max(f, 0.0) for f in a["future"])
    small = [float(p.weights[c][b]) * float(s.small[b]) for b in range(5)]

    placed, standing, sell, buy = [], [], [], []
    for b in range(5):
        new = (a["stock"][b] - a["order"][b]) * share
        a["order"][b] += new
        placed.append(new)
        room = float(p.participation[c]) * volume[b] / rounds
        free = min(max(a["stock"][b] - a["locked"][b], 0.0), room)
        swap = swapping * float(s.small[b]) * (a["stock"][b] - a["order"][b])
        standing.append((1 - restriction) * min(a["order"][b], free))
        sell.append((1 - restriction) * min(a["order"][b] + swap, free))
        into = small[b] / sum(small) if sum(small) > 0 else 0.0
        buy.append(min(into * home, room))
    return placed, standing, sell, buy, share


def trade(p, c, a, orders, sell_fill, buy_fill, returns):
    """Fills of one cohort at the new price; returns the futures it buys and what the trading cost."""
    _, standing, sell, buy, share = orders
    done = [sell_fill[b] * standing[b] for b in range(5)]
    sold = [sell_fill[b] * sell[b] for b in range(5)]
    bought = [buy_fill[b] * buy[b] for b in range(5)]

    held, longs = sum(a["stock"]), sum(max(f, 0.0) for f in a["future"])
    closing = share if p.hedge_first else (sum(done) / held if held > 0 else 0.0)
    closing += sum(bought) / longs if longs > 0 else 0.0
    swapped = sum(sold) - sum(done)
    futures = [float(p.mix[c][q]) * swapped - a["future"][q] * min(closing, 1.0) for q in range(3)]

    cost = 0.0
    for b in range(5):
        grown = 1 + returns[b]
        a["worth"] += a["stock"][b] * returns[b]
        cost += float(p.cost) * sold[b] * grown
        a["stock"][b] = (a["stock"][b] - sold[b] + bought[b]) * grown
        a["order"][b] = (a["order"][b] - done[b]) * grown
        a["locked"][b] = (a["locked"][b] + bought[b]) * grown
    a["worth"] -= cost
    return futures, cost


def futures_move(a, bought, returns):
    """Variation margin, then the trades at the new price."""
    for q in range(3):
        a["worth"] += a["future"][q] * returns[q]
        a["future"][q] = (a["future"][q] + bought[q]) * (1 + returns[q])


def evening(p, everyone, returns, years):
    """Financing, calls, deaths, marks, notices; returns the interest paid."""
    interest_of_all = 0.0
    for c, a in enumerate(everyone):
        held, m, r = sum(a["stock"]), p.margin, p.redemption
        interest = float(p.financing_annual[c]) * years * held
        a["worth"] -= interest
        interest_of_all += interest
        a["dead"] = max(a["dead"], below(a["worth"], 0.0, held, p.width))
        still = a["called"] * below(a["worth"], float(m.reset[c]) * held, held, p.width)
        fresh = below(a["worth"], float(m.call[c]) * held, held, p.width)
        a["called"] = max(still, fresh, a["dead"])
        benchmark = sum(float(p.benchmark[c][b]) * returns[b] for b in range(5))
        a["high_water"] = max(a["high_water"], a["worth"])
        a["pace"] = max(a["pace"] * (1 + benchmark), a["worth"])
        behind = 1 - (max(a["worth"], 0.0) / a["pace"] if a["pace"] > 0 else 0.0)
        hazard = float(r.base[c]) + float(r.slope[c]) * max(behind - float(r.threshold[c]), 0.0)
        a["notices"][int(r.lag[c]) - 1] += float(r.open[c]) * (1 - math.exp(-hazard))
    return interest_of_all


def run(p, market):
    """All days of one path. `market` as in simulate.crowd.world with the path axis taken off."""
    everyone, log = begin(p), []
    for day in range(len(market["returns"])):
        paid = morning(p, everyone, market["cap"][day], market["renewed"][day])
        growth = np.ones(5)
        flows = []
        for j in range(p.rounds):
            seen = {k: market[k][day][j] for k in ("basis", "momentum", "volume", "restriction")}
            sells, buys, flow = np.zeros(5), np.zeros(5), np.zeros(3)
            pending = []
            for c, a in enumerate(everyone):
                orders = order(
                    p, c, a, seen["basis"], seen["momentum"], seen["volume"], seen["restriction"][c]
                )
                sells += orders[2]
                buys += orders[3]
                pending.append(orders)
            returns = market["returns"][day][j]
            fills = market["sell_fill"][day][j], market["buy_fill"][day][j]
            for c, a in enumerate(everyone):
                bought, _ = trade(p, c, a, pending[c], *fills, returns)
                flow += bought
                futures_move(a, bought, market["futures"][day][j])
            growth *= 1 + returns
            flows.append((sells, buys, flow))
        interest = evening(p, everyone, growth - 1, market["years"][day])
        log.append({"paid": paid, "interest": interest, "flows": flows})
    return everyone, log


def panic(p, momentum, volume, attention, willing, rounds):
    """Stock that panic offers in a round."""
    return [
        float(p.strength[b])
        * volume[b]
        / rounds
        * min(max(-momentum[b] - float(p.threshold), 0.0), float(p.full))
        * (1 - float(p.relief) * attention[b])
        * willing
        for b in range(5)
    ]


def speculate(p, market, rounds):
    """Speculators over all days of one path: positions, worth and flows."""
    position, worth, flows = [0.0] * 3, 0.0, []
    for day in range(len(market["returns"])):
        for j in range(rounds):
            for q in range(3):
                falling, early = market["momentum"][day][j][q] < 0, not market["rescued"][day]
                target = -float(p.strength[q]) * market["mass"][day][j][q] if falling and early else 0.0
                flow = float(p.pace) / rounds * (target - position[q])
                move = market["futures"][day][j][q]
                worth += position[q] * move
                position[q] = (position[q] + flow) * (1 + move)
                flows.append(flow)
    return position, worth, flows
