"""Small memory processes for tests."""

import jax.numpy as jnp
import numpy as np

from tailrisk.market import ladder, memory, regimes

VARIANCE = np.array([2.5e-4, 6e-5, 1.5e-5, 1.2e-5, 2e-5])


def filter_(limit=None, **changes):
    """A filter like the fitted one; changes by field."""
    weight = np.array([[0.06], [0.3], [0.4], [0.1], [0.14]]) * np.ones(5)
    said = {
        "mean": [3e-4, 1e-4, 0.0, 2e-4, 3e-4],
        "phi": [0.01, 0.13, 0.12, 0.11, 0.15],
        "kappa": [0.0, 0.5, 0.5, 0.5, 0.5],
        "weight": weight,
        "leverage": [0.1, 0.2, 0.25, 0.0, 0.4],
        "inverse": 1 / (5 * VARIANCE),
        "cap": 16 * VARIANCE,
        "low": [-1e3] * 5 if limit is None else [np.log1p(-limit)] * 5,
        "high": [1e3] * 5 if limit is None else [np.log1p(limit)] * 5,
        **changes,
    }
    said["weight"] = np.array(said["weight"]) * np.stack([VARIANCE, *np.ones((3, 5)), VARIANCE])
    return memory.Filter(**{name: jnp.asarray(np.asarray(x, float)) for name, x in said.items()})


def states(count=1):
    """Everything at its long run."""
    still = jnp.zeros((5, count))
    return memory.State(
        row=jnp.zeros(count, jnp.int32),
        square=jnp.broadcast_to(jnp.asarray(VARIANCE)[None, :, None], (3, 5, count)),
        common=jnp.ones(count),
        trend=still,
        last=still,
    )


def params(limit=None, nu=8.0, continues=False, days=None, filter=None):
    """Two regimes of residuals, the second of shocks; paths start from the long-run variance."""
    rng = np.random.default_rng(3)
    root = np.stack([np.tril(rng.normal(size=(5, 5)) * 0.1 + 0.8 * np.eye(5)) * s for s in (1.0, 1.6)])
    mean = np.array([[0.1] * 5, [-0.3] * 5])
    chain = np.array([[0.8, 0.2], [0.6, 0.4]])
    return memory.Params(
        filter=filter_(limit) if filter is None else filter,
        regimes=regimes.Params(cumulative=jnp.asarray(np.cumsum(chain, 1)), start=jnp.asarray([0.75, 1.0])),
        ladder=ladder.Params(
            affine=jnp.asarray(np.concatenate([mean[:, :, None], root], axis=2)),
            inverse_nu=None if nu is None else jnp.asarray(1 / nu),
        ),
        long_run=jnp.asarray([0.75, 1.0]),
        start=states(),
        past=states(3),
        stress=jnp.asarray(2.0),
        days=days,
        continues=continues,
    )
