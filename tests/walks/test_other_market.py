"""A market of other names walks from closes to tuned bounds, and no picture says another one's names."""

import re

import numpy as np
import pandas as pd
import pytest

from tailrisk.cli import main
from tailrisk.core import calendar
from tailrisk.products.account import LINES
from tests.markets import table, write

LADDER = {"great": "Great ones", "middling": "Middling ones", "tiny": "Tiny ones"}
SPAN = ("2022-01-03", "2023-12-29")
QUIET = "--quiet"


def asked(*words):
    """A command line that must succeed."""
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    assert not stop.value.code


def days():
    known = calendar.sessions("XNYS")
    return known[(np.datetime64(SPAN[0]) <= known) & (np.datetime64(SPAN[1]) >= known)].astype(str)


def closes():
    """Closes of three indices that share a factor and fall behind by a second one."""
    draw, when = np.random.default_rng(8), days()
    calm = np.where(np.arange(len(when)) % 120 < 90, 0.006, 0.02)[:, None]
    step = calm * draw.standard_normal((len(when), 3)) * [1.0, 0.5, 0.5]
    level = 4000 * np.exp(np.clip(step, -0.04, 0.04).cumsum(axis=1).cumsum(axis=0))
    return pd.DataFrame(level.round(2), pd.Index(when, name="date"), list(LADDER))


def contracts(prices):
    """The future on the middling index at one per cent under it, by quarter months."""
    rows = []
    for year in (22, 23, 24):
        for month in ("03", "06", "09", "12"):
            third = np.busday_offset(f"20{year}-{month}", 2, roll="forward", weekmask="Fri").astype(str)
            listed = (np.datetime64(third) - np.timedelta64(250, "D")).astype(str)
            rows += [
                {"date": day, "symbol": f"MX{year}{month}", "close": round(0.99 * level, 2)}
                for day, level in prices["middling"].items()
                if listed <= day <= third
            ]
    return pd.DataFrame(rows)


def market(order, ranks=True):
    """The market file's table, buckets in this order."""
    places = {"great": [1, 60], "middling": [61, 200]} if ranks else {}
    lines = [
        {"name": name, "label": LADDER[name]} | ({"ranks": places[name]} if name in places else {})
        for name in order
    ]
    roles = {"large": "great", "middle": "middling", "spread": "middling", "small": "tiny", "micro": "tiny"}
    return {
        "label": "Made up",
        "calendar": "XNYS",
        "bucket": lines,
        "future": [{"name": "MX", "bucket": "middling"}],
        "roles": roles | {"watched": "tiny", "discount": "MX"},
    }


CONFIG = {
    "name": "other",
    "question": "What can small companies lose in a market of other names?",
    "run": {"seed": 5, "paths": 512, "days": 5, "precision": "float64"},
    "market": {
        **{"file": "market.toml", "calibrated": "fitted.toml", "process": "regimes"},
        **{"states": 2, "shocks": "gaussian"},
    },
    "event": [{"name": "gap", "pair": ["tiny", "great"], "window": 60, "threshold": -3.0}],
    "tail": {"levels": [0.9]},
    "products": {
        "small_fund": {
            **{"label": "Small", "family": "index_enhanced", "benchmark": "great"},
            "weights": {"tiny": 0.7, "middling": 0.3},
        },
        "hedged": {
            **{"label": "Hedged", "family": "neutral", "weights": {"tiny": 1.0}},
            **{"hedge": {"MX": 1.0}, "long": 0.8},
        },
    },
}
REPLAY = {
    **{"name": "lived", "question": "What did they lose?", "products": "other.toml", "funds": 3},
    "accounts": "accounts.toml",
    "data": {"indices": "closes.csv", "futures": "futures.csv"},
    "futures": {"months": "quarter", "roll": 3},
    "limit_down": {"2023-03-01": {"tiny": 0.5}},
    "window": [{"name": "spring", "from": "2023-03-01", "to": "2023-05-01"}],
}


