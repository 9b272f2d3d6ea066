"""The frontier under other laws: worst member of the crowd's ensemble, worst law near each, and regret."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...optimise.robust import robust_shortfall
from ...optimise.scenarios import Scenarios
from ...optimise.tuner import Outcome
from ...tail import expected_shortfall
from .config import Tune

ROBUST = "robust.csv"


def regrets(
    said: Tune, points: Sequence[Outcome], own: Scenarios, others: Sequence[Scenarios], year: float
) -> pd.DataFrame:
    """A row a point of the frontier: ES on the market's own paths, under the worst member, and robust.

    robust: the largest ES within the radius of any of them. regret: alpha a year that the point keeps less
    than the best point that holds the budget under the law that came, the most over the laws that allow any;
    overrun: ES beyond the budget under the worst law that came. year: horizons in a year.
    """
    sets = [own, *others]
    plain = np.array(
        [[float(expected_shortfall(p.losses(one), level=said.level)) for one in sets] for p in points]
    )
    robust = np.array(
        [
            max(robust_shortfall(p.losses(one), level=said.level, radius=said.robust.radius) for one in sets)
            for p in points
        ]
    )
    alpha = np.array([p.alpha for p in points]) * year
    return pd.DataFrame(
        {
            f"{said.tuned[0]}_bound": [float(p.theta[0]) for p in points],
            "alpha_year": [(p.alpha + p.cost) * year for p in points],
            "es": plain[:, 0],
            "es_worst_member": plain.max(axis=1),
            "es_robust": robust,
            "regret": regret(alpha, plain, said.budget),
            "overrun": np.maximum(plain.max(axis=1) - said.budget, 0.0),
            "keeps": robust <= said.budget,
        }
    )


def regret(alpha: np.ndarray, shortfall: np.ndarray, budget: float) -> np.ndarray:
    """max over laws k of (best alpha [point] with shortfall [point, law] within the budget) - alpha [point].

    Not below zero: a point that keeps more than the best within the budget regrets its ES, not its alpha.
    Laws under which no point keeps the budget are left out; zeros where that is all of them.
    """
    within = shortfall <= budget
    best = np.where(within, alpha[:, None], -np.inf).max(axis=0)
    known = np.isfinite(best)
    return np.maximum(best[known].max(initial=-np.inf) - alpha, 0.0) if known.any() else np.zeros(len(alpha))
