"""Sweeps: the grid, what is refused, cells done once, an interruption, and the page over all cells."""

import json

import pandas as pd
import pytest

from tailrisk.cli import main
from tailrisk.config import library
from tailrisk.core import InputError
from tailrisk.record.store import replacing, write_record
from tailrisk.studies.sweep import cluster
from tailrisk.studies.sweep import page as page
from tailrisk.studies.sweep import run as sweeps
from tailrisk.studies.sweep.cluster import Where
from tailrisk.studies.sweep.config import expand

LADDER = library.find("calibrated/ladder_2023.toml")
GRID = (
    "market.states=2,4",
    "market.start=calm,crisis",
    "run.paths=1000",
    "tail.levels=[0.9,0.95]",
    "event=[]",
)


def plan(*said, **options):
    return expand("configs/smoke.toml", said or GRID, **options)


def shortfall(config):
    """What the cell stands for, so that a row can be told to be its own."""
    return 0.01 * config.market.states + (0.1 if config.market.start == "crisis" else 0.0)


@pytest.fixture
def ran(monkeypatch):
    """The cells that were run; a run writes a small tail table, and stops at a cell named in `stop`."""
    done, stop = [], []

    def run(config, output, *, force, command, progress, finish):
        if config.name in stop:
            raise KeyboardInterrupt
        done.append(config.name)
        with replacing(output / config.name, force=force) as folder:
            write(config, folder, command)
            if finish is not None:
                (folder / "report.html").touch()
        return output / config.name

    def write(config, folder, command):
        es = shortfall(config)
        known = {"family": "dma", "benchmark": "cash", "view": "absolute", "measure": "terminal"}
        figures = {"var": es - 0.01, "var_low": es - 0.02, "var_high": es, "es": es, "es_low": es - 0.001}
        rest = {"es_high": es + 0.001, "tail_points": 5000, "indicative": False, "mean": 0.0, "sd": 0.1}
        rows = [{"product": p, **known, "level": 0.9, **figures, **rest} for p in ("dma", "neutral")]
        pd.DataFrame(rows).to_csv(folder / "tail.csv", index=False)
        said = {"name": config.name, "config_sha256": config.digest(), "command": command}
        write_record(folder, said)

    monkeypatch.setattr(sweeps, "run", run)
    return done, stop


def swept(it, output, force=False, finish=page.write, pages=True, **options):
    told = []
    folder = sweeps.sweep(
        it,
        output,
        force=force,
        command=lambda cell: cell.name,
        progress=False,
        tell=told.append,
        finish=finish,
        finish_cell=page.write if pages else None,
        **options,
    )
    return folder, told


def test_the_grid_is_every_combination_with_the_last_key_fastest():
    it = plan()
    assert it.name == "smoke_sweep"
    assert it.keys == ("market.states", "market.start")
    assert [cell.settings for cell in it.cells] == [
        ("2", "calm"), ("2", "crisis"), ("4", "calm"), ("4", "crisis"),
    ]  # fmt: skip
    assert [cell.name[:-17] for cell in it.cells][:2] == ["states-2-start-calm", "states-2-start-crisis"]
    for cell in it.cells:
        assert (str(cell.config.market.states), cell.config.market.start) == cell.settings
        assert (cell.config.run.paths, cell.config.tail.levels) == (1000, (0.9, 0.95))
    assert len({cell.config.run.seed for cell in it.cells}) == 1


def test_a_sweep_file_says_the_same_and_settings_come_over_it(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(
        'name = "mine"\nquestion = "Why?"\nconfig = "smoke.toml"\n'
        "[fixed]\nrun.paths = 1000\ntail.levels = [0.9, 0.95]\nevent = []\n"
        '[grid]\nmarket.states = [2, 4]\n"market.start" = ["calm", "crisis"]\n'
    )
    it = expand(path)
    assert (it.name, it.question, it.keys) == ("mine", "Why?", ("market.states", "market.start"))
    assert [c.config.digest() for c in it.cells] == [c.config.digest() for c in plan().cells]
    over = expand(path, ["market.states=3", "run.seed=1,2"], "other")
    assert (over.name, over.keys, len(over.cells)) == ("other", ("market.start", "run.seed"), 4)
    assert {cell.config.market.states for cell in over.cells} == {3}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (("run.paths=1000",), "nothing to sweep"),
        (("run.paths=1000,1000",), "there twice"),
        (("run.paths=1000,",), "is empty"),
        (("run.paths",), "not an assignment"),
        (("run.pths=1,2",), "run.pths"),
        (("market.states=2,9",), "market.states"),
        (("run.precision=float32,float64",), "one precision"),
        (("run.seed=" + ",".join(map(str, range(10_001))),), "10,001 cells"),
    ],
)
def test_what_cannot_be_swept_is_refused(said, message):
    with pytest.raises(InputError) as refusal:
        plan(*said)
    assert message in str(refusal.value)


