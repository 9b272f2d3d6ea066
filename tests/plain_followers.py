"""The state's followers on one path; `seen` is what they have in view of each bucket."""


def open(params, seen):
    return [float(params.memory) * x for x in seen]


def step(params, seen, bought, volume, rout):
    """Orders of a round; `seen` is changed in place."""
    for b in range(len(seen)):
        seen[b] += bought[b]
    everyone = rout * float(params.following) * sum(float(v) for v in volume)
    looking = attention(params, seen)
    return [
        everyone * sum(looking[a] * float(params.rotation[a, b]) for a in range(len(seen)))
        for b in range(len(seen))
    ]


def attention(params, seen):
    wanted = [(seen[b] / float(params.half[b])) ** params.focus for b in range(len(seen))]
    return [w / (1 + sum(wanted)) for w in wanted]
