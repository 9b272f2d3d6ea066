"""Bounds that hold under other laws: the budget, the page, regret by hand, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tailrisk.core import InputError
from tailrisk.studies.tune.robust import regret

from .test_run import loaded, tuned


def test_a_ball_of_laws_costs_alpha(tmp_path: Path) -> None:
    best, _, where = tuned(tmp_path, 0.045, "[robust]\nradius = 0.01")
    plain, _, _ = tuned(tmp_path, 0.045)
    assert best["feasible"]
    assert_allclose(best["es_robust"], 0.045, rtol=1e-3)
    assert best["es"] < 0.95 * best["es_robust"]
    assert best["alpha_year"] < plain["alpha_year"]
    assert_allclose(plain["es"], 0.045, rtol=1e-3)
    table = pd.read_csv(where / "robust.csv") if (where / "robust.csv").is_file() else None
    assert table is None  # the plain tuning took the folder's place, and has no other law
    tuned(tmp_path, 0.045, "[robust]\nradius = 0.01")
    table = pd.read_csv(where / "robust.csv")
    assert (table["es_robust"] > table["es"]).all()
    assert_allclose(table["es"], table["es_worst_member"])
    text = (where / "README.md").read_text(encoding="utf-8")
    assert "within 0.01 standard deviations" in text
    assert "regret" in text


def test_regret_by_hand() -> None:
    alpha = np.array([1.0, 2.0, 3.0])
    shortfall = np.array([[0.1, 0.2], [0.2, 0.4], [0.3, 0.5]])
    assert regret(alpha, shortfall, 0.25).tolist() == [1.0, 0.0, 0.0]  # the first law allows 2, the second 1
    assert regret(alpha, shortfall, 0.15).tolist() == [0.0, 0.0, 0.0]  # the second law allows nothing
    assert regret(alpha, shortfall, 0.05).tolist() == [0.0, 0.0, 0.0]
    assert regret(alpha, shortfall, 0.6).tolist() == [2.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[robust]\nradius = -1.0", "radius"),
        ("[robust]\nmembers = [1, 1]", "each once"),
        ("[robust]\nmembers = [1]", "ensemble"),
        ("[robust]\nradios = 0.1", "radios"),
    ],
)
def test_what_is_refused(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        loaded(tmp_path, 0.045, more)
