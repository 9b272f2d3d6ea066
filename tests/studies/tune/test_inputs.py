"""A tuning of the user's own stocks: alpha, book and benchmark by code, and every limit of his."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tailrisk.core import InputError
from tailrisk.studies.tune.book import book_of, expected, loosest, read_inputs
from tailrisk.studies.tune.config import Loaded, load_tune
from tailrisk.universe import Universe
from tests.small_universe import STYLES, small_universe

CODES = tuple(f"{600000 + k}" for k in range(60))
DAYS = 20
TEXT = """
name = "own"
question = "Does the book keep what was asked?"
market = "smoke.toml"
stocks = "stocks.csv"
paths = 512
level = 0.95
budget = 0.05
[product]
mix = {{ csi500 = 1.0 }}
hedged = false
long = 1.0
{product}
[bounds]
size = [0.2, 2.0]
{bounds}
[limits]
{limits}
[desk]
weight = 0.2
nav = 1e8
tracking = 1.0
others = 5.0
{desk}
"""


def stocks() -> Universe:
    """Sixty stocks with codes, in three industries."""
    return replace(small_universe(), ids=CODES, industry=tuple("abc"[k % 3] for k in range(60)))


def tuning(folder: Path, **parts: str) -> Loaded:
    blank = {"product": "", "bounds": "", "limits": "", "desk": ""}
    (folder / "tune.toml").write_text(TEXT.format(**{**blank, **parts}), encoding="utf-8")
    return load_tune(folder / "tune.toml", STYLES)


def held(loaded: Loaded, universe: Universe) -> np.ndarray:
    """The manager's book within the loosest bounds [stock]."""
    inputs = read_inputs(loaded, universe)
    factors = len(universe.factors)
    book = book_of(loaded.tune, universe, inputs, DAYS, 1e-4 * np.eye(factors))
    return book.decide(loosest(loaded.tune)).weights


def save(folder: Path, name: str, **columns: object) -> None:
    pd.DataFrame(columns).to_csv(folder / name, index=False)


def test_alpha_by_code_is_what_the_manager_maximises(tmp_path: Path) -> None:
    universe = stocks()
    save(tmp_path, "alpha.csv", code=["600007.SH", "sh600040", "600002"], alpha=[0.9, 0.5, -0.9])
    loaded = tuning(tmp_path, desk='alpha = "alpha.csv"')
    inputs = read_inputs(loaded, universe)
    found = expected(loaded.tune, universe, inputs, DAYS)
    assert_allclose(found[[7, 40, 2]], np.array([0.9, 0.5, -0.9]) * DAYS / 242, rtol=0.02)
    assert (np.delete(found, [7, 40, 2]) == 0).all()
    weights = held(loaded, universe)
    assert weights[7] == weights.max()
    assert weights[2] < 1e-6
    assert "alpha of 3 of 60 stocks" in inputs.notes[0]


def test_a_score_of_any_scale_is_the_same_score(tmp_path: Path) -> None:
    universe, draw = stocks(), np.random.default_rng(0).normal(size=60)
    books = []
    for scale in (1.0, 1000.0):
        save(tmp_path, "score.csv", code=CODES, score=scale * draw)
        books.append(held(tuning(tmp_path, desk='alpha = "score.csv"'), universe))
    assert_allclose(*books, atol=1e-6)
    assert np.corrcoef(books[0], draw)[0, 1] > 0.2


def test_every_limit_is_kept_and_binds(tmp_path: Path) -> None:
    universe = stocks()
    save(tmp_path, "book.csv", code=CODES, weight=np.full(60, 1 / 60))
    free = held(tuning(tmp_path), universe)
    against = universe.benchmark[:, 1]

    def active(weights: np.ndarray) -> np.ndarray:
        return weights - against

    assert free.max() > 0.05
    assert held(tuning(tmp_path, limits="position = 0.05"), universe).max() <= 0.05 + 1e-7
    box = held(tuning(tmp_path, limits="styles = { momentum = [-0.1, 0.05], beta = 0.02 }"), universe)
    assert -0.1 - 1e-6 <= active(box) @ universe.style[:, 1] <= 0.05 + 1e-6
    assert abs(active(box) @ universe.style[:, 0]) <= 0.02 + 1e-6
    assert abs(active(free) @ universe.style[:, 0]) > 0.02

    def of_industries(weights: np.ndarray) -> pd.Series:
        return pd.Series(active(weights)).groupby(list(universe.industry)).sum()

    assert of_industries(free).abs().max() > 0.02
    assert (
        of_industries(held(tuning(tmp_path, limits="industry = 0.01"), universe)).abs().max() <= 0.01 + 1e-6
    )
    one = of_industries(held(tuning(tmp_path, limits="industry = { b = 0.0 }"), universe))
    assert abs(one["b"]) < 1e-6
    own = 'book = "book.csv"'
    near = held(tuning(tmp_path, product=own, limits="turnover = 0.1"), universe)
    assert abs(near - 1 / 60).sum() <= 0.1 + 1e-6


