"""What a Gaussian, a Student-t, GARCH-t and a Pareto tail say of a sigma event: the usual answers.

Each is fitted to one series of daily spreads and gives the probability of a year with the event, the z being
what it is for the data: k days over the mean and standard deviation of the 250 days before.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from arch import arch_model
from scipy import optimize, stats

from ...core.calendar import YEAR
from ...core.errors import InputError
from ...tail import Interval, fit_pareto, rate
from ...tail.sample import normal_quantile

WINDOW = 250
DECADES, BURN = 4096, 300
DRAWS, DRAWN = 60, 256
"""Parameter sets drawn within a fit's errors, and decades simulated under each."""
BOOTSTRAPS, BLOCK = 300, 60


def every(spreads: np.ndarray, days: int, threshold: float, seed: int) -> Iterator[tuple[str, Interval]]:
    """(name, probability a year with its interval) of each baseline."""
    yield "Gaussian", gaussian(days, threshold)
    yield "Student-t", student(spreads, days, threshold, seed)
    yield "GARCH-t", garch(spreads, days, threshold, seed)
    yield "Pareto tail of z (POT)", pareto(spreads, days, threshold, seed)


def z_of(spreads: np.ndarray, days: int) -> np.ndarray:
    """z [day, path] of spreads [day, path] on the WINDOW days before, mean removed."""
    zero = np.zeros((1, spreads.shape[1]))
    sums = np.concatenate([zero, np.cumsum(spreads, axis=0)])
    squares = np.concatenate([zero, np.cumsum(spreads**2, axis=0)])
    lead = WINDOW + days
    move = sums[lead:] - sums[lead - days : -days]
    mean = (sums[WINDOW : 1 - days or None] - sums[: -WINDOW + 1 - days or None])[: len(move)] / WINDOW
    square = (squares[WINDOW : 1 - days or None] - squares[: -WINDOW + 1 - days or None])[: len(move)]
    sd = np.sqrt((square - WINDOW * mean**2) / (WINDOW - 1))
    return (move - days * mean) / (sd * np.sqrt(days))


def years_hit(spreads: np.ndarray, days: int, threshold: float) -> np.ndarray:
    """Years of ten with the event [path], of WINDOW + days - 1 days and ten years [day, path]."""
    hit = z_of(spreads, days) <= threshold
    return hit.reshape(10, YEAR, -1).any(axis=1).sum(axis=0).astype(float)


def gaussian(days: int, threshold: float) -> Interval:
    """1 - (1 - p)^242 with p exact: z / sqrt(1 + days / 250) is Student-t with 249 degrees of freedom.

    Days of a week overlap, so for several days this is an upper bound, a factor of a few at most.
    """
    p = stats.t.cdf(threshold / np.sqrt(1 + days / WINDOW), WINDOW - 1)
    chance = float(-np.expm1(YEAR * np.log1p(-p)))
    return Interval(chance, chance, chance, 0.95, np.inf, False)


def student(spreads: np.ndarray, days: int, threshold: float, seed: int) -> Interval:
    """Independent Student-t days; nu by likelihood, its error from the curvature; z does not see scale."""
    size = spreads.std()
    nu, mean, scale = stats.t.fit(spreads / size, 5.0, loc=0.0, scale=0.7)

    def height(log_nu: float) -> float:
        inner = optimize.minimize(
            lambda x: -stats.t.logpdf(spreads / size, np.exp(log_nu), x[0], np.exp(x[1])).sum(),
            [mean, np.log(scale)],
            method="Nelder-Mead",
        )
        return float(-inner.fun)

    step, at = 0.05, np.log(nu)
    curve = (height(at + step) - 2 * height(at) + height(at - step)) / step**2
    error = 1 / np.sqrt(-curve)

    def chance(one: float) -> Interval:
        return simulate(lambda shape, g: g.standard_t(one, shape), days, threshold, DECADES, seed)

    found = chance(nu)
    reach = normal_quantile(0.95) * error
    low, high = chance(float(np.exp(at + reach))), chance(float(np.exp(at - reach)))
    return Interval(found.estimate, low.low, high.high, 0.95, found.tail_points, False)


