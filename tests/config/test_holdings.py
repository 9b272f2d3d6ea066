"""A user's own book: equal to the built-in product it copies, and refused with its row when it is wrong."""

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.data.holdings import read_holdings
from tailrisk.simulate import path

Refusal = Callable[..., str]
HEDGED = 'label = "Own"\nfamily = "dma"\nhedge = { IM = 1.0 }\nholdings = "book.csv"\n'
COPY = (
    'label = "Own"\nfamily = "index_enhanced"\nbenchmark = "csi500"\nholdings = "book.csv"\n'
    "style_exposure = { liquidity = 0.3 }\n"
)
STOCKS = "code,cap_rank,weight,liquidity\n600000,7,0.25,-1\nsz000001,801,0.5,0.5\n688001.SH,1800,0.25,1\n"


def own(folder: Path, book: str, product: str = HEDGED) -> str:
    """small.toml with a product whose holdings are `book`."""
    (folder / "book.csv").write_text(book, encoding="utf-8")
    (folder / "own.toml").write_text(f'extends = "small.toml"\n[products.own]\n{product}', encoding="utf-8")
    return "own.toml"


@pytest.mark.parametrize(
    "book",
    [
        "bucket,weight\ncsi500,0.6\nmicro,0.4\n",
        "code,bucket,weight\n000001,csi500,0.35\n600519,micro,0.4\n300750,csi500,0.25\n",
        "name,cap_rank,weight\na,301,0.3\nb,3801,0.4\nc,800,0.3\n",
        "Bucket,Value\nmicro,4e6\ncsi500,6e6\n",
    ],
    ids=["buckets", "stocks", "ranks", "values"],
)
def test_a_book_that_copies_a_product_is_that_product_bit_for_bit(folder: Path, book: str) -> None:
    config = load(own(folder, book, COPY))
    k = list(config.products).index("own")
    assert next(iter(config.products)) == "ie"
    for positions in jax.tree.leaves(assemble(config).products):
        np.testing.assert_array_equal(positions[k], positions[0])


def test_a_copy_has_the_losses_of_what_it_copies(folder: Path) -> None:
    config = load(own(folder, "bucket,weight\ncsi500,0.6\nmicro,0.4\n", COPY), ["run.days=3"])
    outcome = jax.jit(path.outcome)(assemble(config), jnp.arange(8, dtype=jnp.uint32))
    loss = np.asarray(outcome.loss)
    assert loss[0, 0, 0].std() > 0
    np.testing.assert_array_equal(loss[:, :, list(config.products).index("own")], loss[:, :, 0])


def test_weights_and_styles_are_sums_over_the_stocks(folder: Path) -> None:
    config = load(own(folder, STOCKS))
    product = config.products["own"]
    assert product.weights == {"csi300": 0.25, "csi1000": 0.75}
    assert product.style_exposure == {"liquidity": 0.25 * -1 + 0.5 * 0.5 + 0.25}
    assert read_holdings(folder / "book.csv").rows == 3


@pytest.mark.parametrize(
    ("rank", "bucket"),
    [
        (1, "csi300"),
        (300, "csi300"),
        (301, "csi500"),
        (800, "csi500"),
        (801, "csi1000"),
        (1801, "csi2000"),
        (3800, "csi2000"),
        (3801, "micro"),
    ],
)
def test_ranks_fall_in_their_buckets(folder: Path, rank: int, bucket: str) -> None:
    (folder / "book.csv").write_text(f"cap_rank,weight\n{rank},1\n")
    assert read_holdings(folder / "book.csv").weights == {bucket: 1.0}


def test_the_record_holds_the_book_and_its_digest_but_no_path(folder: Path) -> None:
    name = own(folder, STOCKS)
    first = load(name)
    said = first.resolved()["products"]
    assert said["own"]["weights"] == {"csi300": 0.25, "csi1000": 0.75}
    assert said["own"]["holdings"] == "book.csv"
    assert len(said["own"]["holdings_sha256"]) == 64
    assert "holdings" not in said["dma"]
    absolute = load(name, [f"products.own.holdings={folder / 'book.csv'}"])
    assert str(folder) not in str(absolute.resolved())
    assert absolute.digest() == first.digest()
    own(folder, STOCKS.replace("600000", "600001"))
    assert load(name).digest() != first.digest()


def test_the_library_has_an_example(folder: Path) -> None:
    config = load("own_book.toml")
    assert sorted(config.attached.holdings) == ["mine", "mine_neutral"]
    assert config.products["mine"].style_exposure["liquidity"] > 0


