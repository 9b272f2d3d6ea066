"""Put the results' own words and figures into README.md and results/README.md, between their markers.

    python -m experiments.readme

`<!-- begin losses A B -->`     ES of every product in run A and in run B, side by side
`<!-- begin answer A -->`       what the page of run A answers
`<!-- begin index A B ... -->`  a row for each folder of results: its question, command and commit
`<!-- begin index rest -->`     the folders that no other index of the page names

tests/test_readme.py makes both pages anew and fails where they differ.
"""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tailrisk.report import Result
from tailrisk.report.answer import answer
from tailrisk.report.words import LOSS_PLACES, label, level

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
PAGES = (ROOT / "README.md", RESULTS / "README.md")
BLOCK = re.compile(r"(<!-- begin ([\w/ ]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
NO_BREAK = "\u00a0"


def filled(text: str) -> str:
    """A page with every block made anew from results/."""
    indices = [block[2].split()[1:] for block in BLOCK.finditer(text) if block[2].startswith("index ")]
    named = {folder for folders in indices for folder in folders}
    rest = [folder for folder in kept() if folder not in named]

    def made(block: re.Match[str]) -> str:
        kind, *folders = block[2].split()
        return block[1] + content(kind, *(rest if folders == ["rest"] else folders)) + block[3]

    return BLOCK.sub(made, text)


def kept() -> list[str]:
    """Every folder of a result below results/: those with a record or a page."""
    marks = {"record.json", "README.md"}
    found = {path.parent for mark in marks for path in RESULTS.rglob(mark)} - {RESULTS}
    return sorted(str(folder.relative_to(RESULTS)) for folder in found)


def content(kind: str, *folders: str) -> str:
    """What stands between the markers of one block; KeyError for a kind that is none."""
    kinds: dict[str, Callable[..., str]] = {"losses": losses, "answer": answered, "index": index}
    return "\n" + kinds[kind](*folders).replace(NO_BREAK, " ") + "\n"


def losses(first: str, second: str) -> str:
    """ES over the horizon, absolute and excess, of the products of two runs [product, view x run]."""
    runs = [Result.read(RESULTS / folder) for folder in (first, second)]
    at = min(run.headline for run in runs)
    days = len(runs[0].curves["regime_share"])
    views = runs[0].views
    heads = [f"{view}, `{folder}`" for view in views for folder in (first, second)]
    lines = [
        f"Expected shortfall at {level(at)} over {days} trading days, % of starting NAV, "
        "± half the 95 % interval:",
        "",
        f"| product | {' | '.join(heads)} |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for product in runs[0].products:
        cells = [_shortfall(run, product, view, at) for view in views for run in runs]
        name = label(runs[0].section("products"), product)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _shortfall(run: Result, product: str, view: str, at: float) -> str:
    found = run.row(product, view, "terminal", at).expected_shortfall.scaled(100)
    return f"{found.text(LOSS_PLACES)} ± {found.margin(LOSS_PLACES)}"


def answered(folder: str) -> str:
    """The paragraphs that answer a run's question."""
    return "\n\n".join(answer(Result.read(RESULTS / folder))) + "\n"


def index(*folders: str) -> str:
    """A table of result folders [folder, (question, made by, commit)]."""
    if not folders:
        return "None.\n"
    rows = [
        f"| [{name}]({name}/{_page(RESULTS / name)}) | {_question(RESULTS / name)} | {_made(name)} |"
        for name in folders
    ]
    return "\n".join(["| folder | question | made by | commit |", "|---|---|---|---|", *rows]) + "\n"


def _page(folder: Path) -> str:
    """What to open first."""
    return "README.md" if (folder / "README.md").exists() else "report.html"


def _question(folder: Path) -> str:
    """As the record asks it, else the title of the page."""
    record = _record(folder)
    if record.get("question"):
        return str(record["question"])
    return (folder / "README.md").read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")


def _made(folder: str) -> str:
    record = _record(RESULTS / folder)
    if not record:
        return "see there | "
    return f"`{_short(str(record['command']))}` | `{str(record['commit'])[:10]}`"


def _short(command: str) -> str:
    """A command up to its first option, and its config; the whole of it is in record.json."""
    said = shlex.split(command)
    options = [k for k, word in enumerate(said) if word.startswith("-") and word != "-m"]
    words = said[: min(options, default=len(said))]
    if "--config" in said:
        words += said[said.index("--config") :][:2]
    return shlex.join(Path(word).name if word.startswith("..") else word for word in words)


def _record(folder: Path) -> dict[str, Any]:
    path = folder / "record.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
