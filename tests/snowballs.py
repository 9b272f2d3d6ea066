"""The notes of configs/snowballs_2024.toml as parameters, and single bins made by hand."""

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from tailrisk.crowd.autocall import Market, Note, price
from tailrisk.crowd.snowball_book import Book, Hedge, prepare

FILE = Path(__file__).resolve().parents[1] / "configs" / "snowballs_2024.toml"
WORDS = tomllib.loads(FILE.read_text(encoding="utf-8"))
NOTE, MARKET = Note(**WORDS["terms"]), Market(**WORDS["pricing"])
HEDGE = {name: value for name, value in WORDS["hedge"].items() if name != "participation"}
FREE = 1e9  # a limit that never binds, billions a round


def books():
    return [Book(**{k: v for k, v in b.items() if k not in ("future", "underlying")}) for b in WORDS["book"]]


@cache
def surface():
    return price(NOTE, MARKET)


@cache
def params(days=60, limit=FREE, dtype=np.float64):
    return prepare(NOTE, MARKET, books(), Hedge(**HEDGE, limit=[limit] * 2), days, dtype)


@cache
def single(months, days=60, barrier=0.75, cap=2.0):
    """One bin of 100 bn, its barrier over an index of one."""
    book = Book(level=1.0, notional=100.0, barrier=[barrier], weight=[1.0], months=[months])
    return prepare(NOTE, MARKET, [book], Hedge(**HEDGE | {"cap": cap}, limit=[FREE]), days)


def change(params, **values):
    """Parameters with some scalars or arrays replaced."""
    like = params.cap
    return replace(params, **{k: jnp.asarray(np.asarray(v), like.dtype) for k, v in values.items()})
