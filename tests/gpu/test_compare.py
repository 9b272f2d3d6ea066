"""The fence of what is published: a spill, or half as many bytes or launches again, is seen; less is not."""

import os

import pandas as pd
import pytest
from click import ClickException
from click.testing import CliRunner

from experiments.gpu.compare import worse

ROW = {"card": "NVIDIA H100", "program": "crowd", "launches": 100, "bytes_path_day": 40.0, "spill_bytes": 8}
ROW["own_moved_path_day"] = 200
PUBLISHED = pd.DataFrame([ROW, {**ROW, "card": "NVIDIA A100", "spill_bytes": 0}])


def made(**changed):
    return pd.DataFrame([ROW | changed])


def test_the_same_and_better_pass():
    assert worse(PUBLISHED, PUBLISHED) == []
    assert worse(PUBLISHED, made(launches=1, bytes_path_day=0.1, spill_bytes=0)) == []


@pytest.mark.parametrize(
    ("column", "last", "first"),
    [
        ("launches", 150, 151),
        ("bytes_path_day", 60.0, 60.1),
        ("own_moved_path_day", 300, 301),
        ("spill_bytes", 8, 9),
    ],
)
def test_both_sides_of_the_fence(column, last, first):
    assert worse(PUBLISHED, made(**{column: last})) == []
    (line,) = worse(PUBLISHED, made(**{column: first}))
    assert line.startswith("crowd for NVIDIA H100: ")
    assert column in line
    assert f"{first:g}" in line
    assert f"published {ROW[column]:g}" in line


def test_a_row_is_compared_with_its_own_card():
    (line,) = worse(PUBLISHED, made(card="NVIDIA A100"))
    assert "spill_bytes 8, published 0" in line


def test_several_figures_are_several_lines():
    assert len(worse(PUBLISHED, made(launches=1000, bytes_path_day=1000, spill_bytes=1000))) == 3


def test_what_is_not_published_fails():
    (line,) = worse(PUBLISHED, made(program="new"))
    assert "not in the published table" in line


def test_a_table_without_launches_is_compared_by_the_rest():
    kernels = PUBLISHED.drop(columns="launches")
    assert worse(kernels, made(spill_bytes=9).drop(columns="launches"))
    assert not worse(kernels, made().drop(columns="launches"))


def test_published_tables_pass_against_themselves():
    for name in ("table", "kernels"):
        published = pd.read_csv(f"results/gpu_compiled/{name}.csv")
        assert len(published)
        assert worse(published, published) == []


@pytest.fixture
def command(monkeypatch, tmp_path):
    """The command with what compiles put aside: it takes minutes, and packages that are not here."""
    monkeypatch.setattr("tempfile.mkdtemp", lambda **how: str(tmp_path / "dump"))
    for name in ("JAX_PLATFORMS", "XLA_FLAGS", "TF_CPP_MIN_LOG_LEVEL", "JAX_COMPILATION_CACHE_DIR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back afterwards: the module sets them
    import experiments.gpu.__main__ as it

    monkeypatch.setattr(it, "DUMP", tmp_path / "dump")
    monkeypatch.setattr(it, "_tools", lambda plugin: None)

    def run(folder, table, kernels=PUBLISHED):
        asked = []
        (tmp_path / "dump").mkdir()
        monkeypatch.setattr(
            it, "made", lambda *given: asked.append(given) or (table, kernels, pd.DataFrame())
        )
        done = CliRunner().invoke(it.main, ["--cards", "h100", "--compare", str(folder)])
        return done, asked

    return run


def test_the_command_ends_with_1_and_names_the_row(command, tmp_path):
    for name in ("table", "kernels"):
        PUBLISHED.to_csv(tmp_path / f"{name}.csv", index=False)
    done, asked = command(tmp_path, PUBLISHED)
    assert done.exit_code == 0, done.output
    assert asked[0][1] == ["crowd"], "what is published is what is compiled"
    done, _ = command(tmp_path, made(spill_bytes=16))
    assert done.exit_code == 1
    assert "table.csv: crowd for NVIDIA H100: spill_bytes 16, published 8" in done.output
    assert not (tmp_path / "README.md").exists()


def test_a_program_without_ptx_is_no_pass(command, tmp_path):
    """Registers and spills of nothing would be zero."""
    import experiments.gpu.__main__ as it
    from experiments.gpu.cards import CARDS

    (tmp_path / "dump").mkdir()
    with pytest.raises(ClickException, match="no PTX"):
        it.hungriest(CARDS["h100"])


def test_nothing_compared_is_no_pass(command, tmp_path):
    for name in ("table", "kernels"):
        PUBLISHED.to_csv(tmp_path / f"{name}.csv", index=False)
    done, _ = command(tmp_path, pd.DataFrame(), pd.DataFrame())
    assert done.exit_code == 1


def test_a_folder_without_tables_is_refused(command, tmp_path):
    done, _ = command(tmp_path, PUBLISHED)
    assert done.exit_code == 1
    assert "nothing to compare with" in done.output
