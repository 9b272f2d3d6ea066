"""A researcher: his own closes fitted, judged, simulated; a risk and a process of his own; a sweep, cited."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import tailrisk as tr
from tailrisk.core.calendar import sessions
from tailrisk.core.names import BUCKETS

from . import asked

SMALL = {"run.paths": 512, "run.days": 5, "tail.levels": [0.9], "event": []}
FUND = {
    "label": "CSI 500 fund",
    "family": "index_enhanced",
    "benchmark": "csi500",
    "weights": {"csi500": 1.0},
}
VOLATILITY = 0.012


def closes() -> pd.DataFrame:
    """Two years of his own closes, of one known volatility."""
    days = pd.DatetimeIndex(sessions()).as_unit("ns")
    days = days[(days > "2021") & (days < "2023")]
    draw = np.random.default_rng(5)
    moves = VOLATILITY * draw.standard_normal((len(days), 1)) + 0.004 * draw.standard_normal((len(days), 5))
    prices = 3000 * np.exp(np.cumsum(moves, axis=0))
    return pd.DataFrame(prices.round(2), index=days.rename("date"), columns=list(BUCKETS))


def half_range(losses: "pd.Series[float]") -> float:
    """A measure of his own: half of what lies between the best and the worst twentieth."""
    return float(losses.quantile(0.95) - losses.quantile(0.05)) / 2


def start(params, uniform):
    return jnp.zeros_like(uniform)


def step(params, state, uniform, shocks):
    """A process of his own: every bucket falls together, twice as far as it rises."""
    move = params["sd"] * jnp.where(shocks[0] < 0, 2 * shocks[0], shocks[0])
    return state, jnp.stack([move for _ in shocks]), shocks[0] < -2


def test_from_his_own_closes_to_a_citation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prices = closes()
    ladder = tr.Ladder(prices)
    fit = ladder.calibrate(states=[1], shocks=["gaussian"], starts=1, memory=False)
    assert fit.calibration.days == len(prices) - 1
    fit.write("mine.toml")
    config = {
        "name": "mine",
        "question": "How much can a fund on CSI 500 lose in a week?",
        "market": {"calibrated": fit, "process": "regimes", "states": 1},
        "products": {"fund": FUND},
    }

    judged = tr.validate(config, prices, until="2022-12-30", histories=20, overrides=SMALL)
    moments = judged.table[judged.table["family"] == "moments"]
    assert judged.record["outside"] == judged.table["outside"].sum()
    spread = moments[moments["name"] == "standard deviation"]
    assert not spread["outside"].any(), "the volatility he fitted is in what is simulated"

    paths = tr.simulate(config, 512, overrides=SMALL)
    wanted = VOLATILITY * np.sqrt(5)
    error = wanted / np.sqrt(2 * 512)
    assert abs(paths.losses["fund"].std() - np.sqrt(wanted**2 + 5 * 0.004**2)) < 5 * error
    es = tr.tail.expected_shortfall(paths.losses, level="0.9")["fund"]
    assert half_range(paths.losses["fund"]) < es < 3 * wanted

    skewed = tr.Process(start, step, {"sd": VOLATILITY}, name="skewed")
    other = tr.run(config, process=skewed, overrides=SMALL, page=False)
    assert other.record["own"] == ["process: skewed"]
    assert other.es("fund", level=0.9).value > 1.5 * es, "it falls twice as far as it rises"

    file = 'name = "mine"\nquestion = "How much can a fund on CSI 500 lose in a week?"\n[market]\n'
    file += 'calibrated = "mine.toml"\nprocess = "regimes"\nstates = 1\n[products.fund]\n'
    file += 'label = "CSI 500 fund"\nfamily = "index_enhanced"\nbenchmark = "csi500"\n'
    file += "weights = { csi500 = 1.0 }\n"
    Path("week.toml").write_text(file, encoding="utf-8")
    swept = tr.sweep("week.toml", {"run.seed": [1, 2]}, "results", fixed=SMALL, page=False)
    cells = swept.sweep.query("view == 'absolute' and measure == 'terminal'")
    assert len(cells) == 2
    assert cells["es"].nunique() == 2

    said = asked("query", "measure=ES", "view=absolute", "loss=terminal", "--csv", "all.csv")
    table = pd.read_csv("all.csv")
    assert sorted(table["value"].round(9)) == sorted(cells["es"].round(9))
    assert all(f"{value:.6f}"[:6] in said for value in table["value"])
    cited = asked("cite", swept.folder / str(cells["cell"].iloc[0]))
    assert "@article{hamilton1989," in cited
    assert "@article{rockafellar2000," in cited
    assert "2021-01-05 to 2022-12-30" in cited
