"""The terminal view: a hundred columns, every product, the numbers of the table."""

from unicodedata import east_asian_width

import pytest

from tailrisk.report import show
from tailrisk.report.folder import Result


def width(line: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in line)


def test_it_fits_a_hundred_columns(pristine):
    assert max(width(line) for line in show(pristine).splitlines()) <= 100


def test_every_product_has_a_line_in_each_view_with_its_figures(pristine):
    result, text = Result.read(pristine), show(pristine)
    for product in result.products:
        lines = [line for line in text.splitlines() if line.startswith(f"{product} ")]
        assert len(lines) == 2
        for line, view in zip(lines, result.views, strict=True):
            for level in result.levels:
                loss = result.row(product, view, "terminal", level).expected_shortfall.scaled(100)
                assert f"{loss.text(2)} ±{loss.margin(2)}" in line


def test_indicative_figures_are_starred_and_explained(pristine):
    text = show(pristine)
    line = next(line for line in text.splitlines() if line.startswith("dma "))
    assert line.count("*") == 2
    assert "* indicative" in text


def test_events_accounts_and_origin_are_there(pristine):
    text = " ".join(show(pristine).split())
    assert "a return period of 22.16 years (21.26 to 23.11)" in text
    assert "at most 0.0019 %" in text
    assert "below margin on 21.41 % of paths" in text
    assert "seed 20240205, commit a1b2c3d" in text
    assert "UNCOMMITTED" not in text


def test_a_dirty_run_says_so_loudly(folder, edit):
    edit(folder / "record.json", lambda record: record.update(dirty=True))
    assert "WITH UNCOMMITTED CHANGES" in " ".join(show(folder).split())


def test_wide_characters_do_not_break_the_columns(folder, edit):
    path = folder / "tail.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("stock_selection", "量化选股量化选股量化选股"),
        encoding="utf-8",
    )
    edit(folder / "record.json", lambda record: record.update(question="问" * 170))
    text = show(folder)
    assert max(width(line) for line in text.splitlines()) <= 100
    table = [line for line in text.splitlines() if line.startswith(("量", "ie300"))]
    assert len({width(line.rstrip("* ")) // 2 for line in table}) <= 2


def test_control_characters_do_not_reach_the_terminal(folder, edit):
    edit(
        folder / "record.json",
        lambda record: record.update(question="\x1b[2Jgone\x07?", command="run \x1b]0;x"),
    )
    assert not set("\x1b\x07") & set(show(folder))


@pytest.mark.parametrize("gone", ["question", "command", "seed", "commit", "device", "wall_seconds"])
def test_what_was_not_recorded_is_not_invented(folder, edit, gone):
    edit(folder / "record.json", lambda record: record.pop(gone))
    assert "not recorded" in " ".join(show(folder).split())
