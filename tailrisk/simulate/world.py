"""The world: everything a path needs, as arrays, assembled once."""

import jax.numpy as jnp

from ..core import static, struct
from ..core.names import Names
from ..core.random import Stream
from ..core.units import Ratio
from ..market import process, spread, styles
from ..products import account, book
from .crowd.world import Crowd


@struct
class Streams:
    """The named sources of randomness, one for each mechanism that draws."""

    regimes: Stream
    ladder: Stream
    styles: Stream
    own: Stream
    warmup_regimes: Stream
    warmup_ladder: Stream
    specific: Stream | None = None  # of the funds' stock picking, where any has it


@struct
class World:
    """Parameters of every mechanism, and the few counts that shape the program."""

    process: process.Params  # of returns before anybody trades
    styles: styles.Params | None
    products: book.Params
    detectors: tuple[spread.Params, ...]
    history: Ratio | None  # [day, detector]  daily spreads up to the first day; None simulates them
    streams: Streams
    days: int = static()
    warmup: int = static()  # days before the first, to fill the detectors' windows
    arithmetic_excess: bool = static()
    own_risk: bool = static()  # some product draws shocks of its own
    own_inverse_nu: Ratio | None = None  # []  of those shocks, Student of unit scale; None is Gaussian
    names: Names = static()
    funds: account.Params | None = None  # products as funds on these terms; None: books bought and held
    crowd: Crowd | None = None  # None: prices are the process's, futures their index
    backend: str = static(default="xla")  # what computes paths: xla, or rows (simulate.rows)

    @property
    def dtype(self) -> jnp.dtype:
        """Precision of every draw and path."""
        return process.dtype(self.process)
