"""How often a sigma event happens in each calibrated model, beside the data: mechanism 4.6, 5.1, 9.3.

    python -m experiments.event_frequency [--paths 16384] [--data ../shared/data/indices_daily.csv]

The process with memory and every regime model of configs/calibrated/ladder_2023.toml, K = 1 to 4, Gaussian
and Student, simulate decades from their long run; z is that of CSI 1000 less CSI 300 on the 250 days before,
mean removed. Writes results/event_frequency/: the table, the record and a page in words.
"""

from pathlib import Path
from typing import Any

import click
import jax.numpy as jnp
import numpy as np
import pandas as pd

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core.calendar import YEAR
from tailrisk.data.prices import digest, read_prices
from tailrisk.market import spread
from tailrisk.record.collect import sample
from tailrisk.record.publishing import publish
from tailrisk.tail import Moments, rate

CONFIG = Path(__file__).with_name("event_frequency.toml")
DECADE = 10 * YEAR
THRESHOLDS = (-7.0, -5.0, -4.0, -3.0, 3.0, 4.0, 5.0)
LAWS = {
    "memory": {"process": "memory"},
    **{
        f"regimes K = {states}, {shocks}": {"process": "regimes", "states": states, "shocks": shocks}
        for shocks in ("gaussian", "student")
        for states in (1, 2, 3, 4)
    },
}
"""Name of a law of returns -> its fields of [market]."""
EVENTS = ", ".join(
    f'{{name = "z{i}", pair = ["csi1000", "csi300"], threshold = {t}}}' for i, t in enumerate(THRESHOLDS)
)


@click.command()
@click.option("--paths", default=16384, show_default=True, help="Decades simulated for each model.")
@click.option("--seed", default=20231231, show_default=True)
@click.option(
    "--data", default="../shared/data/indices_daily.csv", show_default=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o", "--output", default="results/event_frequency", show_default=True, type=click.Path(path_type=Path)
)
def main(paths: int, seed: int, data: Path, output: Path) -> None:
    """Count spread events per ten years in every calibrated model and in the data."""
    rows, configs = [], {}
    for name, law in LAWS.items():
        config = load(CONFIG, settings(paths, seed, law))
        kept = sample(config, assemble(config), progress=True)
        configs[name] = config.digest()
        days = [kept.events.row(len(THRESHOLDS) + k) for k in range(len(THRESHOLDS))]
        rows.append({"model": name, **simulated(days)})
        click.echo(rows[-1], err=True)
    if data.exists():
        rows += [
            {"model": f"data to {until}", **observed(data, until)} for until in ("2023-12-29", "2024-03-29")
        ]
    table = pd.DataFrame(rows)
    said = {
        "command": f"python -m experiments.event_frequency --paths {paths} --seed {seed}",
        "seed": seed,
        "paths": paths,
        "days": DECADE,
        "config_sha256": configs,
        "data_sha256": digest(data) if data.exists() else None,
    }
    publish(output, "event_frequency", {"table": table}, page(table, paths), said)
    click.echo(f"wrote {output}")


def settings(paths: int, seed: int, law: dict[str, Any]) -> list[str]:
    """Overrides of the ladder's config, of a law's fields of [market]."""
    said = {"run.paths": paths, "run.seed": seed} | {f"market.{key}": value for key, value in law.items()}
    return [*(f"{key}={value}" for key, value in said.items()), f"event=[{EVENTS}]"]


def simulated(event_days: list[Moments]) -> dict[str, float]:
    """Days per ten years beyond each threshold, with the interval of the mean over decades."""
    row: dict[str, float] = {}
    for threshold, days in zip(THRESHOLDS, event_days, strict=True):
        often = days.rate(10.0, confidence=0.95)
        row |= {
            f"z{threshold:+g}": 10 * float(np.nan_to_num(often.estimate)),
            f"z{threshold:+g}_low": 10 * often.low,
            f"z{threshold:+g}_high": 10 * often.high,
        }
    return row


def observed(data: Path, until: str) -> dict[str, float]:
    """The same days per ten years in the index history, with exact Poisson intervals."""
    returns = read_prices(data).loc[:until].pct_change(fill_method=None)
    daily = (returns["csi1000"] - returns["csi300"]).dropna().to_numpy()
    params = spread.Params(small=2, large=0, window=250, days=1, mean_removed=True)
    z = np.asarray(spread.z(params, jnp.asarray(daily)[:, None]))[:, 0]
    years, row = len(z) / YEAR, {}
    for threshold in THRESHOLDS:
        count = int((z <= threshold).sum() if threshold < 0 else (z >= threshold).sum())
        often = rate(count, years)
        row |= {
            f"z{threshold:+g}": 10 * count / years,
            f"z{threshold:+g}_low": 10 * often.low,
            f"z{threshold:+g}_high": 10 * often.high,
        }
    return row


def page(table: pd.DataFrame, paths: int) -> str:
    """The table in words, for results/."""
    lines = [
        "# How often a sigma event happens",
        "",
        "Days per ten years on which z of CSI 1000 less CSI 300 (250 days before, mean removed) is beyond a "
        f"threshold: {paths:,} simulated decades for each model fitted on data to 2023-12-29, from its long "
        "run, and the data themselves. In brackets the 95 % interval: of the simulation for models, exact "
        "Poisson for data.",
        "",
        "| model | z <= -7 | z <= -5 | z <= -4 | z >= 4 | z >= 5 | down : up at 4 |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        cells = [cell(row, t) for t in ("-7", "-5", "-4", "+4", "+5")]
        ratio = row["z-4"] / row["z+4"] if row["z+4"] else float("nan")
        lines.append(f"| {row['model']} | {' | '.join(cells)} | {ratio:.1f} |")
    return "\n".join(
        [*lines, "", "Made by `python -m experiments.event_frequency`; numbers in table.csv.", ""]
    )


def cell(row: dict[str, float], threshold: str) -> str:
    value, low, high = (row[f"z{threshold}{part}"] for part in ("", "_low", "_high"))
    return f"{value:.3g} [{low:.2g}, {high:.2g}]"


if __name__ == "__main__":
    main()
