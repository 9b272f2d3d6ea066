"""The files of a result folder, as links with what each holds."""

from collections.abc import Iterator
from pathlib import Path

from .language import Say
from .tables import Cell

TOLD = {
    "tail.csv": "VaR and ES of every product, view, measure and level, with intervals",
    "risks.csv": "other measures of risk",
    "drift.csv": "mean loss by what it is made of",
    "contributions.csv": "contributions to expected shortfall",
    "uncertainty.csv": "intervals with the error of parameters and of the law",
    "components.csv": "expected shortfall by part",
    "scenarios.csv": "every scenario's four columns",
    "events.csv": "events: probability, rate, return period",
    "accounts.csv": "margin calls and wipe-outs",
    "funds.csv": "the products as funds",
    "crowd.csv": "what the crowd did",
    "regimes.csv": "the ladder's regimes",
    "odds.csv": "events without and with the crowd, and what it adds",
    "losses.csv": "expected shortfall without and with the crowd, and what it adds",
    "config.json": "the config in full",
    "record.json": "the birth certificate",
    "page.md": "this page in Markdown",
    "README.md": "this page in Markdown",
}
"""File -> what it holds; others are listed without."""
KINDS = (".csv", ".parquet", ".json", ".npz", ".md", ".toml", ".txt", ".svg", ".png", ".pdf")
HIDDEN = ("report.html", "index.html")


def files(folder: Path, say: Say, twin: str = "page.md") -> Iterator[tuple[Cell, ...]]:
    """A row a file: its name as a link, and what it holds. The twin is there though it is written last."""
    here = {path.name for path in folder.iterdir() if path.is_file() and path.suffix in KINDS}
    known = [name for name in TOLD if name in here | {twin}]
    rest = sorted(here - set(TOLD) - set(HIDDEN))
    for name in (*known, *rest):
        yield Cell(name, link=name), Cell(say.name(TOLD.get(name, "")))
    if (folder / "figures").is_dir():
        yield Cell("figures/", link="figures/"), Cell(say("the figures, as SVG"))
