"""A folder that is incomplete, corrupt or unpublishable is refused, and the message names the file."""

import hashlib
import math
import pickle

import numpy as np
import pytest

from tailrisk.core.errors import InputError
from tailrisk.report import show, write
from tailrisk.report.folder import Result

REQUIRED = ("record.json", "config.json", "tail.csv", "events.csv", "curves.npz")


def test_a_whole_folder_reads_back_in_order(pristine):
    result = Result.read(pristine)
    assert result.products[0] == "ie300"
    assert result.products[-1] == "cta"
    assert result.views == ("absolute", "excess")
    assert result.levels == (0.95, 0.99, 0.999)
    row = result.row("dma", "absolute", "terminal", 0.99)
    assert row.value_at_risk.low < row.value_at_risk.value < row.expected_shortfall.value


def test_histograms_are_those_of_their_view_and_measure(pristine):
    result = Result.read(pristine)
    for v, view in enumerate(("absolute", "excess")):
        for m, measure in enumerate(("terminal", "worst_day", "worst_3_days", "max_drawdown")):
            np.testing.assert_array_equal(result.losses(view, measure), result.curves["loss_counts"][:, v, m])


def test_the_headline_is_the_highest_level_that_is_firm(pristine, folder):
    assert Result.read(pristine).headline == 0.99
    path = folder / "tail.csv"
    path.write_text(path.read_text().replace(",False,", ",True,"))
    assert Result.read(folder).headline == 0.95


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("use", [show, write])
def test_a_missing_file_is_named(folder, name, use):
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        use(folder)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("rubbish", [b"", b"\xff\xfe\x00rubbish", b"[1, 2]"])
def test_a_corrupt_file_is_named(folder, name, rubbish):
    (folder / name).write_bytes(rubbish)
    with pytest.raises(InputError, match=name):
        Result.read(folder)


def test_a_truncated_archive_is_named(folder):
    whole = (folder / "curves.npz").read_bytes()
    (folder / "curves.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"curves\.npz"):
        Result.read(folder)


def test_a_flipped_bit_in_a_packed_archive_is_noticed(folder):
    path = folder / "curves.npz"
    with np.load(path) as stored:
        np.savez_compressed(path, **dict(stored))
    packed = bytearray(path.read_bytes())
    packed[len(packed) // 2] ^= 4
    path.write_bytes(bytes(packed))
    with pytest.raises(InputError, match=r"curves\.npz"):
        Result.read(folder)


def test_a_pickle_is_never_loaded(folder):
    (folder / "curves.npz").write_bytes(pickle.dumps({"fan": 1}))
    with pytest.raises(InputError, match=r"curves\.npz"):
        Result.read(folder)


def test_no_folder_is_no_result(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        Result.read(tmp_path / "nowhere")


def test_leveraged_accounts_are_optional(folder):
    (folder / "accounts.csv").unlink()
    assert Result.read(folder).accounts == ()
    assert "below margin" not in show(folder)


@pytest.mark.parametrize("use", [show, write])
def test_a_run_with_a_non_finite_path_is_refused(folder, edit, use):
    edit(folder / "record.json", lambda record: record["faults"].update(nonfinite=1))
    with pytest.raises(InputError, match="nonfinite"):
        use(folder)
    assert not (folder / "report.html").exists()


def test_a_run_that_does_not_count_its_faults_is_refused(folder, edit):
    edit(folder / "record.json", lambda record: record.pop("faults"))
    with pytest.raises(InputError, match="nonfinite"):
        Result.read(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text.replace("terminal,0.95,", "terminal,ninety,", 1), "level"),
        (lambda text: text.replace(",False,", ",maybe,", 1), "indicative"),
        (lambda text: "\n".join(text.splitlines()[:-1]) + "\n", "no row for cta"),
        (lambda text: text + text.splitlines()[-1] + "\n", "twice"),
        (lambda text: text.replace("product,", "produce,", 1), "no column"),
        (lambda text: text.replace(",es_high,", ",es_top,", 1), "es_high"),
        (lambda text: text.splitlines()[0] + "\n", "no rows"),
    ],
)
def test_a_bad_tail_table_is_named_with_its_fault(folder, change, complaint):
    path = folder / "tail.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as refused:
        Result.read(folder)
    assert "tail.csv" in str(refused.value)


@pytest.mark.parametrize("value", ["nan", "inf", "9.9"])
def test_a_figure_that_is_not_finite_or_outside_its_interval_is_refused(folder, value):
    path = folder / "tail.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("es")
    cells = lines[3].split(",")
    cells[at] = value
    lines[3] = ",".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match="line 4, column es"):
        Result.read(folder)


