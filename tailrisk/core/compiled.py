"""Compiled programs that outlast the process: a private folder, one part of it for each JAX and processor.

JAX writes an entry in place, so another process may read half of one. Here each process has a folder of its
own, which begins with links to what is stored; what it compiled is renamed into the store when it ends. An
entry is machine code that will be run: the folder is the user's alone and never part of a result.
"""

import atexit
import hashlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from . import disk
from .errors import InputError

OPTION = "TAILRISK_COMPILED"
"""Environment variable: `off`, or the folder."""
THEIRS = "JAX_COMPILATION_CACHE_DIR"
"""JAX's own; where it is set, JAX keeps programs there as it likes and this file does nothing."""
ENTRY = "*-cache"
SECONDS = 0.05
"""What took less to compile is not stored."""
LIMIT = 1e9
"""Bytes of all entries; beyond, the oldest go."""
ABANDONED = 7 * 86400
"""Seconds after which the folder of a process that never ended is removed."""


def place(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where programs are kept, of every version and processor; None where they are not."""
    asked = environment.get(OPTION, "")
    if asked.lower() in {"off", "0", "no"} or environment.get(THEIRS):
        return None
    return Path(asked).expanduser() if asked else _caches(environment) / "tailrisk" / "compiled"


def described(environment: Mapping[str, str] = os.environ) -> str:
    """`place` in words."""
    folder = place(environment)
    if environment.get(THEIRS):
        return f"programs kept by JAX, as {THEIRS} says"
    return f"not kept ({OPTION}={environment[OPTION]})" if folder is None else f"programs kept in {folder}"


def keep(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Keep what JAX compiles from now on, and use what is stored; the store, or None where there is none.

    Raises InputError where TAILRISK_COMPILED names a folder that cannot be written or is another user's.
    """
    folder = place(environment)
    if folder is None or _PROCESS:
        return folder
    try:
        store = private(folder, folder / key())
        mine = _process(store)
    except OSError as error:
        if not environment.get(OPTION):
            return None  # no home, a full disk: programs are compiled anew
        problem = f"{folder}: {error.strerror or error}"
        raise InputError(OPTION, problem, "a folder of your own, or off") from None
    import jax

    jax.config.update("jax_compilation_cache_dir", str(mine))
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")  # their path would be in every key
    jax.config.update("jax_persistent_cache_min_compile_time_secs", SECONDS)
    _PROCESS.append(mine)
    atexit.register(finish, store, mine)
    return store


_PROCESS: list[Path] = []
"""The folder of this process, once there is one."""


def here() -> Path | None:
    """The folder of this process, whose entries are stored when it ends; None where nothing is stored."""
    return _PROCESS[-1] if _PROCESS else None


def key() -> str:
    """Versions of JAX and its compiler, and the processor with its instructions, as the name of a folder."""
    features = [platform.system(), platform.machine(), platform.processor()]
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        features += sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
    return f"{version('jax')}-{version('jaxlib')}-{hashlib.sha256(repr(features).encode()).hexdigest()[:12]}"


def finish(store: Path, mine: Path) -> None:
    """Rename what a process compiled into the store, remove its folder, and keep the store within LIMIT."""
    with suppress(OSError):
        for entry in mine.glob(ENTRY):
            target = store / entry.name
            if not target.exists():
                disk.sync(entry)
                disk.rename(entry, target)
    disk.remove(mine)
    _prune(store.parent)


def _prune(folder: Path) -> None:
    entries = []
    for entry in folder.glob(f"*/{ENTRY}"):
        with suppress(OSError):  # another process removed it
            entries.append((entry.stat().st_mtime, entry.stat().st_size, entry))
    room = LIMIT
    for _, size, entry in sorted(entries, reverse=True):
        room -= size
        if room < 0:
            disk.remove(entry)


def private(*folders: Path) -> Path:
    """The last of some folders, each made where it is not there; OSError where one is another user's."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            raise PermissionError(None, "belongs to another user")
        folder.chmod(0o700)
    return folders[-1]


def _process(store: Path) -> Path:
    """A new folder beside the store with links to its entries."""
    for left in disk.leftovers(store.parent).get(store.name, []):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                disk.remove(left)
    mine = disk.beside(store, "tmp")
    for entry in store.glob(ENTRY):
        with suppress(OSError):  # removed by another process at this moment
            _linked(entry, mine / entry.name)
    return mine


def _linked(entry: Path, link: Path) -> None:
    try:
        os.link(entry, link)
    except OSError:  # a file system without links
        shutil.copyfile(entry, link)


def _caches(environment: Mapping[str, str]) -> Path:
    """The user's folder of caches, by the custom of the system."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
