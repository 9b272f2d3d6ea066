"""Answers of studies say what their tables say, counted here again."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tailrisk.report import study
from tailrisk.report.findings import answer
from tailrisk.report.language import Say

RESULTS = Path(__file__).resolve().parents[2] / "results"


def told(name: str) -> list[str]:
    """The answer's paragraphs, with plain spaces."""
    return [part.replace("\u00a0", " ") for part in study.document(RESULTS / name, "en").answer]


def test_a_monitor_names_the_model_rejected_for_fewest_and_for_most() -> None:
    table = pd.read_csv(RESULTS / "monitor" / "table.csv")
    said = told("monitor")
    kinds = table.groupby(["horizon", "level"], sort=False)
    assert len(said) == len(kinds)
    for text, ((horizon, level), own) in zip(said, kinds, strict=True):
        counts = own["es_rejected"].notna().groupby(own["model"], sort=False).sum()
        assert text.startswith(f"{100 * level:g} %, {horizon}-day losses: ")
        assert f"stands rejected for {counts.min()} of {own['product'].nunique()} products" in text
        assert f"for {counts.max()}; {(counts == 0).sum()} of {len(counts)} models" in text
        assert any(f": {model} stands" in text for model in counts.index[counts == counts.min()])


def test_an_audit_counts_what_lies_beyond_the_noise() -> None:
    table = pd.read_csv(RESULTS / "audit" / "table.csv")
    own = table[table["member"] == table["member"].iloc[0]]
    firm = (own["change_low"] > 0) | (own["change_high"] < 0)
    everything = own["rules"] == "all"
    first, alone = told("audit")
    assert f"change {(firm & everything).sum()} of {everything.sum()} figures beyond" in first
    for rule in set(own["rules"]) - {"none", "all"}:
        assert f"{rule} {(firm & (own['rules'] == rule)).sum()}" in alone
    row = own[everything & (own["figure"] == "ES dma")].iloc[0]
    after = 100 * row["value"]
    assert f"ES dma {float(f'{after - 100 * row.change:.3g}'):g} % to {float(f'{after:.3g}'):g} %" in first


def test_ways_to_a_loss_have_their_odds_and_the_likeliest() -> None:
    record = json.loads((RESULTS / "reverse" / "record.json").read_text(encoding="utf-8"))
    ways = pd.read_csv(RESULTS / "reverse" / "ways.csv")
    said = told("reverse")
    assert len(said) == min(4, len(record["losses"]))
    for text, case in zip(said, record["losses"], strict=False):
        own = ways[ways["case"] == case["case"]]
        likeliest = own.loc[own["probability"].idxmax()]
        part = 100 * likeliest["probability"] / case["probability"]
        assert text.startswith(case["title"].replace("\u00a0", " "))
        assert f"a chance of {100 * case['probability']:.3g} %" in text
        assert f"likeliest way is {part:.0f} % of it" in text
        assert f"{likeliest['first_seller']} sell first, on day {likeliest['first_seller_day']:.0f}" in text


def test_a_minute_is_told_as_a_set_with_both_ends() -> None:
    sets = pd.read_csv(RESULTS / "minute" / "sets.csv")
    lead, *venues = told("minute")
    assert "a set, not a number" in lead
    assert len(venues) == sets["venue"].nunique()
    for text, (_, own) in zip(venues, sets.groupby("venue", sort=False), strict=True):
        assert f"between {100 * own['low'].min():.1f} and {100 * own['high'].max():.1f} %" in text
        removed = own[own["notion"] == "removed"]
        assert f"{100 * removed['low'].min():.1f} to {100 * removed['high'].max():.1f} % would not" in text


def test_getting_out_names_the_largest_books_first() -> None:
    table = pd.read_csv(RESULTS / "liquidation" / "schedules.csv").query("rules == 'free'")
    size = table.groupby("book")["billions"].first().sort_values(ascending=False)
    *books, rest = told("liquidation")
    assert rest == f"{len(size) - len(books)} more books are below."
    assert [float(text.split(", ")[1].split(" bn")[0]) for text in books] == list(size.iloc[: len(books)])
    dma = table.query("book == 'dma'").set_index("schedule")
    within = dma.drop(["optimal", "immediate"])["objective"]
    assert f"by {within.idxmin()} {within.min():.1f} %" in books[0]
    assert f"all at once {dma.loc['immediate', 'objective']:.1f} %" in books[0]
    assert f"At the cap it takes {dma.loc['POV', 'days_50']:.0f} days" in books[0]


@pytest.mark.parametrize("rings", [True, False])
def test_a_watch_says_who_rings_or_that_nobody_does(rings: bool, tmp_path: Path) -> None:
    head = "rule,window,by,who\n"
    rows = "stock.second,day,account,A\nstock.second,day,account,B\nburst,day,controller,M\n" if rings else ""
    (tmp_path / "alarms.csv").write_text(head + rows, encoding="utf-8")
    record = {"events": {"order": 1200, "cancel": 34}, "set_aside": {"side: is unknown": 2}}
    (text,) = answer(tmp_path, record, "", Say())
    assert text.endswith("1,234 rows were watched, 2 set aside.")
    if rings:
        assert text.startswith(
            "3 alarms ring. orders and cancels in a second: 2 accounts and 0 controllers; "
            "bursts within a second: 0 accounts and 1 controllers."
        )
    else:
        assert text.startswith("Nobody rings.")
