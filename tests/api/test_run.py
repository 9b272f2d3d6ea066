"""A run from Python: the numbers of the command, as frames, pictures and a page."""

from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

import tailrisk as tr
from tailrisk.cli import main
from tailrisk.core import InputError, seal

SMALL = {"run.paths": 512, "run.days": 5, "tail.levels": [0.9], "run.precision": "float32"}
WORDS = [
    "--set", "run.paths=512", "--set", "run.days=5", "--set", "tail.levels=[0.9]",
    "--set", "run.precision=float32",
]  # fmt: skip


@pytest.fixture(scope="module")
def result() -> tr.Result:
    return tr.run("smoke.toml", overrides=SMALL)


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes of the same config."""
    place = tmp_path_factory.mktemp("command")
    with pytest.raises(SystemExit) as stop:
        main(["run", "smoke.toml", *WORDS, "--output", str(place), "--quiet"])
    assert stop.value.code == 0
    return place / "smoke"


def test_the_numbers_are_the_commands_to_the_last_digit(result: tr.Result, command: Path) -> None:
    for name in ("tail.csv", "events.csv", "drift.csv", "components.csv", "accounts.csv", "config.json"):
        assert (result.folder / name).read_bytes() == (command / name).read_bytes(), name
    assert result.record["command"].split()[:3] == ["tailrisk", "run", "smoke.toml"]


def test_a_run_leaves_jax_as_it_was(result: tr.Result) -> None:
    assert jax.config.jax_enable_x64, "the bench's precision, though the config asked for another"


def test_tables_are_frames(result: tr.Result) -> None:
    assert {"tail", "events", "components", "drift"} <= set(result.tables)
    assert isinstance(result.tail, pd.DataFrame)
    assert set(result.products.index) == set(result.tail["product"])
    assert result.products.loc["ie500", "family"] == "index_enhanced"
    assert result.components["product"].isin(result.products.index).all()
    es = result.es("ie500")
    row = result.tail.query("product == 'ie500' and view == 'absolute' and measure == 'terminal'")
    assert [es.value] == list(row["es"])
    assert es.low < es.value < es.high
    assert "tail" in dir(result)
    with pytest.raises(AttributeError, match=r"no table 'crowd': it has .*tail"):
        result.crowd  # noqa: B018
    with pytest.raises(InputError, match="ie500"):
        result.row("ie5000")


def test_pictures_and_html(result: tr.Result, tmp_path: Path) -> None:
    assert {"bars", "losses", "fan"} <= set(dir(result.plot))
    picture = result.plot.losses()
    assert picture._repr_svg_().startswith("<svg")
    assert picture.save(tmp_path / "losses.svg").read_text(encoding="utf-8") == picture
    with pytest.raises(InputError, match=r"\.svg"):
        picture.save(tmp_path / "losses.bmp")
    with pytest.raises(AttributeError, match="there are bars"):
        result.plot.pie  # noqa: B018
    page = result._repr_html_()
    assert "<table" in page
    assert result.record["question"] in page
    assert f"{round(100 * result.es('dma').value, 2):.2f}".rstrip("0") in page
    assert "ie500" in result.summary()


def test_what_a_result_says_of_itself_is_escaped(result: tr.Result) -> None:
    other = tr.read(result.folder)
    other.__dict__["record"] = {"name": "<script>", "question": "a < b"}
    assert "<script>" not in other._repr_html_()


def test_a_result_is_saved_sealed_and_read_again(result: tr.Result, tmp_path: Path) -> None:
    where = result.save(tmp_path / "kept")
    seal.check(where)
    again = tr.read(where)
    assert isinstance(again, tr.Result)
    pd.testing.assert_frame_equal(again.tail, result.tail)
    with pytest.raises(InputError, match="is there already"):
        result.save(where)
    (where / "tail.csv").write_text("product\n")
    with pytest.raises(InputError):
        tr.read(where)


def test_the_temporary_folder_goes_with_the_result() -> None:
    made = tr.run("smoke.toml", overrides={**SMALL, "run.paths": 64}, page=False)
    where = made.folder
    assert where.exists()
    assert made.page is None
    made._temporary.cleanup()
    assert not where.exists()


def test_what_does_not_fit_is_refused_before_anything_is_simulated(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="memory_gb"):
        tr.run("smoke.toml", tmp_path, overrides={"run.paths": 2_000_000_000, "run.memory_gb": 0.5})
    assert not list(tmp_path.iterdir())


def test_simulated_paths_are_those_of_the_run(result: tr.Result) -> None:
    paths = tr.simulate("smoke.toml", overrides=SMALL)
    assert paths.losses.shape == (512, len(result.products))
    es = tr.tail.expected_shortfall(paths.losses, level="0.9")
    told = result.tail.query("view == 'absolute' and measure == 'terminal'").set_index("product")["es"]
    np.testing.assert_allclose(es[told.index], told, rtol=2e-5, atol=1e-6)


def test_paths_are_labelled() -> None:
    paths = tr.simulate("smoke.toml", 64, overrides={"run.days": 4})
    names = tr.load("smoke.toml").names
    assert list(paths.buckets.columns) == list(names.buckets)
    assert paths.buckets.index.names == ["path", "day"]
    assert paths.buckets.shape == (64 * 5, 5)
    eve, last = paths.products.xs(0, level="day"), paths.products.xs(4, level="day")
    assert (eve == 1).all(axis=None)
    pd.testing.assert_frame_equal(1 - last, paths.losses)
    horizon = paths.buckets.xs(4, level="day") - 1
    pd.testing.assert_frame_equal(horizon, paths.returns[list(names.buckets)])
    assert paths.regimes.shape == (64, 4)
    assert paths.array("products").shape == (5, len(paths.losses.columns), 64)
    with pytest.raises(InputError, match="buckets"):
        paths.array("bucket")
    with pytest.raises(InputError, match="paths"):
        tr.simulate("smoke.toml", 0)
    fewer = tr.simulate("smoke.toml", 16, overrides={"run.days": 4})
    np.testing.assert_array_equal(fewer.array("products"), paths.array("products")[..., :16])
