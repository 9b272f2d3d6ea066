"""One TOML file: its content, or what is wrong with it."""

import os
import tomllib
from pathlib import Path
from typing import Any

from tailrisk.core.errors import InputError

from .explain import dotted

BITS = 128
NUMBERS = f"whole numbers of at most {BITS} bits"
LARGEST = 8 * 2**20
"""Bytes; a larger file is not a config."""


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file. Raises InputError if it is missing, too large, not UTF-8 or not TOML."""
    if not os.path.isfile(path):
        raise InputError(str(path), _absent(path), "a TOML file")
    if os.path.getsize(path) > LARGEST:
        raise InputError(str(path), f"has {os.path.getsize(path):,} bytes", f"at most {LARGEST:,}")
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 text (byte {error.start})", "TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is not TOML: {error}", "see https://toml.io") from None
    except RecursionError:
        raise InputError(str(path), "is nested too deep", "tables and lists a few levels deep") from None
    except ValueError:
        raise InputError(str(path), "holds a whole number of thousands of digits", NUMBERS) from None
    refuse_huge(str(path), content)
    return content


def _absent(path: Path) -> str:
    if os.path.islink(path) and not os.path.exists(path):
        return "is a link that leads to no file, or to itself"
    return "is not a file" if os.path.exists(path) else "no such file"


def refuse_huge(place: str, content: Any) -> None:
    """Raises InputError naming the field of a whole number that no TOML reader has to take."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), content)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, k), inner) for k, inner in enumerate(value)]
        elif isinstance(value, int) and value.bit_length() > BITS:
            where = f"{place}: {dotted(path)}" if path else place
            raise InputError(where, f"a whole number of {value.bit_length():,} bits", NUMBERS)
