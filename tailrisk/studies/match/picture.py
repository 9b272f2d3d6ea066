"""The picture of a match: each bucket since the crowd was let go, on record and replayed."""

from collections.abc import Sequence

import numpy as np

from ...calibrate.ladder import Array
from ...calibrate.picture import drawn

RECORD, REPLAY, BAND = "#D55E00", "#0072B2", "#56B4E9"


def replay_picture(
    days: Sequence[str], record: Array, replays: Array, titles: Sequence[tuple[int, str]]
) -> str:
    """SVG of cumulative returns; record [day, bucket], replays [member, day, bucket], the best first.

    titles: place and label of the buckets to show.
    """
    from matplotlib.figure import Figure

    when = np.arange(len(days))
    figure = Figure(figsize=(9.0, 5.6), layout="constrained")
    panels = figure.subplots(-(-len(titles) // 2), 2, sharex=True).ravel()
    for axes, (b, title) in zip(panels, titles, strict=False):
        paths = 100 * (np.cumprod(1 + replays[:, :, b], axis=1) - 1)
        low, high = np.quantile(paths, [0.05, 0.95], axis=0)
        axes.axhline(0, color="0.8", linewidth=0.6)
        axes.fill_between(when, low, high, color=BAND, alpha=0.4, linewidth=0, label="90 % of the ensemble")
        axes.plot(when, paths[0], color=REPLAY, label="replay, best set")
        axes.plot(when, 100 * (np.cumprod(1 + record[:, b]) - 1), color=RECORD, label="record")
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_ylabel("%", rotation=0)
        axes.set_xticks(when[::3], [day[5:] for day in days[::3]])
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False, fontsize=8)
    return drawn(figure)
