"""The tables of the regret study as a page, and what they say in words that follow the figures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

TIGHTER, TOLD = ("style_box", "top_1800"), ("ie500", "dma")
Tables = Mapping[str, pd.DataFrame]
UNITS = ("_bn", "leverage", "of", "beaten", "switch", "closes_later")
"""Columns that are not shares end in one of these."""


def page(tables: Tables, said: Mapping[str, Any], command: str) -> str:
    """The answers, then the tables."""
    many = f", over {said['members']} members of the ensemble" if said["members"] > 1 else ""
    lines = [
        "# What each policy would have been worth",
        "",
        f"Config {said['config']}, {said['days']} days; {said['paths']:,} paths{many}, and {said['found']:,} "
        f"of {said['search']:,} on which CSI 1000 less CSI 300 fell to z <= {said['event']:g} in a day "
        f"(250 days, mean removed) with {said['recovery']} days left. Every policy meets the same paths "
        "(common random numbers), trades at the close after it decides, pays costs and moves no price. "
        "Figures are per cent of NAV over the benchmark's, ES at 95 %, after ± half the paired interval. "
        "Small caps keep the drift they had in the data: it is what a tilt is held for, and not all of it is "
        "investable; the table of switches is shown without it too. Intervals are Monte Carlo error alone.",
        "",
        "## Answers",
        "",
        *[f"- {line}" for line in answers(tables)],
        "",
        "## Over all paths: gain in the mean, and ES saved, against holding",
        "",
        *spread(tables["ex_ante"]),
        "",
        f"## From the event's close, {said['after']} closes",
        "",
        *spread(tables["after_event"]),
        "",
        "## A switch some closes before or after the event, for good",
        "",
        "Gain in NAV against holding, by close of the switch (0 is the event's; earlier is hindsight).",
        "",
        *switches(tables["flips"]),
        "",
    ]
    if "state" in tables:
        lines += ["## The state's levers in a rout: mean loss, and what each lever takes off it", ""]
        lines += [*losers(tables["state"]), ""]
    for key, title in TITLES.items():
        if key in tables:
            lines += [f"## {title.format(**said)}", "", *plain(tables[key]), ""]
    return "\n".join([*lines, f"Made by `{command}`.", ""])


TITLES = {
    "members": "Gain of each policy by member of the ensemble, its triggers averaged",
    "recovery": "Half of the excess loss won back within {recovery} closes of the event",
    "leverage": "Leverage, of the DMA book held",
    "state_money": "The state's levers in a rout: what it takes",
    "trapped": "Who wants out on the first day that sales are refused",
    "learned": "The learned policy by mean loss plus ES, on paths it has not seen",
    "training": "Training: mean loss plus ES on the paths that choose",
}


def answers(tables: Tables) -> list[str]:
    """What the tables say, each sentence made from them."""
    said = [best(tables["ex_ante"], "Ex ante"), best(tables["after_event"], "After the event")]
    said += [flip(tables["flips"], drift) for drift in ("fitted", "none")]
    said += yanfu(tables["recovery"]) + leverage(tables["leverage"])
    if "state" in tables:
        said += state(tables["state"]) + trapped(tables["trapped"])
    return [*said, learned(tables["learned"])]


def best(table: pd.DataFrame, when: str) -> str:
    """The policy with the best mean and the one with the least ES, of each product, and holding's regret."""
    parts = []
    for product, rows in table.groupby("product", sort=False):
        mean, es = rows.loc[rows["mean"].idxmax()], rows.loc[rows["es"].idxmin()]
        still = rows[rows["policy"] == "hold"].iloc[0]
        parts.append(
            f"{product} {named(mean)} (holding's regret {pc(still['regret'])}) and {named(es)} "
            f"(ES {pc(es['es'])}, holding's {pc(still['es'])})"
        )
    return f"{when}, best in the mean and least in ES: " + "; ".join(parts) + "."


def named(row: Any) -> str:
    return " ".join(filter(None, (row["policy"], row["trigger"])))


