"""Sixty stocks, twelve in each bucket, with three styles: a universe small enough to be solved fast."""

import numpy as np

from tailrisk.universe import Universe

STYLES = ("beta", "momentum", "size")


def small_universe(seed: int = 4) -> Universe:
    """A universe whose size falls from bucket to bucket."""
    rng = np.random.default_rng(seed)
    bucket = np.repeat(np.arange(5, dtype=np.int8), 12)
    ladder = (np.arange(5) <= bucket[:, None]).astype(float)
    style = rng.normal(size=(60, 3))
    style[:, 2] = 1.0 - 0.5 * bucket + 0.2 * rng.normal(size=60)
    within = style - np.repeat(style.reshape(5, 12, 3).mean(axis=1), 12, axis=0)
    return Universe(
        label="sixty", date="2023-12-29", ids=tuple(f"s{i}" for i in range(60)), styles=STYLES,
        cap=np.ones(60), bucket=bucket, benchmark=np.eye(5)[bucket] / 12, style=style,
        loading=np.hstack([ladder, within]), specific_sd=np.full(60, 0.02), adv=np.full(60, 1e8),
        alpha=np.zeros(60),
    )  # fmt: skip
