"""Rows of a result: as declared, as they were called before, and refused where they are neither."""

import pytest

from tailrisk.core.errors import InputError
from tailrisk.report import rows
from tailrisk.report.rows import Cells

FORMER = {
    "loss": ("loss", "", None),
    "es_95": ("es", "", 0.95),
    "es_95, least among funds": ("es_least", "", 0.95),
    "es_95, largest among funds": ("es_largest", "", 0.95),
    "loss, quantile 50 %": ("quantile", "", 0.5),
    "loss, deviation among funds": ("deviation", "", None),
    "line: basis": ("line", "basis", None),
    "line on the worst paths: forced": ("line_worst", "forced", None),
}


@pytest.mark.parametrize("name", FORMER)
def test_a_former_figure_of_a_fund_is_read_as_todays(name):
    cells = {"product": "dma", "funds": "own", "figure": name, "value": "0.1", "low": "0.05", "high": "0.2"}
    found = rows.fund(Cells("funds.csv", cells))
    assert (found.figure, found.part, found.level) == FORMER[name]
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (0.1, 0.05, 0.2)


def test_a_figure_that_is_not_declared_is_refused():
    cells = {"product": "dma", "funds": "own", "figure": "luck", "part": "", "level": "nan", "value": "0.1"}
    with pytest.raises(InputError, match=r"'luck' is not known"):
        rows.fund(Cells("funds.csv", cells))


def test_a_tail_row_without_drift_or_saturation_is_of_a_former_run():
    cells = dict.fromkeys(("product", "family", "benchmark", "view", "measure"), "x")
    cells |= dict.fromkeys(("var", "var_low", "var_high", "es", "es_low", "es_high", "sd", "mean"), "0.1")
    found = rows.tail(Cells("tail.csv", cells | {"level": "0.95", "tail_points": "9", "indicative": "True"}))
    assert (found.drift, found.saturated, found.mean.low, found.mean.high) == (None, False, 0.1, 0.1)


def test_stocks_over_nav_had_another_name():
    odds = {f"{name}{end}": "0.5" for name in ("margin_breach", "wipe_out") for end in ("", "_low", "_high")}
    for name in ("long", "gross_leverage"):
        found = rows.account(Cells("accounts.csv", {"product": "dma", name: "4.0", **odds}))
        assert found.long == 4.0


def test_a_tail_row_has_its_own_mean_and_its_own_drift():
    cells = dict.fromkeys(("product", "family", "benchmark", "view", "measure"), "x")
    cells |= dict.fromkeys(("var", "var_low", "var_high", "es", "es_low", "es_high", "sd"), "0.1")
    cells |= {"level": "0.95", "tail_points": "9", "indicative": "True", "saturated": "True"}
    for name, value in (("mean", 0.2), ("drift", 0.3)):
        cells |= {name: f"{value}", f"{name}_low": f"{value - 0.01}", f"{name}_high": f"{value + 0.02}"}
    found = rows.tail(Cells("tail.csv", cells))
    assert found.drift is not None
    assert (found.mean.value, found.drift.value, found.drift.low, found.drift.high) == (0.2, 0.3, 0.29, 0.32)
    assert found.saturated


@pytest.mark.parametrize(("low", "high"), [("-0.01", "0.2"), ("0.3", "0.2"), ("0.1", "1.01")])
def test_bounds_of_a_probability_lie_within_zero_and_one(low, high):
    cells = {"probability": "0.15", "probability_low": low, "probability_high": high}
    with pytest.raises(InputError, match="within 0 and 1"):
        rows._probability(Cells("events.csv", cells))
