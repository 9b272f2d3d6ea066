"""The expected-shortfall solver beside published ones, on one problem of each size: issue 6.

    OMP_NUM_THREADS=1 python -m experiments.solver [--sizes 50x1000,100x10000] [--level 0.95] [--limit 240]
    OMP_NUM_THREADS=1 python -m experiments.solver --sizes \
        50x1000,100x10000,300x10000,300x50000,100x100000,100x1000000,f3000x100000          (all of issue 6)

Least ES, long only, fully invested, two exposure bounds; Student-t factor returns. A size that begins with f
is in factor form, with specific risk in closed form and no assets x scenarios array: ours alone. Peers are
used where installed (pip install '.[peers]') and named as absent where not; the linear program built by hand,
Rockafellar & Uryasev's dual, is always there. Every weight vector is judged by our own exact ES, and ours
comes with its certified gap. Times are CPU-seconds of a process of its own, after imports. Beyond LARGE
entries only ours is run: the others need more memory than 16 GB or more than --limit. Writes results/solver/.
"""

import importlib.util
import json
import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy import sparse

from tailrisk.core import disk
from tailrisk.record import provenance
from tailrisk.record.files import write_csv
from tailrisk.record.store import replacing, write_record
from tailrisk.tail import expected_shortfall

STYLE_BOUND = 0.05
PEERS = ("skfolio", "riskfolio", "cvxpy")
PACKAGE = {"skfolio": "skfolio", "riskfolio": "riskfolio-lib", "cvxpy": "cvxpy"}


LARGE = 40_000_000


