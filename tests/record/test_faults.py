"""The drill of results/faults, a small one: real writers of a run and of a calibrated file, disturbed."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_drill_loses_nothing_and_shows_nothing_wrong(tmp_path):
    words = ["--every", "23", "--pairs", "1", "--kills", "0", "--random", "3", "--lost", "0", "--bits", "2"]
    words += ["--only", "run,calibrate"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "experiments.faults",
            *words,
            "--work",
            tmp_path / "work",
            "-o",
            tmp_path / "out",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "table.csv")
    assert table.trials.sum() > 75
    assert not table[["wrong", "lost", "differs after", "left over"]].to_numpy().any()
    damaged = table[table.fault.str.contains("flipped")]
    assert (damaged.refused == damaged.trials).all()
    assert table[table.fault.str.startswith("kill, over an old")].old.sum() > 0
    assert (table[table.fault.str.startswith("writer killed")].trials == 3).all()
    assert "of them a SIGKILL" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
