"""The figures of a report, each a string of SVG. Importing this package imports matplotlib."""

from .bars import bars
from .components import components
from .crowd import crowd
from .fan import fan
from .losses import losses
from .regimes import regimes
from .spread import spread
from .tail import tail

__all__ = ["bars", "components", "crowd", "fan", "losses", "regimes", "spread", "tail"]
