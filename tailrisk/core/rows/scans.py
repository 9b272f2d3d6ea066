"""How JAX writes a loop down: the parameters of its scan, which are named otherwise since 0.11."""

from typing import Any, NamedTuple

import jax

from ..errors import InputError


class Scan(NamedTuple):
    """A loop: its body reads `fixed` constants, then `carried` arrays, then a slice of each of the others."""

    jaxpr: Any
    consts: list[Any]
    fixed: int
    carried: int
    length: int
    reverse: bool


def scan(p: dict[str, Any]) -> Scan:
    """The loop of a scan's parameters. Raises InputError for a form that no JAX so far has written."""
    try:
        fixed, carried = _counted(p)
        body = p["jaxpr"]
        return Scan(body.jaxpr, body.consts, fixed, carried, p["length"], p["reverse"])
    except (AttributeError, KeyError, TypeError, ValueError):
        problem = f'"rows" cannot read the loops of JAX {jax.__version__}'
        raise InputError("run.backend", problem, '"xla", or an older JAX') from None


def _counted(p: dict[str, Any]) -> tuple[int, int]:
    """Constants and carried arrays: two counts before JAX 0.11, since then trees of what goes in."""
    if "num_consts" in p:
        return p["num_consts"], p["num_carry"]
    fixed, carried, _ = map(len, p["ft_in"].unpack())
    return fixed, carried
