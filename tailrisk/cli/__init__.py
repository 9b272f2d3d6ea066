"""The command line: one function a command."""

import gc
import sys
import warnings
from collections.abc import Sequence

import click

from .. import __version__
from .adoption import adoption
from .audit import audit
from .calibrate import calibrate
from .demo import demo
from .ending import ended
from .gauge import gauge
from .guide import guide
from .intraday import liquidity, minute
from .judge import backtest, replay, tune
from .look import check, init, look, sample
from .match import match
from .measure import cta, universe
from .monitor import monitor
from .options import say
from .results import compare, export, listed, publish, query, stale, verify
from .reverse import reverse
from .sensitivities import sensitivities
from .simulate import report, run, show
from .sweep import sweep
from .validate import validate
from .watch import watch
from .write import cite, schema

RARELY = (200_000, 20, 50)
"""Objects and rounds between searches for unreachable cycles: the usual ones cost a second of a first run."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tailrisk", message="%(prog)s %(version)s")
def commands() -> None:
    """Tail risk of quant products in A-shares under style regime switches, by Monte Carlo.

    \b
    A first hour:
      tailrisk demo                 everything once, on one page
      tailrisk init my.toml         write a commented config
      tailrisk check my.toml        validate it; print memory and time
      tailrisk run my.toml          simulate; write results/<name>/report.html
      tailrisk show results/my_run  print the tail table
      tailrisk guide                what to read

    Exit codes: 0 done, 1 a fault (disk, memory, a path), 2 bad input, 130 interrupted.
    """


for command in (
    demo,
    init,
    sample,
    check,
    look,
    run,
    sweep,
    show,
    report,
    listed,
    compare,
    verify,
    query,
    export,
    publish,
    stale,
    calibrate,
    universe,
    cta,
    match,
    backtest,
    monitor,
    validate,
    replay,
    reverse,
    audit,
    adoption,
    sensitivities,
    gauge,
    tune,
    watch,
    minute,
    liquidity,
    guide,
    cite,
    schema,
):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 a fault, 2 bad input, 130 interrupted."""
    gc.set_threshold(*RARELY)

    def command() -> object:
        with warnings.catch_warnings():
            warnings.showwarning = _warned
            return commands.main(
                args=list(arguments) if arguments is not None else None,
                prog_name="tailrisk",
                standalone_mode=False,
            )

    sys.exit(ended(command))


def _warned(message: Warning | str, category: type[Warning], *place: object, **more: object) -> None:
    """A warning in one line, without the line of code that gave it."""
    say(f"tailrisk: warning: {' '.join(str(message).split())}", err=True)
