"""Programs that are loaded without being traced, where `compiled` stores them.

JAX finds a stored program by its text, and writing the text is tracing it: seconds for a day with a crowd.
Here it is found by what tracing reads: the code of this package, the shapes and static parts of its
arguments, settings of JAX. An entry lies with JAX's own, in the same private folder, and is machine code that
will be run. What holds parts of the user's own, an accelerator and several devices are traced as ever; so is
what came out of JAX's own store, as after a change of this package's code alone: written again it would have
lost its machine code (jaxlib 0.10.2), which shows when it is called.
"""

import hashlib
import os
import pickle
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import Any

from . import compiled, disk

SETTINGS = (
    "jax_enable_x64",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
    "jax_default_matmul_precision",
    "jax_disable_jit",
    "jax_debug_nans",
)
"""Of JAX, that change what is traced."""
FLAGS = ("XLA_FLAGS", "JAX_PLATFORMS")
OURS = __name__.partition(".")[0]
BEGUN = time.time()
PLAIN = (str, bytes, bool, int, float, Enum, type(None))
HIT = "/jax/compilation_cache/cache_hits"
"""JAX's event for a program out of its own store."""
GONE = "NOT_FOUND"
"""What XLA says of a function that is not there."""
DIGEST = 32
"""Bytes before an entry: the SHA-256 of the rest."""


def ready(program: Any, *args: Any) -> Callable[..., Any]:
    """`program` as a function of arrays of the shapes of `args`: a `jax.jit`, or a `partial` of one.

    What a partial gives are the static arguments. Where programs are stored it is loaded if it is there, and
    stored if it is not; the bits are the same.
    """
    place = compiled.here()
    name = None if place is None else key(program, args)
    if place is None or name is None:
        return program
    known = _READY.get(name)
    if known is None:
        known = _READY[name] = _loaded(place / name, program) or _stored(place / name, program, args)
    return known


_READY: dict[str, Callable[..., Any]] = {}
"""Of this process, by name."""


def key(program: Any, args: tuple[Any, ...]) -> str | None:
    """The name of an entry; None for what must be traced."""
    import jax

    leaves, tree = jax.tree.flatten(args)
    jitted, fixed, named = _apart(program)
    what = _written(getattr(jitted, "__wrapped__", jitted))
    static = [_written(value) for value in (*fixed, *named.values())]
    if len(jax.devices()) > 1 or jax.default_backend() != "cpu" or not _ours(tree):
        return None
    code = _code()
    if code is None or what is None or None in static:
        return None
    shapes = [(str(jax.typeof(leaf)), bool(getattr(leaf, "weak_type", False))) for leaf in leaves]
    settings = [getattr(jax.config, name, None) for name in SETTINGS]
    settings += [os.environ.get(name) for name in FLAGS]
    text = repr((code, what, static, list(named), repr(tree), shapes, settings))
    return f"{what.rpartition('.')[2]}-ready-{hashlib.sha256(text.encode()).hexdigest()}-cache"


def _apart(program: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """(the `jax.jit`, its static arguments by place, by name)."""
    if isinstance(program, partial):
        return program.func, program.args, program.keywords
    return program, (), {}


def _loaded(entry: Path, program: Any) -> Callable[..., Any] | None:
    """The program of an entry; None where there is none or it is damaged, which is then removed.

    One that shows to have no machine code when it is called is removed too, and `program` takes its place.
    """
    import jax
    from jax.experimental import serialize_executable

    try:
        data = entry.read_bytes()
    except OSError:
        return None
    try:
        if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
            raise ValueError("damaged")
        loaded: Callable[..., Any] = serialize_executable.deserialize_and_load(*pickle.loads(data[DIGEST:]))
    except Exception:  # of another make, or cut: it is made again
        disk.remove(entry)
        return None

    def called(*args: Any) -> Any:
        try:
            return loaded(*args)
        except jax.errors.JaxRuntimeError as error:
            if GONE not in str(error):
                raise
            disk.remove(entry)
            return program(*args)

    return called


def _stored(entry: Path, program: Any, args: tuple[Any, ...]) -> Callable[..., Any]:
    """The program compiled, its entry written."""
    from jax.experimental import serialize_executable

    _listen()
    before = _HITS.count
    made = _compiled(_lowered(program, args))
    whole: Callable[..., Any] = made
    if _HITS.count > before:
        return whole
    with suppress(Exception):  # one that cannot be stored is compiled again by the next process
        data = pickle.dumps(serialize_executable.serialize(made))
        disk.write(entry, hashlib.sha256(data).digest() + data)
    return whole


class _Hits(threading.local):
    """Of a thread: programs that JAX took from its own store."""

    count = 0


_HITS = _Hits()


@cache
def _listen() -> None:
    """Count those hits from now on."""
    import jax

    def heard(event: str, **_: Any) -> None:
        _HITS.count += event == HIT

    jax.monitoring.register_event_listener(heard)


def _lowered(program: Any, args: tuple[Any, ...]) -> Any:
    jitted, fixed, named = _apart(program)
    return jitted.lower(*fixed, *args, **named)


def _compiled(lowered: Any) -> Any:
    return lowered.compile()


@cache
def _code() -> str | None:
    """A digest of this package's code; None where it changed since the process began, or is no folder."""
    root, digest = Path(__file__).resolve().parents[1], hashlib.sha256()
    files = sorted(root.rglob("*.py"))
    for path in files:
        if path.stat().st_mtime > BEGUN:
            return None
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest() if files else None


def _ours(tree: Any) -> bool:
    """Whether nothing but this package's code is behind the nodes of a tree and what they say."""
    node = tree.node_data()
    if node is None:
        return True
    kind, about = node
    return _is_ours(kind) and _plain(about) and all(_ours(child) for child in tree.children())


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in (OURS, "builtins")


def _plain(value: Any) -> bool:
    """Whether a value's repr says all of it."""
    if isinstance(value, PLAIN):
        return True
    if isinstance(value, tuple | list):
        return _is_ours(type(value)) and all(map(_plain, value))
    if not is_dataclass(value) or isinstance(value, type):
        return False
    return _is_ours(type(value)) and all(_plain(getattr(value, field.name)) for field in fields(value))


def _written(value: Any) -> str | None:
    """A static argument in words: a plain value, or a function of this package by its name."""
    if _plain(value):
        return repr(value)
    name, module = getattr(value, "__qualname__", None), getattr(value, "__module__", None)
    if name is None or module is None or module.partition(".")[0] != OURS or "<" in name:
        return None
    return f"{module}.{name}"
