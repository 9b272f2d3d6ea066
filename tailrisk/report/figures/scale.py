"""Logarithmic axes with ticks in plain text: matplotlib's own are TeX, which SVG that keeps text shows."""

import math
from collections.abc import Callable, Sequence

from matplotlib.axis import XAxis, YAxis
from matplotlib.ticker import FuncFormatter, NullLocator

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FEW = 5
"""Digits before the point, and places after it, that are written out."""


def power(value: float) -> str:
    """A number above zero in few characters: 0.001, 20, 10000, 10⁵, 3·10⁷."""
    exponent = math.floor(math.log10(value) + 1e-9)
    if -FEW + 1 < exponent < FEW:
        return f"{value:g}"
    lead, raised = f"{value / 10.0**exponent:g}", str(exponent).translate(RAISED)
    return f"10{raised}" if lead == "1" else f"{lead}·10{raised}"


def logarithmic(
    axis: XAxis | YAxis, ticks: Sequence[float] = (), text: Callable[[float], str] = power
) -> None:
    """Make an axis logarithmic, with ticks at these values, or at powers of ten where none are given."""
    (axis.axes.set_yscale if axis.axis_name == "y" else axis.axes.set_xscale)("log")
    if ticks:
        axis.set_ticks(ticks, [text(one) for one in ticks])
    else:
        axis.set_major_formatter(FuncFormatter(lambda value, place: text(value)))
    axis.set_minor_locator(NullLocator())