def test_every_row_of_the_table_is_its_cells(ran, tmp_path):
    folder, _ = swept(plan(), tmp_path)
    table = pd.read_csv(folder / "sweep.csv")
    assert len(table) == 8
    for cell in plan().cells:
        rows = table[table.cell == cell.name]
        assert list(rows.es) == pytest.approx([shortfall(cell.config)] * 2)
        assert set(rows["market.start"]) == {cell.config.market.start}


def test_cells_that_are_done_are_not_run_again(ran, tmp_path):
    done, stop = ran
    stop.append(plan().cells[2].name)
    with pytest.raises(KeyboardInterrupt):
        swept(plan(), tmp_path)
    assert len(done) == 2
    with pytest.raises(InputError, match="not finished"):
        page.Grid.read(tmp_path / "smoke_sweep")
    stop.clear()
    folder, told = swept(plan(), tmp_path)
    assert done == [cell.name for cell in plan().cells]
    assert [line.endswith("done before") for line in told] == [True, True, False, False]
    swept(plan(), tmp_path, force=True)
    assert len(done) == 8
    other = plan(*GRID, "run.days=7")
    swept(other, tmp_path)
    assert len(done) == 12, "another config is another result"
    assert json.loads((folder / "sweep.json").read_text())["done"]


SEEDS = ("run.paths=1000", "tail.levels=[0.9,0.95]", "event=[]")


def test_cells_are_found_again_whatever_the_order_and_the_grid(ran, tmp_path):
    done, _ = ran
    swept(plan("run.seed=1,2", *SEEDS), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "smoke_sweep").glob("seed*/*")}
    done.clear()
    folder, told = swept(plan("run.seed=7,2,1", *SEEDS), tmp_path)
    assert [name[:6] for name in done] == ["seed-7"]
    assert [line.endswith("done before") for line in told] == [True, True, False], (
        "what is there is said first"
    )
    assert sorted(path.name[:6] for path in folder.iterdir() if path.is_dir()) == [
        "figure", "seed-1", "seed-2", "seed-7",
    ]  # fmt: skip
    assert all(path.stat().st_mtime_ns == at for path, at in before.items())
    assert list(pd.read_csv(folder / "sweep.csv")["run.seed"]) == [7, 7, 2, 2, 1, 1]
    done.clear()
    swept(plan("run.seed=2", "run.days=19,20", *SEEDS), tmp_path)
    assert len(done) == 1, "20 days are the config's own: another name, the same cell"
    done.clear()
    swept(plan("run.seed=1,7", *SEEDS), tmp_path)
    assert not done
    assert set(pd.read_csv(folder / "sweep.csv")["run.seed"]) == {1, 7}


def test_a_cell_of_another_engine_or_file_is_another_cell(ran, tmp_path, monkeypatch):
    names = [cell.name for cell in plan("run.seed=1,2", *SEEDS).cells]
    monkeypatch.setattr("tailrisk.core.random.VERSION", "another")
    assert not set(names) & {cell.name for cell in plan("run.seed=1,2", *SEEDS).cells}
    monkeypatch.undo()
    assert names == [cell.name for cell in plan("run.seed=1,2", *SEEDS).cells]
    other = (tmp_path / "l.toml").absolute()
    other.write_text(LADDER.read_text() + "# more\n")
    cells = plan("run.seed=1,2", f"market.calibrated={other}", *SEEDS).cells
    assert not set(names) & {cell.name for cell in cells}


