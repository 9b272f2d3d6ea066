"""The notes of 2024 as data, and what a book may say."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from tailrisk.core import InputError
from tailrisk.crowd import snowball
from tailrisk.crowd.snowball_book import Book, Hedge, prepare
from tests import snowballs
from tests.snowballs import FREE, HEDGE, MARKET, NOTE


def test_books_at_the_fence():
    book, hedge = snowballs.books()[0], Hedge(**HEDGE, limit=[FREE])

    def refused(place, book=book, hedge=hedge):
        with pytest.raises(InputError, match=place):
            prepare(NOTE, MARKET, [book], hedge, 1)

    refused("book.0", book=replace(book, months=book.months[:-1]))
    refused("book.0", book=replace(book, months=[25.0] * 11))
    refused("book.0", book=replace(book, months=[0.0] * 11))
    refused("book.0", book=replace(book, barrier=[0.0, *book.barrier[1:]]))
    refused("book.0", book=replace(book, weight=[0.0] * 11))
    many = Book(level=1.0, notional=1.0, barrier=[0.7] * 33, weight=[1.0] * 33, months=[12.0] * 33)
    refused("book.0", book=many)
    refused("cap", hedge=replace(hedge, cap=2.51))
    refused("shift", hedge=replace(hedge, shift=0.0))
    assert snowball.BINS == 32


def test_the_tables_of_mechanism_3_4():
    notionals = [book["notional"] for book in snowballs.WORDS["book"]]
    assert sum(notionals) == pytest.approx(216)
    assert notionals[0] / 216 == pytest.approx(0.6)
    first, second = snowballs.WORDS["book"]
    assert sum(first["weight"]) == pytest.approx(1060, abs=0.5)
    assert sum(second["weight"]) == pytest.approx(86.4)
    assert second["barrier"][np.argmax(second["weight"])] == 4900
    assert (min(second["barrier"]), max(second["barrier"])) == (4300, 5300)


def test_the_lives_are_those_of_the_experiment():
    file = snowballs.FILE.parents[1] / "results" / "snowball_delta" / "life.csv"
    with file.open(encoding="utf-8") as rows:
        lives = {(r["index"], float(r["barrier"])): float(r["months_left"]) for r in csv.DictReader(rows)}
    for book in snowballs.WORDS["book"]:
        for barrier, months in zip(book["barrier"], book["months"], strict=True):
            assert lives[book["underlying"], barrier] == months
