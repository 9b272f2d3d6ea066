"""The page: complete, self-contained, escaped, the same every time, and every claim found in a table."""

import csv
import re
import shutil
import subprocess
import sys
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest

from tailrisk.report import tables, write
from tailrisk.report.answer import answer
from tailrisk.report.folder import Result
from tailrisk.report.page import render
from tailrisk.report.words import level

VOID = {"meta", "br", "hr", "img", "link"}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
NAMES = ("bars", "fan", "losses", "regimes", "spread")
HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}"


class Page(HTMLParser):
    """Tags with attributes, and the text of tables, tested for nesting as it is read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.tables: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)
        if "table" in self.open:
            self.tables[-1] += f" {data}"


@pytest.fixture(scope="module")
def html(tmp_path_factory, pristine):
    folder = shutil.copytree(pristine, tmp_path_factory.mktemp("page") / "feb2024")
    return write(folder).read_text(encoding="utf-8")


def sketch(folder):
    """The page with empty figures, which are slow to draw."""
    return render(Result.read(folder), dict.fromkeys(NAMES, "<svg></svg>"))


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_two_calls_write_the_same_bytes_and_nothing_else(folder):
    first = write(folder).read_bytes()
    figures = {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert write(folder).read_bytes() == first
    assert {path.name: path.read_bytes() for path in (folder / "figures").iterdir()} == figures
    assert set(figures) == {f"{name}.svg" for name in NAMES}
    assert not list(folder.rglob("*.tmp"))


def test_every_number_of_the_answer_is_in_a_table(pristine, page):
    told = set(NUMBER.findall(" ".join(answer(Result.read(pristine)))))
    found = set(NUMBER.findall(" ".join(page.tables)))
    assert len(told) > 30
    assert told <= found


def figures_of(table, name):
    """The figures of the first row so named, without intervals, by the heading of their column."""
    head, row = table.head, next(row for _, rows in table.groups for row in rows if row[0].text == name)
    return {heading: cell.text for heading, cell in zip(head[1:], row[1:], strict=True)}


def test_tables_say_what_the_result_says(pristine):
    with (pristine / "tail.csv").open(encoding="utf-8") as source:
        lines = [line for line in csv.DictReader(source) if line["product"] == "cta"]
    result = Result.read(pristine)
    measures = dict(zip(result.measures, tables.tails(result), strict=True))
    headline = figures_of(tables.headline(result), "CTA")
    for line in lines:
        for column, heading in (("var", "VaR"), ("es", "ES")):
            wanted = float(line[column]) * 100
            if line["view"] == "absolute":
                found = figures_of(measures[line["measure"]], "CTA")[
                    f"{heading} {level(float(line['level']))}"
                ]
                assert float(found) == pytest.approx(wanted, abs=0.051)
            if line["measure"] == "terminal" and line["level"] == "0.99":
                assert float(headline[f"{heading}, {line['view']}"]) == pytest.approx(wanted, abs=0.051)


def test_the_answer_names_the_worst_product_of_each_view(pristine):
    result = Result.read(pristine)
    for view, told in zip(result.views, answer(result), strict=False):
        shortfall = {p: result.row(p, view, "terminal", 0.99).expected_shortfall for p in result.products}
        worst = max(shortfall, key=lambda product: shortfall[product].value)
        assert result.config["products"][worst]["label"] in told.split("carries")[0]
        assert shortfall[worst].scaled(100).interval(2) in told


def test_the_sections_come_in_the_order_a_committee_expects(page):
    text = " ".join(page.text)
    order = [
        "What was asked", "The answer", "Products side by side", "The tail, by measure and level",
        "Spread events", "Leveraged accounts", "How firm the figures are", "Method and limitations",
        "Provenance",
    ]  # fmt: skip
    places = [text.index(heading) for heading in order]
    assert places == sorted(places)


def test_nothing_is_fetched_and_nothing_runs(html, page):
    bare = html.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|src=|@import|url\((?!#)", bare)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
    policy = next(a for tag, a in page.tags if tag == "meta" and a.get("http-equiv"))["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert len(html.encode()) < 600_000


def test_tables_have_captions_and_scopes_and_scroll_in_their_own_box(html, page):
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") >= 8
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")
    assert html.count('<div class="scroll"') == tags.count("table")


def test_ids_are_unique_and_labels_point_somewhere(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    labels = {word for _, a in page.tags for word in a.get("aria-labelledby", "").split()}
    assert len(ids) == len(set(ids))
    assert labels <= set(ids)


def test_figures_follow_the_theme_in_the_page_and_stand_alone_as_files(html, folder):
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    write(folder)
    alone = (folder / "figures" / "bars.svg").read_text(encoding="utf-8")
    assert "var(--" not in alone
    assert "#0072b2" in alone
    assert "#0072b2" not in html[html.index("<body>") :]


def test_hostile_names_are_words_and_not_markup(folder, edit):
    edit(folder / "record.json", lambda r: r.update(question=HOSTILE, name=HOSTILE, command=HOSTILE))
    edit(folder / "record.json", lambda r: r["limitations"].append(HOSTILE))
    edit(folder / "config.json", lambda c: c["products"]["dma"].update(label=HOSTILE))
    for name in ("tail.csv", "accounts.csv"):
        words = (
            (folder / name).read_text(encoding="utf-8").replace("micro_active", '"<script>evil()</script>"')
        )
        (folder / name).write_text(words, encoding="utf-8")
    events = folder / "events.csv"
    words = events.read_text(encoding="utf-8").replace("csi1000 less", "<script>alert(2)</script>")
    events.write_text(words, encoding="utf-8")
    html = write(folder).read_text(encoding="utf-8")
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<script" not in html.lower()
    assert HOSTILE in "".join(page.text)


def test_an_event_never_seen_is_an_upper_bound_and_never_zero(quiet_folder):
    page = Page(sketch(quiet_folder))
    told = " ".join("".join(page.text).replace("\u00a0", " ").split())
    assert "not seen on any of 200,000 paths, so its probability over the horizon is at most 0.0019 %" in told
    assert "return period at least 13,000 years" in told
    assert "upper bound: no event seen" in told
    assert "probability 0" not in told


def test_indicative_figures_are_marked_and_counted(html, page):
    assert html.count("†") > 10 * 4 * 2 * 2
    assert "80 figures" in " ".join(page.text)


def test_uncommitted_code_is_loud(folder, edit, html):
    assert "Made from uncommitted code" not in html
    edit(folder / "record.json", lambda record: record.update(dirty=True))
    assert "Made from uncommitted code" in sketch(folder)


def test_a_spare_record_and_config_still_make_a_page(folder, edit):
    edit(folder / "record.json", lambda record: [record.pop(k) for k in list(record) if k != "faults"])
    edit(folder / "config.json", lambda config: config.clear())
    words = sketch(folder)
    assert "not recorded" in words
    assert "does not list what is left out" in words


def test_without_events_there_is_no_event_section(folder):
    path = folder / "events.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with np.load(folder / "curves.npz") as stored:
        curves = dict(stored)
    curves["z_counts"] = curves["z_counts"][:0]
    np.savez(folder / "curves.npz", **curves)
    assert "Spread events" not in write(folder).read_text(encoding="utf-8")


def test_importing_the_package_draws_nothing():
    code = (
        "import sys, tailrisk.report; "
        "heavy = {'matplotlib', 'jinja2', 'pandas', 'scipy'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_losses_that_are_the_same_everywhere_are_drawn_without_a_warning(folder):
    """A benchmark beside itself: every excess loss is zero."""
    path = folder / "tail.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    names = head.split(",")
    flat = []
    for line in lines:
        cells = line.split(",")
        if "excess" in cells:
            for name in ("var", "var_low", "var_high", "es", "es_low", "es_high"):
                cells[names.index(name)] = "0"
        flat.append(",".join(cells))
    path.write_text("\n".join([head, *flat]) + "\n", encoding="utf-8")
    with np.load(folder / "curves.npz") as stored:
        curves = dict(stored)
    curves["loss_counts"][:, 1] = 0
    curves["loss_counts"][:, 1, :, 150] = 1000
    np.savez(folder / "curves.npz", **curves)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert write(folder).is_file()
