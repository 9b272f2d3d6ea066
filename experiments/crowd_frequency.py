"""How often spread events come with the crowd on, against history: kappa and the chance of a rout.

    python -m experiments.crowd_frequency [--paths 16384] [--data ../shared/data/indices_daily.csv]

The last step of mechanism 6's calibration. Exogenous shocks of the crisis regime are scaled by kappa, and
fear takes hold on a day of it with a chance `hold`; both are fitted to the number of days on which z of
CSI 1000 less CSI 300 (250 days before, mean removed) is below -3, -4, -5 and -7, by the likelihood of
independent Poisson counts, over a grid. The ensemble's best member and some after it show how far the fit
depends on it.
"""

from pathlib import Path

import click
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy.stats import poisson

from tailrisk.core.calendar import YEAR
from tailrisk.data.prices import digest, read_prices
from tailrisk.market import spread
from tailrisk.record.publishing import markdown, publish
from tailrisk.simulate.world import World
from tailrisk.studies.crowd import runs

THRESHOLDS = (-3.0, -4.0, -5.0, -7.0)
KAPPAS = (0.5, 0.7, 0.85, 1.0)
HOLDS = (0.0, 0.005, 0.01, 0.03, 0.1)
DECADE = 10 * YEAR


@click.command()
@click.option("--config", default=runs.CONFIG, show_default=True)
@click.option("--paths", default=16384, show_default=True, help="Of each point of the grid.")
@click.option("--members", default=3, show_default=True, help="Of the ensemble, best first.")
@click.option("--data", default="../shared/data/indices_daily.csv", show_default=True, type=Path)
@click.option("-o", "--output", default="results/crowd_frequency", show_default=True, type=Path)
def main(config: str, paths: int, members: int, data: Path, output: Path) -> None:
    """Count spread events per ten years over the grid, and say which point is likeliest."""
    history = recorded(data)
    rows, digests = [], []
    for member in range(members):
        overrides = ["market.start=stationary", f"crowd.member={member}", "crowd.kappa_crisis=1"]
        said, world = runs.world_of(overrides, config)
        digests.append(said.digest())
        for kappa in KAPPAS:
            for hold in HOLDS:
                kept = runs.simulated(at(world, kappa, hold), paths)
                row = {"member": member, "kappa": kappa, "hold": hold, **counted(kept)}
                row["stampedes"] = float(kept.stampede.mean()) * DECADE / kept.days
                row["log_likelihood"] = likelihood(row, history)
                rows.append(row)
                click.echo(row, err=True)
    table = pd.DataFrame(rows)
    said_of_all = {
        "command": f"python -m experiments.crowd_frequency --paths {paths} --members {members}",
        "paths": paths,
        "config_sha256": digests,
        "data_sha256": digest(data),
    }
    publish(output, "crowd_frequency", {"table": table}, page(table, history), said_of_all)


def at(world: World, kappa: float, hold: float) -> World:
    """The world, assembled at kappa one, at a point of the grid."""
    scaled = runs.edited(world, "process.ladder.affine", lambda affine: affine.at[-1, :, 1:].multiply(kappa))
    return runs.edited(scaled, "panic.hold", lambda x: jnp.full_like(x, hold))


def counted(kept: runs.Paths) -> dict[str, float]:
    """Days per ten years beyond each threshold."""
    z = np.asarray(kept.outcome.z[0])
    return {f"z <= {t:.0f}": float((z <= t).mean() * DECADE) for t in THRESHOLDS}


def recorded(data: Path) -> dict[str, float]:
    """Days beyond each threshold in the index history, and its years."""
    returns = read_prices(data).pct_change(fill_method=None)
    daily = (returns["csi1000"] - returns["csi300"]).dropna().to_numpy()
    detector = spread.Params(small=2, large=0, window=250, days=1, mean_removed=True)
    z = np.asarray(spread.z(detector, jnp.asarray(daily)[:, None]))[:, 0]
    return {"years": len(z) / YEAR} | {f"z <= {t:.0f}": float((z <= t).sum()) for t in THRESHOLDS}


def likelihood(row: dict[str, float], history: dict[str, float]) -> float:
    """Log likelihood of history's counts in the bands between thresholds, independent Poisson."""
    years, total = history["years"], 0.0
    names = [f"z <= {t:.0f}" for t in THRESHOLDS]
    for near, far in zip(names, [*names[1:], None], strict=True):
        seen = history[near] - (history[far] if far else 0.0)
        rate = row[near] - (row[far] if far else 0.0)
        total += float(poisson.logpmf(round(seen), max(rate, 1e-3) * years / 10))
    return total


def page(table: pd.DataFrame, history: dict[str, float]) -> str:
    """The page in words."""
    best = table.loc[table.groupby("member")["log_likelihood"].idxmax()]
    seen = {f"z <= {t:.0f}": history[f"z <= {t:.0f}"] / history["years"] * 10 for t in THRESHOLDS}
    columns = ["member", "kappa", "hold", *seen, "stampedes", "log_likelihood"]
    lines = [
        "# How often, with the crowd on",
        "",
        "Days in ten years on which z of CSI 1000 less CSI 300 is below a threshold, with the crowd on, and",
        f"falls of the micro-caps of {100 * runs.ROUT:.0f} % in three days; the likeliest kappa and chance",
        "of a rout for each member of the ensemble, and history.",
        "",
        markdown(best[columns].round(3)),
        "",
        "History: " + ", ".join(f"{name} {value:.2f}" for name, value in seen.items()) + ".",
        "",
        "Made by `python -m experiments.crowd_frequency`; the whole grid is in table.csv.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
