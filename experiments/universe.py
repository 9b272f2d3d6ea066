"""Is the stock universe right? Our styles and indices beside the published ones, and what was tried.

    python -m experiments.universe [--data ../shared/data]

Measures the whole panel, then holds against what others publish: style returns, the CSI indices, the
micro-cap index; then specific risk against the month that follows, and the synthetic universe against the
stocks. Writes results/universe/: the table, the record and a page in words. Two minutes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pandas as pd

from tailrisk.data.panel_returns import price_limit
from tailrisk.data.prices import digest, read_prices, read_styles
from tailrisk.record.publishing import publish
from tailrisk.universe import Universe, default
from tailrisk.universe.descriptors import WINDOW, descriptors, moving, usable
from tailrisk.universe.exposures import exposures, fit, regression_weight
from tailrisk.universe.measure import Measured, measure
from tailrisk.universe.membership import eligible, smallest
from tailrisk.universe.replica import replicas
from tailrisk.universe.specific import alone, specific_risk

STOCKS = ("stock_close_shares_2021_2024q1.parquet", "stock_returns_turnover_2022_2024q1.parquet")
STYLES, INDICES = "style_factors_daily.csv", "indices_daily.csv"
SPANS = ("2022", "2023", "2024")
MONTH, FIRST = 21, 120


@click.command()
@click.option("--data", default="../shared/data", show_default=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", default="results/universe", show_default=True, type=click.Path(path_type=Path)
)
def main(data: Path, output: Path) -> None:
    """Measure the panel and hold it against what is published."""
    found = measure([data / name for name in STOCKS], styles_path=data / STYLES)
    days = found.panel.dates
    styles = pd.DataFrame(found.estimates.style, days, found.estimates.styles)
    indices = pd.DataFrame(replicas(found.panel, found.members), days, found.members.names.buckets)
    published = read_prices(data / INDICES).pct_change(fill_method=None)
    click.echo("measured", err=True)
    rows = [
        *of_styles(styles, read_styles(data / STYLES)),
        *of_indices(indices, published),
        *of_weights(found, read_styles(data / STYLES)["size"]),
        *of_st(found, published["micro"]),
        *of_specific(found),
        *of_ladder(found),
        *of_synthetic(),
    ]
    table = pd.DataFrame(rows, columns=["part", "name", "span", "figure", "value"])
    said = {
        "command": "python -m experiments.universe",
        "window": [str(days[0].date()), str(days[-1].date())],
        "data_sha256": {name: digest(data / name) for name in (*STOCKS, STYLES, INDICES)},
    }
    publish(output, "universe", {"table": table}, page(table, found), said)
    click.echo(f"wrote {output}")


Row = tuple[str, str, str, str, float]


def spans(frame: pd.DataFrame | pd.Series) -> Iterator[tuple[str, pd.DataFrame | pd.Series]]:
    """The years of SPANS, then all of them."""
    for span in SPANS:
        yield span, frame.loc[span]
    yield "all", frame.loc[SPANS[0] :]


def of_styles(ours: pd.DataFrame, published: pd.DataFrame) -> Iterator[Row]:
    """Correlation of daily style returns."""
    for name in ours:
        for span, part in spans(ours[name]):
            yield "style", name, span, "correlation", part.corr(published[name])


def of_indices(ours: pd.DataFrame, published: pd.DataFrame) -> Iterator[Row]:
    """Correlation and absolute difference of daily index returns, percentage points."""
    for name in ours:
        for span, part in spans(ours[name]):
            apart = 100 * (part - published[name]).abs().dropna()
            yield "index", name, span, "correlation", part.corr(published[name])
            yield "index", name, span, "median difference", apart.median()
            yield "index", name, span, "largest difference", apart.max()


def of_weights(found: Measured, published: pd.Series) -> Iterator[Row]:
    """Correlation of size under other regression weights."""
    panel, raw, able = found.panel, descriptors(found.panel), eligible(found.panel)
    returns = usable(panel.returns)
    weights = {
        "sqrt(cap) to its 95 % quantile": regression_weight,
        "sqrt(cap)": lambda cap: np.sqrt(cap) / np.sqrt(cap).mean(),
        "equal": np.ones_like,
    }
    size = {name: np.full(len(panel.dates), np.nan) for name in weights}
    for t in range(WINDOW + 1, len(panel.dates)):
        on = able[t - 1] & np.isfinite(returns[t])
        cap = panel.cap[t - 1, on]
        names, z = exposures({name: x[t - 1, on] for name, x in raw.items()}, cap)
        design = np.column_stack([np.ones(len(cap)), z])
        for name, weight in weights.items():
            size[name][t] = fit(design, returns[t, on], weight(cap))[1 + names.index("size")]
    for name, values in size.items():
        for span, part in spans(pd.Series(values, panel.dates)):
            yield "weights", name, span, "correlation", part.corr(published)


def of_st(found: Measured, published: pd.Series) -> Iterator[Row]:
    """Micro with and without a guess of who is ST: nobody beyond 5.5 % in 120 days, on a 10 % board."""
    panel, able = found.panel, eligible(found.panel)
    wide = np.where(np.isfinite(panel.returns), np.abs(panel.returns) > 0.055, False)
    known = moving(np.isfinite(panel.returns) * 1.0, 120) >= 60
    guess = (moving(wide * 1.0, 120) == 0) & known & (price_limit(panel.ids) < 0.15)
    for name, kept in (("as the panel is", able), ("without the names guessed to be ST", able & ~guess)):
        places = found.members.names.smallest or 0
        members = replace(found.members, micro=smallest(panel, kept, places))
        ours = pd.Series(replicas(panel, members)[:, -1], panel.dates)
        for span, part in spans(ours):
            apart = 100 * (part - published).abs().dropna()
            yield "st", name, span, "median difference", apart.median()
            yield "st", name, span, "largest difference", apart.max()


def of_specific(found: Measured) -> Iterator[Row]:
    """Forecasts at the end of each month against the specific returns of the next: bias and QLIKE."""
    panel, specific = found.panel, found.estimates.specific
    rules = {
        "shrunk": specific_risk,
        "alone": lambda past, cap: np.exp(alone(past)[0]),
    }
    scores: dict[str, list[pd.DataFrame]] = {name: [] for name in rules}
    for t in range(WINDOW + FIRST, len(panel.dates) - MONTH, MONTH):
        cap = np.where(np.isfinite(specific[t]), panel.cap[t], np.nan)
        ahead = specific[t + 1 : t + 1 + MONTH]
        made = {name: rule(specific[: t + 1], cap) for name, rule in rules.items()}
        both = np.isfinite(ahead) & np.isfinite(made["alone"]) & np.isfinite(made["shrunk"])
        for name, deviation in made.items():
            ratio = np.where(both, ahead / deviation, np.nan) ** 2
            like = np.log(deviation**2) + ratio
            columns = {"ratio": np.nanmean(ratio, axis=1), "qlike": np.nanmean(like, axis=1)}
            scores[name].append(pd.DataFrame(columns, panel.dates[t + 1 : t + 1 + MONTH]))
    for name, parts in scores.items():
        for span, part in spans(pd.concat(parts)):
            yield "specific", name, span, "bias", float(np.sqrt(part["ratio"].mean()))
            yield "specific", name, span, "qlike", part["qlike"].mean()


def of_ladder(found: Measured) -> Iterator[Row]:
    """Share of stocks' variance that buckets and styles explain, and what stocks in no bucket earn."""
    panel, it = found.panel, found.estimates
    returns = np.where(np.isfinite(it.specific), panel.returns, np.nan)
    for span, part in spans(pd.Series(range(len(panel.dates)), panel.dates)):
        rows = part.to_numpy()
        left = np.nansum(it.specific[rows] ** 2) / np.nansum(returns[rows] ** 2)
        yield "ladder", "explained variance", span, "share", 1 - float(left)
        large, micro, none = it.bucket[rows][:, [-3, -2, -1]].T
        known = np.isfinite(none)
        step = np.polyfit((micro - large)[known], (none - large)[known], 1)[0]
        yield "ladder", "stocks in no bucket", span, "share", float(step)