# what is wrong: (text of STOCKS, what takes its place, what the message must say)
EDITS = {
    "weights do not sum": ("0.5,0.5", "0.4,0.5", ["column weight: sums to 0.9", "sum to 1", "exposure"]),
    "percent": ("0.25,-1", "99.25,-1", ["column weight: sums to 100", "divide by 100"]),
    "short": ("0.25,-1", "-0.25,-1", ["row 1: weight = -0.25 is a short position", "hedge"]),
    "nan": ("0.25,-1", "nan,-1", ['row 1: weight = "nan"', "a finite number"]),
    "infinite": ("0.5,0.5", "inf,0.5", ['row 2: weight = "inf"']),
    "blank": ("0.5,0.5", ",0.5", ['row 2: weight = ""']),
    "style too large": ("0.5,0.5", "0.5,7", ['row 2: liquidity = "7"', "from -5 to 5"]),
    "rank": ("801", "8.5", ['row 2: cap_rank = "8.5"', "a whole number"]),
    "rank zero": ("801", "0", ['row 2: cap_rank = "0"']),
    "no code": ("sz000001", "60000X", ['row 2: code = "60000X"', "Shanghai or Shenzhen"]),
    "two exchanges": ("sz000001", "sz000001.SH", ['row 2: code = "sz000001.SH"']),
    "code twice, once without zeros": ("688001.SH", "1", ["row 3: code 000001 again, after row 2"]),
    "too much in no bucket": (
        "600000",
        "830799",
        ["25.0% of the book is in no bucket", "1 of Beijing", "20%"],
    ),
    "code twice": ("688001.SH", "000001", ["row 3: code 000001 again, after row 2", "each code once"]),
    "unknown column": ("liquidity", "liqidity", ["column \"liqidity\": unknown, did you mean 'liquidity'?"]),
    "column twice": ("liquidity", "weight", ["column weight: is there twice"]),
    "no weights": ("weight", "name", ["no column weight or value", "summing to 1"]),
    "no sizes": ("cap_rank", "name", ["no column bucket or cap_rank", "to 800 csi500"]),
    "both sizes": ("liquidity", "bucket", ["both bucket and cap_rank"]),
    "both weights": (
        STOCKS,
        "code,cap_rank,weight,value\n600000,7,0.25,3e6\n000001,801,0.75,1e6\n",
        ["row 1: has both weight and value, and they disagree"],
    ),
    "cells missing": ("600000,7,0.25,-1", "600000,7,0.25", ["row 1: 3 cells", "4 in the header"]),
    "no rows": (STOCKS, "code,cap_rank,weight\n", ["has no rows"]),
    "quotes": ("600000", '"600000', ["is not CSV"]),
    "unknown bucket": (STOCKS, "bucket,weight\ncsi1001,1\n", ["row 1: bucket", "did you mean 'csi1000'?"]),
    "bucket twice": (STOCKS, "bucket,weight\nmicro,.5\nmicro,.5\n", ["row 2: bucket micro again"]),
    "values of nothing": (STOCKS, "bucket,value\nmicro,0\n", ["column value: sums to 0"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_a_bad_book_is_refused(
    folder: Path, refusal: Refusal, old: str, new: str, expected: list[str]
) -> None:
    assert old in STOCKS
    said = refusal("check", own(folder, STOCKS.replace(old, new, 1)))
    assert "book.csv" in said
    for fragment in expected:
        assert fragment in said


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("weights = { micro = 1 }\n", "products.own.weights: stated beside holdings"),
        ("style_exposure = { liquidity = 1 }\n", "style_exposure.liquidity: a column of book.csv too"),
        ('holdings = "no.csv"\n', '"no.csv": no such file'),
        ("holdings = 3\n", "products.own.holdings: 3"),
    ],
)
def test_holdings_that_do_not_fit_the_config_are_refused(
    folder: Path, refusal: Refusal, more: str, expected: str
) -> None:
    product = HEDGED.replace('holdings = "book.csv"\n', "") if "holdings" in more else HEDGED
    assert expected in refusal("check", own(folder, STOCKS, product + more))


def test_a_file_that_is_no_text_and_a_passive_fund_that_is_not_are_refused(
    folder: Path, refusal: Refusal
) -> None:
    passive = 'label = "P"\nfamily = "micro_cap"\nmanagement = "passive"\nbenchmark = "micro"\n'
    said = refusal("check", own(folder, STOCKS, passive + 'holdings = "book.csv"\n'))
    assert "a passive fund holds 0 of its benchmark 'micro'" in said
    own(folder, STOCKS)
    (folder / "book.csv").write_bytes("名称,cap_rank,weight\n甲".encode("gbk")[:-1])
    assert "neither UTF-8 nor GBK text" in refusal("check", "own.toml")
