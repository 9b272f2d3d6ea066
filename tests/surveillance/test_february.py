"""19 February 2024 (mechanism 9.21): the manager rings at 30,000 yuan an order, no account does."""

import numpy as np
import pytest

from tailrisk.surveillance.events import Registers
from tailrisk.surveillance.rules import Rules

from .streams import rang, stream, watched

LEGS = {"SZSE": (1.372e9, 42), "SSE": (1.195e9, 60)}
PRODUCTS = 400


def sold(exchange: str, child: float, accounts: int = PRODUCTS) -> set[tuple[str, str, str, str]]:
    """(rule, window, by, who) of one leg as even orders over accounts in turn."""
    amount, seconds = LEGS[exchange]
    many = round(amount / child)
    registers = Registers(controlled=True)
    registers.control = {f"P{k}": "Lingjun" for k in range(accounts)}
    stamps = np.arange(many) * seconds * 1000 // many
    seen, _ = watched(*stream(stamps, [f"P{k % accounts}" for k in range(many)], registers), Rules(), 20_011)
    return {(rule, *one) for rule in ("stock.second", "stock.day") for one in rang(seen, rule)}


@pytest.mark.parametrize("exchange", LEGS)
def test_the_manager_rings_and_no_account_does(exchange: str) -> None:
    assert sold(exchange, 30_000) == {
        ("stock.second", "calendar second", "controller", "Lingjun"),
        ("stock.second", "sliding second", "controller", "Lingjun"),
        ("stock.day", "day", "controller", "Lingjun"),
    }


def test_large_children_ring_for_nobody_and_few_accounts_ring_themselves() -> None:
    assert not sold("SZSE", 110_000)
    assert ("stock.second", "sliding second", "controller", "Lingjun") in sold("SZSE", 108_000)
    assert {by for _, _, by, _ in sold("SZSE", 30_000, accounts=3)} == {"account", "controller"}
    assert {by for _, _, by, _ in sold("SZSE", 30_000, accounts=4)} == {"controller"}
