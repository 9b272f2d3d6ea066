"""What leaves a result: Excel workbooks, PNG and PDF pictures, and commands that read every folder."""

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from tailrisk.cli import main
from tailrisk.core.errors import InputError
from tailrisk.report import excel, study
from tailrisk.report.figures.prints import BOTH, printing
from tailrisk.report.figures.style import canvas
from tailrisk.report.figures.svg import safe, svg
from tailrisk.report.page import write


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def test_a_workbook_holds_the_answer_and_every_table(folder, tmp_path, capsys) -> None:
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed (extra: excel)")
    with (folder / "tail.csv").open("a", encoding="utf-8") as out:
        out.write("")
    (folder / "codes.csv").write_text(
        "code,weight,formula\n000001,0.5,'=1+1\n600000,nan,=2+2\n", encoding="utf-8"
    )
    path = tmp_path / "x.xlsx"
    assert run("show", folder, "--excel", path) == 0
    sheets = pd.read_excel(path, sheet_name=None, header=None, engine="calamine")
    assert set(sheets) == {"answer", "tail", "events", "accounts", "codes"}
    assert "expected shortfall" in " ".join(map(str, sheets["answer"][0]))
    tail = pd.read_csv(folder / "tail.csv")
    assert len(sheets["tail"]) == len(tail) + 1
    where = list(tail.columns).index("es")
    assert [float(x) for x in sheets["tail"][where][1:]] == pytest.approx(list(tail["es"]))
    assert list(sheets["codes"][0][1:]) == ["000001", 600000]
    assert list(sheets["codes"][2][1:]) == ["=1+1", "=2+2"]
    assert "<f>" not in zipfile.ZipFile(path).read("xl/worksheets/sheet3.xml").decode()
    first = path.read_bytes()
    assert run("show", folder, "--excel", path) == 2
    assert "is there already" in capsys.readouterr().err
    assert run("show", folder, "--excel", path, "--force") == 0
    assert path.read_bytes() == first


@pytest.mark.parametrize("name", ["x.xls", "no/where/x.xlsx"])
def test_a_workbook_that_cannot_be_is_refused(folder, tmp_path, name) -> None:
    with pytest.raises(InputError):
        excel.workbook(folder, tmp_path / name, "")


def test_pictures_are_printed_only_where_they_are_asked_for(tmp_path: Path) -> None:
    def drawn() -> str:
        with canvas(1.0) as figure:
            _words(figure)
            return svg(figure, "key", "title", "words")

    alone = drawn()
    assert list(tmp_path.iterdir()) == []
    with printing(tmp_path, BOTH, {"key": "name"}):
        assert drawn() == alone
    assert {path.name for path in tmp_path.iterdir()} == {"name.png", "name.pdf"}
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert first["name.png"].startswith(b"\x89PNG")
    assert first["name.pdf"].startswith(b"%PDF")
    with printing(tmp_path, BOTH, {"key": "name"}):
        drawn()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first


def test_names_on_an_axis_are_printed_as_they_are(tmp_path: Path) -> None:
    """An axis lays its names out again when it is drawn; the same picture as of the plain names."""

    def png(names: list[str]) -> bytes:
        with canvas(1.0) as figure:
            ax = figure.add_subplot()
            ax.set_yticks([0, 1], names)
            svg(figure, "key", "title", "words")
        return (tmp_path / "key.png").read_bytes()

    with printing(tmp_path, ("png",)):
        assert safe("<a>") != "<a>"
        assert png([safe("<a>"), safe("é")]) == png(["<a>", "é"])


def _words(figure: Figure) -> None:
    figure.text(0.1, 0.5, safe("指增 <1>"))


def test_the_configs_pictures_are_made_with_the_page(folder, edit) -> None:
    edit(folder / "config.json", lambda config: config.update(report={"pictures": ["png"]}))
    write(folder)
    kinds = {path.suffix for path in (folder / "figures").iterdir()}
    assert kinds == {".svg", ".png"}
    assert (folder / "page.md").is_file()


def test_report_and_show_read_a_study_too(tmp_path, capsys) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "README.md").write_text("# Which?\n\nThis one.\n", encoding="utf-8")
    (folder / "record.json").write_text(json.dumps({"command": "tailrisk tune x"}), encoding="utf-8")
    assert study.is_study(folder)
    assert run("show", folder) == 0
    assert capsys.readouterr().out == "Which?\n\nThis one.\n\n\nThis one.\n\n"
    assert run("report", folder, "--language", "zh") == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "风格约束的调优" in html
    assert (folder / "SHA256SUMS").is_file()
    assert run("report", folder, "--language", "fr") == 2
