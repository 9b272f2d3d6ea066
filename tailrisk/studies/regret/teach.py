"""Training of the learned policy, two ways; paths that neither has seen say which is kept, fund by fund.

    Adam      gradients through the accounts of funds, with triggers made smooth
    CMA-ES    no gradients: a population judged on hard triggers (Hansen, 2016, arXiv 1604.00772)

Both minimise mean loss plus ES, in the form of Rockafellar and Uryasev.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from cmaes import CMA

from ...core.names import home
from ...policies import learned
from ...policies.observation import Book
from ...products import account
from ...simulate import managed
from ...simulate.tape import Tape, chosen

BATCH = 512
"""Paths in a step, or that a generation is judged on."""
POPULATION = 16
RENEWED = 10
"""Generations for which the batch stays the same."""

Progress = Callable[[str], object]
Net = dict[str, Any]
"""Weights of a network for every fund, [fund, ...]."""


def quiet(text: str) -> None:
    """Report no progress."""


def teach(
    params: account.Params,
    tape: Tape,
    unseen: Tape,
    ends: tuple[Book, Book],
    steps: int,
    level: float,
    tell: Progress = quiet,
) -> tuple[learned.Params, pd.DataFrame]:
    """The better policy of each fund on `unseen` paths, and how they came out there."""
    own, safe = ends
    detectors, dtype = tape.z.shape[1], params.long.dtype
    start = begin(len(params.alpha), detectors, dtype)
    ways = {
        "start": start,
        "adam": adam(params, tape, ends, start, steps, level, tell),
        "cma": evolve(params, tape, ends, start, steps, level, tell),
    }
    costs = {
        name: np.asarray(cost(params, unseen, policy(net, own, safe), level)) for name, net in ways.items()
    }
    names = list(ways)
    winner = np.argmin(np.stack(list(costs.values())), axis=0)
    best = {key: jnp.stack([ways[names[w]][key][f] for f, w in enumerate(winner)]) for key in start}
    table = pd.DataFrame(costs).assign(kept=[names[w] for w in winner])
    return policy(best, own, safe), table


def policy(net: Net, own: Book, safe: Book, width: Any = None) -> learned.Params:
    """The policy of a network; `width` None has hard triggers."""
    names = home()
    seen = (names.future_on(names.played("middle")), names.played("discount"))
    watched = (names.future(seen[0]), names.future(seen[1]))
    return learned.Params(**net, home=own, safe=safe, width=width, watched=watched)


def begin(funds: int, detectors: int, dtype: Any) -> Net:
    """Networks that hardly act."""
    rng = np.random.default_rng(1)
    inner = rng.normal(size=(funds, learned.HIDDEN, learned.features(detectors)))
    return {
        "inner": jnp.asarray(0.3 * inner, dtype),
        "inner_bias": jnp.zeros((funds, learned.HIDDEN), dtype),
        "outer": jnp.asarray(0.3 * rng.normal(size=(funds, 2, learned.HIDDEN)), dtype),
        "outer_bias": jnp.full((funds, 2), -2.0, dtype),
    }


def final(params: account.Params, tape: Tape, one: learned.Params) -> Any:
    """Excess loss of every fund after the last day [fund, path]."""
    mind = learned.init(one, tape.z.shape[-1], tape.z.shape[1])
    first = managed.still(params, tape.z.shape[-1])
    return 1.0 - managed.live(params, tape, partial(learned.step, one), mind, first).days.excess[-1]


@partial(jax.jit, static_argnames="level")
def cost(params: account.Params, tape: Tape, one: learned.Params, level: float) -> Any:
    """Mean loss plus ES of every fund [fund]."""
    loss = final(params, tape, one)
    line = jnp.quantile(loss, level, axis=1)
    beyond = jnp.maximum(loss - line[:, None], 0.0).mean(axis=1)
    return loss.mean(axis=1) + line + beyond / (1.0 - level)


def batch(rng: np.random.Generator, tape: Tape) -> Tape:
    """Some paths of a tape."""
    total = tape.z.shape[-1]
    return chosen(tape, rng.choice(total, min(total, BATCH), replace=False))


def adam(
    params: account.Params,
    tape: Tape,
    ends: tuple[Book, Book],
    start: Net,
    steps: int,
    level: float,
    tell: Progress,
) -> Net:
    """By gradients, the band a logistic of width 0.03."""
    dtype = params.long.dtype

    def objective(free: Any, some: Tape) -> Any:
        loss = final(params, some, policy(free[0], *ends, width=jnp.asarray(0.03, dtype)))
        beyond = jax.nn.softplus((loss - free[1][:, None]) / 0.01) * 0.01
        return (loss.mean(axis=1) + free[1] + beyond.mean(axis=1) / (1 - level)).sum()

    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.03))

    @jax.jit
    def update(free: Any, memory: Any, some: Tape) -> Any:
        value, slope = jax.value_and_grad(objective)(free, some)
        change, memory = optimiser.update(slope, memory)
        return optax.apply_updates(free, change), memory, value

    rng = np.random.default_rng(2)
    free: Any = (start, jnp.zeros(len(params.alpha), dtype))
    memory = optimiser.init(free)
    for step in range(steps):
        free, memory, value = update(free, memory, batch(rng, tape))
        if step % 25 == 0:
            tell(f"adam, step {step}: {float(value):.4f}")
    return free[0]


def evolve(
    params: account.Params,
    tape: Tape,
    ends: tuple[Book, Book],
    start: Net,
    steps: int,
    level: float,
    tell: Progress,
) -> Net:
    """By an evolution of every fund's own population, judged side by side as that many more funds."""
    funds = len(params.alpha)

    def many(tree: Any) -> Any:
        return jax.tree.map(lambda x: jnp.repeat(x, POPULATION, axis=0), tree)

    wide, books = many(params), tuple(many(end) for end in ends)
    first = [flat({key: np.asarray(x[f], float) for key, x in start.items()}) for f in range(funds)]
    climbers = [CMA(mean=first[f], sigma=0.5, population_size=POPULATION, seed=f + 1) for f in range(funds)]
    rng = np.random.default_rng(3)
    some = batch(rng, tape)
    for step in range(steps):
        if step % RENEWED == 0:
            some = batch(rng, tape)
        asked = [[climber.ask() for _ in range(POPULATION)] for climber in climbers]
        nets = [unflat(point, start) for points in asked for point in points]
        stacked = {key: jnp.asarray(np.stack([net[key] for net in nets]), start[key].dtype) for key in start}
        scored = np.asarray(cost(wide, some, policy(stacked, *books), level), float).reshape(
            funds, POPULATION
        )
        for climber, points, scores in zip(climbers, asked, scored, strict=True):
            climber.tell(list(zip(points, scores, strict=True)))
        if step % 25 == 0:
            tell(f"cma, generation {step}: {scored.min(axis=1).sum():.4f}")
    means = [unflat(climber.mean, start) for climber in climbers]
    return {key: jnp.asarray(np.stack([net[key] for net in means]), start[key].dtype) for key in start}


def flat(net: Net) -> np.ndarray:
    """One fund's network as a vector."""
    return np.concatenate([np.ravel(net[key]) for key in net])


def unflat(point: np.ndarray, like: Net) -> Net:
    """A vector as one fund's network, shaped as `like`'s without its fund axis."""
    found, start = {}, 0
    for key, field in like.items():
        size = int(np.prod(field.shape[1:]))
        found[key] = point[start : start + size].reshape(field.shape[1:])
        start += size
    return found
