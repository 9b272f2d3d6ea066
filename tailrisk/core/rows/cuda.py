"""A program as CUDA: one thread a path, the world in constant memory as far as it fits, one launch a call.

It is compiled without a device (experiments/gpu) and by any C++ compiler for a test; nothing launches it.
"""

from collections.abc import Callable
from typing import NamedTuple

from . import source
from .kernel import header
from .program import Loop, Memory, Program, Row, Store
from .thread import Threaded

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


def text(writer: Threaded) -> str:
    """A thread's program in CUDA C++ for NVRTC or nvcc."""
    program = writer.program
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
    entry = ENTRY.format(threads=THREADS, arguments="".join(given), body=writer.text())
    headers = map(header, ("thread.h", "functions.h"))
    return "\n".join([f"#define THREADS {THREADS}", writer.defines(), *headers, *fixed, entry])


def _inside(program: Program) -> set[int]:
    """Arguments that lie in constant memory, by their places: the smallest first, while there is room."""
    left, inside = CONSTANT, set()
    for k in sorted(range(len(program.arguments)), key=lambda k: program.arguments[k].size):
        left -= 4 * max(program.arguments[k].size, 1)
        inside |= {k} if left >= 0 else set()
    return inside


class Moved(NamedTuple):
    """Bytes a path moves: to its outputs and of its number, and to and from memories of a thread."""

    out: int
    own: int


def bytes_moved(writer: Threaded) -> Moved:
    """What a path moves beside what is set aside for want of registers (`Threaded.traffic`)."""
    near = {id(memory) for memory in writer.near}

    def out(it: Row | Store) -> int:
        return 4 if isinstance(it, Store) and it.to.memory.lane and it.to.memory.role == "output" else 0

    def own(it: Row | Store) -> int:
        memory = it.to.memory if isinstance(it, Store) else it.at[0] if it.op == "load" else None
        far = memory is not None and memory.lane and memory.role == "own" and id(memory) not in near
        return 4 if far else 0

    return Moved(4 + _summed(writer, out), _summed(writer, own))


OPERATIONS = {
    "exp": 22,
    "expm1": 26,
    "log": 30,
    "log1p": 44,
    "erf": 34,
    "div": 9,
    "sqrt": 9,
}
"""Instructions of what takes more than one; a division and a root are IEEE's."""


def operations(writer: Threaded) -> int:
    """Instructions of a path, counted row by row, with those that set aside and read again: an estimate."""
    rows = _summed(writer, lambda it: OPERATIONS.get(it.op, 1) if isinstance(it, Row) else 1)
    return rows + writer.traffic().accesses


def _summed(writer: Threaded, weight: Callable[[Row | Store], int]) -> int:
    """The weights of a path's rows and stores that are needed, a loop's as often as it turns."""

    def of(block: list[Row | Store | Loop]) -> int:
        live = filter(writer.alive.has, block)
        return sum(it.length * of(it.body) if isinstance(it, Loop) else weight(it) for it in live)

    return of(writer.program.body)


def _scalar(memory: Memory) -> str:
    return source.SCALARS["i" if memory.kind == "b" else memory.kind]
