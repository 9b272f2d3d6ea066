"""Blocks of paths: the unit of work, run over chunks, threads and devices, always with the same bits.

A block is 8,192 consecutive path numbers. A chunk is how many of them are computed side by side; a draw
knows only its path's number, so chunk, threads and device count move the speed and never a digit.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from ..core.kernel import OPTIONS, one_kernel
from ..core.machine import cores
from ..core.processes import ALONE, Group
from ..core.ready import ready
from ..core.units import Count
from ..market import memory
from . import rows
from .path import Course, Outcome, course, outcome, with_course
from .world import World

T = TypeVar("T")
Item = TypeVar("Item")

BLOCK = 8192
"""Paths in a block; part of the promise of sameness, so a constant and not an option."""

WIDE = 32
"""Blocks in one chunk on an accelerator, where width is what hides latency."""

NARROW = 128
"""Chunk of days with a crowd or with accounts on a CPU, whatever was asked for: their state is large.

64 and 256 were no faster for a crowd; ten accounts take 404 ns a path-day at 128, 1,415 at 4,096."""


Program = Callable[[World, Any, Count], T]
"""What is computed of paths: (world, law, numbers [path]) -> arrays [..., path]."""


def plain(world: World, law: None, number: Count) -> Outcome:
    """The outcome of the paths numbered `number` [path] under the world's own law."""
    return outcome(world, number)


