"""The user's C++ compiler: which it is, what it is asked, and where its libraries are stored.

A library is named by the SHA-256 of its text, its compiler and its command, in a private folder beside the
programs of `core.compiled`; it is machine code that will be run. Only IEEE's operations are asked for and
nothing is contracted, so the bits are the same by any of these compilers, at any level, of any lanes.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from . import compiled, disk
from .errors import InputError

NAMES = ("c++", "g++", "clang++", "gcc", "clang")
"""Looked for in this order, after the environment's CXX."""
LANES, LEVEL = 16, 3
"""Paths of a vector, and the compiler's level of optimisation: neither moves a digit."""
EXACT = ("-ffp-contract=off", "-fno-fast-math", "-fno-math-errno", "-fno-trapping-math")
ALWAYS = ("-x", "c++", "-shared", "-fPIC", "-w", "-fno-exceptions", "-fno-rtti")
OUTSIDE = ("-fno-tree-loop-im", "-fno-tree-pre", "-fno-gcse", "-fno-code-hoisting", "-fno-gcse-after-reload")
TUNED = ("-march=native", "-mprefer-vector-width=512", *OUTSIDE, "-fira-region=one")
"""Asked where the compiler knows it: moving what is the same for every path out of loops costs registers, and
one region for them all halves the time to compile a day with a crowd."""
SECONDS = 600
"""A compiler that takes longer is stopped."""


class Compiler(NamedTuple):
    """A compiler of this machine."""

    path: str
    version: str  # its first line

    def command(self, source: Path, library: Path, *, level: int = LEVEL, lanes: int = LANES) -> list[str]:
        """What makes `library` of `source`."""
        options = [*ALWAYS, *EXACT, *known(self.path), f"-O{level}", f"-DLANES={lanes}"]
        return [self.path, *options, str(source), "-o", str(library)]


def find(environment: Mapping[str, str] = os.environ) -> Compiler | None:
    """The compiler there is, or None; CXX is taken before all others."""
    asked = environment.get("CXX")
    for name in (asked,) if asked else NAMES:
        path = shutil.which(name, path=environment.get("PATH"))
        version = None if path is None else _version(path)
        if path is not None and version is not None:
            return Compiler(path, version)
    return None


def wanted(environment: Mapping[str, str] = os.environ) -> Compiler:
    """The compiler there is. Raises InputError where there is none."""
    found = find(environment)
    if found is None:
        asked = environment.get("CXX")
        problem = (
            f'"rows", and CXX={asked} compiles nothing' if asked else '"rows", and no C++ compiler is here'
        )
        allowed = '"xla", which needs none; or install g++ or clang++, or name one in CXX'
        raise InputError("run.backend", problem, allowed)
    return found


def library(text: str, compiler: Compiler, *, level: int | None = None, lanes: int = LANES) -> ctypes.CDLL:
    """The library of a text, compiled where it is not stored. Raises InputError where it does not compile."""
    level = LEVEL if level is None else level
    command = compiler.command(Path("kernel.cpp"), Path("kernel.so"), level=level, lanes=lanes)
    name = hashlib.sha256("\n".join([text, compiler.version, _processor(), *command]).encode()).hexdigest()
    folder = _folder()
    stored = None if folder is None else folder / f"{name[:32]}.so"
    if stored is not None and stored.exists():
        os.utime(stored)
        return ctypes.CDLL(str(stored))
    with tempfile.TemporaryDirectory(prefix="tailrisk-rows-") as scratch:
        made = _compiled(text, compiler, Path(scratch), level, lanes)
        if stored is not None and folder is not None:
            disk.replace(stored, made.read_bytes())
            _prune(folder)
        return ctypes.CDLL(str(made))  # stays loaded when the file is gone


def _compiled(text: str, compiler: Compiler, scratch: Path, level: int, lanes: int) -> Path:
    source, made = scratch / "kernel.cpp", scratch / "kernel.so"
    disk.write(source, text)
    command = compiler.command(source, made, level=level, lanes=lanes)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        said = [line for line in done.stderr.splitlines() if "error" in line] or ["no word of why"]
        problem = "" if done.returncode == 0 else said[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if problem:
        text = f'"rows", and {compiler.path} did not compile the kernel: {problem[:200]}'
        raise InputError("run.backend", text, '"xla", or another compiler in CXX')
    return made


LIMIT = 200
"""Libraries stored; beyond, the oldest go."""


def _folder() -> Path | None:
    """Where libraries are stored; None where programs are not."""
    place = compiled.place()
    if place is None:
        return None
    try:
        return compiled.private(
            place, place / f"rows-{hashlib.sha256(_processor().encode()).hexdigest()[:12]}"
        )
    except OSError:
        return None


def _prune(folder: Path) -> None:
    stored = sorted(folder.glob("*.so"), key=lambda it: it.stat().st_mtime, reverse=True)
    for old in stored[LIMIT:]:
        disk.remove(old)


@cache
def known(path: str) -> tuple[str, ...]:
    """Those of TUNED that a compiler takes."""
    return tuple(option for option in TUNED if _takes(path, option))


def _takes(path: str, *options: str) -> bool:
    command = [path, *ALWAYS, "-Werror", *options, "-", "-o", os.devnull]
    command.remove("-w")
    try:
        return (
            subprocess.run(command, input="int x;\n", capture_output=True, text=True, timeout=60).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


@cache
def _version(path: str) -> str | None:
    """A compiler's first line, where it compiles C++."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.splitlines()[0] if said.returncode == 0 and said.stdout and _takes(path) else None


@cache
def _processor() -> str:
    return f"{platform.machine()} {compiled.key()}"
