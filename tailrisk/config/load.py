"""From TOML files to a Config: what a file extends, what is overridden, and the files it names."""

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

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
from .explain import combined, dotted, explain, shown, suggestion
from .layers import Layers, Mark, Source
from .market_file import MarketNames
from .products import Holder
from .residuals import read_residuals
from .schema import Attached, Config

DEPTH = 8
TABLE = "config"
"""How a config without a file is called."""
BITS = 128
NUMBERS = f"whole numbers of at most {BITS} bits"
LARGEST = 8 * 2**20
"""Bytes; a larger file is not a config."""

BESIDE: dict[str, Any] = {
    "extends": {"type": "string", "description": "a config this one builds on, beside it or in the library"},
    "without": {
        "anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}],
        "description": "products of the config it extends that are dropped",
    },
}
"""Keys of a file that are no fields of the config."""

M = TypeVar("M", bound=BaseModel)


def load(path: str | os.PathLike[str] | Mapping[str, Any], overrides: Sequence[str] = ()) -> Config:
    """Read a config, what it extends and the files it names, apply `a.b=value` overrides, check everything.

    A mapping is a config without a file, whose names of files start here. Raises InputError listing every
    problem, each with the file that set the field.
    """
    try:
        if isinstance(path, Mapping):
            layers = _extended(dict(path), Source(TABLE, Path()), ())
        else:
            layers = _chain(located(path), ())
        for override in overrides:
            layers = layers.over(*_parsed(override))
        place = _market_file(layers)
        names = None if place is None else read(MarketNames, place).names()
        if names is not None:
            layers, names = _fewer(layers, names)
        config = valid(Config, layers, names)
        assert place is not None  # a config is not valid without
        assert names is not None
        calibrated, digest = _calibrated(config, layers, names)
        layers, digests = _with_holdings(config, layers, names, calibrated)
        config = valid(Config, layers, names) if digests else config
        _check_styles(config, calibrated, layers)
        return config.attach(
            _attached(config, layers, names, calibrated)._replace(
                holdings=digests,
                calibrated_sha256=digest,
                market_sha256=None if place == library.find(HOME) else _sha256(place),
                library=_shipped(config, layers),
                own=_own(config, layers),
                episodes=_episodes(config, layers),
            )
        )
    except RecursionError:
        where = TABLE if isinstance(path, Mapping) else os.fspath(path)
        raise InputError(where, "is nested too deep", "tables and lists a few levels deep") from None


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file. Raises InputError if it is missing, too large, not UTF-8 or not TOML."""
    if not os.path.isfile(path):
        raise InputError(str(path), _absent(path), "a TOML file")
    if os.path.getsize(path) > LARGEST:
        raise InputError(str(path), f"has {os.path.getsize(path):,} bytes", f"at most {LARGEST:,}")
    try:
        said = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 text (byte {error.start})", "TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is not TOML: {error}", "see https://toml.io") from None
    except RecursionError:
        raise InputError(str(path), "is nested too deep", "tables and lists a few levels deep") from None
    except ValueError:
        raise InputError(str(path), "holds a whole number of thousands of digits", NUMBERS) from None
    _refuse_huge(str(path), said)
    return said


def _absent(path: Path) -> str:
    if os.path.islink(path) and not os.path.exists(path):
        return "is a link that leads to no file, or to itself"
    return "is not a file" if os.path.exists(path) else "no such file"


def _refuse_huge(place: str, said: Any) -> None:
    """Raises InputError naming the field of a whole number that no TOML reader has to take."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), said)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, k), inner) for k, inner in enumerate(value)]
        elif isinstance(value, int) and value.bit_length() > BITS:
            where = f"{place}: {dotted(path)}" if path else place
            raise InputError(where, f"a whole number of {value.bit_length():,} bits", NUMBERS)


def located(path: str | os.PathLike[str]) -> Path:
    """The file itself, or the library's file of that name."""
    here = Path(path)
    return here if os.path.exists(here) else library.find(os.fspath(path)) or here


