"""The spread between two buckets and how many standard deviations it moved.

z_t = (sum of the last k daily spreads - k m) / (s sqrt(k)),   spread = simple return of `small` less `large`,

with m and s the mean and the sample standard deviation of the `window` daily spreads that ended k days ago:
ex ante, so the move is never part of its own yardstick (mechanism 5.1, 9.1). Without `mean_removed`, m = 0
in the numerator only. "Seven sigma" means nothing until pair, window, days and mean are named.
"""

import jax.numpy as jnp
from jax import lax

from ..core import static, struct
from ..core.units import Count, Ratio, ZScore


@struct
class Params:
    """Which spread, over how many days, against which window."""

    small: int = static()  # bucket
    large: int = static()  # bucket
    window: int = static()  # days of the yardstick
    days: int = static()  # days of the move
    mean_removed: bool = static()


@struct
class State:
    """The window's spreads as a ring, the move's earlier days, and the window's running sums."""

    ring: Ratio  # [window, path]
    pending: Ratio  # [recent, path]  the move's earlier days, oldest first: days - 1 of them
    total: Ratio  # [path]
    squares: Ratio  # [path]
    cursor: Count  # []  where the oldest spread of the ring is


def init(params: Params, paths: int, dtype: jnp.dtype) -> State:
    """An empty window; `window + days - 1` steps fill it, and z means nothing before that."""
    return State(
        ring=jnp.zeros((params.window, paths), dtype),
        pending=jnp.zeros((params.days - 1, paths), dtype),
        total=jnp.zeros(paths, dtype),
        squares=jnp.zeros(paths, dtype),
        cursor=jnp.zeros((), jnp.int32),
    )


def fill(params: Params, state: State, spreads: Ratio) -> State:
    """The state after the same daily `spreads` [day] on every path, oldest first."""

    def one_day(state: State, spread: Ratio) -> tuple[State, None]:
        return step(params, state, jnp.broadcast_to(spread, state.total.shape))[0], None

    return lax.scan(one_day, state, spreads)[0]


def step(params: Params, state: State, spread: Ratio) -> tuple[State, ZScore]:
    """Add today's spread [path]; z of the move that ends today [path]."""
    move = spread
    for k in range(params.days - 1):
        move = move + state.pending[k]
    z = _standardise(params, state, move)
    entering = spread if params.days == 1 else state.pending[0]
    leaving = lax.dynamic_index_in_dim(state.ring, state.cursor, 0, keepdims=False)
    after = State(
        ring=lax.dynamic_update_index_in_dim(state.ring, entering, state.cursor, 0),
        pending=jnp.concatenate([state.pending, spread[None]])[1:],
        total=state.total + entering - leaving,
        squares=state.squares + entering * entering - leaving * leaving,
        cursor=(state.cursor + 1) % params.window,
    )
    return after, z


def _standardise(params: Params, state: State, move: Ratio) -> ZScore:
    mean = state.total / params.window
    variance = (state.squares - state.total * mean) / (params.window - 1)
    drift = mean * params.days if params.mean_removed else jnp.zeros_like(mean)
    floor = jnp.finfo(move.dtype).tiny
    return (move - drift) / jnp.sqrt(jnp.maximum(variance, floor) * params.days)
