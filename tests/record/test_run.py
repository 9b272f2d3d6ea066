"""A run from config to folder: what is written, that it adds up, and that nothing half-done is left."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import Fault, InputError, seal
from tailrisk.record import collect, provenance, tables
from tailrisk.record import run as runs
from tailrisk.record.reduced import LOSS_EDGES, Z_EDGES
from tailrisk.record.store import free, replacing
from tailrisk.record.tally import tally
from tailrisk.report.page import write
from tailrisk.report.terminal import show
from tailrisk.simulate.blocks import blocks
from tailrisk.simulate.path import Outcome
from tailrisk.simulate.tape import Tape, joined
from tailrisk.tail import MomentStream, expected_shortfall, probability, rate, value_at_risk

SMALL = ["run.paths=3000", "run.days=12", "tail.levels=[0.9, 0.95]", "name=small", 'run.precision="float64"']
SHORT = 'event=[{name="s", pair=["csi1000","csi300"], window=40, threshold=-3.0}]'


def config(*overrides):
    return load("feb2024.toml", [*SMALL, SHORT, *overrides])


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Path:
    return runs.run(
        config(), tmp_path_factory.mktemp("results"), force=False, command="a test", progress=False
    )


@pytest.fixture(scope="module")
def kept():
    return collect.sample(config(), assemble(config()), progress=False)


@pytest.fixture(scope="module")
def outcome():
    """Every path of the run, whole."""
    found = [block for _, block in blocks(assemble(config()), 3000, chunk=4096)]
    assert len(found) == 1
    return found[0]


def test_the_folder_holds_what_is_promised(result):
    names = {path.name for path in result.iterdir()}
    assert names == {
        "config.json", "record.json", "tail.csv", "tail.parquet", "drift.csv",
        "events.csv", "accounts.csv", "curves.npz",
        "components.csv", "SHA256SUMS",
    }  # fmt: skip


def test_every_figure_comes_from_the_losses(result, outcome):
    table = pd.read_csv(result / "tail.csv")
    assert len(table) == 10 * 2 * 4 * 2
    for p, name in enumerate(config().products):
        for level in (0.9, 0.95):
            at = (table["product"] == name) & (table.view == "excess") & (table.measure == "max_drawdown")
            row = table[at & (table.level == level)].iloc[0]
            loss = outcome.loss[1, 3, p].astype("f4").astype(float)
            assert row["var"] == pytest.approx(value_at_risk(loss, level=level), rel=1e-8)
            assert row["es"] == pytest.approx(expected_shortfall(loss, level=level), rel=1e-8)
            assert row.es_low <= row.es <= row.es_high
            assert row["var"] <= row.es
    pd.testing.assert_frame_equal(
        pd.read_parquet(result / "tail.parquet"), table, check_dtype=False, check_exact=False, rtol=1e-8
    )


def test_the_curves_count_every_path_and_day(result, outcome):
    curves = np.load(result / "curves.npz")
    assert (curves["loss_counts"].sum(axis=-1) == 3000).all()
    assert curves["z_counts"].sum() == 3000 * 12
    np.testing.assert_allclose(curves["regime_share"].sum(axis=-1), 1)
    assert curves["fan"].shape == (len(curves["fan_levels"]), 13, 5)
    assert (np.diff(curves["fan"], axis=0) >= 0).all()
    shown = curves["loss_counts"][0, 0, 0]
    want, _ = np.histogram(np.clip(outcome.loss[0, 0, 0].astype("f4"), -0.999, 0.999), LOSS_EDGES)
    assert (shown == want).all()


def test_the_record_names_its_code_config_and_files(result):
    record = json.loads((result / "record.json").read_text())
    assert record["config_sha256"] == config().digest()
    assert record["command"] == "a test"
    assert record["path_days"] == 3000 * (12 + 40)
    assert record["faults"] == {"nonfinite": 0, "ledger": 0}
    assert set(record["versions"]) >= {"jax", "numpy", "python", "tailrisk"}
    assert record["sealed"] == "SHA256SUMS"
    assert seal.check(result) == {path.name for path in result.iterdir()} - {"SHA256SUMS"}


def test_a_second_run_gives_the_same_bytes_for_any_chunk(result, tmp_path):
    again = runs.run(config("run.chunk=256"), tmp_path, force=False, command="another", progress=False)
    for name in ("tail.csv", "tail.parquet", "events.csv", "accounts.csv"):
        assert (again / name).read_bytes() == (result / name).read_bytes(), name


def test_another_seed_gives_other_losses(kept):
    other = collect.sample(config("run.seed=1"), assemble(config("run.seed=1")), progress=False)
    assert not set(other.losses(0, 0, 0).loss) & set(kept.losses(0, 0, 0).loss)


def test_events_count_days_beyond_the_threshold(kept, result, outcome):
    events = pd.read_csv(result / "events.csv").iloc[0]
    days = (outcome.z[0] <= -3).sum(axis=0)
    exact, often = probability(days > 0), rate(days, 12 / 242)
    assert (events.probability_low, events.probability_high) == pytest.approx((exact.low, exact.high))
    assert (events.rate_low, events.rate_high) == pytest.approx((10 * often.low, 10 * often.high))
    assert events["count"] == (days > 0).sum() > 0
    assert events.probability == pytest.approx((days > 0).mean())
    assert events.rate_per_10y == pytest.approx(days.mean() / 12 * 2420)
    below = kept.z_counts[0][: int(np.argmin(np.abs(Z_EDGES + 3)))].sum()
    assert abs(int(below) - int(days.sum())) <= 1


def test_an_event_that_never_happened_has_an_upper_bound(tmp_path):
    never = 'event=[{name="n", pair=["csi1000","csi300"], window=40, threshold=-50.0}]'
    folder = runs.run(config(never), tmp_path, force=False, command="x", progress=False)
    row = pd.read_csv(folder / "events.csv").iloc[0]
    assert (row["count"], row.probability, row.rate_per_10y) == (0, 0, 0)
    assert row.probability_high == pytest.approx(1 - 0.025 ** (1 / 3000), rel=1e-6)
    assert np.isnan(row.return_period_years)
    assert np.isinf(row.return_period_high)
    assert row.return_period_low > 0
    assert "not seen on any of 3,000 paths" in " ".join(show(folder).split())
    assert "not seen on any of 3,000 paths" in write(folder).read_text()


def test_an_event_on_every_path_has_a_lower_bound():
    it = config('event=[{name="a", pair=["csi1000","csi300"], window=40, threshold=50.0}]')
    always = MomentStream(2)
    always.add(np.full((2, 3000), [[1], [2]]))
    row = tables._event(it, it.event[0], always.row(0), always.row(1))
    assert (row["probability"], row["probability_high"]) == (1, 1)
    assert row["probability_low"] == pytest.approx(0.025 ** (1 / 3000), rel=1e-6)
    assert row["rate_per_10y"] == pytest.approx(2 / 12 * 2420)


def test_history_is_read_up_to_the_window_s_end(tmp_path, market_data):
    path = market_data / "indices_daily.csv"
    it = config('market.warmup="history"', f"market.history={str(path)!r}")
    folder = runs.run(it, tmp_path, force=False, command="x", progress=False)
    record = json.loads((folder / "record.json").read_text())
    assert record["data_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record["path_days"] == 3000 * 12


def test_a_history_that_is_too_short_is_refused(tmp_path):
    path = tmp_path / "short.csv"
    days = pd.bdate_range("2023-10-02", periods=60).strftime("%Y-%m-%d")
    codes = ((3, "000300"), (4, "000852"))
    rows = [f"{day},{code},{100 + i % n}" for n, code in codes for i, day in enumerate(days)]
    path.write_text("date,code,close\n" + "\n".join(rows) + "\n")
    long = 'event=[{name="s", pair=["csi1000","csi300"], window=100, threshold=-3.0}]'
    it = config('market.warmup="history"', f"market.history={str(path)!r}", long)
    with pytest.raises(InputError, match=r"59 daily spreads.*\n.*at least 100"):
        runs.run(it, tmp_path, force=False, command="x", progress=False)
    absent = 'event=[{name="s", pair=["micro","csi300"], window=40, threshold=-3.0}]'
    with pytest.raises(InputError, match="has no micro"):
        runs.run(config('market.warmup="history"', f"market.history={str(path)!r}", absent), tmp_path,
                 force=False, command="x", progress=False)  # fmt: skip


def test_a_result_is_not_overwritten_by_accident(result):
    with pytest.raises(InputError, match="is there already"):
        runs.run(config(), result.parent, force=False, command="x", progress=False)
    free(result, force=True)


def test_a_folder_that_is_not_a_result_is_never_replaced(tmp_path):
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "thesis.txt").write_text("do not delete")
    with pytest.raises(InputError, match="not a result of tailrisk"):
        free(tmp_path / "small", force=True)


def test_a_run_that_breaks_leaves_the_old_folder_and_no_scratch(tmp_path):
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "record.json").write_text("old")

    def broken():
        with replacing(folder, force=True) as scratch:
            (scratch / "record.json").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert (folder / "record.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    with replacing(folder, force=True) as scratch:
        (scratch / "record.json").write_text("new")
    assert (folder / "record.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_path_that_is_not_finite_fails_the_run(monkeypatch, tmp_path):
    def one_bad_path(world, paths, reduction, *, chunk, law, group, begun):
        out = Outcome(
            loss=np.zeros((2, 4, 10, paths)),
            z=np.zeros((1, 12, paths)),
            breached=np.zeros((10, paths), bool),
            shortfall=np.zeros((10, paths)),
            fault=np.arange(paths) == 7,
        )
        yield 0, reduction.end(0, (None, out))

    monkeypatch.setattr(collect, "reduced", one_bad_path)
    with pytest.raises(Fault, match="1 of 3,000 paths"):
        runs.run(config(), tmp_path, force=False, command="x", progress=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "setting", "word"),
    [
        ("feb2024.toml", [], "exogenous"),
        ("feb2024.toml", ["crowd.rounds=6"], "priors"),
        ("crowd_feb2024.toml", [], "ensemble"),
    ],
)
def test_the_record_says_what_its_market_leaves_out(name, setting, word, kept):
    asked = load(name, ["run.paths=1000", *setting])
    said = runs.record(asked, replace(kept, seconds=1.0), "x")["limitations"]
    assert word in said[0]


def test_cells_a_spreadsheet_would_run_are_quoted(tmp_path):
    runs.write_csv(pd.DataFrame({"a": ["=1+1", "fine", "@x"], "b": [-1.5, 2, 3]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "a,b\n'=1+1,-1.5\nfine,2\n'@x,3\n"


def test_tally_is_a_histogram_whose_ends_take_the_rest():
    values = np.array([-30.0, -1.05, -0.95, 0.0, 0.04, 25.0])
    counts = tally(values, np.linspace(-2, 2, 41))
    assert counts.sum() == len(values)
    assert counts[0] == counts[-1] == 1
    assert counts[20] == 2


@pytest.mark.parametrize("bad", [float("nan"), {1, 2}, object()])
def test_what_cannot_be_recorded_is_refused_before_anything_is_computed(tmp_path, monkeypatch, bad):
    it = config()
    fit = {**it.calibrated.fit, "score": bad}
    it = it.attach(it.attached._replace(calibrated=it.calibrated.model_copy(update={"fit": fit})))
    monkeypatch.setattr(runs, "assemble", None)
    with pytest.raises(InputError, match=r"\[fit\]: cannot be written as JSON"):
        runs.run(it, tmp_path, force=False, command="x", progress=False)
    assert not list(tmp_path.iterdir())


def test_a_result_in_the_way_is_refused_before_anything_is_computed(result, monkeypatch):
    monkeypatch.setattr(runs, "assemble", None)
    with pytest.raises(InputError, match="is there already"):
        runs.run(config(), result.parent, force=False, command="x", progress=False)


def test_the_record_names_the_device_that_computed(monkeypatch):
    assert provenance.machine()["device"] == "1 x cpu"
    several = [*jax.devices()] * 4
    monkeypatch.setattr(jax, "devices", lambda: several)
    assert provenance.machine()["device"] == "1 of 4 x cpu"


def test_a_tape_of_a_world_without_events_keeps_its_paths():
    empty = np.zeros((3, 5, 0, 128))  # [call, day, detector, path]
    tape = Tape(days=np.zeros((3, 5, 128)), z=empty)
    assert joined(tape).z.shape == (5, 0, 384)
    assert joined(tape).days.shape == (5, 384)
