"""What should the style bounds have been? Bounds on size and micro-caps tuned against the simulated tail.

    python -m experiments.style_bounds [--config configs/feb2024.toml] [--paths 16384] [--data ../shared/data]

For index-enhanced 500 and 1000, neutral and DMA: a manager maximises alpha within a mandate of 5,000
synthetic names; the tuner picks the size and micro bounds that keep most alpha within an ES 99 % budget
over 60 days. With --config of a crowd the same is done on the crowd's paths. The realised path is used
where the price files are there. Writes results/style_bounds/ (a few minutes; a crowd's paths take longer).
"""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import jax
import numpy as np
import pandas as pd

from tailrisk.assemble import assemble, stationary
from tailrisk.config import load
from tailrisk.core.calendar import YEAR
from tailrisk.core.names import BUCKETS, CODES, FUTURES
from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Liquidity,
    Positions,
    Scenarios,
    TrackingError,
    of_factor_model,
)
from tailrisk.optimise.paths import Horizon, of_universe, simulate
from tailrisk.optimise.tuner import Book, Bound, Outcome, evaluate, frontier, resampled, tune
from tailrisk.record import provenance
from tailrisk.record.store import replacing, seal
from tailrisk.tail import expected_shortfall
from tailrisk.universe import Universe, default

LEVEL = "0.99"
IC = 0.05
"""Correlation of the stock score with the specific return over the horizon: a documented assumption."""
SIZE_PREMIUM = -0.0946
"""Mean return a year of the size factor (long large caps), 2018-06-06 to 2023-12-29, from the price files."""
OTHER_STYLES = 0.3
ACTIVE_WEIGHT = 0.002
TRACKING = 0.06
NAV, EXIT_DAYS, PARTICIPATION = 5e9, 5.0, 0.2
SIZE_GRID = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5)
LOOSE, TIGHT = (1.5, 0.6), (0.05, 0.02)
"""Bounds taken as none, and the tightest tried: on active size, and on the share in micro and no index."""
MODELS = ((4, "gaussian"), (3, "gaussian"), (4, "student"), (3, "student"))
WINDOWS = {
    "2024-01-02 to 02-07": ("2023-12-29", "2024-02-07"),
    "2024-02-02 to 02-07": ("2024-02-02", "2024-02-07"),
    "2024-01-02 to 03-29": ("2023-12-29", "2024-03-29"),
}


@dataclass(frozen=True)
class Product:
    """A product of the study: its mix of indices, leverage, ES budget, and whether futures are the hedge."""

    mix: dict[str, float]
    gross: float
    budget: float
    hedged: bool
    financing: float = 0.0


PRODUCTS = {
    "ie500": Product({"csi500": 1.0}, 1.0, 0.06, False),
    "ie1000": Product({"csi1000": 1.0}, 1.0, 0.06, False),
    "neutral": Product({"csi500": 0.5, "csi1000": 0.5}, 0.8, 0.05, True),
    "dma": Product({"csi500": 0.5, "csi1000": 0.5}, 4.0, 0.25, True, 0.035),
}


def alphas(universe: Universe, days: int, premium: float = SIZE_PREMIUM, seed: int = 1) -> np.ndarray:
    """Expected return over the horizon [stock]: IC sd score, and the premium of the size exposure."""
    score = np.random.default_rng(seed).normal(size=len(universe.ids))
    size = universe.style[:, universe.styles.index("size")]
    return IC * universe.specific_sd * np.sqrt(days) * score + premium * days / YEAR * size


