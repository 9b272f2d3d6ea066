"""A small synthetic result folder: ten products, three levels, four regimes, 200,000 paths."""

import csv
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

PATHS, DAYS = 200_000, 60
LEVELS = (0.95, 0.99, 0.999)
MEASURES = ("terminal", "worst_day", "worst_3_days", "max_drawdown")
VIEWS = ("absolute", "excess")
PRODUCTS = {  # name: label, family, benchmark, scale of absolute and of excess loss
    "ie300": ("沪深300指增", "index_enhanced", "csi300", 0.085, 0.012),
    "ie500": ("中证500指增", "index_enhanced", "csi500", 0.105, 0.018),
    "ie1000": ("中证1000指增", "index_enhanced", "csi1000", 0.120, 0.025),
    "stock_selection": ("量化选股", "stock_selection", "csi1000", 0.135, 0.045),
    "neutral": ("市场中性", "neutral", "cash", 0.022, 0.022),
    "dma": ("DMA 4×", "dma", "cash", 0.11, 0.11),
    "long_short": ("Long/short 多空", "long_short", "cash", 0.06, 0.06),
    "micro_active": ("Micro-cap, active", "micro_cap", "micro", 0.150, 0.03),
    "micro_passive": ("Micro-cap, passive", "micro_cap", "micro", 0.140, 0.01),
    "cta": ("CTA", "cta", "cash", 0.035, 0.035),
}
SHRINK = {"terminal": 1.0, "worst_day": 0.3, "worst_3_days": 0.45, "max_drawdown": 1.1}


def _losses(rng: np.random.Generator, scale: float, measure: str) -> np.ndarray:
    """A skewed, fat-tailed sample that no product can lose more than everything of."""
    calm = rng.standard_t(5, 20_000)
    bad = rng.random(20_000) < 0.04
    loss = scale * SHRINK[measure] * (calm + np.where(bad, 2.0 + rng.exponential(1.0, 20_000), 0.0))
    loss = loss if measure == "terminal" else np.abs(loss)
    return np.minimum(1 - np.exp(-loss), 1.0)


def _row(loss: np.ndarray, at: float) -> dict[str, float]:
    tail = np.sort(loss)[::-1][: math.ceil(round((1 - at) * loss.size, 6))]
    var, es = tail[-1], tail.mean()
    error = 1.96 * tail.std() / math.sqrt((1 - at) * PATHS)
    return {
        "var": var, "var_low": var - 0.6 * error, "var_high": var + 0.7 * error,
        "es": es, "es_low": es - 1.4 * error, "es_high": es + 1.4 * error,
        "tail_points": round((1 - at) * PATHS), "indicative": round((1 - at) * PATHS) < 1000,
        "mean": loss.mean(), "sd": loss.std(),
    }  # fmt: skip


def _tables(rng: np.random.Generator, edges: np.ndarray) -> tuple[list[dict], np.ndarray]:
    rows, counts = [], np.zeros((len(PRODUCTS), 2, len(MEASURES), len(edges) - 1))
    for p, (name, (_, family, benchmark, *scales)) in enumerate(PRODUCTS.items()):
        for v, view in enumerate(VIEWS):
            for m, measure in enumerate(MEASURES):
                loss = _losses(rng, scales[v], measure)
                counts[p, v, m] = 10 * np.histogram(np.clip(loss, edges[0], edges[-1]), edges)[0]
                for at in LEVELS:
                    known = {"product": name, "family": family, "benchmark": benchmark, "view": view}
                    rows.append({**known, "measure": measure, "level": at, **_row(loss, at)})
    return rows, counts


def _events(quiet: bool) -> list[dict]:
    words = "csi1000 less csi300 over one day: z at or below -7 on the 250 days before, mean removed"
    seven = {"event": "seven_sigma", "description": words, "window": 250, "threshold": -7.0, "days": 1}
    low = {
        "paths": PATHS, "count": 0, "probability": 0.0, "probability_low": 0.0, "probability_high": 1.8444e-5,
        "rate_per_10y": 0.0, "rate_low": 0.0, "rate_high": 7.44e-4, "return_period_years": "inf",
        "return_period_low": 13441.0, "return_period_high": "inf",
    }  # fmt: skip
    if quiet:
        return [seven | low]
    seen = {
        "paths": PATHS, "count": 2236, "probability": 0.01118, "probability_low": 0.010723,
        "probability_high": 0.011651, "rate_per_10y": 0.4512, "rate_low": 0.4327, "rate_high": 0.4703,
        "return_period_years": 22.163, "return_period_low": 21.263, "return_period_high": 23.111,
    }  # fmt: skip
    tiny = {
        "event": "micro_up",
        "description": "micro less csi2000 over 5 days: z at or above 12",
    }
    return [seven | seen, {**tiny, "window": 250, "threshold": 12.0, "days": 5, **low}]


