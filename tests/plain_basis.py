"""One index future of one path: dislocation, basis and return of its three contracts."""

import math

MATURITIES = 3


def curve(params, q, u, days):
    return -float(params.carry[q]) * days / 365 - u * (1 - math.exp(-days / float(params.ramp)))


def init(params, q, u, before):
    basis = [curve(params, q, u, float(days)) for days in before]
    return {"u": u, "basis": basis, "settlement": [0.0] * MATURITIES, "average": [0.0] * MATURITIES}


def open(params, q, state, contracts):
    """Contracts move to their new slots; one that was not listed starts on its curve."""
    basis, settlement = [], []
    for m in range(MATURITIES):
        origin = int(contracts.origin[m])
        listed = origin >= 0
        fresh = curve(params, q, state["u"], float(contracts.before[m]))
        basis.append(state["basis"][origin] if listed else fresh)
        settlement.append(state["settlement"][origin] if listed else 0.0)
    return {"u": state["u"], "basis": basis, "settlement": settlement, "average": [0.0] * MATURITIES}


def dislocate(params, q, u, flow, in_round, shock):
    mean = float(params.mean[q])
    pull = params.premium_pull if u < mean else params.discount_pull
    u = u + float(pull) * (mean - u)
    u -= float(params.flow) * flow / float(params.volume[q])  # selling widens the discount
    if in_round < 0:
        u -= float(params.fall) * in_round  # so does a fall
    return u + float(params.noise[q]) * shock


def step(params, q, state, contracts, since_close, in_round, flow, shock, settling):
    """Log change since the previous close and log basis of each contract; `state` is changed in place."""
    u = dislocate(params, q, state["u"], flow, in_round, shock)
    state["u"] = u = max(-float(params.bound), min(float(params.bound), u))
    spot, changes, bases = math.log(1 + since_close), [], []
    for m in range(MATURITIES):
        change = spot + curve(params, q, u, float(contracts.days[m])) - state["basis"][m]
        limit, settlement = float(contracts.limit[m]), state["settlement"][m]
        change = min(settlement + math.log(1 + limit), max(settlement + math.log(1 - limit), change))
        changes.append(change)
        bases.append(state["basis"][m] + change - spot)
        state["average"][m] += settling * change
    return changes, bases


def close(state, changes, bases):
    settlement = [average - change for average, change in zip(state["average"], changes, strict=True)]
    return {**state, "basis": bases, "settlement": settlement}
