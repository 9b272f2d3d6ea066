"""The file of moments: TOML with units in comments, written by `tailrisk universe` and read back."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..calibrate.document import ROUNDED, number, quoted, table
from ..core.errors import InputError
from ..core.names import STYLES, Names, home
from .moments import KNOTS, SIZES, Moments, Pay
from .universe import Array


def document(it: Moments, made: dict[str, Any], names: Names | None = None) -> str:
    """The file as text; `made` says from what, by which command."""
    return "\n".join([*heading(it, made), "", *body(it, names or home())]) + "\n"


def heading(it: Moments, made: dict[str, Any]) -> Iterator[str]:
    yield "# written by `tailrisk universe`; do not edit"
    yield "#"
    yield "# Moments of a stock universe, from which a synthetic one of any number of names is drawn:"
    yield "# no stock's own figures are here. Styles are z-scores: mean zero under cap weights, standard"
    yield "# deviation one."
    yield "# Coefficients are on one, then on the styles in their order, each stock counting once."
    yield from ROUNDED
    yield ""
    yield "[fit]"
    yield f"source = {quoted(it.source)}"
    yield f'date = "{it.date}"'
    for name, value in made.items():
        yield f"{name} = {value if isinstance(value, int) else quoted(str(value))}"


def body(it: Moments, names: Names) -> Iterator[str]:
    """The [universe] block."""
    yield "[universe]"
    yield "styles = [" + ", ".join(quoted(name) for name in it.styles) + "]"
    yield from table("rank", np.array(KNOTS), "[knot] share of names that are larger")
    yield from table("log_cap", it.log_cap, "[knot] log yuan, all shares; linear in log rank between knots")
    yield from table("style", it.style, "[style but sizes, 3] on one, size, non-linear size")
    yield from table("style_covariance", it.style_covariance, "[style but sizes, same] of what those leave")
    yield from table("log_specific", it.log_specific, "[1 + style] log of specific deviation per day")
    yield f"log_specific_sd = {number(it.log_specific_sd)}  # of what styles leave"
    yield from table("log_turnover", it.log_turnover, "[1 + style] log of daily amount over cap")
    yield f"log_turnover_sd = {number(it.log_turnover_sd)}"
    yield from table(
        "circulating", it.circulating, "[bucket, then in none] mean circulating share of the cap"
    )
    yield from table("circulating_sd", it.circulating_sd, "[bucket, then in none]")
    yield from table("gain", it.pay.gain, "[style] pay of a style return inside a bucket, per unit")
    outside = number(it.pay.outside)
    step = " to ".join(names.buckets[-2:])
    yield f"outside = {outside}  # part of the step {step} that a stock in no bucket earns"


def read(path: str | Path, names: Names | None = None) -> Moments:
    """The moments of a file, of a market's buckets, by default the home market's.

    Raises InputError for a file that is not one, or a shape that is wrong.
    """
    place, groups = str(path), len((names or home()).buckets) + 1
    try:
        text = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        part, fit = text["universe"], text["fit"]
        styles = tuple(str(name) for name in part["styles"])
        scalars = {name: float(part[name]) for name in ("log_specific_sd", "log_turnover_sd", "outside")}
        arrays = {name: _array(part, name, shape) for name, shape in shapes(styles, groups).items()}
        source, date = str(fit["source"]), str(fit["date"])
    except FileNotFoundError:
        raise InputError(place, "no such file", "a file that `tailrisk universe` wrote") from None
    except (
        KeyError,
        TypeError,
        ValueError,
    ) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise InputError(
            place, f"cannot be read ({error})", "a file that `tailrisk universe` wrote"
        ) from None
    checked(place, styles, arrays, scalars, groups)
    pay = Pay(gain=arrays.pop("gain"), outside=scalars.pop("outside"))
    known: dict[str, Any] = {**arrays, **scalars}
    del known["rank"]
    return Moments(source=source, date=date, styles=styles, pay=pay, **known)


def _array(part: dict[str, Any], name: str, shape: tuple[int, ...]) -> Array:
    """An array of the file; one without entries has the shape that is asked for."""
    found = np.array(part[name], dtype=float)
    return found.reshape(shape) if found.size == 0 and 0 in shape else found


def shapes(names: tuple[str, ...], groups: int) -> dict[str, tuple[int, ...]]:
    """Array -> its shape, for so many styles and groups of stocks."""
    every, others = len(names), len([name for name in names if name not in SIZES])
    return {
        "rank": (len(KNOTS),),
        "log_cap": (len(KNOTS),),
        "style": (others, 1 + len(SIZES)),
        "style_covariance": (others, others),
        "log_specific": (1 + every,),
        "log_turnover": (1 + every,),
        "circulating": (groups,),
        "circulating_sd": (groups,),
        "gain": (every,),
    }


def checked(
    place: str,
    names: tuple[str, ...],
    arrays: dict[str, Array],
    scalars: dict[str, float],
    groups: int,
) -> None:
    """Refuse unknown styles, wrong shapes, numbers that are not finite, caps that rise with rank."""
    if not set(SIZES) <= set(names) <= set(STYLES) or len(set(names)) < len(names):
        raise InputError(f"{place}: styles", ", ".join(names), f"{', '.join(SIZES)} and others of {STYLES}")
    for name, shape in shapes(names, groups).items():
        if arrays[name].shape != shape:
            raise InputError(f"{place}: {name}", f"has shape {arrays[name].shape}", f"shape {shape}")
    for name, value in {**arrays, **{name: np.array(value) for name, value in scalars.items()}}.items():
        if not np.isfinite(value).all():
            raise InputError(f"{place}: {name}", "holds a number that is not finite", "finite numbers")
    if not np.array_equal(arrays["rank"], KNOTS):
        raise InputError(f"{place}: rank", str(arrays["rank"].tolist()), str(list(KNOTS)))
    if (np.diff(arrays["log_cap"]) > 0).any():
        raise InputError(f"{place}: log_cap", "rises with rank", "caps from the largest down")
    if len(arrays["style_covariance"]) and np.linalg.eigvalsh(arrays["style_covariance"]).min() <= 0:
        raise InputError(f"{place}: style_covariance", "is not positive definite", "a covariance")
