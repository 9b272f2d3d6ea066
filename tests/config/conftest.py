"""Configs for tests: a small one that stands alone, beside a made-up calibrated file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tailrisk.cli import main

LADDER = Path(__file__).with_name("ladder.toml")

SMALL = """\
name = "small"
question = "What is the loss?"

[run]
paths = 20_000
days = 30

[market]
calibrated = "ladder.toml"

[[event]]
name = "seven"
pair = ["csi1000", "csi300"]
window = 60
threshold = -7.0

[tail]
levels = [0.95, 0.99]

[products.ie]
label = "IE"
family = "index_enhanced"
benchmark = "csi500"
weights = { csi500 = 0.6, micro = 0.4 }
style_exposure = { liquidity = 0.3 }

[products.dma]
label = "DMA"
family = "dma"
weights = { csi1000 = 1.0 }
hedge = { IM = 1.0 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that holds small.toml and ladder.toml."""
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    shutil.copy(LADDER, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must be refused as bad input, and return what it said: one screen, no traceback."""

    def refused(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        said = capsys.readouterr()
        assert stop.value.code == 2
        assert said.out == ""
        assert "Traceback" not in said.err
        assert len(said.err.splitlines()) < 25
        return said.err

    return refused


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str, str], None]:
    """Replace the first occurrence of a text in a file of the folder; the text must be there."""

    def edited(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return edited
