"""Small C++ libraries for tests, by the machine's own compiler."""

import subprocess
from pathlib import Path

from tailrisk.core import compiler


def library(text: str, folder: Path, name: str) -> str:
    """A shared library of a text. AssertionError where it does not compile."""
    found = compiler.find()
    assert found is not None
    source, made = folder / f"{name}.cpp", folder / f"{name}.so"
    source.write_text(text, encoding="utf-8")
    options = ["-x", "c++", "-shared", "-fPIC", "-w", "-O1", "-ffp-contract=off", "-fno-strict-aliasing"]
    command = [found.path, *options, str(source), "-o", str(made)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
    return str(made)
