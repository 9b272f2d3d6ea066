"""The models: their names are the core's, their defaults the documents', and the arithmetic they do."""

from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from tailrisk.config import load
from tailrisk.config.market import Event
from tailrisk.config.model import Measure
from tailrisk.config.products import Dma, IndexEnhanced, MicroCap, Neutral
from tailrisk.config.schema import canonical, portable
from tailrisk.config.tail import Tail
from tailrisk.core.names import MEASURES


def test_measures_are_those_of_the_core() -> None:
    assert get_args(Measure) == MEASURES


def test_defaults_are_those_of_the_mechanism() -> None:
    book = {"micro": 1.0}
    neutral = Neutral(family="neutral", label="N", weights=book, hedge={"IC": 0.5, "IM": 0.5})
    assert (neutral.long, neutral.margin_rate, neutral.benchmark) == (0.8, 0.12, "cash")
    dma = Dma(family="dma", label="D", weights=book, hedge={"IM": 1.0})
    assert (dma.long, dma.margin_rate, dma.financing_annual) == (4.0, 0.2, 0.035)
    assert dma.long * dma.margin_rate == 0.8  # mechanism 2e: a cushion of 20 % of equity
    assert (dma.alpha_annual, dma.fee_annual, dma.style_exposure) == (0, 0, {})


@pytest.mark.parametrize(("total", "accepted"), [(1 + 9e-7, True), (1 + 2e-6, False), (1 - 2e-6, False)])
def test_weights_sum_to_one_within_a_millionth(total: float, accepted: bool) -> None:
    said = {"family": "index_enhanced", "label": "I", "benchmark": "csi500"}
    weights = {"csi500": 0.6, "micro": total - 0.6}
    if accepted:
        assert IndexEnhanced(**said, weights=weights).weights == weights
    else:
        with pytest.raises(ValidationError):
            IndexEnhanced(**said, weights=weights)


@pytest.mark.parametrize(("leverage", "accepted"), [(5.0, True), (5.1, False), (1.0, True)])
def test_margin_is_paid_from_equity(leverage: float, accepted: bool) -> None:
    said = {"family": "dma", "label": "D", "weights": {"micro": 1.0}, "hedge": {"IM": 1.0}}
    if accepted:
        assert Dma(**said, long=leverage).long == leverage
    else:
        with pytest.raises(ValidationError):
            Dma(**said, long=leverage)


def test_a_passive_fund_holds_its_benchmark_and_an_active_one_need_not() -> None:
    said = {"family": "micro_cap", "label": "M", "benchmark": "csi2000"}
    MicroCap(**said, management="passive", weights={"csi2000": 1.0})
    MicroCap(**said, management="active", weights={"micro": 1.0})
    with pytest.raises(ValidationError):
        MicroCap(**said, management="passive", weights={"micro": 1.0})


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.975])
def test_paths_needed_is_exact_in_decimals(level: float) -> None:
    needed = Tail(levels=(level,)).paths_needed()
    beyond = 1 - Fraction(str(level))
    assert beyond * needed >= 1 > beyond * (needed - 1)


def test_both_sides_of_the_paths_a_level_needs(folder: Path) -> None:
    levels = "tail.levels=[0.999]"
    assert load("small.toml", [levels, "run.paths=1000"]).run.paths == 1000
    with pytest.raises(ValueError, match="at least 1,000 for one loss"):
        load("small.toml", [levels, "run.paths=999"])


def test_warmup_covers_the_longest_window(folder: Path) -> None:
    one = Event(name="a", pair=("micro", "csi300"), threshold=-5.0, window=120, days=5)
    assert (
        one.warmup_days == 124
    )  # 120 days of spread, then the five that are judged, less the first day itself
    events = 'event=[{name="a", pair=["micro", "csi300"], threshold=-5, window=120, days=5}, '
    events += '{name="b", pair=["micro", "csi300"], threshold=-5, window=122}]'
    assert load("small.toml", [events]).burn_in == 124
    assert load("small.toml", ["event=[]"]).burn_in == 0


def test_canonical_text_is_one_per_value() -> None:
    assert canonical({"b": 1.0, "a": [True, None, "中"]}) == '{"a":[true,null,"中"],"b":1.0}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_portable_paths_name_no_machine() -> None:
    assert portable("calibrated/a.toml") == "calibrated/a.toml"
    assert portable("/somewhere/else/a.toml") == "a.toml"
