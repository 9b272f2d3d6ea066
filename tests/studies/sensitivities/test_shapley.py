"""Shares of a whole: games whose shares are known, all coalitions against drawn orders, errors that cover."""

import numpy as np
import pytest

from tailrisk.studies.sensitivities.shapley import shares

PLAYERS = ("left", "right_1", "right_2")


def gloves(coalition):
    """A pair of gloves is worth one: the one left glove gets 2/3, each right one 1/6 (Shapley, 1953)."""
    return np.array([[float("left" in coalition and len(coalition) > 1)]])


def test_the_game_of_gloves():
    found = shares(PLAYERS, gloves)
    np.testing.assert_allclose(found.value[:, 0], [2 / 3, 1 / 6, 1 / 6])
    assert found.coalitions == 8


def test_shares_add_up_for_any_game_by_either_way():
    worth = dict.fromkeys(range(64))
    draw = np.random.default_rng(0)
    names = tuple("abcdef")

    def value(coalition):
        code = sum(2 ** names.index(name) for name in coalition)
        if worth[code] is None:
            worth[code] = draw.normal(size=(2, 5))
        return worth[code]

    for orders in (0, 20):
        found = shares(names, value, orders=orders)
        np.testing.assert_allclose(found.value.sum(axis=0), found.whole - found.none, atol=1e-12)


def test_drawn_orders_come_to_the_exact_shares_within_their_error():
    draw = np.random.default_rng(1)
    pairs = draw.normal(size=(8, 8))
    names = tuple("abcdefgh")

    def value(coalition):
        here = [names.index(name) for name in sorted(coalition)]
        sum_ = sum(pairs[i, j] * (1 + len(here)) for i in here for j in here if i <= j)
        return np.array([[sum_]])

    exact = shares(names, value)
    drawn = shares(names, value, orders=60, seed=2)
    apart = (drawn.value - exact.value)[:, 0] / drawn.error[:, 0]
    assert drawn.coalitions < 256
    assert np.abs(apart).max() < 4
    assert 0.2 < np.sqrt((apart**2).mean()) < 2


def test_the_error_is_that_over_paths():
    errors, stated = [], []
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(size=(2, 400))

        def value(coalition, noise=noise):
            rows = [noise[k] + 1.0 for k, name in enumerate("ab") if name in coalition]
            return np.sum(rows, axis=0)[None] if rows else np.zeros((1, 400))

        found = shares("ab", value)
        errors.append(found.value[0, 0] - 1.0)
        stated.append(found.error[0, 0])
    assert np.std(errors) == pytest.approx(np.mean(stated), rel=0.15)
