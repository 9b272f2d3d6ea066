"""Markets are data: the crowd in another order, a sixth bucket, made-up ladders, and one outside China."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.cli import main
from tailrisk.config import library, load
from tailrisk.core.names import BUCKETS
from tailrisk.simulate import path
from tailrisk.simulate.crowd import day as crowd_day
from tailrisk.simulate.crowd.free import moved
from tailrisk.studies.match.prior import prior_of
from tests import crowds
from tests.markets import fitted, table, write

PATHS = 64
ORDER = ("csi2000", "csi300", "micro", "csi1000", "csi500")
outcome = jax.jit(path.outcome)


def command(*words):
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


def one_factor(world):
    """The world with every bucket moved by the first shock alone, so that the ladder knows no order.

    Loadings go by name: a quarter more for each smaller bucket of China's.
    """
    names = table("markets/china_a.toml")["bucket"]
    beta = {one["name"]: 1 + k / 4 for k, one in enumerate(names)}

    def flat(process):
        affine = jnp.zeros_like(process.ladder.affine)
        for b, name in enumerate(world.names.buckets):
            affine = affine.at[:, b, 0].set(-0.01 * beta[name])
            affine = affine.at[:, b, 1].set(0.015 * beta[name])
        return replace(process, ladder=replace(process.ladder, affine=affine))

    still = replace(world.crowd.basis, noise=0 * world.crowd.basis.noise)
    crowd = replace(world.crowd, process=flat(world.crowd.process), basis=still)
    return replace(world, process=flat(world.process), crowd=crowd)


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory):
    """Files in which buckets, futures, roles, notes and cohorts stand in another order."""
    folder = tmp_path_factory.mktemp("shuffled")
    market = table("markets/china_a.toml")
    by_name = {one["name"]: {k: v for k, v in one.items() if k != "ranks"} for one in market["bucket"]}
    market["bucket"] = [by_name[name] for name in ORDER]
    market["future"] = [market["future"][k] for k in (2, 0, 1)]
    notes, crowd = table("snowballs_2024.toml"), table("crowd_2024.toml")
    notes["book"].reverse()
    everyone = crowd["crowd"]["cohorts"]
    crowd["crowd"]["cohorts"] = {name: everyone[name] for name in sorted(everyone, reverse=True)}
    ladder = library.find("calibrated/ladder_2023.toml").read_text(encoding="utf-8")
    said = next(line for line in ladder.splitlines() if line.startswith("buckets = "))
    (folder / "ladder.toml").write_text(ladder.replace(said, f"buckets = {list(ORDER)}"), encoding="utf-8")
    return (
        f"market.calibrated={folder / 'ladder.toml'}",
        f"market.file={write(folder / 'market.toml', market)}",
        f"crowd.snowballs={write(folder / 'notes.toml', notes)}",
        f"crowd.parameters={write(folder / 'crowd.toml', crowd)}",
    )


def test_cohorts_and_buckets_in_another_order_lose_the_same(shuffled):
    """Sums over buckets and cohorts run in another order, so the same within their rounding."""
    ensemble = "crowd.ensemble=calibrated/crowd_2024.toml"  # its factors find cohorts and buckets by name too
    usual, moved = (
        one_factor(crowds.stirred(crowds.crowded(*crowds.STORM, ensemble, *more))) for more in ((), shuffled)
    )
    assert moved.names.buckets == ORDER
    a, b = (jax.device_get(outcome(world, crowds.numbers(PATHS))) for world in (usual, moved))
    near = {"rtol": 1e-7, "atol": 1e-9}
    np.testing.assert_allclose(b.loss, a.loss, **near)
    np.testing.assert_allclose(b.z, a.z, rtol=1e-6, atol=1e-7)
    for quantity in ("worst_3_days", "peak_discount", "state_spent", "stage"):
        np.testing.assert_allclose(getattr(b.crowd, quantity), getattr(a.crowd, quantity), **near)
    there = [moved.crowd.cohort_names.index(name) for name in usual.crowd.cohort_names]
    assert there != list(range(len(there)))
    for quantity in ("drawdown", "shortfall", "called"):
        np.testing.assert_allclose(
            getattr(b.crowd, quantity)[there].astype(float), getattr(a.crowd, quantity), **near
        )
    np.testing.assert_allclose(b.crowd.knocked_in[::-1], a.crowd.knocked_in, **near)
    assert a.crowd.called.any()
    assert (a.crowd.knocked_in > 0).any()
    assert (a.crowd.state_spent > 0).any()
    assert (a.crowd.stage == 3).any()


CROWD_OFF = {
    "margin": {"call": 0.0, "reset": 1.0, "enforced": 0.0, "intraday": 0.0},
    "basis": {"strength": 0.0, "threshold": 0.15},
    "momentum": {"strength": 0.0, "threshold": 0.08},
    "stop": {"share": 0.0, "line": 0.8},
    "redemption": {"base": 0.0, "slope": 0.0, "threshold": 0.08, "open": 0.05, "lag": 5},
    "swap": {"out": 0.0, "start": 0.12, "home": 0.0, "end": 0.05},
}
LADDER = ("big", "mid", "tiny")


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """A config of three buckets, one future, no boards, same-day sales and a crowd of two."""
    folder = tmp_path_factory.mktemp("made_up")
    market = {
        "label": "Made up",
        "calendar": "XNYS",
        "bucket": [{"name": name} for name in LADDER],
        "future": [{"name": "MX", "bucket": "mid"}],
        "roles": {"large": "big", "middle": "mid", "small": "tiny", "micro": "tiny", "watched": "tiny"}
        | {"discount": "MX", "spread": "tiny"},
    }
    each = dict.fromkeys(LADDER, 1.0)
    everyone = {
        "levered": {
            **{
                "label": "Levered",
                "assets": 40.0,
                "long": 4.0,
                "weights": {"mid": 0.4, "tiny": 0.6},
            },
            **{"hedge": 1.0, "mix": {"MX": 1.0}, "benchmark": "cash", "financing_annual": 0.03},
            "margin": {"call": 0.2, "reset": 0.25, "enforced": 1.0, "intraday": 0.0},
        },
        "plain": {
            **{"label": "Plain", "assets": 40.0, "long": 1.0, "weights": {"big": 0.5, "tiny": 0.5}},
            **{"hedge": 0.0, "mix": {}, "benchmark": "big", "financing_annual": 0.0},
            "momentum": {"strength": 0.5, "threshold": 0.02},
        },
    }
    crowd = {
        **{"participation": 0.3, "cost": 0.001, "small": ["tiny"], "hedge_first": False},
        **{"quiet": CROWD_OFF, "cohorts": everyone, "speculators": {"strength": {"MX": 0.0}, "pace": 2.0}},
        "panic": table("crowd_2024.toml")["crowd"]["panic"] | {"strength": each, "hold": 0.1},
    }
    answers = table("crowd_market_2024.toml")
    answers["impact"] |= {"strength": dict.fromkeys(LADDER, 0.1), "volume": dict.fromkeys(LADDER, 30.0)}
    answers["limits"] = {k: v for k, v in answers["limits"].items() if k not in ("limit", "wide_board")}
    answers["basis"] |= {key: {"MX": x} for key, x in (("carry", 0.03), ("mean", 0.0), ("noise", 0.001))}
    answers["basis"]["volume"] = {"MX": 50.0}
    answers["state"] |= {
        "target": [{"big": 1.0}, {"mid": 1.0}, {"tiny": 1.0}],
        "budget": dict.fromkeys(LADDER, 9.0),
        "watched": "mid",
    }
    answers["followers"] |= {"half": each, "rotation": {name: {} for name in LADDER}}
    notes = table("snowballs_2024.toml")
    del notes["book"]
    hedged = {"label": "Hedged", "family": "neutral", "weights": {"tiny": 1.0}, "hedge": {"MX": 1.0}}
    said = {
        **{"name": "made_up", "question": "Does a market of three buckets and one future run?"},
        "run": {"seed": 3, "paths": 256, "days": 8, "precision": "float64"},
        "market": {
            "file": write(folder / "market.toml", market).name,
            "calibrated": write(folder / "fitted.toml", fitted(LADDER)).name,
            "process": "regimes",
            "start": "crisis",
        },
        "crowd": {
            "parameters": write(folder / "crowd.toml", {"crowd": crowd}).name,
            "snowballs": write(folder / "notes.toml", notes).name,
            "market": write(folder / "answers.toml", answers).name,
        },
        "event": [{"name": "gap", "pair": ["tiny", "big"], "window": 20, "threshold": -2.0}],
        "tail": {"levels": [0.9]},
        "products": {
            "tiny": {
                "label": "Tiny",
                "family": "index_enhanced",
                "benchmark": "big",
                "weights": {"tiny": 1.0},
            },
            "hedged": hedged,
        },
    }
    return write(folder / "made_up.toml", said)


def test_three_buckets_and_one_future_live_with_a_crowd(made_up):
    world = assemble(load(made_up))
    assert world.crowd.limits.limit.shape == (0,)
    assert not world.crowd.cohorts.next_day
    assert world.crowd.books == ()
    seen = jax.device_get(outcome(world, crowds.numbers(256)))
    assert not seen.fault.any()
    assert crowd_day.closes(seen.crowd).all()
    assert seen.crowd.called[0].any()
    assert not seen.crowd.called[1].any()
    assert seen.crowd.knocked_in.shape == (0, 256)
    off = assemble(load(made_up, [*crowds.OFF, "crowd.edges.restriction=0"]))
    alone = jax.device_get(outcome(off, crowds.numbers(256)))
    free = jax.device_get(outcome(replace(off, crowd=None), crowds.numbers(256)))
    np.testing.assert_allclose(alone.loss[:, :, 0], free.loss[:, :, 0], rtol=1e-9, atol=1e-12)
    dearer = (seen.loss[0, 0, 0] - alone.loss[0, 0, 0])[seen.crowd.called[0]]
    assert dearer.mean() > 0.002  # forced sales cost money


def test_a_match_of_three_buckets_moves_what_they_are_called(made_up):
    """At its medians the crowd is that of its files but for shares, and every parameter is there."""
    config = load(made_up)
    prior, crowd = prior_of(config), assemble(config).crowd
    assert {"impact.middle", "impact.tiny", "panic.mid", "panic.tiny", "followers.half_tiny"} < set(
        prior.names
    )
    assert [name for name in prior.names if name.startswith("assets.")] == ["assets.levered"]
    middle = prior.values(jnp.zeros(len(prior.names)))
    named = {name: x for name, x in middle.items() if not name.startswith("record.")}
    found = moved(crowd, named)
    np.testing.assert_allclose(found.panic.strength, crowd.panic.strength)
    np.testing.assert_allclose(found.cohorts.assets, crowd.cohorts.assets)
    np.testing.assert_allclose(found.panic.calm, dict(prior.beliefs)["panic.calm"].median)


def test_three_buckets_and_one_future_go_from_config_to_page(made_up, tmp_path, capsys):
    assert command("run", made_up, "-o", tmp_path, "--quiet") == 0
    page = (tmp_path / "made_up" / "report.html").read_text(encoding="utf-8")
    assert "tiny less big" in page
    assert "MX" in page
    capsys.readouterr()
    assert command("show", tmp_path / "made_up") == 0
    assert "largest discount of MX" in capsys.readouterr().out


def test_without_futures_a_market_runs_and_a_hedge_is_refused(tmp_path, capsys):
    market = table("markets/us_indices.toml")
    del market["future"]
    said = f"market.file={write(tmp_path / 'market.toml', market)}"
    assert command("check", "us_indices.toml", "--set", said) == 2
    assert "growth_hedged.hedge.ES: unknown key" in (text := capsys.readouterr().err)
    assert "the market has no futures" in text
    config = table("us_indices.toml")
    for name in ("growth_hedged", "growth_levered"):
        del config["products"][name]
    config["market"] |= {"file": "market.toml"}
    path = write(tmp_path / "plain.toml", config)
    small = ("--set", "run.paths=2000", "--set", "run.days=10", "--set", "event=[]", "--quiet")
    assert command("run", path, "-o", tmp_path, *small) == 0
    assert "Nasdaq Composite" in (tmp_path / "us_indices" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("law", ["regimes", "memory"])
def test_american_indices_go_from_closes_to_pages(law, tmp_path, monkeypatch, capsys):
    """The example for people without A-share data, as a stranger would type it."""
    monkeypatch.chdir(tmp_path)
    assert command("sample", "us_closes.csv") == 0
    fit = ("--market", "markets/us_indices.toml", "--until", "2018-12-31", "--since", "2012-01-01")
    few = ("--states", "1", "--shocks", "gaussian", "--starts", "1", "--quiet")
    few += () if law == "memory" else ("--no-memory",)
    assert command("calibrate", "us_closes.csv", *fit, *few, "-o", "us.toml", "--figure", "us.svg") == 0
    assert "Nasdaq Composite / S&amp;P 500" in (tmp_path / "us.svg").read_text(encoding="utf-8")
    said = ["--set", "market.calibrated=us.toml", "--set", "market.states=1"]
    said += ["--set", f"market.process={law}"]
    small = [*said, "--set", "run.paths=2000", "--set", "run.days=20"]
    assert command("check", "us_indices.toml", *small) == 0
    assert command("run", "us_indices.toml", *small, "--quiet") == 0
    assert command("report", "results/us_indices") == 0
    page = (tmp_path / "results" / "us_indices" / "report.html").read_text(encoding="utf-8")
    assert "Nasdaq Composite less S&amp;P 500" in page
    assert "CSI" not in page
    real = [*said, "--set", "market.warmup=history", "--set", "market.history=us_closes.csv"]
    assert command("check", "us_indices.toml", *real) == 0
    few = ("--until", "2018-12-31", "--histories", "20", "-o", "valid", "--quiet")
    assert command("validate", "us_indices.toml", "us_closes.csv", *said, *few) == 0
    drawing = (tmp_path / "valid" / "memory.svg").read_text(encoding="utf-8")
    assert "Nasdaq Composite less S&amp;P 500" in drawing
    assert command("replay", "replay_us.toml", "--indices", "us_closes.csv", "--quiet") == 0
    close = pd.read_csv("us_closes.csv", index_col=0)
    fell = close["sp500"]["2018-12-31"] / close["sp500"]["2018-09-28"] - 1
    daily = pd.read_csv("results/replay_us/daily.csv").groupby("product").last()
    assert daily["nav"]["index_fund"] - 1 == pytest.approx(fell, abs=2e-3)


def test_bounds_are_tuned_on_american_indices(tmp_path, capsys):
    said = table("tune_us.toml") | {"stocks": 600, "paths": 256, "level": 0.9}
    said["bounds"]["size"] = [0.3, 1.0]
    path = write(tmp_path / "tune.toml", said)
    assert command("tune", path, "-o", tmp_path, "--quiet") == 0
    answer = (tmp_path / "tune_us" / "README.md").read_text(encoding="utf-8")
    assert "on Nasdaq Composite and names in no index" in answer
    said["product"]["mix"] = {"csi500": 1.0}
    write(path, said)
    capsys.readouterr()
    assert command("tune", path, "-o", tmp_path, "--force") == 2
    assert "product.mix.csi500: unknown key" in capsys.readouterr().err


@pytest.fixture(scope="module")
def sixth(tmp_path_factory):
    """China's files with a bucket `nano` below the smallest, in TOML alone; overrides for crowd_feb2024."""
    folder = tmp_path_factory.mktemp("sixth")
    market = table("markets/china_a.toml")
    market["bucket"].append({"name": "nano", "label": "Nano-cap"})
    market["bucket"][4]["ranks"] = [3801, 4200]
    del market["bucket"][4]["smallest"]
    names = [one["name"] for one in market["bucket"]]
    crowd, answers = table("crowd_2024.toml"), table("crowd_market_2024.toml")
    crowd["crowd"]["panic"]["strength"]["nano"] = 4.4
    crowd["crowd"]["cohorts"]["dma"]["weights"] |= {"micro": 0.13, "nano": 0.10}
    for part, key in (
        ("impact", "strength"),
        ("impact", "volume"),
        ("limits", "wide_board"),
        ("followers", "half"),
    ):
        answers[part][key]["nano"] = answers[part][key]["micro"]
    answers["state"]["budget"]["nano"] = 0.0
    answers["followers"]["rotation"]["nano"] = {}
    terms = table("accounts_2024.toml")
    terms["volume"]["nano"] = 10.0
    return (
        f"accounts.terms={write(folder / 'accounts.toml', terms)}",
        f"market.file={write(folder / 'china_6.toml', market)}",
        "market.process=regimes",
        f"market.calibrated={write(folder / 'fitted.toml', fitted(names))}",
        f"crowd.parameters={write(folder / 'crowd.toml', crowd)}",
        f"crowd.market={write(folder / 'answers.toml', answers)}",
    )


