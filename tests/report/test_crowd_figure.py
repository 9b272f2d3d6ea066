"""The crowd's figure: every cohort's bar beside its own name."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest

from tailrisk.report.estimate import Estimate
from tailrisk.report.figures.crowd import _cohorts

DEEP = {"a": 0.30, "b": 0.20, "c": 0.10}


def result(lacks: str = "") -> SimpleNamespace:
    """Three cohorts; the mean of one may be missing."""

    def of_crowd(quantity: str, statistic: str, subject: str = "", level: float | None = None) -> object:
        value = {"expected_shortfall": DEEP[subject], "mean": DEEP[subject] / 2, "probability": 0.25}[
            statistic
        ]
        if (statistic, subject) == ("mean", lacks) or (quantity == "called" and subject != "a"):
            return None
        return SimpleNamespace(
            label=f"cohort {subject}", estimate=Estimate(value, value - 0.01, value + 0.01)
        )

    return SimpleNamespace(cohorts=tuple(DEEP), headline=0.99, of_crowd=of_crowd)


@pytest.mark.parametrize("lacks", ["", "b"])
def test_a_bar_stands_beside_the_name_it_belongs_to(lacks: str) -> None:
    figure, ax = plt.subplots()
    _cohorts(ax, result(lacks))
    shown = [name for name in reversed(DEEP) if name != lacks]
    ticks = dict(zip(ax.get_yticks(), (text.get_text() for text in ax.get_yticklabels()), strict=True))
    assert list(ticks.values()) == [f"cohort {name}" for name in shown]
    bars = {round(bar.get_y() + bar.get_height() / 2, 6): bar.get_width() for bar in ax.patches[::2]}
    assert bars == pytest.approx({place: 100 * DEEP[text[-1]] for place, text in ticks.items()})
    halves = [bar.get_width() for bar in ax.patches[1::2]]
    assert halves == pytest.approx([50 * DEEP[name] for name in shown])
    said = [text.get_text() for text in ax.texts]
    assert [("called 25 %" in text) for text in said] == [name == "a" for name in shown]
    plt.close(figure)