def _chain(path: Path, above: tuple[Path, ...]) -> Layers:
    """The layers of a file: what it extends, then itself. Raises InputError on a cycle or a long chain."""
    met = (*above, path)
    if os.path.realpath(path) in map(os.path.realpath, above):
        raise InputError(str(path), "extends itself: " + " -> ".join(map(str, met)), "a chain that ends")
    if len(met) > DEPTH:
        raise InputError(str(met[0]), f"extends more than {DEPTH} files deep", f"a chain of at most {DEPTH}")
    return _extended(read_toml(path), Source(str(path), path.parent), met)


def _extended(said: dict[str, Any], source: Source, met: tuple[Path, ...]) -> Layers:
    """The layers of a table: what it extends, then itself; `met` are the files that led to it."""
    without = said.pop("without", None)
    if "extends" not in said:
        if without is not None:
            raise InputError(f"{source.label}: without", "of a config that extends none", "extends beside it")
        return Layers.of(source, said)
    parent = said.pop("extends")
    place, beside_it = f"{source.label}: extends", Path(source.label).name
    if not isinstance(parent, str) or not parent:
        raise InputError(place, shown(parent), "the name of a TOML file, relative to this one")
    beside = Path(os.path.normpath(source.folder / parent))
    target = beside if os.path.exists(beside) else library.find(parent)
    if target is None:
        raise InputError(place, f"{shown(parent)}: no such file", f"a file beside {beside_it}")
    return _dropped(_chain(target, met), without, source)._replace(top=source).over(said, source)


def _dropped(layers: Layers, without: Any, source: Source) -> Layers:
    """The layers of a parent without the products named, or without `"all"`. Raises InputError for others."""
    products = layers.values.get("products", {})
    if without is None or not isinstance(products, dict):
        return layers
    names = list(products) if without == "all" else without
    place, allowed = f"{source.label}: without", f'"all", or some of {", ".join(products)}'
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(place, shown(without), allowed)
    for name in names:
        if name not in products:
            raise InputError(place, f"{shown(name)} is no product{suggestion(name, products)}", allowed)
    kept = {name: product for name, product in products.items() if name not in names}
    return layers._replace(values=layers.values | {"products": kept})


def _parsed(override: str) -> tuple[dict[str, Any], Source]:
    """`a.b=value` as a nested table; the value is TOML, or a bare word taken as text."""
    place = f"--set {override if len(override) <= 60 else override[:57] + '...'}"
    allowed = "KEY=VALUE, such as run.paths=10000 or market.start=calm"
    key, equals, text = override.partition("=")
    steps = [step.strip() for step in key.split(".")]
    if not override.isprintable() or not equals or not all(re.fullmatch(r"[\w-]+", s) for s in steps):
        raise InputError(f"--set {shown(override)}", "is not an assignment", allowed)
    if steps[0] == "extends":
        raise InputError(place, "extends cannot be overridden", "a config file that extends another")
    said: Any = _value(place, text.strip())
    for step in reversed(steps):
        said = {step: said}
    return said, Source(place, Path())


def _value(place: str, text: str) -> Any:
    try:
        said = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        said = {}
    except ValueError:
        raise InputError(place, "a whole number of thousands of digits", NUMBERS) from None
    if list(said) == ["value"]:
        _refuse_huge(place, said["value"])
        return said["value"]
    if not text or text[0] in "\"'[{":
        raise InputError(place, "the value is not TOML", 'a number, true, false, a word, "text" or [a, list]')
    return text


def valid(model: type[M], layers: Layers, names: Names | None = None) -> M:
    """The model of the layers, of a market with these names. Raises InputError listing every problem."""
    schema = model.model_json_schema()
    if model is Config:
        schema["properties"] |= BESIDE
    try:
        return model.model_validate(layers.values, context=names)
    except ValidationError as error:
        raise combined(*explain(error, schema, layers.label)) from None


