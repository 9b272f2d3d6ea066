"""The test bench: float64, strict shapes and types, compiled programs kept, market data where it is."""

import gc
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jax
import pytest

SHIPPED: dict[str, Any] = {"xla_backend_optimization_level": 3}
"""Compiler options of a run, for tests of bits (`as_shipped`); most tests compile with the contrary."""
if jax.__version_info__ < (0, 11):  # an option that XLA does not know ends the process
    SHIPPED["xla_cpu_use_fusion_emitters"] = True  # without, a crowd's day compiles in a third of the time

QUICK = " ".join(f"--{name}=0" for name in SHIPPED)
quickly = os.environ.setdefault("XLA_FLAGS", QUICK) == QUICK  # `XLA_FLAGS= pytest` compiles all as a run does

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

MARKET_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

LONGEST = (
    "tests/test_markets.py",
    "simulate/crowd/test_day.py",
    "rare/test_importance.py",
    "simulate/test_engine.py",
    "rare/test_splitting.py",
    "record/test_accounts.py",
    "calibrate/test_same_bytes.py",
)
"""Files that take longest: begun first, so that no core is left with one of them at the end."""

LONG = (
    "calibrate/test_same_bytes.py::test_one_thread_and_more",
    "studies/sweep/test_cluster.py::test_processes_give",
    "studies/sweep/test_programs.py::test_every_number_but_those_of_shapes_is_an_argument[crowd",
    "studies/reverse/test_reverse.py::test_a_crowd_sells",
    "studies/backtest/test_study.py::test_forecasts_of_every_day",
    "studies/audit/test_audit.py::test_rules_on_the_same_paths",
    "studies/adoption/test_adoption.py::test_the_market_when",
    "studies/adoption/test_adoption.py::test_a_folder",
    "studies/sensitivities/test_slopes.py::test_a_crowd",
    "studies/regret/test_study.py::test_training_finds",
    "studies/gauge/test_gauge.py::test_learning_from_markets",
    "studies/gauge/test_gauge.py::test_a_market_without_books",
    "studies/tune/test_robust.py::test_members_of_the_ensemble",
    "record/test_faults.py::test_a_small_drill",
    "record/test_two_processes.py::",
    "api/test_studies.py::test_a_fit_is_the_commands_and_simulates[True]",
    "api/test_parts.py::test_a_mechanism_of_ones_own_moves",
    "simulate/crowd/test_day.py::test_wide_chunks",
    "simulate/crowd/test_day.py::test_more_rounds_come_nearer",
    "simulate/test_engine.py::test_bits_are_the_same_for_any_chunk[even",
    "simulate/test_engine.py::test_bits_are_the_same_for_any_chunk[double",
    "simulate/test_engine.py::test_blocks_are_cut_at_the_last_path_and_do_not_depend_on_the_chunk[8192",
    "simulate/crowd/test_funds.py::",
    "simulate/test_devices.py::",
    "simulate/test_rows_crowd.py::test_its_paths",
    "rare/test_fear_tilt.py::",
    "gpu/test_measure.py::test_every_stage",
    "gpu/test_measure.py::test_the_page_says_that_it",
    "rare/test_importance.py::test_the_nominal_tilt_changes_no_bit[None]",
    "rare/test_importance.py::test_tilted_bits_are_the_same",
    "rare/test_splitting.py::test_a_worst_day_under_a_markov_chain[student]",
    "test_markets.py::test_a_sixth_bucket_is_on_the_page",
    "test_markets.py::test_american_indices_go_from_closes_to_pages[memory",
    "walks/test_manager.py::",
    "walks/test_demo.py::",
    "walks/test_other_market.py::",
)
"""Tests that take longest on a cold machine, beside shorter ones of the same: skipped without `--long`."""

gc.set_threshold(20_000, 20, 20)  # tracing makes millions of objects, few of them garbage

COMPILED = {"JAX_COMPILATION_CACHE_DIR": "", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1"}
"""JAX's settings for keeping compiled programs, for this process, its siblings and what tests start."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled programs beside pytest's own notes, private to the checkout, unless told where."""
    os.environ.setdefault("TAILRISK_COMPILED", "off")  # commands under test leave the user's own alone
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ and hasattr(config, "cache"):
        folder = config.cache.mkdir("compiled")
        folder.chmod(0o700)  # machine code that will be run: nobody else may write it
        os.environ.update(COMPILED | {"JAX_COMPILATION_CACHE_DIR": str(folder)})
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` runs the long tests too."""
    parser.addoption("--long", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first, the order otherwise pytest's; long tests are skipped unless asked for."""
    if not config.getoption("--long"):
        skip = pytest.mark.skip(reason="long: `make test-long` runs it")
        for item in items:
            if any("tests/" + start in item.path.as_posix() + "::" + item.name for start in LONG):
                item.add_marker(skip)

    def place(item: pytest.Item) -> int:
        name = item.path.as_posix()
        return next((i for i, file in enumerate(LONGEST) if name.endswith("/" + file)), len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays: no later search for garbage goes through it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    """Every test begins in float64, whatever precision a command that another ran has asked for."""
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", True)


@cache
def shipped(function: Callable[..., Any], **how: Any) -> Callable[..., Any]:
    """`jax.jit` of `function` with what `how` says, in the compiler options of a run."""
    options = how.pop("compiler_options", ())
    return jax.jit(function, compiler_options=dict(options) | (SHIPPED if quickly else {}), **how)


def as_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs of a run are compiled as a run compiles them, until `monkeypatch` is undone."""
    from tailrisk.core.kernel import OPTIONS
    from tailrisk.simulate import blocks, tape

    own, of_calls = tuple(OPTIONS.items()), ("chunk", "calls")
    for room, name, how in (
        (blocks, "_block", {"static_argnums": 0, "static_argnames": of_calls, "compiler_options": own}),
        (blocks, "_with_course", {"compiler_options": own}),
        (blocks, "_course", {}),
        (tape, "_tapes", {"static_argnames": of_calls, "compiler_options": own}),
    ):
        monkeypatch.setattr(room, name, shipped(getattr(room, name).__wrapped__, **how))


@pytest.fixture
def as_shipped(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """For tests of bits: `as_a_run` for one test, and the same for what it is given."""
    as_a_run(monkeypatch)
    return shipped


@pytest.fixture(scope="session")
def market_data() -> Path:
    """Folder of the unlicensed price files; tests that need it skip where it is absent."""
    if not MARKET_DATA.is_dir():
        pytest.skip("needs the unlicensed market data in ../shared/data, absent here")
    return MARKET_DATA
