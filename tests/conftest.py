"""The test bench: float64, strict shapes and types, and the market data where it is present."""

from pathlib import Path

import jax
import pytest

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

MARKET_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def market_data() -> Path:
    """Folder of the unlicensed price files; tests that need it skip where it is absent."""
    if not MARKET_DATA.is_dir():
        pytest.skip("needs the unlicensed market data in ../shared/data, absent here")
    return MARKET_DATA
