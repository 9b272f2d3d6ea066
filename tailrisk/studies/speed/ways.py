"""One model in many ways: our kernel, its random numbers alone, NumPy, and a numba loop by hand.

4 regimes, 5 factors, Student shocks, float32, from start to the final log price of every bucket. The ways
differ in their random numbers, so they are checked against each other by their moments.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ...assemble.world import assemble
from ...config import load
from ...core import Fault
from ...simulate import day, path
from ...simulate.world import World

CHUNK = BLOCK = 8192


@dataclass
class Model:
    """The model as plain float32 arrays, for the ways that are not ours."""

    start: np.ndarray  # [regime]  cumulative
    cumulative: np.ndarray  # [regime, regime]
    mean: np.ndarray  # [regime, bucket]
    loading: np.ndarray  # [regime, bucket, factor]
    nu: float
    days: int


def modelled(days: int) -> tuple[World, Model]:
    """The model, as our world and as plain arrays."""
    settings = ["market.shocks=student", "market.start=stationary", f"run.days={days}", "event=[]"]
    world = assemble(load("feb2024.toml", [*settings, "market.process=regimes"]))
    p = world.process.ladder
    assert p.inverse_nu is not None, "Student shocks were asked for"
    affine = np.asarray(p.affine)
    model = Model(
        start=np.asarray(world.process.regimes.start),
        cumulative=np.asarray(world.process.regimes.cumulative),
        mean=affine[:, :, 0].copy(),
        loading=affine[:, :, 1:].copy(),
        nu=1 / float(p.inverse_nu),
        days=days,
    )
    return world, model


def every(world: World, model: Model) -> dict[str, Callable[[int, int], Any]]:
    """The ways, each by its name: (first path, paths) -> log prices [bucket, path]."""
    return {
        "tailrisk: paths": partial(ours, world, path.prices),
        "tailrisk: its random numbers alone": partial(ours, world, _numbers),
        "numba, structure of arrays": numba_loop(model),
        "NumPy, chunks of 1,024": partial(numpy_chunks, model, 1024),
        "NumPy, chunks of 4,096": partial(numpy_chunks, model, 4096),
        "NumPy, chunks of 8,192": partial(numpy_chunks, model, 8192),
    }


def timed(run: Callable[[int, int], Any], paths: int, days: int, repeat: int) -> dict[str, float]:
    """Nanoseconds a path-day: of CPU in one thread of calls, of wall with one a core; best of `repeat`."""
    cores = len(os.sched_getaffinity(0))
    cpu, wall = [], []
    for _ in range(repeat):
        started = time.process_time()
        run(0, paths)
        cpu.append(time.process_time() - started)
        started = time.perf_counter()
        firsts = range(0, paths, BLOCK)
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(lambda first: run(first, BLOCK), firsts))
        wall.append(time.perf_counter() - started)
    unit = 1e9 / (paths * days)
    return {"cpu_ns": min(cpu) * unit, "wall_ns": min(wall) * unit, "paths_per_cpu_second": paths / min(cpu)}


def ours(world: World, kernel: Callable[[World, Any], Any], first: int, paths: int) -> Any:
    """Blocks of our engine's kernel, as the runner calls them."""
    found = [jax.device_get(_block(kernel, world, np.uint32(f))) for f in range(first, first + paths, BLOCK)]
    return np.concatenate([np.moveaxis(x, 0, 1).reshape(x.shape[1], -1) for x in found], axis=1)


