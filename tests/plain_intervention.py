"""The state on one path, one bucket at a time."""

STAGES = 3


def init(params):
    return {
        "age": [0] * STAGES,
        "left": [float(x) for x in params.budget],
        "peak": 1.0,
        "price": 1.0,
        "middle": [0.0] * params.fall_days,
        "spread": [0.0] * params.spread_days,
    }


def open(params, state, scheduled):
    """Today's plan; what is planned leaves the budget."""
    plan = []
    for b in range(len(scheduled)):
        wanted = float(scheduled[b])
        for i in range(STAGES):
            first = int(params.lag[i])
            if first <= state["age"][i] < first + int(params.lasting[i]):
                wanted += float(params.pace[i] * params.target[i, b])
        plan.append(min(wanted, state["left"][b]))
        state["left"][b] -= plan[b]
    return {"plan": plan, "dipped": [False] * len(plan)}


def step(params, today, j, returns, opening):
    orders = []
    for b in range(len(returns)):
        if returns[b] - opening[b] < float(params.dip):
            today["dipped"][b] = True
        share = params.eager[j] if today["dipped"][b] else params.patient[j]
        orders.append(today["plan"][b] * float(share))
    return orders


def fill(today, filled):
    for b in range(len(filled)):
        today["plan"][b] -= filled[b]


def close(params, state, today, returns, discount, limit_down):
    for b in range(len(returns)):
        state["left"][b] += today["plan"][b]
    state["price"] *= 1 + returns[params.large]
    state["peak"] = max(state["peak"], state["price"])
    state["middle"] = [*state["middle"][1:], returns[params.middle]]
    state["spread"] = [*state["spread"][1:], returns[params.small] - returns[params.large]]
    wealth = 1.0
    for r in state["middle"]:
        wealth *= 1 + r
    bought_days = max(state["age"][0] - int(params.lag[0]) + 1, 0)
    fired = [
        state["price"] / state["peak"] - 1 < params.drawdown,
        bought_days >= params.wait and (discount < params.discount or wealth - 1 < params.fall),
        sum(state["spread"]) < params.spread or limit_down > params.limit_down,
    ]
    for i in range(STAGES):
        if state["age"][i] > 0 or fired[i]:
            state["age"][i] += 1
