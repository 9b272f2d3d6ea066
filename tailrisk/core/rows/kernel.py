"""A kernel that can be called: the rows of a function, compiled for this machine's CPU."""

import ctypes
from collections.abc import Callable
from importlib import resources
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from .. import compiler
from . import source
from .program import DTYPES, Program
from .read import read
from .shapes import PATHS
from .simplify import Codes, codes
from .thread import Budget, Threaded

ENTRY = """
extern "C" void kernel(
    const void* const* in, void* const* out, const unsigned* numbers, char* room, long paths) {{
{arguments}
  const unsigned before = flushed();
  float numbers_of_all[{count}], *common = numbers_of_all;
{once}
  for (long path = 0; path < paths; path += LANES) {{
    char* own = room;
    U number;
    __builtin_memcpy(&number, numbers + path, sizeof number);
{body}
  }}
  restored(before);
}}
"""
SINGLE = """#define THREADS 1
static const struct {{ unsigned x; }} threadIdx = {{0}};
static thread_local float state[{words}];
"""
"""A thread by itself: its block's shared memory."""
BUDGET = Budget(160, 904)


def text(program: Program, lanes: int = compiler.LANES) -> str:
    """The program in C++ for a CPU, in vectors of `lanes` paths."""
    count, once, body = source.parts(program)
    return _joined(["vector.h", "functions.h", "flush.h"], program, count, "\n".join(once), body)


def alone(program: Program, budget: Budget) -> str:
    """The program in C++ for a CPU, for one path as a GPU's thread has it."""
    writer = Threaded(program, budget)
    body = writer.text()
    own = SINGLE.format(words=writer.layout.alone + 1)
    made = _joined(["thread.h", "functions.h", "flush.h"], program, 0, "", body)
    return "\n".join([writer.defines(), own, made])


def _joined(headers: list[str], program: Program, count: int, once: str, body: str) -> str:
    lines = []
    for name, memories, const in (("in", program.arguments, "const "), ("out", program.outputs, "")):
        for k, memory in enumerate(memories):
            kind = source.SCALARS["i" if memory.kind == "b" else memory.kind]
            lines.append(f"  {const}{kind}* __restrict const {name}{k} = ({const}{kind}*){name}[{k}];")
    entry = ENTRY.format(arguments="\n".join(lines), count=count + 1, once=once, body=body)
    return "\n".join([*map(header, headers), entry])


def header(name: str) -> str:
    """The text of a header beside this file."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


class Kernel:
    """`function(arguments, numbers)` as machine code; arguments of the same shapes may be exchanged."""

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Any,
        *,
        known: Codes | None = None,
        level: int | None = None,
        lanes: int = compiler.LANES,
        budget: Budget | None = None,
    ) -> None:
        """`known` of arguments whose zeros and ones are compiled in: it is then called with such alone.

        budget: the text of a GPU's thread that may take so much, path by path; what one lane has too.
        """
        if lanes == 1:
            budget = budget or BUDGET
        lanes = 1 if budget else lanes
        self.compiler, self.lanes, self.known = compiler.wanted(), lanes, known
        self.program, self.shapes = read(function, arguments, known, lifted=True)
        written = alone(self.program, budget) if budget else text(self.program, lanes)
        library = compiler.library(written, self.compiler, level=level, lanes=lanes)
        self._library, self._entry = library, library.kernel
        self._entry.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_long]
        self._entry.restype = None
        each, all_ = source.room(self.program)
        owned = len(source.Writer(self.program).owned)
        self._room = 4 * (each * lanes + all_) + 64 * owned + 64

    def __call__(self, arguments: Any, numbers: NDArray[np.uint32]) -> Any:
        """What comes out for the paths numbered [path], in NumPy arrays [.., path]."""
        wanted, lanes = len(numbers), self.lanes
        filled = np.resize(numbers, -(-wanted // lanes) * lanes).astype(np.uint32)
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(arguments)]
        assert self.known is None or np.array_equal(self.known, codes(leaves)), (
            "made for other zeros and ones"
        )
        given = [_plain(leaf) for leaf in leaves]
        made = [self._empty(memory, len(filled)) for memory in self.program.outputs]
        room = np.empty(self._room + 64, np.uint8)
        aligned = -(-room.ctypes.data // 64) * 64
        self._entry(_places(given), _places(made), filled.ctypes.data, aligned, len(filled))
        outcomes, tree = jax.tree.flatten(self.shapes)
        parts = [
            _shaped(x, memory.kind, leaf.shape, len(filled))[..., :wanted]
            if memory.lane
            else x.reshape(leaf.shape)
            for x, memory, leaf in zip(made, self.program.outputs, outcomes, strict=True)
        ]
        return jax.tree.unflatten(tree, parts)

    def _empty(self, memory: Any, paths: int) -> NDArray[Any]:
        kind = np.int32 if memory.kind == "b" else DTYPES[memory.kind]
        return np.empty((memory.size, paths) if memory.lane else (memory.size,), kind)


def _plain(x: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(x.astype(np.int32) if x.dtype == bool else x)


def _places(arrays: list[NDArray[Any]]) -> Any:
    return ctypes.cast((ctypes.c_void_p * len(arrays))(*(x.ctypes.data for x in arrays)), ctypes.c_void_p)


def _shaped(x: NDArray[Any], kind: str, shape: tuple[int, ...], paths: int) -> NDArray[Any]:
    x = x if kind != "b" else x != 0
    return x.reshape([paths if n == PATHS else n for n in shape])
