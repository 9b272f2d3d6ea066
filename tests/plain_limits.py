"""Price limits for one bucket of one path, as mechanism 5.5 writes them."""

import math


def cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def pdf(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def dispersion(params, b, momentum):
    return min(float(params.calm[b] + params.widening * abs(momentum)), float(params.stressed[b]))


def observe(params, b, latent, s):
    """Observed return, limit-down share and limit-up share."""
    returns = down = up = 0.0
    for board in range(len(params.limit)):
        limit, share = float(params.limit[board]), float(params.share[board, b])
        a, c = (-limit - latent) / s, (limit - latent) / s
        between = latent * (cdf(c) - cdf(a)) + s * (pdf(a) - pdf(c))
        returns += share * (-limit * cdf(a) + limit * cdf(-c) + between)
        down += share * cdf(a)
        up += share * cdf(-c)
    return returns, down, up


def fills(params, down, up, capacity, sells, buys):
    """Share of sells and of buys that trade."""
    out = []
    for stuck, submitted in ((down, sells), (up, buys)):
        absorbed = 1.0 if submitted <= capacity else capacity / submitted
        out.append((1 - stuck * (1 - float(params.locked))) * absorbed)
    return out


def carry(params, latent, returns):
    """Tomorrow's gap, and what the limits dropped."""
    gap = float(params.carried) * (latent - returns)
    return gap, latent - returns - gap
