"""The state on one path, one bucket at a time."""

STAGES = 3


def init(params):
    return {
        "age": [0] * STAGES,
        "left": [float(x) for x in params.budget],
        "depth": 0.0,
        "watched": [0.0] * params.fall_days,
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
                part = 1.0
                if i == 0 and params.severe > 0:
                    beyond = float(params.slide) - slid(state["watched"])
                    part = min(max(beyond / float(params.severe), 0.0), 1.0)
                if state["age"][i] == first:
                    part *= float(params.first[i])
                wanted += part * float(params.pace[i] * params.target[i, b])
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
    kept = (1 - float(params.forget)) * state["depth"]
    state["depth"] = min((1 + kept) * (1 + returns[params.large]) - 1, 0.0)
    state["watched"] = [*state["watched"][1:], returns[params.watched]]
    state["spread"] = [*state["spread"][1:], returns[params.small] - returns[params.large]]
    fell, behind = slid(state["watched"]), sum(state["spread"])
    bought_days = max(state["age"][0] - int(params.lag[0]) + 1, 0)
    fired = [
        state["depth"] < params.drawdown and fell < params.slide,
        (bought_days >= params.wait and discount < params.discount)
        or (bought_days >= params.rout_wait and fell < params.fall and behind < params.rout),
        (behind < params.spread or limit_down > params.limit_down)
        and (state["age"][1] > 0 or not params.ordered),
    ]
    for i in range(STAGES):
        if state["age"][i] > 0 or fired[i]:
            state["age"][i] += 1
        if state["age"][i] > int(params.lag[i]) + int(params.lasting[i]) + int(params.rest):
            state["age"][i] = 0


def lag(state):
    return sum(state["spread"])


def slid(returns):
    wealth = 1.0
    for r in returns:
        wealth *= 1 + r
    return wealth - 1
