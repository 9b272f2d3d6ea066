"""The state's followers on one path; `seen` is what they have in view of each bucket."""


def open(params, seen):
    return [float(params.memory) * x for x in seen]


def rout(params, before, mood, lag):
    """How far there is one, by panic, by prices, or as remembered."""
    seen = min(max(float(params.sight) * (-lag - float(params.behind)), 0.0), 1.0)
    return max(mood, seen, float(params.memory_of_rout) * before, float(params.always))


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
