"""A CTA's law from file to file: futures and indices in, a TOML file and a table out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from .. import __version__
from ..core.errors import InputError
from ..core.names import Names, home, ladder_names
from ..data.prices import digest, read_prices
from .commodities import read_futures
from .cta import CONFIDENCE, SIZE, Cta, Estimate, fit_cta
from .document import ROUNDED, number, quoted, writable, write
from .trend import Rule


def measure_cta(
    futures: str | Path,
    prices: str | Path,
    *,
    until: str,
    regimes: Path,
    rule: Rule,
    output: str | Path,
    accept: Sequence[str] = (),
    names: Names | None = None,
    command: str = "",
) -> Cta:
    """Fit to returns up to `until`; write the TOML file. Raises InputError; then nothing is written.

    accept: what may be odd about the data, of data.daily.KINDS; names: the market's, by default the home
    market's; command: what was given, for the file.
    """
    writable(output)
    names = names or home()
    closes = read_prices(prices, names=names, accept=accept)
    missing = [name for name in names.buckets if name not in closes]
    if missing:
        raise InputError(str(prices), f"no closes of {missing[0]}", "all of " + ", ".join(names.buckets))
    ladder = closes[list(names.buckets)]
    fitted = fit_cta(read_futures(futures, accept=accept), ladder, regimes, rule, until=until)
    write(output, document(fitted, (digest(futures), digest(prices)), command))
    return fitted


def document(fitted: Cta, digests: tuple[str, str], command: str) -> str:
    """The file as text: derived figures only; digests of futures and indices."""
    rule = fitted.rule
    first, last = fitted.window
    lines = [
        "# written by `tailrisk cta`; do not edit",
        "#",
        "# The returns of a trend-following rule on commodity futures, before costs and cash interest.",
        f"# Pairs are {CONFIDENCE:.0%} bounds from a bootstrap of moving blocks.",
        *ROUNDED,
        "",
        "[fit]",
        f'window = ["{first}", "{last}"]  # first and last day of return',
        f"days = {len(fitted.returns)}",
        f"rolls = {fitted.rolls}  # overnight gaps left out, all products",
        f'data_sha256 = ["{digests[0]}", "{digests[1]}"]',
        *([f"command = {quoted(command)}"] if command else []),
        f'version = "{__version__}"',
        "",
        "[cta]",
        f"horizons = {list(rule.horizons)}  # trading days",
        f"target_annual = {number(rule.target)}",
        *_figures(fitted),
        "",
        "[month]  # return",
        *(f'"{month}" = {number(gain)}' for month, gain in months(fitted)),
    ]
    return "\n".join(lines) + "\n"


def months(fitted: Cta) -> Iterator[tuple[str, float]]:
    """Month and compounded return, parts of months at the ends included."""
    of_day = [f"{day:%Y-%m}" for day in fitted.returns.index]
    grown = (1 + fitted.returns).groupby(of_day).prod() - 1
    yield from ((str(month), float(gain)) for month, gain in grown.items())


def _figures(fitted: Cta) -> Iterator[str]:
    for name, one in (
        ("volatility_annual", fitted.volatility),
        ("drift_annual", fitted.drift),
        ("skewness", fitted.skewness),
        ("excess_kurtosis", fitted.kurtosis),
    ):
        yield f"{name} = {number(one.value)}"
        yield f"{name}_bounds = [{number(one.low)}, {number(one.high)}]"
    yield f"nu = {number(fitted.nu)}  # degrees of freedom of a Student t"
    yield f"gaussian_p = {number(fitted.heavy)}  # of a Gaussian against it"
    yield f"no_loading_p = {number(fitted.shared)}  # of no loading on any factor of the ladder"
    yield from _correlations("factor", ladder_names(fitted.buckets), fitted.correlation)
    yield from _correlations("bucket", fitted.buckets, fitted.bucket)
    yield f"crisis_days = {fitted.crisis_days}  # filtered probability of the last regime above a half"
    if fitted.crisis:
        yield from _correlations("crisis", fitted.buckets, fitted.crisis)


def _correlations(kind: str, names: tuple[str, ...], found: tuple[Estimate, ...]) -> Iterator[str]:
    yield f"{kind}_correlation = [{', '.join(number(one.value) for one in found)}]  # {', '.join(names)}"
    bounds = (f"[{number(one.low)}, {number(one.high)}]" for one in found)
    yield f"{kind}_correlation_bounds = [{', '.join(bounds)}]"


def summary(fitted: Cta) -> str:
    """The figures for a terminal."""
    first, last = fitted.window
    lines = [f"{len(fitted.returns)} days of return, {first} to {last}; {CONFIDENCE:.0%} bounds", ""]
    for name, one, unit in (
        ("volatility a year", fitted.volatility, "%"),
        ("drift a year", fitted.drift, "%"),
        ("skewness", fitted.skewness, ""),
        ("excess kurtosis", fitted.kurtosis, ""),
    ):
        lines.append(f"{name:<28} {_cell(one, unit)}")
    tails = "heavier than Gaussian" if fitted.heavy < SIZE else "Gaussian not rejected"
    lines.append(f"{'tails':<28} {tails} (p = {fitted.heavy:.3f}, nu = {fitted.nu:.1f})")
    shared = "shared with the ladder" if fitted.shared < SIZE else "no loading on the ladder seen"
    lines += [f"{'risk':<28} {shared} (p = {fitted.shared:.3f})", ""]
    pairs = [
        *zip(ladder_names(fitted.buckets), fitted.correlation, strict=True),
        *zip(fitted.buckets[1:], fitted.bucket[1:], strict=True),
    ]
    lines += [f"{'correlation, ' + name:<28} {_cell(one, '')}" for name, one in pairs]
    if fitted.crisis:
        crisis = zip(fitted.buckets, fitted.crisis, strict=True)
        lines += [f"{'in crisis, ' + name:<28} {_cell(one, '')}" for name, one in crisis]
    lines += [f"{'crisis days':<28} {fitted.crisis_days:>6}", ""]
    return "\n".join([*lines, *(f"{month:<28} {gain:>+7.2%}" for month, gain in months(fitted))])


def _cell(one: Estimate, unit: str) -> str:
    scale = 100 if unit else 1
    low, high = f"{scale * one.low:.2f}", f"{scale * one.high:.2f}"
    return f"{scale * one.value:>+6.2f}{unit} [{low}, {high}]"
