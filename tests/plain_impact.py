"""Price impact for one bucket of one path."""


def momentum(params, yesterday, returns):
    return float(params.persistence) * yesterday + returns


def depth(params, momentum):
    fall = -momentum - float(params.threshold)
    left = 1 / (1 + float(params.evaporation) * fall) if fall > 0 else 1.0
    return max(left, float(params.least))


def step(params, b, transient, exogenous, imbalance, depth):
    """Latent return of a round; `transient`, one number per component, is changed in place."""
    push = float(params.impact[b]) * imbalance / (float(params.volume[b]) * depth)
    latent = exogenous + push
    for c in range(len(transient)):
        decayed = float(params.decay[c]) * transient[c]
        latent -= decayed
        transient[c] += float(params.share[c]) * push - decayed
    return latent


def close(params, transient, dropped):
    """Take the push that the limits dropped out of `transient`, at most to zero."""
    for c in range(len(transient)):
        swallowed = float(params.share[c]) * dropped
        if swallowed * transient[c] > 0:
            transient[c] = 0.0 if abs(swallowed) > abs(transient[c]) else transient[c] - swallowed
