"""Accounts as a config may say them: terms that are nothing by default, and how many funds and paths."""

import pytest
from pydantic import ValidationError

from tailrisk.config.accounts import AccountsBlock, Terms

SET = {
    "participation": 1.0,
    "initial_margin": 1.0,
    "margin_reset": 1.0,
    "warned_long": 0.5,
    "redemption_threshold": 0.08,
    "dealing": 0.05,
    "notice": 5,
    "high_water": 1.0,
}
"""Defaults that are not zero: none of them costs, calls or pays anything by itself."""


def test_terms_are_nothing_unless_they_are_said() -> None:
    said = Terms().model_dump()
    assert {name: said.pop(name) for name in SET} == SET
    assert set(said.values()) == {0}


@pytest.mark.parametrize(
    ("paths", "fits"), [(128, True), (65_536, True), (64, False), (65_664, False), (200, False)]
)
def test_funds_live_on_whole_groups_of_paths(paths: int, fits: bool) -> None:
    if fits:
        assert AccountsBlock(terms="t.toml", paths=paths).paths == paths
        return
    with pytest.raises(ValidationError, match="paths"):
        AccountsBlock(terms="t.toml", paths=paths)


@pytest.mark.parametrize(("funds", "fits"), [(1, True), (200, True), (0, False), (201, False)])
def test_funds_are_one_to_two_hundred(funds: int, fits: bool) -> None:
    if fits:
        assert AccountsBlock(terms="t.toml", funds=funds).funds == funds
        return
    with pytest.raises(ValidationError, match="funds"):
        AccountsBlock(terms="t.toml", funds=funds)
