"""How long a tuning will take, from what was measured."""

from ...config.plan import plan
from .config import Loaded

STEPS = 25
"""Books decided on the way to the answer, beside the frontier's; 10 to 40 were met."""
DECIDED, JUDGED = 4.0e-4, 4.0e-8
"""Seconds a stock of one decision, and a stock and path of judging it, on one core."""


def seconds(loaded: Loaded, stocks: int) -> float:
    """Of simulating the paths and of deciding every book: a guess within a factor of three."""
    said = loaded.tune
    run = loaded.market.run.model_copy(update={"paths": said.paths})
    planned = plan(loaded.market.model_copy(update={"run": run}))
    books = STEPS + len(said.grid(said.tuned[0]))
    laws = 1 + len(loaded.others)
    return laws * planned.seconds + books * stocks * (DECIDED + 2 * said.paths * laws * JUDGED)