def book(
    universe: Universe, product: Product, days: int, daily: np.ndarray, premium: float = SIZE_PREMIUM
) -> Book:
    """The product's mandate: theta is the bound on active size and the most in micro and unlisted names.

    daily: [factor, factor] covariance of a calm day, the manager's risk model for the tracking error.
    """
    stocks = len(universe.ids)
    benchmark = sum(share * universe.benchmark[:, BUCKETS.index(b)] for b, share in product.mix.items())
    size = universe.styles.index("size")
    others = [k for k in range(len(universe.styles)) if k != size]
    small = (universe.bucket == BUCKETS.index("micro")) | (universe.bucket < 0)
    covariance = of_factor_model(universe.loading, days * daily, universe.specific_sd * np.sqrt(days))
    fixed = [
        Budget(),
        Positions(),
        ActiveWeights(benchmark, ACTIVE_WEIGHT),
        Liquidity(universe.adv, NAV, EXIT_DAYS, PARTICIPATION),
        TrackingError(covariance, benchmark, TRACKING * np.sqrt(days / YEAR)),
        ActiveExposure(
            universe.style[:, others],
            [universe.styles[k] for k in others],
            -OTHER_STYLES,
            OTHER_STYLES,
            benchmark,
            "other styles",
        ),
    ]

    def constraints(theta: np.ndarray) -> list:
        tilt = universe.style[:, [size]]
        return [
            *fixed,
            ActiveExposure(tilt, ("size",), -theta[0], theta[0], benchmark, "size"),
            Group(small, -1.0, float(theta[1]), name="micro"),
        ]

    sold = np.zeros(len(FUTURES))
    if product.hedged:
        for b, share in product.mix.items():
            sold[list(FUTURES.values()).index(b)] = share
    against = np.append(np.zeros(stocks) if product.hedged else benchmark, sold)
    bounds = (Bound("size"), Bound("micro", lower=0.0))
    financing = product.financing * days / YEAR
    alpha = alphas(universe, days, premium)
    active = alpha - alpha @ benchmark  # weights sum to one
    return Book(active, constraints, bounds, against, product.gross, financing)


def paths(config: str, count: int, overrides: tuple[str, ...] = ()) -> Horizon:
    """Simulated horizon returns of a config, all of the universe's styles switched on."""
    styles = default().styles
    some = ", ".join(f"{style} = 1e-9" for style in styles)
    it = load(config, [f"products.stock_selection.style_exposure={{ {some} }}", *overrides])
    return simulate(assemble(it), count, styles, chunk=it.run.chunk)


def calm_day(config: str) -> np.ndarray:
    """[factor, factor] covariance of a day that began calm, without a crowd: what a risk model sees."""
    one = ('market.start="calm"', "run.days=1", "event=[]")
    return np.cov(paths(config, 16384, one).factors)


@dataclass(frozen=True)
class Study:
    """What every product is measured on: the scenario sets, by name, and the universe."""

    universe: Universe
    horizon: Horizon
    whole: Scenarios
    halves: tuple[Scenarios, Scenarios]
    ensemble: tuple[Scenarios, ...]
    starts: dict[str, Scenarios]
    crisis: float  # long-run share of days in the worst regime
    daily: np.ndarray

    def book(self, product: Product, premium: float = SIZE_PREMIUM) -> Book:
        return book(self.universe, product, self.horizon.days, self.daily, premium)