def written(folder, order, ranks=True):
    """Every file but the calibrated one."""
    prices = closes()
    prices.to_csv(folder / "closes.csv")
    contracts(prices).to_csv(folder / "futures.csv", index=False)
    write(folder / "market.toml", market(order, ranks))
    write(folder / "other.toml", CONFIG)
    accounts = {"volume": dict.fromkeys(LADDER, 20.0), "everyone": {"cost": 0.001, "weight_spread": 0.1}}
    write(folder / "accounts.toml", accounts)
    said = write(folder / "lived.toml", REPLAY).read_text()
    (folder / "lived.toml").write_text(f"first = 2023-02-01\nlast = 2023-06-01\n{said}")
    fit = ("--market", folder / "market.toml", "--until", SPAN[1], "--states", "1,2", "--shocks", "gaussian")
    more = ("--starts", 2, "--no-memory", "--figure", folder / "regimes.svg", QUIET)
    asked("calibrate", folder / "closes.csv", *fit, *more, "-o", folder / "fitted.toml")


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The walk of a folder, its buckets in order of size."""
    folder = tmp_path_factory.mktemp("other")
    written(folder, list(LADDER))
    until = ("--until", SPAN[1], "--histories", 20)
    asked("validate", folder / "other.toml", folder / "closes.csv", *until, "-o", folder / "valid", QUIET)
    asked("run", folder / "other.toml", "-o", folder, QUIET)
    asked("replay", folder / "lived.toml", "-o", folder, QUIET)
    moments = table("universe_us.toml")
    moments["universe"] |= {"circulating": [1.0] * 4, "circulating_sd": [0.0] * 4}
    write(folder / "universe.toml", moments)
    tune = table("tune_us.toml") | {"name": "tuned", "market": "other.toml", "universe": "universe.toml"}
    tune |= {"stocks": 400, "paths": 256, "level": 0.9, "budget": 0.2}
    tune["product"]["mix"] = {"middling": 1.0}
    tune["bounds"]["size"] = [0.3, 1.0]
    write(folder / "tune.toml", tune)
    asked("tune", folder / "tune.toml", "-o", folder, QUIET)
    return folder


def text(path):
    return path.read_text(encoding="utf-8")


def test_every_page_and_picture_says_the_markets_own_names(walked):
    assert "Middling ones / Great ones" in text(walked / "regimes.svg")
    for name in ("memory", "quantiles", "drawdowns"):
        drawing = text(walked / "valid" / f"{name}.svg")
        for label in ("Great ones", "Middling ones less Great ones", "Tiny ones less Great ones"):
            assert label in drawing, name
    assert "Tiny ones less Great ones" in text(walked / "other" / "report.html")
    assert "hedged" in text(walked / "lived" / "paths.svg").lower()
    assert "Tiny ones" in text(walked / "tuned" / "README.md")
    home = re.compile(r"(?i:csi\s?\d+|micro-cap)|\bI[FCM]\b")
    pages = [*walked.rglob("*.svg"), *walked.rglob("*.md"), *walked.rglob("*.html")]
    assert len(pages) > 10
    for page in pages:
        shown = re.sub(r"<style.*?</style>|data:[^\"']+", "", text(page), flags=re.DOTALL)
        assert not home.search(shown), (page.name, home.search(shown))


def test_a_replay_of_the_market_is_its_own_arithmetic(walked):
    """An unhedged book earns its indices; a hedge earns what its contract did; the lines sum to NAV."""
    daily = pd.read_csv(walked / "lived" / "daily.csv")
    np.testing.assert_allclose(1 + daily[list(LINES)].sum(axis=1), daily["nav"], atol=1e-3)
    own = daily[daily["product"] == "small_fund"].set_index("date")
    prices = closes().loc[own.index[0] : own.index[-1]]
    assert own.index[0] == "2023-01-31", "the eve, a session of New York"
    grown = prices["great"] / prices["great"].iloc[0]
    np.testing.assert_allclose(own["benchmark_nav"], grown, atol=2e-4)
    hedged = daily[daily["product"] == "hedged"].set_index("date")
    last = prices.iloc[-1] / prices.iloc[0] - 1
    assert hedged["basis"].abs().max() > 1e-4
    assert hedged["nav"].iloc[-1] - 1 == pytest.approx(0.8 * (last["tiny"] - last["middling"]), abs=0.02)


def test_in_another_order_the_same_is_said_under_the_same_names(walked, tmp_path):
    """Replay and validation find buckets by name and role; a sum over buckets runs in another order."""
    written(tmp_path, ["tiny", "great", "middling"], ranks=False)
    asked("replay", tmp_path / "lived.toml", "-o", tmp_path, QUIET)
    here, there = (pd.read_csv(folder / "lived" / "daily.csv") for folder in (walked, tmp_path))
    own = ["nav", "return", "benchmark_nav", "excess"]
    pd.testing.assert_frame_equal(
        there[["product", "date", *own]], here[["product", "date", *own]], atol=2e-4
    )
    until = ("--until", SPAN[1], "--histories", 20)
    asked("validate", tmp_path / "other.toml", tmp_path / "closes.csv", *until, "-o", tmp_path / "v", QUIET)
    for name in ("memory", "quantiles", "drawdowns"):
        words = [
            re.search(r"<desc[^>]*>(.*?)</desc>", text(f / f"{name}.svg"))[1]
            for f in (walked / "valid", tmp_path / "v")
        ]
        seen = [re.findall(r"([A-Z][a-z]+ ones(?: less [A-Z][a-z]+ ones)?): ", one) for one in words]
        assert (
            seen[0] == seen[1] == ["Great ones", "Middling ones less Great ones", "Tiny ones less Great ones"]
        )
    data = [
        pd.read_csv(f / "table.csv").set_index(["series", "name"])["data"]
        for f in (walked / "valid", tmp_path / "v")
    ]
    both = data[0].index.intersection(data[1].index)
    assert {"great", "tiny", "middling-great", "tiny-great"} <= set(both.get_level_values(0))
    np.testing.assert_allclose(data[1][both], data[0][both], rtol=1e-9, atol=1e-12)
