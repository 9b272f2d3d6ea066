"""Which constants of the process with memory the years to 2015 prefer, and whether it holds from 2016 on.

    python -m experiments.constants [--data ../shared/data/indices_daily.csv] [--keep FOLDER]

The constants that are set and not fitted, one at a time around today's, then what is ahead together: chosen
by forecasts of 2009 to 2015 with fits on the days before, and by histories beside the data to 2015. Judged
once, on 2016 to 2023, are today's and the chosen point. Writes results/constants/; ten minutes of a core, in
steps that --keep does not do twice.
"""

import hashlib
from pathlib import Path
from typing import Any

import click
import jax
import pandas as pd

from tailrisk.data.table import digest
from tailrisk.record.publishing import publish

from .choose import chosen, combined, table
from .keep import Kept
from .later import cells, targets
from .market import Market, market
from .page import page
from .past import frontier, shown
from .score import Scores, scored
from .variants import NOW, TRIED, Variant

EARLY, LATE = ("2009-01-01", "2012-01-01"), tuple(f"{year}-01-01" for year in range(2016, 2024))
"""Days from which fits speak: to choose, and to judge as the published backtest does."""
CHOSEN_UNTIL, JUDGED_UNTIL = "2015-12-31", "2023-12-31"
THIN = 10
"""Days from one ten-day forecast to the next where points are chosen: they do not overlap."""
STARTS = 4
QUESTION = "Which constants of the process with memory do the years to 2015 prefer, and does it hold later?"


def searched(past: Market, kept: Kept, histories: int) -> tuple[pd.DataFrame, dict[str, Variant]]:
    """A row a point, of days to 2015, and the points by name; the last is what is ahead, together."""
    refits = [past.row(day) for day in EARLY]
    scores: dict[Variant, Scores] = {}
    pasts: dict[Variant, dict[str, Any]] = {}

    def add(one: Variant) -> None:
        scored_ = lambda: scored(past, refits, THIN, one.forecaster, starts=STARTS)  # noqa: E731
        same = NOW in scores and not one.limited and not one.constants and not one.law
        scores[one] = scores[NOW] if same else kept.scores(f"early {one.name}", scored_)
        pasts[one] = kept.figures(
            f"early {one.name}", lambda: shown(past, one, histories=histories, starts=STARTS)
        )
        click.echo(f"{one.name}: {pasts[one]['outside']} outside", err=True)

    for one in (NOW, *TRIED):
        add(one)
    points = {one.name: one for one in scores}
    together = combined(table(scores, pasts), points)
    if together is not None:
        add(together)
    return table(scores, pasts), {one.name: one for one in scores}


@click.command()
@click.option(
    "--data", default="../shared/data/indices_daily.csv", show_default=True, type=click.Path(path_type=Path)
)
@click.option("--histories", default=100, show_default=True, type=click.IntRange(20))
@click.option(
    "--every",
    default=1,
    show_default=True,
    type=click.IntRange(1, THIN),
    help="Days between ten-day forecasts that judge.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="A folder of steps that are done.")
@click.option(
    "-o", "--output", default="results/constants", show_default=True, type=click.Path(path_type=Path)
)
def main(data: Path, histories: int, every: int, keep: Path | None, output: Path) -> None:
    """Search, choose, judge, write the folder."""
    jax.config.update("jax_enable_x64", True)
    data_sha = digest(data)
    key = hashlib.sha256(
        f"{data_sha} {histories} {every} {EARLY} {LATE} {THIN} {STARTS}".encode()
    ).hexdigest()
    kept = Kept(keep, key)
    past = market(data, CHOSEN_UNTIL, young=False)
    rows, points = searched(past, kept, histories)
    pair = (NOW, points[chosen(rows)])
    click.echo(f"chosen: {pair[1].name}", err=True)
    later = market(data, JUDGED_UNTIL, young=True)
    refits = [later.row(day) for day in LATE]
    judged = {
        one.name: kept.scores(
            f"late {one.name}", lambda one=one: scored(later, refits, every, one.forecaster, starts=STARTS)
        )
        for one in pair
    }
    seen = {
        one.name: kept.figures(
            f"late {one.name}", lambda one=one: shown(later, one, histories=histories, starts=STARTS)
        )
        for one in pair
    }
    tables = {
        "table": rows,
        "judged": cells(judged),
        "targets": targets(seen),
        "frontier": frontier(rows, past),
    }
    command = "python -m experiments.constants" + ("" if every == 1 else f" --every {every}")
    facts = {
        "question": QUESTION,
        "command": command,
        "data_sha256": data_sha,
        "chosen": pair[1].name,
        "histories": histories,
        "seed": 0,
    }
    publish(output, output.name, tables, page(tables, facts), facts)
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    main()
