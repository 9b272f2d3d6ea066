"""Files that would stop a loader, drive a terminal, or borrow what is the user's own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tailrisk.cli import main
from tailrisk.config import load
from tailrisk.config.layers import Layers, Source
from tailrisk.config.plan import SHIPPED, plan, table
from tailrisk.core.errors import InputError
from tailrisk.core.terminal import line, visible

ROOT = Path(__file__).resolve().parents[2]
Refusal = Callable[..., str]
Edit = Callable[[str, str, str], None]


@pytest.mark.parametrize(
    "number",
    ["9" * 5000, "0x" + "f" * 5000, "-" + "9" * 4301, "0b" + "1" * 20_000, "[1, 0o" + "7" * 9000 + "]"],
)
def test_a_number_of_thousands_of_digits_is_refused(
    folder: Path, refusal: Refusal, edit: Edit, number: str
) -> None:
    assert "whole number" in refusal("check", "small.toml", "--set", f"run.seed={number}")
    edit("small.toml", "days = 30", f"days = {number}")
    said = refusal("check", "small.toml")
    assert "whole number" in said
    assert len(said) < 300


def test_the_field_of_a_huge_number_is_named(folder: Path, refusal: Refusal, edit: Edit) -> None:
    edit("ladder.toml", "states", "more = { a = [1, 0x" + "f" * 5000 + "] }\nstates")
    assert "ladder.toml: model.0.more.a.1: a whole number of 20,000 bits" in refusal("check", "small.toml")


def test_links_in_a_circle_are_refused(folder: Path, refusal: Refusal) -> None:
    (folder / "loop.toml").symlink_to("loop.toml")
    (folder / "a.toml").symlink_to("b.toml")
    (folder / "b.toml").symlink_to("a.toml")
    for name in ("loop.toml", "a.toml"):
        assert "a link that leads to no file, or to itself" in refusal("check", name)
        assert "no such file" in refusal("check", "small.toml", "--set", f"market.calibrated={name}")
    (folder / "c.toml").write_text('extends = "loop.toml"\n')
    assert "loop.toml" in refusal("check", "c.toml")
    (folder / "d.toml").symlink_to("small.toml")
    (folder / "small.toml").write_text('extends = "d.toml"\n')
    assert "extends itself" in refusal("check", "small.toml")


def test_nesting_without_end_is_refused_wherever_it_is(folder: Path, refusal: Refusal) -> None:
    (folder / "deep.toml").write_text("a = " + "[" * 5000 + "]" * 5000)
    assert "nested too deep" in refusal("check", "deep.toml")
    assert "nested too deep" in refusal("check", "small.toml", "--set", "market.calibrated=deep.toml")


@pytest.mark.parametrize(
    "lines",
    [
        lambda k: f"key_{k} = {k}",
        lambda k: f"[tables.t{k}]\nx = {k}",
        lambda k: f"[products.p{k}]\nlabel = 3",
        lambda k: f'[[event]]\nname = "e{k}"\npair = ["a", "b"]\nwindow = 0\nthreshold = 1.0',
    ],
    ids=["keys", "tables", "products", "events"],
)
def test_a_file_of_ten_thousand_keys_takes_seconds(folder: Path, refusal: Refusal, lines) -> None:
    text = "\n".join(lines(k) for k in range(10_000))
    (folder / "many.toml").write_text(text)
    (folder / "child.toml").write_text('extends = "many.toml"\n' + text)
    for name in ("many.toml", "child.toml"):
        begun = time.process_time()
        assert f"{name}: " in refusal("check", name)
        assert time.process_time() - begun < 4


def test_a_layer_does_not_change_the_ones_below() -> None:
    base, child = Source("base", Path()), Source("child", Path())
    below = Layers.of(base, {"a": {"b": 1, "c": {"d": 2}}, "e": {}, "f": 1})
    above = below.over({"a": {"c": {"d": 3, "x": 1}}, "e": {"y": 1}, "f": {}}, child)
    assert below.values == {"a": {"b": 1, "c": {"d": 2}}, "e": {}, "f": 1}
    assert above.values == {"a": {"b": 1, "c": {"d": 3, "x": 1}}, "e": {"y": 1}, "f": {}}
    paths = [("a", "b"), ("a", "c", "d"), ("a", "c", "none"), ("a",), ("e", "y"), ("f",), ("g",)]
    assert [above.label(p) for p in paths] == ["base", "child", "child", "child", "child", "child", "base"]
    assert [below.label(p) for p in paths] == ["base"] * 7
    kept = above.over({"a": {}}, base)
    assert (kept.values, kept.label(("a", "c", "d"))) == (above.values, "child")
    assert kept.label(("a", "none")) == "child", "nothing was said of it"


def test_too_many_products_says_how_many_are_allowed(folder: Path, refusal: Refusal) -> None:
    one = '[products.p{}]\nlabel="x"\nfamily="dma"\nweights={{micro=1.0}}\nhedge={{IM=1.0}}\n'
    more = "".join(one.format(k) for k in range(200))
    (folder / "small.toml").write_text((folder / "small.toml").read_text() + more)
    said = refusal("check", "small.toml")
    assert "products: 202 entries\n  allowed: at most 200\n" in said


ESCAPES = "\x1b[31mred\x1b]0;owned\x07 \x1b[2J \x9b31m \u202egnp.exe \u2028 \ud800"


def test_nothing_that_drives_a_terminal_is_visible() -> None:
    shown = visible(ESCAPES + "\ttab\nline 汉字 é −")
    assert shown == (
        r"\x1b[31mred\x1b]0;owned\x07 \x1b[2J \x9b31m \u202egnp.exe \u2028 \ud800" + "\ttab\nline 汉字 é −"
    )
    assert line("a\nb\tc\r") == r"a\nb\tc\x0d"


def test_no_text_of_a_config_reaches_the_terminal_raw(
    folder: Path, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit):
            main(arguments)
        said = capsys.readouterr()
        return said.out + said.err

    hostile = json.dumps(ESCAPES[:-2] + "\nnext")[1:-1]
    edit("small.toml", "What is the loss?", hostile)
    edit("ladder.toml", "window = [", f'window = ["{hostile}", "x"]\nmore = [')
    said = [run("check", "small.toml")]
    assert r"\x1b[31mred" in said[0]
    assert "\nnext" not in said[0]
    said += [
        run("check", f"no{ESCAPES[:8]}.toml"),
        run("fly" + ESCAPES[:8]),
        run("check", "small.toml", ESCAPES[:8]),
    ]
    said += [run("check", "small.toml", "--set", f"run.{ESCAPES[:8]}=1"), run("show", ESCAPES[:8])]
    said += [run("check", "small.toml", "--set", f'market.start="{hostile}"')]
    edit("small.toml", 'family = "dma"', f'family = "{hostile}"')
    said += [run("check", "small.toml")]
    for text in said:
        assert text
        assert not any(
            (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c == "\u202e" for c in text
        )


@pytest.mark.parametrize("value", ["nan", "[1.0, inf]", "{ a = [nan] }", "-inf"])
def test_a_provenance_that_cannot_be_recorded_is_refused(
    folder: Path, refusal: Refusal, edit: Edit, value: str
) -> None:
    edit("ladder.toml", "[fit]", f"[fit]\nscore = {value}")
    said = refusal("check", "small.toml")
    assert "ladder.toml: fit.score" in said
    assert "a finite number" in said


def test_days_of_a_provenance_are_text(folder: Path, edit: Edit) -> None:
    edit(
        "ladder.toml",
        "[fit]",
        "[fit]\nmade = 2024-01-01\nat = [07:32:00, 1979-05-27T07:32:00Z, { b = 2024-01-02 }]",
    )
    fit = load("small.toml").calibrated.fit
    assert fit["made"] == "2024-01-01"
    assert fit["at"] == ["07:32:00", "1979-05-27T07:32:00+00:00", {"b": "2024-01-02"}]
    json.dumps(fit)


def test_a_user_s_own_file_has_no_stand_in(folder: Path, refusal: Refusal, edit: Edit) -> None:
    edit("small.toml", "weights = { csi1000 = 1.0 }", 'holdings = "own_book.csv"')
    assert "own_book.csv" in refusal("check", "small.toml")
    edit("small.toml", "own_book.csv", "own_book.toml")
    assert "no such file" in refusal("check", "small.toml"), "a config is no book either"
    assert "no such file" in refusal("check", "small.toml", "--set", "market.warmup=history", "--set",
                                     "market.history=feb2024.toml")  # fmt: skip


def test_check_says_what_came_from_the_library(folder: Path) -> None:
    config = load("small.toml")
    assert not config.attached.library
    assert "library" not in dict(table(config, plan(config, machine=8e9)))
    (folder / "child.toml").write_text('extends = "feb2024.toml"\nname = "mine"\n')
    config = load("child.toml")
    said = dict(table(config, plan(config, machine=8e9)))["library"]
    assert said == f"base.toml, calibrated/ladder_2023.toml, feb2024.toml: {SHIPPED}"
    crowd = load("crowd_feb2024.toml")
    said = dict(table(crowd, plan(crowd, machine=8e9)))["library"]
    assert {"crowd_feb2024.toml", "crowd_2024.toml", "snowballs_2024.toml"} <= set(
        said.split(":")[0].split(", ")
    )
    crowd_of_mine = folder / "crowd_2024.toml"
    crowd_of_mine.write_text(
        Path(__file__).resolve().parents[2].joinpath("configs/crowd_2024.toml").read_text()
    )
    (folder / "child.toml").write_text('extends = "feb2024.toml"\n[crowd]\nparameters = "crowd_2024.toml"\n')
    config = load("child.toml")
    assert "crowd_2024.toml" not in dict(table(config, plan(config, machine=8e9)))["library"].split(", ")


@pytest.mark.parametrize("platform", ["cuda", "rocm", "toaster"])
def test_a_device_that_is_not_here_is_refused(folder: Path, platform: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tailrisk", "run", "smoke.toml", "--quiet"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": platform},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert f"JAX_PLATFORMS: '{platform}'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("results/*"))


def test_a_config_nobody_loaded_is_refused() -> None:
    with pytest.raises(InputError):
        load("no.toml")
