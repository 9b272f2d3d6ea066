"""What the parts of a calibrated file share: one strict model, vectors, matrices, and their checks."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from .model import Problem

TOLERANCE = 1e-6


class Part(BaseModel):
    """Frozen and strict; keys this version does not read are left alone, for newer writers."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


Probability = Annotated[float, Field(ge=0, le=1)]
Vector = Annotated[tuple[float, ...], Field(strict=False)]
Matrix = Annotated[tuple[Vector, ...], Field(strict=False)]
Chances = Annotated[tuple[Probability, ...], Field(strict=False)]


def shape(name: str, value: Any, shape: tuple[int, ...]) -> list[Problem]:
    """Nothing, or the one problem that nested tuples are not of this shape."""
    rows = [value]
    for axis, size in enumerate(shape):
        for row in rows:
            if len(row) != size:
                allowed = f"{' x '.join(map(str, shape))} numbers"
                return [Problem(name, f"axis {axis} has {len(row)} entries in place of {size}", allowed)]
        rows = [item for row in rows for item in row] if axis + 1 < len(shape) else []
    return []


def sums_to_one(name: str, chances: tuple[float, ...]) -> list[Problem]:
    total = math.fsum(chances)
    if abs(total - 1) <= TOLERANCE:
        return []
    return [Problem(name, f"{list(chances)} sums to {total:.8g}", "probabilities that sum to 1")]


def positive_definite(name: str, matrix: tuple[tuple[float, ...], ...]) -> list[Problem]:
    array = np.array(matrix, dtype=np.float64)
    if np.abs(array - array.T).max() > TOLERANCE * np.abs(array).max():
        return [Problem(name, "is not symmetric", "a symmetric matrix")]
    try:
        np.linalg.cholesky(array)
    except np.linalg.LinAlgError:
        low = np.linalg.eigvalsh(array)[0]
        return [Problem(name, f"has smallest eigenvalue {low:.3g}", "a positive definite matrix")]
    return []
