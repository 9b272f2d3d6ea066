"""Primitives that only move numbers: no row is written.

An array is a NumPy array of rows whose path axis has length one: every primitive is NumPy's own on it, and
one that would mix paths does not fit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .builder import Builder

Array = NDArray[Any]

PATHS = 999_983
"""Paths a program is traced with: a prime that no other axis has."""


def rowed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with the path axis of length one."""
    return tuple(1 if n == PATHS else n for n in shape)


def filled(shape: tuple[int, ...], rows: list[Any]) -> Array:
    """An array [shape] of rows, the last axis fastest."""
    made = np.empty(len(rows), object)
    for k, row in enumerate(rows):
        made[k] = row
    return made.reshape(shape)


def moved(b: Builder, name: str, p: dict[str, Any], x: list[Array], shape: tuple[int, ...]) -> Array | None:
    """A primitive `name` with result of `shape` [..]; None where it does more than move numbers."""
    shape = rowed(shape)
    match name:
        case "broadcast_in_dim":
            kept = [1] * len(shape)
            for axis, n in zip(p["broadcast_dimensions"], x[0].shape, strict=True):
                kept[axis] = n
            return np.broadcast_to(x[0].reshape(kept), shape)
        case "reshape" | "squeeze" | "expand_dims":
            return x[0].reshape(shape) if p.get("dimensions") is None or name != "reshape" else None
        case "slice":
            steps = p["strides"] or [1] * len(shape)
            ends = zip(p["start_indices"], p["limit_indices"], steps, strict=True)
            return x[0][tuple(slice(first, last, step) for first, last, step in ends)]
        case "concatenate":
            return np.concatenate(x, axis=p["dimension"])
        case "stack":
            return np.stack(x, axis=p["axis"])
        case "transpose":
            return x[0].transpose(p["permutation"])
        case "rev":
            return np.flip(x[0], p["dimensions"])
        case "iota" if p["shape"][p["dimension"]] != PATHS:
            return _iota(b, p, shape)
    return None


def _unstacked(p: dict[str, Any], x: Array) -> list[Array]:
    return [x.take(k, axis=p["axis"]) for k in range(x.shape[p["axis"]])]


def _split(p: dict[str, Any], x: Array) -> list[Array]:
    return np.split(x, np.cumsum(p["sizes"])[:-1], axis=p["axis"])


PARTED = {"unstack": _unstacked, "split": _split}
"""Primitives with several results that only move numbers."""


def _iota(b: Builder, p: dict[str, Any], shape: tuple[int, ...]) -> Array:
    axis, kind = p["dimension"], {"u": "u", "i": "i", "f": "f"}[np.dtype(p["dtype"]).kind]
    line = [b.constant(k, kind) for k in range(shape[axis])]
    kept = [n if k == axis else 1 for k, n in enumerate(shape)]
    return np.broadcast_to(filled((len(line),), line).reshape(kept), shape)
