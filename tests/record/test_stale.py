"""Results against the code that made them: what a command imports, and what git saw change since."""

import json
import subprocess

import pytest

from tailrisk.cli import main
from tailrisk.record.stale import Checkout, ages, commands, lines

FILES = {
    "tailrisk/__init__.py": "",
    "tailrisk/cli/__init__.py": "from .simulate import run\n",
    "tailrisk/cli/simulate.py": "def run():\n  from ..engine import go\ndef check():\n  from .. import plan",
    "tailrisk/engine.py": "from .leaf.deep import x\nimport numpy\ngo = 1\n",
    "tailrisk/leaf/__init__.py": "from . import other\n",
    "tailrisk/leaf/deep.py": "x = 1\n",
    "tailrisk/leaf/other.py": "",
    "tailrisk/plan.py": "",
    "experiments/one.py": "from tailrisk import plan\n",
    "experiments/two/__main__.py": "from experiments.two.page import x\n",
    "experiments/two/page.py": "from tailrisk import plan\n",
}
RUN = {"tailrisk.engine", "tailrisk.leaf", "tailrisk.leaf.deep", "tailrisk.leaf.other", "tailrisk"}


@pytest.fixture
def checkout(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def git(root, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    return subprocess.run(
        ["git", "-C", root, *who, *words], check=True, capture_output=True, text=True
    ).stdout


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    return git(root, "rev-parse", "HEAD").strip()


def result(root, name, **record):
    (root / "results" / name).mkdir(parents=True)
    (root / "results" / name / "record.json").write_text(json.dumps(record))


def test_a_command_leads_to_all_it_imports(checkout):
    it = Checkout(checkout)
    assert it.closure(it.entries("tailrisk run a.toml --force")) == RUN
    assert it.closure(it.entries("tailrisk check a.toml")) == {"tailrisk", "tailrisk.plan"}
    for words in ("python -m experiments.one --paths 1", "OMP_NUM_THREADS=1 python experiments/one.py"):
        assert it.closure(it.entries(words)) == {"experiments.one", "tailrisk", "tailrisk.plan"}
    assert it.closure(it.entries("python -m experiments.two")) == {
        "experiments.two.__main__",
        "experiments.two.page",
        "tailrisk",
        "tailrisk.plan",
    }
    assert [it.entries(words) for words in ("", "tailrisk fly", "make", "python -m other")] == [()] * 4


def test_only_what_a_result_imports_makes_it_stale(checkout):
    first = git(checkout, "rev-parse", "HEAD").strip()
    result(checkout, "run", command="tailrisk run a.toml", commit=first)
    result(checkout, "deep/one", command="python -m experiments.one", commit=first)
    result(checkout, "lost", command="python -m experiments.one", commit="f" * 40)
    result(checkout, "free", command="by hand", commit=first)
    result(checkout, "none", command="python -m experiments.one")
    (checkout / "results" / "bare").mkdir()
    (checkout / "results" / "bare" / "summary.txt").write_text("x")
    assert lines(ages(checkout, checkout / "results"))[-1] == "2 of 6 results are as new as their code"
    (checkout / "tailrisk/leaf/deep.py").write_text("x = 2\n")
    said = lines(ages(checkout, checkout / "results"))
    assert said == [
        "free: no command of this code is recorded",
        "lost: its commit is not in this history",
        "none: no commit is recorded",
        f"run: 1 of 5 modules changed since {first[:8]}: tailrisk/leaf/deep.py",
        "bare: it has no record.json",
        "1 of 6 results are as new as their code",
    ]
    result(checkout, "again", command="tailrisk run a.toml", commit=commit(checkout))
    assert not any(text.startswith("again") for text in lines(ages(checkout, checkout / "results")))


def test_the_list_is_printed_and_is_no_failure(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["stale", "results"])
    assert stop.value.code == 0
    assert "results are as new as their code" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["stale", "nowhere"])
    assert stop.value.code == 2


def test_what_makes_stale_results_again(checkout):
    first = git(checkout, "rev-parse", "HEAD").strip()
    result(checkout, "run", command="tailrisk run a.toml --set 'name=a b'", commit=first)
    result(checkout, "plan", command="tailrisk check a.toml", commit=first)
    result(checkout, "one", command="python -m experiments.one", commit=first)
    result(checkout, "two", command="python -m experiments.one", commit=first)
    result(checkout, "lost", command="tailrisk run a.toml", commit="0" * 40)

    def found():
        return commands(ages(checkout, checkout / "results"), ["run"])

    assert found() == []
    (checkout / "tailrisk/engine.py").write_text("go = 2\n")
    assert found() == ["tailrisk run a.toml --set 'name=a b' --force"]
    (checkout / "tailrisk/plan.py").write_text("new = 1\n")
    assert sorted(found()) == [
        "python -m experiments.one",
        "tailrisk check a.toml",
        "tailrisk run a.toml --set 'name=a b' --force",
    ]
