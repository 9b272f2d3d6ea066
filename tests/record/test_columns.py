"""Four columns: the shock alone in closed form, what goes with it where it is known, a replay as it was."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.config.scenarios import Shock
from tailrisk.core.errors import InputError
from tailrisk.record.columns import _nearest, alone, conditional, replayed, table, unmoved

SHOCK = 'scenarios.shock=[{name="size",pair=["csi1000","csi300"],move=-0.10}]'
SMALL = ["run.paths=2048", "run.days=5", "event=[]", "tail.levels=[0.9]", "tail.losses=['terminal']"]


def test_a_line_through_the_nearest_paths_gives_the_conditional_mean_of_a_gaussian() -> None:
    """L = 0.4 X + 0.3 X^2 + e: the interval covers what is known about as often as it says."""
    truth, inside, widths = 0.4 * -1.5 + 0.3 * 2.25, 0, []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        spread = rng.standard_normal(8192)
        loss = 0.4 * spread + 0.3 * spread**2 + (0.5 + 0.2 * np.abs(spread)) * rng.standard_normal(8192)
        found, half, moved = conditional(spread, loss, -1.5, confidence=0.95)
        inside += abs(found - truth) < half
        widths.append(half)
        assert abs(moved.mean() - found) < 1e-9
    assert max(widths) < 0.12
    assert 180 <= inside <= 198


def test_the_nearest_paths_are_the_nearest() -> None:
    spread = np.random.default_rng(0).standard_normal(10_000)
    near = _nearest(spread, -2.0)
    assert len(near) == 500
    apart = np.abs(spread + 2.0)
    assert apart[near].max() <= np.sort(apart)[500]


def test_a_shock_alone_moves_the_small_bucket_and_those_beyond_it() -> None:
    config = load("feb2024.toml", SMALL)
    world = assemble(config)
    loss = dict(zip(config.products, unmoved(world, config, _shock("csi1000", "csi300", -0.1)), strict=True))
    weights = config.products["ie1000"].weights
    assert loss["ie1000"] == pytest.approx(0.1 * sum(weights[b] for b in ("csi1000", "csi2000", "micro")))
    neutral = config.products["neutral"]
    small = sum(neutral.weights.get(b, 0) for b in ("csi1000", "csi2000", "micro"))
    hedge = neutral.hedge.get("IM", 0)
    assert loss["neutral"] == pytest.approx(0.1 * neutral.long * (small - hedge))
    assert loss["cta"] == 0
    up = unmoved(world, config, _shock("csi300", "csi500", 0.2))
    assert up[list(config.products).index("ie300")] == pytest.approx(-0.2 * 0.7)


def test_a_run_without_a_crowd_has_no_endogenous_column_and_one_out_of_reach_says_nothing() -> None:
    far = SHOCK.replace("}]", '},{name="far",pair=["micro","csi300"],move=-0.85}]')
    config = load("feb2024.toml", [*SMALL, far])
    found = table(config, assemble(config), None)
    assert found is not None
    assert set(found["column"]) == {"shock", "transitive"}
    far = found[(found.scenario == "far") & (found.column == "transitive")]
    assert far.loss.isna().all()
    assert far.indicative.all()
    near = found[(found.scenario == "size") & (found.statistic == "mean") & (found.column == "shock")]
    assert near.loss.notna().all()


def test_a_config_alone_has_no_crowd_and_its_products_live_as_before() -> None:
    config = load("crowd_feb2024.toml")
    bare = alone(config)
    assert bare.crowd is None
    assert bare.attached.crowd is None
    assert bare.as_accounts == config.as_accounts is True


def test_a_replay_gives_the_end_and_the_deepest_day(tmp_path: Path) -> None:
    config = load("feb2024.toml", SMALL)
    folder = _replay(tmp_path / "old", [1.0, 0.7, 0.9])
    end, deepest = replayed(config, "old", folder)
    assert (end["product"], end["scenario"]) == ("dma", "one (2020-01-01 to 2020-01-03)")
    assert (end["loss"], end["loss_low"], end["loss_high"]) == pytest.approx((0.1, 0.09, 0.11))
    assert (deepest["statistic"], deepest["loss"]) == ("deepest", pytest.approx(0.3))


def test_a_folder_that_is_no_replay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"episodes.*no such replay"):
        load("feb2024.toml", ['scenarios.episodes=["nowhere"]'])
    folder = _replay(tmp_path / "old", [1.0])
    (folder / "daily.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="is no replay"):
        replayed(load("feb2024.toml", SMALL), "old", folder)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ('[{name="a",pair=["micro","micro"],move=-0.1}]', "twice"),
        ('[{name="a",pair=["micro","csi300"],move=0.0}]', "move"),
        ('[{name="a",pair=["micro","nowhere"],move=-0.1}]', "nowhere"),
        ("[]", "scenarios.shock"),
    ],
)
def test_a_shock_that_is_none_is_refused(said: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        load("feb2024.toml", [f"scenarios.shock={said}"])


def _shock(small: str, large: str, move: float) -> Shock:
    return Shock(name="a", pair=(small, large), move=move)


def _replay(folder: Path, nav: list[float]) -> Path:
    folder.mkdir()
    (folder / "record.json").write_text(json.dumps({"name": "one"}))
    with (folder / "daily.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["product", "date", "nav", "nav_10", "nav_90"])
        rows.writerows(
            ["dma", f"2020-01-0{k + 1}", x, x - 0.01 * (k > 0), x + 0.01 * (k > 0)] for k, x in enumerate(nav)
        )
    return folder
