"""A result run again: the promise that applies, that it holds, and that a changed result does not pass."""

import json
import shutil

import pandas as pd
import pytest

from tailrisk.core import InputError, seal
from tailrisk.record.store import seal_all
from tailrisk.studies.results import verify as verifies
from tailrisk.studies.results.verify import BITS, HARDWARE, VERSIONS, verify
from tests.studies.results.conftest import called


def asked(folder):
    return verify(folder, progress=False, start=lambda config: None)


@pytest.fixture
def changed(made, tmp_path):
    """A copy whose table or record is changed, and sealed again."""

    def change(es=1.0, **record):
        copy = tmp_path / "one"
        shutil.copytree(made / "one", copy, ignore=shutil.ignore_patterns(seal.SUMS))
        table = pd.read_csv(copy / "tail.csv", dtype=str)
        table["es"] = [value if es == 1 else f"{float(value) * es:.10g}" for value in table.es]
        table.to_csv(copy / "tail.csv", index=False)
        path = copy / "record.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | record))
        seal_all(copy)
        return copy

    return change


def test_a_run_is_verified_bit_for_bit(made):
    verdict = asked(made / "one")
    assert (verdict.promise, verdict.holds) == (BITS, True)
    assert "the same, byte for byte" in verdict.text()


def test_a_cell_of_a_sweep_is_verified_by_the_command(made, capsys):
    (cell,) = (made / "seeds").glob("seed-2-*")
    assert called("verify", cell) == 0
    assert "verified: it holds" in capsys.readouterr().out


def test_a_changed_figure_is_not_verified(changed):
    verdict = asked(changed(es=1 + 1e-9))
    assert (verdict.promise, verdict.holds) == (BITS, False)
    assert "differ: tail.csv" in verdict.text()


def test_on_other_hardware_expected_shortfall_is_compared(changed):
    copy = changed(es=1 + 5e-7, device="1 x NVIDIA H100")
    verdict = asked(copy)
    assert (verdict.promise, verdict.holds) == (HARDWARE, True)
    shutil.rmtree(copy)
    assert not asked(changed(es=1 + 5e-6, device="1 x NVIDIA H100")).holds


def test_under_other_versions_standard_errors_are_counted(changed):
    versions = {"jax": "0.9.0"}
    copy = changed(es=1.01, versions=versions)
    verdict = asked(copy)
    assert (verdict.promise, verdict.holds) == (VERSIONS, True)
    assert "jax 0.9.0 then" in verdict.why
    shutil.rmtree(copy)
    assert not asked(changed(es=3, versions=versions)).holds


def test_a_damaged_result_and_one_whose_files_are_gone_are_refused(made, changed):
    copy = changed()
    with (copy / "tail.csv").open("a") as file:
        file.write("x")
    with pytest.raises(InputError, match="has changed since the run"):
        asked(copy)
    shutil.rmtree(copy)
    with pytest.raises(InputError, match="what it was made from is not here"):
        asked(changed(config_sha256="0" * 64))
    with pytest.raises(InputError, match="is a sweep and not a run"):
        asked(made / "seeds")


def test_how_many_devices_there_were_does_not_matter():
    assert verifies._kind("1 of 4 x cpu") == verifies._kind("1 x cpu") == "cpu"
