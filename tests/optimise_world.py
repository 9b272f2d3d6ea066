"""A small world of scenarios, and the slow twin of the solver: the whole linear program, given to HiGHS."""

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from tailrisk.optimise.region import Region, region


def exposures(assets: int, seed: int = 0) -> np.ndarray:
    """[asset, factor]: a market and three styles."""
    rng = np.random.default_rng(seed)
    return np.column_stack([1 + 0.2 * rng.normal(size=assets), 0.4 * rng.normal(size=(assets, 3))])


def factor_returns(scenarios: int, seed: int = 1) -> np.ndarray:
    """[factor, scenario] with Student tails and a market that falls harder than it rises."""
    rng = np.random.default_rng(seed)
    wide = np.sqrt(4 / rng.chisquare(4, scenarios))
    factors = rng.normal(size=(4, scenarios)) * np.array([0.012, 0.005, 0.004, 0.003])[:, None] * wide
    factors[0] -= 0.01 * (rng.random(scenarios) < 0.05)
    return factors


def returns(assets: int, scenarios: int, seed: int = 2) -> np.ndarray:
    """[asset, scenario]: factors and specific returns."""
    specific = np.random.default_rng(seed).standard_t(5, size=(assets, scenarios))
    return exposures(assets) @ factor_returns(scenarios) + 0.012 * specific


def weights(scenarios: int, seed: int = 3) -> np.ndarray:
    """[scenario] uneven, summing to one."""
    weight = np.random.default_rng(seed).random(scenarios) ** 2
    return weight / weight.sum()


def reference(
    returns: np.ndarray,
    constraints: list,
    level: float,
    *,
    alpha: np.ndarray | None = None,
    aversion: float = 1.0,
    limit: float | None = None,
    weight: np.ndarray | None = None,
) -> float:
    """min -alpha' w + aversion ES subject to ES <= limit, as Rockafellar & Uryasev's linear program.

    Variables x, c, s >= 0;  -r_i' w - c - s_i <= 0;  ES = c + sum p_i s_i / (1 - level).
    """
    assets, count = returns.shape
    space: Region = region(constraints, assets)
    own = len(space.lower) - assets
    p = np.full(count, 1 / count) if weight is None else weight
    es = np.concatenate([np.zeros(assets + own), [1.0], p / (1 - level)])
    cost = aversion * es
    cost[: assets + own] += space.charge
    if alpha is not None:
        cost[:assets] -= alpha
    scenario = sparse.hstack(
        [
            sparse.csr_array(-returns.T),
            sparse.csr_array((count, own)),
            -np.ones((count, 1)),
            -sparse.eye_array(count),
        ]
    )
    rows = sparse.hstack([space.matrix, sparse.csr_array((space.matrix.shape[0], 1 + count))])
    tables = [scenario, rows[np.isfinite(space.row_upper)], -rows[np.isfinite(space.row_lower)]]
    ends = [np.zeros(count), space.row_upper[np.isfinite(space.row_upper)]]
    ends.append(-space.row_lower[np.isfinite(space.row_lower)])
    if limit is not None:
        tables.append(es[None, :])
        ends.append(np.array([limit]))
    bounds = np.column_stack([space.lower, space.upper]).tolist() + [(None, None)] + [(0, None)] * count
    exact = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    done = linprog(
        cost,
        A_ub=sparse.csr_array(sparse.vstack(tables)),
        b_ub=np.concatenate(ends),
        bounds=bounds,
        options=exact,
    )
    assert done.status == 0, done.message
    return float(done.fun)
