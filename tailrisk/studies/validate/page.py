"""The README of a validation: a verdict, families of statistics, and every statistic that lies outside."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

TWICE, FEW = 2.0, 3
"""A family stands out with more than twice what chance puts outside, and at least three."""
LEAD = """# Does this model describe these data?

{verdict}

{histories} histories of the model (`market.process = "{process}"`), each of {days:,} days like the data
({first} to {last}), from the model's long run and with the same days missing. {statistics} statistics of the
size buckets and their spreads; one lies outside if the data's value is beyond the 2.5 and 97.5 % quantiles of
the simulated ones, as one in twenty of a true model's does. They are not independent: judge families.
"""


def verdict(outside: int, statistics: int, families: pd.DataFrame) -> str:
    """One plain sentence or two."""
    allowed = round(1.5 * 0.05 * statistics)
    odd = families[(families.outside > TWICE * families.expected) & (families.outside >= FEW)]
    names = ", ".join(f"{name} ({row.outside:.0f} of {row.statistics:.0f})" for name, row in odd.iterrows())
    head = f"**{outside} of {statistics} statistics lie outside** ({0.05 * statistics:.0f} expected)"
    if outside <= allowed and odd.empty:
        return f"{head}: the model describes these data."
    if outside <= allowed:
        return f"{head}: the model describes these data but for {names}."
    return f"{head}: the model does not describe these data" + (f"; most of all {names}." if names else ".")


def of_weather(weather: pd.DataFrame) -> list[str]:
    """The table of ordinary weather in Markdown, under a sentence that counts."""
    inside = int(weather.inside.sum())
    lines = [
        f"With the crowd, {inside} of {len(weather)} statistics of {weather.attrs['years']:,} ordinary years"
        " are within tolerance:",
        "",
        "| statistic | history | simulated | accepted | |",
        "|---|---|---|---|---|",
    ]
    for _, row in weather.iterrows():
        history = "" if pd.isna(row.history) else f"{row.history:.3g}"
        accepted, mark = f"{row.low:g} to {row.high:g}", "" if row.inside else "**outside**"
        lines.append(f"| {row.label} | {history} | {row.simulated:.3g} | {accepted} | {mark} |")
    return lines


def of_routs(routs: pd.DataFrame) -> list[str]:
    """The shape of the routs that spare the large bucket in Markdown, beside history's."""
    first = routs.iloc[0]
    lines = [
        "",
        "## The shape of routs",
        "",
        f"Of {first.routs} simulated falls of the smallest bucket of 20 % in three days with the largest"
        f" above -4 % over nine days, and of {first.past} in the data: what those nine days brought, in per"
        " cent. Books at their weights, futures at their index: excess of an enhanced one, NAV of a hedged"
        " one.",
        "",
        "| bucket or book | data | simulated median | 10 to 90 % | |",
        "|---|---|---|---|---|",
    ]
    for _, row in routs.iterrows():
        history = "" if pd.isna(row.history) else f"{row.history:.1f}"
        mark = "" if row.inside else "**outside**"
        lines.append(
            f"| {row.of} | {history} | {row['median']:.1f} | {row.low:.1f} to {row.high:.1f} | {mark} |"
        )
    return lines


HEADINGS = {"further": "Tails together, drawdowns, spells of stress", "styles": "Style factors"}
ABSENT = "Styles were not asked about: no file of style returns was given, or the model has none."


def further(tables: Mapping[str, pd.DataFrame | None]) -> list[str]:
    """Sections on the statistics beyond the 419: how many lie outside, by family, and which."""
    lines = []
    for name, table in tables.items():
        lines += ["", f"## {HEADINGS[name]}", ""]
        if table is None:
            lines.append(ABSENT)
            continue
        outside = table[table.outside]
        lines += [f"{len(outside)} of {len(table)} lie outside ({0.05 * len(table):.0f} expected).", ""]
        lines += ["| family | statistics | outside |", "|---|---|---|"]
        lines += [
            f"| {family} | {len(rows)} | {rows.outside.sum()} |"
            for family, rows in table.groupby("family", sort=False)
        ]
        lines += outlying(outside) if len(outside) else []
    return lines


def outlying(outside: pd.DataFrame) -> list[str]:
    """A line for every statistic that lies outside."""
    head = ["", "| series | statistic | data | simulated 2.5 to 97.5 % |", "|---|---|---|---|"]
    return head + [
        f"| {row.series} | {escaped(row['name'])} | {row.data:.4g} | {row.low:.4g} to {row.high:.4g} |"
        for _, row in outside.iterrows()
    ]


def escaped(text: str) -> str:
    """Text fit for a cell of a table."""
    return text.replace("|", "\\|")


def page(
    table: pd.DataFrame,
    families: pd.DataFrame,
    record: dict[str, Any],
    weather: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    more: Sequence[str] = (),
) -> str:
    """Markdown; every number is from the tables."""
    first, last, days = record["days"]
    lead = LEAD.format(
        verdict=verdict(record["outside"], record["statistics"], families),
        histories=record["histories"],
        process=record["process"],
        days=days,
        first=first,
        last=last,
        statistics=record["statistics"],
    )
    lines = [lead, "| family | statistics | outside | expected |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {row.statistics:.0f} | {row.outside:.0f} | {row.expected:.1f} |"
        for name, row in families.iterrows()
    ]
    lines += ["", "Outside:", *outlying(table[table.outside])]
    days_of = table[table.family == "extreme days"]
    lines += ["", "Days of extreme z (one-day spread, window of 250 days, mean removed), per ten years:", ""]
    lines += ["| spread | event | data | simulated median | 2.5 to 97.5 % |", "|---|---|---|---|---|"]
    for _, row in days_of.iterrows():
        event, middle = row["name"].split(",")[0], row["median"]
        lines.append(
            f"| {row.series} | {event} | {row.data:.2f} | {middle:.2f} | {row.low:.2f} to {row.high:.2f} |"
        )
    lines += [] if weather is None else ["", *of_weather(weather[0]), *of_routs(weather[1])]
    lines += more
    lines += ["", "![Autocorrelation](memory.svg)", "![Quantiles by horizon](quantiles.svg)"]
    lines += [
        "![Drawdowns](drawdowns.svg)",
        "",
        f"Made by `{record['command']}`; every statistic is in table.csv.",
    ]
    return "\n".join(lines) + "\n"
