"""`tailrisk audit`: no rule changes nothing, a rule changes what it must and nothing by chance; refusals."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from tailrisk.cli import main as tailrisk
from tailrisk.record.estimates import pulls
from tailrisk.studies.audit.config import Edit, load_audit
from tailrisk.studies.audit.study import Figures, compared, times
from tailrisk.tail import expected_shortfall

RULES = """
name = "audit"
question = "What changes?"
config = "crowd_feb2024.toml"

[[rule]]
name = "nothing"
label = "A rule that changes nothing"
edits = [{ place = "cohorts.triggers.stop", times = 1.0 }]

[[rule]]
name = "no_state"
label = "The state does not buy"
edits = [{ place = "state.pace", times = 0.0 }]

[[rule]]
name = "dma_at_two"
label = "DMA at two"
products = { dma = { long = 2.0 } }
edits = [{ place = "cohorts.long", cohorts = ["dma"], times = 0.5 }]
"""
SMALL = ("market.start=crisis", "run.days=10", "run.paths=1024")


def run(*words):
    with pytest.raises(SystemExit) as stop:
        tailrisk(["audit", *map(str, words)])
    return stop.value.code


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


def test_rules_on_the_same_paths(rules, tmp_path, capsys):
    sets = [word for one in SMALL for word in ("--set", one)]
    assert run(rules, *sets, "-o", tmp_path / "out") == 0
    assert "no_state" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "out" / "table.csv").set_index(["rules", "figure"])
    assert (table.loc["nothing", ["change", "change_low", "change_high"]] == 0).all().all()  # the same paths
    spent = "state's purchases"
    assert table.loc[("none", spent), "value"] > 0
    assert table.loc[("no_state", spent), "value"] == 0
    assert table.loc[("no_state", spent), "change"] == pytest.approx(-table.loc[("none", spent), "value"])
    ratio = table.loc[("dma_at_two", "ES dma"), "value"] / table.loc[("none", "ES dma"), "value"]
    assert 0.3 < ratio < 0.8  # half the book, half the loss but for what calls sell
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert [rule["name"] for rule in record["rules"]] == ["nothing", "no_state", "dma_at_two"]


def test_the_mean_of_the_pulls_is_es():
    loss = np.random.default_rng(0).standard_normal(20_000)
    assert pulls(loss, "0.975").mean() == pytest.approx(
        float(expected_shortfall(loss, level="0.975")), abs=1e-3
    )


def test_paired_intervals_cover_a_change_that_is_known():
    """Losses scaled by 0.9: ES of a normal falls by a tenth of phi(z) / 0.025."""
    truth, covered = -0.1 * math.exp(-(1.959964**2) / 2) / math.sqrt(2 * math.pi) / 0.025, []
    for seed in range(100):
        loss = np.random.default_rng(seed).standard_normal(4000)
        one, other = (Figures({"ES": pulls(k * loss, "0.975")}, {"ES": 0.0}) for k in (0.9, 1.0))
        (row,) = compared(one, other)
        covered.append(row["change_low"] <= truth <= row["change_high"])
    assert np.mean(covered) > 0.87


def test_an_edit_is_for_those_it_names():
    names, old = ["a", "b", "c"], np.ones((3, 2))
    some = times(old, Edit(place="cohorts.hedge", times=0.5, cohorts=("b",)), names)
    np.testing.assert_array_equal(np.asarray(some)[:, 0], [1, 0.5, 1])
    others = times(old, Edit(place="cohorts.hedge", times=0.0, but=("a",)), names)
    np.testing.assert_array_equal(np.asarray(others)[:, 1], [1, 0, 0])


def test_the_librarys_rules_are_read():
    from pathlib import Path

    plan = load_audit(Path(__file__).resolve().parents[3] / "configs" / "rules_2026.toml")
    assert len(plan.rule) == 5


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda t: t.replace('"dma"]', '"dmb"]'), "dmb"),
        (lambda t: t.replace("{ dma =", "{ dmb ="), "dmb"),
        (lambda t: t.replace("state.pace", "state.face"), "rule.1.edits.0.place"),
        (lambda t: t.replace("times = 0.0", "times = -1"), "times"),
        (lambda t: t.replace("no_state", "nothing"), "rule.name"),
        (lambda t: t.replace("crowd_feb2024", "feb2024"), "[crowd]"),
        (lambda t: t.replace("[[rule]]", "[[rules]]"), "rule"),
        (lambda t: t + "x", "TOML"),
    ],
)
def test_what_is_refused(rules, tmp_path, capsys, edit, said):
    rules.write_text(edit(RULES), encoding="utf-8")
    assert run(rules, "-o", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_no_file(tmp_path, capsys):
    assert run(tmp_path / "no.toml") == 2
    assert "no such file" in capsys.readouterr().err
