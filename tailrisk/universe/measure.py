"""From panel files to a universe on a date and the moments of it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .. import __version__
from ..calibrate.document import writable, write
from ..core.errors import InputError
from ..core.names import Names
from ..data.panel import Panel, read_panel
from ..data.prices import read_styles
from ..data.table import digest
from .circulation import circulating
from .day import at_close
from .descriptors import LEAST, WINDOW, descriptors
from .document import document
from .membership import Membership, Sizes, eligible, membership
from .moments import Moments, Pay, moments
from .returns import Estimates, Progress, estimate
from .stocks import write_stocks
from .universe import OUTSIDE, Array, Universe


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything a panel gives up to its last day."""

    panel: Panel
    members: Membership
    estimates: Estimates
    universe: Universe
    moments: Moments


def measure(
    paths: Sequence[str | Path],
    *,
    until: str | None = None,
    styles_path: str | Path | None = None,
    progress: Progress | None = None,
    accept: Sequence[str] = (),
    names: Names | None = None,
) -> Measured:
    """Read, classify, regress and describe a panel up to a day.

    `styles_path`: published daily style returns, those that the simulator's are fitted to; gains are then
    measured on them. `names`: the market's, by default the home market's. Raises InputError for data that
    cannot be used.
    """
    tell = progress or quiet
    tell(0.0, "reading")
    published = read_styles(styles_path) if styles_path else None
    panel = read_panel(paths, until, accept, names)
    return describe(panel, " + ".join(Path(path).name for path in paths), published, names=names, tell=tell)


def quiet(done: float, what: str) -> None:
    """No progress."""


def describe(
    panel: Panel,
    label: str,
    published: pd.DataFrame | None = None,
    *,
    sizes: Sizes | None = None,
    names: Names | None = None,
    tell: Progress = quiet,
) -> Measured:
    """`measure` of a panel in memory; `published` [day, style] as in `measure`."""
    days = len(panel.dates)
    need = WINDOW + 1 + LEAST
    if days < need:
        raise InputError(label, f"{days} days to {panel.dates[-1].date()}", f"at least {need} days")
    tell(0.3, "indices")
    members = membership(panel, sizes, names)
    tell(0.35, "exposures")
    raw = descriptors(panel)
    estimates = estimate(panel, raw, members, lambda done, what: tell(0.6 + 0.4 * done, what))
    pay = Pay(gain=gains(panel, estimates, published), outside=outside_step(estimates))
    universe = at_close(panel, members, raw, estimates, pay, label)
    tell(1.0, "done")
    return Measured(
        panel=panel,
        members=members,
        estimates=estimates,
        universe=universe,
        moments=moments(universe, circulating(panel)[-1, eligible(panel)[-1]], pay),
    )


def gains(panel: Panel, estimates: Estimates, published: pd.DataFrame | None) -> Array:
    """[style] slope of the style's return inside buckets on the published one, or on our own."""
    found = np.ones(len(estimates.styles))
    for k, name in enumerate(estimates.styles):
        on = estimates.style[:, k]
        if published is not None:
            on = published[name].reindex(panel.dates).to_numpy()
        found[k] = slope(on, estimates.within[:, k])
    return found


def outside_step(estimates: Estimates) -> float:
    """Slope of (stocks in no bucket less the last but one) on (the last less that); zero where none are."""
    large, micro, none = (estimates.bucket[:, place] for place in (-3, -2, OUTSIDE))
    return slope(micro - large, none - large) if np.isfinite(none).any() else 0.0


def slope(x: Array, y: Array) -> float:
    """Least-squares slope of y on x, days both are known. Raises InputError below LEAST of them."""
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < LEAST:
        raise InputError("panel", f"{known.sum()} days of style returns", f"at least {LEAST}")
    x, y = x[known] - x[known].mean(), y[known]
    return float((x @ y) / (x @ x))


def universe(
    paths: Sequence[str | Path],
    *,
    until: str | None = None,
    styles_path: str | Path | None = None,
    output: str | Path,
    stocks: str | Path | None = None,
    accept: Sequence[str] = (),
    progress: Progress | None = None,
    names: Names | None = None,
    command: str = "",
) -> Measured:
    """`measure`, and write the moments to `output`; nothing is written when data cannot be used.

    `stocks`: where to write the bucket and styles of each stock, for books; `accept`: of data.daily.KINDS;
    `names`: the market's, by default the home market's; `command`: what was given to make it, for the file.
    """
    for path in (output, stocks):
        if path:
            writable(path)
    found = measure(
        paths, until=until, styles_path=styles_path, progress=progress, accept=accept, names=names
    )
    made = {
        "first": found.panel.dates[0].date(),
        "days": len(found.panel.dates),
        "stocks": len(found.universe.ids),
        "data_sha256": " ".join(digest(path) for path in (*paths, *([styles_path] if styles_path else []))),
        **({"command": command} if command else {}),
        "version": __version__,
    }
    if stocks:
        made["stocks_file"] = os.path.relpath(stocks, Path(output).parent)
    write(output, document(found.moments, made, names))
    if stocks:
        write_stocks(stocks, found.universe)
    return found
