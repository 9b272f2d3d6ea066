"""The pictures of a validation: panels and their labels are apart, line and band are named."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tailrisk.core.names import home
from tailrisk.studies.validate import pictures


@pytest.fixture(scope="module")
def drawn() -> list:
    """The figures of 600 days and twenty histories of five buckets."""
    rng = np.random.default_rng(0)
    data, made = rng.standard_t(4, (600, 5)) / 50, rng.standard_t(4, (600, 5, 20)) / 50
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "svg", lambda figure, *words: figure)
        return list(pictures.pictures(data, made, home()).values())


def test_no_panel_reaches_into_another_nor_beyond_the_edge(drawn):
    for figure in drawn:
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [ax.get_tightbbox(renderer) for ax in figure.axes]
        boxes.append(figure.legends[0].get_window_extent(renderer))
        for one, other in combinations(boxes, 2):
            assert not one.overlaps(other)
        for box in boxes:
            assert box.x0 >= 0
            assert box.x1 <= figure.bbox.x1
            assert box.y1 <= figure.bbox.y1


def test_line_and_band_are_named_once(drawn):
    for figure in drawn:
        assert [text.get_text() for text in figure.legends[0].get_texts()] == [
            "middle 95 % of histories",
            "data",
        ]