def study(config: str, count: int) -> Study:
    """Simulate every set: the filtered start, its halves, other fitted models, calm and crisis starts."""
    universe = default()

    def scenarios(horizon: Horizon) -> Scenarios:
        return of_universe(universe, horizon, futures=True)

    main, few = paths(config, count), max(count // 4, 1000)
    models = [(f"market.states={states}", f'market.shocks="{shocks}"') for states, shocks in MODELS]
    starts = {start: paths(config, few, (f'market.start="{start}"',)) for start in ("calm", "crisis")}
    law = stationary(np.array(load(config).fitted.transition))
    return Study(
        universe,
        main,
        scenarios(main),
        (scenarios(main.part(slice(0, count // 2))), scenarios(main.part(slice(count // 2, count)))),
        tuple(scenarios(paths(config, few, model)) for model in models),
        {start: scenarios(horizon) for start, horizon in starts.items()},
        float(law[-1]),
        calm_day(config),
    )


def curve(it: Study, name: str) -> tuple[list[dict], list[Outcome]]:
    """The frontier of one product: alpha a year and ES with intervals as the size bound tightens."""
    product = PRODUCTS[name]
    mandate, year = it.book(product), YEAR / it.horizon.days
    points = frontier(
        lambda theta: evaluate(mandate, [it.whole], theta, level=LEVEL), [(b, LOOSE[1]) for b in SIZE_GRID]
    )
    losses = [lost(it.whole, mandate, point) for point in points]
    draws = resampled(losses, level=LEVEL, draws=100, pairs=True)
    saved = draws[:, [-1]] - draws
    rows = [
        {
            "product": name,
            "size_bound": float(point.theta[0]),
            "alpha_year": point.alpha * year,
            "alpha_without_premium": without(it, product, point) * year,
            "es": point.worst(),
            "es_low": np.quantile(draws[:, k], 0.025),
            "es_high": np.quantile(draws[:, k], 0.975),
            "es_saved": points[-1].worst() - point.worst(),
            "es_saved_low": np.quantile(saved[:, k], 0.025),
            "es_saved_high": np.quantile(saved[:, k], 0.975),
            "d_alpha_d_bound_year": point.alpha_slope[0] * year,
            "d_es_d_bound": point.shortfall_slope[0, 0],
            "names": int((point.weights > 1e-5).sum()),
        }
        for k, point in enumerate(points)
    ]
    return rows, points


def lost(scenarios: Scenarios, mandate: Book, point: Outcome) -> np.ndarray:
    """Losses over the horizon [scenario], as fractions of NAV."""
    return mandate.gross * scenarios.losses(held(mandate, point))


def held(mandate: Book, point: Outcome) -> np.ndarray:
    """Stocks less what stands against them [asset]."""
    net = -mandate.hedge
    net[: len(point.weights)] += point.weights
    return net


def without(it: Study, product: Product, point: Outcome) -> float:
    """The alpha of the same weights where the size premium is nothing: the scores' alone."""
    mandate = it.book(product, 0.0)
    return mandate.gross * (float(mandate.alpha @ point.weights) - mandate.financing)


def tuned(
    it: Study, name: str, product: Product, sets: tuple[Scenarios, ...], points: list[Outcome], **how: bool
) -> tuple[Book, Outcome, bool]:
    """The bounds that keep most alpha within the product's budget, begun from the best of the frontier."""
    mandate = it.book(product)

    def measure(theta: np.ndarray) -> Outcome:
        return evaluate(mandate, sets, theta, level=LEVEL)

    within = [p for p in points if p.worst() / PRODUCTS[name].gross * product.gross <= product.budget]
    start = max(within, key=lambda p: p.alpha).theta if within else min(points, key=Outcome.worst).theta
    found = tune(measure, TIGHT, LOOSE, product.budget, start=start, **how)
    return mandate, found.outcome, found.feasible


def answer(it: Study, name: str, points: list[Outcome]) -> list[dict]:
    """Tuned on half the paths and judged on the other; on the ensemble, by mean and by the worst."""
    product, year = PRODUCTS[name], YEAR / it.horizon.days
    ways: dict[str, tuple[tuple[Scenarios, ...], dict[str, bool]]] = {
        "half of the paths": ((it.halves[0],), {}),
        "models, mean": (it.ensemble, {}),
        "models, worst": (it.ensemble, {"worst": True}),
    }
    rows = []
    for way, (sets, how) in ways.items():
        mandate, found, feasible = tuned(it, name, product, sets, points, **how)
        rows.append(
            row(name, way, product, mandate, found, feasible, year)
            | {"es_other_half": float(expected(it.halves[1], mandate, found))}
        )
    return rows


def row(
    name: str, way: str, product: Product, mandate: Book, found: Outcome, feasible: bool, year: float
) -> dict:
    return {
        "product": name,
        "tuned_on": way,
        "budget": product.budget,
        "feasible": feasible,
        "size_bound": found.theta[0],
        "micro_bound": found.theta[1],
        "alpha_year": found.alpha * year,
        "es": found.shortfall.mean() if "mean" in way else found.worst(),
        "d_es_d_gross": float(found.shortfall_by_gross.max()),
        "gross": mandate.gross,
    }


def expected(scenarios: Scenarios, mandate: Book, point: Outcome) -> float:
    return expected_shortfall(lost(scenarios, mandate, point), scenarios.weight, level=LEVEL)


def variants(it: Study, points: dict[str, list[Outcome]]) -> list[dict]:
    """Leverage of the DMA book at one budget, and the hedge of the neutral one between IC and IM."""
    year, rows = YEAR / it.horizon.days, []
    for gross in (1.0, 2.0, 4.0):
        product = replace(PRODUCTS["dma"], gross=gross)
        found = tuned(it, "dma", product, (it.whole,), points["dma"])
        rows.append(row("dma", f"leverage {gross:g}", product, *found, year))
    for share in (0.0, 0.5, 1.0):
        product = replace(PRODUCTS["neutral"], mix={"csi500": share, "csi1000": 1 - share})
        found = tuned(it, "neutral", product, (it.whole,), points["neutral"])
        rows.append(row("neutral", f"IC share {share:g}", product, *found, year))
    return rows


def states(it: Study, name: str, points: list[Outcome]) -> dict:
    """One bound for all days, or one for calm and one for crisis starts, by ES of the mixture of both.

    The chosen pair keeps most alpha, averaged over the long-run share of crisis days, within the budget.
    """
    mandate, year = it.book(PRODUCTS[name]), YEAR / it.horizon.days
    share = {"calm": 1 - it.crisis, "crisis": it.crisis}
    losses = {s: [lost(set_, mandate, p) for p in points] for s, set_ in it.starts.items()}
    weight = np.concatenate([np.full(len(losses[s][0]), share[s] / len(losses[s][0])) for s in share])
    weight /= weight.sum()
    best: dict[bool, tuple[float, int, int]] = {}
    for i in range(len(points)):
        for j in range(len(points)):
            both = np.concatenate([losses["calm"][i], losses["crisis"][j]])
            if expected_shortfall(both, weight, level=LEVEL) > PRODUCTS[name].budget:
                continue
            kept = (share["calm"] * points[i].alpha + share["crisis"] * points[j].alpha) * year
            for one in {i == j, False}:
                if one not in best or kept > best[one][0]:
                    best[one] = (kept, i, j)
    said = {"product": name, "crisis_share": it.crisis}
    for one, label in ((True, "constant"), (False, "by state")):
        kept, i, j = best.get(one, (np.nan, 0, 0))
        said |= {f"{label}: alpha": kept, f"{label}: calm": SIZE_GRID[i], f"{label}: crisis": SIZE_GRID[j]}
    return said


def realised(it: Study, data: Path, chosen: dict[str, tuple[Book, Outcome, Outcome]]) -> list[dict]:
    """Loss of the tuned and the loose books on the realised path: factors and futures, no specific return."""
    closes = pd.read_csv(data / "indices_daily.csv", dtype={"code": str}, usecols=["date", "code", "close"])
    closes = closes.assign(bucket=closes["code"].map(CODES)).dropna(subset="bucket")
    level = closes.pivot(index="date", columns="bucket", values="close")[list(BUCKETS)]
    styles = pd.read_csv(data / "style_factors_daily.csv", index_col=0)
    futures = pd.read_csv(data / "index_futures_daily.csv", usecols=["symbol", "date", "close"])
    listed = futures.pivot(index="date", columns="symbol", values="close")
    rows = []
    for window, (first, last) in WINDOWS.items():
        bucket = (level.loc[last] / level.loc[first] - 1).to_numpy()
        span = styles.index.astype(str)
        style = styles.loc[(span > first) & (span <= last), list(it.universe.styles)].sum().to_numpy()
        future = [rolled(listed, f, first, last) for f in FUTURES]
        path = Horizon(bucket[:, None], np.array(future)[:, None], style[:, None], it.universe.styles, 1)
        one = of_universe(it.universe, path, specific=False, futures=True)
        for name, (mandate, best, loose) in chosen.items():
            tight, free = (float(lost(one, mandate, point)[0]) for point in (best, loose))
            rows.append(
                {"window": window, "product": name, "tuned": tight, "loose": free, "saved": free - tight}
            )
    return rows


def rolled(listed: pd.DataFrame, future: str, first: str, last: str) -> float:
    """Return of the contract that expires in March: the last listed on the first day and on the last."""
    for symbol in (f"{future}2403", f"{future}2406"):
        if listed.loc[[first, last], symbol].notna().all():
            return float(listed.loc[last, symbol] / listed.loc[first, symbol] - 1)
    raise KeyError(f"no contract of {future} from {first} to {last}")


ABOUT = """\
{paths:,} paths of {days} days ({config}), each twice for specific risk; 5,000 synthetic names. Alpha is a
score of information coefficient {ic:g} on specific returns plus the size premium of the data to 2023
({premium:.1%} a year for each z). The manager maximises it within a tracking error of {tracking:.0%} a
year by a calm day's covariance, active weights of {weight:.1%}, {exit:g} days to exit at {part:.0%} of
turnover from {nav:g} bn yuan, other styles within {others:g}, and sees no scenario; the tuner bounds
active size and the share in micro-caps and names in no index. ES 99 % over the horizon of the excess
return (index-enhanced) or of the return against futures (neutral, DMA), as fractions of NAV; 95 %
intervals from a bootstrap over paths. Without a crowd futures earn their index: no basis, no forced
selling."""


def page(tables: dict[str, pd.DataFrame], said: dict) -> str:
    """The folder's README: what was asked and every table."""
    lines = ["# Style bounds tuned against the tail", "", said["about"], ""]
    for title, table in tables.items():
        lines += [f"## {title}", "", *markdown(table), ""]
    return "\n".join([*lines, f"Made by `{said['command']}`; numbers in the CSV files.", ""])


def markdown(table: pd.DataFrame) -> list[str]:
    def cell(value: object) -> str:
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    head = [str(c).replace("_", " ") for c in table.columns]
    rows = [[cell(value) for value in row] for row in table.itertuples(index=False)]
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]


def results(it: Study, data: Path, say: Callable[[str], None]) -> dict[str, pd.DataFrame]:
    """Every table of the page."""
    rows: list[dict] = []
    points: dict[str, list[Outcome]] = {}
    answers: list[dict] = []
    for name in PRODUCTS:
        more, points[name] = curve(it, name)
        rows += more
        answers += answer(it, name, points[name])
        say(name)
    tables = {
        "Answer": pd.DataFrame(answers),
        "Frontier": pd.DataFrame(rows),
        "Leverage and hedge": pd.DataFrame(variants(it, points)),
        "Bounds by state": pd.DataFrame([states(it, name, points[name]) for name in PRODUCTS]),
    }
    if (data / "indices_daily.csv").exists():
        chosen = {}
        for name, product in PRODUCTS.items():
            mandate, best, _ = tuned(it, name, product, (it.whole,), points[name])
            chosen[name] = (mandate, best, points[name][-1])
        tables["On the realised path"] = pd.DataFrame(realised(it, data, chosen))
    return tables


@click.command()
@click.option("--config", default="configs/feb2024.toml", show_default=True, help="With a crowd or without.")
@click.option("--paths", "count", default=16384, show_default=True)
@click.option("--data", default="../shared/data", show_default=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", default="results/style_bounds", show_default=True, type=click.Path(path_type=Path)
)
def main(config: str, count: int, data: Path, output: Path) -> None:
    """Tune the bounds, write the tables."""
    started, it = time.perf_counter(), study(config, count)
    click.echo(f"simulated in {time.perf_counter() - started:.0f} s", err=True)
    tables = results(it, data, lambda name: click.echo(name, err=True))
    command = f"python -m experiments.style_bounds --config {config} --paths {count}"
    about = ABOUT.format(
        paths=count,
        days=it.horizon.days,
        config=config,
        ic=IC,
        premium=SIZE_PREMIUM,
        tracking=TRACKING,
        weight=ACTIVE_WEIGHT,
        exit=EXIT_DAYS,
        part=PARTICIPATION,
        nav=NAV / 1e9,
        others=OTHER_STYLES,
    )
    said = {"paths": count, "days": it.horizon.days, "config": config, "command": command, "about": about}
    commit, dirty = provenance.commit()
    with replacing(output) as folder:
        for title, table in tables.items():
            name = title.lower().replace(" ", "_")
            table.to_csv(folder / f"{name}.csv", index=False, float_format="%.8g")
        (folder / "README.md").write_text(page(tables, said), encoding="utf-8")
        seal(
            folder,
            {
                "name": output.name,
                **said,
                "commit": commit,
                "dirty": dirty,
                "universe": it.universe.label,
                "crisis_share": it.crisis,
                "seconds": round(time.perf_counter() - started, 1),
                "versions": provenance.versions(),
                "blas_threads": os.environ.get("OMP_NUM_THREADS"),
                "processor": platform.processor() or platform.machine(),
                **provenance.machine(),
            },
        )
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    jax.config.update("jax_platforms", os.environ.get("JAX_PLATFORMS", "cpu"))
    main()
