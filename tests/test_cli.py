"""The command line: each command, its exit codes, and what it refuses to import."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tailrisk import __version__
from tailrisk.cli import commands, main
from tailrisk.cli.options import repeated
from tailrisk.cli.sweep import cell_command
from tailrisk.core import seal
from tailrisk.core.errors import Fault
from tests.report.conftest import write_folder

ROOT = Path(__file__).resolve().parents[1]
LADDER = ROOT / "tests" / "config" / "ladder.toml"
SMOKE = ["smoke.toml", "--set", "market.calibrated=ladder.toml"]
HEAVY = ("jax", "jaxlib", "pandas", "scipy.stats", "matplotlib", "pyarrow")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a calibrated file in it."""
    shutil.copy(LADDER, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def code(*arguments: str) -> int:
    """The exit code of a command run in this process."""
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert isinstance(stop.value.code, int)
    return stop.value.code


def shell(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command run in a process of its own; its error stream ends with the heavy modules it imported."""
    after = f"import sys, atexit; atexit.register(lambda: print([m for m in {HEAVY} if m in sys.modules]))"
    script = f"{after}; from tailrisk.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], 0),
        (["run", "--help"], 0),
        (["--version"], 0),
        (["init", "my.toml"], 0),
        (["check", *SMOKE], 0),
        (["check", *SMOKE, "--set", "run.pths=1"], 2),
        (["run", *SMOKE, "--set", "run.paths=-1"], 2),
        (["check", "no.toml"], 2),
        (["run", *SMOKE, "--set", "run.paths=4_000_000_000"], 2),
        (["calibrate", "no.csv", "--until", "2023-02-30", "-o", "a.toml"], 2),
        (["backtest", "no.csv", "--from", "2020-01-01", "--to", "2019-01-01"], 2),
        (["backtest", "no.csv", "--from", "2019-01-01", "--to", "2020-01-01", "--levels", "0.99,1"], 2),
        (["fly"], 2),
    ],
)
def test_light_commands_import_nothing_heavy(folder: Path, arguments: list[str], expected: int) -> None:
    done = shell(folder, *arguments)
    assert done.returncode == expected
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) < 25
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_module_is_the_command(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tailrisk", "--version"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, f"tailrisk {__version__}\n")


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(commands.commands) == {
        "demo",
        "init",
        "sample",
        "check",
        "look",
        "guide",
        "cite",
        "schema",
        "validate",
        "match",
        "tune",
        "minute",
        "liquidity",
        "run",
        "sweep",
        "show",
        "report",
        "stale",
        "list",
        "compare",
        "verify",
        "query",
        "export",
        "publish",
        "calibrate",
        "universe",
        "backtest",
        "monitor",
        "reverse",
        "audit",
        "adoption",
        "gauge",
        "sensitivities",
        "replay",
        "cta",
        "watch",
    }
    for name in commands.commands:
        assert code(name, "--help") == 0
        assert f"tailrisk {name} " in capsys.readouterr().out


def test_init_then_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code("init", "my.toml") == 0
    assert code("init", "my.toml") == 2
    assert "my.toml: is there already" in capsys.readouterr().err
    assert code("init", "my.toml", "--force") == 0
    assert code("check", "my.toml", "--set", "market.calibrated=ladder.toml") == 0
    said = capsys.readouterr().out
    assert "200,000 from seed 20240205" in said
    assert "62,000,000 path-days" in said


def test_check_prints_the_plan_even_of_what_it_refuses(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code("check", *SMOKE, "--set", "run.memory_gb=0.1") == 2
    said = capsys.readouterr()
    assert "of 0.10 GB allowed" in said.out
    assert "hint" in said.err


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand-ins for the modules behind the commands; returns what they were given."""
    given: dict[str, Any] = {}

    def simulate(
        config: Any,
        output: Path,
        *,
        force: bool,
        command: str,
        progress: bool,
        finish: Any,
        group: Any = None,
    ) -> Path:
        if "raise" in given:
            raise given["raise"]
        if "warn" in given:
            warnings.warn(given.pop("warn"), stacklevel=1)
        given.update(name=config.name, output=output, force=force, command=command, progress=progress)
        return output / config.name

    def fit(prices: Path, **options: Any) -> str:
        given.update(prices=prices, **options)
        for done in (0.5, 1.0):
            options["progress"](done, "fitting")
        return "fitted"

    stand_ins = {
        "record.run": {"run": simulate},
        "report.terminal": {"show": lambda folder: f"table of {folder}"},
        "report.sweep": {"is_sweep": lambda folder: False},
        "report.page": {"write": lambda folder: folder / "report.html"},
        "calibrate.fit": {"calibrate": fit, "summary": lambda result: f"summary of {result}"},
        "calibrate.memory_law": {"limits": lambda text, names: None},
        "universe.measure": {"universe": fit},
        "universe.summary": {"summary": lambda result: f"summary of {result}"},
    }
    for name, members in stand_ins.items():
        for full in (f"tailrisk.{name.split('.')[0]}", f"tailrisk.{name}"):
            monkeypatch.setitem(sys.modules, full, ModuleType(full))
        vars(sys.modules[f"tailrisk.{name}"]).update(members)
    monkeypatch.setattr("jax.config.update", lambda key, value: given.update({key: value}))
    return given


def test_run_simulates_then_writes_the_page_then_shows(
    folder: Path, engine: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code("run", *SMOKE, "--set", "run.precision=float64", "--force") == 0
    assert engine == {
        "jax_enable_x64": True,
        "name": "smoke",
        "output": Path("results"),
        "force": True,
        "command": "tailrisk run smoke.toml --set market.calibrated=ladder.toml "
        "--set run.precision=float64 --force",
        "progress": True,
    }
    said = capsys.readouterr()
    assert said.out == "table of results/smoke\nreport: results/smoke/report.html\n"
    assert "smoke: 2,048 paths of 270 days" in said.err


def test_quiet_says_nothing(folder: Path, engine: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert code("run", *SMOKE, "--quiet", "--output", "elsewhere") == 0
    assert (engine["progress"], engine["output"]) == (False, Path("elsewhere"))
    assert engine["jax_enable_x64"] is False
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_former_name_is_told_but_under_quiet(folder: Path) -> None:
    """In a process of its own: what a command hears is not what pytest hears."""
    text = 'extends = "smoke.toml"\n[run]\npaths = -1\n[tail]\nmeasures = ["terminal"]\n'
    Path("old.toml").write_text(text, encoding="utf-8")
    said = {}
    for quiet in ("--quiet", ""):  # a number of paths that is refused, so nothing is computed
        words = [sys.executable, "-m", "tailrisk", "run", "old.toml", *quiet.split()]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        said[quiet] = "the key measures is called losses now" in done.stderr
    assert said == {"--quiet": False, "": True}


def test_a_library_s_warning_is_one_line_and_none_under_quiet(
    folder: Path, engine: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    warnings.simplefilter("default")
    engine["warn"] = "identical\nlimits\x1b[2J"
    assert code("run", *SMOKE, "--quiet") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")
    engine["warn"] = "identical\nlimits\x1b[2J"
    assert code("run", *SMOKE) == 0
    assert capsys.readouterr().err.splitlines()[-1] == r"tailrisk: warning: identical limits\x1b[2J"


def test_show_reads_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code("show", str(write_folder(tmp_path / "old"))) == 0
    assert "Loss over the horizon of 60 trading days" in capsys.readouterr().out


def test_report_writes_the_page_of_an_old_result_and_seals_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "old")
    assert code("report", str(folder)) == 0
    assert capsys.readouterr().out == f"report: {folder}/report.html\n"
    assert {"report.html", "record.json", "figures/fan.svg"} <= seal.check(folder)
    assert code("report", str(folder)) == 0, "and again"
    (folder / "report.html").write_text("changed")
    assert code("report", str(folder)) == 2
    assert "report.html: has changed" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_calibrate_hands_its_options_on(engine: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    said = [
        "--until",
        "2023-12-31",
        "--states",
        "1,3",
        "--shocks",
        "student",
        "-o",
        "out.toml",
        "--starts",
        "2",
        "--no-memory",
        "--accept",
        "holes",
    ]
    assert code("calibrate", "closes.csv", *said) == 0
    assert capsys.readouterr().out == "summary of fitted\n"
    expected = {
        "jax_enable_x64": True,
        "prices": Path("closes.csv"),
        "until": "2023-12-31",
        "since": None,
        "states": (1, 3),
        "shocks": ("student",),
        "styles_path": None,
        "starts": 2,
        "seed": 0,
        "output": Path("out.toml"),
        "figure": None,
        "accept": ("holes",),
    }
    assert {key: engine[key] for key in expected} == expected


def test_an_error_has_a_line_of_its_own_below_a_progress_bar(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("dates.csv").write_text("date\n2020-01-01\n")
    assert code("universe", "dates.csv", "-o", "u.toml") == 2
    line = [" "] * 200
    said = capsys.readouterr().err
    assert "reading" in said, "a bar was shown"
    for part in said.split("\n")[0].split("\r"):
        line[: len(part)] = part
    assert "".join(line).startswith("tailrisk: dates.csv: ")
    assert "0%" not in "".join(line)


def test_lists_are_written_out_in_the_command_of_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(commands.commands["calibrate"], "callback", lambda **words: said.append(repeated()))
    options = ["--until", "2023-12-31", "--accept", "holes", "--accept", "spikes", "-o", "out.toml"]
    assert code("calibrate", "/home/me/a.csv", "b.csv", *options) == 0
    assert said == [
        "tailrisk calibrate a.csv b.csv --until 2023-12-31 --output out.toml --accept holes --accept spikes"
    ]


def test_universe_hands_its_options_on(engine: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    said = ["--date", "2023-12-29", "--styles", "s.csv", "-o", "out.toml"]
    assert code("universe", "a.parquet", "b.parquet", *said) == 0
    assert capsys.readouterr().out == "summary of fitted\n"
    expected = {
        "prices": (Path("a.parquet"), Path("b.parquet")),
        "until": "2023-12-29",
        "styles_path": Path("s.csv"),
        "output": Path("out.toml"),
    }
    assert {key: engine[key] for key in expected} == expected
    assert code("universe", "a.parquet", "--date", "29.12.2023", "-o", "out.toml") == 2
    assert "--date: '29.12.2023'" in capsys.readouterr().err
    assert code("universe", "-o", "out.toml") == 2
    assert "PANEL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--until", "31.12.2023"], "--until: '31.12.2023'"),
        (["--until", "2023-12-31", "--since", "2024-01-01"], "--since: '2024-01-01'"),
        (["--until", "2023-12-31", "--states", "1,9"], "--states: '1,9'"),
        (["--until", "2023-12-31", "--states", "1,1"], "each once"),
        (["--until", "2023-12-31", "--shocks", "levy"], "gaussian,student"),
        (["--until", "2023-12-31", "--starts", "0"], "--starts"),
        ([], "--until"),
    ],
)
def test_calibrate_refuses_bad_options(
    engine: dict[str, Any], capsys: pytest.CaptureFixture[str], options: list[str], expected: str
) -> None:
    assert code("calibrate", "closes.csv", "-o", "out.toml", *options) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (KeyboardInterrupt(), 130, "tailrisk: interrupted"),
        (
            OSError(28, "No space left on device", "results/smoke"),
            1,
            "No space left on device: results/smoke",
        ),
        (PermissionError(13, "Permission denied", "results"), 1, "Permission denied: results"),
        (MemoryError(), 1, "out of memory"),
        (Fault("3 of 9 paths are not finite"), 1, "nothing was published: 3 of 9 paths are not finite"),
    ],
)
def test_a_fault_is_one_line(
    folder: Path,
    engine: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    expected: int,
    message: str,
) -> None:
    engine["raise"] = error
    assert code("run", *SMOKE) == expected
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]
    assert len(said) <= 3


