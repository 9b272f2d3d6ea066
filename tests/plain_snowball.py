"""The snowball book on one path, one bin at a time."""

from types import SimpleNamespace

import numpy as np


def polynomial(coefficients, low, high, centre, u):
    x = min(max(u, low), high) - centre
    return sum(float(c) * x**i for i, c in enumerate(coefficients))


class Path:
    """Hedges and the bins' status, in words."""

    def __init__(self, params):
        self.params = SimpleNamespace(**{name: np.asarray(value) for name, value in vars(params).items()})
        self.books, self.bins = params.notional.shape
        self.status = [["alive"] * self.bins for _ in range(self.books)]
        self.ever = [[False] * self.bins for _ in range(self.books)]
        for q in range(self.books):
            for k in range(self.bins):
                self._knock_in(q, k, 1.0)
        self.held = [self.wanted(0, q, 1.0) for q in range(self.books)]

    def wanted(self, day, q, price):
        """Index units of a full hedge."""
        p, total = self.params, 0.0
        for k in range(self.bins):
            if self.status[q][k] == "ended":
                continue
            u = price / float(p.barrier[q, k])
            before = min(polynomial(p.alive[day, q, k], 1.02, 1.38, 1.2, u), float(p.cap))
            after = polynomial(p.knocked_in[day, q, k], 0.6, 1.2, 0.9, u)
            if self.status[q][k] == "knocked in":
                done = 1.0
            else:
                width = 2 * 3**0.5 * float(p.shift)
                done = float(p.pretrade) * min(max(0.5 + (1 - u) / width, 0.0), 1.0)
            delta = before - float(p.jump) * done * (before - after)
            total += float(p.notional[q, k]) / float(p.strike[q, k]) * delta
        return total

    def step(self, day, prices):
        """Flows and gaps of one round, by book."""
        flows, gaps = [], []
        for q, price in enumerate(prices):
            wanted = self.wanted(day, q, price)
            limit = float(self.params.limit[q])
            flow = min(max((wanted - self.held[q]) * price, -limit), limit)
            self.held[q] += flow / price
            flows.append(flow)
            gaps.append((wanted - self.held[q]) * price)
        return flows, gaps

    def close(self, day, prices):
        for q, price in enumerate(prices):
            for k in range(self.bins):
                if self.status[q][k] == "ended":
                    continue
                self._knock_in(q, k, price)
                if price >= float(self.params.knock_out[day, q, k]):
                    self.status[q][k] = "ended"

    def mass(self, q, status):
        return sum(float(self.params.notional[q, k]) for k in range(self.bins) if self.status[q][k] == status)

    def share(self, q):
        """Of the initial notional that ever knocked in."""
        ever = sum(float(self.params.notional[q, k]) for k in range(self.bins) if self.ever[q][k])
        return ever / sum(float(x) for x in self.params.notional[q])

    def near(self, q, price, within):
        return sum(
            float(self.params.notional[q, k])
            for k in range(self.bins)
            if self.status[q][k] == "alive" and price <= (1 + within) * float(self.params.barrier[q, k])
        )

    def _knock_in(self, q, k, price):
        if price <= float(self.params.barrier[q, k]):
            self.status[q][k], self.ever[q][k] = "knocked in", True
