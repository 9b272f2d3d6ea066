"""run.backend: said by `check` and the record, refused where it cannot be had, the same tables by either."""

import json

import pandas as pd
import pytest

from tailrisk.api.precision import precision
from tailrisk.cli import main
from tailrisk.config import backend, load
from tailrisk.core import compiler
from tailrisk.record.run import run

SMALL = ["run.paths=600", "run.days=5", "tail.levels=[0.9]", "market.warmup=simulated"]
needs_compiler = pytest.mark.skipif(compiler.find() is None, reason="no C++ compiler is here")


def test_without_the_field_nothing_moves(folder):
    ordinary = load("small.toml", [])
    assert "backend" not in ordinary.resolved()["run"]
    assert ordinary.digest() == load("small.toml", ["run.backend=xla"]).digest()
    assert ordinary.digest() != load("small.toml", ["run.backend=rows"]).digest()


def test_float64_and_other_words_are_refused(folder, refusal):
    assert "run.backend" in refusal("check", "small.toml", "--set", "run.backend=pallas")
    text = refusal("check", "small.toml", "--set", "run.backend=rows", "--set", "run.precision=float64")
    assert 'run.backend: "rows" with run.precision = "float64"' in text


@pytest.mark.parametrize("command", ["check", "run"])
def test_without_a_compiler_it_is_refused_before_anything_is_simulated(folder, refusal, monkeypatch, command):
    monkeypatch.setenv("CXX", "no-such-compiler")
    text = refusal(command, "small.toml", "--set", "run.backend=rows")
    assert "no-such-compiler" in text
    assert "install g++" in text


@needs_compiler
def test_check_says_which_compiler(folder, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["check", "small.toml", "--set", "run.backend=rows"])
    said = capsys.readouterr().out
    assert f"backend     rows, by {compiler.wanted().version}" in said
    with pytest.raises(SystemExit, match="0"):
        main(["check", "small.toml"])
    assert "backend" not in capsys.readouterr().out


@needs_compiler
def test_both_give_the_same_tables_within_rounding(folder, monkeypatch):
    monkeypatch.setattr(compiler, "LEVEL", 1)
    made = {}
    with precision(x64=False):
        for name in ("xla", "rows"):
            config = load("small.toml", [*SMALL, f"run.backend={name}", f"name={name}"])
            made[name] = run(config, folder, force=False, command="a test", progress=False)
            record = json.loads((made[name] / "record.json").read_text(encoding="utf-8"))
            assert record["backend"] == backend.described(config)
    for table in ("tail.csv", "events.csv", "drift.csv", "components.csv"):
        xla, rows = (pd.read_csv(made[name] / table) for name in ("xla", "rows"))
        numbers = xla.select_dtypes("number").columns
        assert len(numbers) > 2
        pd.testing.assert_frame_equal(xla[numbers], rows[numbers], rtol=2e-5, atol=2e-6, check_dtype=False)
