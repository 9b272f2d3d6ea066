"""The spread between two buckets and how many standard deviations it moved.

z_t = (sum of the last k daily spreads - k m) / (s sqrt(k)),   spread = simple return of `small` less `large`,

with m and s the mean and the sample standard deviation of the `window` daily spreads that ended k days ago:
ex ante, so the move is never part of its own yardstick (mechanism 5.1, 9.1). Without `mean_removed`, m is
zero in the numerator. "Seven sigma" means nothing until pair, window, days and mean are named.
"""

import jax.numpy as jnp
from jax import lax

from ..core import static, struct
from ..core.units import Ratio, ZScore


@struct
class Params:
    """Which spread, over how many days, against which window; all of it shapes the program."""

    small: int = static()  # bucket
    large: int = static()  # bucket
    window: int = static()  # days of the yardstick
    days: int = static()  # days of the move
    mean_removed: bool = static()

    @property
    def lead(self) -> int:
        """Days of spread needed before the first day that can be judged."""
        return self.window + self.days - 1


def z(params: Params, spread: Ratio) -> ZScore:
    """z [day - lead, path] of daily spreads [day, path], the first `lead` of them the warm-up.

    One pass with running sums over the window: the order of additions, so the bits, do not depend on how
    many paths are computed together.
    """
    judged = spread.shape[0] - params.lead
    move = spread[params.lead :]
    for k in range(1, params.days):
        move = move + spread[params.lead - k : params.lead - k + judged]
    zero = jnp.zeros(spread.shape[1:], spread.dtype)
    sums, _ = lax.scan(
        lambda sums, entering: (_slide(sums, entering, zero), None), (zero, zero), spread[: params.window]
    )

    def one_day(
        sums: tuple[Ratio, Ratio], today: tuple[Ratio, Ratio, Ratio]
    ) -> tuple[tuple[Ratio, Ratio], ZScore]:
        move, entering, leaving = today
        return _slide(sums, entering, leaving), _standardise(params, sums, move)

    days = (move, spread[params.window : params.window + judged], spread[:judged])
    return lax.scan(one_day, sums, days)[1]


def _slide(sums: tuple[Ratio, Ratio], entering: Ratio, leaving: Ratio) -> tuple[Ratio, Ratio]:
    total, squares = sums
    return total + entering - leaving, squares + entering * entering - leaving * leaving


def _standardise(params: Params, sums: tuple[Ratio, Ratio], move: Ratio) -> ZScore:
    total, squares = sums
    mean = total / params.window
    variance = (squares - total * mean) / (params.window - 1)
    drift = mean * params.days if params.mean_removed else jnp.zeros_like(mean)
    floor = jnp.finfo(move.dtype).tiny
    return (move - drift) / jnp.sqrt(jnp.maximum(variance, floor) * params.days)
