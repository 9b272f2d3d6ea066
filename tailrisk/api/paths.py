"""Simulated paths as labelled arrays and frames, of the market alone, of products, or under a policy."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..assemble.world import assemble
from ..config import Config
from ..core.errors import InputError
from ..simulate.world import World
from .config import Overrides, Source, load
from .parts import Mechanism, Policy, Process, plugged
from .precision import precision

Array = NDArray[np.float64]
MOST_PATHS = 2**20
TERMS = "accounts_2024.toml"
"""Terms of funds where the config names none, in the library."""


@dataclass(frozen=True)
class Paths:
    """Paths from the eve of the first day to the last; path k is the same in every run of the seed.

    `buckets`, `products` and `styles` are frames with a row a path and day, (path, day), the eve being day 0;
    `regimes` has a row a path; `returns` is what a path earned over the horizon, `losses` what each product
    lost. `array(name)` is the same without labels, [day, name, path].
    """

    names: dict[str, tuple[str, ...]]
    arrays: dict[str, Array]

    def array(self, name: str) -> Array:
        """buckets, products, styles [day, name, path]; regimes [day, path]; futures [name, path]."""
        if name not in self.arrays:
            raise InputError("array", repr(name), ", ".join(self.arrays))
        return self.arrays[name]

    @cached_property
    def buckets(self) -> pd.DataFrame:
        """Prices over those of the eve."""
        return self._frame("buckets")

    @cached_property
    def products(self) -> pd.DataFrame:
        """NAV of every product, one on the eve."""
        return self._frame("products")

    @cached_property
    def styles(self) -> pd.DataFrame:
        """Return a day of a unit of exposure."""
        return self._frame("styles")

    @cached_property
    def regimes(self) -> pd.DataFrame:
        """Regime of every day, from zero, the calmest; a row a path."""
        days = self.array("regimes")
        columns = pd.RangeIndex(1, len(days) + 1, name="day")
        return pd.DataFrame(days.T.astype(int), columns=columns).rename_axis(index="path")

    @cached_property
    def returns(self) -> pd.DataFrame:
        """Simple returns over the horizon of buckets, futures and styles, a row a path: scenarios."""
        parts = [pd.DataFrame(self.array("buckets")[-1].T - 1, columns=list(self.names["buckets"]))]
        if "futures" in self.arrays:
            parts.append(pd.DataFrame(self.array("futures").T - 1, columns=list(self.names["futures"])))
        if "styles" in self.arrays:
            whole = self.array("styles").sum(axis=0)
            parts.append(pd.DataFrame(whole.T, columns=list(self.names["styles"])))
        return pd.concat(parts, axis=1).rename_axis(index="path")

    @cached_property
    def losses(self) -> pd.DataFrame:
        """Loss of every product over the horizon, positive, of starting NAV, a row a path."""
        held = self.array("products")[-1]
        return pd.DataFrame(1 - held.T, columns=list(self.names["products"])).rename_axis(index="path")

    def _frame(self, name: str) -> pd.DataFrame:
        whole = self.array(name)
        days, labels, paths = whole.shape
        first = 0 if name != "styles" else 1
        index = pd.MultiIndex.from_product([range(paths), range(first, first + days)], names=["path", "day"])
        flat = np.moveaxis(whole, -1, 0).reshape(paths * days, labels)
        return pd.DataFrame(flat, index=index, columns=list(self.names[name]))

    def __repr__(self) -> str:
        days, _, paths = self.array("buckets").shape
        return f"<Paths: {paths:,} of {days - 1} days; {', '.join(self.arrays)}>"


def simulate(
    config: Source,
    paths: int | None = None,
    *,
    overrides: Overrides = (),
    policy: Policy | None = None,
    process: Process | None = None,
    mechanism: Mechanism | None = None,
) -> Paths:
    """Paths of a config: the first `paths` of `tailrisk run`, by default all of run.paths, day by day.

    policy: what managers do; the products then live as accounts on the terms of [accounts] (or the
    library's), whose margin calls, lines and costs are in their NAV. process, mechanism: as `run` takes them.
    Every day of every path is kept: 1,000 paths of 60 days of ten products are 5 MB.
    Raises InputError for what cannot be simulated.

    >>> import tailrisk as tr
    >>> found = tr.simulate("smoke.toml", 64, overrides={"run.days": 3})
    >>> found.buckets.shape, list(found.buckets.columns)[:2]
    ((256, 5), ['csi300', 'csi500'])
    """
    loaded = load(config, overrides)
    count = loaded.run.paths if paths is None else int(paths)
    if not 0 < count <= MOST_PATHS:
        raise InputError("paths", f"{count:,}", f"1 to {MOST_PATHS:,}: every day of each is kept")
    parts = plugged(loaded, process, mechanism)
    with precision(x64=loaded.run.precision == "float64"):
        history = None
        if loaded.market.warmup == "history":
            from ..record.history import spreads

            history = spreads(loaded)
        world = assemble(loaded, history)
        world = world if parts is None else parts.into(world)
        return _held(loaded, world, count) if policy is None else _managed(loaded, world, count, policy)


def _held(config: Config, world: World, count: int) -> Paths:
    """The products as a run has them."""
    from ..record.scenarios import live

    _, course = live(world, count, np.arange(count, dtype=np.uint32))
    growth = np.exp(np.asarray(course.price, np.float64))
    arrays = {
        "buckets": _from_eve(growth),
        "products": _from_eve(np.asarray(course.nav, np.float64)),
        "regimes": np.asarray(course.regime, np.float64),
    }
    if course.style is not None:
        arrays["styles"] = np.asarray(course.style, np.float64)
    if course.future is not None:
        arrays["futures"] = np.asarray(course.future, np.float64)
    elif world.names.underlying:
        arrays["futures"] = growth[-1][list(world.names.underlying)]
    return Paths(_names(config, arrays), arrays)


def _managed(config: Config, world: World, count: int, policy: Policy) -> Paths:
    """The products as funds under a policy, on the tape of the same paths."""
    import jax

    from ..assemble.funds import assemble as funds_of
    from ..config.accounts import AccountsFile
    from ..config.load import located, read
    from ..simulate import managed
    from ..simulate.tape import CHUNK, chosen, tapes

    terms = config.attached.accounts or read(AccountsFile, located(TERMS), config.names)
    made = funds_of(config, terms, 1, config.run.seed, precision=config.run.precision)
    whole = -(-count // CHUNK) * CHUNK
    tape = chosen(tapes(world, 0, whole), np.arange(count))

    @jax.jit
    def lived(params: Any, days: Any) -> managed.Managed:
        first = managed.still(params, count)
        return managed.live(params, days, policy.step, policy.init(count), first)

    run = lived(made.params, tape)
    nav = np.asarray(run.days.nav, np.float64)
    growth: Array = np.cumprod(1 + np.asarray(tape.days.returns, np.float64), axis=0, dtype=np.float64)
    arrays = {"buckets": _from_eve(growth), "products": _from_eve(nav)}
    return Paths(_names(config, arrays), arrays)


def _from_eve(values: Array) -> Array:
    """[day, name, path] with ones in front."""
    return np.concatenate([np.ones_like(values[:1]), values])


def _names(config: Config, arrays: dict[str, Array]) -> dict[str, tuple[str, ...]]:
    known = {
        "buckets": config.names.buckets,
        "products": tuple(config.products),
        "styles": tuple(config.styles_in_use),
        "futures": config.names.contracts,
    }
    return {name: labels for name, labels in known.items() if name in arrays}
