"""Known answers, moments and independence of the random numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from tailrisk.core import random

U32 = jnp.uint32
F32, F64 = jnp.dtype("float32"), jnp.dtype("float64")


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
    words = random.philox(
        tuple(jnp.asarray([c], U32) for c in counter), tuple(jnp.asarray(k, U32) for k in key)
    )
    assert " ".join(f"{int(w[0]):08x}" for w in words) == expected


def pairs(n, pairs=3, nu=None, dtype=F64, seed=5, days=1):
    inverse = None if nu is None else jnp.asarray(1 / nu, dtype)
    source = random.stream(seed, "test")
    unit = random.unit_pairs(
        source, jnp.arange(n, dtype=U32), jnp.arange(days, dtype=U32), pairs, inverse, dtype
    )
    return unit, inverse


def coordinates(n, **kw):
    unit, inverse = pairs(n, **kw)
    return np.stack([np.asarray(z) for z in random.student(unit[0], inverse)])


@pytest.mark.parametrize("dtype", [F32, F64])
def test_sine_and_cosine_match_the_library(dtype):
    word = jnp.arange(0, 2**32, 9973, dtype=U32)
    sine, cosine = random._sine_cosine(word, dtype)
    angle = np.asarray(word) / 2**32 * 2 * np.pi
    tolerance = 2e-7 if dtype == F32 else 3e-15
    assert np.abs(np.asarray(sine) - np.sin(angle)).max() < tolerance
    assert np.abs(np.asarray(cosine) - np.cos(angle)).max() < tolerance


@pytest.mark.parametrize("nu", [None, 3.0, 5.0, 40.0])
def test_every_coordinate_has_the_right_marginal(nu):
    z = coordinates(40_000, nu=nu)
    law = stats.norm if nu is None else stats.t(nu)
    for row in z:
        assert stats.kstest(row, law.cdf).pvalue > 1e-4


def test_the_joint_radius_of_a_t_is_an_f():
    nu, d = 4.0, 6
    square = (coordinates(50_000, nu=nu) ** 2).sum(axis=0)
    assert stats.kstest(square / d, stats.f(d, nu).cdf).pvalue > 1e-3
    independent = stats.t(nu).rvs(
        size=(d, 50_000), random_state=1
    )  # the test is sharp: a wrong joint law fails
    assert stats.kstest((independent**2).sum(axis=0) / d, stats.f(d, nu).cdf).pvalue < 1e-6


def test_coordinates_are_uncorrelated_but_share_their_scale():
    z = coordinates(200_000, nu=8.0)
    correlation = np.corrcoef(z)
    off = correlation[~np.eye(6, dtype=bool)]
    assert np.abs(off).max() < 5 / np.sqrt(200_000) * 1.5
    squares = np.corrcoef(np.minimum(z**2, 9.0))
    assert squares[0, 2] > 0.05
    assert squares[0, 4] > 0.05
    assert squares[0, 1] > 0.05


def test_the_gaussian_is_the_limit_of_the_t():
    gaussian = coordinates(5_000, nu=None)
    almost = coordinates(5_000, nu=1e7)
    np.testing.assert_allclose(almost, gaussian, rtol=2e-5, atol=1e-8)


def test_float32_and_float64_draw_the_same_numbers():
    np.testing.assert_allclose(
        coordinates(5_000, nu=5.0, dtype=F32), coordinates(5_000, nu=5.0), rtol=2e-5, atol=4e-4
    )


def test_a_draw_ignores_the_chunk_it_came_in():
    source, days = random.stream(1, "x"), jnp.arange(4, dtype=U32)
    draw = jax.jit(lambda path: random.unit_pairs(source, path, days, 3, jnp.asarray(0.2), F64))
    whole = draw(jnp.arange(1000, dtype=U32))
    parts = [draw(jnp.arange(a, b, dtype=U32)) for a, b in ((0, 1), (1, 137), (137, 1000))]
    assert (np.concatenate(parts, axis=-1) == np.asarray(whole)).all()


def test_streams_seeds_paths_and_days_differ():
    path = jnp.arange(1000, dtype=U32)
    zero = jnp.zeros_like(path)
    base = random.words(random.stream(1, "a"), path, zero, zero)[0]
    for other in (
        random.words(random.stream(2, "a"), path, zero, zero)[0],
        random.words(random.stream(1, "b"), path, zero, zero)[0],
        random.words(random.stream(1, "a"), path, zero + 1, zero)[0],
        random.words(random.stream(1, "a"), path, zero, zero + 1)[0],
        random.words(random.stream(2**32 + 1, "a"), path, zero, zero)[0],
    ):
        assert (base != other).mean() > 0.99
    assert len(np.unique(np.asarray(base))) == 1000


def test_uniforms_are_uniform_and_never_zero():
    path = jnp.arange(100_000, dtype=U32)
    u = np.asarray(random.uniforms(random.stream(3, "u"), path, jnp.zeros_like(path), F64))
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    edge = random.uniform(jnp.asarray([0, 2**32 - 1], U32), F32)
    assert float(edge[0]) == 2.0**-33
    assert float(edge[1]) <= 1.0


def test_the_bits_are_the_ones_this_version_promises():
    """If this fails, the random numbers changed: raise `random.VERSION` and say so in the changelog."""
    path = jnp.arange(3, dtype=U32)
    word = random.words(random.stream(20240205, "regimes"), path, path, path)[0]
    assert random.VERSION == "philox4x32-10/1"
    assert [f"{int(w):08x}" for w in word] == GOLDEN


GOLDEN = ["d7c42bbf", "99b7391a", "46616f49"]
