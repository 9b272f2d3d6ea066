"""The files a config names: where they are, and what is in them."""

import hashlib
import os
from functools import partial
from pathlib import Path

from tailrisk.core.errors import InputError
from tailrisk.core.names import HOME, Names
from tailrisk.data.holdings import read_holdings

from . import draws, left_out, library
from .accounts import AccountsFile
from .calibrated import Calibrated
from .crowd import dated
from .crowd_files import CrowdFile, CrowdFiles, MarketFile, SnowballFile
from .draws import Draws
from .ensemble import Ensemble
from .explain import combined, shown, suggestion
from .layers import Layers, Source
from .models import read, read_ensemble
from .products import Holder
from .residuals import read_residuals
from .schema import Attached, Config
from .toml_file import read_toml


def named(field: tuple[str, ...], name: str, layers: Layers, *, shelved: bool = True) -> Path:
    """The file a field names: beside the file that set it, else, if `shelved`, in the library."""
    source = layers.source(field)
    beside = Path(os.path.normpath(source.folder / name))
    found = beside if os.path.isfile(beside) else library.find(name) if shelved else None
    if found is None:
        allowed = f"a file, relative to the one that names it; looked for {beside}"
        allowed += " and in the library" if shelved and name.endswith(".toml") else ""
        raise InputError(f"{source.label}: {'.'.join(field)}", f"{shown(name)}: no such file", allowed)
    return found


def market_file(layers: Layers) -> Path | None:
    """The market file the layers name, or the library's own; None where they do not say which."""
    market = layers.values.get("market", {})
    name = market.get("file", HOME) if isinstance(market, dict) else None
    return named(("market", "file"), name, layers) if isinstance(name, str) and name else None


def fewer(layers: Layers, names: Names) -> tuple[Layers, Names]:
    """Both without the buckets that the calibrated file of the layers lacks."""
    market = layers.values.get("market", {})
    name = market.get("calibrated") if isinstance(market, dict) else None
    if not isinstance(name, str) or not name:
        return layers, names
    path = named(("market", "calibrated"), name, layers)
    absent = left_out.missing(read_toml(path), names)
    if not absent:
        return layers, names
    fewer = left_out.without(layers.values, absent, path)
    return layers._replace(values=fewer), names.only([b for b in names.buckets if b not in absent])


def calibrated_file(config: Config, layers: Layers, names: Names) -> tuple[Calibrated, str]:
    """The calibrated file, of the market's own ladder and with the chosen model in it; its digest."""
    path = named(("market", "calibrated"), config.market.calibrated, layers)
    calibrated, problems = read(Calibrated, path, names), []
    checks = (
        ("calibrated", lambda: calibrated.fits(names)),
        ("states", lambda: _chosen(config, calibrated)),
        ("process", lambda: calibrated.follows(config.market.process)),
        ("laws", lambda: _laws(config, calibrated)),
    )
    for field, check in checks:
        try:
            check()
        except InputError as error:
            block = "uncertainty" if field == "laws" else "market"
            place = f"{layers.label((block, field))}: {error.place}"
            problems.append(InputError(place, error.problem, error.allowed))
    if problems:
        raise combined(problems)
    return calibrated, sha256(path)


def _laws(config: Config, calibrated: Calibrated) -> None:
    """The laws that [uncertainty] names are in the calibrated file."""
    for law in (config.uncertainty.laws or ()) if config.uncertainty else ():
        if law == "regimes":
            calibrated.choose(config.market.states, config.market.shocks)
        else:
            calibrated.follows(law)


def _chosen(config: Config, calibrated: Calibrated) -> None:
    """The model of regimes is there, where it is what is simulated."""
    if config.market.process == "regimes":
        calibrated.choose(config.market.states, config.market.shocks)


def attached(config: Config, layers: Layers, names: Names, calibrated: Calibrated) -> Attached:
    """Find and read the other files the config names."""
    market = config.market
    history = None
    if market.warmup == "history" and market.history is not None:
        history = named(("market", "history"), market.history, layers, shelved=False)
    digest = sha256(history) if history else None
    table = None
    if config.reads_days and market.residuals is not None:
        table = named(("market", "residuals"), market.residuals, layers, shelved=False)
    drawn = draws.file(config, calibrated, partial(named, layers=layers))
    terms = None if config.accounts is None else named(("accounts", "terms"), config.accounts.terms, layers)
    return Attached(
        names=names,
        calibrated=calibrated,
        calibrated_sha256="",
        history=history,
        history_sha256=digest,
        crowd=_crowd(config, layers, names),
        accounts=None if terms is None else read(AccountsFile, terms, names),
        accounts_sha256=None if terms is None else sha256(terms),
        residuals=None if table is None else read_residuals(table, names.factors),
        residuals_sha256=None if table is None else sha256(table),
        draws=() if drawn is None else read(Draws, drawn, names).served(drawn.name, config, calibrated),
        draws_sha256=None if drawn is None else sha256(drawn),
        members=draws.members(config, partial(named, layers=layers), read_ensemble),
    )


