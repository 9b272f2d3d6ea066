"""The styles of a world: loadings on the buckets, and residuals with memory or without."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..config import Config
from ..config.calibrated import Styles
from ..config.memory import Adaptive, StyleMemory
from ..market import ladder, memory, styles


def overlaid(config: Config, overlay: Styles, used: list[str], array: Any) -> styles.Params:
    """The styles in use; with memory where the process has it and the calibrated file too."""
    rows = [overlay.names.index(style) for style in used]
    on_factors = np.array(overlay.loading)[rows]
    on_buckets = on_factors - np.hstack([on_factors[:, 1:], np.zeros((len(rows), 1))])
    sd = np.array(overlay.residual_sd)[rows]
    covariance = np.array(overlay.residual_correlation)[np.ix_(rows, rows)] * np.outer(sd, sd)
    law = None if config.market.process == "regimes" else overlay.memory
    return styles.Params(
        loading=array(on_buckets),
        residual=array(np.linalg.cholesky(covariance)),
        memory=None if law is None else _memory(config, law, rows, array),
        names=tuple(used),
    )


def _memory(config: Config, law: StyleMemory, rows: list[int], array: Any) -> styles.Memory:
    """Rows of the fitted memory; days of history have no regime, so the calm one's law is all there is."""
    variance, weight = np.array(law.variance)[rows], np.array(law.weight)[rows].T.copy()
    weight[[0, 4]] *= variance
    covariance = np.array(law.covariance)[:, rows][:, :, rows]
    if config.market.process == "days":
        covariance = covariance.mean(axis=0, keepdims=True)
    root = np.linalg.cholesky(covariance) * np.sqrt(1 - 2 / law.nu)
    zero = np.zeros(len(rows))
    filtered = config.market.start == "filtered"
    square = np.array(law.square)[:, rows] if filtered else np.broadcast_to(variance, (3, len(rows)))
    return styles.Memory(
        filter=memory.Filter(
            mean=array(zero),
            phi=array(np.array(law.phi)[rows]),
            kappa=array(np.array(law.kappa)[rows]),
            weight=array(weight),
            leverage=array(np.array(law.leverage)[rows]),
            inverse=array(1 / (variance * len(rows))),
            cap=array(law.cap**2 * variance),
            low=array(zero - 1e3),
            high=array(zero + 1e3),
        ),
        ladder=ladder.Params(
            affine=array(np.concatenate([np.zeros((*root.shape[:2], 1)), root], axis=2)),
            inverse_nu=array(1 / law.nu),
        ),
        start=memory.State(
            row=jnp.zeros(1, jnp.int32),
            square=array(square)[:, :, None],
            common=array([1.0]),
            trend=array(np.array(law.trend)[rows] if filtered else zero)[:, None],
            last=array(np.array(law.last)[rows] if filtered else zero)[:, None],
        ),
        adaptive=None if law.adaptive is None else _adaptive(law.adaptive, rows, filtered, array),
    )


def _adaptive(law: Adaptive, rows: list[int], filtered: bool, array: Any) -> styles.Adaptive:
    """How loadings follow; they start where the data left them, or at their long run."""
    shift = np.array(law.shift)[rows]
    return styles.Adaptive(
        gain=array(law.gain),
        persistence=array(law.persistence),
        start=array(shift if filtered else np.zeros_like(shift)),
    )
