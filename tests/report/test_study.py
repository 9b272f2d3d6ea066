"""The page of a study: its answer from its own tables, its text and pictures, and its files."""

import json
import re
from pathlib import Path

import pytest

from tailrisk.core.errors import InputError
from tailrisk.report import findings, readme, study
from tailrisk.report.document import Fixed, Note, Picture, Shown
from tailrisk.report.language import Say

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" role="img"><title id="a">A &amp; B</title>'
    '<desc id="b">The record is outside on 3 days.</desc></svg>'
)
TEXT = """# What was it?

First **words** with `code` and a [link](x.csv).

| name | value |
|---|---|
| a \\| b | 1.5 |

![alt](drawn.svg)

## More

```
columns  1
a        2
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "README.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "drawn.svg").write_text(SVG, encoding="utf-8")
    (tmp_path / "loose.svg").write_text(SVG.replace("outside", "inside"), encoding="utf-8")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    record = {
        "command": "tailrisk replay x.toml",
        "commit": "c" * 40,
        "replay": {"last": "2024-02-08", "funds": 9},
    }
    (tmp_path / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


def test_its_text_is_read_back_in_order(folder: Path) -> None:
    first, more = readme.sections(TEXT, folder, "Findings")
    note, shown, picture = first.parts
    assert isinstance(note, Note)
    assert note.text == "First words with code and a link."
    assert isinstance(shown, Shown)
    assert shown.table.head == ("name", "value")
    assert [[cell.text for cell in row] for row in shown.table.groups[0][1]] == [["a | b", "1.5"]]
    assert isinstance(picture, Picture)
    assert picture.caption == "A & B. The record is outside on 3 days."
    assert more.heading == "More"
    assert more.parts == (Fixed("columns  1\na        2"),)


def test_the_page_has_the_question_the_answer_every_picture_and_the_files(folder: Path) -> None:
    html = study.write(folder).read_text(encoding="utf-8")
    assert study.write(folder).read_text(encoding="utf-8") == html
    assert "<h1>" in html
    assert "What was it?" in html
    assert "Replay of real days" in html
    assert "First words with code and a link." in re.sub(r"<[^>]*>", "", html[: html.index("<nav")])
    assert html.count("<figure>") == 2
    assert "The record is inside on 3 days." in html
    for name in ("table.csv", "README.md", "record.json", "loose.svg"):
        assert f'<a href="{name}">' in html
    assert "<dd>2024-02-08</dd>" in html
    assert "<script" not in html


def test_a_hostile_text_is_words_and_not_markup(folder: Path) -> None:
    (folder / "README.md").write_text("# <script>alert(1)</script>\n\n<img src=x onerror=alert(2)>\n")
    html = study.write(folder).read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<img" not in html


def test_show_says_the_answer_then_the_text(folder: Path) -> None:
    text = study.show(folder)
    assert text.startswith("What was it?\n\nFirst words")
    assert "| a \\| b | 1.5 |" in text
    assert "drawn.svg" not in text


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    assert not study.is_study(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        study.show(tmp_path)


def test_the_answer_of_a_tuning_says_what_bounds_save_or_that_they_do_nothing(folder: Path) -> None:
    head = "size_bound,alpha_year,es,es_saved,es_saved_low,es_saved_high\n"
    record = {"tune": {}}
    (folder / "frontier.csv").write_text(head + "0.1,0.02,0.03,0.01,0.005,0.015\n1.5,0.05,0.04,0,0,0\n")
    told = findings.answer(folder, record, TEXT, Say())
    assert told[0].startswith("First words")
    assert told[1] == (
        "A bound of 0.1 on size saves most: 1.00 points of ES (0.50 to 1.50) against the loosest bound, "
        "for 3.00 points of alpha a year."
    )
    (folder / "frontier.csv").write_text(head + "0.1,0.02,0.03,0.01,-0.005,0.015\n1.5,0.05,0.04,0,0,0\n")
    assert findings.answer(folder, record, TEXT, Say())[1].startswith("No bound on size saves more")


def test_the_answer_of_a_replay_names_the_deepest_loss_and_what_is_missed(folder: Path) -> None:
    (folder / "windows.csv").write_text("window\n")
    days = ["a,2024-01-01,1.0", "a,2024-01-02,0.7", "a,2024-01-03,0.9", "b,2024-01-01,1", "b,2024-01-03,1.1"]
    (folder / "daily.csv").write_text("\n".join(["product,date,nav", *days]) + "\n")
    (folder / "reported.csv").write_text("product,agrees,replay\na,no,-0.3\nb,own,0.1\n")
    lead, met = findings.answer(folder, {"labels": {"a": "Fund A"}}, TEXT, Say())
    assert lead.startswith(
        "On the prices from 2024-01-01 to 2024-01-03: Fund A lost 30.0 % at its deepest, on 2024-01-02"
    )
    assert "stood at −10.0 % at the end" in lead
    assert met == "Of 2 reported figures 1 are met. Missed: a (−30.00 %)."


def test_the_answer_of_a_backtest_is_its_best_model(folder: Path) -> None:
    names = "horizon,level,model,fz0,in_set,rate,coverage_passed,targets"
    (folder / "ranking.csv").write_text(
        f"{names}\n1,0.99,good,-4,True,0.011,7,8\n1,0.99,bad,-3,False,0.05,1,8\n"
    )
    (told,) = findings.answer(folder, {}, TEXT, Say())
    assert told.startswith(
        "99 %, 1-day losses: good scores best; losses pass its VaR on 1.10 % of days where 1 %"
    )
    assert "holds for 7 of 8 series; 1 of 2 models" in told


def test_the_answer_of_a_match_is_what_it_misses(folder: Path) -> None:
    (folder / "parameters.csv").write_text("parameter,verdict\na,identified\nb,prior\n")
    missed, known = findings.answer(
        folder, {}, "| | |\n|---|---|\n| error, points | 0.83 [0.8, 1.4] |\n", Say()
    )
    assert missed == "What the replay misses of the record: error, points: 0.83 [0.8, 1.4]."
    assert known == "Of 2 parameters the episode identifies 1."


def test_a_record_says_how_many_paragraphs_answer_and_cells_may_lead_inside(folder: Path) -> None:
    text = "# Q?\n\nOne.\n\nTwo.\n\n## Parts\n\n| part |\n|---|\n| [run](with/report.html) |\n"
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / "record.json").write_text(json.dumps({"answers": 2}), encoding="utf-8")
    page = study.document(folder, "en")
    assert page.answer == ("One.", "Two.")
    assert [section.heading for section in page.sections][:2] == ["Pictures", "Parts"]
    html = study.write(folder).read_text(encoding="utf-8")
    assert html.count("Two.") == 1
    assert '<a href="with/report.html">run</a>' in html
