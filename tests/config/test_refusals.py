"""Bad configs: each is refused on one screen that names the place, the value and what is allowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

Refusal = Callable[..., str]
Edit = Callable[..., None]

# what is wrong: (text of small.toml, what takes its place, what the message must say)
RUN = {
    "unknown key at the top": ("[run]", "paths = 3\n[run]", ["small.toml: paths: unknown key", "products"]),
    "unknown table": ("[tail]", "[tial]", ["small.toml: tial: unknown key, did you mean 'tail'?"]),
    "extends misspelt": ("[run]", 'extend = "a.toml"\n[run]', ["did you mean 'extends'?"]),
    "unknown key in run": (
        "paths =",
        "path =",
        ["run.path: unknown key, did you mean 'paths'?", "memory_gb"],
    ),
    "paths negative": ("20_000", "-5", ["run.paths: -5", "at least 1"]),
    "paths zero": ("20_000", "0", ["run.paths: 0", "at least 1"]),
    "paths absurd": (
        "20_000",
        "99_999_999_999_999_999_999",
        ["run.paths: 99999999999999999999", "below 4,294,967,296"],
    ),
    "paths a fraction": ("20_000", "2e4", ["run.paths: 20000.0", "a whole number"]),
    "paths a text": ("20_000", '"many"', ['run.paths: "many"', "a whole number"]),
    "paths a flag": ("20_000", "true", ["run.paths: true", "a whole number"]),
    "path-days absurd": (
        "20_000\ndays = 30",
        "4_000_000_000\ndays = 2_000",
        ["4,000,000,000 paths of 2,060 days", "at most 1,000,000,000,000"],
    ),
    "more memory than allowed": (
        "20_000",
        "900_000_000",
        ["run.paths: 900,000,000 paths need", "memory_gb = 4", "hint"],
    ),
    "memory not a number": ("days = 30", 'memory_gb = "4G"', ['run.memory_gb: "4G"', "gigabytes"]),
    "days too many": ("days = 30", "days = 100_000", ["run.days: 100000", "at most 2,420"]),
    "days a date": ("days = 30", "days = 2024-02-05", ["run.days", "2024-02-05", "a whole number"]),
    "run is no table": ("[run]\npaths = 20_000\ndays = 30", "run = 5", ["small.toml: run: 5", "a table"]),
    "seed negative": ("days = 30", "seed = -1", ["run.seed: -1", "at least 0"]),
    "precision unknown": ("days = 30", 'precision = "float16"', ['run.precision: "float16"', '"float64"']),
    "chunk too large": ("days = 30", "chunk = 100_000", ["run.chunk: 100000", "one of 64"]),
    "level beyond the paths": (
        "[0.95, 0.99]",
        "[0.99999]",
        ["run.paths: 20000", "at least 100,000", "0.99999"],
    ),
    "name climbs": ('"small"', '"../small"', ['small.toml: name: "../small"', "letters, digits"]),
    "name missing": ('name = "small"\n', "", ["small.toml: name: missing", "letters, digits"]),
    "question empty": ('"What is the loss?"', '""', ['question: ""']),
    "syntax": ("days = 30", "days = = 30", ["small.toml: is not TOML", "line 6"]),
    "key twice": ("days = 30", "days = 30\ndays = 31", ["small.toml: is not TOML", "line 7"]),
    "nested without end": ("days = 30", f"days = {'[' * 5000}", ["small.toml: is nested too deep"]),
    "dotted without end": ("days = 30", f"{'a.' * 1500}a = 1", ["small.toml: is nested too deep"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), RUN.values(), ids=RUN)
def test_a_bad_config_is_refused(
    folder: Path, edit: Edit, refusal: Refusal, old: str, new: str, expected: list[str]
) -> None:
    edit("small.toml", old, new)
    said = refusal("run", "small.toml")
    for fragment in expected:
        assert fragment in said


def test_files_that_are_no_configs_are_refused(folder: Path, refusal: Refusal) -> None:
    (folder / "latin.toml").write_bytes('name = "Zürich"'.encode("latin-1"))
    (folder / "empty.toml").write_text("")
    (folder / "large.toml").write_bytes(b"#" * (9 * 2**20))
    assert "no.toml: no such file" in refusal("check", "no.toml")
    assert "is not a file" in refusal("check", str(folder))
    assert "latin.toml: is not UTF-8 text (byte 9)" in refusal("check", "latin.toml")
    assert "large.toml: has 9,437,184 bytes" in refusal("check", "large.toml")
    said = refusal("check", "empty.toml")
    assert "empty.toml: name: missing" in said
    assert "empty.toml: products: missing" in said


def test_no_products_is_refused(folder: Path, refusal: Refusal) -> None:
    (folder / "bare.toml").write_text('name = "bare"\nquestion = "?"\n[products]\n')
    assert "bare.toml: products: a table" in refusal("check", "bare.toml")


def test_a_chain_of_configs_must_end(folder: Path, refusal: Refusal) -> None:
    (folder / "a.toml").write_text('extends = "b.toml"\n')
    (folder / "b.toml").write_text('extends = "a.toml"\n')
    assert "a.toml: extends itself: a.toml -> b.toml -> a.toml" in refusal("check", "a.toml")
    for i in range(12):
        (folder / f"c{i}.toml").write_text(f'extends = "c{i + 1}.toml"\n')
    assert "c0.toml: extends more than 8 files deep" in refusal("check", "c0.toml")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('extends = "gone.toml"', 'd.toml: extends: "gone.toml": no such file'),
        ("extends = 3", "d.toml: extends: 3"),
        ('extends = ["small.toml"]', 'd.toml: extends: ["small.toml"]'),
        ('extends = "."', "is not a file"),
    ],
)
def test_a_bad_extends_is_refused(folder: Path, refusal: Refusal, said: str, expected: str) -> None:
    (folder / "d.toml").write_text(said)
    assert expected in refusal("check", "d.toml")
