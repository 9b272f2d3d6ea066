"""Calibration from file to file: prices in, models with errors out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import pandas as pd

from .. import __version__
from ..core.errors import InputError
from ..core.names import Names, home
from ..data.prices import digest, read_prices, read_styles
from ..data.reading import logger
from ..data.table import digests, listing, parse_day
from .calibration import Calibration
from .document import document, writable, write
from .ladder import Array, Observed, ladder, log_returns, observe
from .memory_law import Law, fit_law, write_residuals
from .picture import picture
from .style_memory import StyleLaw, fit_styles
from .styles import Overlay, overlay
from .summary import summary
from .switching import SHOCKS, Switching, fit_switching

__all__ = ["calibrate", "summary"]

LEAST_RETURNS = 250
"""Daily returns every bucket must have in the window: a year."""

STATES = (1, 2, 3, 4)
STARTS = 8

Progress = Callable[[float, str], None]


def calibrate(
    prices_path: str | Path | Sequence[str | Path],
    *,
    until: str,
    since: str | None = None,
    states: tuple[int, ...] = STATES,
    shocks: tuple[str, ...] = SHOCKS,
    styles_path: str | Path | None = None,
    starts: int = STARTS,
    seed: int = 0,
    output: str | Path,
    figure: str | Path | None = None,
    names: Names | None = None,
    memory: bool = False,
    limit: tuple[float, ...] | None = None,
    residuals: str | Path | None = None,
    progress: Progress | None = None,
    accept: Sequence[str] = (),
    command: str = "",
) -> Calibration:
    """Fit every model to the closes from `since` to `until`, both included; write the TOML and the picture.

    The closes may be in one file or in several; `accept` is of data.daily.KINDS, what may be odd about them.
    `names` are the market's, by default the home market's. memory: fit memory and the law of its residuals
    too, within a limit [bucket] of a day's simple move; residuals: where to write the table of whole days for
    market.process = "days"; command: what was given to make it, for the file.

    progress(fraction done, what is being done) is called as it goes. Raises InputError for data that cannot
    be used, a window too short, or a model that cannot be fitted; then nothing is written.
    """
    tell = progress or (lambda fraction, what: None)
    for path in (output, figure, residuals):
        if path:
            writable(path)
    history = closes(prices_path, names or home(), limit, since, until, accept)
    overlaid = styled(history.factors, styles_path, until) if styles_path else None
    with jax.enable_x64(True):
        models = fitted(observe(history.returns), states, shocks, starts, seed, tell)
        remembered = remembering(history, seed, tell) if memory or residuals else None
        beyond = None
        if remembered and overlaid and styles_path:
            beyond = styles_remembering(remembered, overlaid, history, styles_path, until, tell)
    calibration = Calibration(
        models=models,
        styles=overlaid,
        names=history.names,
        prices=history.prices,
        window=history.window,
        days=len(history.factors),
        digest=digests(prices_path),
        command=command,
        version=__version__,
        starts=starts,
        seed=seed,
        memory=remembered,
        style_memory=beyond,
    )
    written(calibration, history, output, figure, residuals)
    tell(1.0, "done")
    return calibration


@dataclass(frozen=True)
class Closes:
    """What is fitted to: closes of the buckets that have them, and what is made of them."""

    names: Names
    limit: tuple[float, ...] | None  # [bucket]
    prices: pd.DataFrame  # [day, bucket]
    returns: Array  # [day, bucket]  log; a day less than there are closes
    factors: pd.DataFrame  # [day, factor]

    @property
    def window(self) -> tuple[str, str]:
        """First and last day that has returns."""
        return str(self.factors.index[0].date()), str(self.factors.index[-1].date())


def closes(
    path: str | Path | Sequence[str | Path],
    names: Names,
    limit: tuple[float, ...] | None,
    since: str | None,
    until: str,
    accept: Sequence[str],
) -> Closes:
    """Read the window's closes. InputError: data that cannot be used, a window too short, a still factor."""
    place = " + ".join(map(str, listing(path)))
    prices = read_prices(path, names=names, accept=accept, since=since, until=until)
    names, limit = with_closes(place, prices, names, limit)
    prices = windowed(place, prices, since, until, names)
    returns = log_returns(prices.to_numpy())
    factors = pd.DataFrame(ladder(returns), index=prices.index[1:], columns=names.factors)
    moving(place, factors)
    return Closes(names=names, limit=limit, prices=prices, returns=returns, factors=factors)


