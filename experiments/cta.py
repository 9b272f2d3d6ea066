"""A CTA from real commodity futures: its law, and February 2024 beside the reported average (mechanism 3.7).

    python -m experiments.cta [--data ../shared/data]

The rule of `tailrisk cta` and variants of it, on days to the end of 2023 and to March 2024; and what tails as
heavy as the longer window's do to a tail number. Writes results/cta/. About five minutes on two busy cores.
"""

from pathlib import Path

import click
import jax
import numpy as np
import pandas as pd

from tailrisk.calibrate.commodities import read_futures
from tailrisk.calibrate.cta import Cta, fit_cta
from tailrisk.calibrate.cta_document import months
from tailrisk.calibrate.trend import Rule
from tailrisk.core.calendar import YEAR
from tailrisk.core.names import home
from tailrisk.data.prices import digest, read_prices
from tailrisk.record.estimates import half_width
from tailrisk.record.publishing import publish

REGIMES = Path("configs/calibrated/ladder_2023.toml")
REPORTED = -0.0112
"""Average CTA in February 2024, Sinolink (mechanism 3.7, grade M)."""
VARIANTS = (
    ("rule, to end of 2023", (20, 40, 60), True, "2023-12-31"),
    ("rule", (20, 40, 60), True, "2024-03-29"),
    ("rolls left in", (20, 40, 60), False, "2024-03-29"),
    ("20 days alone", (20,), True, "2024-03-29"),
    ("40 days alone", (40,), True, "2024-03-29"),
    ("60 days alone", (60,), True, "2024-03-29"),
)
PATHS, DAYS, BATCHES = 200_000, 60, 20


@click.command()
@click.option("--data", default="../shared/data", show_default=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", default="results/cta", show_default=True, type=click.Path(path_type=Path))
def main(data: Path, output: Path) -> None:
    """Measure the CTA and its February 2024."""
    jax.config.update("jax_enable_x64", True)
    paths = [data / "commodity_futures_daily.csv", data / "indices_daily.csv"]
    prices = read_prices(paths[1])[list(home().buckets)]
    futures = {rolls: read_futures(paths[0], rolls=rolls) for rolls in (True, False)}
    rows, fitted = [], {}
    for name, horizons, rolls, until in VARIANTS:
        fitted[name] = fit_cta(futures[rolls], prices, REGIMES, Rule(horizons=horizons), until=until)
        rows.append({"variant": name, **described(fitted[name])})
        click.echo(rows[-1], err=True)
    tails = {f"nu = {nu:.1f}": worst_day(nu, fitted["rule"]) for nu in (np.inf, fitted["rule"].nu)}
    table = pd.DataFrame(rows)
    said = {"command": "python -m experiments.cta", "worst_day_es_99": tails}
    said |= {"data_sha256": [digest(path) for path in paths], "regimes_sha256": digest(REGIMES)}
    publish(output, "cta", {"table": table}, page(table, fitted["rule"], tails), said)
    click.echo(f"wrote {output}")


def described(one: Cta) -> dict[str, float | int]:
    """The figures of one variant."""
    row: dict[str, float | int] = {"days": len(one.returns)}
    for name in ("volatility", "drift", "skewness", "kurtosis"):
        figure = getattr(one, name)
        row |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
    row |= {"nu": one.nu, "gaussian_p": one.heavy, "no_loading_p": one.shared, "crisis_days": one.crisis_days}
    for kind, found in (("", one.bucket), ("crisis_", one.crisis or ())):
        for bucket, figure in zip(one.buckets, found, strict=False):
            key = f"{kind}correlation_{bucket}"
            row |= {key: figure.value, f"{key}_low": figure.low, f"{key}_high": figure.high}
    for first, last in (("2024-02-01", "2024-02-29"), ("2024-02-02", "2024-02-08")):
        window = one.returns[first:last]
        row[f"{first}..{last}"] = float((1 + window).prod() - 1) if len(window) else np.nan
    return row


def worst_day(nu: float, one: Cta) -> tuple[float, float]:
    """ES 99 % of the worst day of 60, and half its 95 % interval over batches, at the CTA's volatility."""
    generator, sd = np.random.default_rng(0), one.volatility.value / YEAR**0.5
    found = []
    for _ in range(BATCHES):
        shape = (PATHS // BATCHES, DAYS)
        if np.isinf(nu):
            shock = generator.normal(size=shape)
        else:
            shock = generator.standard_t(nu, size=shape) * np.sqrt(1 - 2 / nu)
        worst = np.sort(-(sd * shock).min(axis=1))
        found.append(worst[-len(worst) // 100 :].mean())
    return float(np.mean(found)), half_width(np.array(found))


def page(table: pd.DataFrame, rule: Cta, tails: dict[str, tuple[float, float]]) -> str:
    """The table in words, for results/."""
    spread = home().played("spread")
    lines = [
        "# A CTA from real commodity futures",
        "",
        "Trends over 20, 40 and 60 days of 16 continuous commodity futures, scaled to 11 % a year, before "
        "costs and cash interest. In brackets 95 % bounds from moving blocks. Loading: p of none.",
        "",
        "| variant | days | volatility % | drift % | excess kurtosis | Gaussian p | loading p "
        f"| correlation with {home().label(spread)} | Feb 2024 % | 2-8 Feb % |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        ends = (f"{100 * row[key]:+.2f}" for key in ("2024-02-01..2024-02-29", "2024-02-02..2024-02-08"))
        cells = [bounded(row, "volatility", 100), bounded(row, "drift", 100), bounded(row, "kurtosis", 1)]
        cells += [f"{row['gaussian_p']:.3f}", f"{row['no_loading_p']:.2f}"]
        cells += [bounded(row, f"correlation_{spread}", 1), *ends]
        lines.append(f"| {row['variant']} | {row['days']} | {' | '.join(cells)} |".replace("+nan", "-"))
    february = dict(months(rule))["2024-02"]
    count = len(rule.returns["2024-02"])
    noise = rule.volatility.value * (count / YEAR) ** 0.5
    (plain, error), (heavy, more) = tails.values()
    crisis = rule.crisis or ()
    stressed = "; ".join(
        f"{name} {one.value:+.2f} [{one.low:+.2f}, {one.high:+.2f}]"
        for name, one in zip(rule.buckets, crisis, strict=False)
    )
    return "\n".join(
        [
            *lines,
            "",
            f"February 2024: {february:+.2%} against a reported average of {REPORTED:+.2%} (Sinolink, M). "
            f"The difference, {february - REPORTED:+.2%}, is {abs(february - REPORTED) / noise:.1f} standard "
            f"deviations of {count} days at this volatility.",
            "",
            f"On {rule.crisis_days} crisis days the correlation with buckets is: {stressed or 'not stated'}.",
            "",
            f"ES 99 % of the worst of 60 days at {rule.volatility.value:.1%} a year: Gaussian {plain:.2%} "
            f"(±{error:.2%}), Student with nu = {rule.nu:.1f} {heavy:.2%} (±{more:.2%}).",
            "",
            "Made by `python -m experiments.cta`; numbers in table.csv.",
            "",
        ]
    )


def bounded(row: dict[str, float], name: str, scale: float) -> str:
    value, low, high = (scale * row[name + end] for end in ("", "_low", "_high"))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
