"""What figures draw, read back from their axes: which number stands where."""

from dataclasses import replace
from importlib import import_module

import matplotlib.pyplot as plt
import numpy as np
import pytest

from tailrisk.report.estimate import Estimate
from tailrisk.report.figures.style import VERMILION
from tailrisk.report.folder import Result
from tests.report.test_tables import crowd_rows, parts

bars, components, crowd, fan, losses, regimes, spread, svg, tail = (
    import_module(f"tailrisk.report.figures.{name}")  # the package gives the functions of these names
    for name in ("bars", "components", "crowd", "fan", "losses", "regimes", "spread", "svg", "tail")
)


@pytest.fixture(scope="module")
def result(pristine) -> Result:
    return Result.read(pristine)


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def spans(ax) -> list[tuple[float, float]]:
    """Left and right end of every bar."""
    return [tuple(sorted((bar.get_x(), bar.get_x() + bar.get_width()))) for bar in ax.patches]


def test_components_stack_on_either_side_and_end_at_their_sum(result, ax):
    looks = components._looks(result)
    components._bar(ax, 0, list(parts()), looks)
    wanted = [(0, 10), (10, 30), (-5, 0), (-6, -5), (30, 32)]
    assert np.allclose(spans(ax), wanted)
    assert np.allclose(ax.lines[-1].get_xdata(), 10 + 20 - 5 - 1 + 2)
    assert looks["stocks micro"] == (VERMILION, "")
    assert looks["stocks csi300"] != looks["stocks csi500"]


def test_the_worst_product_is_that_of_the_largest_shortfall_at_the_fans_level(result):
    drawn = replace(result, curves={**result.curves, "scenario_level": np.array(0.99)})
    found = [result.row(p, "absolute", "terminal", 0.99).expected_shortfall.value for p in result.products]
    assert tail.worst(drawn) == int(np.argmax(found))


def test_the_median_of_all_paths_is_the_median():
    curves = {
        "fan_levels": np.array([0.1, 0.5, 0.9]),
        "fan": np.arange(3.0)[:, None, None] * np.ones((3, 2, 4)),
    }
    assert (tail._median(curves) == 1.0).all()


def test_the_worst_paths_of_a_product_are_returns(result, monkeypatch):
    """A net asset value of 0.8 is a return of -20 %."""
    days, buckets = 4, len(result.buckets)
    curves = {
        **result.curves,
        "scenario_level": np.array(0.99),
        "scenario_quantiles": np.array([0.05, 0.25, 0.5, 0.75, 0.95]),
        "scenario_fan": -0.1 * np.ones((len(result.products), 5, days, buckets)),
        "scenario_nav": 0.8 * np.ones((len(result.products), 5, days)),
        "scenario_medoid": -0.1 * np.ones((len(result.products), days, buckets)),
        "fan": result.curves["fan"][:, :days],
    }
    said = tail.tail(replace(result, curves=curves))
    assert "the product −20.0 %" in said
    assert "−10.0 %" in said


def with_crowd(result) -> Result:
    """Three cells: a hundred paths of stage 2, ten of none, a tie that the lower stage wins is left out."""
    counts = np.zeros((4, 3, 2))
    counts[2, 1, 1], counts[0, 1, 1], counts[0, 0, 0] = 100, 1, 10
    curves = {
        "crowd_counts": counts,
        "crowd_loss_edges": np.array([0.0, 0.1, 0.2, 0.3]),
        "crowd_discount_edges": np.array([0.0, 0.2, 0.4]),
    }
    return replace(result, crowd=crowd_rows(), curves={**result.curves, **curves})


def test_a_mark_stands_at_the_middle_of_its_cell_and_shows_the_commonest_stage(result, ax):
    crowd._map(ax, with_crowd(result))
    marks = [np.asarray(drawn.get_offsets()).tolist() for drawn in ax.collections]
    assert np.allclose(marks[0], [[5.0, 10.0]])
    assert np.allclose(marks[2], [[15.0, 30.0]])
    assert not marks[1]
    assert not marks[3]


def test_the_key_gives_the_share_of_paths_of_each_stage(result, ax):
    crowd._key(ax, with_crowd(result))
    said = [text.get_text() for text in ax.texts]
    assert "the state stayed out, 9.9 %" in said
    assert "stage 2, 90.1 %" in said
    assert "stage 1, 0.0 %" in said