NANO = 'label="Nano", family="micro_cap", management="active", benchmark="nano"'
SMALLEST = (
    *("run.paths=256", "run.days=5", "tail.levels=[0.9]", f"products.nano={{{NANO}, weights={{nano=1.0}}}}"),
    'event=[{name="z", pair=["nano", "csi300"], window=20, threshold=-2.0}]',
)


def test_a_sixth_bucket_is_a_few_lines_of_toml(sixth):
    """Every array of a day with its crowd and its accounts has a place for it."""
    world = assemble(load("crowd_feb2024.toml", [*SMALLEST, *sixth]))
    assert world.names.buckets == (*BUCKETS, "nano")
    assert np.flatnonzero(world.products.long[-1]).tolist() == [5], "its own product holds nothing else"
    shapes = jax.eval_shape(path.course, world, crowds.numbers(4))
    assert shapes.price.shape == (5, 6, 4)


def test_a_sixth_bucket_is_on_the_page(sixth, tmp_path):
    sets = [word for said in (*SMALLEST, *sixth) for word in ("--set", said)]
    assert command("run", "crowd_feb2024.toml", "-o", tmp_path, "--quiet", *sets) == 0
    page = (tmp_path / "crowd_feb2024" / "report.html").read_text(encoding="utf-8")
    assert "Nano-cap less CSI 300" in page
    tail = (tmp_path / "crowd_feb2024" / "tail.csv").read_text(encoding="utf-8")
    assert "nano,micro_cap,nano" in tail
