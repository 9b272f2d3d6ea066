"""The filtered state: chance of the regime of most stress after each day, by the calibrated regimes."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...assemble.process import stationary
from ...calibrate.forward import filtered
from ...calibrate.ladder import observe
from ...calibrate.regimes import Regimes, log_density
from ...config.calibrated import Fitted

Array = np.ndarray[Any, np.dtype[np.float64]]
ROWS = 2**17
"""Days whose densities are at hand at once."""


def stress(law: Regimes, returns: Array) -> Array:
    """P(last regime | days up to and with each) [path, day], of simple returns [path, day, bucket].

    Hamilton (1989), regimes of independent days from their long run; nan is a bucket that has no close.
    """
    chain = np.asarray(law.transition, np.float64)
    first = jnp.log(jnp.asarray(stationary(chain), law.mean.dtype))
    run = jax.jit(jax.vmap(lambda density: filtered(first, jnp.log(law.transition), density)[:, -1]))
    paths, days, buckets = returns.shape
    step = max(ROWS // days, 1)
    found = []
    for start in range(0, paths, step):
        rows = np.log1p(returns[start : start + step]).reshape(-1, buckets)
        density = log_density(observe(rows), law).reshape(-1, days, len(chain))
        found.append(np.asarray(run(density), np.float64))
    return np.concatenate(found)


def regimes(fitted: Fitted) -> Regimes:
    """A config's fitted regimes as the filter takes them."""
    shrink = 1.0 if fitted.nu is None else (fitted.nu - 2) / fitted.nu
    return _law(
        {
            "transition": fitted.transition,
            "mean": fitted.mean,
            "scale": (np.array(fitted.covariance) * shrink).tolist(),
            "nu": fitted.nu,
        }
    )


def words(law: Regimes) -> dict[str, Any]:
    """Regimes as a file keeps them; `of_words` reads them."""
    return {
        "transition": np.asarray(law.transition, np.float64).tolist(),
        "mean": np.asarray(law.mean, np.float64).tolist(),
        "scale": np.asarray(law.scale, np.float64).tolist(),
        "nu": float(law.nu) if law.student else None,
    }


def of_words(said: Mapping[str, Any]) -> Regimes:
    """The regimes `words` wrote. KeyError, TypeError, ValueError: they are not."""
    law = _law(said)
    states, factors = np.shape(law.mean)
    fit = (np.shape(law.transition), np.shape(law.scale)) == ((states, states), (states, factors, factors))
    if not fit:
        raise ValueError("regimes that do not fit together")
    return law


def _law(said: Mapping[str, Any]) -> Regimes:
    nu = said["nu"]
    return Regimes(
        transition=jnp.asarray(np.array(said["transition"], np.float64)),
        mean=jnp.asarray(np.array(said["mean"], np.float64)),
        scale=jnp.asarray(np.array(said["scale"], np.float64)),
        nu=jnp.asarray(np.array(200.0 if nu is None else nu, np.float64)),
        student=nu is not None,
    )