def test_a_benchmark_of_ones_own_is_what_active_is_less_of(tmp_path: Path) -> None:
    universe = stocks()
    save(tmp_path, "bench.csv", code=[*CODES[:30], "830799"], weight=[*np.full(30, 0.99 / 30), 0.01])
    loaded = tuning(tmp_path, product='benchmark = "bench.csv"')
    inputs = read_inputs(loaded, universe)
    assert_allclose(inputs.benchmark, [*np.full(30, 1 / 30), *np.zeros(30)])
    assert "1.00% of bench.csv is in no stock of the universe (of Beijing 1.00%)" in inputs.notes[0]
    book = book_of(loaded.tune, universe, inputs, DAYS, 1e-4 * np.eye(len(universe.factors)))
    assert_allclose(book.hedge[:60], inputs.benchmark)
    assert (
        abs(book.decide([0.2, 0.6]).weights @ universe.style[:, 2] - inputs.benchmark @ universe.style[:, 2])
        < 0.21
    )


def test_bounds_of_any_style_are_tuned(tmp_path: Path) -> None:
    loaded = tuning(tmp_path, bounds='styles = { momentum = [0.05, 0.3, 1.0] }\nfrontier = "momentum"')
    assert loaded.tune.tuned == ("momentum", "size")
    universe = stocks()
    inputs = read_inputs(loaded, universe)
    book = book_of(loaded.tune, universe, inputs, DAYS, 1e-4 * np.eye(len(universe.factors)))
    tight = book.decide([0.05, 2.0, 0.6]).weights - universe.benchmark[:, 1]
    assert abs(tight @ universe.style[:, 1]) <= 0.05 + 1e-6


REFUSED = {
    "limit on a tuned style": ({"limits": "styles = { size = 0.1 }"}, "limits.styles.size: is tuned"),
    "limit on no style": ({"limits": "styles = { value = 0.1 }"}, "limits.styles.value: is no style"),
    "crossed": ({"limits": "styles = { beta = [0.2, 0.1] }"}, "least <= most"),
    "turnover of nothing": ({"limits": "turnover = 0.1"}, "out of no book"),
    "frontier": ({"bounds": 'frontier = "beta"'}, "a style that is tuned"),
    "no such file": ({"desk": 'alpha = "none.csv"'}, "desk.alpha: 'none.csv': no such file"),
    "no column": ({"desk": 'alpha = "empty.csv"'}, "has no column alpha or score"),
    "no number": ({"desk": 'alpha = "words.csv"'}, "row 2: alpha = \"high\""),
    "other stocks": ({"product": 'book = "other.csv"'}, "is in no stock of the universe"),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused(tmp_path: Path, parts: dict[str, str], said: str) -> None:
    save(tmp_path, "empty.csv", code=["600000"], beta=[1.0])
    save(tmp_path, "words.csv", code=["600000", "600001"], alpha=[0.1, "high"])
    save(tmp_path, "other.csv", code=["600000", "000001"], weight=[0.5, 0.5])
    with pytest.raises(InputError) as refused:
        read_inputs(tuning(tmp_path, **parts), stocks())
    assert said in str(refused.value)


def test_synthetic_stocks_have_no_codes(tmp_path: Path) -> None:
    text = TEXT.format(product="", bounds="", limits="", desk='alpha = "a.csv"')
    (tmp_path / "tune.toml").write_text(text.replace('stocks = "stocks.csv"', "stocks = 5000"))
    with pytest.raises(InputError, match="synthetic names have no codes"):
        load_tune(tmp_path / "tune.toml", STYLES)
