"""The shape of routs on days whose answer is known."""

import numpy as np
import pytest

from tailrisk.config import load
from tailrisk.core.errors import InputError
from tailrisk.studies.validate.page import of_routs
from tailrisk.studies.weather.config import check_books, read_targets
from tailrisk.studies.weather.measure import Weather, statistics
from tailrisk.studies.weather.shape import Legs, legs, shape
from tailrisk.studies.weather.table import beside, books

CONFIG = load("crowd_feb2024.toml")
BOOKS = books(CONFIG, read_targets())
NAMES = CONFIG.names
SMALLEST, LARGE, MIDDLE = BOOKS.smallest, BOOKS.large, BOOKS.middle


def routs(falls, large=0.0):
    """A year a path, the smallest falling so far from day 100 to 102, while the middle rises 1 %."""
    returns = np.zeros((len(falls), 242, len(NAMES.buckets)))
    for path, fall in enumerate(falls):
        returns[path, 100:103, SMALLEST] = (1 + fall) ** (1 / 3) - 1
        returns[path, 101, MIDDLE] = 0.01
        returns[path, 101, LARGE] = large
    return Weather(returns=returns)


def of(table):
    return table.set_index("of")


def test_only_falls_that_spare_the_large_are_counted():
    spared, taken = routs([-0.22, -0.24, -0.15]), routs([-0.22], large=-0.05)
    table = of(shape(spared, CONFIG, BOOKS, taken))
    assert set(table.routs) == {2}
    assert set(table.past) == {0}
    assert table.history.isna().all()
    assert table.inside.all()
    assert table.loc[NAMES.labels[SMALLEST], "median"] == pytest.approx(-23)


def test_history_is_looked_for_between_the_quantiles():
    many = routs(np.linspace(-0.21, -0.31, 11))
    table = of(shape(many, CONFIG, BOOKS, routs([-0.25])))
    smallest = table.loc[NAMES.labels[SMALLEST]]
    assert (smallest.low, smallest.high) == pytest.approx((-30, -22))
    assert smallest.history == pytest.approx(-25)
    assert smallest.inside
    deeper = of(shape(many, CONFIG, BOOKS, routs([-0.305])))
    assert not deeper.loc[NAMES.labels[SMALLEST], "inside"]


def test_a_book_is_judged_by_its_index_and_a_hedged_one_by_its_futures():
    days = routs([-0.22]).returns[0, 96:105]
    own = CONFIG.products["ie500"]
    weight = own.weights
    smallest, middle = NAMES.buckets[SMALLEST], NAMES.buckets[MIDDLE]
    made = 100 * (weight[middle] * 0.01 - weight[smallest] * 0.22 - 0.01)
    assert legs(CONFIG)["ie500"].over(days) == pytest.approx(made)
    dma = CONFIG.products["dma"]
    short = sum(w for f, w in dma.hedge.items() if NAMES.underlying[NAMES.future(f)] == MIDDLE)
    made = 100 * dma.long * ((dma.weights[middle] - short) * 0.01 - dma.weights[smallest] * 0.22)
    assert legs(CONFIG)["dma"].over(days) == pytest.approx(made)


def test_a_product_without_a_book_of_buckets_has_no_row():
    books = {name for name, product in CONFIG.products.items() if getattr(product, "weights", None)}
    assert set(legs(CONFIG)) == {*NAMES.buckets, *books}
    assert len(books) < len(CONFIG.products)


def test_targets_read_the_quantiles_of_the_table():
    weather = routs(np.linspace(-0.21, -0.31, 11))
    table, seen = of(shape(weather, CONFIG, BOOKS)), statistics(weather, BOOKS)
    for name in ("csi500", "ie1000", "neutral", "dma"):
        product = CONFIG.products.get(name)
        row = table.loc[NAMES.label(name) if product is None else product.label]
        found = [seen[f"spared_{name}_{inner}"] for inner in ("q10", "median", "q90")]
        assert found == pytest.approx([row.low, row["median"], row.high], abs=1e-12)
    assert seen["spared_neutral_q10"] < seen["spared_neutral_q90"]


def test_without_a_rout_a_shape_is_not_known():
    assert np.isnan(statistics(routs([-0.1]), BOOKS)["spared_neutral_median"])


def test_a_shape_of_nothing_is_refused():
    targets = read_targets().model_copy(update={"shapes": ("csi500", "cta")})
    with pytest.raises(InputError, match="'cta' is neither a bucket nor a product with stocks"):
        check_books(CONFIG, targets)


def test_legs_compound():
    both = Legs(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert both.over(np.array([[0.1, 0.0], [0.1, 0.2]])) == pytest.approx(1.0)


def test_the_page_says_how_many_and_what_lies_outside():
    table = shape(routs(np.linspace(-0.21, -0.31, 11)), CONFIG, BOOKS, routs([-0.305]))
    lines = of_routs(table)
    assert any(line.startswith("Of 11 simulated falls") and "and of 1 in the data" in line for line in lines)
    row = next(line for line in lines if line.startswith(f"| {NAMES.labels[SMALLEST]} "))
    assert row.endswith("| -30.5 | -26.0 | -30.0 to -22.0 | **outside** |")


@pytest.mark.parametrize("years", [0, 100, -128])
def test_years_come_in_chunks(years, tmp_path):
    with pytest.raises(InputError, match="a multiple of 128"):
        beside("crowd_feb2024.toml", (), tmp_path / "closes.csv", years)
