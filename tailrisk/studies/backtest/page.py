"""The README of a backtest: the ranking, what passed, what did not."""

from pathlib import Path
from typing import Any

import pandas as pd

from .forecast import Plan

LEAD = """# Would the forecasts have held?

{days:,} days from {first} to {last}, each forecast from the days before it alone; models are fitted again
every {refit} on all days so far, and filter each day. {targets} series: the {spreads} spreads of two size
buckets and {funds} funds (excess of index-enhanced and stock selection, micro-cap funds outright; books
of the config, no futures). Losses are log losses. Models: history of 250 and 500 days, a Gaussian of 250
days, RiskMetrics (ewma), Student-t, GARCH(1,1)-t, the same with a generalised Pareto tail (garch_pot),
and Markov-switching regimes of the whole ladder (k: their number){memory}.

`score` is the mean Fissler-Ziegel score (lower is better), `p` that of Diebold and Mariano against the best
row, a star the 90 % model confidence set. `rate` is the mean share of days beyond VaR. The last columns count
series that pass at 5 %: coverage (Kupiec; for sums of days, a mean with overlap allowed for), conditional
coverage (Christoffersen), and Z2 of ES (Acerbi and Szekely); `red` counts red traffic lights among {lights}
spells of 250 days.
"""


def page(plan: Plan, table: pd.DataFrame, ranks: pd.DataFrame, record: dict[str, Any]) -> str:
    """Markdown; every number is from the tables."""
    spreads = sum(aim.spread for aim in plan.aims)
    first, last, days = record["days"]
    lights = len(plan.aims) * max(days // 250, 1)
    parts = [
        LEAD.format(
            days=days,
            first=first,
            last=last,
            refit=record["refit"],
            targets=len(plan.aims),
            spreads=spreads,
            funds=len(plan.aims) - spreads,
            lights=lights,
            memory=", and the memory process with regimes of shocks (memory)" if plan.memory else "",
        )
    ]
    for horizon in plan.horizons:
        for level in plan.levels:
            own = ranks[(ranks.horizon == horizon) & (ranks.level == float(level))]
            parts += [
                f"\n{horizon} day{'s' * (horizon > 1)}, {100 * float(level):g} %\n",
                *block(own, horizon),
            ]
    parts += [
        "\n![Losses beyond VaR over time](exceedances.svg)\n![Coverage](coverage.svg)\n",
        f"Made by `{record['command']}`; every series in table.csv, the rows above in ranking.csv.\n",
    ]
    return "\n".join(part.rstrip("\n") if part.startswith("|") else part for part in parts)


def in_words(folder: Path) -> str:
    """The tables of a result folder, for the terminal."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    return text[: text.index("\n![")].rstrip() + f"\n\nwrote {folder}"


def block(ranks: pd.DataFrame, horizon: int) -> list[str]:
    """One table, best first."""
    one = horizon == 1
    head = ["model", "score", "p", "rate %", "coverage", *(["conditional"] if one else []), "Z2"]
    head += ["red"] if one else []
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for r in ranks.to_dict("records"):
        cells = [
            r["model"] + (" *" if r["in_set"] else ""),
            f"{r['fz0']:.3f}",
            "best" if r["behind"] == 0 else f"{r['behind_p']:.3f}",
            f"{100 * r['rate']:.2f}",
            f"{r['coverage_passed']}/{r['targets']}",
            *([f"{r['conditional_passed']}/{r['targets']}"] if one else []),
            f"{r['z2_passed']}/{r['targets']}",
            *([str(r["red"])] if one else []),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
