"""Pages of studies in Chinese: headings, captions, heads of tables and the answer, of every command."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from tailrisk.report import study, translated
from tailrisk.report.cells import read
from tailrisk.report.document import Document, Heading, Listing, Picture, Shown
from tailrisk.report.language import Say, patterns, studies
from tailrisk.report.rows import tail
from tailrisk.studies.sweep import page as sweep
from tailrisk.studies.tune.page import page as tuned
from tailrisk.studies.watch.run import watched

RESULTS = Path(__file__).resolve().parents[2] / "results"
STUDIES = {
    "match": "拥挤与历史情景的匹配",
    "backtest": "预测回测",
    "validation/backtest": "预测回测",
    "feb2024_replay": "真实交易日重放",
    "validation/crowd": "与数据的对照检验",
    "validation/regimes": "与数据的对照检验",
    "monitor": "逐日监控的预测",
    "reverse": "通往损失的最可能路径",
    "audit": "规则改变了什么",
    "minute": "一分钟的归因",
    "liquidation": "持仓的退出",
    "gauge": "拥挤度量表",
    "adoption": "多人同用的对策",
    "sensitivities": "什么牵动尾部",
}
"""Folder of results -> what its page is called."""
HAN = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"\b(the|of|with|over|paths|and|for|which|is|are|in|at)\b")
NAMES = re.compile(r"VaR|ES|Z2|P|Lingjun|[a-z]+[0-9]*(_[a-z0-9]+)+|ewma|student|memory|locks")
"""Names of models, rules and cases, which stay as the config or the study has them."""
SELLERS = {
    "other quant funds",
    "futures and swap desks unwinding",
    "public funds",
    "retail and levered accounts",
}
"""Names that the user's config gives."""
HEADED = {"top_1800", "deleverage", "DMA 4x"}
"""Policies, and a product, under whose names sections stand."""


def chinese(text: str) -> bool:
    """Whether there is Chinese in it, or nothing that would need any."""
    return bool(HAN.search(text)) or not re.search(r"[A-Za-z]{2}", text)


def check(page: Document, names: Iterable[str] = ()) -> None:
    """Nothing that a reader looks at first is left in English but names."""
    known = {*SELLERS, *names}
    assert page.say.language == "zh"
    assert chinese(page.kind)
    assert page.answer
    for paragraph in page.answer:
        assert HAN.search(paragraph), paragraph
        assert not WORDS.search(paragraph), paragraph
    for section in page.sections:
        assert chinese(section.heading) or section.heading in HEADED, section.heading
        for part in section.parts:
            if isinstance(part, Heading):
                assert chinese(part.text) or part.text in HEADED, part.text
            if isinstance(part, Picture):
                assert HAN.search(part.caption), part.caption
                assert not WORDS.search(part.caption), part.caption
            if isinstance(part, Shown):
                assert chinese(part.table.caption), part.table.caption
                left = [head for head in part.table.head if not chinese(head) and head not in known | HEADED]
                assert not [head for head in left if not NAMES.fullmatch(head)], left


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_this_repository_is_told_in_chinese(name: str) -> None:
    page = study.document(RESULTS / name, "zh")
    assert page.kind == STUDIES[name]
    assert HAN.search(page.question)
    check(page)


@pytest.mark.parametrize("name", STUDIES)
def test_english_is_what_it_was(name: str) -> None:
    page = study.document(RESULTS / name, "en")
    assert not any(HAN.search(section.heading.split(" loses ")[0][6:]) for section in page.sections[:1])
    assert page.sections
    assert page.sections[0].heading == "Findings" or "loses" in page.sections[0].heading or page.answer


TUNE = {
    "tune": {"level": 0.99, "paths": 16384, "market": "feb2024.toml", "desk": {"ic": 0.05, "premium": -0.09}},
    "tuned": ["size", "momentum"],
    "question": "Which style bounds keep a market-neutral product within its budget, on the model of 2023?",
    "days": 60,
    "universe": "synthetic",
    "command": "tailrisk tune tune_neutral.toml",
}
BEST = {
    "size": 0.4, "momentum": 1.0, "micro": 0.2, "gross": 0.8, "budget": 0.05, "es": 0.049,
    "es_other_half": 0.051, "es_other_low": 0.047, "es_other_high": 0.055, "alpha_year": 0.09,
    "cost_once": 0.002, "es_loosest": 0.06, "es_tightest": 0.04, "tightest_saves_low": 0.01,
    "tightest_saves_high": 0.02, "feasible": True,
}  # fmt: skip


