"""How a command ends: its exit code, and what is said of an error in one line or a few."""

import io
from collections.abc import Callable

import click

from ..core.errors import Fault, InputError
from .options import say


def ended(work: Callable[[], object]) -> int:
    """Do the work and return the exit code: 0 done, 1 a fault, 2 bad input, 130 interrupted."""
    try:
        code = work()
    except InputError as error:
        return _said(str(error), 2)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(file=text)
        say(text.getvalue().rstrip("\n"), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _said("interrupted", 130)
    except Fault as fault:
        return _said(f"nothing was published: {fault}", 1)
    except MemoryError:
        return _said("out of memory: lower run.paths or run.chunk, and see `tailrisk check`", 1)
    except OSError as error:
        return _said(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 1)
    return code if isinstance(code, int) else 0


def _said(message: str, code: int) -> int:
    say(f"tailrisk: {message}", err=True)
    return code
