"""Twenty-four portfolios of least ES, as another solver answers them: three levels, two laws, four targets.

The problems are ours (Student-t scenarios of eight assets), long only and fully invested, ES of losses that
are not centred. THEIRS are the answers of fortitudo.tech 1.2.5 (Benders' decomposition on GLPK) to these
problems; the files of its authors' own benchmark of 24 are in no package.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...optimise import ActiveExposure, Budget, Positions, minimise_shortfall, of_returns

Array = np.ndarray[Any, np.dtype[np.float64]]
LEVELS = (0.9, 0.95, 0.975)
LAWS = ("equal", "recent")
TARGETS = (None, 0.25, 0.5, 0.75)
"""None is least ES; else mean at least so far from that of least ES to that of the best asset."""
ASSETS, SCENARIOS, SEED = 8, 2000, 24
HALF_LIFE = 500.0
"""Scenarios after which a weight of the law `recent` is halved."""
THEIRS = (
    0.0261869, 0.0289698, 0.0355010, 0.0434479, 0.0263165, 0.0286378, 0.0338483, 0.0405171,
    0.0351747, 0.0388356, 0.0473310, 0.0583561, 0.0352294, 0.0382524, 0.0453943, 0.0548484,
    0.0455861, 0.0484560, 0.0584939, 0.0739258, 0.0456488, 0.0472357, 0.0554998, 0.0685112,
)  # fmt: skip
"""ES of their portfolios, in the order of `problems`, to seven decimals."""


@dataclass(frozen=True)
class Problem:
    """One of the twenty-four."""

    level: float
    law: str
    target: float | None


def problems() -> list[Problem]:
    """All of them, in the order of their published answers."""
    return [Problem(level, law, target) for level in LEVELS for law in LAWS for target in TARGETS]


def returns() -> Array:
    """Student-t returns [asset, scenario] with three factors, the same on every machine to rounding."""
    rng = np.random.default_rng(SEED)
    loading = rng.uniform(-0.5, 1.0, (ASSETS, 3))
    wide = np.sqrt(5 / rng.chisquare(5, SCENARIOS))
    own = np.linspace(0.01, 0.05, ASSETS)[:, None] * rng.standard_normal((ASSETS, SCENARIOS))
    mean = np.linspace(0.0, 0.02, ASSETS)[:, None]
    return mean + (0.03 * loading @ rng.standard_normal((3, SCENARIOS)) + own) * wide


def chances(law: str) -> Array:
    """Weights of the scenarios [scenario]: equal, or halved every HALF_LIFE scenarios back."""
    if law == "equal":
        return np.full(SCENARIOS, 1 / SCENARIOS)
    weight = 0.5 ** (np.arange(SCENARIOS)[::-1] / HALF_LIFE)
    return np.asarray(weight / weight.sum())


def floor(target: float, least: float, table: Array, weight: Array) -> float:
    """The mean that a target asks for, of the mean of the portfolio of least ES."""
    best = float((table @ weight).max())
    return least + target * (best - least)


def solved() -> list[tuple[float, float]]:
    """(ES, certified relative gap) of each problem, in order."""
    table, found = returns(), []
    least: dict[tuple[float, str], float] = {}
    for problem in problems():
        weight = chances(problem.law)
        mean = table @ weight
        constraints: list[Any] = [Budget(), Positions()]
        if problem.target is not None:
            want = floor(problem.target, least[problem.level, problem.law], table, weight)
            constraints.append(ActiveExposure(mean[:, None], ("mean",), want, 1.0))
        answer = minimise_shortfall(of_returns(table, weight), constraints, level=f"{problem.level:g}")
        if problem.target is None:
            least[problem.level, problem.law] = float(mean @ answer.weights)
        found.append((answer.expected_shortfall, answer.gap))
    return found
