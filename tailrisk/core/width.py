"""How many paths one call computes side by side: few on a CPU, whose cache is small, many on an accelerator.

Width is what hides latency there, and moves speed, never a digit. Whatever simulates asks here.
"""

import jax

NARROW = 128
"""On a CPU, of days with a crowd or with accounts, whose state is large: 64 and 256 were no faster for a
crowd; ten accounts take 404 ns a path-day at 128, 1,415 at 4,096."""
WIDE = 262_144
"""On an accelerator, at most."""
PART = 4
"""The memory of an accelerator over what the arrays of one call may take of it."""


def width(paths: int, narrow: int, path_bytes: float = 0.0) -> int:
    """Paths of one call, of so many in all: `narrow` on a CPU, else as many as fit; whole multiples of it.

    path_bytes: what a path leaves in the arrays that a call hands back.
    """
    if jax.default_backend() == "cpu":
        return narrow
    most = min(WIDE, _memory() / PART / path_bytes) if path_bytes else WIDE
    return max(min(-(-paths // narrow), int(most // narrow)), 1) * narrow


def _memory() -> float:
    """Bytes of the accelerator; without an end where it does not say."""
    stats = jax.local_devices()[0].memory_stats() or {}
    return float(stats.get("bytes_limit", float("inf")))
