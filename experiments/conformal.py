"""How often conformal bounds are missed, in calm and in stress: where the regimes are known, and in history.

    python -m experiments.conformal [--data ../shared/data/indices_daily.csv] [--series 40]

The forecast that is mended is the plainest: VaR of the last 250 days. Its past errors are weighted equally,
by age, and by the filtered chances of the regimes. Days are drawn from one law (exchangeable) and from the
four fitted regimes of feb2024.toml, whose true regime is known; real ones are micro-caps less CSI 300 where
the file of closes is there. Writes results/conformal/ (a minute).
"""

from pathlib import Path
from typing import Any

import click
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from tailrisk.assemble.process import stationary
from tailrisk.calibrate.forward import filtered
from tailrisk.calibrate.ladder import log_returns, observe
from tailrisk.calibrate.regimes import Regimes, log_density
from tailrisk.config import load
from tailrisk.data.prices import read_prices
from tailrisk.data.table import digest
from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.gauge.scores import Interval, by_block
from tailrisk.studies.gauge.state import regimes
from tailrisk.tail import conformal

LEVELS = ("0.975", "0.99")
WINDOW, WARM, DAYS = 250, 500, 3000
HALF_LIFE = 250.0
WAYS = ("var", "equal", "age", "regime", "known")
LABELS = {
    "var": "VaR of 250 days",
    "equal": "errors weighted equally",
    "age": f"by age, half-life {HALF_LIFE:g} days",
    "regime": "by filtered regime",
    "known": "by the true regime of the day",
}
WHERE = ("all", "calm", "stress")
PAGE = """# Are conformal bounds missed as often as they should be?

{answer}

A bound is the VaR of the last {window} days plus the quantile of its own past errors that a conformal bound
takes (`tailrisk.tail.conformal`). Days beyond it, in %, from day {warm} of each series on, with 95 %
intervals over {series} series of {days} days, or over calendar years of real days. Stress is the regime of
most volatility where it is known, and a chance of it above one half, filtered to the day before, where it
is not. The guarantee is for all days together where days are exchangeable, and for each regime where it is
known: the filter only guesses it. Where a regime has too short a
past its bound is infinite and never missed, which is why the rare days of stress lie below the asked part
with the regime known.

{tables}
Made by `{command}`; every figure is in table.csv.
"""


