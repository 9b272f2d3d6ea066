"""Programs as one kernel of rows (core.rows), compiled for a card by NVRTC and ptxas."""

import ctypes
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tailrisk.core.rows import cuda
from tailrisk.core.rows.read import read
from tailrisk.simulate import path
from tailrisk.simulate.world import World

from .cards import Card

KERNELS = ("prices", "exogenous", "memory", "memory with events", "crowd")
"""Programs that are compiled as one kernel too."""
OPTIONS = ("--fmad=false", "--std=c++17", "-default-device")
"""Nothing is contracted: IEEE's operations alone, as on a CPU."""
LIBRARY = Path("nvidia") / "cuda_nvrtc" / "lib" / "libnvrtc.so.12"


class Written(NamedTuple):
    """A program as one kernel, the same for every card."""

    text: str
    bytes: float  # a path-day
    operations: float  # a path-day
    shared: int  # bytes a thread


def written(program: Callable[..., Any], world: World) -> Written:
    """One program in CUDA, and what it takes."""
    with path.day_by_day():
        rows, _ = read(lambda world, numbers: program(world, None, numbers), world)
    moved, work = cuda.bytes_moved(rows) / world.days, cuda.operations(rows) / world.days
    return Written(cuda.text(rows), moved, work, cuda.shared(rows))


def compiled(card: Card, it: Written, ptxas: str) -> dict[str, Any]:
    """One program as one kernel for one card: a row of the table, as for XLA's."""
    started = time.process_time()
    registers, spills, stack, seconds = assembled(translated(it.text, card), card, ptxas)
    return {
        "bytes_path_day": round(it.bytes, 1),
        "registers": registers,
        "spill_bytes": spills,
        "stack_bytes": stack,
        "shared_bytes": it.shared,
        "threads": card.resident(registers, it.shared, cuda.THREADS),
        "path_days_per_second": min(card.bandwidth / it.bytes, card.operations / it.operations),
        "operations_path_day": round(it.operations),
        "compile_cpu_seconds": round(time.process_time() - started + seconds, 1),
    }


def translated(text: str, card: Card) -> bytes:
    """The PTX of CUDA text. Raises RuntimeError with NVRTC's words where it does not compile."""
    nvrtc = ctypes.CDLL(_library())
    handle, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(handle), text.encode(), b"kernel.cu", 0, None, None)
    options = [f"--gpu-architecture={card.architecture.replace('sm', 'compute')}", *OPTIONS]
    given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    if nvrtc.nvrtcCompileProgram(handle, len(options), given):
        nvrtc.nvrtcGetProgramLogSize(handle, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        nvrtc.nvrtcGetProgramLog(handle, log)
        raise RuntimeError(log.value.decode()[:2000])
    nvrtc.nvrtcGetPTXSize(handle, ctypes.byref(size))
    ptx = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetPTX(handle, ptx)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(handle))
    return ptx.value


def assembled(ptx: bytes, card: Card, ptxas: str) -> tuple[int, int, int, float]:
    """(registers, bytes of spill stores, bytes of stack, CPU seconds) of a kernel, as ptxas gives them."""
    command = [ptxas, "-v", f"-arch={card.architecture}", "-", "-o", "/dev/null"]
    before = _children()
    done = subprocess.run(command, input=ptx, capture_output=True)
    said = (done.stdout + done.stderr).decode()
    if done.returncode:
        raise RuntimeError(said[:2000])
    numbers = [
        re.search(pattern, said)
        for pattern in (r"Used (\d+) reg", r"(\d+) bytes spill stores", r"(\d+) bytes stack")
    ]
    registers, spills, stack = (int(found[1]) if found else 0 for found in numbers)
    return registers, spills, stack, _children() - before


def _children() -> float:
    import os

    return os.times().children_user


def _library() -> str:
    for folder in sys.path:
        if (Path(folder) / LIBRARY).is_file():
            return str(Path(folder) / LIBRARY)
    return "libnvrtc.so"
