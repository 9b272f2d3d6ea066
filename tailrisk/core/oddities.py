"""What may be odd about data and be gone on with, once a user has seen it: `--accept` and market.accept."""

from typing import Literal, get_args

Oddity = Literal["closed-days", "holes", "stale", "spikes", "copies", "units"]
ODDITIES: tuple[Oddity, ...] = get_args(Oddity)
