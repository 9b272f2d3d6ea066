"""Standard errors from the observed information, carried to the reported parameters by the delta method."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..core.units import Ratio
from .em import uniform
from .forward import likelihood
from .ladder import Array, Observed
from .regimes import NU_BOUNDS, Regimes, covariance, log_density

EDGE = 1e-6
"""A transition probability below this, or nu this close to a bound, sits on an edge and has no error."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Standard errors, NumPy, per day; NaN where the estimate sits on an edge."""

    mean: Array  # [regime, factor]
    standard_deviation: Array  # [regime, factor]
    transition: Array  # [regime, regime]
    nu: float | None  # None for Gaussian shocks
    gain_left: float  # log-likelihood a Newton step would still add; infinite: information not positive


def unknown(regimes: Regimes) -> Errors:
    """Errors that were not computed."""
    states, width = regimes.mean.shape
    return Errors(
        mean=np.full((states, width), np.nan),
        standard_deviation=np.full((states, width), np.nan),
        transition=np.full((states, states), np.nan),
        nu=np.nan if regimes.student else None,
        gain_left=np.nan,
    )


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


Places = tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]


def places(where: dict[str, Array]) -> Places:
    """Name, shape and free entries of each part of the shift, in the order mean, scale, transition, nu."""
    return tuple((name, mask.shape, tuple(np.flatnonzero(mask).tolist())) for name, mask in where.items())


def spread(vector: Ratio, free: Places) -> dict[str, Any]:
    """The shift whose free entries are `vector`; others zero."""
    shift, begin = {}, 0
    for name, shape, at in free:
        part = vector[begin : begin + len(at)]
        shift[name] = jnp.zeros(int(np.prod(shape))).at[np.array(at, int)].set(part).reshape(shape)
        begin += len(at)
    return shift


def natural(regimes: Regimes) -> dict[str, Ratio]:
    """Means, standard deviations (of the covariance, not of the t scale), transition and nu, as reported."""
    variance = jnp.diagonal(covariance(regimes), axis1=-2, axis2=-1)
    return {
        "mean": regimes.mean,
        "standard_deviation": jnp.sqrt(variance),
        "transition": regimes.transition,
        "nu": regimes.nu if regimes.student else jnp.zeros(()),
    }


def standard_errors(observed: Observed, regimes: Regimes) -> Errors:
    """sqrt diag(J H^-1 J'), H = -d2 log p / d shift2 at the estimate, J = d natural / d shift.

    All errors are NaN where H is not positive definite: a failure is not a number. The gain left is
    g' H^-1 g / 2 for the gradient g.
    """
    where = free(regimes)
    gradient, hessian, jacobian = derivatives(observed, regimes, where)
    information = -(hessian + hessian.T) / 2
    definite = np.isfinite(information).all() and np.linalg.eigvalsh(information)[0] > 0
    inverse = np.linalg.inv(information) if definite else np.full_like(information, np.nan)
    errors = {
        name: np.sqrt(np.einsum("...i,ij,...j->...", part, inverse, part)) for name, part in jacobian.items()
    }
    moving = where["transition"]
    stays = np.diag(moving.any(axis=1))
    nu = float(errors["nu"]) if where["nu"].all() else float("nan")
    return Errors(
        mean=errors["mean"],
        standard_deviation=errors["standard_deviation"],
        transition=np.where(moving | stays, errors["transition"], np.nan),
        nu=nu if regimes.student else None,
        gain_left=float(gradient @ inverse @ gradient / 2) if definite else float("inf"),
    )


def height(vector: Ratio, observed: Observed, regimes: Regimes, free: Places) -> Ratio:
    """log p a free shift away from these regimes."""
    new = moved(regimes, spread(vector, free))
    states = new.transition.shape[0]
    return likelihood(uniform(states), jnp.log(new.transition), log_density(observed, new))


slope = jax.jit(jax.grad(height), static_argnames="free")
"""Gradient of `height` in the shift."""


def derivatives(
    observed: Observed, regimes: Regimes, where: dict[str, Array]
) -> tuple[Array, Array, dict[str, Array]]:
    """Gradient and Hessian of log p, and the Jacobian of what is reported, in the free shift at zero."""
    return jax.tree.map(np.asarray, _derivatives(observed, regimes, places(where)))


@partial(jax.jit, static_argnames="free")
def _derivatives(observed: Observed, regimes: Regimes, free: Places) -> tuple[Ratio, Ratio, dict[str, Ratio]]:
    here = jnp.zeros(sum(len(at) for _, _, at in free))
    gradient, push = jax.linearize(jax.grad(lambda vector: height(vector, observed, regimes, free)), here)
    jacobian = jax.jacobian(lambda vector: natural(moved(regimes, spread(vector, free))))(here)
    return gradient, jax.lax.map(push, jnp.eye(len(here))), jacobian