def with_holdings(
    config: Config, layers: Layers, names: Names, calibrated: Calibrated
) -> tuple[Layers, dict[str, str]]:
    """The layers with each product's holdings on top, as its weights and styles; the files' digests."""
    digests = {}
    styles = calibrated.styles.names if calibrated.styles else ()
    for name, product in config.products.items():
        if not isinstance(product, Holder) or product.holdings is None:
            continue
        field = ("products", name, "holdings")
        path = named(field, product.holdings, layers, shelved=False)
        stocks, place = None, f"{layers.label(field)}: products.{name}"
        if product.universe is not None:
            stocks = _stocks(named(("products", name, "universe"), product.universe, layers, shelved=False))
        book = read_holdings(path, names, styles, stocks)
        if product.weights:
            problem = f"stated beside holdings = {shown(product.holdings)}"
            raise InputError(
                f"{place}.weights", problem, "one of the two, weights of extended files included"
            )
        for style in product.style_exposure:
            if style in book.style_exposure:
                problem = f"a column of {path.name} too"
                raise InputError(f"{place}.style_exposure.{style}", problem, "one of the two")
        said = {"weights": book.weights, "style_exposure": book.style_exposure}
        layers = layers.over({"products": {name: said}}, Source(str(path), path.parent))
        digests[name] = sha256(path)
    return layers, digests


def _stocks(path: Path) -> Path:
    """A file of stocks itself, or the one that was written beside the moments of a universe."""
    if path.suffix != ".toml":
        return path
    fit = read_toml(path).get("fit", {})
    name = fit.get("stocks_file") if isinstance(fit, dict) else None
    if not isinstance(name, str) or not (path.parent / name).is_file():
        hint = "tailrisk universe PANEL -o my_stocks.toml --stocks stocks.csv writes both, side by side"
        raise InputError(str(path), "names no file of stocks beside it", "a file of stocks", hint)
    return path.parent / name


def _crowd(config: Config, layers: Layers, market: Names) -> CrowdFiles | None:
    """The crowd's data files, or None where the config has no crowd."""
    if config.crowd is None:
        return None
    names = ["parameters", "snowballs", "market", *(["ensemble"] if config.crowd.ensemble else [])]
    paths = {name: named(("crowd", name), getattr(config.crowd, name), layers) for name in names}
    answers = read(MarketFile, paths["market"], market)
    place = f"{layers.label(('crowd', 'first_day'))}: crowd.first_day"
    dated(place, config.crowd, config.run.days, answers.calendar.holidays, market.calendar)
    ensemble = read_ensemble(paths["ensemble"]) if "ensemble" in paths else None
    return CrowdFiles(
        participants=read(CrowdFile, paths["parameters"], market).crowd,
        snowballs=read(SnowballFile, paths["snowballs"], market),
        market=answers,
        matched=_matched(config.crowd.member, ensemble, paths["ensemble"], layers) if ensemble else {},
        sha256={name: sha256(path) for name, path in paths.items()},
        members=len(ensemble.members) if ensemble else 0,
    )


def _matched(number: int, ensemble: Ensemble, path: Path, layers: Layers) -> dict[str, float]:
    if number >= len(ensemble.members):
        place = f"{layers.label(('crowd', 'member'))}: crowd.member"
        raise InputError(place, f"{number}", f"0 to {len(ensemble.members) - 1}, the members of {path.name}")
    return ensemble.member(number)


def check_styles(config: Config, calibrated: Calibrated, layers: Layers) -> None:
    """Every style a product is exposed to is in the calibrated file."""
    problems = []
    known = calibrated.styles.names if calibrated.styles else ()
    for name, product in config.products.items():
        for style in getattr(product, "style_exposure", {}):
            if style not in known:
                field = ("products", name, "style_exposure", style)
                problem = f"not in the calibrated file{suggestion(style, known)}"
                allowed = ", ".join(known) or "no styles: the calibrated file has none"
                problems.append(InputError(f"{layers.label(field)}: {'.'.join(field)}", problem, allowed))
    if problems:
        raise combined(problems)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