def test_no_event_never_means_no_chance(quiet_folder):
    path = quiet_folder / "events.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("1.8444e-05", "0.0"), encoding="utf-8")
    with pytest.raises(InputError, match="upper bound"):
        Result.read(quiet_folder)


@pytest.mark.parametrize("name", ["fan", "z_counts", "loss_counts", "regime_share"])
def test_a_curve_of_the_wrong_shape_is_named(folder, name):
    with np.load(folder / "curves.npz") as stored:
        curves = dict(stored)
    curves[name] = curves[name][..., None]
    np.savez(folder / "curves.npz", **curves)
    with pytest.raises(InputError, match=name):
        Result.read(folder)


@pytest.mark.parametrize("name", ["fan_levels", "z_edges", "loss_counts"])
def test_a_missing_or_non_finite_curve_is_named(folder, name):
    with np.load(folder / "curves.npz") as stored:
        curves = dict(stored)
    gone = {key: value for key, value in curves.items() if key != name}
    np.savez(folder / "curves.npz", **gone)
    with pytest.raises(InputError, match=name):
        Result.read(folder)
    np.savez(folder / "curves.npz", **gone, **{name: np.full_like(curves[name], np.nan, dtype=float)})
    with pytest.raises(InputError, match=name):
        Result.read(folder)


def test_the_writers_quote_against_formulas_is_taken_off(folder):
    path = folder / "events.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("csi1000 less", "'=csi1000 less"), encoding="utf-8"
    )
    assert Result.read(folder).events[0].description.startswith("=csi1000 less")


def test_a_file_that_changed_since_the_run_is_named(folder, edit):
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in REQUIRED[1:]}
    edit(folder / "record.json", lambda record: record.update(files=digests))
    assert Result.read(folder).products
    (folder / "tail.csv").write_text(
        (folder / "tail.csv").read_text(encoding="utf-8") + "\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"tail\.csv: has changed"):
        Result.read(folder)


def test_a_file_the_record_names_must_be_there(folder, edit):
    edit(folder / "record.json", lambda record: record.update(files={"tail.parquet": "0" * 64}))
    with pytest.raises(InputError, match=r"tail\.parquet: missing"):
        Result.read(folder)


def test_an_open_end_is_infinite_and_printed_so(folder):
    path = folder / "tail.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for column, end in (("var_high", "inf"), ("es_low", "nan")):
        cells = lines[3].split(",")
        cells[lines[0].split(",").index(column)] = end
        lines[3] = ",".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")
    row = Result.read(folder).tail[2]
    assert (row.value_at_risk.high, row.expected_shortfall.low) == (math.inf, -math.inf)
    assert "to ∞" in write(folder).read_text(encoding="utf-8")
    assert "±∞" in show(folder)


def test_a_probability_no_sample_can_estimate_is_its_bound(folder):
    path = folder / "events.csv"
    words = path.read_text(encoding="utf-8")
    assert "2236,0.01118,0.010723,0.011651" in words
    words = words.replace("2236,0.01118,0.010723,0.011651", "200000,nan,0.99998,1.0")
    path.write_text(words.replace("0,0.0,0.0,1.8444e-05", "0,nan,0.0,1.8444e-05"), encoding="utf-8")
    always, never = Result.read(folder).events
    assert (always.probability.value, always.probability.low) == (1.0, 0.99998)
    assert (never.probability.value, never.probability.high) == (0.0, 1.8444e-5)


@pytest.mark.parametrize("blank", ["\n", '""\n'])
def test_a_table_without_rows_may_have_no_heading(folder, blank):
    (folder / "accounts.csv").write_text(blank, encoding="utf-8")
    assert Result.read(folder).accounts == ()


@pytest.mark.parametrize("faults", [{}, {"nonfinite": "0"}, {"nonfinite": None}, []])
def test_faults_that_are_not_a_count_are_refused(folder, edit, faults):
    edit(folder / "record.json", lambda record: record.update(faults=faults))
    with pytest.raises(InputError, match=r"faults\.nonfinite.*not recorded"):
        Result.read(folder)


def test_one_path_whose_ledger_does_not_close_is_enough(folder, edit):
    edit(folder / "record.json", lambda record: record.update(faults={"nonfinite": 0, "ledger": 1}))
    with pytest.raises(InputError, match="ledger does not close on 1 paths"):
        Result.read(folder)
