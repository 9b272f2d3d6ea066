"""`--accept`: every command that reads a user's closes refuses odd ones, and goes on with them when told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.cli import main
from tailrisk.core import calendar
from tailrisk.core.errors import InputError
from tailrisk.core.names import BUCKETS
from tailrisk.studies.match.episode import Files, read_episode
from tests.studies.match.test_episode import FIRST, TERMS, saved

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
FILES = {"indices": "closes.csv", "futures": "f.csv", "etfs": "e.csv"}
NAMED = [word for name, path in FILES.items() for word in (f"--{name}", path)]
COMMANDS = {
    "backtest": (["closes.csv", "--from", "2024-02-01", "--to", "2024-03-29"], "at least"),
    "validate": (["base.toml", "closes.csv", "--until", "2024-03-15"], "at least 250"),
    "replay": ([str(CONFIGS / "feb2024_replay.toml"), *NAMED[:4]], "f.csv"),
    "cta": (
        ["f.csv", "closes.csv", "--until", "2024-03-29", "--regimes", "no.toml", "-o", "o.toml"],
        "f.csv",
    ),
    "match": (["crowd_feb2024.toml", *NAMED, "-o", "o.toml", "--folder", "r"], "f.csv"),
}
"""What each is asked, and what it then lacks."""


def closes(days: int = 60) -> pd.DataFrame:
    """Closes of the five buckets from 2023-12-29 on, one of them carried forward for a week."""
    begin = np.searchsorted(calendar.sessions(), np.datetime64("2023-12-29"))
    when = calendar.sessions()[begin : begin + days]
    move = 0.01 * np.random.default_rng(5).standard_normal((len(when), len(BUCKETS)))
    close = pd.DataFrame(3000 * np.exp(move.cumsum(axis=0)), pd.Index(when, name="date"), list(BUCKETS))
    close.iloc[10:17, 2] = close.iloc[9, 2]
    return close


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command that is refused says."""
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_odd_closes_are_refused_until_they_are_accepted(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    closes().round(2).to_csv("closes.csv")
    words, lacks = COMMANDS[command]
    odd = "has the same close on 8 days running"
    first = said(capsys, command, *words)
    assert odd in first
    assert "--accept stale" in first
    assert "--accept" in said(capsys, command, *words, "--accept", "holes"), "another kind is not enough"
    then = said(capsys, command, *words, "--accept", "stale")
    assert "--accept" not in then, "read"
    assert lacks in then.split("tailrisk: ")[-1]
    assert odd in then or command == "match", "and said"
    assert not Path("o.toml").exists()


def test_an_episode_is_read_with_what_is_accepted(tmp_path: Path) -> None:
    def carried(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(csi1000=table["csi1000"].where((table.index < 11) | (table.index > 16)).ffill())

    files = saved(tmp_path, indices=carried)
    with pytest.raises(InputError, match="--accept stale"):
        read_episode(files, TERMS)
    accepted = Files(files.indices, files.futures, files.etfs, ("stale",))
    assert read_episode(accepted, TERMS).days[0] == FIRST
    assert list(accepted.paths()) == ["indices", "futures", "etfs"]


def test_what_readers_say_cannot_drive_a_terminal(capsys):
    from tailrisk.cli.options import reading
    from tailrisk.data.reading import Reading

    with reading(False):
        Reading("a.csv", notes=["read \x1b[31mclose as close"]).tell()
    assert capsys.readouterr().err == "a.csv: read \\x1b[31mclose as close\n"
