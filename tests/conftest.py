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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the order is otherwise pytest's."""

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
