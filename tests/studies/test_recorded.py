"""The record of a study says what its config said of the page: a folder shown again is in its language."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import tailrisk
from tailrisk.config import load
from tailrisk.studies.adoption import study as adoption
from tailrisk.studies.adoption.market import When
from tailrisk.studies.sensitivities import study as sensitivities

STUDIES = Path(tailrisk.__file__).parent / "studies"
WITHOUT = {"monitor/study.py", "results/index.py"}
"""A monitor has no config, and an index is of none."""


def test_every_study_records_its_page() -> None:
    written = {
        file.relative_to(STUDIES).as_posix(): file.read_text(encoding="utf-8")
        for file in STUDIES.rglob("*.py")
        if re.search(r"write_record\(|[^.]\bpublish\(", file.read_text(encoding="utf-8"))
    }
    assert len(written) > 12
    assert {name for name, text in written.items() if ".recorded" not in text} == WITHOUT


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_adoption_and_sensitivities_do(language: str) -> None:
    config = load("crowd_feb2024.toml", [f"report.language={language}"])
    asked = adoption.Asked(("top_1800",), (0.5,), ("dma",), (), "0.99", When(0.05, 0, 5), (), 0.1, 10.0)
    base = SimpleNamespace(paths=1024, shortfall=lambda place: 0.1)
    moved = sensitivities.Asked(products=("dma",), level="0.99", only=(), step=0.01, times=3.0, actor_paths=0)
    said = (
        adoption._facts(config, asked, ["dma"], "crowd_feb2024.toml", "a", "tailrisk adoption"),
        sensitivities._facts(
            config, moved, "crowd_feb2024.toml", "s", "tailrisk sensitivities", base, ([], 1, 8),
            {"run": 1.0, "fields": 1.0},
        ),
    )  # fmt: skip
    for record in said:
        assert record.get("language", "en") == language
