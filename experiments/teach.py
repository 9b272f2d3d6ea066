"""Training of the learned policy: gradients through the accounts of funds, with triggers made smooth."""

from functools import partial
from typing import Any

import click
import jax
import jax.numpy as jnp
import numpy as np
import optax

from tailrisk.policies import learned
from tailrisk.policies.observation import Book
from tailrisk.products import account
from tailrisk.simulate import managed
from tailrisk.simulate.tape import Tape

BATCH = 512
"""Paths in a step."""


def teach(
    params: account.Params, tape: Tape, own: Book, safe: Book, steps: int, level: float
) -> learned.Params:
    """Minimise mean loss plus ES, in the form of Rockafellar and Uryasev; hard triggers come back."""
    detectors, count, dtype = tape.z.shape[1], len(params.alpha), params.stock.dtype
    rng = np.random.default_rng(1)
    net = {
        "inner": jnp.asarray(
            0.3 * rng.normal(size=(count, learned.HIDDEN, learned.features(detectors))), dtype
        ),
        "inner_bias": jnp.zeros((count, learned.HIDDEN), dtype),
        "outer": jnp.asarray(0.3 * rng.normal(size=(count, 2, learned.HIDDEN)), dtype),
        "outer_bias": jnp.full((count, 2), -2.0, dtype),
    }
    line = jnp.zeros(count, dtype)

    def objective(free: Any, batch: Tape) -> Any:
        policy = learned.Params(**free[0], home=own, safe=safe, width=jnp.asarray(0.03, dtype))
        mind = learned.init(policy, batch.z.shape[-1], detectors)
        first = managed.still(params, batch.z.shape[-1])
        lived = managed.live(params, batch, partial(learned.step, policy), mind, first)
        loss = 1.0 - lived.days.excess[-1]
        beyond = jax.nn.softplus((loss - free[1][:, None]) / 0.01) * 0.01
        return (loss.mean(axis=1) + free[1] + beyond.mean(axis=1) / (1 - level)).sum()

    optimiser = optax.adam(0.03)

    @jax.jit
    def update(free: Any, memory: Any, batch: Tape) -> Any:
        value, slope = jax.value_and_grad(objective)(free, batch)
        change, memory = optimiser.update(slope, memory)
        return optax.apply_updates(free, change), memory, value

    free, total = (net, line), tape.z.shape[-1]
    memory = optimiser.init(free)
    for step in range(steps):
        chosen = rng.choice(total, min(total, BATCH), replace=False)
        batch = jax.tree.map(lambda x, c=chosen: x[..., c] if x.shape[-1:] == (total,) else x, tape)
        free, memory, value = update(free, memory, batch)
        if step % 25 == 0:
            click.echo(f"step {step}: {float(value):.4f}", err=True)
    return learned.Params(**free[0], home=own, safe=safe, width=None)
