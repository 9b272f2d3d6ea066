"""Examples in the docstrings of what people import do what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import tailrisk.api

MODULES = sorted(path.stem for path in Path(tailrisk.api.__path__[0]).glob("[a-z]*.py"))
OTHERS = ("tailrisk.optimise.estimator",)
EXAMPLES = 4


@pytest.mark.parametrize("name", [*(f"tailrisk.api.{stem}" for stem in MODULES), *OTHERS])
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(f"tailrisk.api.{stem}") for stem in MODULES]
    with_examples = [one.name for module in modules for one in finder.find(module) if one.examples]
    assert len(with_examples) >= EXAMPLES, with_examples


def test_everything_offered_says_what_it_is() -> None:
    import tailrisk as tr

    for name in tr.__all__:
        assert name == "__version__" or (getattr(tr, name).__doc__ or "").strip(), name
