"""The crowd's table and map, and the refusal of a run whose ledger does not close."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tailrisk.config import load
from tailrisk.core import Fault
from tailrisk.record import collect, crowd
from tailrisk.record import run as runs
from tailrisk.record.tally import cells
from tailrisk.report.folder import Result
from tailrisk.report.page import write
from tailrisk.report.terminal import show
from tailrisk.simulate.crowd import day as crowd_day
from tailrisk.simulate.path import Course, Outcome
from tailrisk.tail import expected_shortfall, probability, value_at_risk

PATHS, COHORTS = 3000, 8


def config(*overrides):
    quick = ["run.paths=3000", "run.days=12", "tail.levels=[0.9, 0.95]", "name=small"]
    return load("configs/crowd_feb2024.toml", [*quick, "event=[]", "accounts.every_path=false", *overrides])


def outcome(paths=PATHS):
    """What a crowd might have done, drawn at random."""
    rng = np.random.default_rng(3)
    fall = rng.gamma(2.0, 0.05, paths)
    short = np.zeros((COHORTS, paths))
    short[0] = np.maximum(fall - 0.2, 0) * 100
    return crowd_day.Outcome(
        worst_3_days=-fall,
        peak_discount=0.1 + fall * rng.random(paths),
        knocked_in=rng.random((2, paths)),
        state_spent=1000 * fall,
        stage=np.minimum((10 * fall).astype(np.int32), 3),
        drawdown=rng.random((COHORTS, paths)) * np.arange(1, COHORTS + 1)[:, None] / COHORTS,
        shortfall=short,
        called=np.arange(COHORTS)[:, None] * 0.1 < rng.random((COHORTS, paths)) - 0.5,
        residual=rng.random(paths) * 1e-12,
    )


def in_blocks(outcome, **edits):
    """Stands for the simulator: two blocks, the later first."""

    def blocks(world, paths, reduction, *, chunk, law, group, begun):
        for part in (slice(2000, paths), slice(0, 2000)):
            count = part.stop - part.start
            kept = {name: value[..., part] for name, value in vars(outcome).items() if value is not None}
            blank = Outcome(
                loss=np.random.default_rng(part.start).normal(size=(2, 4, 10, count)),
                z=np.zeros((0, 12, count)),
                breached=np.zeros((10, count), bool),
                shortfall=np.zeros((10, count)),
                fault=np.asarray(~crowd_day.closes(crowd_day.Outcome(**kept))),
                crowd=crowd_day.Outcome(**kept),
            )
            yield part.start, reduction.end(part.start, (None, replace(blank, **edits)))

    return blocks


@pytest.fixture
def simulated(monkeypatch):
    """A function that makes the run of `outcome` cost nothing."""

    def given(outcome, **edits):
        monkeypatch.setattr(collect, "reduced", in_blocks(outcome, **edits))
        still = Course(
            price=np.zeros((12, 5, 10)),
            regime=np.zeros((12, 10), int),
            nav=np.ones((12, 10, 10)),
            future=None,
            style=None,
            outside=None,
        )
        monkeypatch.setattr(runs, "scenarios", lambda config, world, kept: None)
        monkeypatch.setattr(runs.accounts, "outcomes", lambda config, world, kept: None)
        monkeypatch.setattr(collect, "courses", lambda world, paths: still)
        monkeypatch.setattr(runs, "assemble", lambda config, history: type("World", (), {"detectors": ()})())

    return given


def cell(table, quantity, statistic, subject="", level=None):
    at = (table.quantity == quantity) & (table.statistic == statistic) & (table.subject.fillna("") == subject)
    rows = table[at & (table.level.isna() if level is None else table.level == level)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_every_statistic_is_that_of_the_paths(simulated, tmp_path):
    it = outcome()
    simulated(it)
    folder = runs.run(config(), tmp_path, force=False, command="x", progress=False)
    table = pd.read_csv(folder / "crowd.csv")
    loss = -it.worst_3_days
    assert cell(table, "worst_3_days", "mean", "micro").value == pytest.approx(loss.mean())
    for level in (0.9, 0.95):
        for statistic, measure in (
            ("value_at_risk", value_at_risk),
            ("expected_shortfall", expected_shortfall),
        ):
            row = cell(table, "worst_3_days", statistic, "micro", level)
            assert row.value == pytest.approx(measure(loss, level=level))
            assert row.low < row.value < row.high
        for subject, values in (("IC", it.knocked_in[0]), ("IM", it.knocked_in[1])):
            wanted = value_at_risk(values, level=level)
            assert cell(table, "knocked_in", "quantile", subject, level).value == pytest.approx(wanted)
        for quantity, subject, values in (
            ("peak_discount", "IM", it.peak_discount),
            ("state_spent", "", it.state_spent),
        ):
            wanted = value_at_risk(values, level=level)
            assert cell(table, quantity, "quantile", subject, level).value == pytest.approx(wanted)
    names = list(config().attached.crowd.participants.cohorts)
    for c, name in enumerate(names):
        deep = cell(table, "drawdown", "expected_shortfall", name, 0.95)
        assert deep.value == pytest.approx(expected_shortfall(it.drawdown[c], level=0.95))
        assert cell(table, "called", "probability", name).value == pytest.approx(it.called[c].mean())
        owed = cell(table, "short", "probability", name)
        exact = probability(it.shortfall[c] > 0)
        assert (owed.low, owed.high) == (pytest.approx(exact.low), pytest.approx(exact.high))
        assert cell(table, "shortfall", "mean", name).value == pytest.approx(it.shortfall[c].mean())
    for k in (1, 2, 3):
        reached = cell(table, "stage", "probability", str(k))
        assert reached.value == pytest.approx((it.stage >= k).mean())
    assert cell(table, "residual", "largest").value == pytest.approx(it.residual.max(), rel=1e-9)


def test_the_map_counts_every_path_once():
    it = outcome()
    counts = cells(crowd.places(it), crowd.MAP)
    assert counts.sum() == PATHS
    np.testing.assert_array_equal(counts.sum(axis=(1, 2)), np.bincount(it.stage, minlength=4))
    wanted, *_ = np.histogram2d(-it.worst_3_days, it.peak_discount, [crowd.LOSS_BINS, crowd.DISCOUNT_BINS])
    inside = counts.sum(axis=0)[:-1, :-1]
    np.testing.assert_array_equal(inside, wanted[:-1, :-1])


def test_the_page_and_the_terminal_tell_what_the_crowd_did(simulated, tmp_path):
    it = outcome()
    simulated(it)
    folder = runs.run(config(), tmp_path, force=False, command="x", progress=False)
    page, text = write(folder).read_text(), " ".join(show(folder).split())
    assert (folder / "figures" / "crowd.svg").is_file()
    assert "The crowd inside the paths" in page
    es = Result.read(folder).of_crowd("worst_3_days", "expected_shortfall", "micro", 0.9).estimate.scaled(100)
    assert es.value == pytest.approx(100 * expected_shortfall(-it.worst_3_days, level=0.9))
    assert f"ES {es.text(2)} ({es.interval(2)}) %" in text
    assert f"1: {100 * (it.stage >= 1).mean():.1f}" in text
    assert "largest residual of the ledger 1.0e-12" in text


def test_a_ledger_that_does_not_close_stops_the_run_and_says_so(simulated, tmp_path):
    it = outcome()
    off = it.residual.copy()
    off[[5, 2500]] = 0.25
    simulated(replace(it, residual=off))
    message = r"ledger does not close on 2 of 3,000 paths.* up to 0\.25 of initial holdings"
    with pytest.raises(Fault, match=message):
        runs.run(config(), tmp_path, force=False, command="x", progress=False)
    assert not list(tmp_path.iterdir())


def test_a_loss_that_is_not_finite_is_no_matter_of_the_ledger(simulated, tmp_path):
    it = outcome()
    off = it.residual.copy()
    off[7] = np.nan
    simulated(replace(it, residual=off))
    with pytest.raises(Fault, match="1 of 3,000 paths have a loss or a z that is not a finite number"):
        runs.run(config(), tmp_path, force=False, command="x", progress=False)


def test_the_map_reaches_from_a_premium_to_nearly_all_in_cells_of_two_points():
    """The edges a reader sees: what lies beyond them is counted in the last cell."""
    for edges, ends, cell in ((crowd.LOSS_BINS, None, None), (crowd.DISCOUNT_BINS, (-0.05, 0.95), 0.02)):
        assert (np.diff(edges) > 0).all()
        if ends:
            assert (edges[0], edges[-1]) == ends
            np.testing.assert_allclose(np.diff(edges), cell)
