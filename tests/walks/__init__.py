"""A user's own files walked through the command line, from what he has to the answer he came for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tailrisk.cli import commands

ROOT = Path(__file__).resolve().parents[2]


def asked(*words: object) -> str:
    """What a command prints, both streams; it must end well."""
    done = CliRunner().invoke(commands, [str(word) for word in words], standalone_mode=False)
    assert done.exception is None, f"{words}: {done.exception}\n{done.output}"
    assert not done.return_value, f"{words}: {done.output}"
    return str(done.output)


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A command in a process of its own, run in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tailrisk", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def record(folder: Path) -> dict[str, Any]:
    """The record of a result."""
    return dict(json.loads((folder / "record.json").read_text(encoding="utf-8")))
