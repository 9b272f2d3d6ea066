"""The command for a machine with a card, rehearsed on a CPU: every stage, every table, the page."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.gpu import measure, page
from experiments.gpu.cards import CARDS
from experiments.gpu.stages import STAGES, Stage
from tailrisk.core import seal

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["prices", "exogenous"]


def started(*words, **environment):
    """The command in a process of its own, as a user starts it."""
    clean = {k: v for k, v in os.environ.items() if k not in ("JAX_PLATFORMS", "XLA_FLAGS")}
    command = [sys.executable, "-m", "experiments.gpu.measure", *words]
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True, timeout=3000
    )


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    output = tmp_path_factory.mktemp("gpu") / "rehearsal"
    done = started("--cpu", "--programs", ",".join(NAMES), "--limit", "3000", "-o", str(output))
    assert done.returncode == 0, done.stderr[-2000:]
    return output


def test_every_stage_has_its_table_and_no_problem(rehearsed):
    seal.check(rehearsed)
    tables = {file.stem: pd.read_csv(file) for file in rehearsed.glob("*.csv")}
    assert set(tables) == {"stages", *(stage.name for stage in STAGES)}
    assert list(tables["stages"]["stage"]) == [stage.name for stage in STAGES]
    assert tables["stages"][["problems", "not_reached"]].isna().all(axis=None)
    for name in ("losses", "speed"):
        assert list(tables[name]["program"]) == NAMES
    assert (tables["draws"].query("draw != 'normals'")["differ"] == 0).all()
    assert (tables["losses"]["largest"] < 1e-5).all()
    assert (tables["losses"]["compile_seconds"] > 0).all()
    assert (tables["speed"]["path_days_per_second"] > 0).all()
    assert (tables["speed"]["operations_path_day"] > 100).all()
    assert (tables["runs"]["host_share"].between(0, 1)).all()
    assert list(tables["starts"]["programs"]) == ["cold", "warm"]
    assert list(tables["kernels"]["program"]) == ["prices"]
    assert not (tables["kernels"]["state"] == "run").any(), "on a CPU nothing is launched"


def test_the_page_says_that_it_is_a_rehearsal(rehearsed):
    text = (rehearsed / "README.md").read_text(encoding="utf-8")
    record = json.loads((rehearsed / "record.json").read_text(encoding="utf-8"))
    assert text.startswith("# A rehearsal on a CPU: no figure here was measured on a card")
    for title, _ in page.SECTIONS.values():
        assert f"## {title}" in text
    assert "## Problems" not in text
    assert "Random words and uniforms are the same bits as on a CPU" in text
    assert record["state"] == "rehearsal"
    assert record["card"] is None
    assert record["command"] in text


def test_without_a_card_it_refuses(tmp_path):
    done = started("-o", str(tmp_path / "gpu"), JAX_PLATFORMS="cpu")
    assert done.returncode == 1
    assert "no card: JAX_PLATFORMS=cpu; --cpu rehearses" in done.stderr
    assert not (tmp_path / "gpu").exists()


def test_a_rehearsal_has_a_folder_of_its_own():
    done = CliRunner().invoke(measure.main, ["--cpu"])
    assert done.exit_code == 1
    assert "-o FOLDER" in done.output


def test_programs_that_are_none_are_refused():
    done = CliRunner().invoke(measure.main, ["--cpu", "--programs", "prices,pears", "-o", "nowhere"])
    assert done.exit_code == 1
    assert "no program pears" in done.output


def test_the_page_of_no_card(tmp_path):
    done = CliRunner().invoke(measure.main, ["--not-run", "-o", str(tmp_path / "gpu")])
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "gpu" / "record.json").read_text(encoding="utf-8"))
    assert record["state"] == "not run"
    assert (tmp_path / "gpu" / "README.md").read_text(encoding="utf-8") == page.not_run()


def test_figures_of_a_card_are_not_replaced_by_none(tmp_path):
    page.write(tmp_path / "gpu", a_state(), {"losses": losses(0.0)})
    done = CliRunner().invoke(measure.main, ["--not-run", "-o", str(tmp_path / "gpu")])
    assert done.exit_code == 1
    assert "it stays" in done.output
    assert (tmp_path / "gpu" / "losses.csv").exists()


def test_what_is_published_is_what_the_command_writes():
    """If this fails: python -m experiments.gpu.measure --not-run, or without it on a machine with a card."""
    record = json.loads((ROOT / "results" / "gpu" / "record.json").read_text(encoding="utf-8"))
    text = (ROOT / "results" / "gpu" / "README.md").read_text(encoding="utf-8")
    assert record["state"] in ("run", "not run")
    if record["state"] == "not run":
        assert text == page.not_run()
    assert (ROOT / "results" / "gpu" / page.COMPILED).resolve().is_file()


def items(*works):
    return lambda session: [(f"item {k}", work) for k, work in enumerate(works)]


def slow():
    time.sleep(0.1)
    return [{"row": 1}]


def test_a_budget_that_is_spent_begins_nothing_more():
    done, rows = measure.walked(Stage("s", 0.05, items(slow, slow, slow)), None, time.perf_counter() + 9)
    assert len(rows) == done["rows"] == 1
    assert done["not_reached"] == "item 1; item 2"


def test_after_the_limit_nothing_is_begun():
    done, rows = measure.walked(Stage("s", 9.0, items(slow)), None, time.perf_counter() - 1)
    assert rows == []
    assert done["not_reached"] == "item 0"


def test_one_items_fault_stops_no_other():
    def broken():
        raise ValueError("two\nlines")

    done, rows = measure.walked(Stage("s", 9.0, items(broken, slow)), None, time.perf_counter() + 9)
    assert len(rows) == 1
    assert done["problems"] == "item 0: ValueError: two lines"


def a_state(**changed):
    state = page.State(
        "command", False, "NVIDIA H100 80GB HBM3", 480.0, "0.10.2", ("draws", "losses", "speed")
    )
    state.stages = [
        {"stage": "draws", "budget": 9.0, "seconds": 1.0, "rows": 1, "not_reached": "", "problems": ""},
        {"stage": "losses", "budget": 9.0, "seconds": 1.0, "rows": 1, "not_reached": "crowd", "problems": ""},
    ]
    for name, value in changed.items():
        setattr(state, name, value)
    return state


def losses(es):
    return pd.DataFrame(
        [{"program": "exogenous", "paths": 10, "differ": 0.5, "es_relative": es, "es_errors": 0.01}]
    )


def test_the_page_says_what_was_not_reached():
    text = page.words(a_state(), {"losses": losses(1e-8)})
    assert "- losses: crowd" in text
    assert "- speed: all of it" in text
    assert "## Problems" not in text
    assert "No power, clocks or energy" in text


def test_a_promise_that_is_not_kept_is_not_said_to_be():
    assert "in 1 of 1 programs" in page.words(a_state(), {"losses": losses(1e-6)})
    assert "in 0 of 1 programs" in page.words(a_state(), {"losses": losses(1.1e-6)})
    draws = pd.DataFrame([{"draw": "Philox words", "numbers": 4, "differ": 1e-9, "largest": 1.0}])
    assert "NOT the same bits" in page.words(a_state(), {"draws": draws})


def test_limits_are_the_cards_or_said_to_be_unknown():
    assert "3.35e+12 B/s" in page.words(a_state(card=CARDS["h100"]), {})
    text = page.words(a_state(device="NVIDIA Z9"), {})
    assert "# The main programs on a card: NVIDIA Z9" in text
    assert "not known here" in text
    facts = {"driver": "575.1", "watts_limit": 700.0, "clock_max": 1980.0}
    assert "power limit 700 W" in page.words(a_state(facts=facts), {})


def test_a_folder_written_after_a_stage_is_whole(tmp_path):
    page.write(tmp_path / "gpu", a_state(), {"losses": losses(0.0), "speed": pd.DataFrame()})
    seal.check(tmp_path / "gpu")
    assert {file.name for file in (tmp_path / "gpu").glob("*.csv")} == {"stages.csv", "losses.csv"}
    record = json.loads((tmp_path / "gpu" / "record.json").read_text(encoding="utf-8"))
    assert record["not_reached"] == ["losses: crowd", "speed: all of it"]


def test_the_architecture_of_a_device():
    assert measure.architecture(SimpleNamespace(compute_capability="9.0"), "other") == "sm_90a"
    assert measure.architecture(SimpleNamespace(compute_capability="8.9"), "other") == "sm_89"
    assert measure.architecture(SimpleNamespace(), "other") == "other"
