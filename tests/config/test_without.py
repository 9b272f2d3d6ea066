"""Products of a parent are dropped by name, and nothing else is."""

from pathlib import Path

import pytest

from tailrisk.config import load
from tailrisk.core.errors import InputError

MINE = """
[products.mine]
label = "mine"
family = "index_enhanced"
benchmark = "csi500"
weights = { csi500 = 1.0 }
"""


def config(folder: Path, head: str, tail: str = "") -> Path:
    (folder / "my.toml").write_text(f'extends = "smoke.toml"\n{head}\n{tail}', encoding="utf-8")
    return folder / "my.toml"


def test_products_of_the_parent_are_dropped(tmp_path: Path) -> None:
    parent = load("smoke.toml")
    found = load(config(tmp_path, 'without = ["dma", "cta"]'))
    assert list(found.products) == [name for name in parent.products if name not in ("dma", "cta")]
    assert found.run == parent.run
    alone = load(config(tmp_path, 'without = "all"', MINE))
    assert list(alone.products) == ["mine"]


def test_a_dropped_product_can_be_stated_anew_and_a_grandchild_drops_too(tmp_path: Path) -> None:
    again = config(tmp_path, 'without = ["ie500"]', MINE.replace("mine]", "ie500]"))
    assert load(again).products["ie500"].weights == {"csi500": 1.0}, "nothing of the parent's is left in it"
    (tmp_path / "child.toml").write_text('extends = "my.toml"\nwithout = ["ie500"]\n')
    assert "ie500" not in load(tmp_path / "child.toml").products
    from_dict = load({"extends": "smoke.toml", "without": ["dma"]})
    assert "dma" not in from_dict.products


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('without = ["dmaa"]', "my.toml: without: \"dmaa\" is no product, did you mean 'dma'"),
        ("without = 3", "my.toml: without: 3"),
        ('without = "dma"', 'my.toml: without: "dma"'),
        ('without = "all"', "products"),
    ],
)
def test_what_cannot_be_dropped_is_refused(tmp_path: Path, head: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        load(config(tmp_path, head))
    assert said in str(refused.value)


def test_there_is_nothing_to_drop_from_without_a_parent(tmp_path: Path) -> None:
    (tmp_path / "lone.toml").write_text('without = ["dma"]\n')
    with pytest.raises(InputError, match="extends none"):
        load(tmp_path / "lone.toml")


def test_a_file_of_stocks_is_found_beside_the_moments(tmp_path: Path) -> None:
    (tmp_path / "stocks.csv").write_text("code,bucket\n600000,csi500\n000001,micro\n")
    (tmp_path / "book.csv").write_text("code,value\n600000,3e6\n000001,1e6\n")
    (tmp_path / "moments.toml").write_text('[fit]\nstocks_file = "stocks.csv"\n')
    own = MINE.replace("weights = { csi500 = 1.0 }", 'holdings = "book.csv"\nuniverse = "moments.toml"')
    found = load(config(tmp_path, "", own)).products["mine"]
    assert found.weights == {"csi500": 0.75, "micro": 0.25}
    (tmp_path / "moments.toml").write_text("[fit]\n")
    with pytest.raises(InputError, match="names no file of stocks"):
        load(config(tmp_path, "", own))