def remembering(history: Closes, seed: int, tell: Progress) -> Law:
    """Memory of volatility and trends, and the law of what it leaves."""
    tell(0.97, "memory")
    return fit_law(history.factors.to_numpy(), limit=history.limit, seed=seed)


def styles_remembering(
    law: Law, overlaid: Overlay, history: Closes, path: str | Path, until: str, tell: Progress
) -> StyleLaw:
    """The same of the styles, beside the ladder's."""
    tell(0.99, "memory of styles")
    known = read_styles(path)
    return fit_styles(law, overlaid, history.factors, known[known.index <= parse_day("until", until)])


def written(
    calibration: Calibration,
    history: Closes,
    output: str | Path,
    figure: str | Path | None,
    residuals: str | Path | None,
) -> None:
    """The table of whole days, the TOML and the picture, as far as they are asked for."""
    if residuals and calibration.memory:
        names = history.names.factors
        write_residuals(residuals, calibration.memory, list(history.factors.index), names)
    write(output, document(calibration))
    if figure:
        write(figure, picture(calibration))


def with_closes(
    place: str, prices: pd.DataFrame, names: Names, limit: tuple[float, ...] | None
) -> tuple[Names, tuple[float, ...] | None]:
    """The market and the limits without the buckets that have no closes, which are said.

    Only the smallest are left out, from some bucket on, and two are left: `windowed` refuses another gap.
    """
    there = [name in prices.columns for name in names.buckets]
    count = sum(there)
    if count == len(there) or count < 2 or not all(there[:count]):
        return names, limit
    absent, kept = names.buckets[count:], names.buckets[:count]
    logger.warning(
        "%s: no closes of %s, left out: the ladder is %s", place, ", ".join(absent), ", ".join(kept)
    )
    return names.only(kept), limit if limit is None else limit[:count]


def windowed(
    path: str | Path, prices: pd.DataFrame, since: str | None, until: str, names: Names | None = None
) -> pd.DataFrame:
    """The closes of the buckets in the window; InputError unless each has LEAST_RETURNS returns."""
    buckets = list((names or home()).buckets)
    end = parse_day("until", until)
    begin = parse_day("since", since) if since else prices.index[0] if len(prices) else end
    for name in buckets:
        if name not in prices.columns:
            have = ", ".join(map(str, prices.columns))
            raise InputError(str(path), f"no closes of {name} (have {have})", "all of " + ", ".join(buckets))
    inside = prices.loc[(prices.index >= begin) & (prices.index <= end), buckets]
    inside = inside[inside.notna().any(axis=1)]
    for name in buckets:
        known = int(np.isfinite(np.diff(np.log(inside[name].to_numpy()))).sum()) if len(inside) else 0
        if known < LEAST_RETURNS:
            raise InputError(
                f"{path}: {begin.date()} to {end.date()}",
                f"{known} daily returns of {name}",
                f"at least {LEAST_RETURNS} of every bucket",
                "widen the window (since, until) or bring longer data",
            )
    return inside


def moving(path: str | Path, factors: pd.DataFrame) -> None:
    """Refuse a factor that never moves: one index is constant, or a copy of another."""
    for name in factors.columns:
        if not factors[name].std() > 0:
            raise InputError(
                str(path),
                f"{name} never moves",
                "as many different indices as buckets",
                "is one a copy of another?",
            )


def styled(factors: pd.DataFrame, path: str | Path, until: str) -> Overlay:
    """The overlay on the days of the window that the style file has."""
    styles = read_styles(path)
    return overlay(factors, styles[styles.index <= parse_day("until", until)], digest(path))


def fitted(
    observed: Observed,
    states: tuple[int, ...],
    shocks: tuple[str, ...],
    starts: int,
    seed: int,
    tell: Progress,
) -> tuple[Switching, ...]:
    """Every model in turn; a model of K states counts K + 2 towards the fraction done."""
    wanted = [(k, kind) for kind in shocks for k in states]
    whole, done = sum(k + 2 for k, _ in wanted), 0
    models = []
    for k, kind in wanted:
        what = f"{k} states, {kind}"

        def step(count: int, k: int = k, what: str = what, done: int = done) -> None:
            tell((done + (k + 2) * count / (count + 100)) / whole, what)

        tell(done / whole, what)
        models.append(fit_switching(observed, states=k, shocks=kind, number=starts, seed=seed, progress=step))
        done += k + 2
    return tuple(models)
