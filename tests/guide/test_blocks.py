"""Every block of the guide works: Python runs, configs load, commands parse, and the cheap ones are given."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tailrisk.cli import commands, main
from tailrisk.config import load
from tailrisk.config.load import read_market
from tailrisk.guide import page, topics
from tailrisk.studies.sweep.config import expand
from tailrisk.studies.tune.config import load_tune
from tailrisk.studies.weather.config import read_targets
from tailrisk.universe import default

from .pages import FENCE, LINK, Block, blocks, lines

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
CHEAP = {"init", "check", "guide", "look", "sample"}
TINY = ("--set", "run.paths=256", "--set", "run.days=3", "--set", "tail.levels=[0.9]", "--quiet")
FILES = {"toml", "csv"}


def files(topic: str, folder: Path) -> None:
    """The files that a page writes out, in a folder."""
    for language in FILES:
        for block in blocks(language):
            if block.topic == topic and "." in block.file:
                (folder / block.file).write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("topic", sorted({block.topic for block in blocks("python")}))
def test_python_runs(topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": f"guide.{topic}"}
    for block in blocks("python"):
        if block.topic == topic:
            exec(compile(block.text, f"{topic}.md", "exec"), names)


def a_config(path: Path) -> object:
    return load(path)


def a_tune(path: Path) -> object:
    return load_tune(path, default().styles)


def a_bucket(path: Path) -> object:
    """One more bucket of the home market, before its last."""
    whole = (CONFIGS / "markets" / "china_a.toml").read_text(encoding="utf-8")
    last = whole.rindex("[[bucket]]")
    path.write_text(whole[:last] + path.read_text(encoding="utf-8") + "\n" + whole[last:], encoding="utf-8")
    names = read_market(path)
    assert len(names.buckets) == 6
    return names


def a_cohort(path: Path) -> object:
    """One more cohort of the library's crowd."""
    whole = (CONFIGS / "crowd_2024.toml").read_text(encoding="utf-8")
    path.write_text(
        whole.replace("[crowd.panic]", path.read_text(encoding="utf-8") + "\n[crowd.panic]"), encoding="utf-8"
    )
    found = load(
        "crowd_feb2024.toml", [f"crowd.parameters={path}", "crowd.ensemble=calibrated/crowd_2024.toml"]
    )
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    assert len(said["crowd"]["cohorts"]) == 9
    return found


READERS: dict[str, Callable[[Path], object]] = {
    "config": a_config,
    "tune": a_tune,
    "weather": read_targets,
    "bucket": a_bucket,
    "cohort": a_cohort,
    "sweep": expand,
}


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: f"{block.topic}-{block.kind}")
def test_toml_is_read_by_what_reads_it(block: Block, tmp_path: Path) -> None:
    tomllib.loads(block.text)
    if not block.kind:
        return
    files(block.topic, tmp_path)
    path = tmp_path / "block.toml"
    path.write_text(block.text, encoding="utf-8")
    assert READERS[block.kind](path) is not None


@pytest.mark.parametrize(("topic", "words"), lines(), ids=lambda x: x if isinstance(x, str) else " ".join(x))
def test_a_command_is_one_with_options_it_has(topic: str, words: list[str]) -> None:
    """Parsed by click as it would be, and not given."""
    name, *rest = words
    context = commands.commands[name].make_context(name, rest)
    assert context.command is commands.commands[name]


def test_an_option_that_is_none_is_seen() -> None:
    import click

    with pytest.raises(click.UsageError):
        commands.commands["run"].make_context("run", ["my.toml", "--sett", "a=b"])


def test_cheap_commands_do_what_the_guide_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = 0
    for topic in topics():
        (tmp_path / topic).mkdir()
        monkeypatch.chdir(tmp_path / topic)
        files(topic, Path())
        for _, words in (line for line in lines() if line[0] == topic and line[1][0] in CHEAP):
            named = words[1] if words[0] in ("check", "look") else ""
            if Path(named).exists() or (words[0] == "check" and (CONFIGS / named).exists()):
                done = CliRunner().invoke(commands, words)
                assert done.exit_code == 0, (topic, words, done.output, done.exception)
                given += 1
    assert given >= 12


def test_the_quick_start_gives_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files("quickstart", tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["run", "my.toml", *TINY])
    assert stop.value.code == 0
    assert "Our CSI 500 fund" in (tmp_path / "results" / "my_run" / "report.html").read_text(encoding="utf-8")


def test_links_lead_somewhere() -> None:
    for topic in topics():
        for link in LINK.findall(page(topic)):
            assert link.removesuffix(".md") in topics(), (topic, link)


def test_every_page_is_reached_from_another() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for topic in topics():
        assert f"tailrisk/guide/{topic}.md" in readme, topic


def test_what_is_named_in_a_line_is_there() -> None:
    """Commands, experiments, configs and result folders in code spans."""
    known = set(commands.commands)
    for topic in topics():
        text = FENCE.sub("", page(topic))
        spans = re.findall(r"`([^`\n]+)`", text)
        for span in spans:
            command = re.match(r"tailrisk (\w+)", span)
            assert command is None or command[1] in known, (topic, span)
            module = re.match(r"python -m experiments\.([a-z_]+)", span)
            places = (f"{module[1]}.py", f"{module[1]}/__main__.py") if module else ()
            assert module is None or any((ROOT / "experiments" / place).exists() for place in places), (
                topic,
                span,
            )
            folder = re.fullmatch(r"(results|configs)/[\w/.]+", span)
            assert folder is None or "results/my" in span or (ROOT / span).exists() or "demo" in span, (
                topic,
                span,
            )


@pytest.mark.parametrize("command", ["run", "check"])
def test_help_names_every_config_of_the_library(command: str) -> None:
    said = commands.commands[command].help or ""
    texts = {path.name: path.read_text(encoding="utf-8") for path in CONFIGS.glob("*.toml")}
    runs = {name for name, text in texts.items() if re.search(r"^(extends|\[run\])", text, re.MULTILINE)}
    assert "crowd_feb2024.toml" in runs
    assert {name for name in runs if name not in said} == {"replay_products.toml"}  # of replay alone


def test_there_are_twenty_examples_and_each_page_is_short() -> None:
    numbers = re.findall(r"^(\d+)\. .+[?.]$", page("examples"), re.MULTILINE)
    assert numbers == [str(k) for k in range(1, 21)]
    assert len([block for block in blocks("python") if block.topic == "examples"]) == 1 + len(numbers)
    for topic in topics():
        if topic != "mechanism":
            assert len(page(topic).splitlines()) <= 200, topic