def factor_problem(assets: int, scenarios: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exposures [asset, factor], factor returns [factor, scenario] and specific sd [asset]."""
    rng = np.random.default_rng(seed)
    loading = 0.3 * rng.normal(size=(assets, 10))
    loading[:, 0] = 1 + 0.2 * rng.normal(size=assets)
    wide = np.sqrt(5 / rng.chisquare(5, scenarios))
    factors = rng.normal(size=(10, scenarios)) * np.array([0.012] + [0.004] * 9)[:, None] * wide
    return loading, factors, 0.02 * np.exp(0.2 * rng.normal(size=assets))


def problem(assets: int, scenarios: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns [asset, scenario] and the two exposures that are bounded [asset, style]."""
    rng = np.random.default_rng(seed)
    loading = 0.3 * rng.normal(size=(assets, 10))
    loading[:, 0] = 1 + 0.2 * rng.normal(size=assets)
    wide = np.sqrt(5 / rng.chisquare(5, scenarios))
    factors = rng.normal(size=(10, scenarios)) * np.array([0.012] + [0.004] * 9)[:, None] * wide
    table = rng.standard_t(5, size=(assets, scenarios))
    table *= 0.015
    table += loading @ factors + 0.0005 * rng.normal(size=assets)[:, None]
    return table, loading[:, 1:3]


def tailrisk(table: np.ndarray, style: np.ndarray, level: float) -> tuple[np.ndarray, float]:
    from tailrisk.optimise import ActiveExposure, Budget, Positions, minimise_shortfall, of_returns

    box = ActiveExposure(style, ("first", "second"), -STYLE_BOUND, STYLE_BOUND)
    found = minimise_shortfall(of_returns(table), [Budget(), Positions(), box], level=level)
    return found.weights, found.gap


def in_factors(assets: int, scenarios: int, level: float, seed: int) -> dict:
    """The row of a problem in factor form."""
    from tailrisk.optimise import ActiveExposure, Budget, Positions, minimise_shortfall, of_factors

    loading, factors, own = factor_problem(assets, scenarios, seed)
    before, clock, wall = memory(), time.process_time(), time.perf_counter()
    box = ActiveExposure(loading[:, 1:3], ("first", "second"), -STYLE_BOUND, STYLE_BOUND)
    told = of_factors(loading, factors, specific=own)
    found = minimise_shortfall(told, [Budget(), Positions(), box], level=level)
    cpu, elapsed = time.process_time() - clock, time.perf_counter() - wall
    es = expected_shortfall(told.losses(found.weights), level=level)
    over = broken(found.weights, loading[:, 1:3])
    times = {"cpu_s": cpu, "wall_s": elapsed, "more_mb": memory() - before}
    return {"es": es, "violation": over, "gap": found.gap, **times}


def broken(weights: np.ndarray, style: np.ndarray) -> float:
    """The largest violation of a constraint."""
    return float(
        max(abs(weights.sum() - 1), -weights.min(), np.abs(style.T @ weights).max() - STYLE_BOUND, 0.0)
    )


def dual_by_highs(table: np.ndarray, style: np.ndarray, level: float) -> np.ndarray:
    """max  t - b sum (u + v)  s.t.  t <= -(R q)_j + X_j (u - v),  0 <= q <= 1 / ((1 - level) N),  sum q = 1.

    Variables q, t, u, v; the weights are the multipliers of the rows over assets.
    """
    from scipy.optimize import linprog

    assets, count = table.shape
    one = np.ones((assets, 1))
    rows = sparse.csr_array(np.hstack([table, one, -style, style]))
    done = linprog(
        np.concatenate([np.zeros(count), [-1.0], np.full(4, STYLE_BOUND)]),
        A_ub=rows,
        b_ub=np.zeros(assets),
        A_eq=sparse.csr_array(np.concatenate([np.ones(count), np.zeros(5)])[None, :]),
        b_eq=[1.0],
        bounds=[(0, 1 / ((1 - level) * count))] * count + [(None, None)] + [(0, None)] * 4,
        method="highs-ds",
    )
    return -done.ineqlin.marginals


def by_cvxpy(solver: str) -> Callable[[np.ndarray, np.ndarray, float], np.ndarray]:
    def solve(table: np.ndarray, style: np.ndarray, level: float) -> np.ndarray:
        import cvxpy as cp

        w = cp.Variable(len(table))
        bounds = [cp.sum(w) == 1, w >= 0, cp.abs(style.T @ w) <= STYLE_BOUND]
        cp.Problem(cp.Minimize(cp.cvar(-table.T @ w, level)), bounds).solve(solver=solver)
        return np.asarray(w.value)

    return solve


def by_skfolio(solver: str) -> Callable[[np.ndarray, np.ndarray, float], np.ndarray]:
    def solve(table: np.ndarray, style: np.ndarray, level: float) -> np.ndarray:
        from skfolio import RiskMeasure
        from skfolio.optimization import MeanRisk

        model = MeanRisk(
            risk_measure=RiskMeasure.CVAR,
            cvar_beta=level,
            left_inequality=np.vstack([style.T, -style.T]),
            right_inequality=np.full(4, STYLE_BOUND),
            solver=solver,
        )
        return np.asarray(model.fit(table.T).weights_)

    return solve


def by_riskfolio(solver: str) -> Callable[[np.ndarray, np.ndarray, float], np.ndarray]:
    def solve(table: np.ndarray, style: np.ndarray, level: float) -> np.ndarray:
        import riskfolio

        data = pd.DataFrame(table.T, columns=[f"a{i}" for i in range(len(table))])
        model = riskfolio.Portfolio(returns=data, alpha=1 - level)
        model.assets_stats(method_mu="hist", method_cov="hist")
        model.solvers = [solver]
        model.ainequality, model.binequality = (
            np.vstack([style.T, -style.T]),
            np.full((4, 1), STYLE_BOUND),
        )
        return model.optimization(model="Classic", rm="CVaR", obj="MinRisk").to_numpy()[:, 0]

    return solve


SOLVERS = {
    "tailrisk": ("", tailrisk),
    "dual by HiGHS": ("", dual_by_highs),
    "skfolio CLARABEL": ("skfolio", by_skfolio("CLARABEL")),
    "skfolio HiGHS": ("skfolio", by_skfolio("HIGHS")),
    "Riskfolio CLARABEL": ("riskfolio", by_riskfolio("CLARABEL")),
    "Riskfolio HiGHS": ("riskfolio", by_riskfolio("HIGHS")),
    "cvxpy CLARABEL": ("cvxpy", by_cvxpy("CLARABEL")),
    "cvxpy HiGHS": ("cvxpy", by_cvxpy("HIGHS")),
}


FACTORS = "tailrisk, in factors"


def child(answer, name: str, assets: int, scenarios: int, level: float, seed: int) -> None:  # type: ignore[no-untyped-def]
    """Solve a tiny problem to have imports and compilation behind, then the real one; send the row back."""
    if name == FACTORS:
        in_factors(5, 100, level, seed)
        answer.send(in_factors(assets, scenarios, level, seed))
        return
    solve = SOLVERS[name][1]
    solve(*problem(5, 100, seed), level)
    table, style = problem(assets, scenarios, seed)
    before, clock, wall = memory(), time.process_time(), time.perf_counter()
    found = solve(table, style, level)
    weights, gap = found if isinstance(found, tuple) else (found, np.nan)
    cpu, elapsed = time.process_time() - clock, time.perf_counter() - wall
    es = expected_shortfall(-(weights @ table), level=level)
    answer.send(
        {
            "es": es,
            "violation": broken(weights, style),
            "gap": gap,
            "cpu_s": cpu,
            "wall_s": elapsed,
            "more_mb": memory() - before,
        }
    )


def memory() -> float:
    """Largest resident memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, assets: int, scenarios: int, level: float, seed: int, limit: float) -> dict:
    """One row of the table: what a process of its own found, or why there is nothing."""
    row = {"assets": assets, "scenarios": scenarios, "solver": name}
    needs = "" if name == FACTORS else SOLVERS[name][0]
    if name not in ("tailrisk", FACTORS) and assets * scenarios > LARGE:
        return {**row, "note": "not run: too large"}
    if needs and importlib.util.find_spec(needs) is None:
        return {**row, "note": f"{PACKAGE[needs]} is not installed"}
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(send, name, assets, scenarios, level, seed))
    process.start()
    send.close()
    try:
        done = receive.recv() if receive.poll(limit) else {"note": f"not done in {limit:g} s"}
    except EOFError:
        done = {"note": "failed"}
    process.terminate()
    process.join()
    return {**row, **done}


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """The excess over the least ES of each size, and CPU time as a multiple of ours."""
    sizes = table.groupby(["assets", "scenarios"])
    fit = table["es"].where(table["violation"] <= 1e-6)
    least = fit.groupby([table["assets"], table["scenarios"]]).transform("min")
    mine = table["solver"].str.startswith("tailrisk")
    ours = sizes["cpu_s"].transform(lambda s: s[mine.loc[s.index]].min())
    return table.assign(excess=table["es"] / least - 1, times=table["cpu_s"] / ours)


def page(table: pd.DataFrame, command: str) -> str:
    """The table in words, for results/."""
    lines = [
        "# Least expected shortfall: solvers side by side",
        "",
        "Long only, fully invested, two exposure bounds. CPU-seconds of one process, imports and a small "
        "warm-up problem not counted; ES above the best of the size, relative; the largest violation of a "
        "constraint; CPU time over that of tailrisk.",
        "",
        "| assets | scenarios | solver | CPU s | times ours | ES above best | violation | gap | more MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        said = (
            f"{row['cpu_s']:.3g} | {row['times']:.3g} | {row['excess']:.1e} | {row['violation']:.0e} | "
            f"{'' if np.isnan(row['gap']) else format(row['gap'], '.0e')} | {row['more_mb']:.0f}"
            if np.isfinite(row["es"])
            else f"{row['note']} | | | | |"
        )
        lines.append(f"| {row['assets']:,} | {row['scenarios']:,} | {row['solver']} | {said} |")
    return "\n".join([*lines, "", f"Made by `{command}`; numbers in table.csv.", ""])


@click.command()
@click.option("--sizes", default="50x1000,100x10000,300x10000", show_default=True, help="assets x scenarios.")
@click.option("--level", default=0.95, show_default=True)
@click.option("--seed", default=20240205, show_default=True)
@click.option("--limit", default=240.0, show_default=True, help="Seconds a solver may take.")
@click.option("--only", multiple=True, type=click.Choice(tuple(SOLVERS)), help="These alone.")
@click.option("-o", "--output", default="results/solver", show_default=True, type=click.Path(path_type=Path))
def main(sizes: str, level: float, seed: int, limit: float, only: tuple[str, ...], output: Path) -> None:
    """Solve one problem of each size with every solver that is installed, or with those named."""
    rows = []
    for size in sizes.split(","):
        assets, scenarios = map(int, size.removeprefix("f").split("x"))
        for name in [FACTORS] if size.startswith("f") else only or SOLVERS:
            rows.append(measure(name, assets, scenarios, level, seed, limit))
            click.echo(json.dumps(rows[-1]), err=True)
    blank = {
        "es": np.nan,
        "violation": np.nan,
        "gap": np.nan,
        "cpu_s": np.nan,
        "wall_s": np.nan,
        "more_mb": np.nan,
        "note": "",
    }
    table = judged(pd.DataFrame([{**blank, **row} for row in rows]))
    command = f"python -m experiments.solver --sizes {sizes} --level {level} --seed {seed} --limit {limit:g}"
    command += "".join(f" --only '{name}'" for name in only)
    with replacing(output, force=True) as folder:
        write_csv(table, folder / "table.csv", digits="%.8g", missing="")
        disk.write(folder / "README.md", page(table, command))
        peers = {p: version(PACKAGE[p]) for p in PEERS if importlib.util.find_spec(p)}
        write_record(
            folder,
            {
                "name": "solver",
                "command": command,
                "seed": seed,
                "peers": peers,
                "blas_threads": os.environ.get("OMP_NUM_THREADS"),
                "processor": platform.processor() or platform.machine(),
                **provenance.stamp(),
            },
        )
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    main()
