"""Standard errors from the observed information, carried to the reported parameters by the delta method."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..core.struct import struct
from ..core.units import LogReturn, Probability, Ratio
from .em import uniform
from .forward import likelihood
from .ladder import Array, Observed
from .regimes import NU_BOUNDS, Regimes, covariance, log_density

EDGE = 1e-6
"""A transition probability below this, or nu this close to a bound, sits on an edge and has no error."""


@struct
class Natural:
    """What is reported with an error."""

    mean: LogReturn  # [regime, factor]
    standard_deviation: LogReturn  # [regime, factor]
    transition: Probability  # [regime, regime]
    nu: Ratio  # []


def moved(regimes: Regimes, shift: dict[str, Any]) -> Regimes:
    """The regimes a free, dimensionless shift away; at shift zero, themselves.

    mean_k + L_k a;  L_k B with B lower triangular, diagonal exp(b);  P_ij exp(c_ij) / sum;
    nu = 2 + (nu - 2) exp(e), where S_k = L_k L_k'.
    """
    root = jnp.linalg.cholesky(regimes.scale)
    bend = shift["scale"]
    log_diagonal = jnp.diagonal(bend, axis1=-2, axis2=-1)
    turn = jnp.tril(bend, -1) + jnp.exp(log_diagonal)[..., None] * jnp.eye(bend.shape[-1])[None]
    stretched = root @ turn
    logits = jnp.log(jnp.maximum(regimes.transition, 1e-30)) + shift["transition"]
    return Regimes(
        transition=jax.nn.softmax(logits, axis=-1),
        mean=regimes.mean + jnp.einsum("kij,kj->ki", root, shift["mean"]),
        scale=stretched @ stretched.mT,
        nu=2.0 + (regimes.nu - 2.0) * jnp.exp(shift["nu"]) if regimes.student else regimes.nu,
        student=regimes.student,
    )


def free(regimes: Regimes) -> dict[str, Array]:
    """Which entries of the shift are parameters: lower triangles, moves off the diagonal and off the edge."""
    states, width = regimes.mean.shape
    nu = float(regimes.nu)
    inside = regimes.student and NU_BOUNDS[0] * (1 + EDGE) < nu < NU_BOUNDS[1] * (1 - EDGE)
    return {
        "mean": np.ones((states, width), bool),
        "scale": np.broadcast_to(np.tri(width, dtype=bool), (states, width, width)),
        "transition": (np.asarray(regimes.transition) > EDGE) & ~np.eye(states, dtype=bool),
        "nu": np.asarray(inside),
    }


def spread(vector: Ratio, where: dict[str, Array]) -> dict[str, Any]:
    """The shift whose free entries are `vector`, in the order mean, scale, transition, nu; others zero."""
    shift, begin = {}, 0
    for name, mask in where.items():
        places = np.flatnonzero(mask)
        part = vector[begin : begin + len(places)]
        shift[name] = jnp.zeros(mask.size).at[places].set(part).reshape(mask.shape)
        begin += len(places)
    return shift


def natural(regimes: Regimes) -> Natural:
    """Means, standard deviations (of the covariance, not of the t scale), transition, nu."""
    variance = jnp.diagonal(covariance(regimes), axis1=-2, axis2=-1)
    return Natural(
        mean=regimes.mean,
        standard_deviation=jnp.sqrt(variance),
        transition=regimes.transition,
        nu=regimes.nu if regimes.student else jnp.zeros(()),
    )


def standard_errors(observed: Observed, regimes: Regimes) -> tuple[Natural, float]:
    """sqrt diag(J H^-1 J'), H = -d2 log p / d shift2 at the estimate, J = d natural / d shift.

    Entries on an edge, and all entries where H is not positive definite, are NaN: a failure is not a number.
    Second value: g' H^-1 g / 2, the log-likelihood a Newton step would still gain; infinite if H fails.
    """
    where = free(regimes)
    size = int(sum(mask.sum() for mask in where.values()))

    def value(vector: Ratio, data: Observed, at: Regimes) -> Ratio:
        new = moved(at, spread(vector, where))
        states = new.transition.shape[0]
        return likelihood(uniform(states), jnp.log(new.transition), log_density(data, new))

    @jax.jit
    def columns(data: Observed, at: Regimes) -> tuple[Ratio, Ratio]:
        slope = jax.grad(lambda vector: value(vector, data, at))
        here = jnp.zeros(size)
        return jax.lax.map(lambda direction: jax.jvp(slope, (here,), (direction,)), jnp.eye(size))

    gradient, hessian = columns(observed, regimes)
    jacobian = jax.jacobian(lambda v: natural(moved(regimes, spread(v, where))))(jnp.zeros(size))
    return solve(np.asarray(gradient[0]), -np.asarray(hessian), jacobian, where)


def solve(gradient: Array, information: Array, jacobian: Natural, where: dict[str, Array]) -> Any:
    """The delta method proper; see `standard_errors`."""
    information = (information + information.T) / 2
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 0:
        return jax.tree.map(lambda part: np.full(part.shape[:-1], np.nan), jacobian), float("inf")
    variance = np.linalg.inv(information)
    errors = jax.tree.map(
        lambda part: np.sqrt(np.einsum("...i,ij,...j->...", np.asarray(part), variance, np.asarray(part))),
        jacobian,
    )
    states = len(where["transition"])
    moves = where["transition"] | (np.eye(states, dtype=bool) & where["transition"].any(axis=1)[:, None])
    kept = Natural(
        mean=errors.mean,
        standard_deviation=errors.standard_deviation,
        transition=np.where(moves, errors.transition, np.nan),
        nu=np.where(where["nu"], errors.nu, np.nan),
    )
    return kept, float(gradient @ variance @ gradient / 2)
