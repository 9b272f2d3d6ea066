"""What the package says of itself: shapes, errors, and examples that run."""

import doctest
import importlib
import re

import pytest

from tests.docstrings import AS_IN, AXES, Public, everything, named, public, refusing, trees

TOLD = ["tail", "optimise", "products", "market", "policies", "rare", "crowd", "assemble", "simulate"]
"""Rooms whose docstrings give shapes and errors; `data`, `core` and `record` give shapes."""
SHAPED = [*TOLD, "core", "data", "record"]
ERRORS = re.compile(r"InputError")
EXAMPLES = ["tail", "optimise"]


def bad(names: list[str]) -> str:
    """A message with the first few names."""
    return f"{len(names)}: " + ", ".join(names[:8])


def test_every_module_says_what_it_is() -> None:
    silent = [name for name, tree in trees().items() if not Public(name, tree).doc and tree.body]
    assert not silent, bad(silent)


@pytest.mark.parametrize("room", SHAPED)
def test_public_names_have_a_docstring(room: str) -> None:
    silent = [one.name for one in public(room) if not one.doc]
    assert not silent, bad(silent)


@pytest.mark.parametrize("room", SHAPED)
def test_array_arguments_have_a_shape(room: str) -> None:
    """A docstring has axes such as [path, asset], or says whose shapes its own are like."""
    shapeless = [one.name for one in public(room) if one.arrays and not one.says(AXES)]
    assert not shapeless, bad(shapeless)


@pytest.mark.parametrize("room", TOLD)
def test_functions_that_refuse_say_what(room: str) -> None:
    """A docstring names InputError where one may be raised, or says whose errors its own are like."""
    mute = [one.name for one in public(room) if one.name in refusing() and not one.says(ERRORS)]
    assert not mute, bad(mute)


def test_what_docstrings_refer_to_exists() -> None:
    wrong = [
        f"{name}: as in `{like}`"
        for name, node in everything().items()
        for like in AS_IN.findall(Public(name, node).doc)
        if not like.rpartition(".")[2].isupper() and named(name, like) is None  # constants aside
    ]
    assert not wrong, bad(wrong)


@pytest.mark.parametrize("room", EXAMPLES)
def test_examples_run(room: str) -> None:
    runner, finder = doctest.DocTestRunner(), doctest.DocTestFinder()
    tried = 0
    for name in [name for name in trees() if name.split(".")[0] == room]:
        module = importlib.import_module(f"tailrisk.{name.removesuffix('.__init__')}")
        tests = [test for test in finder.find(module) if test.examples]
        tried += len(tests)
        for test in tests:
            runner.run(test)
    assert tried > 20, "examples were not found"
    assert not runner.summarize(verbose=False).failed


@pytest.mark.parametrize("room", EXAMPLES)
def test_estimators_have_an_example(room: str) -> None:
    """Every function that the room's door offers, and every method of a measure that gives a figure."""
    door = importlib.import_module(f"tailrisk.{room}")
    functions = [getattr(door, name) for name in door.__all__ if callable(getattr(door, name))]
    plain = [f.__qualname__ for f in functions if not isinstance(f, type) and ">>>" not in (f.__doc__ or "")]
    assert not plain, bad(plain)