@pytest.mark.parametrize("name", ["tail.csv", "record.json", "SHA256SUMS"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_cell_is_not_shown_and_is_run_again(ran, tmp_path, name, damage):
    done, _ = ran
    it = plan("run.seed=1,2", *SEEDS)
    folder, _ = swept(it, tmp_path)
    whole = (folder / "sweep.csv").read_bytes()
    path = folder / it.cells[0].name / name
    data = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data[:9] + b"#" + data[10:])
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        page.show(folder)
    done.clear()
    swept(it, tmp_path)
    assert done == [it.cells[0].name]
    assert (folder / "sweep.csv").read_bytes() == whole
    assert page.show(folder)


@pytest.mark.parametrize(
    "name", ["sweep.csv", "sweep.json", "index.html", "page.md", "figures/sweep.svg", "SHA256SUMS"]
)
def test_every_derived_table_is_sealed(ran, tmp_path, name):
    done, _ = ran
    it = plan("run.seed=1,2", *SEEDS)
    folder, _ = swept(it, tmp_path)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    sums = "SHA256SUMS|its digest is not the recorded one"  # a digest that changed accuses its file
    said = sums if name == "SHA256SUMS" else name.replace(".", r"\.")
    for read in (page.show, sweeps.rewritten):
        with pytest.raises(InputError, match=said):
            read(folder)
    (folder / name).unlink()
    if name != "sweep.json":
        with pytest.raises(InputError, match=name.replace(".", r"\.")):
            page.show(folder)
        done.clear()
        swept(it, tmp_path)
        assert not done
        assert page.show(folder)


def test_a_second_sweep_of_the_same_folder_is_refused(ran, tmp_path):
    from tailrisk.record.store import claimed

    with claimed(tmp_path / "smoke_sweep"), pytest.raises(InputError, match="being written by another"):
        swept(plan(), tmp_path)


def test_what_a_kill_left_in_a_sweep_is_put_right(ran, tmp_path):
    done, _ = ran
    it = plan("run.seed=1,2", *SEEDS)
    folder, _ = swept(it, tmp_path)
    (folder / it.cells[0].name).rename(folder / f".{it.cells[0].name}.abcdefgh.old")
    (folder / f".{it.cells[1].name}.abcdefgh.tmp").mkdir()
    (folder / ".sweep.csv.abcdefgh.tmp").write_text("half")
    (folder / ".sweep.json.tailrisk-lock").write_text("")
    done.clear()
    swept(it, tmp_path)
    assert not done
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_an_old_sweep_without_a_seal_is_still_shown(ran, tmp_path):
    folder, _ = swept(plan(), tmp_path)
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match="SHA256SUMS"):
        page.show(folder)
    said = json.loads((folder / "sweep.json").read_text())
    del said["sealed"]
    (folder / "sweep.json").write_text(json.dumps(said))
    assert page.show(folder)


def test_values_that_are_the_same_are_refused():
    with pytest.raises(InputError, match="two cells have the same config"):
        plan("run.days=19,1_9", *SEEDS)


def test_a_folder_that_is_no_sweep_is_left_alone(ran, tmp_path):
    (tmp_path / "smoke_sweep").mkdir()
    (tmp_path / "smoke_sweep" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="is not a sweep"):
        swept(plan(), tmp_path)


def test_page_and_text_compare_the_cells(ran, tmp_path):
    folder, _ = swept(plan(), tmp_path)
    html = (folder / "index.html").read_text()
    assert page.write(folder).read_text() == html
    text = page.show(folder)
    for cell in plan().cells:
        es = f"{100 * shortfall(cell.config):.2f}"
        assert f'<a href="{cell.name}/report.html">' in html
        line = next(line for line in text.splitlines() if line.startswith(cell.name))
        assert line.count(f"{es} ±0.10") == 2
        assert f"<td>{es}<small>" in html
    assert "meets the same shocks" in html
    assert "<script" not in html
    assert "ES, Loss over the horizon, absolute, at 90 %" in text
    assert (folder / "figures" / "sweep.svg").is_file()


def test_cells_without_a_page_are_named_without_a_link(ran, tmp_path):
    folder, _ = swept(plan(), tmp_path, pages=False)
    html = (folder / "index.html").read_text()
    assert plan().cells[0].name in html
    assert '<a href="states' not in html


def test_what_a_lost_worker_left_beside_a_done_cell_goes(ran, tmp_path, monkeypatch):
    def run_cells(plan, place, cells, where, *, command, tell, pages):
        for cell in cells:
            sweeps.run(cell.config, place, force=True, command="", progress=False, finish=None)
        (place / f".{cells[0].name}.abcd1234.tmp").mkdir()
        (place / f".{cells[0].name}.tailrisk-lock").touch()
        return {}

    monkeypatch.setattr(sweeps, "run_cells", run_cells)
    folder, _ = swept(plan(), tmp_path, where=Where(jobs=2))
    assert not list(folder.rglob(".*"))


def test_a_cell_that_is_there_is_not_run_again_by_a_worker(monkeypatch, tmp_path):
    it = plan()
    task = {
        "source": it.source, "overrides": list(it.cells[0].overrides), "key": it.cells[0].key,
        "place": str(tmp_path), "command": "", "jobs": 0, "pages": False,
    }  # fmt: skip
    monkeypatch.setattr(cluster, "is_done", lambda folder, cell: cell.config == it.cells[0].config)
    assert cluster.work(task) is None
    assert not list(tmp_path.iterdir())


def test_show_and_report_know_a_sweep(ran, tmp_path, capsys):
    folder, _ = swept(plan(), tmp_path)
    for command, said in (("show", "states-2-start-calm"), ("report", "index.html")):
        with pytest.raises(SystemExit) as stop:
            main([command, str(folder)])
        assert stop.value.code == 0
        assert said in capsys.readouterr().out
