"""Market files of tests: China's in another order, with a sixth bucket, and made-up ones."""

import json
import tomllib
from pathlib import Path

import numpy as np

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def table(name):
    """A file of the library as a table."""
    return tomllib.loads((CONFIGS / name).read_text(encoding="utf-8"))


def inline(value):
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(x)}" for key, x in value.items()) + "}"
    if isinstance(value, list | tuple | np.ndarray):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return json.dumps(value)


def write(path, said):
    """A table as a TOML file, its keys in the table's own order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(f"{key} = {inline(value)}" for key, value in said.items()) + "\n")
    return path


def fitted(buckets, states=4, *, scale=0.01):
    """A calibrated file's table of made-up Gaussian regimes, calm to crisis."""
    size = len(buckets)
    covariance = [np.diag(np.full(size, (scale * (k + 1)) ** 2 / 4)) for k in range(states)]
    stay = np.full((states, states), 0.05 / max(states - 1, 1))
    np.fill_diagonal(stay, 0.95 if states > 1 else 1.0)
    model = {
        "states": states,
        "shocks": "gaussian",
        "transition": stay,
        "mean": np.zeros((states, size)),
        "covariance": covariance,
        "filtered": np.eye(states)[-1],
    }
    return {"buckets": list(buckets), "fit": {"window": ["2000-01-04", "2020-12-31"]}, "model": [model]}
