"""One command, one file: whatever the start of the climb, the number of threads, and the last bits."""

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tailrisk.calibrate.document import described, number, table
from tailrisk.calibrate.ladder import observe
from tailrisk.calibrate.newton import polished
from tailrisk.calibrate.switching import Switching, fit_switching
from tests.studies.backtest.worlds import closes

from . import worlds

ROOT = Path(__file__).parents[2]
FEW = {
    "OMP_NUM_THREADS": "1",
    "XLA_FLAGS": os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false",
}


@pytest.mark.parametrize("student", [True, False])
def test_starts_that_climb_one_hill_give_one_text(student: bool) -> None:
    values = worlds.returns(worlds.draw(worlds.regimes(2, 3, student=student), 1500, seed=21))
    shocks = "student" if student else "gaussian"
    one, two = (
        fit_switching(observe(values), states=2, shocks=shocks, number=2, seed=seed) for seed in (0, 1)
    )
    assert (one.mean != two.mean).any(), "two climbs"
    assert constants(one) == constants(two)
    assert 0 <= one.error.gain_left < 1e-12


def constants(model: Switching) -> list[str]:
    return [line for line in described(model) if not line.startswith("starts_at_maximum")]


def test_where_there_is_no_top_nearby_nothing_moves() -> None:
    observed = observe(worlds.returns(worlds.draw(worlds.regimes(2, 3), 300, seed=1)))
    far = worlds.regimes(2, 3, nu=50.0, seed=9)
    assert polished(observed, far) is far


def test_a_written_number_is_read_back_and_written_the_same() -> None:
    generator = np.random.default_rng(0)
    drawn = generator.normal(size=2000) * 10.0 ** generator.integers(-9, 9, 2000)
    written = [number(one) for one in drawn]
    assert [number(float(one)) for one in written] == written
    np.testing.assert_allclose(np.array(written, float), drawn, rtol=5e-7)
    noisy = [number(one) for one in drawn * (1 + 1e-11 * generator.choice([-1, 1], 2000))]
    assert sum(a != b for a, b in zip(written, noisy, strict=True)) <= 1
    assert number(-0.0) == number(0.0) == "0.0"


def test_digits_are_counted_from_the_largest_of_a_table_and_of_each_regime() -> None:
    assert list(table("w", np.array([0.5, -3e-16, 0.0123456789, np.nan]), "x")) == [
        "w = [0.5, 0.0, 0.0123457, nan]  # x",
    ]
    two = np.array([[[1e-3 / 3, 1e-9 / 3]], [[1e-5 / 3, 1e-9 / 3]]])
    assert [line.strip() for line in table("c", two, "x") if "e-" in line] == [
        "[0.0003333333, 3e-10],",
        "[3.333333e-06, 3.33e-10],",
    ]
    assert list(table("w", np.zeros(2), "x")) == ["w = [0.0, 0.0]  # x"]
    assert list(table("w", np.full(1, np.nan), "x")) == ["w = [nan]  # x"]


def test_one_thread_and_more_write_the_same_bytes_and_the_command_is_the_one_given(tmp_path: Path) -> None:
    closes(420).to_csv(tmp_path / "closes.csv")
    said = "tailrisk calibrate closes.csv --until 2016-12-31 --states 2 --shocks student --starts 2"
    said += " --output out.toml --histories 0 --limits 0.1,0.1,0.11,0.14,0.16 --accept holes"
    written = []
    for fewer in ({"OMP_NUM_THREADS": "2"}, FEW):
        subprocess.run(
            [sys.executable, "-m", *shlex.split(said), "--quiet"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | fewer,
            check=True,
        )
        written.append((tmp_path / "out.toml").read_bytes())
    assert written[0] == written[1]
    assert tomllib.loads(written[0].decode())["fit"]["command"] == said
