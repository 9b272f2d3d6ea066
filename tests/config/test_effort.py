"""What `check` and `tune` say a study takes, beside what was measured on two cores with nothing compiled."""

from pathlib import Path

import pytest

from tailrisk.config import load
from tailrisk.config.plan import plan, table
from tailrisk.studies.tune.config import load_tune, universe_of
from tailrisk.studies.tune.time import seconds

SHOCK = 'scenarios.shock=[{name="slide", pair=["csi1000","csi300"], move=-0.1}]'
PATHS = "run.paths=16384"


@pytest.mark.parametrize(
    ("name", "gigabyte", "more"), [("feb2024.toml", 0.627, 0.0), ("crowd_feb2024.toml", 0.984, 8.2)]
)
def test_a_shock_is_priced(name: str, gigabyte: float, more: float) -> None:
    """CPU seconds that it adds, and memory with it, as measured."""
    plain, asked = plan(load(name, [PATHS]), machine=1e11), plan(load(name, [PATHS, SHOCK]), machine=1e11)
    assert 1 / 1.5 < asked.memory / 1e9 / gigabyte < 1.5
    added = asked.seconds - plain.seconds
    assert added > 0
    assert 0.5 < added / more < 2 if more else added < 2


def test_paths_of_a_shock_count_and_are_those_there_are() -> None:
    few, many = (load("feb2024.toml", [PATHS, SHOCK, f"scenarios.paths={n}"]) for n in (1024, 1_000_000))
    assert plan(few, machine=1e11).seconds < plan(many, machine=1e11).seconds
    said = dict(table(many, plan(many, machine=1e11)))["scenarios"]
    assert said == "slide on 16,384 paths without a crowd"
    assert "scenarios" not in dict(table(load("feb2024.toml", [PATHS]), plan(few, machine=1e11)))


def test_episodes_are_named_and_cost_nothing(tmp_path: Path) -> None:
    replayed = Path("results/feb2024_replay").resolve()
    config = load("feb2024.toml", [PATHS, f'scenarios.episodes=["{replayed}"]'])
    planned = plan(config, machine=1e11)
    assert dict(table(config, planned))["scenarios"] == "episodes feb2024_replay"
    assert planned.seconds == plan(load("feb2024.toml", [PATHS]), machine=1e11).seconds


@pytest.mark.parametrize(
    ("name", "sets", "measured"),
    [("tune_neutral.toml", [], 22.8), ("tune_neutral.toml", ["paths=4096"], 18.6), ("tune_us.toml", [], 9.9)],
)
def test_a_tuning_says_its_time_within_a_factor_of_two(name: str, sets: list[str], measured: float) -> None:
    path = Path("configs") / name
    universe = universe_of(path, sets)
    said = seconds(load_tune(path, universe.styles, sets), len(universe.ids))
    assert 0.5 < said / measured < 2
