"""Regimes: each one's Student-t or Gaussian law of the factors, and the chance of moving between them."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln

from ..core.struct import static, struct
from ..core.units import LogReturn, Probability, Ratio
from .ladder import Observed

NU_BOUNDS = (2.1, 200.0)
"""Degrees of freedom searched: above 2 for the covariance to exist; 200 is Gaussian to the eye."""


@struct
class Regimes:
    """f | regime k ~ t_nu(mean_k, scale_k), covariance scale_k nu/(nu-2); normal when `student` is false."""

    transition: Probability  # [regime, regime]       P(tomorrow | today), rows sum to one
    mean: LogReturn  # [regime, factor]               per day
    scale: Ratio  # [regime, factor, factor]          per day squared
    nu: Ratio  # []                                   common to the regimes; not read when Gaussian
    student: bool = static()


@struct
class Seen:
    """The law of the observed combinations, per pattern of gaps and regime."""

    precision: Ratio  # [pattern, regime, factor, factor]  (A S A')^-1, one on padded rows
    log_det: Ratio  # [pattern, regime]                    of A S A'
    mean: LogReturn  # [pattern, regime, factor]           A mu


def covariance(regimes: Regimes) -> Ratio:
    """scale nu/(nu-2) for Student-t, the scale itself for Gaussian. [regime, factor, factor]."""
    return regimes.scale * (regimes.nu / (regimes.nu - 2.0)) if regimes.student else regimes.scale


def seen(view: Ratio, regimes: Regimes) -> Seen:
    """A mu and (A S A')^-1: a linear view of a t vector is t, same nu (Kotz & Nadarajah 2004, 1.10)."""
    size = view.shape[-1]
    padding = (~view.any(axis=-1)).astype(view.dtype)[:, None, :, None] * jnp.eye(size)[None, None]
    inner = jnp.einsum("pij,kjl,pml->pkim", view, regimes.scale, view) + padding
    root = jnp.linalg.cholesky(inner)
    identity = jnp.broadcast_to(jnp.eye(size), inner.shape)
    return Seen(
        precision=jax.scipy.linalg.cho_solve((root, True), identity),
        log_det=2.0 * jnp.log(jnp.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1),
        mean=jnp.einsum("pij,kj->pki", view, regimes.mean),
    )


def pick(observed: Observed, value: Any) -> Any:
    """The day's own pattern out of `value` [day, pattern, regime] or [pattern, regime] -> [day, regime]."""
    shape = "tp,tpk->tk" if value.ndim == 3 else "tp,pk->tk"
    return jnp.einsum(shape, observed.pattern, value)


def distance(observed: Observed, law: Seen) -> Ratio:
    """q_tk = (y - A mu)' (A S A')^-1 (y - A mu), as y'My - 2 y'Mm + m'Mm. [day, regime]."""
    linear = jnp.einsum("pkij,pkj->pki", law.precision, law.mean)
    constant = jnp.einsum("pki,pki->pk", linear, law.mean)
    square = law.precision.reshape((*constant.shape, -1))
    weights = jnp.concatenate([constant[..., None], -2.0 * linear, square], axis=-1)
    return pick(observed, jnp.einsum("tm,pkm->tpk", observed.moment, weights))


def log_student(observed: Observed, q: Ratio, nu: Ratio) -> Ratio:
    """log Gamma((nu+d)/2) - log Gamma(nu/2) - (d/2) log(nu pi) - ((nu+d)/2) log(1 + q/nu), without log det.

    d is the number of combinations the day shows; q [day, regime], nu a scalar.
    """
    d = observed.count
    constant = gammaln((nu + d) / 2) - gammaln(nu / 2) - d / 2 * jnp.log(nu * jnp.pi)
    power = (nu + observed.pattern @ d) / 2
    return (observed.pattern @ constant)[:, None] - power[:, None] * jnp.log1p(q / nu)


def log_density(observed: Observed, regimes: Regimes) -> Ratio:
    """log p(y_t | regime k) of what the day shows. [day, regime]."""
    law = seen(observed.view, regimes)
    q = distance(observed, law)
    if regimes.student:
        shape = log_student(observed, q, regimes.nu)
    else:
        shape = -0.5 * (q + (observed.pattern @ observed.count * jnp.log(2.0 * jnp.pi))[:, None])
    return shape - 0.5 * pick(observed, law.log_det)
