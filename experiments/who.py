"""Who made the fall of February 2024, as a set: what the prices allow each actor, at least and at most.

    python -m experiments.who [--config crowd_feb2024.toml] [--data ../shared/data]

Prices show products of flow and impact, not sellers. Among the members of the config's ensemble that keep
the episode and ordinary years, and among what a search finds beyond them (tailrisk/studies/who), the least
and the largest share of each actor in the replayed falls and in the loss of each product; and for the crowds
at these ends, how likely a rout is at several leverages of DMA. The set is explored from inside: the true one
is at least as wide.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy.stats import chi2

from tailrisk.calibrate.ladder import Array
from tailrisk.config import Config, load
from tailrisk.config.load import located, read_ensemble
from tailrisk.core.errors import InputError
from tailrisk.data.prices import digest
from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.crowd.edges import ROUT_START
from tailrisk.studies.crowd.runs import CONFIG, ROUT
from tailrisk.studies.match.config import read_terms
from tailrisk.studies.match.episode import Files
from tailrisk.studies.match.ordinary import Weather, Years
from tailrisk.studies.match.prior import Prior
from tailrisk.studies.match.run import problem
from tailrisk.studies.weather.config import read_targets
from tailrisk.studies.who.crowds import Asked, asked
from tailrisk.studies.who.picture import intervals_picture
from tailrisk.studies.who.rout import Crisis, crisis
from tailrisk.studies.who.search import ROUNDS, Admitted, Limit, Quest, members, spread
from tailrisk.studies.who.shares import shapley
from tailrisk.studies.who.tables import crowds, intervals, spans

LEVEL = 0.95
"""Of the posterior: crowds outside its densest part, were it Gaussian, are left out."""
ERROR = 1.4
"""Points a day of 5 to 8 February may be missed by, in the mean."""
LEVERAGE = (1.0, 2.0, 4.0, 8.0)
DATA = ("indices_daily.csv", "index_futures_daily.csv", "etf_daily.csv")
PANELS = (
    ("Micro-cap", "whole", "Micro-caps' fall"),
    ("CSI 2000", "whole", "CSI 2000's fall"),
    ("CSI 1000", "whole", "CSI 1000's fall"),
    ("dma", "whole", "DMA's loss"),
)


@click.command()
@click.option("--config", default=CONFIG, show_default=True)
@click.option("--episode", default="episode_feb2024.toml", show_default=True)
@click.option("--data", default="../shared/data", show_default=True, type=Path)
@click.option("--rounds", default=ROUNDS, show_default=True, help="Of each search.")
@click.option("--paths", default=1024, show_default=True, help="Of a crisis, for the chance of a rout.")
@click.option("-o", "--output", default="results/who", show_default=True, type=Path)
def main(config: str, episode: str, data: Path, rounds: int, paths: int, output: Path) -> None:
    """Write intervals, the crowds at their ends, and the chance of a rout in each."""
    loaded, files = load(config), Files(*(data / name for name in DATA))
    wanted = asked(problem(loaded, files, read_terms(episode, loaded.names)))
    known = draws(loaded, wanted.prior)
    years = Years(read_targets()).weather(loaded, known[0])
    inside, limit = members(wanted, years, known, float(chi2.ppf(LEVEL, len(wanted.prior.names))), ERROR)
    click.echo(f"{len(inside)} of {len(np.unique(known, axis=0))} members, limit {limit.cost:.0f}", err=True)
    value = [wanted.coalitions(one.point[None])[0] for one in inside]
    beyond = list(searched(wanted, years, limit, inside, np.stack(value), rounds))
    admitted = [*inside, *beyond]
    value += [wanted.coalitions(one.point[None])[0] for one in beyond]
    table = intervals(wanted, admitted, np.stack(value))
    routs = chances(wanted, crisis(load(config, list(ROUT_START)), paths), [inside[0], *beyond])
    facts = {
        "command": f"python -m experiments.who --config {config} --rounds {rounds} --paths {paths}",
        "config_sha256": loaded.digest(),
        "sha256": {name: digest(path) for name, path in files.paths().items()},
        "limit": limit.cost,
    }
    tables = {"table": table, "crowds": crowds(wanted, admitted), "routs": routs}
    counts = len(inside), len(np.unique(known, axis=0)), len(beyond)
    text = page(table, routs, limit, counts, len(wanted.prior.names))
    publish(output, "who", tables, text, facts, {"who": intervals_picture(table, PANELS)})


def draws(config: Config, prior: Prior) -> Array:
    """The members of the config's ensemble in the match's coordinates [member, parameter]."""
    if config.crowd is None or config.crowd.ensemble is None:
        raise InputError("crowd.ensemble", "none", "an ensemble file: its members are what is asked")
    ensemble = read_ensemble(Path(located(config.crowd.ensemble)))
    return np.stack([prior.coordinates(ensemble.member(number)) for number in range(len(ensemble.members))])


def searched(
    wanted: Asked, years: Weather, limit: Limit, inside: list[Admitted], value: Array, rounds: int
) -> Iterator[Admitted]:
    """What searches find, for each actor the least and the largest share of the first panel's fall."""
    row = wanted.rows.at(*PANELS[0][:2])
    share = np.stack([shapley(one[:, [row]])[0][:, 0] for one in value])
    first = spread(inside, len(wanted.prior.names))
    for actor, name in enumerate(wanted.actors.names):
        for sign in (-1, 1):
            start = inside[int((sign * share[:, actor]).argmax())]
            found = Quest(wanted, years, limit, row, actor, sign).extreme(start, first, rounds)
            told = f"{found.source}, {found.cost:.0f} and {found.weather:.0f}"
            click.echo(f"{name} {sign:+d}: {told}", err=True)
            if found is not start:
                yield found


