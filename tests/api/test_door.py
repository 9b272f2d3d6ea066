"""`import tailrisk` is light, `dir` tells what there is, and rooms of the same names are functions."""

import inspect
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import tailrisk as tr

ROOT = Path(__file__).resolve().parents[2]
SECONDS = {"import tailrisk": 0.3, "import tailrisk.__main__; tailrisk.cli.main(['--help'])": 0.2}
"""Of processor time: 0.02 and 0.1 were measured on an idle machine, 0.03 and 0.13 on a very busy one."""
HEAVY = ("jax", "jaxlib", "pandas", "numpy", "scipy", "matplotlib", "pydantic", "click")


def python(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_imports_nothing_else() -> None:
    script = f"import sys, tailrisk; dir(tailrisk); print([m for m in {HEAVY} if m in sys.modules])"
    assert python(script) == "[]\n"


@pytest.mark.parametrize("script", SECONDS)
def test_what_a_person_waits_for_first_is_short(script: str) -> None:
    """The least of five, in processor time of the child, so that a busy machine does not fail it."""

    def cost() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        python("import sys\ntry:\n    " + script + "\nexcept SystemExit:\n    pass")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    bare = "pass"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    python(bare)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert min(cost() for _ in range(5)) - start < SECONDS[script]


def test_dir_is_what_there_is() -> None:
    assert dir(tr) == sorted(tr.__all__)
    for name in tr.__all__:
        assert getattr(tr, name) is not None
    with pytest.raises(AttributeError, match="simulat"):
        tr.simulat  # noqa: B018


@pytest.mark.parametrize("name", ["simulate", "calibrate", "universe"])
def test_a_room_that_was_imported_first_is_still_called(name: str) -> None:
    script = f"import tailrisk.{name}; import tailrisk as tr, inspect; print(inspect.signature(tr.{name}))"
    said = python(script)
    import tailrisk.api as api

    assert said == f"{inspect.signature(getattr(api, name))}\n"
    assert getattr(tr, name).__doc__ == getattr(api, name).__doc__


def test_rooms_stay_rooms() -> None:
    from tailrisk.calibrate import read_prices
    from tailrisk.simulate import blocks

    assert tr.simulate.blocks is blocks
    assert tr.calibrate.read_prices is read_prices
    assert tr.tail.expected_shortfall is not None