def blocks(
    world: World,
    paths: int,
    *,
    chunk: int,
    program: Program[Outcome] = plain,
    law: Any = None,
    group: Group = ALONE,
    begun: list[Course] | None = None,
) -> Iterator[tuple[int, Outcome]]:
    """(number of the first path, its block's outcome as NumPy arrays) as each block is done, in any order.

    The last block is cut at `paths`. chunk: paths side by side on a CPU, a divisor of 8,192, and always 128
    with a crowd or accounts; an accelerator takes 32 whole blocks at a time, and half as many whenever that
    does not fit its memory. Several devices take turns, each with whole blocks, and so do the processes of a
    `group`: these are the blocks of its own number. program, law: what is computed of each path, and the law
    it is drawn from, in place of the world's own (`rare.blocks`). begun: a list that gets the course of the
    first block, where one program makes both. InputError: a world whose backend is rows where that cannot be
    had (simulate.rows).
    """
    together = program is plain and one_program(world)
    if world.backend == rows.NAME:
        rows.kernel(_both if together else program, world, law)  # compiled before the threads ask for it
    if together:
        if world.backend != rows.NAME:
            _ready(world)  # likewise
        yield from threads(partial(_narrow, world, paths, begun), paths, group)
    elif world.backend == rows.NAME:
        yield from threads(partial(_rows, program, world, paths, law), paths, group)
    elif jax.default_backend() == "cpu":
        chunk = chunk if world.crowd is None and world.funds is None else NARROW
        of_calls = partial(_block, program, chunk=chunk, calls=BLOCK // chunk)
        run = ready(of_calls, world, np.uint32(0), law)
        yield from threads(lambda first: run(world, first, law), paths, group)
    else:
        yield from _wide(program, world, paths, law, group)


def courses(world: World, paths: int, numbers: NDArray[np.uint32] | None = None) -> Course:
    """The course of the first of so many paths, or of those numbered [path]; a block at most, in NumPy.

    InputError as in `blocks`.
    """
    width = min(paths, BLOCK)
    wanted = np.arange(width, dtype=np.uint32) if numbers is None else numbers
    if one_program(world):
        with jax.default_device(_turn(0)):  # as `threads` does: JAX keeps a program for each way it is asked
            found = _gather(_stacked([course for _, course in _narrows(world, wanted)]), len(wanted))
    elif world.backend == rows.NAME:
        found = rows.computed(_coursed, world, None, wanted)
    else:
        filled = np.resize(wanted, width).astype(np.uint32)  # the same shape, and so the same program
        found = jax.device_get(ready(_course, world, filled)(world, filled))
    return jax.tree.map(lambda x: x[..., : len(wanted)], found)


def one_program(world: World) -> bool:
    """Whether outcomes and courses come out of one program: a crowd's day takes a CPU long to compile."""
    return world.crowd is not None and jax.default_backend() == "cpu"


@partial(jax.jit, compiler_options=OPTIONS)
def _with_course(world: World, numbers: Count) -> tuple[Outcome, Course]:
    """Outcome and course of one narrow chunk of paths, whatever their numbers [path]."""
    return compiled(world, partial(with_course, world))(numbers)


def _both(world: World, law: None, numbers: Count) -> tuple[Outcome, Course]:
    return with_course(world, numbers)


def _coursed(world: World, law: None, numbers: Count) -> Course:
    return course(world, numbers)


def _rows(program: Program[T], world: World, paths: int, law: Any, first: np.uint32) -> T:
    """What `program` makes of the block from path `first` by a kernel of rows, [call, ..., path]."""
    numbers = np.arange(first, min(int(first) + BLOCK, paths), dtype=np.uint32)
    return _stacked([rows.computed(program, world, law, numbers)])


def _narrows(world: World, numbers: NDArray[np.uint32]) -> Iterator[tuple[Outcome, Course]]:
    """Outcome and course of these paths, a chunk at a time; the last is filled up with paths again."""
    if world.backend == rows.NAME:
        yield rows.computed(_both, world, None, numbers)
        return
    run = _ready(world)
    for first in range(0, len(numbers), NARROW):
        chunk = np.resize(numbers[first : first + NARROW], NARROW).astype(np.uint32)
        yield jax.device_get(run(world, chunk))


def _ready(world: World) -> Callable[[World, NDArray[np.uint32]], tuple[Outcome, Course]]:
    """`_with_course` of a narrow chunk."""
    return ready(_with_course, world, np.zeros(NARROW, np.uint32))


def _narrow(world: World, paths: int, begun: list[Course] | None, first: np.uint32) -> Outcome:
    """Outcomes of the block that begins with path `first`, as far as there are paths, [call, ..., chunk].

    The course of the first block goes into `begun`.
    """
    numbers = np.arange(first, min(int(first) + BLOCK, paths), dtype=np.uint32)
    if begun is None or first > 0:
        return _stacked([outcome for outcome, _ in _narrows(world, numbers)])
    outcomes, courses = zip(*_narrows(world, numbers), strict=True)
    begun.append(_gather(_stacked(list(courses)), len(numbers)))
    return _stacked(list(outcomes))


def _stacked(parts: list[T]) -> T:
    return jax.tree.map(lambda *fields: np.stack(fields), *parts)


@partial(jax.jit, static_argnums=0, static_argnames=("chunk", "calls"), compiler_options=OPTIONS)
def _block(program: Program[T], world: World, first: Count, law: Any, *, chunk: int, calls: int) -> T:
    """What `program` makes of `calls` chunks from path `first`, path axis [call, ..., chunk]."""
    return chunks(compiled(world, partial(program, world, law), law is not None), first, chunk, calls)


def compiled(world: World, compute: Callable[[Count], T], weighted: bool = False) -> Callable[[Count], T]:
    """`compute` of paths as one kernel where that is sound.

    jaxlib 0.10.2 aborts on a single day, on some small worlds' weighted paths, and on memory whose residuals
    have one regime, as those of a short history of one's own may; the gain is with a crowd.
    """
    sound = world.days > 1 and (world.crowd is not None or not weighted)
    return one_kernel(compute) if sound and not _of_one_regime(world) else compute


def _of_one_regime(world: World) -> bool:
    """Whether what memory leaves is drawn from a single law."""
    law = world.process
    return isinstance(law, memory.Params) and law.days is None and law.regimes.start.shape[0] == 1


def chunks(compute: Callable[[Count], T], first: Count, chunk: int, calls: int) -> T:
    """`compute` of path numbers from `first` [] on, `calls` times `chunk` of them, each [call, ...]."""
    numbers = first + jnp.arange(chunk, dtype=jnp.uint32)
    starts = jnp.arange(calls, dtype=jnp.uint32) * np.uint32(chunk)
    return lax.map(lambda start: compute(numbers + start), starts)


_course = jax.jit(course)


def threads(compute: Callable[[Any], T], paths: int, group: Group = ALONE) -> Iterator[tuple[int, T]]:
    """Each core takes the next block; no more are in flight than there are cores, so memory is bounded.

    A block is computed on the device whose turn it is by its number, by the process whose turn it is.
    """

    def work(first: int) -> tuple[int, T]:
        with jax.default_device(_turn(first // BLOCK // group.count)):
            return first, _gather(compute(np.uint32(first)), paths - first)

    yield from _in_flight(work, group.dealt(range(0, paths, BLOCK)), cores())


def stride() -> int:
    """Paths that a device or a process gets at a time."""
    return BLOCK if jax.default_backend() == "cpu" else WIDE * BLOCK


def dealt(paths: int, group: Group) -> Iterator[slice]:
    """The numbers, of so many paths, that are a process's own."""
    for first in group.dealt(range(0, paths, stride())):
        yield slice(first, min(first + stride(), paths))


def devices_used(paths: int, group: Group = ALONE) -> int:
    """How many devices so many paths are spread over, of all processes of a group."""
    every = (Group(number, group.count) for number in range(group.count))
    return sum(min(len(jax.local_devices()), len(list(dealt(paths, one)))) for one in every)


def _turn(number: int) -> jax.Device:
    devices = jax.local_devices()
    return devices[number % len(devices)]


def _in_flight(work: Callable[[Item], T], items: Iterable[Item], most: int) -> Iterator[T]:
    """What `work` makes of each item as it is done, so many of them at a time."""
    left = iter(items)
    with ThreadPoolExecutor(most) as pool:
        running: set[Future[T]] = {pool.submit(work, item) for item in islice(left, most)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(work, item) for item in islice(left, len(done))}
            for future in done:
                yield future.result()


def _wide(
    program: Program[Outcome], world: World, paths: int, law: Any = None, group: Group = ALONE
) -> Iterator[tuple[int, Outcome]]:
    """On one device, all blocks one after the other; on several, each takes 32 blocks in turn."""
    many, wide = len(jax.local_devices()), WIDE * BLOCK
    if many == 1 and group.count == 1:
        yield from _stride(program, world, paths, law, 0, paths)
        return

    def work(first: int) -> list[tuple[int, Outcome]]:
        with jax.default_device(_turn(first // wide // group.count)):
            return list(_stride(program, world, paths, law, first, min(first + wide, paths)))

    for parts in _in_flight(work, group.dealt(range(0, paths, wide)), many):
        yield from parts


def _stride(
    program: Program[Outcome], world: World, paths: int, law: Any, first: int, end: int
) -> Iterator[tuple[int, Outcome]]:
    """The blocks from path `first` to `end` of a run of so many paths, 32 at a time or what memory allows."""
    width = WIDE
    while first < end:
        count = min(width, -(-(end - first) // BLOCK))
        try:
            parts = _block(program, world, np.uint32(first), law, chunk=count * BLOCK, calls=1)
            result = _gather(parts, paths - first)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) or width == 1:
                raise
            width = width // 2
            continue
        yield first, result
        first += count * BLOCK


def _gather(chunks: T, wanted: int) -> T:
    """Chunks [call, ..., chunk] side by side [..., path], cut at `wanted` paths."""

    def join(field: Any) -> Any:
        joined = np.moveaxis(np.asarray(field), 0, -2)
        return joined.reshape(*joined.shape[:-2], joined.shape[-2] * joined.shape[-1])[..., :wanted]

    return jax.tree.map(join, chunks)
