"""The search for a portfolio: coarse samples first, then bands that widen until the gap is certified."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ..core import Fault, InputError
from ..tail.shortfall import Tail, tail_of
from .band import Band, around, everything
from .conflict import FEASIBLE, refuse_conflict
from .conic import Array
from .master import Aim, Canon, Master
from .region import REACH, Region, implied
from .scale import scaled, size_near, size_of
from .scenarios import Scenarios

WHOLE = 4000
"""Up to this many scenarios, or PER_COORDINATE a coordinate, a sample is solved with all of them explicit."""
PER_COORDINATE = 15
COARSER = 8
"""Each coarser sample has this many times fewer scenarios."""
THIN = 20
"""Scenarios of the largest weight that the tail of a coarse sample must hold."""
BAND, BAND_PER_COORDINATE, BAND_NEAR = 500, 5, 1.0
"""Scenarios of the first band: so many, so many a coordinate, so many times sqrt(coordinates x scenarios).

Weights from a sample of N / 8 are off by the order of sqrt(coordinates / N), and the scenarios that far from
VaR grow as N times that. A narrower band is answered by a portfolio bad outside it, which then widens it
far beyond what was needed.
"""
ACCEPTED = 1e-6
"""Gap that is accepted where rounding keeps it above the tolerance; the result says which it is."""
ROUNDS = 30
"""Bands tried on one sample before giving up."""
ROUGH = 1e-3
"""Gap at which a coarse sample has given what it can: a place for the next band."""
FINEST = 1e-4
"""Below this part no solution gets better, for rounding."""
INSIDE = 0.1
"""Tolerance of the interior point as a part of that of the gap."""
SEED = 20000
"""Of the draw of coarse samples, which decide the way and not the answer."""
BROKEN = 1e-6
"""What a constraint may be broken by, of the portfolio's size, where the answer says so."""
FAR = 4.0
"""A portfolio of so many times the size it was thought to have, either way, is sought again in its own."""
OVER = 1e-9
"""What the limit on ES may be exceeded by."""
REACH_ROUNDING = 1e-6
"""A portfolio this far outside the box for which the bound holds has no certificate."""
LEAST = 1e-3
"""An objective smaller than this part of a typical asset's counts as that much in the relative gap."""


@dataclass(frozen=True)
class Answer:
    """The best portfolio and its proof: no x of the region has an objective below `bound`.

    x: [variable]; tail: of its losses; value: of the objective minimised; gap: (value - bound) / scale of it;
    multiplier: [row]; reduced: [variable] reduced costs; price: of the limit on ES; duals: of the cones;
    steps, passes, explicit: interior-point iterations, passes over all scenarios, scenarios in the last band;
    closed: whether the gap, the constraints and the limit are as asked; violation: of the worst constraint,
    in units of the portfolio's size.
    """

    x: Array
    tail: Tail
    value: float
    bound: float
    gap: float
    multiplier: Array
    reduced: Array
    price: float
    duals: tuple[Array, ...]
    steps: int
    passes: int
    explicit: int
    closed: bool = True
    violation: float = 0.0


def search(scenarios: Scenarios, region: Region, aim: Aim, tolerance: float) -> Answer:
    """Solve min cost' x + aversion ES over the region to a relative gap, certified over all scenarios.

    Where rounding keeps the gap open the portfolio comes with the gap it has, if that is below ROUGH.
    InputError: no portfolio in the region, none within the limit on ES, or no finite optimum.
    Fault: no portfolio that is near enough.
    """
    possible, size = scenarios.possible, size_of(region)
    answer, tried = _tried(possible, region, aim, tolerance, size), size_near(0.0)
    if not answer.closed and answer.x.size:
        tried = size_near(float(np.abs(answer.x[: region.assets]).max()))
    if not answer.closed and np.isfinite(answer.gap) and not 1 / FAR <= tried / size <= FAR:
        again = _tried(possible, region, aim, tolerance, tried)
        answer = again if again.gap < answer.gap else answer
    if not answer.closed:
        _diagnose(possible, region, aim, answer, tolerance)
    return answer


