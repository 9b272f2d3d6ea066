"""One index future of one path: dislocation, basis and return of its contracts."""

import math


def curve(params, q, u, days):
    return -float(params.carry[q]) * days / 365 - u * (1 - math.exp(-days / float(params.ramp)))


def init(params, q, u, before):
    relative = [math.exp(curve(params, q, u, float(days))) for days in before]
    return {"u": u, "relative": relative, "settlement": [1.0] * len(before)}


def open(params, q, state, contracts):
    """Today's contracts with their previous close, and the day's averages; new ones are on the curve."""
    base = []
    for m in range(len(contracts.days)):
        origin, listed = int(contracts.origin[m]), int(contracts.origin[m]) >= 0
        fresh = math.exp(curve(params, q, state["u"], float(contracts.before[m])))
        base.append(
            {
                "days": float(contracts.days[m]),
                "limit": float(contracts.limit[m]),
                "relative": state["relative"][origin] if listed else fresh,
                "settlement": state["settlement"][origin] if listed else 1.0,
            }
        )
    return base, {"u": state["u"], "mean_u": 0.0, "mean_index": 0.0}


def step(params, q, today, since_close, in_round, momentum, flow, shock, settling):
    """A round; `today` is changed in place."""
    u, mean = today["u"], float(params.mean[q])
    pull = params.premium_pull if u < mean else params.discount_pull
    u = u + float(pull) * (mean - u)
    u -= float(params.flow) * flow / float(params.volume[q])  # selling widens the discount
    rout = min(max(-momentum, 0) / float(params.full), 1)
    u -= float(params.fall) * in_round * rout  # so does a fall in a rout, and a rise narrows it
    u += float(params.noise[q]) * shock
    today["u"] = max(-float(params.bound), min(float(params.bound), u))
    today["mean_u"] += settling * today["u"]
    today["mean_index"] += settling * (1 + since_close)


def mark(params, q, contract, u, since_close):
    """Return since the previous close and F / S of one contract."""
    index = 1 + since_close
    price = index * math.exp(curve(params, q, u, contract["days"])) / contract["relative"]
    price = max(price, contract["settlement"] * (1 - contract["limit"]))
    price = min(price, contract["settlement"] * (1 + contract["limit"]))
    return price - 1, price * contract["relative"] / index


def close(params, q, base, today, since_close):
    relative, settlement = [], []
    for contract in base:
        last, shown = mark(params, q, contract, today["u"], since_close)
        average, _ = mark(params, q, contract, today["mean_u"], today["mean_index"] - 1)
        relative.append(shown)
        settlement.append((1 + average) / (1 + last))
    return {"u": today["u"], "relative": relative, "settlement": settlement}


def monthly(params, q, u):
    """Annualised basis of a contract with 30 days left."""
    return (math.exp(curve(params, q, u, 30.0)) - 1) * 365 / 30