def chances(wanted: Asked, at: Crisis, ends: list[Admitted]) -> pd.DataFrame:
    """Percent of paths with a rout, by crowd and by leverage of DMA; its assets and participation beside."""
    books, found = crowds(wanted, ends), []
    pace = books["selling.participation"] * books[f"participation, {wanted.actors.names[0]}"]
    for k, one in enumerate(ends):
        chance = {f"leverage {x:g}": at.chance(wanted.actors, wanted.prior, one.point, x) for x in LEVERAGE}
        of_dma = {"DMA's assets, times": books["assets.dma"][k], "its participation, times": pace[k]}
        found.append({"crowd": one.source, **chance, **of_dma})
    return pd.DataFrame(found)


def page(
    table: pd.DataFrame, routs: pd.DataFrame, limit: Limit, counts: tuple[int, int, int], parameters: int
) -> str:
    """The page in words; counts: members admitted, all of them, crowds found beyond."""
    inside, of, beyond = counts
    dma = routs[routs["crowd"].str.contains("DMA") | routs["crowd"].str.startswith("member")]
    chance = routs.filter(like="leverage")
    slack, share = f"{chi2.ppf(LEVEL, parameters):.0f}", f"{100 * LEVEL:.0f} %"
    lines = [
        "# Who made the fall of February 2024, as a set",
        "",
        "Prices identify products of flow and impact, not sellers. Shares in percent of each fall, least and",
        f"largest among {inside} of the ensemble's {of} members and {beyond} crowds that searches found",
        f"beyond them: all that cost at most {limit.cost:.0f} in episode and ordinary years together (the",
        f"best member's and {slack}: {share} of a posterior that is Gaussian in {parameters} parameters),",
        f"and miss a day of the event by at most {limit.error:g} points in the mean. Explored from inside:",
        "the true set is at least as wide.",
        "",
        "A share is Shapley's, over all coalitions of actors: shares and what is nobody's sum to a hundred.",
        "*Not there without, alone* is what of the fall is not there when that actor alone is a price taker;",
        "these sum to more, since sales feed on each other. A member's cohorts all have the match's one",
        "participation; in a search each may have its own, at the price of a prior of a factor of two.",
        "",
        "![Least and largest shares](who.svg)",
        "",
    ]
    for what, window, title in PANELS:
        rows = table[(table["what"] == what) & (table["window"] == window)].iloc[0]
        lines += [f"## {title}, {rows['days']}: {rows['whole, %']:.1f} % in the best crowd", ""]
        lines += [markdown(spans(table, what, window)), ""]
    lines += [
        "Products whose loss was small (neutral, index-enhanced over the event) have shares without meaning;",
        "their points are in table.csv, with both windows, costs at the ends and who attains them.",
        "",
        "## Chance of a rout by leverage of DMA",
        "",
        f"Percent of paths of twenty days of crisis with a fall of micro-caps of {100 * ROUT:.0f} % in three",
        "days, in the best crowd and in those with the least and largest share of DMA; all others, between",
        f"{chance.min().min():.1f} and {chance.max().max():.1f}, in routs.csv. Assets and participation are",
        "multiples of the config's; how much a cohort of any size may sell a day is a belief, and decides.",
        "",
        markdown(dma.round(2)),
        "",
        "## Beside other people's estimates",
        "",
        "MSCI (March 2024): small-cap exposure explains about 30 % of the fall of the 50 worst quant mutual",
        "funds. Bank of England (Staff Working Paper 1,089): forced LDI sales are about half of the fall of",
        "gilts in September 2022. Structured Retail Products (January 2024) denies that concentrated",
        "knock-ins need make massive sales; Risk.net says that re-hedging drove the fall.",
        "",
        "Made by `python -m experiments.who`.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
