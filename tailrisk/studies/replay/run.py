"""A replay: every product's P&L on the prices that were, in a folder of its own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...assemble.funds import Funds, assemble
from ...calibrate.commodities import read_futures as read_commodities
from ...calibrate.futures import read_futures, rolled
from ...calibrate.realised import Frictions, Quotes, tape, window, without_basis
from ...calibrate.trend import Rule, earned, positions
from ...core.errors import Fault, InputError
from ...data.prices import digest, read_prices
from ...data.styles import read_styles
from ...products import account, trade
from ...products.market_day import MarketDay
from ...record import provenance
from ...record.files import write_csv
from ...record.store import replacing, write_record
from . import page
from .config import Figure, Loaded

LEVELS = (0.1, 0.5, 0.9)
"""Quantiles among the funds of a product."""
Array = np.ndarray[Any, np.dtype[np.float64]]
Files = dict[str, Path | None]
COLUMNS = ["product", "measure", "from", "to", "reported_low", "reported_high", "replay"]
COLUMNS += ["funds_10", "funds_50", "funds_90", "agrees", "grade", "source"]
"""Of reported.csv, whether or not a figure was reported."""


def replay(
    loaded: Loaded,
    output: Path,
    *,
    indices: Path | None = None,
    futures: Path | None = None,
    commodities: Path | None = None,
    styles: Path | None = None,
    force: bool = False,
    command: str = "",
    accept: Sequence[str] = (),
) -> Path:
    """Live the days of a replay; write output/<name> and give its path.

    Files in place of those the replay names: index closes, contracts, commodity futures, returns of styles;
    `accept` is of data.daily.KINDS, what may be odd about any of them.
    """
    said, beside = loaded.replay, loaded.folder
    folder = output / said.name
    data = said.data
    named = {"futures": data.futures, "commodities": data.commodities, "styles": data.styles}
    given = {"futures": futures, "commodities": commodities, "styles": styles}
    files = {"indices": indices or beside / data.indices, **given}
    files |= {key: beside / name for key, name in named.items() if name is not None and files[key] is None}
    with replacing(folder, force=force) as scratch:
        _study(loaded, files, scratch, command, accept)
        page.write(scratch)
    return folder


def _study(loaded: Loaded, files: Files, folder: Path, command: str, accept: Sequence[str]) -> None:
    said = loaded.replay
    indices, futures, commodities = files["indices"], files["futures"], files["commodities"]
    assert indices is not None
    names = loaded.config.names
    prices = read_prices(indices, names=names, accept=accept)
    closes = window(prices, said.first.isoformat(), said.last.isoformat(), names)
    quotes = _quotes(loaded, closes, futures, accept)
    frictions = Frictions(said.limit_down, said.refused, said.locked)
    picked = _styles(loaded, files["styles"], closes)
    funds = assemble(
        loaded.config, loaded.accounts, said.funds, said.seed, styles=list(map(str, picked.columns))
    )
    days = tape(closes, quotes, frictions)
    if len(picked.columns):
        days = replace(days, styles=jnp.asarray(picked.to_numpy()[:, :, None]))
    if commodities is not None:
        days = replace(days, other=jnp.asarray(trend(commodities, closes, accept)[:, None, None]))
    lived = live(funds.params, days)
    if not all(np.isfinite(value).all() for value in lived.values()):
        raise Fault("a fund's NAV is not a number")
    known = (loaded, funds, lived, pd.DatetimeIndex(closes.index))
    write_csv(_daily(*known[1:]), folder / "daily.csv", digits="%.4f", missing="")
    write_csv(_windows(*known), folder / "windows.csv", digits="%.6g", missing="")
    write_csv(_reported(*known), folder / "reported.csv", digits="%.6g", missing="")
    write_record(folder, _record(loaded, command, files))


def trend(commodities: Path, closes: pd.DataFrame, accept: Sequence[str] = ()) -> Array:
    """Return on a CTA's equity of every day after the eve [day], by the rule of `tailrisk cta`.

    Raises InputError when the rule has no position yet on some of them.
    """
    futures = read_commodities(commodities, accept=accept)
    gains = earned(futures.returns, positions(futures.returns, Rule()))
    wanted = gains.reindex(closes.index[1:])
    if wanted.isna().any():
        missing = f"no return of the rule on {wanted.index[wanted.isna()][0].date()}"
        raise InputError(
            str(commodities), missing, "every day of the replay, and the rule's horizons before it"
        )
    return wanted.to_numpy()


def _styles(loaded: Loaded, path: Path | None, closes: pd.DataFrame) -> pd.DataFrame:
    """Returns of the file's styles on every day after the eve; no columns without a file.

    Raises InputError for a style, or a day, that the file lacks.
    """
    days = closes.index[1:]
    if path is None:
        return pd.DataFrame(index=days)
    found = read_styles(path)
    for style in loaded.config.styles_in_use:
        if style not in found:
            raise InputError(str(path), f"no column {style}", "every style that a product is exposed to")
    known = found.reindex(days)
    if known.isna().any(axis=None):
        day = known.index[known.isna().any(axis=1)][0].date()
        raise InputError(str(path), f"no return on {day}", "one on every day of the replay")
    return known


def live(params: account.Params, days: MarketDay) -> dict[str, Array]:
    """Every fund, its book held, eve first: NAV, benchmark, shortfall [day, fund], P&L [day, line, fund]."""
    start = account.init(params, 1)
    shape = start.long.shape
    hold = trade.Target(
        weights=jnp.zeros(shape),
        gross=jnp.zeros(shape[::2]),
        short=jnp.zeros_like(start.futures),
        act=jnp.zeros(shape[::2]),
    )

    def one_day(state: account.State, today: MarketDay) -> tuple[account.State, dict[str, jax.Array]]:
        state = account.step(params, state, today, hold)
        return state, _seen(state)

    _, seen = jax.jit(lambda state, tape: jax.lax.scan(one_day, state, tape))(start, days)
    eve = _seen(start)
    joined = {name: np.concatenate([np.asarray(eve[name])[None], np.asarray(seen[name])]) for name in eve}
    return {name: value[..., 0] for name, value in joined.items()}


def _seen(state: account.State) -> dict[str, jax.Array]:
    return {
        "nav": account.nav(state),
        "benchmark": state.benchmark,
        "shortfall": account.shortfall(state),
        "pnl": state.pnl,
    }


def _quotes(loaded: Loaded, closes: pd.DataFrame, path: Path | None, accept: Sequence[str] = ()) -> Quotes:
    said, names = loaded.replay.futures, loaded.config.names
    used = {f for p in loaded.config.products.values() for f, w in getattr(p, "hedge", {}).items() if w}
    quotes = without_basis(closes, said.assumed, names)
    if said.assumed or path is None or not used:
        return quotes
    table = read_futures(path, accept, names)
    columns = {
        future: rolled(table, future, closes[bucket], said.months, said.roll, names)
        for future, bucket in names.futures
        if future in used
    }
    for future, one in columns.items():
        q = names.future(future)
        quotes.returns[:, q], quotes.basis[:, q], quotes.annual_basis[:, q] = (
            one.returns,
            one.basis,
            one.annual_basis,
        )
    held = np.array([one.held for one in columns.values()])
    quotes.rolled[1:] = (held[:, 1:] != held[:, :-1]).any(axis=0)
    return quotes


def _daily(funds: Funds, lived: dict[str, Array], days: pd.DatetimeIndex) -> pd.DataFrame:
    """A row per product and day: the product's own fund, the funds around it, and the own fund's lines."""
    rows = []
    for product, k in funds.own.items():
        mine = [f for f, name in enumerate(funds.product) if name == product]
        nav = lived["nav"][:, k]
        spread = np.quantile(lived["nav"][:, mine], LEVELS, axis=1)
        for t, day in enumerate(days):
            row = {
                "product": product,
                "date": day.date().isoformat(),
                "nav": nav[t],
                "return": nav[t] / nav[t - 1] - 1 if t and nav[t - 1] > 0 else 0.0,
                "benchmark_nav": lived["benchmark"][t, k],
                "excess": nav[t] / lived["benchmark"][t, k] - 1,
                "shortfall": lived["shortfall"][t, k],
            }
            row |= {f"nav_{round(100 * q)}": value for q, value in zip(LEVELS, spread[:, t], strict=True)}
            row |= dict(zip(account.LINES, lived["pnl"][t, :, k], strict=True))
            rows.append(row)
    return pd.DataFrame(rows)


def _between(days: pd.DatetimeIndex, start: str, end: str) -> tuple[int, int]:
    """Rows of two closes. Raises InputError for a day that is no close of the replay."""
    for day in (start, end):
        if pd.Timestamp(day) not in days:
            span = f"a trading day from {days[0].date()} to {days[-1].date()}"
            raise InputError("window", f"{day} is not a close of the replay", span)
    return int(days.get_loc(pd.Timestamp(start))), int(days.get_loc(pd.Timestamp(end)))  # type: ignore[arg-type]


def _move(lived: dict[str, Array], measure: str, a: int, b: int) -> Array:
    """Return of every fund [fund] from close a to close b, its own or over its benchmark."""
    nav = lived["nav"][b] / np.where(lived["nav"][a] > 0, lived["nav"][a], np.nan)
    return np.asarray(
        nav - 1 if measure == "nav" else nav / (lived["benchmark"][b] / lived["benchmark"][a]) - 1
    )


def _windows(loaded: Loaded, funds: Funds, lived: dict[str, Array], days: pd.DatetimeIndex) -> pd.DataFrame:
    """A row per window and product: return, excess, and the lines, over the NAV at the window's start."""
    rows = []
    for said in loaded.replay.window:
        a, b = _between(days, said.start, said.end)
        for product, k in funds.own.items():
            start = lived["nav"][a, k]
            lines = (lived["pnl"][b, :, k] - lived["pnl"][a, :, k]) / (start if start > 0 else np.nan)
            row = {"window": said.name, "product": product}
            row |= {measure: _move(lived, measure, a, b)[k] for measure in ("nav", "excess")}
            rows.append(row | dict(zip(account.LINES, lines, strict=True)))
    return pd.DataFrame(rows, columns=["window", "product", "nav", "excess", *account.LINES])


