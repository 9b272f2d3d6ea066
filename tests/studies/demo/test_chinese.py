"""A demo's page in Chinese: report.language of its own file, its answer, and the language of its parts."""

import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from tailrisk.report import study
from tailrisk.report.language import Say
from tailrisk.studies.demo import page, tables
from tailrisk.studies.demo.config import load_demo
from tailrisk.studies.tune import run as tuning
from tailrisk.studies.tune.page import page as tuned
from tests.report.test_studies_chinese import BEST, HAN, TUNE, WORDS, check

ROOT = Path(__file__).resolve().parents[3]
ZH = "report.language=zh"


@pytest.fixture(scope="module")
def loaded():
    return load_demo("demo.toml", [ZH])


def figures(**ends: tuple[float, float, float]) -> dict[str, float]:
    """Columns of figures with their intervals."""
    names = [f"{name}{end}" for name in ends for end in ("", "_low", "_high")]
    return dict(zip(names, (x for found in ends.values() for x in found), strict=True))


def folder_of(place: Path, loaded, more: tuple[float, float, float], indicative: bool) -> Path:
    """A demo's folder on made-up figures."""
    (place / "bounds").mkdir(parents=True)
    (place / "without" / "figures").mkdir(parents=True)
    (place / "bounds" / "record.json").write_text(json.dumps(TUNE), encoding="utf-8")
    pd.DataFrame([BEST]).to_csv(place / "bounds" / "answer.csv", index=False)
    row = figures(es=(0.05, 0.04, 0.06), es_saved=(0.01, 0.005, 0.015))
    points = [{"size_bound": x, "alpha_year": 0.1, "cost_once": 0.002, **row} for x in (0.1, 1.0)]
    pd.DataFrame(points).to_csv(place / "bounds" / "frontier.csv", index=False)
    (place / "bounds" / "README.md").write_text(tuned(place / "bounds"), encoding="utf-8")
    sides = figures(without=(0.1, 0.09, 0.11), **{"with": (0.15, 0.14, 0.16)}, more=more)
    losses = pd.DataFrame(
        {"view": view, "product": name, "label": one.label, "level": 0.95, "indicative": indicative, **sides}
        for view in ("absolute", "excess")
        for name, one in loaded.run.products.items()
    )
    losses.loc[losses["product"] == "dma", "more"] += 0.01
    about = "csi1000 less csi300 over one day: z at or below -7 on the 250 days before, mean removed"
    odds = pd.DataFrame([{"event": "seven_sigma", "description": about, **sides}])
    made = {"regimes": tables.regimes(loaded.run), "odds": odds, "losses": losses}
    (place / "README.md").write_text(page.text(place, loaded, made), encoding="utf-8")
    record = {"command": "tailrisk demo demo.toml", "question": loaded.demo.question, "answers": page.ANSWERS}
    record |= loaded.run.report.recorded
    (place / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("more", "indicative"),
    [((0.05, 0.04, 0.06), False), ((0.001, -0.01, 0.01), True), ((-0.05, -0.06, -0.04), False)],
)
def test_the_answer_is_chinese(loaded, tmp_path, more, indicative) -> None:
    shown = study.document(folder_of(tmp_path / "demo", loaded, more, indicative))
    assert len(shown.answer) == page.ANSWERS
    check(shown, [one.label for one in loaded.run.products.values()])
    for paragraph, begin in zip(shown.answer, ("亏多少", "可能性", "怎样的约束", "市场如何"), strict=True):
        assert paragraph.startswith(begin)
        for label in (one.label for one in loaded.run.products.values()):
            paragraph = paragraph.replace(label, "")
        assert not re.search(r"[a-z]{3,}", paragraph.replace("seven sigma", "")), paragraph
    assert HAN.search(shown.question)


def test_the_language_of_the_file_is_that_of_every_part(loaded) -> None:
    for config in (loaded.run, loaded.crowd):
        assert config.report.language == "zh"
    about = SimpleNamespace(names=loaded.tune.market.names, label="synthetic"), SimpleNamespace(days=60)
    assert tuning._record(loaded.tune, *about, "tailrisk tune tune_neutral.toml")["language"] == "zh"
    over = load_demo("demo.toml", [ZH, "run.report.language=en"])
    assert (over.run.report.language, over.crowd.report.language) == ("en", "zh")
    usual = load_demo("demo.toml")
    assert usual.tune.tune.report is None
    assert usual.run.report.language == "en"


def test_english_is_said_where_nothing_is(tmp_path) -> None:
    loaded = load_demo("demo.toml")
    shown = study.document(folder_of(tmp_path / "demo", loaded, (0.05, 0.04, 0.06), False))
    said = " ".join(shown.answer)
    assert said.startswith("How much:")
    for product in loaded.run.products.values():
        said = said.replace(product.label, "")
    assert not HAN.search(said)


def test_every_sentence_that_the_librarys_demo_may_write_is_known() -> None:
    text = (ROOT / "tailrisk" / "report" / "zh_studies.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)[load_demo("demo.toml").demo.question]
    for follow in page.FOLLOW.values():
        assert HAN.search(Say("zh").paragraph(follow))
        assert not WORDS.search(Say("zh").paragraph(follow))
