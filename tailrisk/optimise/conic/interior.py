"""The interior point: a program over chosen scenarios, solved by predictor and corrector, Mehrotra (1992)."""

import numpy as np
from scipy.linalg import LinAlgError

from .curves import Array
from .newton import Iterate, Newton, limit_price, missing
from .program import Form, Point, Program
from .scaling import longest

STEPS = 100
"""Iterations after which the method gives up."""
STUCK = 25
"""Iterations without progress after which it does."""
LESS = 0.99
"""Progress is also what is missing, once it is below this part of the least before."""
AWAY = 0.3
"""Distance of the first s and r from zero, in mean excesses."""
BACK = 0.99
"""Fraction of the way to the nearest boundary that a step may go."""


def interior_point(program: Program, tolerance: float) -> Point:
    """Solve `program` until residuals and gap are below `tolerance`, or stop making progress.

    Returns the best point met; its `residual` says how good it is, infinite if none was.
    """
    form, at, residual, step = iterated(program, tolerance)
    return point(form, at, step, residual)


def iterated(program: Program, tolerance: float) -> tuple[Form, Iterate, float, int]:
    """The program's form, the best iterate, its residual and how many steps led there."""
    form = Form(program)
    at = start(form)
    best, stuck, least = (at, np.inf, 0), 0, np.inf
    with np.errstate(all="ignore"):  # an overflow ends the run, below
        for step in range(STEPS):
            now, left = residual(form, at)
            best = (at, now, step) if now < best[1] else best
            moved = step == best[2] or left < LESS * least
            stuck, least = 0 if moved else stuck + 1, min(least, left)
            if now <= tolerance or stuck > STUCK or not np.isfinite(now):
                break
            try:
                at = advance(form, at)
            except LinAlgError:
                break
    return form, *best


def start(form: Form) -> Iterate:
    """A point inside all bounds, scenarios satisfied, the dual of s balanced."""
    x = form.inside()
    excess = form.excess(x)
    away = max(AWAY * float(np.abs(excess).mean()), 0.01) if len(excess) else 0.0
    s = np.maximum(excess, 0.0) + away
    price = np.zeros(len(form.target))
    if form.has_limit:
        price[-1] = 1.0
        x[-2] = max(0.1, x[-2] + form.target[-1] - form.rows[-1] @ x - form.limited @ s)
    half = 0.5 * form.ceiling(limit_price(form, price))
    ones = np.ones(len(x))
    images = [cone.image(x) for cone in form.cones]
    return Iterate(
        x=x,
        s=s,
        r=s - excess,
        price=price,
        q=half,
        t=half,
        below=ones[form.low],
        above=ones[form.high],
        u=tuple(np.append(max(u[0], 1.1 * np.linalg.norm(u[1:]) + 0.1), u[1:]) for u in images),
        v=tuple(np.append(1.0, np.zeros(len(u) - 1)) for u in images),
    )


def advance(form: Form, at: Iterate) -> Iterate:
    """One predictor and one corrector with the same factors."""
    newton = Newton(form, at)
    flat = newton.step(0.0)
    pairs = 2 * len(at.s) + len(at.below) + len(at.above) + len(at.u)
    if not pairs:
        return at.plus(flat, 1.0, 1.0)
    now, then = at.products(form), at.plus(flat, *lengths(form, at, flat, 1.0)).products(form)
    centre = (max(then, 0.0) / now) ** 3 * now / pairs
    step = newton.step(centre, flat)
    return at.plus(step, *lengths(form, at, step, BACK))


def lengths(form: Form, at: Iterate, step: Iterate, back: float) -> tuple[float, float]:
    """The longest primal and dual steps that stay positive, at most one."""
    a, b = at.slacks(form)
    primal = ((at.s, step.s), (at.r, step.r), (a, step.x[form.low]), (b, -step.x[form.high]))
    dual = ((at.q, step.q), (at.t, step.t), (at.below, step.below), (at.above, step.above))
    far = [_longest(primal, back), _longest(dual, back)]
    for u, du, v, dv in zip(at.u, step.u, at.v, step.v, strict=True):
        far = [min(far[0], back * longest(u, du)), min(far[1], back * longest(v, dv))]
    return (far[0], far[1]) if form.curve.flat else (min(far), min(far))


def _longest(pairs: tuple[tuple[Array, Array], ...], back: float) -> float:
    ends = [float((-v[d < 0] / d[d < 0]).min(initial=np.inf)) for v, d in pairs]
    return min(1.0, back * min(ends))


def residual(form: Form, at: Iterate) -> tuple[float, float]:
    """The largest of what is missing and of the gap, relative to cost, target and objective; and of what is
    missing alone, which may fall while the gap still grows.
    """
    dual, scenario, primal, images = missing(form, at)
    p = form.program
    excess = np.maximum(at.s - at.r, 0.0)
    value = abs(form.cost @ at.x + form.curve.value(at.x) + p.aversion * (p.base + p.cap @ excess))
    left = max(
        np.abs(dual).max() / (1 + np.abs(form.cost).max()),
        np.abs(scenario).max(initial=0.0),
        np.abs(primal).max(initial=0.0) / (1 + np.abs(form.target).max(initial=0.0)),
        max((float(np.abs(image).max()) for image in images), default=0.0),
    )
    return float(max(left, at.products(form) / (1e-3 + value))), float(left)


def point(form: Form, at: Iterate, steps: int, residual: float) -> Point:
    """The answer in the variables of the program."""
    p = form.program
    price = limit_price(form, at.price)
    rows = at.price[: len(p.target)]
    return Point(at.x[: len(p.cost)], float(at.x[-1]), at.q, rows, price, at.v, steps, residual)