def _tried(scenarios: Scenarios, region: Region, aim: Aim, tolerance: float, size: float) -> Answer:
    """The search in units of a size, its answer in those of the region."""
    small, factor = scaled(region, size)
    canon = Canon(small, scenarios)
    if canon.crossed:
        refuse_conflict(region)
    limit = None if aim.limit is None else aim.limit / size
    answer = _search(scenarios, canon, replace(aim, limit=limit), tolerance)
    if size == 1.0:
        return replace(answer, multiplier=answer.multiplier * factor)
    x = size * answer.x
    tail = tail_of(scenarios.losses(x[: region.assets]), scenarios.weight, aim.level)
    value = float(aim.cost @ x) + region.curve.value(x) + aim.aversion * tail.expected_shortfall
    bound = value - size * (answer.value - answer.bound)
    return replace(answer, x=x, tail=tail, value=value, bound=bound, multiplier=answer.multiplier * factor)


def _search(scenarios: Scenarios, canon: Canon, aim: Aim, tolerance: float) -> Answer:
    """Coarse samples, then bands; the best portfolio, and whether it is closed."""
    start, steps = None, 0
    matters = aim.aversion > 0 or aim.limit is not None
    for count in coarse(scenarios) if matters and not canon.fixed else []:
        sample = scenarios.subset(scenarios.some(count, SEED))
        rough, _ = Bands(canon, sample, replace(aim, level=eased(aim.level, sample))).run(start, ROUGH)
        start, steps = rough.x, steps + rough.steps
    bands = Bands(canon, scenarios, aim, steps)
    answer, solved = bands.only() if canon.fixed else bands.run(start, tolerance)
    if not solved and aim.limit is not None and answer.price > 0:
        answer = priced(bands, answer)
    closed = solved or bands.closed(answer, max(tolerance, ACCEPTED))
    violation = canon.region.violation(answer.x)
    return replace(answer, closed=closed and violation <= FEASIBLE, violation=violation)


def priced(bands: "Bands", answer: Answer) -> Answer:
    """The same portfolio with the bound of its Lagrangian: min cost' x + price (ES - limit), price as found.

    Where the limit leaves next to no room the duals of the limited problem are too rough to certify it.
    """
    aim, limit = bands.aim, bands.aim.limit or 0.0
    free = replace(aim, aversion=aim.aversion + answer.price, limit=None)
    dual, _ = Bands(bands.canon, bands.scenarios, free, answer.steps).run(answer.x, 1e-10)
    bound = dual.bound - answer.price * limit
    if bound <= answer.bound:
        return answer
    gap = answer.gap * max(answer.value - bound, 0.0) / (answer.value - answer.bound)
    return replace(
        answer,
        bound=bound,
        gap=gap,
        multiplier=dual.multiplier,
        reduced=dual.reduced,
        duals=dual.duals,
        steps=dual.steps,
    )


def eased(level: Fraction, sample: Scenarios) -> Fraction:
    """A level at which a coarse sample still has THIN scenarios beyond; `level` itself where it can."""
    most = sample.probability().max()
    return min(level, max(1 - Fraction(THIN * float(most)), Fraction(1, 2)))


def whole(scenarios: Scenarios) -> int:
    """Scenarios that may all be explicit."""
    return max(WHOLE, PER_COORDINATE * len(scenarios.returns))


