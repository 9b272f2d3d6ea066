"""The committed CTA against the data it was measured on, and against the config that takes its volatility."""

import tomllib
from pathlib import Path

import pytest

from tailrisk.calibrate.cta_document import measure_cta
from tailrisk.calibrate.trend import Rule

CONFIGS = Path(__file__).parents[2] / "configs"
FILE = CONFIGS / "calibrated" / "cta_2023.toml"


@pytest.mark.market_data
def test_the_command_writes_the_committed_file(market_data: Path, tmp_path: Path) -> None:
    committed = tomllib.loads(FILE.read_text())
    measure_cta(
        market_data / "commodity_futures_daily.csv",
        market_data / "indices_daily.csv",
        until="2023-12-31",
        regimes=CONFIGS / "calibrated" / "ladder_2023.toml",
        rule=Rule(),
        output=tmp_path / FILE.name,
        command=committed["fit"]["command"],
    )
    found = tomllib.loads((tmp_path / FILE.name).read_text())
    assert found["fit"] == committed["fit"]
    assert found["month"] == pytest.approx(committed["month"], abs=1e-9)
    for name, value in committed["cta"].items():
        if not name.endswith("bounds"):
            assert found["cta"][name] == pytest.approx(value, abs=1e-4), name


def test_the_base_config_takes_the_measured_volatility_and_no_more_as_no_more_is_significant() -> None:
    measured = tomllib.loads(FILE.read_text())["cta"]
    said = tomllib.loads((CONFIGS / "base.toml").read_text())["products"]["cta"]
    assert said["volatility_annual"] == round(measured["volatility_annual"], 4)
    assert measured["gaussian_p"] > 0.05
    assert measured["no_loading_p"] > 0.05
