"""The figures of a report, each a string of SVG. Importing this package imports matplotlib."""

from .bars import bars
from .crowd import crowd
from .fan import fan
from .losses import losses
from .regimes import regimes
from .spread import spread

__all__ = ["bars", "crowd", "fan", "losses", "regimes", "spread"]