def _market_file(layers: Layers) -> Path | None:
    """The market file the layers name, or the library's own; None where they do not say which."""
    market = layers.values.get("market", {})
    name = market.get("file", HOME) if isinstance(market, dict) else None
    return _named(("market", "file"), name, layers) if isinstance(name, str) and name else None


def _fewer(layers: Layers, names: Names) -> tuple[Layers, Names]:
    """Both without the buckets that the calibrated file of the layers lacks."""
    market = layers.values.get("market", {})
    name = market.get("calibrated") if isinstance(market, dict) else None
    if not isinstance(name, str) or not name:
        return layers, names
    path = _named(("market", "calibrated"), name, layers)
    absent = left_out.missing(read_toml(path), names)
    if not absent:
        return layers, names
    fewer = left_out.without(layers.values, absent, path)
    return layers._replace(values=fewer), names.only([b for b in names.buckets if b not in absent])


def _calibrated(config: Config, layers: Layers, names: Names) -> tuple[Calibrated, str]:
    """The calibrated file, of the market's own ladder and with the chosen model in it; its digest."""
    path = _named(("market", "calibrated"), config.market.calibrated, layers)
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
    return calibrated, _sha256(path)


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


def _attached(config: Config, layers: Layers, names: Names, calibrated: Calibrated) -> Attached:
    """Find and read the other files the config names."""
    market = config.market
    history = None
    if market.warmup == "history" and market.history is not None:
        history = _named(("market", "history"), market.history, layers, shelved=False)
    digest = _sha256(history) if history else None
    table = None
    if config.reads_days and market.residuals is not None:
        table = _named(("market", "residuals"), market.residuals, layers, shelved=False)
    drawn = draws.file(config, calibrated, partial(_named, layers=layers))
    terms = None if config.accounts is None else _named(("accounts", "terms"), config.accounts.terms, layers)
    return Attached(
        names=names,
        calibrated=calibrated,
        calibrated_sha256="",
        history=history,
        history_sha256=digest,
        crowd=_crowd(config, layers, names),
        accounts=None if terms is None else read(AccountsFile, terms, names),
        accounts_sha256=None if terms is None else _sha256(terms),
        residuals=None if table is None else read_residuals(table, names.factors),
        residuals_sha256=None if table is None else _sha256(table),
        draws=() if drawn is None else read(Draws, drawn, names).served(drawn.name, config, calibrated),
        draws_sha256=None if drawn is None else _sha256(drawn),
        members=draws.members(config, partial(_named, layers=layers), read_ensemble),
    )


def _with_holdings(
    config: Config, layers: Layers, names: Names, calibrated: Calibrated
) -> tuple[Layers, dict[str, str]]:
    """The layers with each product's holdings on top, as its weights and styles; the files' digests."""
    digests = {}
    styles = calibrated.styles.names if calibrated.styles else ()
    for name, product in config.products.items():
        if not isinstance(product, Holder) or product.holdings is None:
            continue
        field = ("products", name, "holdings")
        path = _named(field, product.holdings, layers, shelved=False)
        stocks, place = None, f"{layers.label(field)}: products.{name}"
        if product.universe is not None:
            stocks = _stocks(_named(("products", name, "universe"), product.universe, layers, shelved=False))
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
        digests[name] = _sha256(path)
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
    paths = {name: _named(("crowd", name), getattr(config.crowd, name), layers) for name in names}
    answers = read(MarketFile, paths["market"], market)
    place = f"{layers.label(('crowd', 'first_day'))}: crowd.first_day"
    dated(place, config.crowd, config.run.days, answers.calendar.holidays, market.calendar)
    ensemble = read_ensemble(paths["ensemble"]) if "ensemble" in paths else None
    return CrowdFiles(
        participants=read(CrowdFile, paths["parameters"], market).crowd,
        snowballs=read(SnowballFile, paths["snowballs"], market),
        market=answers,
        matched=_matched(config.crowd.member, ensemble, paths["ensemble"], layers) if ensemble else {},
        sha256={name: _sha256(path) for name, path in paths.items()},
        members=len(ensemble.members) if ensemble else 0,
    )


