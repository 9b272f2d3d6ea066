"""A logistic gauge: odds of a rout from features, by iterated weighted least squares, kept as a file.

P(y = 1 | x) = 1 / (1 + exp(-(b0 + b'z))), z the features standardised; b maximises the mean log-likelihood
less ridge |b|^2 / 2, by Newton's steps (McCullagh & Nelder 1989, section 4.4).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from ...core import disk
from ...core.errors import InputError

Array = np.ndarray[Any, np.dtype[Any]]
RIDGE = 1e-4
"""Of the mean log-likelihood: keeps features that never speak near zero."""
STEPS, ENOUGH = 50, 1e-9
FARTHEST = 4.0
"""Standard deviations at which a feature is cut: a gauge does not go on beyond what it has seen."""


@dataclass(frozen=True)
class Gauge:
    """A frozen gauge: its features, how they are standardised, and every draw of the coefficients."""

    names: tuple[str, ...]
    centre: Array  # [feature]
    scale: Array  # [feature]
    coefficients: Array  # [1 + feature]  the constant first
    draws: Array  # [draw, 1 + feature]  the same, learnt again from markets drawn with replacement

    def chance(self, values: Array) -> Array:
        """P of a rout [...], of features [..., feature]."""
        return np.asarray(expit(self._wide(values) @ self.coefficients))

    def chances(self, values: Array) -> Array:
        """P under every draw [draw, ...], of features [..., feature]."""
        return np.moveaxis(expit(self._wide(values) @ self.draws.T), -1, 0)

    def _wide(self, values: Array) -> Array:
        z = np.clip((values - self.centre) / self.scale, -FARTHEST, FARTHEST)
        return np.concatenate([np.ones((*z.shape[:-1], 1)), z], axis=-1)


def learnt(names: Sequence[str], values: Array, came: Array, block: Array, *, draws: int, seed: int) -> Gauge:
    """The gauge of features [row, feature] and what came [row], and of so many draws of blocks.

    block [row] is the market each row is of; draws take markets with replacement, so that a crowd that was
    not sampled is in the interval. InputError: no rout, or nothing but routs, to learn from.
    """
    y = came.astype(np.float64)
    if not 0 < y.mean() < 1:
        raise InputError("--fall", f"{int(y.sum())} of {len(y):,} weeks came to it", "some but not all")
    centre, scale = values.mean(axis=0), values.std(axis=0)
    start = Gauge(tuple(names), centre, np.where(scale > 0, scale, 1.0), np.zeros(0), np.zeros((0, 0)))
    x = start._wide(values)
    best = newton(x, y, np.ones(len(y)), np.zeros(x.shape[1]))
    rng, markets = np.random.default_rng(seed), np.unique(block)
    place = np.searchsorted(markets, block)
    again = []
    for _ in range(draws):
        times = np.bincount(rng.integers(0, len(markets), len(markets)), minlength=len(markets))
        again.append(newton(x, y, times[place].astype(np.float64), best))
    return Gauge(start.names, centre, start.scale, best, np.array(again).reshape(draws, x.shape[1]))


def newton(x: Array, y: Array, weight: Array, start: Array) -> Array:
    """b [term] that maximises the weighted log-likelihood of y [row] under x [row, term], with the ridge."""
    used = weight > 0
    x, y, w = x[used], y[used], weight[used] / weight.sum()
    penalty = np.full(x.shape[1], RIDGE)
    penalty[0] = 0.0
    b = start
    for _ in range(STEPS):
        p = expit(x @ b)
        slope = x.T @ (w * (y - p)) - penalty * b
        bend = (x.T * (w * p * (1 - p))) @ x + np.diag(penalty + 1e-12)
        step = np.linalg.solve(bend, slope)
        b = b + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        if slope @ step < ENOUGH:
            break
    return b


def write(path: Path, gauges: Mapping[str, Gauge], about: Mapping[str, Any]) -> str:
    """Write gauges by name, with what they were learnt from; the file's SHA-256."""
    table = {
        name: {
            "features": one.names,
            "centre": _rounded(one.centre),
            "scale": _rounded(one.scale),
            "coefficients": _rounded(one.coefficients),
            "draws": [_rounded(row) for row in one.draws],
        }
        for name, one in gauges.items()
    }
    text = json.dumps({**about, "gauges": table}, indent=1) + "\n"
    disk.write(path, text)
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path) -> tuple[dict[str, Gauge], dict[str, Any]]:
    """Gauges of a file, and what else it says.

    InputError: no such file, no gauge, numbers that do not fit together or are not finite.
    """
    if not path.is_file():
        raise InputError(str(path), "no such file", "a gauge.json of `tailrisk gauge`, or a config")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        gauges = {
            name: Gauge(
                tuple(map(str, one["features"])),
                *(np.array(one[part], np.float64) for part in ("centre", "scale", "coefficients", "draws")),
            )
            for name, one in said.pop("gauges").items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(str(path), f"is no gauge: {error!r}", "a gauge.json of `tailrisk gauge`") from None
    for name, one in gauges.items():
        size = len(one.names)
        numbers = (one.centre, one.scale, one.coefficients, one.draws)
        fit = (one.centre.shape, one.scale.shape, one.coefficients.shape) == ((size,), (size,), (size + 1,))
        if not (fit and one.draws.ndim == 2 and one.draws.shape[1] == size + 1 and (one.scale > 0).all()):
            raise InputError(f"{path}: {name}", "numbers do not fit its features", f"{size} features")
        if not all(np.isfinite(part).all() for part in numbers):
            raise InputError(f"{path}: {name}", "a number is not finite", "finite numbers")
    return gauges, said


def _rounded(values: Array) -> list[float]:
    return [float(f"{value:.7g}") for value in values]
