"""`tailrisk calibrate --folder`: the file it writes anyway, and a sealed result with its digest."""

import json
import re

import pytest

from tailrisk.cli import main
from tailrisk.core import seal
from tests.studies.backtest.worlds import closes

WORDS = ("--until", "2016-12-31", "--states", "1", "--shocks", "gaussian", "--starts", "1")


def run(*words) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


def constants(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("command")]


def test_the_folder_is_a_result_and_the_file_is_the_same(tmp_path, capsys):
    closes(420).to_csv(tmp_path / "closes.csv")
    folder, output = tmp_path / "calibration", tmp_path / "ladder.toml"
    calibrate = ("calibrate", tmp_path / "closes.csv", *WORDS, "--histories", 0, "-o", output)
    assert run(*calibrate, "--quiet") == 0
    alone = output.read_text()
    assert run(*calibrate, "--folder", folder) == 0
    assert constants(output.read_text()) == constants(alone)
    assert seal.check(folder) == {
        "regimes.svg", "summary.txt", "record.json", "README.md", "report.html"
    }  # fmt: skip
    record = json.loads((folder / "record.json").read_text())
    assert record["calibrated_sha256"] == seal.sha256(output)
    assert record["command"].startswith("tailrisk calibrate closes.csv --until 2016-12-31")
    assert record["command"] in (folder / "README.md").read_text()
    text = (folder / "README.md").read_text()
    assert text.splitlines()[2].startswith(
        "Of 1 models of 419 daily returns the one of 1 regime and gaussian"
    )
    assert "likelihood" in text
    assert (folder / "summary.txt").read_text() == capsys.readouterr().out
    output.unlink()
    assert run(*calibrate, "--folder", folder) == 2
    assert not output.exists(), "refused before anything is fitted"
    assert re.search("calibration: is there already", capsys.readouterr().err)