def coarse(scenarios: Scenarios) -> list[int]:
    """Sizes of the coarse samples, the smallest first; none where the whole is small."""
    sizes: list[int] = []
    count = scenarios.count
    while count > whole(scenarios):
        count = max(count // COARSER, whole(scenarios) // 2)
        sizes.insert(0, count)
    return sizes


class Bands:
    """Bands on one sample: solve, measure on all scenarios, widen where the band was wrong."""

    def __init__(self, canon: Canon, scenarios: Scenarios, aim: Aim, steps: int = 0) -> None:
        self.canon, self.scenarios, self.aim = canon, scenarios, aim
        self.cap = scenarios.probability() / float(1 - aim.level)
        coordinates = len(scenarios.returns)
        near = int(BAND_NEAR * np.sqrt(coordinates * scenarios.count))
        self.size = max(BAND, BAND_PER_COORDINATE * coordinates, near)
        self.steps, self.passes, self.inside = steps, 0, INSIDE
        self.best: Answer | None = None
        self.bound = -np.inf
        some = float(np.abs(scenarios.returns[:, :: 1 + scenarios.count // 1000]).mean())
        self.least = LEAST * max(float(np.abs(aim.cost).max()), aim.aversion * some) or 1.0

    def only(self) -> tuple[Answer, bool]:
        """The one portfolio there is, and whether its ES is within the limit.

        InputError: a level the scenarios cannot support.
        """
        x = self.canon.base
        loss, tail = self._measure(x)
        above = np.where(loss > tail.value_at_risk, self.cap, 0.0)
        level = np.where(loss == tail.value_at_risk, self.cap, 0.0)
        slope = -self.scenarios.mean(above + spread(0.0 * level, level, 1.0 - float(above.sum())))
        none = np.zeros(len(self.canon.region.row_lower))
        cones = tuple(np.zeros(len(cone.place) + 2) for cone in self.canon.region.cones)
        self._keep(Master(x, tail.value_at_risk, none, none, 0.0, cones, 0, 0.0), tail, slope, 0)
        assert self.best is not None
        return self.best, self.closed(self.best, 1.0)

    def run(self, start: Array | None, tolerance: float) -> tuple[Answer, bool]:
        """The best portfolio from the bands around `start` [variable], and whether its gap is closed.

        InputError: a level the scenarios cannot support.
        """
        band = everything(self.scenarios.count)
        matters = self.aim.aversion > 0 or self.aim.limit is not None
        if not matters:
            band = Band(~band.explicit, band.above)  # losses do not matter
        elif start is not None and self.scenarios.count > whole(self.scenarios):
            loss, tail = self._measure(start)
            band = around(loss, tail.value_at_risk, self.size)
        for _ in range(ROUNDS):
            loss, tail, master = self._round(band, tolerance)
            assert self.best is not None
            if self.closed(self.best, tolerance):
                return self.best, True
            if master.residual > np.sqrt(tolerance):
                self.size *= 4
            wrong = band.wrong(loss, master.threshold) & matters
            more = wrong | (around(loss, tail.value_at_risk, self.size).explicit & matters)
            if not wrong.any() and master.residual <= self.inside * tolerance:
                self.inside *= INSIDE  # the band is right, its solution too rough
                if self.inside < FINEST:
                    break
            elif not (more & ~band.explicit).any():
                break  # nothing to widen, nothing more exact to hope for
            band = band.widened(more)
        assert self.best is not None
        return self.best, False

    def closed(self, answer: Answer, tolerance: float) -> bool:
        """Whether the gap is below `tolerance` and the limit on ES is met."""
        limit = self.aim.limit
        return answer.gap <= tolerance and (limit is None or answer.tail.expected_shortfall <= limit + OVER)

    def _measure(self, x: Array) -> tuple[Array, Tail]:
        """Losses [scenario] of a portfolio and their tail: one pass."""
        self.passes += 1
        loss = self.scenarios.losses(x[: self.scenarios.assets])
        return loss, tail_of(loss, self.scenarios.weight, self.aim.level)

    def _round(self, band: Band, tolerance: float) -> tuple[Array, Tail, Master]:
        """Solve one band, measure its portfolio over all scenarios, and keep the best of value and bound."""
        chosen = np.flatnonzero(band.explicit)
        columns, cap = self.scenarios.columns(chosen), self.cap[chosen]
        mean, mass = np.zeros(len(columns)), 0.0
        if band.above.any():
            above = np.where(band.above, self.cap, 0.0)
            mean, mass = self.scenarios.mean(above), float(above.sum())
            self.passes += 1
        master = self.canon.solve(self.aim, columns, cap, mean, mass, self.inside * tolerance)
        self.steps += master.steps
        loss, tail = self._measure(master.x)
        slope = -(mean + columns @ spread(master.measure, cap, 1.0 - mass))
        self._keep(master, tail, slope, len(chosen))
        return loss, tail, master

    def _keep(self, master: Master, tail: Tail, slope: Array, explicit: int) -> None:
        """Certify: min over the region of cost' x + (aversion + price) slope' y - price limit is a bound,
        with the tangent of what bends, at this x, for the curve.
        """
        aim, region, price = self.aim, self.canon.region, max(master.price, 0.0)
        bent, steep = region.curve.value(master.x), region.curve.slope(master.x)
        cost = aim.cost + steep
        held = self.scenarios.gradient(slope, master.x[: region.assets], master.along)
        cost[: region.assets] += (aim.aversion + price) * held
        floor, reduced = region.floor(cost, master.multiplier, master.duals)
        floor += bent - float(steep @ master.x)
        floor -= (aim.aversion + price) * self.scenarios.loose(slope, *region.box)
        self.bound = max(self.bound, floor - (price * aim.limit if aim.limit is not None else 0.0))
        shortfall, straight = tail.expected_shortfall, float(aim.cost @ master.x)
        value = straight + bent + aim.aversion * shortfall
        size = max(abs(straight) + abs(bent) + aim.aversion * abs(shortfall), self.least)
        gap = np.inf if region.beyond(master.x, REACH_ROUNDING) else max(value - self.bound, 0.0) / size
        over = aim.limit is not None and shortfall > aim.limit + OVER
        if self.best is None or not over:
            self.best = Answer(
                master.x,
                tail,
                value,
                self.bound,
                gap,
                master.multiplier,
                reduced,
                price,
                master.duals,
                self.steps,
                self.passes,
                explicit,
            )


def spread(measure: Array, cap: Array, mass: float) -> Array:
    """A measure [scenario] made exact: between 0 and cap, summing to mass, as near as simply done."""
    inside = np.clip(measure, 0.0, cap)
    total = inside.sum()
    if total > mass:
        return inside * (max(mass, 0.0) / total)
    room = cap - inside
    return inside + room * ((mass - total) / max(room.sum(), np.finfo(float).tiny))


def _diagnose(scenarios: Scenarios, region: Region, aim: Aim, answer: Answer, tolerance: float) -> None:
    """Raises what keeps the problem from being solved: which constraints conflict, the least ES there is, an
    objective without end, or that the method failed; returns where the portfolio is good all the same.
    """
    refuse_conflict(region)
    if aim.limit is not None:
        least = search(scenarios, region, Aim(np.zeros_like(aim.cost), 1.0, None, aim.level), tolerance)
        if least.bound > aim.limit:
            raise InputError(
                "limit on expected shortfall",
                f"{aim.limit:.6g} is below what any portfolio has",
                f"at least {least.value:.6g}",
            )
    size = size_of(region)
    unbounded = np.isinf(np.concatenate([ends[: region.assets] for ends in implied(region)])).any()
    far = not np.isfinite(answer.x).all() or np.abs(answer.x).max() > size * REACH
    if unbounded and (far or answer.gap > np.sqrt(tolerance)):
        raise InputError(
            "objective", "has no finite optimum over these constraints", hint="bound the positions"
        )
    over = 0.0 if aim.limit is None else max(answer.tail.expected_shortfall - aim.limit, 0.0)
    allowed = BROKEN * max(abs(aim.limit or 0.0), size * BROKEN)
    if answer.gap > ROUGH or answer.violation > BROKEN or over > allowed:
        raise Fault(
            f"not solved: after {answer.steps} steps the gap is {answer.gap:.3g} (wanted {tolerance:.3g}),"
            f" the worst constraint is broken by {answer.violation:.3g} of the portfolio's size,"
            f" the limit on ES by {over:.3g}"
        )
