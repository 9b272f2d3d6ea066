"""A program as CUDA: one thread a path, the world in constant memory while it fits, one launch a call.

It is compiled without a device (experiments/gpu) and by any C++ compiler for a test; nothing launches it.
"""

from collections.abc import Callable

from . import source
from .kernel import header
from .program import Loop, Memory, Program, Row, Store
from .thread import Budget, Threaded

CONSTANT = 60_000
"""Bytes of a card's 64 kB of constant memory that the world may take."""
THREADS = 64
"""Threads of a block."""
ENTRY = """
extern "C" __global__ void __launch_bounds__({threads}) kernel(
    {arguments}const unsigned* __restrict__ numbers, long long paths) {{
  const long long path = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (path >= paths) return;
  const U number = numbers[path];
{body}
}}
"""


CONSTANTS = """extern "C" __constant__ {type} in{k}[{size}];
template <int B> FUNCTION {type} of_in{k}() {{
  {type} x;
  asm volatile("ld.const.{ptx} %0, [in{k}+%1];" : "={letter}"(x) : "n"(B));
  return x;
}}
#define in{k}_(place) of_in{k}<4 * (place)>()"""
READ = {"float": {"ptx": "f32", "letter": "f"}, "int": {"ptx": "s32", "letter": "r"}}
READ |= {"unsigned": {"ptx": "u32", "letter": "r"}}
"""A number of the world is read at each use, where it costs nothing: NVVM would hold it in a register."""


GIVEN = "#define in{k}_(place) in{k}[place]"


def text(program: Program, budget: Budget) -> str:
    """The program in CUDA C++ for NVRTC or nvcc, for threads that may take so much."""
    given = [f"{_scalar(memory)}* __restrict__ out{k}, " for k, memory in enumerate(program.outputs)]
    inside = _inside(program)
    fixed = ["#define FIXED(argument, place) argument##_(place)"]
    for k, memory in enumerate(program.arguments):
        kind = _scalar(memory)
        if k in inside:
            fixed.append(CONSTANTS.format(type=kind, k=k, size=max(memory.size, 1), **READ[kind]))
        else:
            given.append(f"const {kind}* __restrict__ in{k}, ")
            fixed.append(GIVEN.format(type=kind, k=k))
    writer = Threaded(program, budget)
    body = writer.text()
    entry = ENTRY.format(threads=THREADS, arguments="".join(given), body=body)
    return "\n".join(
        [f"#define THREADS {THREADS}", writer.defines(), *map(header, ("thread.h", "functions.h")), *fixed, entry]
    )


def _inside(program: Program) -> set[int]:
    """Arguments that lie in constant memory, by their places: the smallest first, while there is room."""
    left, inside = CONSTANT, set()
    for k in sorted(range(len(program.arguments)), key=lambda k: program.arguments[k].size):
        left -= 4 * max(program.arguments[k].size, 1)
        inside |= {k} if left >= 0 else set()
    return inside


def bytes_moved(program: Program) -> int:
    """Bytes that a path moves to and from memory: its number, its outputs, and what is set aside for it."""

    def of(it: Row | Store) -> int:
        if isinstance(it, Store):
            return 4 * it.to.memory.lane
        return 4 * it.at[0].lane if it.op == "load" else 0

    return 4 + _summed(program, of)


OPERATIONS = {
    "exp": 22,
    "expm1": 26,
    "log": 30,
    "log1p": 44,
    "erf": 34,
    "div": 9,
    "sqrt": 9,
    "max": 3,
    "min": 3,
}
"""Instructions of what takes more than one; a division and a root are IEEE's."""


def operations(program: Program) -> int:
    """Instructions of a path, counted row by row: an estimate."""
    return _summed(program, lambda it: OPERATIONS.get(it.op, 1) if isinstance(it, Row) else 1)


def _summed(program: Program, weight: Callable[[Row | Store], int]) -> int:
    """The weights of a path's rows and stores that are needed, a loop's as often as it turns."""
    alive = source.Writer(program).alive

    def of(block: list[Row | Store | Loop]) -> int:
        live = filter(alive.has, block)
        return sum(it.length * of(it.body) if isinstance(it, Loop) else weight(it) for it in live)

    return of(program.body)


def _scalar(memory: Memory) -> str:
    return source.SCALARS["i" if memory.kind == "b" else memory.kind]
