"""The master problem: a region, an objective and a band of scenarios, scaled and put to the interior point.

Scenarios of the band are explicit, those above it one linear term, those below it left out. For any threshold
that is a lower bound of c + E[(L - c)+] / (1 - level), so its minimum is one of the whole problem.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy import sparse

from .conic import Array, Cone, Point, Program, inside, interior_point, near_rows
from .region import FIXED, Region, asked, implied
from .scenarios import Scenarios


@dataclass(frozen=True)
class Aim:
    """min cost' x + aversion ES subject to ES <= limit (None: no limit), x [variable] as in the region."""

    cost: Array
    aversion: float
    limit: float | None
    level: Fraction


@dataclass(frozen=True)
class Master:
    """A solved master problem in the units of the region.

    x: [variable]; threshold: VaR of the band; measure: [band] distribution over the explicit scenarios, the
    rest of the mass being on those above; multiplier: [row] of the region; price: cost per ES of the limit;
    duals: of the region's cones; along: [asset] the vector, at most of length one, by which the norm of the
    specific risk, if there is one, counts in the dual.
    """

    x: Array
    threshold: float
    measure: Array
    multiplier: Array
    price: float
    duals: tuple[Array, ...]
    steps: int
    residual: float
    along: Array | None = None


class Canon:
    """The part of the master problem that no band changes: fixed variables out, slacks and coordinates in.

    losses: false where none matter, so that no variable is a coordinate of them.
    Variables: free ones of the region, coordinates of the factor form (factors, then the norm of the specific
    risk, if any), one slack for each inequality row.
    """

    def __init__(self, region: Region, scenarios: Scenarios, losses: bool = True) -> None:
        self.region, self.dense, self.scenarios = region, scenarios.exposures is None, scenarios
        low, high = implied(region)
        self.crossed = bool((low > high + 1e-9).any())
        most = np.minimum(high, asked(region, low, high))
        pinned = most - low <= FIXED
        self.free = np.flatnonzero(~pinned)
        self.base = np.zeros(len(low))
        self.base[pinned] = np.clip(
            0.5 * (low[pinned] + most[pinned]), region.lower[pinned], region.upper[pinned]
        )
        used = sparse.csr_array(region.matrix[:, self.free])
        live = np.flatnonzero(np.diff(used.indptr) > 0)
        alone = (self.free >= region.assets) & (region.lower[self.free] == 0)
        near = near_rows(used[live], ~alone, region.row_upper[live] <= region.row_lower[live])
        self.live = np.concatenate([live[near], live[~near]])
        first = int(near.sum())  # near rows come before the others
        offset = region.matrix[self.live] @ self.base
        low, high = region.row_lower[self.live] - offset, region.row_upper[self.live] - offset
        self.slack = np.flatnonzero(high > low)
        factors = 0 if scenarios.exposures is None else scenarios.exposures.shape[1]
        norm = int(scenarios.specific is not None)
        n, m, k = len(self.free), len(self.live) - first, len(self.slack)
        width = n + factors + norm + k
        near_table = used[self.live[:first]]
        self.near = sparse.csr_array(
            (near_table.data, near_table.indices, near_table.indptr), shape=(first, width)
        )
        self.own = np.zeros(width, dtype=bool)
        self.own[np.unique(near_table.indices)] = True
        self.own[:n] &= alone
        self.rows = np.zeros((m + factors, width))
        self.rows[:m, :n] = used[self.live[first:]].toarray()
        self.rows[self.slack - first, n + factors + norm + np.arange(k)] = -1.0
        self.target = np.zeros(first + m + factors)
        equal = high == low
        self.target[: first + m][equal] = low[equal]
        if scenarios.exposures is not None:
            held = self.free < region.assets
            self.rows[m:, :n][:, held] = -scenarios.exposures[self.free[held]].T
            self.rows[m:, n : n + factors] = np.eye(factors)
            self.target[first + m :] = self.base[: region.assets] @ scenarios.exposures
            self.coordinate = n + np.arange(factors + norm)
        else:
            self.coordinate = np.flatnonzero(self.free < (region.assets if losses else 0))
        open_end = np.full(factors + norm, np.inf)
        self.lower = np.concatenate([region.lower[self.free], -open_end, low[self.slack]])
        self.upper = np.concatenate([region.upper[self.free], open_end, high[self.slack]])
        self.cones = [self._kept(cone).scaled(1 / cone.radius) for cone in region.cones]
        if scenarios.specific is not None:
            own = self._kept(_norm(scenarios.specific / scenarios.unit))
            self.cones.append(replace(own, head=n + factors))

    def _kept(self, cone: Cone) -> Cone:
        """The cone over the free variables; what the fixed ones add to its norm is its fixed part."""
        where = np.full(len(self.base), -1)
        where[self.free] = np.arange(len(self.free))
        place = where[cone.place]
        still = place < 0
        added = cone.scale[still] * (self.base[cone.place[still]] - cone.centre[still])
        return replace(
            cone,
            place=place[~still],
            scale=cone.scale[~still],
            centre=cone.centre[~still],
            fixed=float(np.hypot(cone.fixed, np.linalg.norm(added))),
        )

    def _bent(self) -> float:
        """The size of the costs that bend: the largest coefficient."""
        curve = self.region.curve
        return float(np.concatenate([curve.square, curve.power, curve.log]).max(initial=0.0))

    @property
    def fixed(self) -> bool:
        """Whether the constraints leave no choice."""
        return len(self.free) == 0

    def solve(
        self, aim: Aim, columns: Array, cap: Array, mean: Array, mass: float, tolerance: float
    ) -> Master:
        """Solve over a band of scenarios and one term for those above it.

        columns: [coordinate, band] returns; cap: [band] most measure each may have; mean: [coordinate]
        sum of measure times returns above the band; mass: the measure above it.
        """
        program, unit, worth = self.program(aim, columns, cap, mean, mass)
        return self._back(interior_point(program, tolerance), aim, unit, worth)

    def program(
        self, aim: Aim, columns: Array, cap: Array, mean: Array, mass: float
    ) -> tuple[Program, float, float]:
        """The master problem, scaled, and the units of returns and of the objective.

        columns [coordinate, band], cap [band], mean [coordinate] of the scenarios above the band, mass
        theirs.
        """
        offset, base = np.zeros(columns.shape[1]), 0.0
        if self.dense:
            held = self.base[: self.region.assets]
            if held.any():
                offset, base = -(held @ columns), -float(held @ mean)
            kept = self.free[self.coordinate]
            columns, mean = columns[kept], mean[kept]
        unit = (float(np.abs(columns).mean()) if columns.size else 0.0) or 1.0
        cost = np.zeros(len(self.lower))
        cost[: len(self.free)] = aim.cost[self.free]
        worth = max(float(np.abs(cost).max(initial=0.0)), aim.aversion * unit, self._bent()) or 1.0
        program = Program(
            cost=cost / worth,
            lower=self.lower,
            upper=self.upper,
            near=self.near,
            own=self.own,
            rows=self.rows,
            target=self.target,
            coordinate=self.coordinate,
            columns=columns / unit,
            offset=offset / unit,
            cap=cap,
            tail=-mean / unit,
            rest=1.0 - mass,
            base=base / unit,
            aversion=aim.aversion * unit / worth,
            limit=None if aim.limit is None else aim.limit / unit,
            curve=self.region.curve.times(1 / worth).at(self.free, len(self.lower) - len(self.free)),
            cones=tuple(self.cones),
        )
        return program, unit, worth

    def _back(self, point: Point, aim: Aim, unit: float, worth: float) -> Master:
        """Undo the scaling and put the fixed variables back."""
        x = self.base.copy()
        x[self.free] = point.x[: len(self.free)]
        price = point.price * worth / unit
        multiplier = np.zeros(len(self.region.row_lower))
        multiplier[self.live] = point.multiplier[: len(self.live)] * worth
        whole = (aim.aversion + price) * unit / worth
        measure = point.measure / whole if whole > 0 else np.zeros_like(point.measure)
        duals = tuple(
            self._whole(cone, v * worth) for cone, v in zip(self.region.cones, point.duals, strict=False)
        )
        at = (x, point.threshold * unit, measure, multiplier, price, duals)
        return Master(*at, point.steps, point.residual, self._along(point))

    def _along(self, point: Point) -> Array | None:
        """The dual of the specific risk's cone over its head: shorter than one where the risk is none."""
        if self.scenarios.specific is None:
            return None
        whole = self._unfixed(_norm(self.scenarios.specific), point.duals[-1])
        return -whole[1:-1] / max(whole[0], float(np.linalg.norm(whole[1:-1])), np.finfo(float).tiny)

    def _whole(self, cone: Cone, dual: Array) -> Array:
        """The dual of a cone of the region from that of its kept part."""
        return inside(self._unfixed(cone, dual) / cone.radius)

    def _unfixed(self, cone: Cone, dual: Array) -> Array:
        """The dual over all entries: those of fixed variables share what their part of the norm has."""
        still = ~np.isin(cone.place, self.free)
        image = cone.image(self.base)
        whole = np.zeros(len(image))
        whole[0] = dual[0]
        whole[1:-1][~still] = dual[1:-1]
        aside = np.append(np.where(still, image[1:-1], 0.0), image[-1])
        length = float(np.linalg.norm(aside))
        if length > 0:
            whole[1:] += aside * (dual[-1] / length)
        return whole


def _norm(specific: Array) -> Cone:
    """|specific w| <= head, over the assets."""
    count = len(specific)
    return Cone(np.arange(count), specific, np.zeros(count), 0.0, "specific risk")
