"""`tailrisk adoption`: nobody is today's world, two halves trade as one, followers move prices; refusals."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.cli import main as tailrisk
from tailrisk.config import load
from tailrisk.studies.adoption import page
from tailrisk.studies.adoption.funds import net_alpha
from tailrisk.studies.adoption.market import FOLLOW, When, adopted, fired, managers, simulated, split
from tailrisk.studies.adoption.wanted import Books, wanted
from tests.studies.drawings import left

CONFIG = "configs/crowd_feb2024.toml"
SMALL = ("market.start=crisis", "run.days=10", "run.paths=1024")
NEVER = When(float("inf"), 0, 5)


@pytest.fixture(scope="module")
def config():
    return load(CONFIG, list(SMALL))


def test_who_may_follow(config):
    assert managers(config, ()) == (
        "dma",
        "neutral",
        "index_enhanced_500",
        "index_enhanced_1000",
        "stock_selection",
        "long_short",
    )
    assert managers(config, ("dma",)) == ("dma",)


def test_with_nobody_the_world_is_the_configs_own(config):
    one, other = assemble(config), adopted(config, "top_1800", managers(config, ()), 0.0, NEVER)
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_a_cohort_in_two_is_of_the_same_size_and_pace(config):
    cohorts = split(config, ("dma",), 0.25).attached.crowd.participants.cohorts
    whole = config.attached.crowd.participants.cohorts["dma"]
    mine, rest = cohorts[f"dma{FOLLOW}"], cohorts["dma"]
    assert mine.assets == 0.25 * whole.assets
    assert mine.assets + rest.assets == whole.assets
    assert mine.participation + rest.participation == pytest.approx(whole.participation)
    assert list(cohorts)[:2] == ["dma", f"dma{FOLLOW}"]


def test_what_each_policy_wants(config):
    names = config.names
    books = Books(
        weights=np.array([[0.1, 0.3, 0.3, 0.2, 0.1]]),
        short=np.array([[0.0, 0.5, 0.5]]),
        flat=np.array([[0.0, 0.5, 0.5, 0.0, 0.0]]),
    )
    assert wanted("top_1800", books, names).weights[0, 3:].sum() == 0
    np.testing.assert_allclose(wanted("shift_500", books, names).weights[0], [0.1, 0.45, 0.3, 0.1, 0.05])
    cut = wanted("deleverage", books, names)
    assert (cut.keep[0], cut.rehedge[0]) == (0.5, 1.0)
    np.testing.assert_allclose(wanted("hedge_im", books, names).short[0], [0, 0, 1])
    tight = wanted("tighten", books, names).weights[0]
    assert np.abs(tight - books.flat[0]).sum() < np.abs(books.weights[0] - books.flat[0]).sum()
    np.testing.assert_allclose(tight.sum(), 1)


def test_the_market_when_part_of_it_follows(config):
    """One program for every share: two halves trade as one whole; those who follow move prices."""
    who, when = managers(config, ()), When(0.02, 0, 5)
    base = simulated(config, adopted(config, "top_1800", who, 0.0, when), 512, when)
    world = adopted(config, "top_1800", who, 0.5, when)
    rule = world.crowd.managers
    idle = replace(
        world, crowd=replace(world.crowd, managers=replace(rule, trigger=jnp.asarray(np.inf, world.dtype)))
    )
    still, moved = simulated(config, idle, 512, NEVER), simulated(config, world, 512, when)
    assert not still.fired.any()
    np.testing.assert_allclose(still.tape.days.returns, base.tape.days.returns, atol=2e-4)
    assert (still.rout == base.rout).mean() > 0.99
    # the manager outside sees what the cohorts inside see, and moves with them
    np.testing.assert_array_equal(moved.fired, np.asarray(moved.tape.crowd.fired))
    went = moved.fired > 0
    assert 0.2 < went.mean() < 1
    gap = np.asarray(moved.tape.days.returns, float) - np.asarray(still.tape.days.returns, float)
    small, middle = (config.names.bucket(name) for name in ("csi2000", "csi500"))
    first = np.array([gap[day - 1, :, k] for k, day in enumerate(moved.fired) if day])
    assert first[:, small].mean() < -5e-4  # sold
    assert first[:, middle].mean() > first[:, small].mean() + 1e-3  # bought
    assert np.abs(gap[..., ~went]).max() < 2e-4


def test_fired_waits_for_the_close(config):
    world = assemble(config)
    returns = np.zeros((5, 5, 3), np.float32)
    returns[1, 3, 0] = -0.06  # on day 2
    returns[1, (0, 3), 1] = -0.06
    found = fired(config, world, returns, When(0.05, 0, 5))
    np.testing.assert_array_equal(found, [3, 0, 0])
    np.testing.assert_array_equal(fired(config, world, returns, When(0.05, 2, 5)), [2, 2, 2])


def test_net_alpha_falls_with_the_root_of_assets(config):
    file = config.attached.accounts
    cost = [0.12 - net_alpha(config, file, "ie500", size, 0.12, 60.0) for size in (1.0, 4.0, 9.0)]
    roots = np.diff(cost)
    assert roots[0] == pytest.approx(roots[1], rel=1e-6)  # sqrt 1, 2, 3
    fixed = 60.0 * (0.0003 + 0.0005 / 2)
    assert cost[0] - roots[0] == pytest.approx(fixed, rel=1e-6)


def table(saves, sure=0.1):
    share = [0.0, 0.5, 1.0]
    rows = {"share": share, "saves_es": saves}
    return pd.DataFrame(
        rows | {"saves_es_low": np.subtract(saves, sure), "saves_es_high": np.add(saves, sure)}
    )


@pytest.mark.parametrize(
    ("saves", "said"),
    [
        ([1.0, 0.8, 0.5], "pays at every share"),
        ([1.0, 0.5, -0.5], "stops paying at a share of 75 % (between 50 % and 100 %"),
        ([-1.0, -2.0, -3.0], "does not pay even for the first"),
        ([-0.05, 0.0, 0.0], "is not told to pay"),
        ([1.0, 0.05, 0.05], "pays, but not told from nothing"),
    ],
)
def test_where_it_stops_paying(saves, said):
    assert said in page.pays(table(saves))
    own = table(saves).rename(columns=lambda name: name.replace("_es", "_mean"))
    assert said in page.pays(own, "mean")


def test_routs_are_told_by_the_paths_that_changed():
    own = pd.DataFrame(
        {"share": [0.0, 0.5, 1.0], "rout": [1.0, 1.1, 3.0], "gained": [0, 2, 20], "lost": [0, 0, 3]}
    )
    assert "more often from a share of 100 %" in page.routs(own)
    own["gained"], own["lost"] = [0, 2, 2], [0, 0, 1]
    assert "no share is told" in page.routs(own)


def run(*words):
    with pytest.raises(SystemExit) as stop:
        tailrisk(["adoption", *map(str, words)])
    return stop.value.code


def test_a_folder_from_the_command_line(tmp_path, capsys):
    sets = [word for one in (*SMALL, "report.language=zh") for word in ("--set", one)]
    asked = [
        "--policy",
        "deleverage",
        "--product",
        "dma",
        "--shares",
        "0,1",
        "--trigger",
        0.02,
        "--assets",
        "1,50",
    ]
    assert run("crowd_feb2024.toml", *asked, *sets, "-o", tmp_path / "out") == 0
    assert "Capacity" in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "out" / "saved.csv").set_index("share")
    assert list(rows.index) == [0.0, 1.0]
    assert rows.loc[0.0, "saves_es"] > 0  # alone it pays to cut four times to two
    assert rows.loc[0.0, "others_follow"] == 0
    assert rows.loc[1.0, "others_follow"] > 0  # and costs when all sell at once
    odds = pd.read_csv(tmp_path / "out" / "routs.csv")
    assert (odds["fires"] > 5).all()
    size = pd.read_csv(tmp_path / "out" / "capacity.csv")
    assert size["net_alpha"].is_monotonic_decreasing
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert record["policies"] == {"deleverage": "half of the book sold"}
    assert record["language"] == "zh"
    shown = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'lang="zh-Hans"' in shown
    assert "deleverage：溃退与节省，按跟随占比" in shown
    for name in ("deleverage", "capacity"):
        assert not left((tmp_path / "out" / f"{name}.svg").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--policy", "pray"], "--policy"),
        (["--policy", "top_1800", "--product", "mine"], "--product"),
        (["--policy", "top_1800", "--product", "cta"], "no stocks"),
        (["--policy", "top_1800", "--shares", "0,2"], "--shares"),
        (["--policy", "top_1800", "--shares", "half"], "--shares"),
        (["--policy", "top_1800", "--cohort", "me"], "--cohort"),
        (["--policy", "top_1800", "--assets", "-1"], "--assets"),
        (["--policy", "top_1800", "--set", "run.paths=20001"], "run.paths"),
        (["--policy", "top_1800", "--cohort", "micro_public"], "small stocks alone"),
        (["--policy", "top_1800", "--product", "micro_passive"], "small stocks alone"),
    ],
)
def test_what_is_refused(tmp_path, capsys, words, said):
    assert run("crowd_feb2024.toml", "--set", "run.paths=20480", *words, "-o", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_config_without_a_crowd(tmp_path, capsys):
    assert run("feb2024.toml", "--policy", "tighten", "-o", tmp_path / "out") == 2
    assert "[crowd]" in capsys.readouterr().err