@partial(jax.jit, static_argnums=0)
def _block(kernel: Callable[[World, Any], Any], world: World, first: Any) -> Any:
    numbers = first + jnp.arange(CHUNK, dtype=jnp.uint32)
    starts = jnp.arange(BLOCK // CHUNK, dtype=jnp.uint32) * np.uint32(CHUNK)
    return lax.map(lambda start: kernel(world, numbers + start), starts)


def _numbers(world: World, numbers: Any) -> Any:
    """The same draws, summed over the days: nothing but the random numbers and their passage to memory."""

    def one_day(total: Any, shocks: day.Shocks) -> Any:
        return (total[0] + shocks.regime, total[1] + shocks.ladder), None

    zero = (jnp.zeros(numbers.shape, jnp.float32), jnp.zeros((3, *numbers.shape), jnp.complex64))
    shocks = partial(path.market_shocks, world, numbers)
    uniforms, pairs = path.over_days(one_day, zero, world.days, shocks)[0]
    return jnp.concatenate([uniforms[None], pairs.real, pairs.imag])


def numpy_chunks(model: Model, chunk: int, first: int, paths: int) -> np.ndarray:
    """The best NumPy we could write: SFC64 float32 normals, factor-major, regimes by sorted masks."""
    rng = np.random.Generator(np.random.SFC64(first))
    return np.concatenate(
        [_numpy_chunk(model, rng, min(chunk, paths - f)) for f in range(0, paths, chunk)], axis=1
    )


def _numpy_chunk(model: Model, rng: np.random.Generator, n: int) -> np.ndarray:
    regime, price = np.searchsorted(model.start, rng.random(n)), np.zeros((5, n), np.float32)
    states, half = len(model.mean), np.float32(model.nu / 2)
    for _ in range(model.days):
        u, z = rng.random(n, dtype=np.float32), rng.standard_normal((5, n), dtype=np.float32)
        z *= np.sqrt(half / rng.standard_gamma(half, n, dtype=np.float32))
        regime = (u >= model.cumulative[regime, :-1].T).sum(axis=0)
        for k in range(states):
            of = np.flatnonzero(regime == k)
            if len(of):
                price[:, of] += model.mean[k][:, None] + model.loading[k] @ z[:, of]
    return price


def numba_loop(model: Model) -> Callable[[int, int], np.ndarray]:
    """Compiled loops over structures of arrays, by hand: a xorshift word for each path, the same exact t.

    Loops over paths inside loops over days, each short enough for LLVM to vectorise; numba's own generator
    takes seven times as long.
    """
    import numba

    @numba.njit(inline="always")
    def uniform(word):  # type: ignore[no-untyped-def]
        return (np.float32(word >> np.uint64(40)) + np.float32(0.5)) * np.float32(2.0**-24)

    @numba.njit(inline="always")
    def following(word):  # type: ignore[no-untyped-def]
        word ^= word << np.uint64(13)
        word ^= word >> np.uint64(7)
        return word ^ (word << np.uint64(17))

    @numba.njit(fastmath=True, nogil=True)
    def kernel(seed, n, days, start, cumulative, mean, loading, nu):  # type: ignore[no-untyped-def]
        state = (np.arange(n).astype(np.uint64) + np.uint64(seed + 1)) * np.uint64(0x9E3779B97F4A7C15)
        for _ in range(8):
            for i in range(n):
                state[i] = following(state[i])
        u, radial, angle = np.empty(n, np.float32), np.empty((3, n), np.float32), np.empty((3, n), np.float32)
        z, price, regime = np.empty((6, n), np.float32), np.zeros((5, n), np.float32), np.empty(n, np.int32)
        for i in range(n):
            state[i] = following(state[i])
            regime[i] = np.searchsorted(start, uniform(state[i]))
        for _ in range(days):
            for i in range(n):
                state[i] = following(state[i])
                u[i] = uniform(state[i])
            for j in range(3):
                power = np.float32(-2.0 / (nu + 2 * j))
                for i in range(n):
                    state[i] = following(state[i])
                    radial[j, i] = np.float32(nu) * (
                        np.exp(power * np.log(uniform(state[i]))) - np.float32(1)
                    )
                for i in range(n):
                    state[i] = following(state[i])
                    angle[j, i] = np.float32(2 * np.pi) * uniform(state[i])
            for i in range(n):
                grown = np.float32(1)
                for j in range(3):
                    radius = np.sqrt(radial[j, i] * grown)
                    z[2 * j, i] = radius * np.cos(angle[j, i])
                    z[2 * j + 1, i] = radius * np.sin(angle[j, i])
                    grown *= np.float32(1) + radial[j, i] / np.float32(nu)
            for i in range(n):
                s, k = regime[i], 0
                for j in range(cumulative.shape[1] - 1):
                    k += u[i] >= cumulative[s, j]
                regime[i] = k
            for b in range(5):
                for i in range(n):
                    total = mean[regime[i], b]
                    for j in range(b + 1):
                        total += loading[regime[i], b, j] * z[j, i]
                    price[b, i] += total
        return price

    def run(first: int, paths: int) -> np.ndarray:
        arrays = (model.start, model.cumulative, model.mean, model.loading)
        chunks = range(first, first + paths, 1024)
        parts = [kernel(f, min(1024, first + paths - f), model.days, *arrays, model.nu) for f in chunks]
        return np.concatenate(parts, axis=1)

    return run


def check(moments: dict[str, np.ndarray]) -> None:
    """Every way of making paths has our means and deviations, within five standard errors."""
    ours = moments["tailrisk: paths"].astype(np.float64)
    for name, price in moments.items():
        if price.shape != ours.shape:
            continue
        error = np.sqrt((ours.var(axis=1) + price.var(axis=1)) / ours.shape[1])
        if (np.abs(price.mean(axis=1) - ours.mean(axis=1)) > 5 * error).any():
            raise Fault(f"{name} has another mean: the ways are not the same model")
        unsure = np.hypot(_unsure(ours), _unsure(price))
        if (np.abs(price.std(axis=1) / ours.std(axis=1) - 1) > np.maximum(0.03, 5 * unsure)).any():
            raise Fault(f"{name} has another deviation: the ways are not the same model")


def _unsure(price: np.ndarray) -> np.ndarray:
    """Relative standard error of the deviation of each bucket [bucket]."""
    off = (price - price.mean(axis=1, keepdims=True)) ** 2
    return np.sqrt(((off**2).mean(axis=1) / off.mean(axis=1) ** 2 - 1) / (4 * price.shape[1]))