def test_bars_of_var_lie_above_those_of_shortfall_and_the_axis_begins_at_zero(result, ax):
    bars._column(ax, result, "absolute", "terminal")
    count = len(result.products)
    assert len(ax.patches) == 2 * count
    heights = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert all(var > es for var, es in zip(heights[::2], heights[1::2], strict=True))
    low, high = ax.get_xlim()
    rows = [result.row(p, "absolute", "terminal", result.headline) for p in result.products]
    ends = [100 * end for row in rows for end in (row.value_at_risk.low, row.expected_shortfall.high)]
    assert low == min(0.0, *ends)
    assert high > max(ends)


def test_the_axis_of_losses_holds_the_upper_end_of_the_largest_shortfall(result):
    edges, counts = 100 * result.curves["loss_edges"], result.losses("absolute", "terminal")
    low, high = losses._limits(result, "absolute", "terminal", edges, counts)
    found = [
        result.row(p, "absolute", "terminal", at).expected_shortfall
        for p in result.products
        for at in result.levels
    ]
    worst = 100 * max(e.high for e in found)
    assert worst < high < 1.1 * worst
    assert -0.6 * worst < low < 0
    wide = replace(result.tail[0], expected_shortfall=Estimate(0.2, 0.1, np.inf))
    other = replace(result, tail=(wide, *result.tail[1:]))
    assert losses._limits(other, wide.view, wide.measure, edges, counts)[1] == pytest.approx(high)


def test_a_merged_bin_is_as_high_as_its_mean(monkeypatch):
    edges, counts = np.linspace(0.0, 8.0, 9), np.array([0, 9.0, 9, 9, 9, 9, 9, 0])
    monkeypatch.setattr(losses, "POINTS", 3)
    x, y = losses._outline(edges, counts, 0.0, 8.0)
    assert x.tolist() == [2.0, 2.0, 4.0, 6.0, 6.0]
    assert np.allclose(y, [0, 1, 1, 1, 0])


def test_a_fan_says_where_paths_end_and_what_its_bands_hold(result, ax):
    said = fan.fan(result)
    levels, paths = result.curves["fan_levels"], 100 * result.curves["fan"]
    assert f"5\u00a0%: {paths[2, -1, 0]:.1f} %".replace("-", "−") in said
    fan._key(ax, levels)
    texts = [text.get_text() for text in ax.texts]
    assert "90\u00a0%  (5\u00a0% to 95\u00a0%)" in texts


def test_regimes_say_the_first_day_and_the_last(result):
    share = 100 * result.curves["regime_share"]
    names = regimes.regime_names(share.shape[1])
    said = regimes._description(names, share)
    assert f"calm: {share[0, 0]:.1f} % on day 1, {share[-1, 0]:.1f} % on day 60" in said


def test_labels_that_must_all_move_down_stay_inside():
    placed = regimes._apart(np.array([99.0, 99.0, 99.0]), room=10.0)
    assert placed.tolist() == [80.0, 90.0, 100.0]


def test_the_end_bins_of_a_spread_are_counted_and_not_drawn(result, ax):
    edges = np.linspace(-12, 12, 193)
    counts = np.ones(192)
    counts[[0, -1]] = 1000
    event = result.events[0]
    spread._panel(ax, result, event, edges, counts)
    drawn = np.asarray(ax.lines[0].get_ydata())
    assert np.isnan(drawn[[0, -1]]).all()
    assert np.isfinite(drawn[1:-1]).all()


def test_seven_sigma_is_one_day_in_more_than_the_age_of_the_world():
    """Half of the two-sided 2.56e-12 a day, 242 days a year: 3.2 billion years."""
    assert spread._never(-7.0) == "one day in 3.2 billion years"


def test_short_lines_keep_two_places_and_control_characters_go():
    path = svg._rounded(svg.re.match(r'(d)="([^"]*)"', 'd="M 1.2345 2.0 L 3.456 4.0"'))
    assert path == 'd="M 1.23 2 3.46 4"'
    long = " ".join(["L 1.2345 2.5"] * 40)
    assert 'd="L 1.2 2.5' in svg._rounded(svg.re.match(r'(d)="([^"]*)"', f'd="{long}"'))
    assert svg.safe("\x7f") == "~fffd~"
