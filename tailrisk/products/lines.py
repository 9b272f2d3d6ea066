"""The lines a fund may not cross: its broker's margin, its contract's warning and stop lines.

With E the equity and A the stock book, m = E / A, at each close for the next:

    called   from m < call until m >= reset        the book must shrink to E / reset
    dead     from E < 0, for good                  the broker sells the book out; -E is the shortfall it bears
    warned   while NAV < warning                   the book must not exceed `warned_long` E
    stopped  from NAV < stop, for good             the book is sold and the fund stays in cash

mechanism 3.5, 5.2 and 5.7; NAV is per unit. Lines at zero are off.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Flag, Ratio

UNBOUNDED = 1e9
"""In starting NAVs; finite, because a slope through infinity is not a number."""


@struct
class Params:
    """Margin as equity over stock book, lines as NAV per unit over that at the start."""

    call: Ratio  # [fund]
    reset: Ratio  # [fund]  positive
    warning: Ratio  # [fund]
    warned_long: Ratio  # [fund]  stock book over equity allowed below the warning line
    stop: Ratio  # [fund]


@struct
class State:
    """Which lines are crossed."""

    called: Flag  # [fund, path]
    dead: Flag  # [fund, path]
    warned: Flag  # [fund, path]
    stopped: Flag  # [fund, path]


def init(shape: tuple[int, int]) -> State:
    """No line crossed."""
    off = jnp.zeros(shape, bool)
    return State(called=off, dead=off, warned=off, stopped=off)


def ceiling(params: Params, state: State, held: Ratio, worth: Ratio, redeemed: Ratio) -> Ratio:
    """The largest stock book left [fund, path] when the part `redeemed` of the units is on its way out.

    held, worth [fund, path]: stock book and equity, per unit of starting NAV; redeemed [fund, path], zero to
    one.
    """
    equity = jnp.maximum(worth, 0.0)
    largest = jnp.where(redeemed > 0.0, (1.0 - redeemed) * held, UNBOUNDED)
    largest = jnp.minimum(largest, jnp.where(state.called, equity / params.reset[:, None], UNBOUNDED))
    largest = jnp.minimum(largest, jnp.where(state.warned, params.warned_long[:, None] * equity, UNBOUNDED))
    return jnp.where(state.dead | state.stopped, 0.0, largest)


def close(params: Params, state: State, held: Ratio, worth: Ratio, nav: Ratio) -> State:
    """What tonight's book makes of the lines; all arrays [fund, path]."""
    below, restored = worth < params.call[:, None] * held, worth >= params.reset[:, None] * held
    return State(
        called=below | (state.called & ~restored),
        dead=state.dead | (worth < 0.0),
        warned=nav < params.warning[:, None],
        stopped=state.stopped | (nav < params.stop[:, None]),
    )
