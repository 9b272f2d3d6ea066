"""Bad products: each is refused with the place, the value and what is allowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

Refusal = Callable[..., str]
Edit = Callable[..., None]

# what is wrong: (text of small.toml, what takes its place, what the message must say)
EDITS = {
    "unknown key in a product": (
        "hedge =",
        "lng = 3\nhedge =",
        ["products.dma.lng: unknown key, did you mean 'long'?", "margin_rate"],
    ),
    "field of another family": (
        "hedge =",
        "volatility_annual = 0.1\nhedge =",
        ["products.dma.volatility_annual"],
    ),
    "unknown family": ('"dma"', '"dmaa"', ["products.dma.family: \"dmaa\", did you mean 'dma'?", "cta, dma"]),
    "family missing": ('family = "dma"\n', "", ["products.dma.family: missing", "index_enhanced"]),
    "product name": ("[products.dma]", "[products.DMA]", ["products.DMA: not a name", "lower case"]),
    "product that is no table": (
        "[products.dma]",
        "[products]\ncta = 3\n[products.dma]",
        ["products.cta: 3", "table"],
    ),
    "unknown bucket in weights": (
        "csi1000 = 1.0",
        "csi1001 = 1.0",
        ["weights.csi1001", "did you mean 'csi1000'"],
    ),
    "unknown style": (
        "liquidity",
        "liqidity",
        ["style_exposure.liqidity", "did you mean 'liquidity'", "momentum"],
    ),
    "style out of range": (
        "liquidity = 0.3",
        "liquidity = 30",
        ["style_exposure.liquidity: 30", "at most 5"],
    ),
    "unknown future": ("IM = 1.0", "IH = 1.0", ["hedge.IH: unknown key", "IF, IC, IM"]),
    "unknown benchmark": (
        '"csi500"\nweights',
        '"cash"\nweights',
        ['products.ie.benchmark: "cash"', '"csi500"'],
    ),
    "weights do not sum": (
        "micro = 0.4",
        "micro = 0.5",
        ["products.ie.weights: the weights sum to 1.1", "sum to 1"],
    ),
    "weight negative": ("micro = 0.4", "micro = -0.4", ["products.ie.weights.micro: -0.4", "at least 0"]),
    "weights missing": ("weights = { csi1000 = 1.0 }\n", "", ["products.dma.weights: missing"]),
    "hedge does not sum": (
        "IM = 1.0",
        "IM = 0.9",
        ["products.dma.hedge: the weights sum to 0.9", "sum to 1"],
    ),
    "margin above equity": (
        "hedge =",
        "long = 4\nmargin_rate = 0.3\nhedge =",
        ["products.dma.margin_rate: long * margin_rate is 4 * 0.3 = 1.2", "at most 1"],
    ),
    "leverage absurd": ("hedge =", "long = 400\nhedge =", ["long: 400", "at most 10"]),
    "leverage not a number": (
        "hedge =",
        'long = "4"\nhedge =',
        ['long: "4"', "a number"],
    ),
    "leverage NaN": ("hedge =", "long = nan\nhedge =", ["long: NaN", "a number"]),
    "leverage infinite": (
        "hedge =",
        "long = inf\nhedge =",
        ["long: Infinity", "a number"],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_a_bad_product_is_refused(
    folder: Path, edit: Edit, refusal: Refusal, old: str, new: str, expected: list[str]
) -> None:
    edit("small.toml", old, new)
    said = refusal("check", "small.toml")
    for fragment in expected:
        assert fragment in said


def test_families_refuse_what_their_books_cannot_do(folder: Path, refusal: Refusal) -> None:
    (folder / "more.toml").write_text(
        'extends = "small.toml"\n'
        '[products.n]\nlabel = "N"\nfamily = "neutral"\nweights = { micro = 1 }\nhedge = { IM = 1 }\n'
        "long = 0.95\n"
        '[products.p]\nlabel = "P"\nfamily = "micro_cap"\nmanagement = "passive"\nbenchmark = "csi2000"\n'
        "weights = { csi2000 = 0.5, micro = 0.5 }\n"
    )
    said = refusal("check", "more.toml")
    assert "products.n.long: long * (1 + margin_rate) is 0.95 * 1.12 = 1.064" in said
    assert "products.p.weights: a passive fund holds 0.5 of its benchmark 'csi2000'" in said
