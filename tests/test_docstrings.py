"""What the package says of itself: shapes, errors, and examples that run."""

import ast
import doctest
import importlib
import re

import pytest

from tests.docstrings import AS_IN, AXES, Public, everything, named, public, refusing, trees

TOLD = ["tail", "optimise", "products", "market", "policies", "rare", "crowd", "assemble", "simulate"]
TOLD += ["surveillance", "intraday"]
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


PRIVATE = {"found", "kept", "lived", "said", "share", "shares", "spoken", "told"}
"""Words that name nothing a reader of the field would look for."""
KEYS = {"Stop.share", "Impact.share", "Restriction.share", "Params.share", "Tilt.share", "a_share"}
"""Keys of config files, what they become, and A-shares."""


def words(name: str, one: Public) -> set[str]:
    """Words of a public name, of its arguments and of its fields."""
    node = one.node
    if isinstance(node, ast.ClassDef):
        owner = name.rpartition(".")[2]
        fields = [ast.unparse(line.target) for line in node.body if isinstance(line, ast.AnnAssign)]
        names = [name.rpartition(".")[2], *(f for f in fields if f"{owner}.{f}" not in KEYS)]
    else:
        names = [name.rpartition(".")[2], *(a.arg for a in (*node.args.args, *node.args.kwonlyargs))]
    return {word.lower() for each in names if each not in KEYS for word in each.split("_")}


SHARES = {
    "studies.adoption",
    "studies.sensitivities",
    "studies.match",
    "studies.minute",
    "studies.who",
    "cli.adoption",
}
"""Where a share is what the field calls one: of managers, of a fall by Shapley, of a whole."""


@pytest.mark.parametrize(
    "room", [*SHAPED, "config", "universe", "calibrate", "studies", "report", "cli", "api"]
)
def test_public_names_are_in_the_words_of_the_field(room: str) -> None:
    private = [
        one.name
        for one in public(room)
        if words(one.name, one)
        & (PRIVATE - {"share", "shares"} if one.name.startswith(tuple(SHARES)) else PRIVATE)
    ]
    assert not private, bad(private)