def test_the_recorded_command_names_no_machine(folder: Path, engine: dict[str, Any]) -> None:
    ladder = f"market.calibrated={folder / 'ladder.toml'}"
    settings = ["--set", ladder, "--set", "name=a_b", "--output", str(folder / "out")]
    assert code("run", "smoke.toml", *settings, "--quiet") == 0
    said = "tailrisk run smoke.toml --set market.calibrated=ladder.toml --set name=a_b --output out"
    assert engine["command"] == said
    assert str(folder) not in json.dumps(engine["command"])
    assert cell_command(str(folder / "smoke.toml"), [ladder, "name=a b"], folder / "out") == said.replace(
        "name=a_b", "'name=a b'"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "a.toml"],
        ["replay", "a.toml", "--indices", "b.csv", "--force"],
        ["tune", "a.toml", "--output", "elsewhere"],
        ["monitor", "results/backtest", "--picture", "ie500"],
        ["backtest", "a.csv", "--from", "2020-01-01", "--to", "2021-01-01", "--set", "run.days=5"],
    ],
)
def test_the_recorded_command_is_what_was_said(words: list[str]) -> None:
    with commands.commands[words[0]].make_context(words[0], [*words[1:], "--quiet"]):
        assert repeated() == " ".join(["tailrisk", *words])
