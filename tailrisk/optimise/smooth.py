"""The tail of a stock portfolio with its specific risk in closed form: given the factors its loss is normal.

L = m + s z,  P(L > c) = sum_i p_i Phi((m_i - c) / s)
ES = sum_i p_i [m_i Phi(d_i) + s phi(d_i)] / (1 - level),  d_i = (m_i - VaR) / s
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from ..core import InputError
from ..tail.sample import Level
from ..tail.shortfall import tail_of
from .arguments import confidence, number, plain
from .scenarios import weights

Array = NDArray[np.float64]
FAR = 9.0
"""Standard deviations beyond which a normal has no mass in double precision."""


def smooth_tail(
    loss: ArrayLike, specific: float, weight: ArrayLike | None = None, *, level: Level
) -> tuple[float, float]:
    """VaR and ES of factor losses m [scenario] plus an independent normal of sd `specific`.

    weight: [scenario] summing to one, None where all weigh the same; of Series matched by name. All in one
    unit.
    InputError: a negative sd, a bad level, losses that are not finite, weights of other scenarios.

    >>> var, es = smooth_tail([0.0], 0.01, level=0.99)  # a normal loss
    >>> round(var, 5), round(es, 5)
    (0.02326, 0.02665)
    """
    specific = number("", "specific", specific, "a standard deviation >= 0", 0.0)
    exact = confidence(level)
    beyond = 1.0 - float(exact)
    m = plain("loss", loss)
    if m.ndim != 1 or not len(m) or not np.isfinite(m).all():
        raise InputError("loss", f"has shape {m.shape}, or is not finite", "finite numbers [scenario]")
    p = weights(weight, len(m), loss.index if isinstance(loss, pd.Series) else None)
    if specific == 0:
        tail = tail_of(m, p, exact)
        return tail.value_at_risk, tail.expected_shortfall
    p = np.full(len(m), 1 / len(m)) if p is None else p

    def above(c: float) -> float:
        return float(p @ ndtr((m - c) / specific)) - beyond

    ends = (float(m.min()) - FAR * specific, float(m.max()) + FAR * specific)
    threshold = float(brentq(above, *ends, xtol=1e-15, rtol=1e-14))
    d = (m - threshold) / specific
    density = np.exp(-0.5 * d**2) / np.sqrt(2 * np.pi)
    excess = float(p @ ((m - threshold) * ndtr(d) + specific * density))
    return threshold, threshold + excess / beyond