def _reported(loaded: Loaded, funds: Funds, lived: dict[str, Array], days: pd.DatetimeIndex) -> pd.DataFrame:
    """A row per reported figure: the product's own fund and the funds around it beside it."""
    rows = []
    for figure in loaded.reported.figure:
        a, b = _between(days, figure.start, figure.end)
        mine = [f for f, name in enumerate(funds.product) if name == figure.product]
        moves = _move(lived, figure.measure, a, b)
        low, middle, high = np.nanquantile(moves[mine], LEVELS)
        own = moves[funds.own[figure.product]]
        rows.append(
            {
                "product": figure.product,
                "measure": figure.measure,
                "from": figure.start,
                "to": figure.end,
                "reported_low": figure.low,
                "reported_high": figure.high,
                "replay": own,
                "funds_10": low,
                "funds_50": middle,
                "funds_90": high,
                "agrees": _agrees(figure, own, low, high),
                "grade": figure.grade,
                "source": figure.source,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _agrees(figure: Figure, own: float, low: float, high: float) -> str:
    """own: the product's own fund is in the reported range; funds: 10 to 90 % of them overlap it; no."""
    if figure.low <= own <= figure.high:
        return "own"
    return "funds" if low <= figure.high and high >= figure.low else "no"


def _record(loaded: Loaded, command: str, files: Files) -> dict[str, Any]:
    said = loaded.replay
    return {
        "name": said.name,
        "kind": "replay",
        "question": said.question,
        "command": command,
        "replay": said.model_dump(mode="json", by_alias=True),
        "accounts": loaded.accounts.model_dump(mode="json"),
        "labels": {name: product.label for name, product in loaded.config.products.items()},
        **loaded.config.report.recorded,
        "config_sha256": loaded.config.digest(),
        "data_sha256": {name: digest(path) if path else None for name, path in files.items()},
        **provenance.stamp(),
    }
