"""The forward recursion: likelihood of the days, and by its gradient the probabilities of the regimes."""

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp

from ..core.units import Probability, Ratio


def forward(log_initial: Ratio, log_transition: Ratio, log_density: Ratio) -> tuple[Ratio, Ratio]:
    """log a_t(k) = log b_t(k) + log sum_i exp(log a_{t-1}(i) + log P_ik), in logs so nothing underflows.

    Source: Baum et al. (1970); Hamilton (1989), section 4. log_initial [regime] is that of the first day,
    log_density b [day, regime]. Returns (log-likelihood, log a [day, regime]).
    """

    def day(carry: Ratio, density: Ratio) -> tuple[Ratio, Ratio]:
        alpha = density + logsumexp(carry[:, None] + log_transition, axis=0)
        return alpha, alpha

    first = log_initial + log_density[0]
    last, rest = jax.lax.scan(day, first, log_density[1:])
    return logsumexp(last), jnp.concatenate([first[None], rest])


def likelihood(log_initial: Ratio, log_transition: Ratio, log_density: Ratio) -> Ratio:
    """log p(y_1 .. y_T)."""
    return forward(log_initial, log_transition, log_density)[0]


def filtered(log_initial: Ratio, log_transition: Ratio, log_density: Ratio) -> Probability:
    """P(regime k on day t | days 1..t). [day, regime]."""
    alpha = forward(log_initial, log_transition, log_density)[1]
    return jax.nn.softmax(alpha, axis=-1)


def smoothed(
    log_initial: Ratio, log_transition: Ratio, log_density: Ratio
) -> tuple[Ratio, Ratio, Probability]:
    """(log-likelihood, expected moves [regime, regime], P(regime k on day t | all days) [day, regime]).

    d log p / d log b_t(k) is the smoothed probability and d log p / d log P_ij the expected number of moves
    from i to j, so reverse-mode differentiation is the backward recursion. Source: Eisner (2016), section 3.
    """
    value, (moves, days) = jax.value_and_grad(likelihood, argnums=(1, 2))(
        log_initial, log_transition, log_density
    )
    return value, moves, days
