"""The memory process as a slow loop over plain numbers, one path at a time."""

import math

import numpy as np

DECAYS = (0.80, 0.94, 0.99)


def begin(variance):
    """Everything at its long run: E = v, C = 1, no trend."""
    flat = [0.0] * len(variance)
    return {"E": [list(variance) for _ in DECAYS], "C": 1.0, "D": list(flat), "last": list(flat)}


def day(p, state, residual):
    """(state after, log returns by bucket) of one day; p is a filter of the engine, arrays by factor."""
    mean, phi, kappa, g = (np.asarray(x).tolist() for x in (p.mean, p.phi, p.kappa, p.leverage))
    weight, inverse, cap = (np.asarray(x).tolist() for x in (p.weight, p.inverse, p.cap))
    low, high = np.asarray(p.low).tolist(), np.asarray(p.high).tolist()
    centre, factor = [], []
    for i in range(len(mean)):
        trend = kappa[i] * state["D"][i]
        centre.append(trend + phi[i] * (state["last"][i] - trend))
        variance = weight[0][i] + weight[4][i] * state["C"]
        variance += sum(weight[h + 1][i] * state["E"][h][i] for h in range(3))
        factor.append(mean[i] + centre[i] + math.sqrt(min(variance, cap[i])) * residual[i])
    total, shown = 0.0, []
    for i, f in enumerate(factor):
        total += f
        shown.append(min(max(total, low[i]), high[i]))
    moved = [shown[0] - mean[0]] + [shown[i] - shown[i - 1] - mean[i] for i in range(1, len(shown))]
    after = {"E": [], "C": 0.94 * state["C"], "D": [], "last": moved}
    for h, decay in enumerate(DECAYS):
        row = []
        for i, f in enumerate(moved):
            gap = f - centre[i]
            row.append(decay * state["E"][h][i] + (1 - decay) * gap**2 * (1 - g[i] * np.sign(gap)))
        after["E"].append(row)
    after["C"] += 0.06 * sum(f * f * w for f, w in zip(moved, inverse, strict=True))
    after["D"] = [0.99 * d + 0.01 * f for d, f in zip(state["D"], moved, strict=True)]
    return after, shown
