"""How long a tuning will take, from what was measured."""

from ...config.plan import plan
from .config import Loaded

STEPS = 25
"""Books decided on the way to the answer, beside the frontier's; 10 to 40 were met."""
DECIDED, JUDGED = 6.0e-5, 1.0e-9
"""Seconds a stock of one decision, and a stock and path of judging it, on one core.

Measured with everything compiled anew (CPU seconds, starting included): tune_neutral.toml 22.8, the same with
4,096 paths 18.6, tune_us.toml 9.9.
"""


def seconds(loaded: Loaded, stocks: int) -> float:
    """Of simulating the paths and of deciding every book, within a factor of two of what was measured."""
    said = loaded.tune
    run = loaded.market.run.model_copy(update={"paths": said.paths})
    planned = plan(loaded.market.model_copy(update={"run": run}))
    books = STEPS + len(said.grid(said.tuned[0]))
    laws = 1 + len(loaded.others)
    return laws * planned.seconds + books * stocks * (DECIDED + 2 * said.paths * laws * JUDGED)
