"""Tables of what only some runs have: the crowd, funds, drift, other risks, components; cell by cell."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tailrisk.report import answer, crowd, funds, page, provenance, tables, words
from tailrisk.report.estimate import Estimate
from tailrisk.report.folder import Result
from tailrisk.report.rows import AccountRow, ComponentRow, CrowdRow, DriftRow, FundRow, RiskRow
from tailrisk.report.terminal import show

LEVELS = (0.95, 0.99, 0.999)


def about(value: float, half: float = 0.001) -> Estimate:
    return Estimate(value, value - half, value + half)


@pytest.fixture(scope="module")
def result(pristine) -> Result:
    return Result.read(pristine)


def texts(table: tables.Table) -> list[list[str]]:
    """Every row of a table, its first cell included."""
    return [[cell.text for cell in row] for _, rows in table.groups for row in rows]


def crowd_rows() -> tuple[CrowdRow, ...]:
    """Cohorts `a`, called and owing, `b`, owing alone, and `c`, neither; figures that tell places apart."""

    def row(quantity, statistic, value, subject="", level=None, unit="", indicative=False):
        named = {"quantity": quantity, "statistic": statistic, "subject": subject, "level": level}
        found = about(value) if value else Estimate(0.0, 0.0, 0.002)
        return CrowdRow(**named, label="", unit=unit, estimate=found, indicative=indicative)

    found = [row("residual", "largest", 3e-7)]
    for at in LEVELS:
        found += [
            row("worst_3_days", "value_at_risk", 0.1 + at / 100, "micro", at),
            row("worst_3_days", "expected_shortfall", 0.2 + at / 100, "micro", at, indicative=at == 0.999),
        ]
    found += [
        row("worst_3_days", "mean", 0.05, "micro"),
        row("state_spent", "quantile", 150.0, "", 0.99, "billion yuan"),
        row("state_spent", "mean", 123.0, "", None, "billion yuan"),
    ]
    found += [row("stage", "probability", p, s) for s, p in (("1", 0.4), ("2", 0.2), ("3", 0.0))]
    for k, (name, called, short) in enumerate((("a", 0.31, 0.12), ("b", 0.0, 0.07), ("c", 0.0, 0.0))):
        found += [
            row("drawdown", "mean", 0.01 * (k + 1), name),
            *(row("drawdown", "expected_shortfall", 0.1 * (k + 1) + at / 100, name, at) for at in LEVELS),
            row("called", "probability", called, name),
            row("short", "probability", short, name),
            row("shortfall", "mean", 5.5 * (k + 1), name, None, "billion yuan"),
        ]
    return tuple(found)


@pytest.fixture(scope="module")
def crowded(result) -> Result:
    return replace(result, crowd=crowd_rows())


def test_cohorts_are_said_by_column(crowded):
    table = crowd.cohorts(crowded)
    a, b, c = texts(table)
    assert a[5:7] == ["31.00 %", "12.000 %"]
    assert [float(x) for x in a[1:5]] == pytest.approx([1.0, 10.95, 10.99, 10.999], abs=0.011)
    assert float(a[7]) == pytest.approx(5.5)  # billions as they are, not in per cent
    assert b[5].startswith("at most 0.2")
    assert c[6].startswith("at most 0.2")
    assert table.head[2:5] == tuple(f"ES {words.level(at)}" for at in LEVELS)


def test_the_market_is_said_by_level_and_money_as_it_is(crowded):
    rows = {(row[0].text, row[0].small): row for _, some in crowd.market(crowded).groups for row in some}
    name = crowd.NAMES["worst_3_days"]
    es = next(row for (first, small), row in rows.items() if first == name and small.startswith("ES"))
    assert [float(cell.text) for cell in es[2:]] == pytest.approx([20.95, 20.99, 20.999], abs=0.011)
    assert [cell.indicative for cell in es[1:]] == [False, False, False, True]
    stage = next(row for row in texts(crowd.market(crowded)) if row[0] == "The state's stage 1")
    assert stage[1] == "40.000 %"
    spent = next(row for row in texts(crowd.market(crowded)) if row[0] == crowd.NAMES["state_spent"])
    assert spent[1].startswith("123.0")
    assert "3.0e-07" in crowd.market(crowded).caption


def test_lines_name_the_cohorts_that_are_called_or_owe(crowded):
    said = "\n".join(crowd.lines(crowded))
    assert "a: ES of drawdown 10.99" in said
    assert "margin call on 31.00 % of paths, loss to its broker on 12.000 %" in said
    assert "b: ES of drawdown 20.99" in said
    assert "c: ES of drawdown" not in said


def fund_rows() -> tuple[FundRow, ...]:
    def row(figure, value, owner="own", part="", level=None, found=None):
        named = {"product": "dma", "funds": owner, "figure": figure, "part": part, "level": level}
        return FundRow(**named, estimate=found or about(value))

    return (
        row("loss", 0.011),
        row("es", 0.21, level=0.95),
        row("called", 0.0, found=Estimate(0.0, 0.0, 0.0)),
        row("line", 0.03, part="hedge"),
        row("line", 0.0, part="fees", found=Estimate(0.0, 0.0, 0.0)),
        row("quantile", 0.33, "all", level=0.99),
        row("called", 0.44, "all"),
    )


def test_funds_are_said_by_owner_and_lines_that_are_zero_are_left_out(result):
    some = replace(result, funds=fund_rows())
    own, lines, every = funds.tables(some)
    assert own.head == ("Product", "Mean loss", f"ES {words.level(0.95)}", "Called by its broker")
    ((name, loss, es, called),) = own.groups[0][1]
    assert (name.text, loss.text, es.text) == ("DMA 4×", "1.10", "21.00")
    assert (called.text, called.small) == ("0.00", ""), "no interval where it has no width"
    assert es.small == "20.90 to 21.10"
    assert lines.head == ("Product", "Hedge"), "fees are zero for every product"
    assert texts(every) == [["DMA 4×", "33.00", "44.00"]]
    assert f"all {200_000} paths" in own.caption
    kept = replace(some, funds=(*fund_rows(), replace(fund_rows()[3], figure="line_worst")))
    assert not funds.every_path(kept)
    assert "the first" in funds.tables(kept)[0].caption


def test_drift_leaves_out_what_moves_nothing(result):
    rows = [("dma", "drift", 0.02), ("dma", "fee", 0.02), ("cta", "drift", 0.01), ("cta", "alpha", 0.0)]
    found = tuple(
        DriftRow(product=p, part=part, estimate=about(v, 1e-4) if v else Estimate(0, 0, 0))
        for p, part, v in rows
    )
    table = tables.drift(replace(result, drift=found))
    assert table.head == ("Product", "Drift", "Fee")
    assert texts(table) == [["DMA 4×", "2.00", "2.00"], ["CTA", "1.00", "none"]]


def test_other_risks_say_of_how_many_paths_each_is(result):
    def row(product, kind, value, paths):
        named = {"product": product, "view": "absolute", "loss": "terminal", "risk": kind, "paths": paths}
        return RiskRow(**named, estimate=about(value), indicative=kind == "mean", saturated=False)

    rows = (row("dma", "mean", 0.01, 500), row("cta", "mean", 0.02, 700), row("dma", "wang:0.5", 0.05, 9000))
    (table,) = tables.risks(replace(result, risks=rows))
    assert table.head == ("Product", "Mean, 700 paths", "Wang 0.5, 9,000 paths")
    assert texts(table) == [["DMA 4×", "1.00", "5.00"], ["CTA", "2.00", ""]]
    assert [cell.indicative for cell in table.groups[0][1][0]] == [False, True, False]


def parts() -> tuple[ComponentRow, ...]:
    """One product whose hedge and basis work against its stocks."""
    said = (
        ("stocks csi300", 0.10),
        ("stocks micro", 0.20),
        ("hedge", -0.05),
        ("basis", -0.01),
        ("rest", 0.02),
    )
    return tuple(
        ComponentRow(product="dma", level=0.95, part=part, estimate=about(v, 1e-4), indicative=part == "rest")
        for part, v in said
    )


def test_components_are_said_by_part_and_marked(result):
    table = tables.components(replace(result, components=parts()))
    row = next(row for row in table.groups[0][1] if row[0].text == "DMA 4×")
    assert [cell.text for cell in row[1:]] == ["10.00", "20.00", "−5.00", "−1.00", "2.00"]
    assert [cell.indicative for cell in row[1:]] == [False, False, False, False, True]
    assert texts(table)[0][1:] == ["none"] * 5


def test_firmness_gives_the_widest_error_of_each_level(result):
    """Of negative figures too: an error is a share of the size."""
    row = next(r for r in result.tail if r.level == 0.99)
    odd = replace(row, value_at_risk=Estimate(-0.1, -0.2, 0.3), expected_shortfall=Estimate(-0.1, -0.4, 0.2))
    others = tuple(r for r in result.tail if r is not row)
    table = tables.firmness(replace(result, tail=(*others, odd)))
    cells = {line[0]: line for line in texts(table)}[words.level(0.99)]
    assert cells[2:4] == ["250.0", "300.0"]


def test_a_saturated_figure_says_whether_it_is_all_or_an_edge(result):
    row = replace(result.tail[0], saturated=True)
    whole = tables._pair(replace(row, expected_shortfall=about(1.0, 0.0)))
    edge = tables._pair(replace(row, expected_shortfall=about(0.3)))
    assert (whole[1].small, edge[1].small) == (tables.ALL, tables.EDGE)
    assert whole[0].small == tables._loss(row.value_at_risk).small


def account(breach: float, gone: float) -> AccountRow:
    found = [about(p, 0.01) if p else Estimate(0.0, 0.0, 0.003) for p in (breach, gone)]
    return AccountRow(
        product="dma", long=4.0, margin_rate=0.2, margin_breach=found[0], wipe_out=found[1], shortfall=0.1
    )


def test_accounts_say_what_is_owed_where_one_was_wiped_out(result):
    seen, safe = (replace(result, accounts=(account(0.5, gone),)) for gone in (0.25, 0.0))
    assert texts(tables.accounts(seen)) == [["DMA 4×", "4", "20", "50.0 %", "25.0 %", "10.00"]]
    assert texts(tables.accounts(safe))[0][4:] == ["at most 0.30 %", "none seen"]
    assert "below its margin on 50.0 % of paths and is wiped out on 25.0 %" in answer._account(
        seen, seen.accounts[0]
    )


def test_composition_is_words_and_stands_on_the_left(result):
    table = tables.composition(result)
    assert not table.numeric
    assert not table.short
    small = tables.Table("", ("a",), (("", ((tables.Cell("x"),),) * 12),))
    assert small.short
    assert not replace(small, numeric=False).short
    assert not replace(small, groups=(("", ((tables.Cell("x"),),) * 13),)).short


def test_an_event_never_seen_has_bounds_in_its_row(result):
    event = next(event for event in result.events if event.count == 0)
    assert [cell.text for cell in tables._odds(event)] == [
        "at most 0.0019",
        "at most 0.00075",
        "at least 13,000",
    ]


def test_the_mildest_product_is_so_by_shortfall_and_not_by_var(result):
    rows = [
        row for row in result.tail if (row.view, row.measure, row.level) == ("absolute", "terminal", 0.99)
    ]
    mild = min(rows, key=lambda row: row.expected_shortfall.value)
    other = next(row for row in rows if row is not mild and row.product != "micro_active")
    changed = replace(other, value_at_risk=about(1e-4, 1e-5))
    tail = tuple(changed if row is other else row for row in result.tail)
    said = answer._worst(replace(result, tail=tail), "absolute")
    assert words.label(result.section("products"), mild.product) in said.split("The smallest is that of")[1]


def test_indicative_levels_are_named_if_one_figure_is_and_with_the_fewest_points(result):
    tail = tuple(
        replace(
            row,
            indicative=row.level == 0.99 and row.product == "cta",
            tail_points=700 if row.product == "cta" else 900,
        )
        for row in result.tail
    )
    (said,) = answer._indicative(replace(result, tail=tail))
    assert said.startswith(f"Figures at {words.level(0.99)} are indicative")
    assert "as few as 700 tail points" in said


def test_a_level_all_of_whose_figures_are_indicative_leaves_the_lowest(result):
    soft = replace(result, tail=tuple(replace(row, indicative=True) for row in reversed(result.tail)))
    assert soft.levels == LEVELS
    assert soft.headline == 0.95


def test_the_horizon_is_counted_in_words(result):
    for days, said in ((1, "one trading day"), (2, "2 trading days")):
        curves = {**result.curves, "regime_share": np.ones((days, 4)) / 4}
        assert answer._horizon(replace(result, curves=curves)) == said


def test_more_levels_than_fit_go_into_further_tables_and_saturation_is_told(pristine, folder, monkeypatch):
    monkeypatch.setattr("tailrisk.report.terminal.LEVELS", 2)
    text = show(pristine)
    heads = [line for line in text.splitlines() if line.startswith("ABSOLUTE")]
    assert [line.count("ES") for line in heads] == [2, 1]
    assert "saturated" not in text
    path = folder / "tail.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    lines = [f"{line},{str(line.startswith('cta,')).lower()}" for line in lines]
    path.write_text("\n".join([f"{head},saturated", *lines]) + "\n", encoding="utf-8")
    assert show(folder).replace("\n", " ").count("share exactly: cta ") == 1


def test_words_of_provenance():
    assert provenance.words(12345.678) == "12,345.68"
    assert provenance.words(12345.0) == "12,345"
    assert provenance.words(True) == "True"
    nested = {"window": ["a", "b"], "methods": ["x", "y", "z"], "stages": [{"paths": 1}, {"paths": 2}]}
    assert list(provenance._flat(nested)) == [
        ("window", "a to b"), ("methods", "x, y, z"), ("stages 1 paths", 1), ("stages 2 paths", 2),
    ]  # fmt: skip


def test_widths_count_columns():
    assert words.columns("e\u0301a") == 2, "an accent takes none"
    assert words.short("abcdefgh", 5) == "abcd…"
    assert words.columns(words.short("量化选股", 5)) == 5
    assert words.count(2.5) == "2.5"


def test_bounds_of_a_chance_never_seen_are_in_per_cent():
    assert answer.chance(Estimate(0.0, 0.0, 0.0123)) == "at most 1.3 %"
    assert answer.chance(about(0.25, 0.01)) == "25.0 %"


def test_the_crowds_stage_is_none_without_the_record():
    nothing = SimpleNamespace(of_crowd=lambda *wanted: None)
    assert crowd.residual(nothing) == "not recorded"  # type: ignore[arg-type]


def test_the_method_says_where_an_events_window_begins(result):
    assert page._method(result)["warmup"] == "simulated days"
    market = {**result.config["market"], "warmup": "history"}
    other = replace(result, config={**result.config, "market": market})
    assert page._method(other)["warmup"] == "the history before the first day"
