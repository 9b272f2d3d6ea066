"""What should the style bounds have been? Bounds on size and micro-caps tuned against the simulated tail.

    python -m experiments.style_bounds [--config feb2024.toml] [--paths 16384] [--data ../shared/data]

For index-enhanced 500 and 1000, neutral and DMA: a manager maximises alpha less trading costs within a
mandate of 5,000 synthetic names; the tuner picks the size and micro bounds that keep most alpha within an ES
99 % budget over 60 days, with leverage and hedge mix where there is a hedge; bounds that answer to what is
seen week by week stand against constant ones and the managers' policies. With --config of a crowd the same
is done on the crowd's paths. The realised path is used where the price files are there. Writes
results/style_bounds/ (a quarter of an hour; a crowd's paths take longer).
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import click
import jax
import pandas as pd

from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.bounds import study as study_of
from tailrisk.studies.bounds.realised import realised
from tailrisk.studies.bounds.states import BANDS, CRISIS, POINTS, compared
from tailrisk.studies.bounds.study import (
    DESK,
    PRODUCTS,
    Study,
    answer,
    curve,
    leverages,
    levers,
    study,
    tuned,
)
from tailrisk.studies.bounds.watch import TRAIL, watch

ABOUT = """\
{paths:,} paths of {days} days ({config}), each twice for specific risk; 5,000 synthetic names. Alpha is a
score of information coefficient {ic:g} on specific returns plus the size premium of the data to 2023
({premium:.1%} a year for each z). The manager maximises it, less costs, within a tracking error of
{tracking:.0%} a year by a calm day's covariance, active weights of {weight:.1%}, {exit:g} days to exit
at {part:.0%} of turnover from {nav:g} bn yuan, other styles within {others:g}, and sees no scenario;
the tuner bounds active size and the share in micro-caps and names in no index. Trades are out of the
book of the loosest bounds, once: {fee:.2%}, {stamp:.2%} stamp duty on sales, and square-root impact of
strength {impact:g}; `alpha year` is before that, `cost once` is it. ES 99 % over the horizon of the
excess return (index-enhanced) or of the return against futures (neutral, DMA), as fractions of NAV
before costs; 95 % intervals from a bootstrap over paths. {crowd}"""
FREE = "There is no crowd: futures earn their index, and nobody is forced to sell."
CROWD = (
    "The crowd is in the paths: forced selling moves prices, and futures have a basis. `members` are draws "
    "of the crowd's posterior, `a crowd of` scales all its books."
)
NOTES = {
    "Answer": "Tuned on the paths named, judged on the half that the first row did not see.",
    "Leverage and hedge tuned": "With the bounds, on half of the paths; the mandate's benchmark stays half "
    "CSI 500, half CSI 1000, only the futures sold move. Changing gross is not charged.",
    "Bounds by state": "Bounds renewed each week by what is seen at a close: the filtered probability of the "
    "crisis regime above {crisis:g} or not, and a gauge in bands (quantiles {bands}): the fall of micro-caps "
    "against CSI 300 over {trail} days; with a crowd the discount of IM, its small-cap books over their "
    "start, its stock over equity, of which only the first is public. Chosen on half of the paths, judged "
    "here on the other. `bounds`: a bound for each state, calm ones first. Policies act when the regime "
    "first shows, out of the loosest book, and stay: Longqi to a bound of 0.1, Lingjun out of CSI 2000 and "
    "smaller, Zhuoshi {points:.0%} of the book from there to CSI 500, deleveraging to half, hedge and all. "
    "Alpha is after costs.",
}


def page(tables: dict[str, pd.DataFrame], said: dict) -> str:
    """The folder's README: what was asked and every table."""
    lines = ["# Style bounds tuned against the tail", "", said["about"], ""]
    words = {"crisis": CRISIS, "bands": " and ".join(map(str, BANDS)), "trail": TRAIL, "points": POINTS}
    for title, table in tables.items():
        shown = table.rename(columns=lambda c: str(c).replace("_", " "))
        shown = shown.map(lambda x: f"{x:.4g}" if isinstance(x, float) else x)
        note = [NOTES[title].format(**words), ""] if title in NOTES else []
        lines += [f"## {title}", "", *note, markdown(shown), ""]
    return "\n".join([*lines, f"Made by `{said['command']}`; numbers in the CSV files.", ""])


def results(it: Study, count: int, data: Path, say: Callable[[str], None]) -> dict[str, pd.DataFrame]:
    """Every table of the page."""
    rows, answers, moved = [], [], []
    points, chosen = {}, {}
    for name, product in PRODUCTS.items():
        more, points[name] = curve(it, name)
        rows += more
        say(f"{name}: frontier")
        answers += answer(it, name, points[name])
        best = tuned(it.book(name), product, (it.whole,), points[name])
        chosen[name] = (best.outcome, points[name][-1])
        say(f"{name}: bounds")
        if name in study_of.LEVERS:
            moved += levers(it, name, best)
            say(f"{name}: leverage and hedge")
    tables = {"Answer": pd.DataFrame(answers), "Frontier": pd.DataFrame(rows)}
    tables["Leverage"] = pd.DataFrame(leverages(it, points))
    tables["Leverage and hedge tuned"] = pd.DataFrame(moved)
    say("leverages")
    weeks = watch(it.world, it.config.fitted, it.universe, count)
    say("weeks")
    tables["Bounds by state"] = pd.DataFrame(compared(it, weeks, points))
    if (data / "indices_daily.csv").exists():
        tables["On the realised path"] = pd.DataFrame(realised(it, data, chosen))
    return tables


@click.command()
@click.option("--config", default="feb2024.toml", show_default=True, help="With a crowd or without.")
@click.option("--paths", "count", default=16384, show_default=True)
@click.option("--data", default="../shared/data", show_default=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", default="results/style_bounds", show_default=True, type=click.Path(path_type=Path)
)
def main(config: str, count: int, data: Path, output: Path) -> None:
    """Tune the bounds, write the tables."""
    started, clock = time.perf_counter(), time.process_time()

    def say(what: str) -> None:
        click.echo(f"{time.perf_counter() - started:6.0f} s  {what}", err=True)

    it = study(config, count)
    say("simulated")
    tables = results(it, count, data, say)
    command = f"python -m experiments.style_bounds --config {config} --paths {count} -o {output}"
    about = ABOUT.format(
        paths=count,
        days=it.days,
        config=config,
        ic=DESK.ic,
        premium=DESK.premium,
        tracking=DESK.tracking,
        weight=DESK.weight,
        exit=DESK.exit,
        part=DESK.participation,
        nav=DESK.nav / 1e9,
        others=DESK.others,
        fee=DESK.fee,
        stamp=DESK.stamp,
        impact=DESK.impact,
        crowd=FREE if it.world.crowd is None else CROWD,
    )
    said = {"command": command, "paths": count, "days": it.days, "config": config, "about": about}
    said |= {
        "universe": it.universe.label,
        "cpu_seconds": round(time.process_time() - clock, 1),
        "blas_threads": os.environ.get("OMP_NUM_THREADS"),
    }
    files = {title.lower().replace(" ", "_"): table for title, table in tables.items()}
    publish(output, output.name, files, page(tables, said), said)
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    jax.config.update("jax_platforms", os.environ.get("JAX_PLATFORMS", "cpu"))
    main()
