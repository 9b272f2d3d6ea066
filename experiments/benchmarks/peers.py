"""The same model in PyTorch, eager and compiled; no dependency: the page says where it is absent."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tailrisk.studies.speed.ways import Model

CHUNK = 8192
Way = Callable[[int, int], np.ndarray]


def ways(model: Model) -> dict[str, Way]:
    """Eager and compiled. Raises ImportError where there is no PyTorch that can be loaded."""
    import torch

    torch.set_num_threads(1)
    arrays = (model.cumulative, model.mean, model.loading, model.start)
    cumulative, mean, loading, start = (torch.from_numpy(np.array(x, np.float32)) for x in arrays)

    def day(price: Any, regime: Any, u: Any, z: Any, gamma: Any) -> tuple[Any, Any]:
        shock = z * torch.sqrt((model.nu / 2) / gamma)
        after = torch.zeros_like(regime)
        for j in range(cumulative.shape[1] - 1):
            after = after + (u >= cumulative[:, j][regime])
        rows = []
        for b in range(5):
            moved = mean[:, b][after]
            for j in range(b + 1):
                moved = moved + loading[:, b, j][after] * shock[j]
            rows.append(price[b] + moved)
        return torch.stack(rows), after

    def run(step: Callable[..., Any], first: int, paths: int) -> np.ndarray:
        torch.manual_seed(first)
        found, half = [], torch.full((CHUNK,), float(model.nu / 2))
        with torch.inference_mode():
            for _ in range(0, paths, CHUNK):
                price = torch.zeros(5, CHUNK)
                regime = torch.searchsorted(start, torch.rand(CHUNK))
                for _ in range(model.days):
                    draws = torch.rand(CHUNK), torch.randn(5, CHUNK), torch._standard_gamma(half)
                    price, regime = step(price, regime, *draws)
                found.append(price.numpy())
        return np.concatenate(found, axis=1)[:, :paths]

    compiled = torch.compile(day, dynamic=False)
    return {
        f"PyTorch {torch.__version__.partition('+')[0]}, eager": lambda first, paths: run(day, first, paths),
        "PyTorch, compiled": lambda first, paths: run(compiled, first, paths),
    }
