"""`--set a.b=value`: TOML values, bare words, and what is no assignment."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tailrisk.config import load

Refusal = Callable[..., str]

# what is wrong: (the assignment, what the message must say)
BAD = {
    "no equals sign": ("run.paths", ['--set "run.paths": is not an assignment', "KEY=VALUE"]),
    "no key": ("=3", ['--set "=3": is not an assignment']),
    "no value": ("run.paths=", ["--set run.paths=: the value is not TOML"]),
    "broken list": ("tail.levels=[0.9", ["--set tail.levels=[0.9: the value is not TOML"]),
    "two values": ("run.paths=3\nrun.days=4", ["is not an assignment", "KEY=VALUE"]),
    "unknown key": ("run.pths=3", ["--set run.pths=3: run.pths: unknown key, did you mean 'paths'?"]),
    "a word for a number": ("run.paths=many", ['run.paths: "many"', "a whole number"]),
    "into a number": ("run.paths.x=3", ["run.paths: a table", "a whole number"]),
    "extends": ("extends=a.toml", ["extends cannot be overridden"]),
    "out of range": ("tail.confidence=95", ["tail.confidence: 95", "below 1"]),
}


@pytest.mark.parametrize(("override", "expected"), BAD.values(), ids=BAD)
def test_a_bad_override_is_refused(
    folder: Path, refusal: Refusal, override: str, expected: list[str]
) -> None:
    said = refusal("check", "small.toml", "--set", override)
    for fragment in expected:
        assert fragment in said


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("run.seed=7", 7),
        ("run.seed = 1_000", 1000),
        ("run.seed=0x10", 16),
        ("run.memory_gb=2", 2.0),
        ("run.precision=float64", "float64"),
        ('run.precision="float64"', "float64"),
    ],
)
def test_a_value_is_toml_or_a_bare_word(folder: Path, override: str, value: object) -> None:
    field = override.split("=")[0].strip().split(".")[1]
    assert getattr(load("small.toml", [override]).run, field) == value


def test_a_word_may_hold_spaces_and_equals_signs(folder: Path) -> None:
    assert load("small.toml", ["question=Is 1 = 1 or not?"]).question == "Is 1 = 1 or not?"


def test_a_table_may_be_given_inline(folder: Path) -> None:
    config = load("small.toml", ["products.ie.weights={csi500=0.0, csi300=0.6}"])
    assert config.products["ie"].weights == {"csi300": 0.6, "csi500": 0.0, "micro": 0.4}
