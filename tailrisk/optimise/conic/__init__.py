"""The interior point: a program in, the best point and the slopes there out."""

from .curves import Array, Cone, Curve, inside, straight
from .implicit import Solved, solved
from .interior import interior_point
from .near import near_rows
from .program import Point, Program

__all__ = [
    "Array",
    "Cone",
    "Curve",
    "Point",
    "Program",
    "Solved",
    "inside",
    "interior_point",
    "near_rows",
    "solved",
    "straight",
]
