"""The test bench: float64, strict shapes and types, compiled programs kept, market data where it is."""

import os
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

MARKET_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

LONGEST = (
    "simulate/crowd/test_day.py",
    "simulate/test_engine.py",
    "rare/test_fear_tilt.py",
    "crowd/test_cohorts.py",
    "policies/test_regret.py",
)
"""Files that take longest: begun first, so that no core is left with one of them at the end."""

LONG = (
    "calibrate/test_same_bytes.py::test_one_thread_and_more",
    "calibrate/test_folder.py::test_the_folder_is_a_result",
    "studies/sweep/test_cluster.py::",
    "studies/sweep/test_forced.py::test_a_kill_at_any_operation",
    "studies/reverse/test_reverse.py::test_a_crowd_sells",
    "studies/backtest/test_study.py::test_forecasts_of_every_day",
    "studies/audit/test_audit.py::test_rules_on_the_same_paths",
    "studies/regret/test_study.py::test_training_finds",
    "studies/match/test_ordinary.py::test_the_years_are_those",
    "record/test_faults.py::test_a_small_drill",
    "api/test_studies.py::",
    "api/test_parts.py::",
    "simulate/crowd/test_funds.py::",
    "simulate/test_devices.py::",
    "simulate/test_rows_crowd.py::test_its_paths",
    "rare/test_fear_tilt.py::",
    "rare/test_splitting.py::test_accounts_are_cloned",
    "walks/test_manager.py::",
    "walks/test_demo.py::",
    "walks/test_other_market.py::",
)
"""Tests of half a minute or more on a cold machine: run with `--long` (`make test-long`), skipped without."""

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
        return next((i for i, file in enumerate(LONGEST) if name.endswith("tests/" + file)), len(LONGEST))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    """Every test begins in float64, whatever precision a command that another ran has asked for."""
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", True)


@pytest.fixture(scope="session")
def market_data() -> Path:
    """Folder of the unlicensed price files; tests that need it skip where it is absent."""
    if not MARKET_DATA.is_dir():
        pytest.skip("needs the unlicensed market data in ../shared/data, absent here")
    return MARKET_DATA
