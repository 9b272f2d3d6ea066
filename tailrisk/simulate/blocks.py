"""Blocks of paths: the unit of work, run over chunks, threads and devices, always with the same bits.

A block is 8,192 consecutive path numbers. A chunk is how many of them are computed side by side; a draw
knows only its path's number, so chunk, threads and device count move the speed and never a digit.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from ..core import width
from ..core.kernel import OPTIONS, one_kernel
from ..core.machine import cores
from ..core.processes import ALONE, Group
from ..core.ready import ready
from ..core.units import Count
from ..core.width import NARROW
from ..market import memory
from . import rows
from .path import Course, Outcome, course, outcome, with_course
from .world import World

T = TypeVar("T")
Made = TypeVar("Made", covariant=True)
Item = TypeVar("Item")

BLOCK = 8192
"""Paths in a block; part of the promise of sameness, so a constant and not an option."""

WIDE = width.WIDE // BLOCK
"""Blocks in one chunk on an accelerator."""

AHEAD = 2
"""Calls of an accelerator in flight: one is computed while the one before is read and reduced."""

Program = Callable[[World, Any, Count], T]
"""What is computed of paths: (world, law, numbers [path]) -> arrays [..., path]."""


class Reduction(Protocol[Made]):
    """What is made of the blocks of a call, by the thread that computed them, before they are handed on."""

    def begin(self, outcome: Outcome) -> Any:
        """What is to be brought to the host of paths [..., path], which may be on a device still at work."""

    def end(self, first: int, arrived: Any) -> Made:
        """What is made of it, in NumPy arrays, given the number of the first path."""


class Whole:
    """The reduction that changes nothing."""

    def begin(self, outcome: Outcome) -> Outcome:
        """The outcome [..., path] itself."""
        return outcome

    def end(self, first: int, arrived: Outcome) -> Outcome:
        """The outcome [..., path] itself."""
        return arrived


WHOLE = Whole()


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

    As `reduced`, with everything kept; InputError as there.
    """
    return reduced(world, paths, WHOLE, chunk=chunk, program=program, law=law, group=group, begun=begun)


def reduced(
    world: World,
    paths: int,
    reduction: Reduction[Made],
    *,
    chunk: int,
    program: Program[Outcome] = plain,
    law: Any = None,
    group: Group = ALONE,
    begun: list[Course] | None = None,
) -> Iterator[tuple[int, Made]]:
    """(number of the first path, what `reduction` makes of its block) as each block is done, in any order.

    The last block is cut at `paths`. chunk: paths side by side on a CPU, a divisor of 8,192, and always 128
    with a crowd or accounts; an accelerator takes 32 whole blocks at a time, and half as many whenever that
    does not fit its memory, and begins the next call before the last is read. Several devices take turns,
    each with whole blocks, and so do the processes of a `group`: these are the blocks of its own number.
    program, law: what is computed of each path, and the law it is drawn from, in place of the world's own
    (`rare.blocks`). begun: a list that gets the course of the first block, where one program makes both.
    InputError: a world whose backend is rows where that cannot be had (simulate.rows).
    """
    together = program is plain and one_program(world)
    if world.backend == rows.NAME:
        rows.kernel(_both if together else program, world, law)  # compiled before the threads ask for it
    if together:
        if world.backend != rows.NAME:
            _ready(world)  # likewise
        yield from threads(partial(_narrow, world, paths, begun), paths, group, reduction)
    elif world.backend == rows.NAME:
        yield from threads(partial(_rows, program, world, paths, law), paths, group, reduction)
    elif jax.default_backend() == "cpu":
        chunk = chunk if world.crowd is None and world.funds is None else NARROW
        of_calls = partial(_block, program, chunk=chunk, calls=BLOCK // chunk)
        run = ready(of_calls, world, np.uint32(0), law)
        yield from threads(lambda first: run(world, first, law), paths, group, reduction)
    else:
        yield from _wide(program, world, paths, law, group, reduction)


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


def threads(
    compute: Callable[[Any], Any],
    paths: int,
    group: Group = ALONE,
    reduction: Reduction[Any] = WHOLE,
    *,
    size: int = BLOCK,
) -> Iterator[tuple[int, Any]]:
    """Each core takes the next block; no more are in flight than there are cores, so memory is bounded.

    A block is computed on the device whose turn it is by its number, by the process whose turn it is.
    size: paths of a call, a block on a CPU.
    """

    def work(first: int) -> tuple[int, Any]:
        with jax.default_device(_turn(first // size // group.count)):
            outcome = _gather(compute(np.uint32(first)), paths - first)
            return first, reduction.end(first, jax.device_get(reduction.begin(outcome)))

    yield from _in_flight(work, group.dealt(range(0, paths, size)), cores() if size == BLOCK else AHEAD)


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
    program: Program[Outcome],
    world: World,
    paths: int,
    law: Any = None,
    group: Group = ALONE,
    reduction: Reduction[Any] = WHOLE,
) -> Iterator[tuple[int, Any]]:
    """Each device takes 32 blocks in turn, and the next call waits in its queue while the last is read."""
    many, wide, room = len(jax.local_devices()), WIDE * BLOCK, Room(WIDE)

    def work(first: int) -> list[tuple[int, Any]]:
        with jax.default_device(_turn(first // wide // group.count)):
            compute = partial(_block, program, world, law=law, calls=1)
            return list(_stride(compute, reduction, room, first, min(first + wide, paths)))

    for parts in _in_flight(work, group.dealt(range(0, paths, wide)), AHEAD * many):
        yield from parts


@dataclass
class Room:
    """How many blocks a call takes; halved for good when memory did not hold them."""

    blocks: int


def _stride(
    compute: Callable[..., Outcome], reduction: Reduction[Any], room: Room, first: int, end: int
) -> Iterator[tuple[int, Any]]:
    """What is made of the paths from `first` to `end`, as many blocks at a time as there is room for."""
    while first < end:
        tried = room.blocks
        count = min(tried, -(-(end - first) // BLOCK))
        try:
            outcome = _side(compute(first=np.uint32(first), chunk=count * BLOCK), end - first)
            arrived = jax.device_get(reduction.begin(outcome))
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) or tried == 1:
                raise
            room.blocks = min(room.blocks, tried // 2)
            continue
        yield first, reduction.end(first, arrived)
        first += count * BLOCK


def _side(outcome: Outcome, wanted: int) -> Outcome:
    """The paths of a single call [1, ..., path], cut at so many of them, on the device."""
    return _cut(outcome, wanted=min(wanted, outcome.fault.shape[-1]))


@partial(jax.jit, static_argnames="wanted")
def _cut(outcome: Outcome, *, wanted: int) -> Outcome:
    return jax.tree.map(lambda field: field[0, ..., :wanted], outcome)


def _gather(chunks: T, wanted: int) -> T:
    """Chunks [call, ..., chunk] side by side [..., path], cut at `wanted` paths."""

    def join(field: Any) -> Any:
        joined = np.moveaxis(np.asarray(field), 0, -2)
        return joined.reshape(*joined.shape[:-2], joined.shape[-2] * joined.shape[-1])[..., :wanted]

    return jax.tree.map(join, chunks)