def of_synthetic() -> Iterator[Row]:
    """Median of each bucket in the default universe."""
    it = default()
    for place, name in enumerate(it.names.buckets):
        inside = it.bucket == place
        yield from described(it, inside, name)


def described(it: Universe, inside: np.ndarray, name: str) -> Iterator[Row]:
    yield "synthetic", name, it.date, "cap", float(np.median(it.cap[inside])) / 1e9
    yield "synthetic", name, it.date, "adv", float(np.median(it.adv[inside])) / 1e9
    yield "synthetic", name, it.date, "specific sd", 100 * float(np.median(it.specific_sd[inside]))


def page(table: pd.DataFrame, found: Measured) -> str:
    """The table in words, for results/."""
    first, last = (str(found.panel.dates[k].date()) for k in (0, -1))
    get = table.set_index(["part", "name", "span", "figure"])["value"]
    names = (*SPANS, "all")
    heads = ("2022", "2023", "2024 Q1", "all")

    def block(title: str, part: str, figures: tuple[str, ...], form: str) -> list[str]:
        rows = [f"| {title} | " + " | ".join(heads) + " |", "|---" * 5 + "|"]
        for name in dict.fromkeys(table.loc[table["part"] == part, "name"]):
            cells = (" / ".join(form % get[part, name, span, f] for f in figures) for span in names)
            rows.append(f"| {name} | " + " | ".join(cells) + " |")
        return [*rows, ""]

    return "\n".join(
        [
            "# The stock universe beside what is published",
            "",
            f"{len(found.universe.ids):,} stocks, {first} to {last}. Correlation of our daily style returns "
            f"with those of {STYLES}:",
            "",
            *block("style", "style", ("correlation",), "%.3f"),
            "Indices by rank rules beside the published ones: median / largest absolute difference of daily "
            "returns in percentage points / correlation:",
            "",
            *block("index", "index", ("median difference", "largest difference", "correlation"), "%.3f"),
            "Correlation of size by the weights of the regression, exposures alike:",
            "",
            *block("weights", "weights", ("correlation",), "%.3f"),
            "The panel marks no ST stocks. Micro with and without main-board names that never moved 5.5 % in "
            "120 days, median / largest difference in points:",
            "",
            *block("micro-caps", "st", ("median difference", "largest difference"), "%.3f"),
            "Specific deviation forecast at each month's end, beside the month that follows: root mean "
            "square "
            "of return over forecast (1 is right) / QLIKE (less is better):",
            "",
            *block("forecast", "specific", ("bias", "qlike"), "%.3f"),
            "Share of the variance of stocks' returns that buckets and styles explain, and part of the step "
            "from CSI 2000 to micro-caps that stocks in neither earn:",
            "",
            *block("share", "ladder", ("share",), "%.2f"),
            "Made by `python -m experiments.universe`; numbers in table.csv.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
