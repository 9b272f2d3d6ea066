"""The plan: exact counts, memory that follows the size, and a refusal that says what would fit."""

import csv
from importlib import import_module
from pathlib import Path

import pytest

from tailrisk.config import effort, load
from tailrisk.config.plan import duration, fits, gigabytes, machine_memory, plan, table, together
from tailrisk.config.sampling import Sampling
from tailrisk.core.errors import InputError

RESULTS = Path(__file__).resolve().parents[2] / "results"
first_run = import_module("experiments.first_run.__main__")


def test_counts_are_exact(folder: Path) -> None:
    planned = plan(load("small.toml"), machine=1e11)
    assert (planned.paths, planned.days, planned.burn_in, planned.path_days) == (20_000, 30, 60, 1_800_000)
    assert planned.columns == 2 * 4 * 2  # views x measures x products
    assert planned.stored == 20_000  # all: there is room for more
    more = plan(load("small.toml", ["run.paths=400_000"]), machine=1e11)
    assert more.stored == 20_000 + 1586 + 10 + 98_304  # the worst 5 %, six deviations and ten, and room
    assert planned.losses == 8 * 16 * planned.stored
    drawn = 8192 * 30 * effort.COURSE
    work = drawn + 1_800_000 / effort.RATE / planned.cores
    assert planned.seconds == pytest.approx(effort.START + effort.COMPILE + work)
    assert planned.seconds - planned.compiling == pytest.approx(effort.START + work)
    assert planned.memory == planned.losses + planned.working + effort.PROGRAM


def test_memory_follows_paths_measures_and_precision(folder: Path) -> None:
    def memory(*overrides: str) -> float:
        return plan(load("small.toml", overrides), machine=1e11).memory

    assert memory("run.paths=2_000_000") > memory("run.paths=1_000_000") > memory()
    assert memory('tail.losses=["terminal"]') < memory() < memory("run.precision=float64")
    few = effort.simulating(load("small.toml", ["run.chunk=64"]), 2)
    assert few < effort.simulating(load("small.toml"), 2) < effort.simulating(load("small.toml"), 4)
    assert effort.simulating(load("small.toml", ["event=[]"]), 2) < effort.simulating(load("small.toml"), 2)


MEASURED = [  # peak RSS in GB and CPU seconds of `tailrisk run`, nothing compiled before
    ("smoke.toml", [], 0.498, 9.7),
    ("feb2024.toml", ["run.paths=40000"], 0.514, 9.2),
    ("feb2024.toml", ["run.paths=8192", "run.days=2420"], 2.533, 26.0),
    ("crowd_feb2024.toml", ["run.paths=8192", "run.days=250"], 1.049, 33.5),
    ("funds_feb2024.toml", ["run.paths=8192"], 1.013, 52.6),
]


@pytest.mark.parametrize(("name", "sets", "gigabyte", "seconds"), MEASURED)
def test_the_plan_is_near_what_was_measured(
    name: str, sets: list[str], gigabyte: float, seconds: float
) -> None:
    config = load(name, sets)
    planned = plan(config, machine=1e11)
    assert 1 / 1.5 < planned.memory / 1e9 / gigabyte < 1.5
    alone = planned.once + effort.serial(config) + effort.parallel(config)
    assert 0.5 < alone / seconds < 2


