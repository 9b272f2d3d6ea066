"""The starter config: it loads, holds every field, and its values are the defaults."""

import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tailrisk.config import load
from tailrisk.config.accounts import AccountsBlock
from tailrisk.config.crowd import CrowdBlock, Edges
from tailrisk.config.market import Event, Market
from tailrisk.config.products import AnyProduct
from tailrisk.config.report import ReportBlock
from tailrisk.config.run import Run
from tailrisk.config.sampling import Sampling
from tailrisk.config.scenarios import ScenariosBlock, Shock
from tailrisk.config.schema import Config
from tailrisk.config.starter import TEXT, write
from tailrisk.config.tail import Tail
from tailrisk.core.errors import InputError
from tailrisk.core.names import STYLES
from tailrisk.data.holdings import COLUMNS
from tailrisk.studies.replay.config import Futures, Replay
from tailrisk.studies.tune.config import Bounds, Desk, Limits, Product, Robust, Tune, load_tune

FAMILIES = {model.__name__: model for model in get_args(get_args(AnyProduct)[0])}
SAID = tomllib.loads(TEXT.read_text(encoding="utf-8"))


def defaults(model: type[BaseModel]) -> dict[str, object]:
    """The fields of a model that have a default, with it."""
    fields = model.model_fields.items()
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in fields
        if field.get_default(call_default_factory=True) is not PydanticUndefined
    }


def test_the_starter_loads(folder: Path) -> None:
    write(folder / "my.toml")
    config = load("my.toml", ["market.calibrated=ladder.toml"])
    assert config.name == "my_run"
    assert {type(product) for product in config.products.values()} == set(FAMILIES.values())


def test_sections_state_every_field_at_its_default() -> None:
    assert SAID["run"] == defaults(Run)
    market = {**SAID["market"], "history": None, "residuals": None}
    assert {**market, "accept": tuple(market["accept"])} == defaults(Market)
    assert {key: tuple(v) if isinstance(v, list) else v for key, v in SAID["tail"].items()} == defaults(Tail)
    assert {**SAID["event"][0], **defaults(Event)} == SAID["event"][0]
    assert set(SAID["event"][0]) == set(Event.model_fields)
    assert {**SAID["sampling"], "targets": ()} == defaults(Sampling)
    demos = {"crowd", "accounts", "scenarios", "uncertainty"}
    assert set(SAID) == set(Config.model_fields) - demos
    assert {**SAID["report"], "product": None, "level": None, "asks": (), "pictures": ()} == defaults(
        ReportBlock
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_products_state_every_field_at_its_default(family: str) -> None:
    model = FAMILIES[family]
    tag = get_args(model.model_fields["family"].annotation)[0]
    (said,) = [product for product in SAID["products"].values() if product["family"] == tag]
    explained_once = {"alpha_annual": 0.0, "fee_annual": 0.0, "style_exposure": {}, "holdings": None}
    explained_once |= {"nu": None, "universe": None}
    said = {**{k: v for k, v in explained_once.items() if k in model.model_fields}, **said}
    instead_of_holdings = {name: said[name] for name in ("weights", "long", "short") if _stated(said, name)}
    assert {**said, **defaults(model), **instead_of_holdings} == said
    assert set(said) == set(model.model_fields)


def _stated(said: dict[str, object], name: str) -> bool:
    return isinstance(said.get(name), dict)


def test_every_style_and_optional_field_is_named() -> None:
    text = TEXT.read_text(encoding="utf-8")
    for name in (
        *STYLES,
        "history",
        "extends",
        "alpha_annual",
        "fee_annual",
        "style_exposure",
        "holdings",
        "universe",
        "nu",
        "[accounts]",
        "[scenarios]",
        *ScenariosBlock.model_fields,
        *Shock.model_fields,
        "[uncertainty]",
        *COLUMNS,
    ):
        assert name in text


def test_the_starter_with_a_crowd_and_accounts_states_every_field_at_its_default(folder: Path) -> None:
    write(folder / "whole.toml", parts=("accounts", "crowd"))
    said = tomllib.loads((folder / "whole.toml").read_text(encoding="utf-8"))
    assert set(said) == set(Config.model_fields) - {"scenarios", "uncertainty"}
    crowd = {**said["crowd"], "ensemble": None}
    assert crowd.pop("edges") == defaults(Edges)
    assert crowd == {k: v for k, v in defaults(CrowdBlock).items() if k != "edges"}
    assert {**said["accounts"], "every_path": None} == {
        "terms": "accounts_2024.toml",
        **defaults(AccountsBlock),
    }
    config = load("whole.toml", ["run.days=5"])
    assert config.crowd is not None
    assert config.as_accounts


def test_a_tuning_and_a_replay_have_starters_of_their_own(folder: Path) -> None:
    write(folder / "tune.toml", parts=("tune",))
    tune = load_tune(folder / "tune.toml", STYLES).tune
    said = tomllib.loads((folder / "tune.toml").read_text(encoding="utf-8"))
    text = (folder / "tune.toml").read_text(encoding="utf-8")
    blocks = ("bounds", "limits", "desk", "robust", "report")
    whole = defaults(Tune) | dict.fromkeys(blocks)
    assert {k: said[k] for k in whole if k not in blocks} == {k: v for k, v in whole.items() if v is not None}
    assert (tune.bounds, tune.limits, tune.desk, tune.robust) == (Bounds(), Limits(), Desk(), Robust())
    assert tune.report is None
    assert "# language =" in text
    models = {"bounds": Bounds, "limits": Limits, "desk": Desk, "product": Product, "robust": Robust}
    for part, model in models.items():
        assert all(f"{name} =" in text for name in model.model_fields), part
    write(folder / "replay.toml", parts=("replay",))
    told = tomllib.loads((folder / "replay.toml").read_text(encoding="utf-8"))
    assert set(told) == set(Replay.model_fields)
    replay, stated = Replay.model_validate(told), ("window", "futures", "reported")
    assert {name: getattr(replay, name) for name in defaults(Replay) if name not in stated} == {
        name: value for name, value in defaults(Replay).items() if name not in stated
    }
    assert replay.futures == Futures()
    with pytest.raises(InputError, match="one alone"):
        write(folder / "both.toml", parts=("tune", "crowd"))


def test_a_file_that_is_there_is_kept_unless_forced(folder: Path) -> None:
    with pytest.raises(InputError, match="is there already"):
        write(folder / "small.toml")
    assert load("small.toml").name == "small"
    write(folder / "small.toml", force=True)
    assert (folder / "small.toml").read_bytes() == TEXT.read_bytes()
    with pytest.raises(InputError, match="is a folder"):
        write(folder, force=True)
