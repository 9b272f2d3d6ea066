"""Random numbers that depend on seed, stream name, path and day alone: a counter, not a state.

Philox4x32-10 of Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3": the
128-bit counter is (path, day, index, 0) and the 64-bit key is the SHA-256 of seed and stream name, so any
chunk, device or process draws the same bits, and a mechanism switched off leaves the others' draws alone.
The transforms from bits are our own: library normals change with the version and cut the tail.
"""

import hashlib
from math import factorial, pi

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .struct import struct
from .units import Bits, Count, Normal, Ratio, Uniform

VERSION = "philox4x32-10/1"
"""Named in every record; changes whenever the bits or the transforms do."""

MULTIPLIERS = (np.uint32(0xD2511F53), np.uint32(0xCD9E8D57))
WEYL = (np.uint32(0x9E3779B9), np.uint32(0xBB67AE85))
ROUNDS = 10


@struct
class Stream:
    """The key of one named source of randomness."""

    key: Bits  # [word]  two words


def stream(seed: int, name: str) -> Stream:
    """The stream called `name` under `seed` (any integer): the first 64 bits of a SHA-256."""
    digest = hashlib.sha256(f"{VERSION}:{seed}:{name}".encode()).digest()
    return Stream(key=jnp.asarray(np.frombuffer(digest[:8], dtype="<u4")))


def philox(counter: tuple[Bits, ...], key: tuple[Bits, Bits]) -> tuple[Bits, ...]:
    """Four words of 32 random bits for each counter (four words) under a key (two words)."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        high0, low0 = _multiply(a, MULTIPLIERS[0])
        high1, low1 = _multiply(c, MULTIPLIERS[1])
        a, b, c, d = high1 ^ b ^ k0, low1, high0 ^ d ^ k1, low0
        k0, k1 = k0 + WEYL[0], k1 + WEYL[1]
    return a, b, c, d


def words(source: Stream, path: Count, day: Count, index: Count) -> tuple[Bits, ...]:
    """Four words for each (path, day, index), uint32 [...] of one shape, as are the words."""
    return philox((path, day, index, jnp.zeros_like(path)), (source.key[0], source.key[1]))


def uniform(word: Bits, dtype: jnp.dtype) -> Uniform:
    """(word + 1/2) / 2^32: never zero; its smallest value, 2^-33, puts a normal at 6.8 deviations."""
    return word.astype(dtype) * dtype.type(2.0**-32) + dtype.type(2.0**-33)


def uniforms(source: Stream, path: Count, day: Count, dtype: jnp.dtype) -> Uniform:
    """One uniform for each (path, day) [...], uint32 of one shape."""
    return uniform(words(source, path, day, jnp.zeros_like(path))[0], dtype)


def unit_pairs(
    source: Stream, path: Count, days: Count, pairs: int, inverse_nu: Ratio | None, dtype: jnp.dtype
) -> Normal:
    """Independent complex shocks [day, pair, path] from which `student` makes a multivariate t.

    With U uniform, a = -2 log U and x_j = w a / (1 + 2 j w), w = 1/nu, pair j has

        |e_j|^2 = (exp(x_j) - 1) / w           (a itself when Gaussian: Box and Muller, 1958)

    and a uniform angle. Two coordinates of a t are one complex number because modulus and angle come
    from one Philox call: as two real arrays XLA would compute it twice.
    """
    shape = (days.shape[0], pairs, path.shape[0])
    grid = (jnp.broadcast_to(path[None, None, :], shape), jnp.broadcast_to(days[:, None, None], shape))
    pair = lax.broadcasted_iota(jnp.uint32, shape, 1)
    radial, angular, _, _ = words(source, *grid, pair)
    square = dtype.type(-2.0) * jnp.log(uniform(radial, dtype))
    if inverse_nu is not None:
        j = pair.astype(dtype)
        square = (jnp.exp(inverse_nu * square / (1 + 2 * j * inverse_nu)) - 1) / inverse_nu
    radius = jnp.sqrt(square)
    sine, cosine = _sine_cosine(angular, dtype)
    return lax.complex(radius * cosine, radius * sine)


def student(unit: Normal, inverse_nu: Ratio | None) -> list[Normal]:
    """Coordinates of a multivariate t with unit scale matrix, from one day's unit pairs [pair, path].

    Pair j given the earlier ones is a t with nu + 2j degrees of freedom and scale (nu + S_j)/(nu + 2j),
    S_j = sum_{i<j} |z_i|^2 (Kotz and Nadarajah, 2004, section 1.11), hence

        z_j = e_j sqrt(prod_{i<j} (1 + |e_i|^2 / nu)).

    Exact for any nu > 0 without a gamma draw. The covariance is nu/(nu-2) times the identity.
    """
    coordinates: list[Normal] = []
    growth: Ratio | None = None
    for j in range(unit.shape[0]):
        pair = (unit[j].real, unit[j].imag)
        coordinates += pair if growth is None else (jnp.sqrt(growth) * x for x in pair)
        if inverse_nu is not None:
            factor = 1 + inverse_nu * (pair[0] * pair[0] + pair[1] * pair[1])
            growth = factor if growth is None else growth * factor
    return coordinates


def _multiply(word: Bits, multiplier: np.uint32) -> tuple[Bits, Bits]:
    return lax.mulhi(word, jnp.full_like(word, multiplier)), word * multiplier


def _sine_cosine(word: Bits, dtype: jnp.dtype) -> tuple[Normal, Normal]:
    """Sine and cosine of a turn times word / 2^32: exact quadrant, then the Taylor series to 45 degrees.

    XLA's own sine on CPU costs four times the rest of a normal (experiments/speed.py).
    """
    turn = word.astype(jnp.int32)
    quadrant = (turn + np.int32(1 << 29)) >> 30
    angle = (turn - (quadrant << 30)).astype(dtype) * dtype.type(2 * pi / 2**32)
    square = angle * angle
    terms = 5 if dtype.itemsize == 4 else 9
    sine = angle * _series(square, [(-1) ** k / factorial(2 * k + 1) for k in range(terms)])
    cosine = _series(square, [(-1) ** k / factorial(2 * k) for k in range(terms + 1)])
    odd = (quadrant & 1) != 0
    return (
        _negate_if((quadrant & 2) != 0, jnp.where(odd, cosine, sine)),
        _negate_if(((quadrant + 1) & 2) != 0, jnp.where(odd, sine, cosine)),
    )


def _series(x: jax.Array, coefficients: list[float]) -> jax.Array:
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + x.dtype.type(coefficient)
    return total


def _negate_if(flag: jax.Array, x: jax.Array) -> jax.Array:
    return jnp.where(flag, -x, x)