def test_times_hold_within_a_factor_of_two_of_those_published() -> None:
    """Of a first run, which compiles, and a second, which loads: crowd, accounts, page and all."""
    with (RESULTS / "first_run" / "table.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert {row["config"] for row in rows} == set(first_run.CONFIGS)
    for row in rows:
        told = first_run.estimates(row["config"], first_run.CONFIGS[row["config"]])
        ratio = told[row["run"] == "second"] / float(row["total"])
        assert 1 / first_run.WITHIN < ratio < first_run.WITHIN, row["config"]


def test_long_horizons_are_priced_whatever_the_chunk(folder: Path) -> None:
    """Courses of drawn paths do not shrink with the chunk, and wide books make them wider."""
    long = ["run.days=2420", "run.paths=8192", "run.chunk=64"]
    assert plan(load("feb2024.toml", long), machine=1e11).memory > 2.2e9
    double = plan(load("feb2024.toml", [*long, "run.precision=float64"]), machine=1e11).memory
    assert double > 2.9e9


def test_cells_of_a_sweep_start_once(folder: Path) -> None:
    one = plan(load("small.toml"), machine=8e9)
    assert together([one, one, one]) == pytest.approx(3 * one.seconds - 2 * one.once)


def test_what_does_not_fit_is_refused_with_the_paths_that_would(folder: Path) -> None:
    large = plan(load("small.toml", ["run.paths=900_000_000"]), machine=1e11)
    with pytest.raises(InputError) as caught:
        fits(large)
    said = caught.value
    assert (said.place, "900,000,000 paths need" in said.problem) == ("run.paths", True)
    assert "run.memory_gb = 4, this process may have 100.00 GB" in said.allowed
    paths = int(said.hint.split("at most ")[1].split(";")[0].replace(",", ""))
    assert fits(plan(load("small.toml", [f"run.paths={paths}"]), machine=1e11)).paths == paths
    with pytest.raises(InputError):
        fits(plan(load("small.toml", [f"run.paths={paths + 1}"]), machine=1e11))


def test_a_small_machine_is_refused_whatever_the_config_allows(folder: Path) -> None:
    config = load("small.toml", ["run.memory_gb=1000"])
    assert fits(plan(config, machine=2e9)).limit == 2e9
    with pytest.raises(InputError, match=r"allowed: 500\.00 MB|allowed: 0\.50 GB"):
        fits(plan(config, machine=5e8))


def test_the_machine_says_how_much_memory_it_has() -> None:
    memory = machine_memory()
    assert memory is None or 1e8 < memory < 1e14


def test_the_table_names_what_will_run(folder: Path) -> None:
    config = load("small.toml")
    rows = dict(table(config, plan(config, machine=8e9)))
    assert rows["paths"] == "20,000 from seed 20240205, in float32"
    assert rows["days"] == "30, after 60 of warm-up (simulated)"
    assert rows["calibrated"] == "ladder.toml, data 2014-01-01 to 2023-12-31"
    assert rows["memory"].endswith("of 4.00 GB allowed, 8.00 GB for this process")
    assert config.digest().startswith(rows["config"].split()[1])


def test_sizes_and_times_in_words() -> None:
    assert [gigabytes(b) for b in (1.5e6, 2.5e8, 3e12)] == ["1.5 MB", "0.25 GB", "3,000.00 GB"]
    words = [duration(s) for s in (0.04, 12, 150, 36_000, 1e6)]
    assert words == ["0.0 s", "12 s", "2.5 min", "10 h", "12 days"]


def test_pilots_are_counted(folder: Path) -> None:
    event = 'event=[{name="s", pair=["csi1000","csi300"], window=20, threshold=-6.0}]'
    plain = plan(load("small.toml", [event]), machine=8e9)
    for method in ("importance", "splitting", "automatic"):
        config = load("small.toml", [event, f'sampling.method="{method}"'])
        assert config.sampling is not None
        more = config.sampling.spared * (plain.days + plain.burn_in)
        assert plan(config, machine=8e9).seconds == pytest.approx(
            plain.seconds + more / effort.RATE / plain.cores
        )
        assert f"{config.sampling.spared:,} paths" in dict(table(config, plain))["sampling"]
    assert "sampling" not in dict(table(load("small.toml", [event]), plain))


def test_what_is_spared_is_what_the_methods_simulate_beside_the_run() -> None:
    """Ten rounds of two blocks, the first of six, and a last one; 512 clones in eight stages, twice."""
    tilt, stages = 25 * 8192, 8 * 512
    spared = {
        "plain": 0,
        "importance": tilt,
        "splitting": 2 * stages + 32 * stages,
        "automatic": tilt + 2 * stages + 8 * stages,
    }
    assert {method: Sampling(method=method).spared for method in spared} == spared  # type: ignore[arg-type]


CROWD = ["run.paths=40000", "run.days=20"]


def test_every_part_of_the_memory_counts(folder: Path) -> None:
    """Ten products, five buckets, a crowd of eight cohorts with two books of notes, float32."""
    config = load("crowd_feb2024.toml", CROWD)
    planned = plan(config, machine=1e11)
    files = config.attached.crowd
    assert files is not None
    books, cohorts = len(files.snowballs.book), len(files.participants.cohorts)
    assert (books, cohorts, config.as_accounts) == (2, 8, True)
    assert planned.columns == 2 * 4 * 10 + 3 + books + 2 * cohorts
    assert planned.working == max(planned.simulating, planned.drawing) + 8 * 5 * planned.stored
    styles = len(config.styles_in_use)
    again = 40_000 + 8192  # worst paths of ten products are all there are, and a block beside them
    course = 4 * (5 + 1 + 10 + styles)
    assert effort.drawing(config) == 20 * (8192 * 6 * 4 + max(8192 * 5 * 16, again * course))
    assert effort.funds(config) == 4 * 120 * 20 * config.accounts.paths  # type: ignore[union-attr]
    assert planned.drawing == effort.drawing(config) + effort.funds(config)
    bare = load("crowd_feb2024.toml", [*CROWD, "accounts.every_path=false"])
    lines = 4 * 3 * 16 * 10 * 8192
    assert effort.simulating(config, 3) - effort.simulating(bare, 3) == lines
    more = load("crowd_feb2024.toml", [*CROWD, 'tail.risks=["var", "es", "mean"]'])
    assert effort.simulating(more, 3) - effort.simulating(config, 3) == 4 * 2**24


def test_funds_are_paid_for_by_product_fund_path_and_day(folder: Path) -> None:
    config, few = (load("crowd_feb2024.toml", [*CROWD, f"accounts.funds={k}"]) for k in (16, 1))
    accounts = config.accounts
    assert accounts is not None
    lives = 16 * 10 * accounts.paths  # of one, a product's own, none lives apart
    assert effort.serial(config) - effort.serial(few) == pytest.approx(lives * 20 * effort.FUND)


def test_a_level_of_a_measure_below_all_others_keeps_more_losses(folder: Path) -> None:
    """As many as the run keeps: it keeps the worst beyond the lowest level that anything asks for."""
    many = "run.paths=400_000"
    low = plan(load("small.toml", ['tail.risks=["var", "es:0.6"]', many]), machine=1e11)
    assert low.level == 0.6
    assert low.stored > plan(load("small.toml", [many]), machine=1e11).stored


def test_a_plan_counts_the_paths_of_draws_and_other_laws() -> None:
    plain, asked = load("feb2024.toml"), load("feb2024.toml", ["uncertainty.parameters=16"])
    assert (plain.repeats, asked.repeats) == (0, 17 * 8192)
    assert plan(asked).seconds > plan(plain).seconds
    assert plan(asked).simulating > plan(plain).simulating
    rows = dict(table(asked, plan(asked)))
    assert rows["uncertainty"] == "16 draws; regimes; 139,264 paths more"
    assert "uncertainty" not in dict(table(plain, plan(plain)))
    fixed = load("us_indices.toml", ["uncertainty.parameters=16"])
    assert dict(table(fixed, plan(fixed)))["uncertainty"].startswith("parameters fixed")
