"""The answer: what was asked first, the user's own product before others, and what must stand beside it."""

import csv
from pathlib import Path

import pytest

from tailrisk.report import sections
from tailrisk.report.answer import answer, asked
from tailrisk.report.folder import Result

SCENARIOS = [
    # product, scenario, column, statistic, level, loss, low, high, paths, indicative
    ("dma", "old (2015)", "replay", "mean", "nan", 0.4, 0.35, 0.45, 0, False),
    ("dma", "old (2015)", "replay", "deepest", "nan", 0.5, 0.45, 0.55, 0, False),
    ("dma", "size -10 %", "shock", "mean", "nan", 0.14, 0.14, 0.14, 0, False),
    ("dma", "size -10 %", "transitive", "mean", "nan", 0.05, 0.04, 0.06, 800, True),
    ("dma", "size -10 %", "transitive", "quantile", 0.95, 0.25, 0.22, 0.28, 800, False),
    ("cta", "size -10 %", "transitive", "mean", "nan", "nan", "nan", "nan", 3, True),
]


def change(path: Path, alter) -> None:
    """Alter every row of a CSV file."""
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    for row in rows:
        alter(row)
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How likely was the day, and what could each product lose?", "how_likely"),
        ("What could the fund lose?", "how_much"),
        ("How much of the tail did the crowd make?", "who"),
        ("What if small caps fall 10 %?", "what_if"),
        ("七倍标准差的概率多大？", "how_likely"),
        ("产品会亏多少？", "how_much"),
        ("Something else entirely", "how_much"),
    ],
)
def test_the_kind_of_question_is_read_off_it(folder, edit, question, first) -> None:
    edit(folder / "record.json", lambda record: record.update(question=question))
    assert asked(Result.read(folder))[0] == first


def test_the_config_has_the_last_word_on_what_is_asked(folder, edit) -> None:
    edit(folder / "config.json", lambda config: config.update(report={"asks": ["how_likely"]}))
    result = Result.read(folder)
    assert asked(result)[0] == "how_likely"
    assert answer(result)[0].startswith("Seven sigma")
    keys = [section.key for section in sections.sections(result, dict.fromkeys(FIGURES, "<svg></svg>"))]
    assert keys.index("events") < keys.index("products")


FIGURES = ("bars", "fan", "losses", "regimes", "spread")


def test_the_users_own_product_is_named_first_and_leads_the_table(folder, edit) -> None:
    edit(folder / "record.json", lambda record: record.update(own_products=["cta"]))
    result = Result.read(folder)
    row = result.row("cta", "absolute", "terminal", 0.99).expected_shortfall.scaled(100)
    first = answer(result)[0]
    assert first.startswith(
        "In absolute terms, over 60 trading days, CTA has an expected shortfall at 99\u00a0%"
    )
    assert f"{row.text(2)}\u00a0% of starting NAV (95\u00a0% interval {row.interval(2)})" in first
    assert answer(result)[1].startswith("Of the other products Micro-cap, active carries the largest")
    assert dict(sections.glance(result))["What"] == "CTA"


def test_products_that_are_all_the_users_own_are_not_singled_out(folder, edit) -> None:
    everything = list(Result.read(folder).products)
    edit(folder / "record.json", lambda record: record.update(own_products=everything))
    assert Result.read(folder).own == ()


def test_the_product_and_the_level_asked_for_lead(folder, edit) -> None:
    edit(folder / "config.json", lambda config: config.update(report={"product": "dma", "level": 0.95}))
    result = Result.read(folder)
    assert (result.own, result.headline) == (("dma",), 0.95)
    assert "at 95\u00a0%" in answer(result)[0]


def test_drift_saturation_and_softness_stand_beside_the_number(folder) -> None:
    def saturated(row: dict) -> None:
        row["saturated"] = "True"
        row |= {"drift": "0.0782", "drift_low": "0.0762", "drift_high": "0.0803"}
        row["indicative"] = "True"
        if row["product"] == "dma" and row["view"] == "absolute" and row["measure"] == "terminal":
            row |= {"es": "1.0", "es_high": "1.0"}

    change(folder / "tail.csv", saturated)
    (folder / "drift.csv").write_text(
        "product,part,loss,loss_low,loss_high\n"
        "dma,drift,0.0782,0.0762,0.0803\ndma,basis,0.0783,0.078,0.0785\ndma,fees,0.0001,0.0001,0.0001\n"
    )
    first = answer(Result.read(folder))[0]
    assert "That is all there is to lose." in first
    assert "It is indicative only." in first
    assert "Of it 7.82 points are drift, a mean loss that needs no bad path (basis 7.83)." in first


def test_four_columns_are_a_sentence_and_a_table(folder, edit) -> None:
    names = "product,scenario,column,statistic,level,loss,loss_low,loss_high,paths,indicative"
    rows = [",".join(map(str, row)) for row in SCENARIOS]
    (folder / "scenarios.csv").write_text("\n".join([names, *rows]) + "\n")
    edit(folder / "config.json", lambda config: config.update(report={"asks": ["what_if"], "product": "dma"}))
    result = Result.read(folder)
    assert answer(result)[0] == (
        "size -10\u00a0%: DMA 4× loses 40.0\u00a0% in old (2015), 14.00\u00a0% where nothing else moves and "
        "5.0\u00a0% (4.0 to 6.0) with what goes with it."
    )
    section = next(s for s in sections.sections(result, dict.fromkeys(FIGURES, "")) if s.key == "columns")
    table = section.parts[0].table
    assert table.head[1:] == ("Historical: old (2015)", "Shock alone", "Transitive", "Endogenous")
    cells = {row[0].text: row[1:] for row in table.groups[0][1]}
    old, shock, transitive, endogenous = cells["DMA 4×"]
    assert (old.text, old.small) == ("40.0", "35.0 to 45.0\ndeepest 50.0")
    assert (shock.text, shock.small) == ("14.00", "")
    assert (transitive.text, transitive.small) == ("5.0", "4.0 to 6.0\n95\u00a0% worst 25.0")
    assert transitive.indicative
    assert (endogenous.text, endogenous.small) == ("–", "no crowd in this run")
    assert (cells["CTA"][2].text, cells["CTA"][2].small) == ("out of reach", "3 paths as far")
    assert cells["CTA"][0].small == "no replay named"
