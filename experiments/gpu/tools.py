"""NVIDIA's compilers as this machine has them: NVRTC and ptxas, from wheels, a toolkit or the path."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

OPTIONS = ("--fmad=false", "--std=c++17", "-default-device")
"""Nothing is contracted: IEEE's operations alone, as on a CPU."""
NVRTC = (Path("cuda_nvrtc/lib/libnvrtc.so.12"), Path("cu13/lib/libnvrtc.so.13"))
PTXAS = (Path("cuda_nvcc/bin/ptxas"), Path("cu13/bin/ptxas"))
"""Below `nvidia` in a folder of wheels."""


class Assembled(NamedTuple):
    """A kernel in a card's own code, and what ptxas says of it."""

    registers: int
    spills: int  # bytes of spill stores
    stack: int  # bytes
    seconds: float  # of CPU
    binary: bytes


def translated(text: str, architecture: str) -> bytes:
    """The PTX of CUDA text for an architecture such as sm_90a.

    Raises RuntimeError with NVRTC's words where it does not compile, ClickException where there is no NVRTC.
    """
    nvrtc = _nvrtc()
    handle, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(handle), text.encode(), b"kernel.cu", 0, None, None)
    options = [f"--gpu-architecture={architecture.replace('sm', 'compute')}", *OPTIONS]
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


def assembled(ptx: bytes | Path, architecture: str, binary: Path = Path(os.devnull)) -> Assembled:
    """PTX, or a file of it, by ptxas; of a file with several kernels the most registers and all spills.

    Raises RuntimeError with what ptxas says where it does not assemble, ClickException where there is none.
    """
    source, given = (str(ptx), None) if isinstance(ptx, Path) else ("-", ptx)
    command = [ptxas(), "-v", f"-arch={architecture}", source, "-o", str(binary)]
    before = os.times().children_user
    done = subprocess.run(command, input=given, capture_output=True)
    said = (done.stdout + done.stderr).decode()
    if done.returncode:
        raise RuntimeError(said[:2000])
    registers, spills, stack = (
        [int(n) for n in re.findall(pattern, said)]
        for pattern in (r"Used (\d+) reg", r"(\d+) bytes spill stores", r"(\d+) bytes stack")
    )
    made = binary.read_bytes() if binary.is_file() else b""
    seconds = os.times().children_user - before
    return Assembled(max(registers, default=0), sum(spills), max(stack, default=0), seconds, made)


def ptxas() -> str:
    """Where ptxas is. Raises ClickException where it is not."""
    for file in _wheels(PTXAS):
        if not os.access(file, os.X_OK):  # as pip unpacks some wheels
            file.chmod(0o755)
        return str(file)
    there = shutil.which("ptxas")
    if there is None:
        raise click.ClickException("no ptxas: install nvidia-cuda-nvcc-cu12, or put CUDA's own on the path")
    return there


def _nvrtc() -> ctypes.CDLL:
    for name in (*map(str, _wheels(NVRTC)), "libnvrtc.so.12", "libnvrtc.so.13", "libnvrtc.so"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise click.ClickException("no NVRTC: install nvidia-cuda-nvrtc-cu12, or put CUDA's own on the path")


def _wheels(places: tuple[Path, ...]) -> Iterator[Path]:
    """Files of NVIDIA's wheels in the folders Python looks in."""
    for folder in map(Path, sys.path):
        yield from (folder / "nvidia" / place for place in places if (folder / "nvidia" / place).is_file())
