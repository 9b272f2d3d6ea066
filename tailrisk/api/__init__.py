"""What `import tailrisk as tr` offers: the commands as functions, with frames in and frames out.

Each function calls what the command of its name calls, so that the same config gives the same numbers.
"""

from ..products.terms import Positions
from .book import Book
from .config import load
from .folder import Folder, read
from .intraday import Liquidity, Minute, liquidity, minute
from .ladder import Ladder, calibrate, universe
from .parts import Mechanism, Policy, Process, Seen
from .paths import Paths, simulate
from .result import Result, run
from .studies import backtest, replay, sweep, tune, validate
from .surveillance import Surveillance, watch

__all__ = [
    "Book",
    "Folder",
    "Ladder",
    "Liquidity",
    "Mechanism",
    "Minute",
    "Paths",
    "Policy",
    "Positions",
    "Process",
    "Result",
    "Seen",
    "Surveillance",
    "backtest",
    "calibrate",
    "liquidity",
    "load",
    "minute",
    "read",
    "replay",
    "run",
    "simulate",
    "sweep",
    "tune",
    "universe",
    "validate",
    "watch",
]