def flip(table: pd.DataFrame, drift: str) -> str:
    """The last switch that gains beyond its interval, and the first after it that loses."""
    parts = []
    kept = table["policy"].isin(TIGHTER) & table["product"].isin(TOLD) & (table["drift"] == drift)
    for (policy, product, later), rows in table[kept].groupby(
        ["policy", "product", "closes_later"], sort=False
    ):
        wins = rows[rows["gain"] > rows["gain_half"]]["switch"]
        loses = rows[rows["gain"] < -rows["gain_half"]]["switch"]
        won = f"pays to {wins.max():+d}" if len(wins) else "never pays"
        lost = loses[loses > (wins.max() if len(wins) else -99)]
        cost = f"costs from {lost.min():+d}" if len(lost) else "never costs beyond its interval"
        parts.append(f"{policy}, {product}, {later} closes after: {won}, {cost}")
    text = "with the drift of the data" if drift == "fitted" else "without drift"
    return f"Tightening, {text}, by close of the switch, the event's being 0: " + "; ".join(parts) + "."


def yanfu(table: pd.DataFrame) -> list[str]:
    """Recovery given survival, for who holds and who tightens, and by leverage."""
    parts = []
    for fund in dict.fromkeys(table[table["policy"] == "style_box"]["fund"]):
        rows = table[table["fund"] == fund].set_index("policy")
        if rows["paths"].min() < 30:
            continue
        hold, box = rows.loc["hold"], rows.loc["style_box"]
        clear = abs(hold["recover"] - box["recover"]) > np.hypot(hold["recover_half"], box["recover_half"])
        verdict = ("more" if hold["recover"] > box["recover"] else "less") if clear else "no clear difference"
        parts.append(f"{fund} {within(hold, 'recover')} held, {within(box, 'recover')} tightened ({verdict})")
    swept = table[table["fund"].str.startswith("dma at")]
    levels = [
        f"{row['fund'][7:]}: survives {within(row, 'survive')}, unforced {within(row, 'unforced')}, "
        f"recovers then {within(row, 'recover_unforced')}, "
        f"recovers though forced {within(row, 'recover_forced')}"
        for _, row in swept.iterrows()
    ]
    first = "Half of the loss to the event is won back, given survival: " + "; ".join(parts) + "."
    return [first, "By leverage of DMA: " + "; ".join(levels) + "."]


def leverage(table: pd.DataFrame) -> list[str]:
    """Loss at twice and four times, and whether the broker's loss rises with every step of leverage."""
    said = []
    for over, rows in table.groupby("paths", sort=False):
        parts = []
        for calls, some in rows.groupby("broker_calls", sort=False):
            owed = some.set_index("leverage")["broker_loss"]
            steps = np.diff(owed.to_numpy())
            if not owed.any():
                rising = "zero throughout"
            elif (steps > 0).all():
                rising = "strictly rising"
            elif (steps[max(np.flatnonzero(owed)[0] - 1, 0) :] > 0).all():
                rising = f"zero to {owed[owed == 0].index.max():g} times, then strictly rising"
            else:
                rising = "not rising throughout"
            es = some.set_index("leverage")["es_loss"]
            word = "with" if calls == "yes" else "without"
            parts.append(
                f"{word} margin calls ES at 2 over ES at 4 is {es[2.0] / es[4.0]:.2f} and the broker's loss "
                f"over leverage is {rising} ({', '.join(f'{100 * v:.3f}' for v in owed)})"
            )
        said.append(f"Leverage 1, 2, 4, 5, 8, paths {over}: " + "; ".join(parts) + ".")
    return said


def state(table: pd.DataFrame) -> list[str]:
    """The order of purchases with the least mean loss for each loser, and what a restriction does to each."""
    orders = table[table["lever"].str.count(",") == 2]
    least = []
    for loser, rows in orders.groupby("loser", sort=False):
        row = rows.loc[rows["mean_loss"].idxmin()]
        first = row["lever"] == orders["lever"].iloc[0]
        gain = "" if first else f", {pc(row['saved'])} ± {pc(row['saved_half'])} less than the first order"
        least.append(f"{loser}: {row['lever']}{gain}")
    bound = table[table["lever"] == "sales restricted"]
    some = [
        f"{row['loser']} {-100 * row['saved']:+.2f} ± {pc(row['saved_half'])}" for _, row in bound.iterrows()
    ]
    return [
        "Order of purchases with the least mean loss: " + "; ".join(least) + ".",
        "A restriction on sales adds to the mean loss of: " + "; ".join(some) + ".",
    ]