@pytest.mark.parametrize("feasible", [True, False])
def test_a_tuning_is_told_in_chinese(tmp_path: Path, feasible: bool) -> None:
    (tmp_path / "record.json").write_text(json.dumps(TUNE), encoding="utf-8")
    pd.DataFrame([{**BEST, "feasible": feasible}]).to_csv(tmp_path / "answer.csv", index=False)
    row = {
        "alpha_year": 0.1,
        "cost_once": 0.002,
        "es": 0.05,
        "es_low": 0.04,
        "es_high": 0.06,
        "es_saved": 0.01,
    }
    row |= {"es_saved_low": 0.005, "es_saved_high": 0.015}
    rows = [{"size_bound": bound, **row} for bound in (0.1, 1.0)]
    pd.DataFrame(rows).to_csv(tmp_path / "frontier.csv", index=False)
    (tmp_path / "README.md").write_text(tuned(tmp_path), encoding="utf-8")
    page = study.document(tmp_path, "zh")
    assert page.kind == "风格约束的调优"
    assert "主动市值 0.4" in page.answer[0]
    assert "守住" in page.answer[0] if feasible else "守不住" in page.answer[0]
    check(page)


def test_a_universe_and_a_calibration_answer_in_chinese() -> None:
    say = Say("zh")
    for text in (
        "4,795 stocks on 2024-03-29, 4,600 of them in a bucket. The median specific deviation runs from "
        "1.20 % a day (CSI 300) to 2.10 % (Micro-cap).",
        "Of 8 models of 4557 daily returns the one of 4 regimes and student shocks has the least BIC. Its "
        "most volatile regime has 3.1 % of days, 9 at a stretch, with a deviation of csi300 of 3.20 % a day; "
        "its calmest has 41.0 % of days, with 0.90 %.",
    ):
        told = say.paragraph(text)
        assert HAN.search(told)
        assert not WORDS.search(told), told


def test_a_sweep_is_told_in_chinese(tmp_path: Path) -> None:
    whole = read(RESULTS / "feb2024" / "tail.csv", tail, "product")
    cells = [{"name": name, "settings": [f"market.states={k}"]} for k, name in enumerate(("two", "three"), 2)]
    record = {"name": "states", "question": "?", "keys": ["market.states"], "cells": cells, "seeds": [7]}
    found = tuple((str(cell["name"]), row) for cell in cells for row in whole)
    grid = sweep.Grid(tmp_path, record, found)
    page = translated.document(sweep.document(grid, "<svg></svg>"), Say("zh"))
    assert page.answer[0].startswith("期内损失，绝对")
    check(page, [*grid.keys, *grid.products])


def test_a_watch_is_told_in_chinese(tmp_path: Path) -> None:
    rows = [f"2024-02-19 09:30:00.{k:03d},P{k % 2},M,order,{k}" for k in range(400)]
    text = "\n".join(["time,account,controller,action,order", *rows])
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    watched(tmp_path / "orders.csv", tmp_path / "seen", command="tailrisk watch orders.csv")
    page = study.document(tmp_path / "seen", "zh")
    check(page)
    parts = [part for one in page.sections for part in one.parts]
    lines = [item for part in parts if isinstance(part, Listing) for item in part.items]
    assert len(lines) > 6
    assert not [line for line in lines if not HAN.search(line) or WORDS.search(line)]


def test_its_config_s_language_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        "# Does this model describe these data?\n\nWords.\n", encoding="utf-8"
    )
    for said, language in (({}, "en"), ({"language": "zh"}, "zh"), ({"language": "xx"}, "en")):
        record = {"command": "tailrisk validate a.toml b.csv", **said}
        (tmp_path / "record.json").write_text(json.dumps(record), encoding="utf-8")
        assert study.document(tmp_path).say.language == language
        assert study.document(tmp_path, "zh").say.language == "zh"


def test_words_that_no_phrase_fits_are_left_as_they_are() -> None:
    say = Say("zh")
    for text in (
        "Nobody knows what this is.",
        "A sentence to nobody. And another one",
        "stocks rose, and fell",
    ):
        assert say.paragraph(text) == text
    assert Say().render("5 to 7 Feb") == "5 to 7 Feb"


def test_phrases_with_holes_find_what_filled_them() -> None:
    """Every phrase of a study matches itself, its holes filled with words of their own."""
    assert len(patterns("zh")) > 50
    for phrase in studies("zh"):
        names = list(dict.fromkeys(re.findall(r"\{(\w+)\}", phrase)))
        filled = phrase.format(**{name: f"x{k}" for k, name in enumerate(names)})
        told = Say("zh").render(filled)
        assert told != filled or not HAN.search(studies("zh")[phrase]), phrase
        assert all(f"x{k}" in told for k in range(len(names))), phrase
