"""A measured universe in a table: by bucket, then by style."""

from collections.abc import Iterator

import numpy as np

from .measure import Measured
from .universe import OUTSIDE


def summary(moments: Measured) -> str:
    """What was measured, for the terminal."""
    it, panel = moments.universe, moments.panel
    first = f"{len(it.ids):,} stocks on {it.date}, {len(panel.dates):,} days from {panel.dates[0].date()}"
    st = "left out" if panel.st is not None else "not left out, the panel has no column st"
    return "\n".join([first, "", *by_bucket(moments), "", *by_style(moments), "", f"ST stocks: {st}"])


def by_bucket(moments: Measured) -> Iterator[str]:
    it = moments.universe
    buckets = it.names.buckets
    yield f"{'bucket':<8} {'stocks':>6} {'cap bn':>8} {'ADV bn':>7} {'specific sd % a day':>20}"
    for place, name in enumerate((*buckets, "none")):
        inside = it.bucket == (place if place < len(buckets) else OUTSIDE)
        risk = 100 * float(np.median(it.specific_sd[inside])) if inside.any() else float("nan")
        yield (
            f"{name:<8} {inside.sum():>6} {it.cap[inside].sum() / 1e9:>8,.0f} "
            f"{it.adv[inside].sum() / 1e9:>7,.1f} {risk:>20.2f}"
        )


def by_style(moments: Measured) -> Iterator[str]:
    """Deviation of each style return, what it pays inside buckets, and the mean z-score of each index."""
    it = moments.universe
    yield f"{'style':<20} {'bp a day':>8} {'gain':>5}  z of " + " ".join(
        f"{name:>7}" for name in it.names.buckets
    )
    held = it.style.T @ it.benchmark
    for k, name in enumerate(it.styles):
        daily = 1e4 * float(np.nanstd(moments.estimates.style[:, k]))
        row = " ".join(f"{z:>+7.2f}" for z in held[k])
        yield f"{name:<20} {daily:>8.1f} {moments.moments.pay.gain[k]:>5.2f}       {row}"