def switching(law: Regimes, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(log returns [day, bucket], true regime [day]) of one series."""
    chain, mean = np.asarray(law.transition, float), np.asarray(law.mean, float)
    root = np.linalg.cholesky(np.asarray(law.scale, float))
    regime, at = np.empty(DAYS, int), rng.choice(len(chain), p=stationary(chain))
    for day in range(DAYS):
        regime[day] = at
        at = rng.choice(len(chain), p=chain[at] / chain[at].sum())
    factors = mean[regime] + np.einsum("tij,tj->ti", root[regime], rng.standard_normal((DAYS, mean.shape[1])))
    return np.cumsum(factors, axis=1), regime


def before(law: Regimes, returns: np.ndarray) -> np.ndarray:
    """Chances of the regimes before each day [day, regime], from log returns [day, bucket]."""
    chain = np.asarray(law.transition, float)
    long_run = stationary(chain)
    first = jnp.log(jnp.asarray(long_run))
    seen = np.asarray(filtered(first, jnp.log(law.transition), log_density(observe(returns), law)))
    ahead = np.concatenate([long_run[None], seen[:-1] @ chain])
    return ahead / ahead.sum(axis=1, keepdims=True)


def missed(
    losses: np.ndarray, chance: np.ndarray, level: str, known: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Whether each day's loss is beyond the bound [day], by way, from day WARM on."""
    windows = np.lib.stride_tricks.sliding_window_view(losses, WINDOW)[:-1]
    var = np.full(len(losses), np.nan)
    var[WINDOW:] = np.quantile(windows, float(level), axis=1, method="higher")
    own, base, p = losses[WINDOW:], var[WINDOW:], chance[WINDOW:]
    words: dict[str, dict[str, Any]] = {
        "equal": {},
        "age": {"half_life": HALF_LIFE},
        "regime": {"regimes": p},
    }
    if known is not None:
        words["known"] = {"regimes": known[WINDOW:]}
    bound = {"var": base} | {
        way: base + conformal.buffers(own, base, level=level, **more).buffer for way, more in words.items()
    }
    return {way: (own > each)[WARM - WINDOW :] for way, each in bound.items()}


def rates(
    parts: list[tuple[dict[str, np.ndarray], np.ndarray]], block: np.ndarray, about: dict
) -> list[dict]:
    """A row a way and set of days, of series (missed by way, in stress), blocks [day of all series]."""
    stress = np.concatenate([one for _, one in parts])
    rows = []
    for way in (way for way in WAYS if way in parts[0][0]):
        hit = np.concatenate([one[way] for one, _ in parts]).astype(float)
        for where, keep in zip(WHERE, (np.ones(len(hit), bool), ~stress, stress), strict=True):
            if keep.any():
                found = by_block(_rate(hit[keep]), block[keep], draws=500, seed=0)
                row = {
                    "way": way,
                    "days": where,
                    "missed": found.estimate,
                    "low": found.low,
                    "high": found.high,
                }
                rows.append(about | row)
    return rows


def _rate(hit: np.ndarray) -> Any:
    return lambda weight: float(weight @ hit / weight.sum())


def simulated(law: Regimes, series: int, level: str, seed: int) -> list[dict]:
    """Rows of exchangeable days and of the switching market."""
    rng = np.random.default_rng(seed)
    market, single = [], []
    for _ in range(series):
        returns, regime = switching(law, rng)
        stress = (regime == law.mean.shape[0] - 1)[WARM:]
        known = np.eye(law.mean.shape[0])[regime]
        market.append((missed(returns[:, 0] - returns[:, -1], before(law, returns), level, known), stress))
        days = rng.standard_t(4, DAYS)
        single.append((missed(days, np.ones((DAYS, 1)), level), np.zeros(DAYS - WARM, bool)))
    block = np.repeat(np.arange(series), DAYS - WARM)
    return rates(single, block, {"series": "exchangeable", "level": level}) + rates(
        market, block, {"series": "regimes known", "level": level}
    )


def real(law: Regimes, data: Path, level: str) -> list[dict]:
    """Rows of micro-caps less CSI 300."""
    prices = read_prices(data)
    returns = log_returns(prices[["csi300", "csi500", "csi1000", "csi2000", "micro"]].to_numpy(float))
    chance = before(law, returns)
    part = (missed(returns[:, 0] - returns[:, -1], chance, level), chance[WARM:, -1] > 0.5)
    return rates([part], prices.index[1 + WARM :].year.to_numpy(), {"series": "real", "level": level})


def tables(rows: pd.DataFrame) -> str:
    """A table a series and level."""
    parts = []
    for (series, level), own in rows.groupby(["series", "level"], sort=False):
        lines = []
        for way, by in own.groupby("way", sort=False):
            cells = {
                one["days"]: f"{100 * one['missed']:.2f} ({100 * one['low']:.2f} to {100 * one['high']:.2f})"
                for one in by.to_dict("records")
            }
            lines.append({"bound": LABELS[way], **{where: cells.get(where, "") for where in WHERE}})
        parts.append(
            f"## {series.capitalize()}, {100 * float(level):g} %\n\n{markdown(pd.DataFrame(lines))}\n"
        )
    return "\n".join(parts)


def answer(rows: pd.DataFrame) -> str:
    """The first level's misses, in a sentence a kind of series."""
    by = rows[rows["level"] == LEVELS[0]].set_index(["series", "way", "days"])
    want = 100 - 100 * float(LEVELS[0])

    def text(*key: str) -> str:
        row = by.loc[key]
        found = Interval(row["missed"], row["low"], row["high"])
        return f"{100 * found.estimate:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f}) %"

    said = [
        f"{want:g} % of days should lie beyond a bound at {100 - want:g} %. Of exchangeable days "
        f"{text('exchangeable', 'equal', 'all')} do. In the simulated market "
        f"{text('regimes known', 'var', 'stress')} of the days of stress lie beyond plain VaR, "
        f"{text('regimes known', 'equal', 'stress')} beyond the bound of equal weights and "
        f"{text('regimes known', 'regime', 'stress')} beyond that by filtered regime and "
        f"{text('regimes known', 'known', 'stress')} where the regime is known."
    ]
    if ("real", "var", "stress") in by.index:
        said.append(
            f"Of real days of stress: {text('real', 'var', 'stress')}, {text('real', 'equal', 'stress')} and "
            f"{text('real', 'regime', 'stress')}."
        )
    return " ".join(said)


@click.command()
@click.option(
    "--data", default="../shared/data/indices_daily.csv", show_default=True, type=click.Path(path_type=Path)
)
@click.option("--series", default=40, show_default=True, type=click.IntRange(2))
@click.option(
    "-o", "--output", default="results/conformal", show_default=True, type=click.Path(path_type=Path)
)
def main(data: Path, series: int, output: Path) -> None:
    """Draw, bound, count, write the folder."""
    jax.config.update("jax_enable_x64", True)
    law = regimes(load("feb2024.toml", ["market.process=regimes"]).fitted)
    rows = [row for level in LEVELS for row in simulated(law, series, level, seed=5)]
    facts: dict[str, Any] = {
        "question": "Are conformal bounds missed as often as they should be, in calm and in stress?"
    }
    if data.is_file():
        rows += [row for level in LEVELS for row in real(law, data, level)]
        facts["data_sha256"] = {data.name: digest(data)}
    table = pd.DataFrame(rows)
    command = "python -m experiments.conformal"
    page = PAGE.format(
        answer=answer(table),
        window=WINDOW,
        warm=WARM,
        series=series,
        days=DAYS,
        tables=tables(table),
        command=command,
    )
    publish(output, output.name, {"table": table}, page, facts | {"command": command, "seed": 5})


if __name__ == "__main__":
    main()