def garch(spreads: np.ndarray, days: int, threshold: float, seed: int) -> Interval:
    """GARCH(1,1)-t of the spread by `arch`, simulated; parameters drawn from their asymptotic normal law."""
    model = arch_model(100 * spreads, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    found = model.fit(disp="off", show_warning=False)
    best = found.params.to_numpy()
    generator = np.random.default_rng(seed)
    drawn = generator.multivariate_normal(best, found.param_cov.to_numpy(), 4 * DRAWS)
    sound = (drawn[:, 1:4] >= 0).all(axis=1) & (drawn[:, 2] + drawn[:, 3] < 1) & (drawn[:, 4] > 2.05)
    chances = [
        simulate(partial(garch_days, p), days, threshold, DRAWN, seed + i).estimate
        for i, p in enumerate(drawn[sound][:DRAWS])
    ]
    point = simulate(partial(garch_days, best), days, threshold, DECADES, seed)
    low, high = np.quantile(np.nan_to_num(chances), [0.025, 0.975])
    return Interval(
        point.estimate, min(low, point.low), max(high, point.high), 0.95, point.tail_points, False
    )


def garch_days(parameters: np.ndarray, shape: tuple[int, int], generator: np.random.Generator) -> np.ndarray:
    """Spreads [day, path] in percent from the long run: BURN days are simulated first."""
    mean, base, news, memory, nu = parameters
    unit = np.sqrt((nu - 2) / nu)
    variance = np.full(shape[1], base / max(1 - news - memory, 1e-3))
    out = np.empty(shape)
    for day in range(-BURN, shape[0]):
        shock = np.sqrt(variance) * unit * generator.standard_t(nu, shape[1])
        variance = base + news * shock**2 + memory * variance
        if day >= 0:
            out[day] = mean + shock
    return out


def simulate(
    draw: Callable[[tuple[int, int], np.random.Generator], np.ndarray],
    days: int,
    threshold: float,
    decades: int,
    seed: int,
) -> Interval:
    """The share of years with the event over simulated decades, 256 at a time."""
    generator, counts = np.random.default_rng(seed), []
    for begin in range(0, decades, 256):
        shape = (WINDOW + days - 1 + 10 * YEAR, min(256, decades - begin))
        counts.append(years_hit(draw(shape, generator), days, threshold))
    return rate(np.concatenate(counts), 10.0)


def pareto(spreads: np.ndarray, days: int, threshold: float, seed: int) -> Interval:
    """Generalised Pareto tail of -z beyond its 95 % point; a year has 242 theta chances of an excess,

    theta = spells over days beyond that point (runs of ten days). Interval: bootstrap of blocks of 60 days.
    """
    z = -z_of(spreads[:, None], days)[:, 0]
    generator, drawn = np.random.default_rng(seed), []
    for _ in range(BOOTSTRAPS):
        starts = generator.integers(0, len(z) - BLOCK, -(-len(z) // BLOCK))
        again = (starts[:, None] + np.arange(BLOCK)).reshape(-1)[: len(z)]
        drawn.append(beyond(z[again], -threshold))
    low, high = np.quantile(drawn, [0.025, 0.975])
    point = beyond(z, -threshold)
    return Interval(point, min(low, point), max(high, point), 0.95, 0.05 * len(z), True)


def beyond(z: np.ndarray, threshold: float) -> float:
    """Probability of a year with an excess of z [day] over a threshold, by its Pareto tail."""
    cut = float(np.quantile(z, 0.95))
    try:
        tail = fit_pareto(z, threshold=cut)
    except InputError:
        return 0.0
    reach = 1 + tail.shape * (threshold - cut) / tail.scale
    daily = tail.exceed * reach ** (-1 / tail.shape) if reach > 0 else 0.0
    over = np.flatnonzero(z > cut)
    theta = float((np.diff(over, prepend=-100) > 10).sum()) / len(over)
    return float(-np.expm1(-YEAR * theta * daily))
