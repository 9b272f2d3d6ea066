"""Configs of a tuning: the one in the library, and what is refused with its place and what is allowed."""

from pathlib import Path

import pytest

from tailrisk.core import InputError
from tailrisk.core.names import STYLES
from tailrisk.studies.tune.config import load_tune

LIBRARY = Path("configs/tune_neutral.toml")


def test_the_librarys_config_loads_and_switches_every_style_on() -> None:
    loaded = load_tune(LIBRARY, STYLES)
    assert loaded.tune.product.long == 0.8
    assert loaded.tune.bounds.long is None
    assert set(loaded.market.products["style_probe"].style_exposure) == set(STYLES)
    assert loaded.market.run.days == 60
    assert (loaded.calm.run.days, loaded.calm.market.start) == (1, "calm")


REFUSED = {
    "shares": ("csi1000 = 0.5", "csi1000 = 0.4", ["product.mix: sums to 0.9"]),
    "no future": ("csi1000 = 0.5", "micro = 0.5", ["product.mix.micro: has no future", "csi300"]),
    "swap of no future": (
        "hedged = true          #",
        "hedged = false #",
        ["bounds.swap: of a product that sells no futures"],
    ),
    "bounds that fall": ("[0.05, 0.1,", "[0.1, 0.05,", ["bounds.size", "rise"]),
    "ends the wrong way": ("micro = [0.02, 0.6]", "micro = [0.6, 0.02]", ["bounds.micro", "least < most"]),
    "an unknown key": ("fee =", "fees =", ["desk.fees", "did you mean 'fee'"]),
    "budget in percent": ("budget = 0.05", "budget = 50.0", ["budget: 50"]),
    "too few paths": ("level = 0.99", "level = 0.99999", ["paths: 16384", "at least 100000"]),
    "no such market": ("feb2024.toml", "feb2042.toml", ["feb2042.toml"]),
}


@pytest.mark.parametrize(("old", "new", "said"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, said: list[str]) -> None:
    text = LIBRARY.read_text(encoding="utf-8").replace("# swap =", "swap =")
    assert old in text
    (tmp_path / "tune.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_tune(tmp_path / "tune.toml", STYLES)
    for words in said:
        assert words in str(refused.value)


def test_gross_is_read_as_long(tmp_path: Path) -> None:
    text = LIBRARY.read_text(encoding="utf-8").replace("long = 0.8 ", "gross = 0.7 ")
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    assert load_tune(tmp_path / "a.toml", STYLES).tune.product.long == 0.7
