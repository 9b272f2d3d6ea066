"""The axes of a sweep: zipped lists, quasi-random points, members of an ensemble, and what is refused."""

import numpy as np
import pytest

from tailrisk.config.load import load
from tailrisk.core import InputError
from tailrisk.studies.sweep import axes
from tailrisk.studies.sweep.config import expand

FEW = ("run.paths=1000", "tail.levels=[0.9,0.95]", "event=[]")


def of(tmp_path, text):
    path = tmp_path / "my.toml"
    path.write_text(f'config = "smoke.toml"\n[fixed]\nrun.paths=1000\ntail.levels=[0.9]\nevent=[]\n{text}')
    return expand(path)


def test_zipped_lists_run_side_by_side_and_cross_with_the_grid(tmp_path):
    it = of(tmp_path, "[grid]\nrun.seed = [1, 2]\n[zip]\nmarket.states = [2, 3]\nrun.days = [7, 7]\n")
    assert it.keys == ("run.seed", "market.states", "run.days")
    assert [cell.settings for cell in it.cells] == [
        ("1", "2", "7"), ("1", "3", "7"), ("2", "2", "7"), ("2", "3", "7"),
    ]  # fmt: skip
    again = expand("smoke.toml", [*FEW, "run.seed=2,1"], zipped=["run.days=7,7", "market.states=2,3"])
    assert {c.settings for c in again.cells} == {(a, c, b) for a, b, c in (x.settings for x in it.cells)}
    with pytest.raises(InputError, match=r"run.days has 1, run.seed has 2"):
        expand("smoke.toml", FEW, zipped=["run.days=7", "run.seed=1,2"])


def test_the_order_of_keys_and_values_does_not_move_a_cells_key():
    one = expand("smoke.toml", [*FEW, "run.seed=1,2", "run.days=7,8"])
    other = expand("smoke.toml", ["run.days=8,7", "run.seed=2,1", *FEW])
    assert {c.key for c in one.cells} == {c.key for c in other.cells}
    assert len({c.key for c in one.cells}) == 4


@pytest.mark.parametrize("method", axes.METHODS)
def test_quasi_random_points_fill_their_ranges_evenly(method):
    ranges = [axes.Range("a", 0, 10), axes.Range("b", 0.01, 100, "log"), axes.Range("c", 1, 4, "whole")]
    it = axes.design("design", ranges, 64, method=method, seed=3)
    a, b, c = np.array([[float(x) for x in point] for point in it.points]).T
    assert [((a >= k) & (a < k + 2.5)).sum() for k in (0, 2.5, 5, 7.5)] == pytest.approx([16] * 4, abs=2)
    assert (b < 1).sum() == pytest.approx(32, abs=2), "even in the logarithm"
    assert sorted(set(c)) == [1, 2, 3, 4]
    assert it == axes.design("design", ranges, 64, method=method, seed=3), "the same seed, the same points"
    assert it != axes.design("design", ranges, 64, method=method, seed=4)


def test_a_design_in_a_file_and_on_the_command_line(tmp_path):
    it = of(
        tmp_path, "[design]\npoints=4\n[design.ranges]\nrun.days=[3,9,'whole']\nrun.seed=[1,1000,'whole']\n"
    )
    said = expand("smoke.toml", [*FEW[:1], "tail.levels=[0.9]", "event=[]"], points=4,
                  drawn=["run.days=3:9:whole", "run.seed=1:1000:whole"])  # fmt: skip
    assert len(it.cells) == 4
    assert {c.key for c in it.cells} == {c.key for c in said.cells}
    assert all(3 <= cell.config.run.days <= 9 for cell in it.cells)
    over = expand("smoke.toml", [*FEW, "run.days=5"], drawn=["run.seed=1:9:whole"], points=4)
    assert over.keys == ("run.seed",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[design]\npoints=6\n[design.ranges]\nrun.days=[3,9]\n", "a power of two, such as 8"),
        ("[design]\npoints=4\nmethod='best'\n[design.ranges]\nrun.days=[3,9]\n", "sobol, halton, latin"),
        ("[design]\n[design.ranges]\nrun.days=[3,9]\n", "design.points"),
        ("[design]\npoints=4\n[design.ranges]\nrun.days=[9,3]\n", r"design.ranges.run.days: \[9, 3\]"),
        ("[design]\npoints=4\n[design.ranges]\nrun.days=[0,3,'log']\n", "low above 0"),
        ("[ensemble]\nmembers=2\n", "has no ensemble"),
        ("[ensemble]\nsets=2\n", "members = a number"),
        ("[grid]\nrun.seed=[1,2]\n[zip]\nrun.seed=[3,4]\n", "swept twice"),
        ("[zip]\nrun.seed=[1,2]\nrun.days=[3]\n", "lists of one length"),
    ],
)
def test_what_is_no_axis_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        of(tmp_path, text)


def test_members_of_the_matched_ensemble_cross_with_any_field():
    fixed = ["run.paths=1000", "tail.levels=[0.9]", "event=[]"]
    there = load("crowd_feb2024.toml").attached.crowd.members
    assert there > 8
    it = expand("crowd_feb2024.toml", [*fixed, "crowd.edges.panic=0,1"], members=3)
    assert it.keys == ("crowd.edges.panic", "crowd.member")
    assert [c.config.crowd.member for c in it.cells] == [0, 1, 2, 0, 1, 2]
    assert len({c.key for c in it.cells}) == 6
    with pytest.raises(InputError, match=f'1 to {there}, or "all"'):
        expand("crowd_feb2024.toml", fixed, members=there + 1)
