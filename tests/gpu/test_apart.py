"""How far two outcomes lie apart, by numbers known; Philox in NumPy, by Random123's vectors."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from experiments.gpu import apart
from experiments.gpu.apart import outcomes, philox
from tailrisk.core import random
from tailrisk.simulate.path import Outcome

PATHS, PRODUCTS = 1000, 2


def outcome(**changed):
    draws = np.random.default_rng(0)
    loss = draws.normal(0.0, 0.1, (2, 4, PRODUCTS, PATHS)).astype(np.float32)
    it = Outcome(
        loss=loss,
        z=draws.normal(0.0, 3.0, (1, 5, PATHS)).astype(np.float32),
        breached=np.zeros((PRODUCTS, PATHS), bool),
        shortfall=np.zeros((PRODUCTS, PATHS), np.float32),
        fault=np.zeros(PATHS, bool),
    )
    return replace(it, **changed)


def moved(paths, by):
    loss = outcome().loss.copy()
    loss[..., :paths] += np.float32(by)
    return outcome(loss=loss)


def test_the_same_outcome_is_nowhere_apart():
    assert set(outcomes(outcome(), outcome()).values()) == {0.0}


def test_paths_that_differ_are_counted():
    found = outcomes(moved(10, 0.01), outcome())
    assert found["differ"] == pytest.approx(0.01)
    assert found["beyond"] == pytest.approx(0.01)
    assert 0.01 < found["largest"] < 0.03, "of a NAV between .5 and 1.5"
    assert found["otherwise"] == 0


def test_rounding_differs_and_is_not_beyond():
    found = outcomes(moved(20, 1e-6), outcome())
    assert found["differ"] == pytest.approx(0.02)
    assert found["beyond"] == 0


def test_what_is_no_number_is_as_far_as_can_be():
    loss = outcome().loss.copy()
    loss[0, 0, 0, :10] = np.nan
    found = outcomes(outcome(loss=loss), outcome())
    assert found["differ"] == found["beyond"] == pytest.approx(0.01)
    assert found["largest"] == found["es_relative"] == found["es_errors"] == np.inf
    price = np.zeros((3, PATHS), np.float32)
    broken = price.copy()
    broken[0, 0] = np.nan
    assert outcomes(broken, price)["beyond"] == pytest.approx(0.001)


def test_flags_that_fall_the_other_way():
    breached = outcome().breached.copy()
    breached[1, :30] = True
    assert outcomes(outcome(breached=breached), outcome())["otherwise"] == pytest.approx(0.03)
    z = outcome().z.copy()
    z[0, 2, 500] = -7.5
    assert outcomes(outcome(z=z), outcome())["otherwise"] == pytest.approx(0.001)


def test_es_is_compared_in_its_own_size_and_in_standard_errors():
    found = outcomes(moved(PATHS, 0.1), outcome())
    assert found["es_relative"] == pytest.approx(0.1 / 0.27, rel=0.2)
    assert found["var_relative"] == pytest.approx(0.1 / 0.23, rel=0.2)
    assert found["es_errors"] > 3
    assert 0 < outcomes(moved(PATHS, 1e-4), outcome())["es_errors"] < 0.1


def test_weights_count():
    weight = np.ones(PATHS, np.float32)
    weight[:500] = 0.5
    plain, tilted = outcome(weight=np.ones(PATHS, np.float32)), outcome(weight=weight)
    assert outcomes(tilted, plain)["es_relative"] > 0
    assert outcomes(tilted, tilted)["es_relative"] == 0


def test_prices_are_compared_as_prices():
    price = np.zeros((3, PATHS), np.float32)
    other = price.copy()
    other[1, :50] = 0.01
    found = outcomes(other, price)
    assert found["differ"] == pytest.approx(0.05)
    assert found["beyond"] == pytest.approx(0.05)
    assert found["largest"] == pytest.approx(np.expm1(0.01), rel=1e-6)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # the vectors published with Random123
        ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_published_answers(counter, key, expected):
    words = philox(tuple(np.array([c], np.uint32) for c in counter), np.array(key, np.uint32))
    assert " ".join(f"{int(word[0]):08x}" for word in words) == expected


def test_draws_are_numpys(monkeypatch):
    with jax.enable_x64(False):
        words, uniforms, normals = apart.draws(200)
        assert (words["differ"], words["largest"], uniforms["differ"]) == (0.0, 0.0, 0.0)
        assert words["numbers"] == 4 * uniforms["numbers"] == 4 * 4 * 200
        assert normals["largest"] < 5e-6
        exact = random.words
        monkeypatch.setattr(random, "words", lambda *given: (exact(*given)[0] ^ 1, *exact(*given)[1:]))
        assert apart.draws(200)[0]["differ"] == pytest.approx(0.25)
