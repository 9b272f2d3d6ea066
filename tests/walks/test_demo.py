"""The first command in miniature: one page with regimes, odds, losses both ways and tuned bounds."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tailrisk.cli import main
from tailrisk.core import seal

from . import asked, record

PATHS = 256
SMALL = [
    *(f"{part}.run.paths={PATHS}" for part in ("run", "crowd")),
    *(f"{part}.run.days=6" for part in ("run", "crowd")),
    *(f"{part}.tail.levels=[0.9]" for part in ("run", "crowd")),
    "level=0.9", "product=neutral",
    "tune.paths=256", "tune.level=0.9", "tune.stocks=4200", "tune.bounds.size=[0.1,1.0]",
    "tune.market=smoke.toml", "name=small",
]  # fmt: skip
SET = [word for setting in SMALL for word in ("--set", setting)]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and what the command printed."""
    output = tmp_path_factory.mktemp("demo")
    return output / "small", asked("demo", "--output", output, *SET)


def tail(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "tail.csv")
    return table[table.measure == "terminal"].set_index(["view", "product"])


def test_the_page_has_each_of_the_four_parts_after_the_answer(shown: tuple[Path, str]) -> None:
    folder, _ = shown
    page = (folder / "report.html").read_text(encoding="utf-8")
    answer, rest = page.split("<nav", 1)
    for opening in ("How much:", "How likely:", "Which bounds,", "What the market does:"):
        assert opening in answer
    for heading in ("The ladder&#39;s regimes", "odds", "Losses without and with the crowd", "Style bounds"):
        assert heading in rest
    assert page.count("<figure>") == 3
    assert page.count("How much:") == 1, "the answer is said once"
    for part in ("without", "with", "bounds"):
        assert f'href="{part}/report.html"' in page
        assert (folder / part / "report.html").is_file()
        assert seal.intact(folder / part)


def test_losses_and_odds_are_those_of_the_parts_own_tables(shown: tuple[Path, str]) -> None:
    folder, _ = shown
    losses = pd.read_csv(folder / "losses.csv").set_index(["view", "product"])
    odds = pd.read_csv(folder / "odds.csv").set_index("event")
    for part in ("without", "with"):
        own = tail(folder / part).loc[losses.index]
        events = pd.read_csv(folder / part / "events.csv").set_index("event")
        for end in ("", "_low", "_high"):
            assert_allclose(losses[f"{part}{end}"], own[f"es{end}"])
            assert_allclose(odds[f"{part}{end}"], events.loc[odds.index, f"probability{end}"])
    for table in (losses, odds):
        assert_allclose(table.more, table["with"] - table["without"], rtol=1e-6, atol=1e-9)
        assert ((table.more_low <= table.more) & (table.more <= table.more_high)).all()
    assert losses.loc["absolute"].more.max() > 0
    worst = losses.loc["absolute"].sort_values("more").iloc[-1]
    text = (folder / "README.md").read_text(encoding="utf-8")
    said = re.search(rf"\| {re.escape(worst.label)}[^|]*\| ([\d.]+) \(", text)
    assert said is not None
    assert_allclose(float(said[1]), 100 * worst["without"], rtol=0.02)


def test_regimes_are_the_fitted_ones_and_bounds_the_tunings(shown: tuple[Path, str]) -> None:
    folder, _ = shown
    regimes = pd.read_csv(folder / "regimes.csv")
    assert list(regimes.regime) == ["calm", "regime 2", "regime 3", "crisis"]
    assert_allclose(regimes.of_days.sum(), 1)
    assert regimes.volatility_year.is_monotonic_increasing or regimes.volatility_year.iloc[-1] > 0.4
    best = pd.read_csv(folder / "bounds" / "answer.csv").iloc[0]
    own = (folder / "bounds" / "README.md").read_text(encoding="utf-8")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{100 * best['es_other_half']:.2f} %" in text
    rows = [line for line in own.splitlines() if re.match(r"\| [\d.]+ \|", line)]
    assert len(rows) == 2
    assert all(row in text for row in rows)


def test_show_and_report_read_it_and_force_is_asked_for(shown: tuple[Path, str], capsys) -> None:
    folder, printed = shown
    assert asked("show", folder).strip() in printed
    asked("report", folder)
    assert seal.intact(folder)
    assert seal.intact(folder / "with"), "results inside keep their seals"
    assert "\nneutral " in asked("show", folder / "with")
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--output", str(folder.parent), *SET, "--quiet"])
    assert stopped.value.code == 2
    assert "is there already" in capsys.readouterr().err


def test_the_record_says_how_each_part_is_made_again(shown: tuple[Path, str]) -> None:
    folder, _ = shown
    made = record(folder)
    assert made["command"].startswith("tailrisk demo demo.toml --set")
    assert made["demo"]["paths"] == PATHS
    assert record(folder / "without")["command"].startswith("tailrisk run ")
    assert record(folder / "bounds")["command"].startswith("tailrisk tune ")
    assert "rockafellar" in asked("cite", folder).lower()
    assert math.isfinite(made["wall_seconds"])
    assert np.array_equal(
        sorted(p.name for p in folder.iterdir() if p.is_dir()), ["bounds", "with", "without"]
    )
