"""The commands that are disturbed: each writes its result from what was simulated once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pandas as pd

from tailrisk.calibrate import document
from tailrisk.calibrate.fit import calibrate
from tailrisk.config import load
from tailrisk.core import disk, seal
from tailrisk.record import provenance
from tailrisk.record import run as runs
from tailrisk.record.store import replacing
from tailrisk.report import page, terminal
from tailrisk.report.folder import Result
from tailrisk.studies.sweep import page as sweep_page
from tailrisk.studies.sweep import run as sweeps
from tailrisk.studies.sweep.config import expand

SIZE = ("run.paths=512", "run.days=5", "tail.levels=[0.9]", "run.chunk=512")
EVENT = 'event=[{name="s", pair=["csi1000","csi300"], window=20, threshold=-3.0}]'
SEEDS = {"old": 1, "new": 2}


@dataclass
class Command:
    """One command: how it writes its old or its new result into a store, and how that is read."""

    name: str
    target: str  # in the store
    write: Callable[[Path, str], None]
    read: Callable[[Path], object]  # raises InputError
    stores: dict[str, Path]  # undisturbed
    line: Any = None  # the real command that writes the new result into a store
    folder: bool = True
    seconds: list[float] = field(default_factory=list)
    real: Any = None  # what the real command writes, left alone


def commands(work: Path, data: Path | None, only: Sequence[str]) -> list[Command]:
    """The commands named, with their undisturbed results; a match only where there is data for it."""
    remembered()
    makers = {"run": running, "sweep": sweeping, "calibrate": calibrating, "tune": tuning}
    made = [make(work) for name, make in makers.items() if name in only]
    made += [matching(work, data)] if data and "match" in only else []
    for command in made:
        for word, store in command.stores.items():
            store.mkdir(parents=True)
            command.write(store, word)
            command.read(store / command.target)
    return made


def remembered() -> None:
    """Simulate, draw and ask git once for each seed, so that a trial costs its writing alone."""
    plain: dict[str, Any] = {name: getattr(runs, name) for name in ("assemble", "sample", "scenarios")}
    figures, render, commit = page.figures, page.render, provenance.commit
    known: dict[object, Any] = {}

    def once(key: object, make: Callable[[], Any]) -> Any:
        if key not in known:
            known[key] = make()
        return known[key]

    def seeded(name: str) -> Callable[..., Any]:
        return lambda config, *more, **options: once(
            (name, config.run.seed), lambda: plain[name](config, *more, **options)
        )

    for name in plain:
        setattr(runs, name, seeded(name))

    def seed(result: Result) -> object:
        return result.section("run")["seed"]

    page.figures = lambda result: once(("figures", seed(result)), lambda: figures(result))
    page.render = lambda result, drawn: once(("page", seed(result)), lambda: render(result, drawn))
    provenance.commit = cache(commit)


def stores(work: Path, name: str) -> dict[str, Path]:
    """Where the undisturbed results are."""
    return {word: work / "undisturbed" / name / word for word in SEEDS}


def running(work: Path) -> Command:
    """`tailrisk run`."""

    def settings(word: str) -> list[str]:
        return [*SIZE, EVENT, "name=drill", f"run.seed={SEEDS[word]}"]

    configs = {word: load("smoke.toml", settings(word)) for word in SEEDS}

    def write(store: Path, word: str) -> None:
        runs.run(configs[word], store, force=True, command="drill", progress=False, finish=page.write)

    def line(store: Path) -> list[str]:
        sets = [part for setting in settings("new") for part in ("--set", setting)]
        return ["run", "smoke.toml", *sets, "--output", str(store), "--force", "--quiet"]

    return Command("run", "drill", write, terminal.show, stores(work, "run"), line)


def sweeping(work: Path) -> Command:
    """`tailrisk sweep`: two cells, then three of other values, every one run again."""
    grids = {"old": "run.seed=1,2", "new": "run.seed=2,1"}
    plans = {word: expand("smoke.toml", [*SIZE, EVENT, grid], "drill") for word, grid in grids.items()}

    def write(store: Path, word: str) -> None:
        sweeps.sweep(
            plans[word],
            store,
            force=True,
            command=lambda cell: "drill",
            progress=False,
            tell=lambda text: None,
            finish=sweep_page.write,
            finish_cell=page.write,
        )

    def line(store: Path) -> list[str]:
        sets = [part for setting in (*SIZE, EVENT, grids["new"]) for part in ("--set", setting)]
        words = ["sweep", "smoke.toml", "--name", "drill", "--force", "--quiet"]
        return [*words, *sets, "--output", str(store)]

    return Command("sweep", "drill", write, sweep_page.show, stores(work, "sweep"), line)


def calibrating(work: Path) -> Command:
    """`tailrisk calibrate`: one file; a file without TOML in it is refused by whoever reads it."""
    prices = work / "closes.csv"
    work.mkdir(parents=True, exist_ok=True)
    closes().to_csv(prices)
    texts = {}
    for word, seed in SEEDS.items():
        fitted = calibrate(
            prices,
            until="2021-12-31",
            states=(seed,),
            shocks=("gaussian",),
            starts=1,
            output=work / "fit.toml",
        )
        texts[word] = document.document(fitted)

    def write(store: Path, word: str) -> None:
        document.write(store / "ladder.toml", texts[word])

    def read(path: Path) -> object:
        from tailrisk.config.load import read_toml

        return read_toml(path)

    def line(store: Path) -> list[str]:
        words = ["calibrate", str(prices), "--until", "2021-12-31", "--states", "2", "--shocks", "gaussian"]
        return [*words, "--starts", "1", "--output", str(store / "ladder.toml"), "--quiet"]

    return Command("calibrate", "ladder.toml", write, read, stores(work, "calibrate"), line, folder=False)


def closes() -> pd.DataFrame:
    """Made-up closes of the five indices."""
    random = np.random.default_rng(3)
    days = pd.bdate_range("2020-01-02", "2021-12-31")
    moves = 0.01 * random.standard_normal((len(days), 5))
    names = ["000300", "000905", "000852", "932000", "8841431"]
    return pd.DataFrame(1000 * np.exp(moves.cumsum(axis=0)), pd.Index(days, name="date"), names)


def matching(work: Path, data: Path) -> Command:
    """`tailrisk match`, with a search of a few steps."""
    from tailrisk.studies.match.config import read_terms
    from tailrisk.studies.match.episode import Files
    from tailrisk.studies.match.folder import publish
    from tailrisk.studies.match.run import match
    from tailrisk.studies.match.search import Budget

    files = Files(data / "indices_daily.csv", data / "index_futures_daily.csv", data / "etf_daily.csv")
    config = load("crowd_feb2024.toml", ["run.precision=float64"])
    budget = Budget(starts=1, generations=1, steps=10, members=3)
    with jax.enable_x64(True):
        found = match(
            config,
            files,
            read_terms("episode_feb2024.toml"),
            budget,
            seed=1,
            command="drill",
            tell=lambda done, what: None,
        )
    results = {"old": found, "new": (SimpleNamespace(**{**vars(found[0]), "seed": 2}), *found[1:])}

    def write(store: Path, word: str) -> None:
        with replacing(store / "match", force=True) as scratch:
            publish(*results[word], store / "ensemble.toml", scratch)

    def line(store: Path) -> list[str]:
        read = ["--indices", files.indices, "--futures", files.futures, "--etfs", files.etfs]
        size = ["--starts", "1", "--generations", "1", "--steps", "10", "--members", "4", "--seed", "2"]
        place = ["--output", store / "ensemble.toml", "--folder", store / "match"]
        return ["match", "crowd_feb2024.toml", *map(str, read), *size, *map(str, place), "--force", "--quiet"]

    return Command("match", "match", write, seal.check, stores(work, "match"), line)


TUNE = """
name = "tuned"
question = "Does a tuning that is stopped leave what was there?"
market = "smoke.toml"
stocks = 4200
paths = 256
level = 0.9
budget = {budget}
[product]
mix = {{ csi500 = 0.5, csi1000 = 0.5 }}
hedged = true
long = 0.8
[bounds]
size = [0.1, 1.0]
[desk]
weight = 0.1
"""
BUDGETS = {"old": 0.05, "new": 0.045}


def tuning(work: Path) -> Command:
    """`tailrisk tune` of a few stocks; each budget is tuned once, and its tables are written again."""
    from tailrisk.studies.tune import run as tunes
    from tailrisk.studies.tune.config import load_tune, universe_of

    config, tuned = work / "tune.toml", dict[str, tuple[Any, Any, Path]]()
    work.mkdir(parents=True, exist_ok=True)
    for word, budget in BUDGETS.items():
        config.write_text(TUNE.format(budget=budget), encoding="utf-8")
        universe = universe_of(config)
        loaded = load_tune(config, universe.styles)
        tuned[word] = loaded, universe, work / "tuned" / word
        tuned[word][2].mkdir(parents=True)
        inputs = tunes.read_inputs(loaded, universe)
        tunes._study(loaded, universe, inputs, tuned[word][2], "drill", lambda done, what: None)

    def write(store: Path, word: str) -> None:
        loaded, universe, known = tuned[word]
        tunes._study = lambda loaded, universe, inputs, folder, *rest: written(known, folder)
        tunes.publish(loaded, universe, store, force=True, command="drill", tell=lambda done, what: None)

    def line(store: Path) -> list[str]:
        return ["tune", str(config), "--output", str(store), "--force", "--quiet"]

    return Command("tune", "tuned", write, seal.check, stores(work, "tune"), line)


def written(known: Path, folder: Path) -> None:
    """Write every file of a folder into another, as the command that made them would."""
    for path in sorted(known.iterdir()):
        disk.write(folder / path.name, path.read_bytes())
