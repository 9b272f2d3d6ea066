"""CPU seconds of `tailrisk run` by phase, told by the process that runs it.

    python -m experiments.first_run.phases OUT CONFIG [options of run]

OUT gets a JSON object, seconds by phase. A phase is what its functions take, less what those of other phases
take within them; threads count, and so does a compiler it calls; what the process does besides is `rest`.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

IMPORTS = (
    "jax",
    "tailrisk.record.run",
    "tailrisk.report.page",
    "tailrisk.report.terminal",
    "tailrisk.report.figures",
)
PHASES: Mapping[str, Sequence[str]] = {
    "settings": ("tailrisk.config.load", "tailrisk.config.plan.plan"),
    "world": ("tailrisk.record.run.spreads", "tailrisk.record.run.assemble"),
    "tracing": ("tailrisk.core.ready._lowered", "tailrisk.simulate.rows._kernel"),
    "compiling": ("tailrisk.core.ready._compiled", "tailrisk.core.compiler._compiled"),
    "loading": ("tailrisk.core.ready._loaded",),
    "paths": ("tailrisk.record.run.sample", "tailrisk.record.run.repeats"),
    "tail paths": (
        "tailrisk.record.run.scenarios",
        "tailrisk.record.contributions.table",
        "tailrisk.record.columns.table",
    ),
    "funds": ("tailrisk.record.accounts.outcomes",),
    "tables": ("tailrisk.record.run.write",),
    "figures": ("tailrisk.report.page.figures",),
    "page": ("tailrisk.report.page.write",),
}
"""Functions of each phase, where they are looked up; tracing, compiling, loading are of stored programs.

A kernel of rows is traced and written in every run, and its machine code is stored.
"""
NAMES = ("imports", *PHASES, "rest")


class Clock:
    """CPU seconds of this process and its children by phase; of phases within others the innermost counts."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(NAMES, 0.0)
        self._open, self._since = ["imports"], 0.0

    def enter(self, phase: str) -> None:
        """Begin a phase."""
        self._count()
        self._open.append(phase)

    def leave(self) -> None:
        """End the phase that began last."""
        self._count()
        self._open.pop()

    def of(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, its time counted to a phase."""

        @wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.enter(phase)
            try:
                return function(*args, **kwargs)
            finally:
                self.leave()

        return counted

    def _count(self) -> None:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        now = time.process_time() + children.ru_utime + children.ru_stime
        self.seconds[self._open[-1]] += now - self._since
        self._since = now


def main(out: str, *arguments: str) -> None:
    """Run `tailrisk run` with these arguments and write the seconds."""
    clock = Clock()
    from tailrisk.cli import RARELY, commands

    gc.set_threshold(*RARELY)  # as the command itself does
    for name in IMPORTS:
        import_module(name)
    clock.enter("rest")
    with ExitStack() as patches:
        for phase, places in PHASES.items():
            for place in places:
                module, _, function = place.rpartition(".")
                whole = clock.of(phase, getattr(import_module(module), function))
                patches.enter_context(mock.patch(place, whole))
        commands.main(args=["run", *arguments], prog_name="tailrisk", standalone_mode=False)
    clock.leave()
    Path(out).write_text(json.dumps(clock.seconds), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
