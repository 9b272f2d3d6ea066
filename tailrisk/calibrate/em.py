"""The EM climb: one step that never lowers the likelihood, and many starts climbed together."""

import jax
import jax.numpy as jnp

from ..core.units import Probability, Ratio
from .forward import smoothed
from .ladder import Observed
from .regimes import NU_BOUNDS, Regimes, Seen, distance, log_density, log_student, seen


def uniform(states: int) -> Ratio:
    """log 1/K, the first day's law: held fixed, it costs at most log K and puts no parameter on an edge."""
    return jnp.full(states, -jnp.log(float(states)))


def means(
    observed: Observed, law: Seen, regimes: Regimes, chance: Probability, size: Ratio
) -> tuple[Ratio, Ratio]:
    """New means and scales from the first two moments of every day's factors, missing ones filled in.

    f_hat = mu + G (y - A mu), G = S A' (A S A')^-1, C = S - G A S;  with w = chance * size
    mu = sum w f_hat / sum w;  S = sum [w (f_hat - mu)(f_hat - mu)' + chance C] / sum chance.
    Source: Liu & Rubin (1995), section 3, the multivariate t with missing values.
    """
    width = regimes.mean.shape[-1]
    gain = jnp.einsum("kij,plj,pklm->pkim", regimes.scale, observed.view, law.precision)
    spread = regimes.scale[None] - jnp.einsum("pkij,pjl,klm->pkim", gain, observed.view, regimes.scale)
    centre = regimes.mean[None] - jnp.einsum("pkij,pkj->pki", gain, law.mean)
    sums = jnp.einsum("tp,tk,tm->pkm", observed.pattern, chance * size, observed.moment)
    weight, first = sums[..., 0], jnp.einsum("pkij,pkj->pki", gain, sums[..., 1 : 1 + width])
    square = sums[..., 1 + width :].reshape((*weight.shape, width, width))
    days = jnp.einsum("tp,tk->pk", observed.pattern, chance)
    total = (weight[..., None] * centre + first).sum(axis=0)
    mean = total / weight.sum(axis=0)[:, None]
    cross = jnp.einsum("pki,pkj->pkij", first, centre)
    raw = weight[..., None, None] * jnp.einsum("pki,pkj->pkij", centre, centre) + cross + cross.mT
    raw = raw + jnp.einsum("pkij,pkjl,pkml->pkim", gain, square, gain) + days[..., None, None] * spread
    scale = raw.sum(axis=0) - jnp.einsum("ki,kj->kij", total, mean)
    scale = scale / days.sum(axis=0)[:, None, None]
    return mean, (scale + scale.mT) / 2


def freedom(observed: Observed, regimes: Regimes, chance: Probability) -> Ratio:
    """One guarded Newton step in log nu up sum_tk chance log t_nu(y_t), within bounds (Liu & Rubin 1995)."""
    q = distance(observed, seen(observed.view, regimes))
    low, high = (jnp.log(bound) for bound in NU_BOUNDS)

    def height(x: Ratio) -> Ratio:
        return (chance * log_student(observed, q, jnp.exp(x))).sum()

    here = jnp.log(regimes.nu)
    slope, bend = jax.grad(height)(here), jax.grad(jax.grad(height))(here)
    step = jnp.where(bend < 0, -slope / bend, jnp.sign(slope) * 0.5)
    steps = jnp.clip(step, -0.5, 0.5) * jnp.array([1.0, 0.5, 0.1, 0.01, 0.0])
    tries = jnp.clip(here + steps, low, high)
    return jnp.exp(tries[jnp.argmax(jax.vmap(height)(tries))])


def climb_once(observed: Observed, regimes: Regimes) -> tuple[Regimes, Ratio, Ratio]:
    """One step of EM: (new regimes, the old ones' log-likelihood, their expected days in each regime).

    Regimes are the missing data of the outer step; given their probabilities, the t laws take one step of
    reweighted moments and one in nu. Each raises the same lower bound, so the likelihood never falls.
    """
    states = regimes.transition.shape[0]
    value, moves, chance = smoothed(
        uniform(states), jnp.log(regimes.transition), log_density(observed, regimes)
    )
    law = seen(observed.view, regimes)
    size = jnp.ones_like(chance)
    if regimes.student:
        count = (observed.pattern @ observed.count)[:, None]
        size = (regimes.nu + count) / (regimes.nu + distance(observed, law))
    mean, scale = means(observed, law, regimes, chance, size)
    new = Regimes(
        transition=moves / moves.sum(axis=1, keepdims=True),
        mean=mean,
        scale=scale,
        nu=regimes.nu,
        student=regimes.student,
    )
    if regimes.student:
        new = Regimes(
            transition=new.transition, mean=mean, scale=scale, nu=freedom(observed, new, chance), student=True
        )
    return new, value, (observed.pattern.sum(axis=1)[:, None] * chance).sum(axis=0)


climb_all = jax.jit(jax.vmap(climb_once, in_axes=(None, 0)))
