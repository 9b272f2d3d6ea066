"""The page of a watch: which model stands rejected, for how many products, since when."""

from typing import Any

import pandas as pd

LEAD = """# Which forecasts stand rejected, and since when?

{rows:,} forecasts of {products} from {first} to {last}, each judged on the day its loss came.
Against every series of VaR, and of ES beside its VaR, somebody bets a part of a wealth of one, chosen from
the days before alone ({bets}; Wang, Wang and Ziegel 2022). While a forecast is right his wealth has no drift,
and the chance that it ever reaches {reject:g} is at most {chance:.3g} %, however often one looks: a series is
**rejected** on the day it does. The p-values of the usual tests, which may be looked at once, at the end, are
in table.csv: Kupiec, conditional calibration (Nolde and Ziegel), regressions of ES (Bayer and Dimitriadis;
strict, auxiliary, intercept).
"""
SUMMARY = """
## {level:g} %, {horizon}: rejected products of {products}

`first` and `median` are days of rejection of ES, among the products rejected; `peak` is the median over
products of the largest wealth.

| model | VaR | ES | first | median | peak |
|---|---|---|---|---|---|
"""
DAYS = """
### Day of rejection, ES at {level:g} %

| product | {models} |
|---|{line}|
"""


def page(table: pd.DataFrame, facts: dict[str, Any], pictures: list[tuple[str, str]]) -> str:
    """Markdown; every number is from the table [series]."""
    products = table["product"].nunique()
    parts = [
        LEAD.format(
            rows=facts["rows"],
            products=f"{products} product{'s' * (products > 1)}",
            first=table["first"].min(),
            last=table["last"].max(),
            bets=facts["bets"],
            reject=facts["reject"],
            chance=100 / facts["reject"],
        )
    ]
    kinds = sorted({(int(h), float(a)) for h, a in zip(table["horizon"], table["level"], strict=True)})
    for horizon, level in kinds:
        own = table[(table["horizon"] == horizon) & (table["level"] == level)]
        parts.append(summary(own, level, horizon))
        if "es_rejected" in own:
            parts.append(by_product(own, level))
    parts += [f"\n![{title}]({name}.svg)\n" for name, title in pictures]
    made = f" Forecasts: `{facts['made_by']}`." if facts.get("made_by") else ""
    parts.append(f"\nMade by `{facts['command']}`.{made} Every series is in table.csv.\n")
    return "".join(parts)


def summary(own: pd.DataFrame, level: float, horizon: int) -> str:
    """One row a model, fewest rejections first."""
    text = SUMMARY.format(
        level=100 * level,
        horizon="1 day" if horizon == 1 else f"every {horizon}th of {horizon} days",
        products=own["product"].nunique(),
    )
    name = "es" if "es_rejected" in own else "var"
    both = list(dict.fromkeys([f"{name}_rejected", "var_rejected"]))
    order = (own[both] != "").groupby(own["model"], sort=False).sum()
    for model in order.sort_values(both, kind="stable").index:
        one = own[own["model"] == model]
        when = sorted(day for day in one[f"{name}_rejected"] if day)
        cells = [
            str(model),
            str(int((one["var_rejected"] != "").sum())),
            str(len(when)) if name == "es" else "",
            when[0] if when else "",
            when[(len(when) - 1) // 2] if when else "",
            f"{one[f'{name}_peak'].median():.3g}",
        ]
        text += f"| {' | '.join(cells)} |\n"
    return text


def by_product(own: pd.DataFrame, level: float) -> str:
    """The day of rejection, a row a product and a column a model; empty where it stands."""
    models = list(dict.fromkeys(own["model"]))
    text = DAYS.format(level=100 * level, models=" | ".join(map(str, models)), line="---|" * len(models))
    text = text.replace("||\n", "|\n")
    for product, rows in own.groupby("product", sort=False):
        days = rows.set_index("model")["es_rejected"]
        text += f"| {product} | {' | '.join(days.get(model, '') for model in models)} |\n"
    return text
