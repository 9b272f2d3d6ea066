"""A fan's panel: the number it names is the worst path's last, and its lines are the paths'."""

import matplotlib.pyplot as plt
import numpy as np

from tailrisk.report.figures.fan import _panel


def test_the_worst_that_is_named_is_the_last_of_the_lowest_path() -> None:
    days, levels = np.arange(4), np.array([0.05, 0.5, 0.95])
    paths = np.array([[0.0, -3.0, -9.0, -7.3], [0.0, 1.0, 1.5, 2.1], [0.0, 4.0, 5.0, 6.4]])
    figure, ax = plt.subplots()
    _panel(ax, days, levels, paths)
    assert [text.get_text() for text in ax.texts] == ["5\u00a0% worst: −7.3 %"]
    lines = [np.asarray(line.get_ydata(), float) for line in ax.lines[:3]]
    np.testing.assert_array_equal(lines, paths[[0, 2, 1]])
    plt.close(figure)
