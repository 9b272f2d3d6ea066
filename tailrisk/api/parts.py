"""Parts of the user's own: a process of returns, a mechanism of forced orders, a policy of managers.

Each is a pair of pure functions of arrays with paths on the last axis, written in jax.numpy, and params of
his own, a pytree of arrays. A product of his own needs no function: an object with `positions(names)`, in
the dict that `load` takes, or `family = "own"` in a file.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import jax
import jax.numpy as jnp

from ..config import Config
from ..core.errors import InputError
from ..core.units import Flag, LogReturn, Normal, Uniform, Yuan
from ..crowd import own as crowd_own
from ..market import ladder, process
from ..market import own as market_own
from ..policies.observation import Decision, Observation
from ..simulate.world import World

Seen = crowd_own.Seen
"""What a mechanism is shown in every round."""


@dataclass(frozen=True)
class Process:
    """A process of returns of one's own: the market before anybody trades.

        state = init(params, uniform);   state, log_return, stress = step(params, state, uniform, shocks)

    params: a pytree of arrays. uniform: [path]. shocks: a tuple of [path], so many independent standard
    normals as there are buckets, or Student of unit variance with `nu` degrees of freedom. log_return:
    [bucket, path], the largest bucket first. stress: [path] of true or false, what the crowd's fear looks at
    and the picture shows. long_run: init of the warm-up days of events, by default `init`.
    """

    init: Callable[[Any, Uniform], Any]
    step: Callable[[Any, Any, Uniform, tuple[Normal, ...]], tuple[Any, LogReturn, Flag]]
    params: Any = ()
    long_run: Callable[[Any, Uniform], Any] | None = None
    nu: float | None = None
    name: str = "process"

    def law(self, buckets: int, dtype: Any) -> process.Params:
        """The params of `market.process`, at a precision."""
        scale = 0.0 if self.nu is None else 1 / self.nu
        made = market_own.Params(
            own=_at(self.params, dtype),
            ladder=ladder.Params(
                affine=jnp.zeros((1, buckets, buckets + 1), dtype),
                inverse_nu=None if self.nu is None else jnp.asarray(scale, dtype),
            ),
            law=market_own.Law(self.init, self.step, self.long_run or self.init),
        )
        return cast(process.Params, made)


@dataclass(frozen=True)
class Mechanism:
    """A mechanism of one's own in the crowd's market: somebody who must trade.

        state = init(params, paths);   state, orders = step(params, state, seen)

    In every round of every day `step` is shown `seen`: returns and momentum [bucket, path], annual_basis
    [future, path], volume [bucket] in yuan, stress [path], round []. orders: [bucket, path] in yuan,
    purchases positive; what is not filled is cancelled. Prices answer as to any order.
    """

    init: Callable[[Any, int], Any]
    step: Callable[[Any, Any, crowd_own.Seen], tuple[Any, Yuan]]
    params: Any = ()
    name: str = "mechanism"

    def law(self, dtype: Any) -> crowd_own.Params:
        """The params of `crowd.own`, at a precision."""
        return crowd_own.Params(own=_at(self.params, dtype), law=crowd_own.Law(self.init, self.step))


class Policy(Protocol):
    """A policy of managers: what they do with their funds, seeing what a manager sees.

    init(paths) gives its state; step(state, seen) the state and a decision for the next close. seen: an
    Observation: weights [fund, bucket, path], gross [fund, path], excess, called, returns [bucket, path],
    annual_basis, z. Decision: weights, gross, short wanted, and act [fund, path], the share of the way there;
    zero leaves the book alone. `Decision` and `Observation` are in `tailrisk.policies.observation`.
    """

    def init(self, paths: int) -> Any: ...

    def step(self, state: Any, seen: Observation) -> tuple[Any, Decision]: ...


@dataclass(frozen=True)
class Parts:
    """What is put into the world a config describes, and how the record names it."""

    process: Process | None = None
    mechanism: Mechanism | None = None

    @property
    def names(self) -> list[str]:
        """Names of the parts, for the record."""
        told = (("process", self.process), ("mechanism", self.mechanism))
        return [f"{kind}: {part.name}" for kind, part in told if part is not None]

    def into(self, world: World) -> World:
        """The world with the parts in it."""
        if self.process is not None:
            law = self.process.law(process.buckets(world.process), world.dtype)
            crowd = None if world.crowd is None else replace(world.crowd, process=law)
            world = replace(world, process=law, crowd=crowd)
        if self.mechanism is not None and world.crowd is not None:
            crowd = replace(world.crowd, mechanism=self.mechanism.law(world.dtype))
            world = replace(world, crowd=crowd)
        return world


def plugged(config: Config, law: Process | None, mechanism: Mechanism | None) -> Parts | None:
    """The parts, None where there is none. Raises InputError for a part the config has no place for."""
    if law is None and mechanism is None:
        return None
    if mechanism is not None and config.crowd is None:
        raise InputError(
            "mechanism", "of a config without a crowd", "a config with [crowd], whose prices answer"
        )
    method = "plain" if config.sampling is None else config.sampling.method
    if method == "importance" and law is not None:
        raise InputError("process", "sampling.method = 'importance' cannot tilt it", "plain, or splitting")
    if law is not None and config.styles_in_use and config.market.process != "regimes":
        problem = "styles with memory follow the config's own process"
        raise InputError("process", problem, 'market.process = "regimes", or products without style_exposure')
    return Parts(law, mechanism)


def _at(params: Any, dtype: Any) -> Any:
    """Floating arrays of a pytree at a precision; whole numbers and flags as they are."""

    def one(leaf: Any) -> Any:
        array = jnp.asarray(leaf)
        return array.astype(dtype) if jnp.issubdtype(array.dtype, jnp.floating) else array

    return jax.tree.map(one, params)
