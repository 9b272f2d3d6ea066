"""The floor under the worst losses of a column: what lies below it is surely none of its reserve.

A floor is guessed from one loss in so many, on the safe side, and what lies at and above it is then counted
or weighed: nothing is put in order, and the guess moves what is stored and no figure.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .sample import Array

SAMPLE = 1024
"""Losses of a column that its floor is guessed from."""
SURE = 3.0
"""Standard errors by which the weight of the sample above a guessed floor must exceed the reserve."""
ROUNDING = 1e-9
"""Relative error of a sum of weights in any order, at most."""

Part = tuple[NDArray[Any], ...]
"""Losses, path numbers and, where there are any, weights of some paths of a column [stored]."""


def above(part: Part, floor: float) -> Part:
    """What of a part [stored] lies at or above a floor."""
    if floor == -math.inf:
        return part
    (here,) = (part[0] >= floor).nonzero()
    return part if len(here) == len(part[0]) else tuple(field[here] for field in part)


def cut(parts: Sequence[Part], reserve: int) -> tuple[float, Part]:
    """(a floor, what of the parts [stored] lies at or above it): at least the reserve, and little more.

    Minus infinity, and all of them, where all may be needed.
    """
    step = max(sum(len(part[0]) for part in parts) // SAMPLE, 1)
    loss, *weight = (joined([part[k][::step] for part in parts]) for k in (0, 2)[: len(parts[0]) - 1])
    floor = _weighed(loss, weight[0] * step, reserve) if weight else _counted(loss, step, reserve)
    left = _above(parts, floor)
    if floor == -math.inf or reached(left) >= reserve * (1 + ROUNDING):
        return floor, left
    return _exactly(parts, reserve)


def together(parts: Sequence[Part]) -> Part:
    """Parts as one [stored]."""
    return tuple(map(joined, zip(*parts, strict=True)))


def joined(fields: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Arrays [stored] one after the other."""
    return fields[0] if len(fields) == 1 else np.concatenate(fields)


def reached(part: Part) -> float:
    """How many paths a part [stored] is, or what they weigh."""
    return float(part[2].sum()) if len(part) > 2 else len(part[0])


def order(loss: NDArray[np.floating], path: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Places of the losses [stored], worst first and then by path number.

    Of float32 one whole number says both: its bits in the order of its values, and the path behind them.
    """
    if loss.dtype != np.float32:
        return np.lexsort((path, -loss))
    bits = (loss + np.float32(0)).view(np.uint32)  # no zero is below zero
    falling = np.where(bits >> 31, bits, ~(bits | np.uint32(1 << 31)))
    return np.argsort((falling.astype(np.uint64) << np.uint64(32)) | path)


def enough(weight: Array, reserve: int) -> int:
    """How many of the weights [stored], from the first on, sum to the reserve."""
    return int(np.searchsorted(np.cumsum(weight), reserve)) + 1


def _above(parts: Sequence[Part], floor: float) -> Part:
    return together([above(part, floor) for part in parts])


def _exactly(parts: Sequence[Part], reserve: int) -> tuple[float, Part]:
    """`cut` at the least loss of the reserve itself, where no guess from a sample holds."""
    loss, path, *weight = together(parts)
    worst = order(loss, path)
    count = enough(weight[0][worst], reserve) if weight else reserve
    floor = -math.inf if count >= len(loss) else float(loss[worst[count - 1]])
    return floor, _above(parts, floor)


def _weighed(loss: NDArray[np.floating], weight: Array, reserve: int) -> float:
    """The largest of some losses [sample] at and above which their weight [sample] is surely the reserve.

    Minus infinity where it may be all of them.
    """
    falling = np.argsort(loss)[::-1]
    weight = weight[falling]
    sure = np.cumsum(weight) - SURE * np.sqrt(np.cumsum(weight * weight)) >= reserve
    return float(loss[falling[np.argmax(sure)]]) if sure.any() else -math.inf


def _counted(loss: NDArray[np.floating], step: int, reserve: int) -> float:
    """The same of losses [sample], each of `step` paths: r of them, where r - SURE sqrt(r) are enough."""
    root = (SURE + math.sqrt(SURE**2 + 4 * reserve / step)) / 2
    rank = math.ceil(root**2)
    return float(np.partition(loss, len(loss) - rank)[len(loss) - rank]) if rank <= len(loss) else -math.inf
