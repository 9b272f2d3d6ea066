"""Small worlds for tests: one with everything switched on, and knobs to turn it off."""

import jax.numpy as jnp
import numpy as np

from tailrisk.core import random
from tailrisk.core.names import home
from tailrisk.market import ladder, regimes, spread, styles, switching
from tailrisk.products import book
from tailrisk.simulate.world import Streams, World

TRANSITION = np.array([[0.95, 0.03, 0.02], [0.05, 0.9, 0.05], [0.05, 0.15, 0.8]])


def world(
    dtype="float64", *, seed=1, days=12, nu=5.0, leverage=4.0, with_styles=True, history=None, detectors=None
):
    dtype = jnp.dtype(dtype)
    rng = np.random.default_rng(7)

    def array(x):
        return jnp.asarray(np.asarray(x, np.float64), dtype)

    if detectors is None:
        detectors = (
            spread.Params(small=2, large=0, window=30, days=1, mean_removed=True),
            spread.Params(small=4, large=0, window=20, days=5, mean_removed=False),
        )
    scale = np.array([1.0, 2.0, 4.0])[:, None, None]
    factor = np.tril(rng.normal(size=(3, 5, 5)) * 2e-3 + 6e-3 * np.eye(5)) * scale
    law = np.linalg.matrix_power(TRANSITION, 500)[0]
    return World(
        process=switching.Params(
            regimes=regimes.Params(
                cumulative=array(np.cumsum(TRANSITION, 1)), start=array(np.cumsum([0.5, 0.3, 0.2]))
            ),
            long_run=array(np.cumsum(law)),
            ladder=ladder.Params(
                affine=array(
                    np.concatenate([rng.normal(size=(3, 5, 1)) * 1e-3, np.cumsum(factor, axis=1)], axis=2)
                ),
                inverse_nu=None if nu is None else array(1 / nu),
            ),
        ),
        styles=styles.Params(
            loading=array(rng.normal(size=(3, 5)) * 0.1),
            residual=array(np.tril(rng.normal(size=(3, 3))) * 2e-3),
        )
        if with_styles
        else None,
        products=products(array, leverage, with_styles),
        detectors=tuple(detectors),
        history=None if history is None else array(history),
        streams=Streams(**{name: random.stream(seed, name) for name in Streams.__dataclass_fields__}),
        days=days,
        warmup=max((d.lead for d in detectors), default=0),
        arithmetic_excess=False,
        own_risk=True,
        names=home(),
    )


def products(array, leverage, with_styles):
    """Index-enhanced, hedged and leveraged, half invested with style and alpha, and a CTA."""
    book_of = np.array([[0.1, 0.4, 0.2, 0.2, 0.1], [0.1, 0.2, 0.3, 0.3, 0.1], [0, 0, 0.1, 0.2, 0.2], [0] * 5])
    short = np.zeros((4, 3))
    book_of[1] *= leverage
    short[1, 1:3] = leverage / 2
    style = np.zeros((4, 3 if with_styles else 0))
    if with_styles:
        style[2] = [0.5, -0.3, 1.0]
    benchmark = np.zeros((4, 5))
    benchmark[0, 1] = benchmark[2, 4] = 1
    return book.Params(
        long=array(book_of),
        short=array(short),
        style=array(style),
        alpha=array([1e-4, 0, 2e-4, 0]),
        interest=array([0, -5e-4, 4e-5, 8e-5]),
        fee=array([5e-5, 0, 6e-5, 0]),
        own=array([0, 0, 0, 0.007]),
        margin=array([0, 0.2, 0, 0]),
        benchmark=array(benchmark),
        benchmark_cash=array([0, 8e-5, 0, 8e-5]),
    )