def trapped(table: pd.DataFrame) -> list[str]:
    """What refusal costs those who want out."""
    rows = table[table["policy"] != "hold"]
    parts = [
        f"{row['product']} {row['policy']} {pc(row['refusal_cost'])} ± {pc(row['refusal_cost_half'])}"
        for _, row in rows.iterrows()
    ]
    return ["Who wants out and is refused loses more than he would exempt, by: " + "; ".join(parts) + "."]


def learned(table: pd.DataFrame) -> str:
    """Whether the learned policy beats every fixed one beyond its interval."""
    parts = []
    for _, row in table.iterrows():
        word = "beats every fixed policy" if row["beats_every_one"] else "does not beat every fixed policy"
        parts.append(
            f"{row['product']}, {row['paths']} paths: {word} ({row['beaten']} of {row['of']}; "
            f"{100 * row['better_by']:+.2f} ± {pc(row['better_by_half'])} against {row['best_fixed']})"
        )
    return "The learned policy, by mean loss plus ES: " + "; ".join(parts) + "."


def pc(value: float) -> str:
    return f"{100 * value:.2f}"


def within(row: Any, name: str) -> str:
    if np.isnan(row[name]):
        return "on no path"
    return f"{100 * row[name]:.0f} ± {100 * row[f'{name}_half']:.0f} %"


def spread(table: pd.DataFrame) -> list[str]:
    """Policy and trigger by product: gain in the mean, and ES saved."""
    products = list(dict.fromkeys(table["product"]))
    head = [f"{product}: gain | {product}: ES saved" for product in products]
    lines = ["| policy | trigger | " + " | ".join(head) + " |", "|---" * (2 + 2 * len(products)) + "|"]
    for (policy, when), rows in table.groupby(["policy", "trigger"], sort=False):
        if policy == "hold":
            continue
        cells = []
        for product in products:
            row = rows[rows["product"] == product].iloc[0]
            for key in ("gain", "es_saved"):
                cells.append(f"{pc(row[key])} ± {pc(row[key + '_half'])}")
        lines.append(f"| {policy} | {when} | " + " | ".join(cells) + " |")
    return lines


def switches(table: pd.DataFrame) -> list[str]:
    """Drift, policy, product and horizon by switch."""
    closes = sorted(set(table["switch"]))
    lines = [
        "| drift | policy | product | closes later | " + " | ".join(f"{k:+d}" for k in closes) + " |",
        "|---" * (4 + len(closes)) + "|",
    ]
    keys = ["drift", "policy", "product", "closes_later"]
    for (drift, policy, product, later), rows in table.groupby(keys, sort=False):
        found = {row["switch"]: f"{pc(row['gain'])} ± {pc(row['gain_half'])}" for _, row in rows.iterrows()}
        cells = " | ".join(found.get(k, "") for k in closes)
        lines.append(f"| {drift} | {policy} | {product} | {later} | {cells} |")
    return lines


def losers(table: pd.DataFrame) -> list[str]:
    """Loser by lever: the mean loss under the first lever, and the mean saved under every other."""
    levers = list(dict.fromkeys(table["lever"]))
    lines = ["| loser | " + " | ".join(levers) + " |", "|---" * (1 + len(levers)) + "|"]
    for loser, rows in table.groupby("loser", sort=False):
        found = {row["lever"]: f"{pc(row['saved'])} ± {pc(row['saved_half'])}" for _, row in rows.iterrows()}
        found[levers[0]] = "loses " + pc(rows.iloc[0]["mean_loss"])
        lines.append(f"| {loser} | " + " | ".join(found[lever] for lever in levers) + " |")
    return lines


def plain(table: pd.DataFrame) -> list[str]:
    """A table as it is, shares in per cent, halves of intervals after ±."""
    columns = [c for c in table.columns if not str(c).endswith("_half")]
    lines = ["| " + " | ".join(c.replace("_", " ") for c in columns) + " |", "|---" * len(columns) + "|"]
    for row in table.to_dict("records"):
        cells = []
        for column in columns:
            value, scale = row[column], 1 if column.endswith(UNITS) else 100
            text = f"{scale * value:.2f}" if isinstance(value, float) else str(value)
            if column == "leverage":
                text = f"{value:g}"
            if f"{column}_half" in row:
                text += f" ± {scale * row[f'{column}_half']:.2f}"
            cells.append("" if text.startswith("nan") else text)
        lines.append("| " + " | ".join(cells) + " |")
    return lines