def _curves(rng: np.random.Generator, events: list[dict], counts: np.ndarray, edges: np.ndarray) -> dict:
    levels = np.array([0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999])
    spread = np.array([-4.2, -2.9, -1.75, -0.66, 0.02, 0.68, 1.6, 2.4, 3.3])
    size = np.array([0.0125, 0.0145, 0.0165, 0.0185, 0.0215])
    day = np.arange(DAYS + 1)[None, :, None]
    fan = np.exp(spread[:, None, None] * size * np.sqrt(day)) - 1
    z_edges = np.linspace(-12, 12, 193)
    z = np.concatenate([rng.standard_t(3.4, 400_000) * 0.9, -np.abs(rng.standard_t(3, 8_000)) * 1.4])
    z_counts = 30 * np.histogram(np.clip(z, -12, 12), z_edges)[0]
    quiet = 30 * np.histogram(np.clip(rng.standard_t(9, 408_000), -12, 12), z_edges)[0]
    t = np.arange(DAYS)[:, None]
    last, start = np.array([0.47, 0.33, 0.155, 0.045]), np.array([0.05, 0.85, 0.08, 0.02])
    return {
        "fan_levels": levels, "fan": fan, "fan_paths": np.array(8192), "z_edges": z_edges,
        "z_counts": np.array([z_counts, quiet])[: len(events)],
        "loss_edges": edges, "loss_counts": counts, "regime_share": last + (start - last) * np.exp(-t / 12),
    }  # fmt: skip


def _config() -> dict:
    products = {
        name: {
            "family": family, "label": label, "benchmark": benchmark,
            "weights": {"csi300": 0.2, "csi500": 0.2, "csi1000": 0.3, "csi2000": 0.2, "micro": 0.1},
            "style_exposure": {"size": -0.4, "liquidity": 0.2}, "alpha_annual": 0.05,
        }
        for name, (label, family, benchmark, *_) in PRODUCTS.items()
    }  # fmt: skip
    products["dma"] |= {"gross_leverage": 4.0, "margin_rate": 0.2, "hedge": {"IC": 0.5, "IM": 0.5}}
    return {
        "name": "feb2024", "question": "",
        "run": {"seed": 20240205, "paths": PATHS, "days": DAYS, "precision": "float32", "chunk": 2048},
        "market": {"calibrated": "calibrated/ladder_2023.toml", "states": 4, "shocks": "student",
                   "start": "filtered", "warmup": "simulated"},
        "event": [{"name": "seven_sigma", "pair": ["csi1000", "csi300"], "window": 250, "threshold": -7.0}],
        "tail": {"levels": list(LEVELS), "confidence": 0.95, "measures": list(MEASURES),
                 "excess": "geometric"},
        "products": products,
    }  # fmt: skip


def _record() -> dict:
    return {
        "name": "feb2024",
        "question": "What would the products have been said to risk over the next 60 days, "
        "judged at the end of 2023, if the style regime had been allowed to switch?",
        "created": "2026-11-21T03:05:28+00:00",
        "command": "tailrisk run configs/feb2024.toml",
        "seed": 20240205,
        "config_sha256": "9f3c0a" + "0123456789abcdef" * 3 + "0123456789",
        "data_sha256": None,
        "calibration": {
            "window": ["2005-04-08", "2023-12-29"], "days": 4553, "data_sha256": "ab" * 32,
            "command": "tailrisk calibrate indices_daily.csv --until 2023-12-31", "starts": 8, "seed": 1,
        },
        "commit": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
        "dirty": False,
        "versions": {"python": "3.11.7", "jax": "0.10.2", "jaxlib": "0.10.2", "numpy": "2.4.6",
                     "tailrisk": "0.1.0"},
        "device": "cpu, 2 cores", "platform": "Linux x86_64", "wall_seconds": 41.237,
        "path_days": PATHS * DAYS, "path_days_per_second": 291_011.4, "rng_version": 1,
        "promises": ["A: bit-identical under the same lock, backend and flags, for any chunk"],
        "limitations": [
            "No price impact: forced selling does not move prices in this version.",
            "Futures follow their index; the basis does not move.",
            "No price limits, no suspended stocks, no redemptions.",
        ],
        "faults": {"nonfinite": 0},
    }  # fmt: skip


def _accounts() -> list[dict]:
    return [
        {
            "product": "dma",
            "margin_breach": 0.2141, "margin_breach_low": 0.2123, "margin_breach_high": 0.2159,
            "wipe_out": 0.00874, "wipe_out_low": 0.00834, "wipe_out_high": 0.00916,
            "gross_leverage": 4.0, "margin_rate": 0.2, "broker_shortfall_mean": 0.1043,
        }
    ]  # fmt: skip


def _write_csv(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def write_folder(folder: Path, *, quiet: bool = False) -> Path:
    """Write the whole synthetic folder; `quiet` is a run in which the event never happened."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    edges = np.linspace(-0.6, 1.0, 401)
    rows, counts = _tables(rng, edges)
    events = _events(quiet)
    _write_csv(folder / "tail.csv", rows)
    _write_csv(folder / "events.csv", events)
    _write_csv(folder / "accounts.csv", _accounts())
    np.savez(folder / "curves.npz", **_curves(rng, events, counts, edges))
    (folder / "config.json").write_text(json.dumps(_config()), encoding="utf-8")
    (folder / "record.json").write_text(json.dumps(_record()), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def edit() -> Callable[[Path, Callable[[dict], object]], None]:
    """A function that loads a JSON file, lets a change alter it, and writes it back."""

    def edited(path: Path, change: Callable[[dict], object]) -> None:
        found = json.loads(path.read_text(encoding="utf-8"))
        change(found)
        path.write_text(json.dumps(found), encoding="utf-8")

    return edited


@pytest.fixture(scope="session")
def pristine(tmp_path_factory) -> Path:
    """The synthetic folder; not to be changed."""
    return write_folder(tmp_path_factory.mktemp("results") / "feb2024")


@pytest.fixture
def folder(pristine, tmp_path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(pristine, tmp_path / "feb2024"))


@pytest.fixture
def quiet_folder(tmp_path) -> Path:
    """A run without a single event."""
    return write_folder(tmp_path / "quiet", quiet=True)
