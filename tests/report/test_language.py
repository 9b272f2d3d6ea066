"""The page in Chinese: every phrase that is used has a translation with the same holes."""

import ast
import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

import tailrisk.report
from tailrisk.core import figures
from tailrisk.core.names import home
from tailrisk.report import answer, crowd, document, files, sections, study, words
from tailrisk.report.folder import Result
from tailrisk.report.language import Say, phrases
from tailrisk.report.page import render
from tailrisk.report.provenance import provenance

HERE = Path(tailrisk.report.__file__).parent
STUDIES = HERE.parent / "studies"
NAMES = ("bars", "fan", "losses", "regimes", "spread")
HAN = re.compile(r"[\u4e00-\u9fff]")


def said() -> set[str]:
    """Every literal phrase of a call of `say`, in code and templates."""
    found = {phrase for file in HERE.rglob("*.py") for phrase in literal(file)} | pictured()
    for file in HERE.rglob("*.j2"):
        found |= set(re.findall(r'say\("([^"]*)"', file.read_text(encoding="utf-8")))
    return found


def pictured() -> set[str]:
    """Those of the pictures of studies; a demo's `say` prints on the terminal."""
    files = [file for file in STUDIES.rglob("*.py") if "report.language import" in file.read_text("utf-8")]
    return {phrase for file in files if file != STUDIES / "demo" / "run.py" for phrase in literal(file)}


def literal(file: Path) -> set[str]:
    """Phrases of the calls of `say` in a file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and _is_say(node.func):
            assert isinstance(node.args[0], ast.Constant), f"{file.name}: {ast.unparse(node)}"
            found.add(node.args[0].value)
    return found


def _is_say(called: ast.expr) -> bool:
    return (isinstance(called, ast.Name) and called.id == "say") or (
        isinstance(called, ast.Attribute) and called.attr == "say"
    )


def vocabulary() -> set[str]:
    """Names of the field that are said by `say.name` and `say.cell`."""
    tables = [figures.TAIL, figures.ACCOUNTS, *()]
    found = {column.label for table in tables for column in table.columns if column.label}
    found |= {column.label for column in figures.FUND_FIGURES.values()}
    found |= set(words.TITLES.values()) | set(home().labels) | set(crowd.NAMES.values())
    found |= set(crowd.STATISTICS.values()) | set(files.TOLD.values()) | set(sections.START.values())
    found |= set(sections.EXCESS.values()) | {sections.AS_STATED, *sections.NO_LIMITS}
    found |= {"Absolute loss", "Excess loss", "none", "not recorded", "firm", "indicative", "not defined"}
    found |= {"Gaussian", "Student\u2011t", "random", "below", "above", "removed", "not removed"}
    found |= set(study.KINDS.values()) | {"A study"}
    return found - {"VaR", "ES", "CTA", "DMA"}


def test_every_phrase_used_has_a_translation() -> None:
    known = phrases("zh")
    assert len(said()) > 100
    assert not {phrase for phrase in said() | vocabulary() if phrase not in known}


def test_every_label_of_pictures_is_used() -> None:
    known = tomllib.loads((HERE / "zh_pictures.toml").read_text(encoding="utf-8"))
    assert len(pictured()) > 40
    assert not set(known) - said() - vocabulary()


def test_a_translation_has_the_holes_of_its_phrase_and_is_chinese() -> None:
    for phrase, other in phrases("zh").items():
        assert _holes(phrase) == _holes(other), phrase
        assert HAN.search(other) or not re.search(r"[A-Za-z]{3}", re.sub(r"\{\w+\}", "", other)), phrase


def _holes(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def test_a_phrase_that_is_missing_is_said_in_english() -> None:
    assert Say("zh")("never heard of {x}", x="{this}") == "never heard of {this}"
    assert Say("zh").cell("1.5 to 2.5") == "1.5 至 2.5"
    assert Say().cell("1.5 to 2.5") == "1.5 to 2.5"
    assert Say("zh").listed(["a", "b", "c"]) == "a、b和c"


@pytest.fixture
def chinese(folder, edit) -> Result:
    edit(folder / "config.json", lambda config: config.update(report={"language": "zh"}))
    return Result.read(folder)


def test_headings_captions_and_the_answer_are_chinese(chinese) -> None:
    html = render(chinese, dict.fromkeys(NAMES, "<svg></svg>"))
    assert '<html lang="zh-Hans">' in html
    shown = re.findall(r"<(h2|h3|caption|figcaption|dt)[^>]*>(.*?)</\1>", html, re.S)
    assert len(shown) > 25
    for tag, inner in shown:
        text = re.sub(r"<[^>]*>", "", inner)
        assert HAN.search(text), (tag, text)
    for paragraph in answer.answer(chinese):
        assert HAN.search(paragraph)
        assert not re.search(r"\b(the|of|with|over|paths)\b", paragraph), paragraph


def test_provenance_is_named_in_chinese(chinese) -> None:
    plain = [name for name, _ in provenance(chinese) if ":" not in name and "of " not in name]
    left = [name for name in plain if not HAN.search(chinese.say.name(name))]
    assert left == [name for name in left if name.startswith("Promise")]


def test_the_twin_says_what_the_page_says(chinese) -> None:
    page = tailrisk.report.page.document(chinese, dict.fromkeys(NAMES, "<svg></svg>"))
    text = document.markdown(page)
    for section in page.sections:
        assert f"## {section.heading}" in text
    assert all(paragraph in text for paragraph in page.answer)
    assert text.count("|---|") >= 8


def test_an_event_is_described_in_chinese(chinese) -> None:
    described = words.in_words(chinese.events[0].description, chinese.labels, chinese.say)
    assert described == "中证1000减沪深300的1日价差：以此前250日为尺（去均值），z 不高于 −7"
