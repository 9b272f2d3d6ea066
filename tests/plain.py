"""The day as a slow loop over plain numbers: what a quant checks by eye, and the engine must match.

It takes the same parameters as the engine and nothing else: its own Philox, its own transforms.
"""

import math

import numpy as np

MASK = 2**32 - 1


def philox(counter, key):
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & MASK, (p >> 32) ^ d ^ k1, p & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return a, b, c, d


def words(stream, path, day, index):
    return philox((path, day, index, 0), tuple(int(k) for k in np.asarray(stream.key)))


def uniform(stream, path, day):
    return (words(stream, path, day, 0)[0] + 0.5) / 2**32


def multivariate_t(stream, path, day, pairs, nu):
    """Normals over the root of a chi-square would do as well; these are the engine's very numbers."""
    out, product = [], 1.0
    for j in range(pairs):
        radial, angular, _, _ = words(stream, path, day, j)
        u = (radial + 0.5) / 2**32
        square = -2 * math.log(u) if nu is None else nu * (u ** (-2 / (nu + 2 * j)) - 1)
        angle = 2 * math.pi * angular / 2**32
        radius = math.sqrt(square * product)
        out += [radius * math.cos(angle), radius * math.sin(angle)]
        product *= 1.0 if nu is None else 1 + square / nu
    return out


def regime(cumulative, u):
    return sum(u >= c for c in cumulative[:-1])


def market(world, state, path, day, regimes, ladder):
    """Today's regime and log returns of the five buckets."""
    p = world.process.ladder
    s = regime(np.asarray(world.process.regimes.cumulative)[state], uniform(regimes, path, day))
    nu = None if p.inverse_nu is None else 1 / float(p.inverse_nu)
    z = multivariate_t(ladder, path, day, 3, nu)
    mean, loading = np.asarray(p.affine)[s, :, 0], np.asarray(p.affine)[s, :, 1:]
    return s, [mean[b] + sum(loading[b, j] * z[j] for j in range(b + 1)) for b in range(5)]


def z_scores(detector, spreads):
    """z of every day after the first `window + days - 1` of a list of daily spreads."""
    k, w, out = detector.days, detector.window, []
    for t in range(w + k - 1, len(spreads)):
        yardstick = spreads[t - k - w + 1 : t - k + 1]
        mean = sum(yardstick) / w
        sd = math.sqrt(sum((x - mean) ** 2 for x in yardstick) / (w - 1))
        move = sum(spreads[t - k + 1 : t + 1]) - (k * mean if detector.mean_removed else 0)
        out.append(move / (sd * math.sqrt(k)))
    return out


def simple_spreads(world, log_return):
    r = [math.exp(x) - 1 for x in log_return]
    return [r[d.small] - r[d.large] for d in world.detectors]


def losses(navs):
    """Terminal loss, worst day, worst three days running, drawdown from the peak, of a list of NAVs."""

    def fall(a, b):
        return 1 - b / a if a > 0 else 0.0

    days = range(1, len(navs))
    return [
        fall(navs[0], navs[-1]),
        max(fall(navs[t - 1], navs[t]) for t in days),
        max(fall(navs[max(t - 3, 0)], navs[t]) for t in days),
        max(fall(max(navs[: t + 1]), navs[t]) for t in days),
    ]


def one_product(world, p, growth, style_returns, own, futures=None):
    """NAV, excess NAV, breach and shortfall of product p along one path's prices; futures are their index."""
    q = world.products
    long, short, style = (np.asarray(x)[p] for x in (q.long, q.short, q.style))
    alpha, interest, fee, vol, margin, cash = (
        float(np.asarray(x)[p]) for x in (q.alpha, q.interest, q.fee, q.own, q.margin, q.benchmark_cash)
    )
    index = np.flatnonzero(np.asarray(q.benchmark)[p])
    navs, excess, carry, book, bench = [1.0], [1.0], 0.0, sum(long), 1.0
    shortfall, breached = 0.0, False
    for t, prices in enumerate(growth):
        future = prices[:3] if futures is None else futures[t]
        tilt = 0.0 if style_returns is None else sum(style * style_returns[t])
        carry += book * (alpha + tilt) + interest - fee * navs[-1] + (0.0 if own is None else vol * own[t])
        book = sum(long * prices)
        equity = 1 + sum(long * (prices - 1)) - sum(short * (future - 1)) + carry
        bench = prices[index[0]] if len(index) else bench + cash
        if navs[-1] <= 0:
            navs.append(0.0)
        else:
            breached = breached or equity < margin * book
            shortfall = max(-equity, 0.0)
            navs.append(max(equity, 0.0))
        excess.append(1 + navs[-1] - bench if world.arithmetic_excess else navs[-1] / bench)
    return navs, excess, breached, shortfall


def outcome(world, path):
    """Losses [view][measure][product], z [detector][day], breached and shortfall [product] of one path."""
    streams, spreads = world.streams, []
    if world.history is None:
        s = regime(np.asarray(world.process.long_run), uniform(streams.warmup_regimes, path, 0))
        for day in range(1, world.warmup + 1):
            s, r = market(world, s, path, day, streams.warmup_regimes, streams.warmup_ladder)
            spreads.append(simple_spreads(world, r))
    else:
        spreads = np.asarray(world.history).tolist()
    s, price, growth = (
        regime(np.asarray(world.process.regimes.start), uniform(streams.regimes, path, 0)),
        np.zeros(5),
        [],
    )
    style_returns, own = [], []
    for day in range(1, world.days + 1):
        s, r = market(world, s, path, day, streams.regimes, streams.ladder)
        spreads.append(simple_spreads(world, r))
        price = price + r
        growth.append(np.exp(price))
        if world.styles is not None:
            loading, residual = np.asarray(world.styles.loading), np.asarray(world.styles.residual)
            n = len(loading)
            shock = np.array(multivariate_t(streams.styles, path, day, (n + 1) // 2, None)[:n])
            style_returns.append(loading @ np.array(r) + residual @ shock)
        if world.own_risk:
            own.append(multivariate_t(streams.own, path, day, 1, None)[0])
    products = [
        one_product(world, p, growth, style_returns or None, own or None)
        for p in range(len(np.asarray(world.products.alpha)))
    ]
    loss = np.array(
        [[losses(navs), losses(excess)] for navs, excess, _, _ in products]
    )  # [product, view, measure]
    z = [
        z_scores(d, [row[k] for row in spreads[world.warmup - d.lead :]])
        for k, d in enumerate(world.detectors)
    ]
    breached, shortfall = [b for _, _, b, _ in products], [s for _, _, _, s in products]
    return np.transpose(loss, (1, 2, 0)), np.array(z), np.array(breached), np.array(shortfall)
