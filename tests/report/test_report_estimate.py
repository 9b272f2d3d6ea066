"""Estimates are printed with the digits their interval supports, and bounds stay bounds."""

import math

import pytest

from tailrisk.report.estimate import MINUS, Estimate, at_least, at_most, number, places


@pytest.mark.parametrize(
    ("error", "expected"),
    [(0.4, 2), (0.099, 3), (0.1, 2), (9.9, 1), (10.0, 0), (123.0, -1), (1e-12, 8), (0.0, 8), (math.inf, 8)],
)
def test_two_figures_of_the_error_are_kept(error, expected):
    assert places(error) == expected


def test_the_estimate_and_its_interval_share_their_places():
    loss = Estimate(12.34567, 11.94, 12.74)
    assert (loss.text(), loss.interval(), loss.margin()) == ("12.35", "11.94 to 12.74", "0.40")
    assert Estimate(22163.0, 21263.0, 23111.0).text() == "22,160"
    assert Estimate(55.4321, 54.1, 56.9).text(2) == "55.4"
    assert Estimate(0.5, 0.4999, 0.5001).text(2) == "0.50"


def test_a_skewed_interval_keeps_its_short_end_apart_from_zero():
    period = Estimate(169.256, 30.388, 6674.96)
    assert (period.text(), period.interval()) == ("170", "30 to 6,670")
    chance = Estimate(0.0488, 0.001236, 0.2717)
    assert (chance.text(), chance.interval()) == ("0.049", "0.001 to 0.272")


def test_scaling_changes_the_unit_only():
    assert Estimate(0.5553, 0.5509, 0.5597).scaled(100).interval(2) == "55.09 to 55.97"


def test_an_open_interval_takes_its_digits_from_the_closed_side():
    assert Estimate(20.0, 12.0, math.inf).text() == "20.0"
    assert Estimate(0.5, 0.5, 0.58).text() == "0.500"


@pytest.mark.parametrize(
    ("value", "place", "text"),
    [
        (-3.2, 1, f"{MINUS}3.2"),
        (-0.004, 2, "0.00"),
        (1234567.0, 0, "1,234,567"),
        (math.inf, 2, "∞"),
        (149.0, -1, "150"),
    ],
)
def test_numbers_have_a_true_minus_and_no_negative_zero(value, place, text):
    assert number(value, place) == text


@pytest.mark.parametrize("value", [1.8444e-5, 0.0018, 0.00181, 13441.0, 13960.0, 0.0196, 99.4, 7.0, 3e-9])
def test_a_printed_bound_never_claims_more_than_is_known(value):
    upper, lower = (float(text.replace(",", "")) for text in (at_most(value), at_least(value)))
    assert value <= upper * (1 + 1e-9)
    assert lower * (1 - 1e-9) <= value
    assert upper - lower <= 0.1 * value * (1 + 1e-9)


def test_a_bound_of_two_figures_is_left_alone():
    assert at_most(0.0018) == "0.0018" == at_least(0.0018)
    assert at_most(0.00181) == "0.0019"
