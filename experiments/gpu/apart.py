"""How far a card's paths lie from the CPU's: draws to the bit, losses path by path, VaR and ES."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from tailrisk.core import random
from tailrisk.core.names import MEASURES
from tailrisk.simulate.path import Outcome
from tailrisk.tail import expected_shortfall_interval, value_at_risk

BEYOND = 1e-5
"""A relative difference of a NAV that rounding alone does not make."""
THRESHOLDS = (-7.0, -5.0)
"""Of z, in events of the configs."""
TAILS = ("var_relative", "es_relative", "es_errors")
LEVEL, CONFIDENCE, NORMAL = 0.99, 0.95, 1.959964


def draws(paths: int) -> list[dict[str, Any]]:
    """The card's words, uniforms and normals of so many paths, against NumPy's: words to the bit."""
    source, days = random.stream(3, "draws"), 4
    path, day = np.meshgrid(
        np.arange(paths, dtype=np.uint32) * np.uint32(2654435761),
        np.arange(days, dtype=np.uint32) * np.uint32(40503),
    )
    words = jax.jit(random.words)(source, path, day, path ^ day)
    exact = philox((path, day, path ^ day, np.zeros_like(path)), np.asarray(source.key))
    uniform = jax.jit(lambda word: random.uniform(word, jnp.dtype("float32")))(words[0])
    expected = exact[0].astype(np.float32) * np.float32(2.0**-32) + np.float32(2.0**-33)
    numbers, some = path[0], np.arange(days, dtype=np.uint32)
    pair = jax.jit(lambda n, d: random.unit_pairs(source, n, d, 1, None, jnp.dtype("float32")))(numbers, some)
    normal = normals(source, numbers, some)
    rows = [
        _draw("Philox words", words, exact),
        _draw("uniforms", [uniform], [expected]),
        _draw("normals", [pair[:, 0].real, pair[:, 0].imag], [normal.real, normal.imag]),
    ]
    return rows


def philox(counter: tuple[NDArray[np.uint32], ...], key: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    """Philox4x32-10 in NumPy [..], as published and apart from `core.random`."""
    a, b, c, d = (word.astype(np.uint64) for word in counter)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    k0, k1 = (int(word) for word in key)
    for _ in range(10):
        first, second = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b = (second >> half) ^ b ^ np.uint64(k0), second & low
        c, d = (first >> half) ^ d ^ np.uint64(k1), first & low
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return [word.astype(np.uint32) for word in (a, b, c, d)]


def normals(
    source: random.Stream, path: NDArray[np.uint32], days: NDArray[np.uint32]
) -> NDArray[np.complex128]:
    """Gaussian pairs [day, path] in float64 from the same words: Box and Muller (1958)."""
    numbers, day = np.meshgrid(path, days)
    zero = np.zeros_like(numbers)
    radial, angular, *_ = philox((numbers, day, zero, zero), np.asarray(source.key))
    uniform = radial.astype(np.float32) * np.float32(2.0**-32) + np.float32(2.0**-33)
    radius = np.sqrt(-2 * np.log(uniform.astype(np.float64)))
    return radius * np.exp(2j * np.pi * angular.astype(np.float64) / 2**32)


def _draw(name: str, card: Any, exact: Any) -> dict[str, Any]:
    ours, known = np.stack([np.asarray(x) for x in card]), np.stack(exact)
    return {
        "draw": name,
        "numbers": ours.size,
        "differ": float((ours != known).mean()) if ours.dtype == known.dtype else np.nan,
        "largest": float(np.abs(ours.astype(np.float64) - known.astype(np.float64)).max()),
    }


def outcomes(card: Any, cpu: Any) -> dict[str, float]:
    """How far two outcomes of the same paths lie apart; trees of arrays [..., path].

    differ: share of paths with a loss of other bits; largest: relative difference of a NAV; beyond: share
    with one beyond 1e-5; otherwise: share with a flag that falls the other way.
    """
    if not isinstance(card, Outcome):
        off = _distance(np.expm1(np.asarray(card, np.float64) - np.asarray(cpu, np.float64)))
        differ = (np.asarray(card) != np.asarray(cpu)).any(axis=0)
        return {"differ": float(differ.mean()), "largest": float(off.max()), **_shares(off > BEYOND)}
    ours, known = np.asarray(card.loss, np.float64), np.asarray(cpu.loss, np.float64)
    off = _distance((ours - known) / np.maximum(np.abs(1 - known), 0.01))
    leaves = zip(jax.tree.leaves(card), jax.tree.leaves(cpu), strict=True)
    flags = [np.asarray(a) != np.asarray(b) for a, b in leaves if np.asarray(a).dtype == bool]
    flags += [((card.z <= at) != (cpu.z <= at)).any(axis=1) for at in THRESHOLDS]
    otherwise = np.concatenate([flag.reshape(-1, flag.shape[-1]) for flag in flags]).any(axis=0)
    return {
        "differ": float((card.loss != cpu.loss).any(axis=(0, 1, 2)).mean()),
        "largest": float(off.max()),
        **_shares(off.max(axis=(0, 1)) > BEYOND),
        "otherwise": float(otherwise.mean()),
        **(tails(card, cpu) if np.isfinite(ours).all() else dict.fromkeys(TAILS, np.inf)),
    }


def _distance(off: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is no number is as far as can be."""
    return np.where(np.isfinite(off), np.abs(off), np.inf)


def _shares(beyond: NDArray[np.bool_]) -> dict[str, float]:
    return {"beyond": float(beyond.any(axis=0).mean())}


def tails(card: Outcome, cpu: Outcome) -> dict[str, float]:
    """Largest differences of VaR and ES at 99 % over products and views: relative, and in standard errors."""
    terminal = MEASURES.index("terminal")
    found = dict.fromkeys(TAILS, 0.0)
    for mine, theirs in zip(*(_rows(one.loss[:, terminal]) for one in (card, cpu)), strict=True):
        if not np.ptp(theirs):
            continue  # a benchmark's own loss against itself
        weights = [None if one.weight is None else _even(one.weight) for one in (card, cpu)]
        var = [value_at_risk(x, w, level=LEVEL) for x, w in zip((mine, theirs), weights, strict=True)]
        es = [
            expected_shortfall_interval(x, w, level=LEVEL, confidence=CONFIDENCE)
            for x, w in zip((mine, theirs), weights, strict=True)
        ]
        gap = abs(es[0].estimate - es[1].estimate)
        error = (es[1].high - es[1].low) / (2 * NORMAL)
        now = {
            "var_relative": abs(var[0] - var[1]) / max(abs(var[1]), 1e-6),
            "es_relative": gap / max(abs(es[1].estimate), 1e-6),
            "es_errors": gap / error if np.isfinite(error) and error > 0 else 0.0,
        }
        found = {name: max(found[name], float(now[name])) for name in found}
    return found


def _rows(loss: Any) -> NDArray[np.float64]:
    whole = np.asarray(loss, np.float64)
    return whole.reshape(-1, whole.shape[-1])


def _even(weight: Any) -> NDArray[np.float64]:
    whole = np.asarray(weight, np.float64)
    return whole / whole.sum()
