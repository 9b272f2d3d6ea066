"""Bounds that hold under other laws: the budget, the page, regret by hand, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tailrisk.core import InputError
from tailrisk.studies.tune.config import load_tune
from tailrisk.studies.tune.robust import regret
from tailrisk.studies.tune.run import publish
from tests.small_universe import STYLES, small_universe

from .test_run import TEXT, loaded, tuned


def test_a_ball_of_laws_costs_alpha(tmp_path: Path) -> None:
    plain, _, where = tuned(tmp_path, 0.045)
    assert not (where / "robust.csv").exists(), "no other law"
    best, _, where = tuned(tmp_path, 0.045, "[robust]\nradius = 0.01")
    assert best["feasible"]
    assert_allclose(best["es_robust"], 0.045, rtol=1e-3)
    assert best["es"] < 0.95 * best["es_robust"]
    assert best["alpha_year"] < plain["alpha_year"]
    assert_allclose(plain["es"], 0.045, rtol=1e-3)
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


def test_members_of_the_ensemble(tmp_path: Path) -> None:
    """A budget that the market's own member keeps with the worst of three in mind costs alpha, or nothing."""
    text = TEXT.replace("smoke.toml", "crowd_feb2024.toml").replace("level = 0.95", "level = 0.9")
    (tmp_path / "tune.toml").write_text(
        text.format(budget=0.06, more="[robust]\nmembers = [5, 40]"), encoding="utf-8"
    )
    it = load_tune(tmp_path / "tune.toml", STYLES)
    assert [one.crowd.member for one in it.others] == [5, 40]
    where = publish(
        it, small_universe(), tmp_path, force=True, command="tailrisk tune tune.toml", tell=lambda *_: None
    )
    table = pd.read_csv(where / "robust.csv")
    assert (table["es_worst_member"] >= table["es"]).all()
    assert_allclose(table["es_robust"], table["es_worst_member"])
    best = pd.read_csv(where / "answer.csv").iloc[0]
    assert best["es_robust"] >= best["es"]
    assert "members 5, 40 of the crowd" in (where / "README.md").read_text(encoding="utf-8")