def read_ensemble(path: Path) -> Ensemble:
    """An ensemble file. Raises InputError for one that cannot be used."""
    return read(Ensemble, path)


def _matched(number: int, ensemble: Ensemble, path: Path, layers: Layers) -> dict[str, float]:
    if number >= len(ensemble.members):
        place = f"{layers.label(('crowd', 'member'))}: crowd.member"
        raise InputError(place, f"{number}", f"0 to {len(ensemble.members) - 1}, the members of {path.name}")
    return ensemble.member(number)


def read_market(path: str | os.PathLike[str]) -> Names:
    """The names of a market file, of the library where there is none here. Raises InputError."""
    return read(MarketNames, located(path)).names()


def read(model: type[M], path: Path, names: Names | None = None) -> M:
    """A file that is one model, extending nothing. Raises InputError listing every problem."""
    return valid(model, Layers.of(Source(str(path), path.parent), read_toml(path)), names)


def _shipped(config: Config, layers: Layers) -> tuple[str, ...]:
    """Names of the files of the library that this config extends or names, its own among them."""
    fields = [("market", "calibrated", config.market.calibrated)]
    if config.accounts is not None:
        fields.append(("accounts", "terms", config.accounts.terms))
    if config.crowd is not None:
        names = ("parameters", "snowballs", "market", *(["ensemble"] if config.crowd.ensemble else []))
        fields += [("crowd", name, getattr(config.crowd, name)) for name in names]
    named = [_named((block, field), name, layers) for block, field, name in fields]
    served = {library.shipped(path) for path in [*map(Path, layers.files), *named]}
    return tuple(sorted(name for name in served if name is not None))


def _own(config: Config, layers: Layers) -> tuple[str, ...]:
    """Products that a file outside the library, or an override, says something of."""
    marks = layers.marks.below.get("products")
    if marks is None:
        return ()
    return tuple(name for name in config.products if name in marks.below and _touched(marks.below[name]))


def _touched(mark: Mark) -> bool:
    """Whether anything at a place, or below it, was set by somebody other than the library."""
    if mark.below:
        return any(_touched(each) for each in mark.below.values())
    return library.shipped(Path(mark.latest.label)) is None


def _episodes(config: Config, layers: Layers) -> dict[str, Path]:
    """The folders of replays that [scenarios] names: beside the file that names them, or from here."""
    if config.scenarios is None:
        return {}
    field, found = ("scenarios", "episodes"), {}
    source = layers.source(field)
    for name in config.scenarios.episodes:
        beside = Path(os.path.normpath(source.folder / name))
        folder = next((at for at in (beside, Path(name)) if (at / "daily.csv").is_file()), None)
        if folder is None:
            allowed = f"a folder that `tailrisk replay` made from your own prices; looked for {beside}"
            raise InputError(f"{source.label}: {'.'.join(field)}", f"{shown(name)}: no such replay", allowed)
        found[name] = folder
    return found


def _named(field: tuple[str, ...], name: str, layers: Layers, *, shelved: bool = True) -> Path:
    """The file a field names: beside the file that set it, else, if `shelved`, in the library."""
    source = layers.source(field)
    beside = Path(os.path.normpath(source.folder / name))
    found = beside if os.path.isfile(beside) else library.find(name) if shelved else None
    if found is None:
        allowed = f"a file, relative to the one that names it; looked for {beside}"
        allowed += " and in the library" if shelved and name.endswith(".toml") else ""
        raise InputError(f"{source.label}: {'.'.join(field)}", f"{shown(name)}: no such file", allowed)
    return found


def _check_styles(config: Config, calibrated: Calibrated, layers: Layers) -> None:
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
