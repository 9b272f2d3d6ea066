"""What computes paths: run.backend in words, refused before anything is simulated where it cannot be had."""

from tailrisk.core import compiler

from .schema import Config


def described(config: Config) -> str:
    """The backend, with its compiler where it has one. Raises InputError where there is no compiler."""
    if config.run.backend == "xla":
        return "xla"
    found = compiler.wanted()
    return f"rows, by {found.version} in vectors of {compiler.LANES} paths"
