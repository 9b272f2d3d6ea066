"""Surveillance: order rates by account and controller, four abnormal types of programme trading."""

from .generate import Planted, generate
from .monitor import Monitor, Watched
from .rules import Burst, Cancels, Clock, Futures, Moves, Rules, Stock, Trades
from .sweep import sweep
from .watch import watch

__all__ = [
    "Burst",
    "Cancels",
    "Clock",
    "Futures",
    "Monitor",
    "Moves",
    "Planted",
    "Rules",
    "Stock",
    "Trades",
    "Watched",
    "generate",
    "sweep",
    "watch",
]
